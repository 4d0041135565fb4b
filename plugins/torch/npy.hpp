/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "file.hpp"
#include "tensor.hpp"

namespace genaudio {

bool is_npy (const File & file);

/* Reads the header of a .npy file: versions 1 to 3, C and Fortran order,
 * either byte order
 * (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). */
Contents read_npy (const File & file);

}
