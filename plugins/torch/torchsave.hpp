/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "file.hpp"
#include "tensor.hpp"

namespace genaudio {

/* Whether it is a zip archive or a bare pickle, which only read_torch_save()
 * can tell apart. */
bool is_torch_save (const File & file);

/* Reads what torch.save of PyTorch 1.6 and later wrote of a tensor, a list,
 * a tuple (tensor, rate) or a dict, nested ones included: a zip archive of a
 * pickle and of one record a storage. Says what it is if it is a TorchScript
 * archive, a pickled object or another zip archive. */
Contents read_torch_save (const File & file);

}
