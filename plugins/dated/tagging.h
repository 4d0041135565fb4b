/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef __DATED_TAGGING_H__
#define __DATED_TAGGING_H__

#include "formats.h"
#include "tags.h"

#include <string>

namespace dated {

/* Whether Vorbis comments and ID3 of this format are written here. */
bool tagging_handles (Container container);

/* Writes @tags into the finished file behind @fd, through its descriptor's
 * name; the audio stays as it is. Returns what went wrong, or nothing. */
std::string write_tags (int fd, Container container, const Tags & tags);

}

#endif /* __DATED_TAGGING_H__ */
