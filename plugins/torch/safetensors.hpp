/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "file.hpp"
#include "tensor.hpp"

namespace genaudio {

/* Whether the first bytes can be those of a safetensors file. */
bool is_safetensors (const File & file);

/* Reads the header of a safetensors file: 8 bytes of length, JSON, data
 * (https://huggingface.co/docs/safetensors, format 1.0). As the reference
 * implementation does, refuses a header beyond 100 MB, and data that the
 * tensors do not fill without holes or overlaps. */
Contents read_safetensors (const File & file);

}
