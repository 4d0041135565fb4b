/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <string>
#include <vector>

namespace genaudio {

/* The files a `location` names, in natural order (take2 before take10): the
 * file itself, every match of a pattern with `*`, or the tensor files of a
 * folder. Hidden files are no match. Throws if there is none. */
std::vector<std::string> list_location (const std::string & location);

/* "outputs/take.1.pt" -> "take.1" */
std::string file_stem (const std::string & path);

}
