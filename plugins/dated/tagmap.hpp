/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tags.hpp"

#include <gst/gst.h>

namespace genaudio::dated {

/* What a list of GStreamer's tags and an item's metadata say, for a file. */
Tags tags_from (const GstTagList * list, const GstStructure * metadata);

/* What later elements reported; a report beats a tag. */
void add_results (Tags & tags, const GstStructure * result);

}
