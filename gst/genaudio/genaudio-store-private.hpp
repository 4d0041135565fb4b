/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "genaudio-store.h"
#include "genaudio-walk.hpp"

#include <string>

namespace genaudio {

void set_walk_error (GError ** error, int errnum, const std::string & base);

/* @extension without its dot, "" for none. */
std::string plain_extension (const char *extension);

}
