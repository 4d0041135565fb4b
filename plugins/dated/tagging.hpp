/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "formats.hpp"
#include "tags.hpp"

#include <string>

namespace genaudio::dated {

/* Whether Vorbis comments and ID3 of this format are written here. */
bool tagging_handles (Container container);

/* Writes @tags into the finished file behind @fd, through its descriptor's
 * name; the audio stays as it is. Returns what went wrong, or nothing. */
std::string write_tags (int fd, Container container, const Tags & tags);

}
