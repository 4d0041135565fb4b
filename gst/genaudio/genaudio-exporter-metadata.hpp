/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

namespace genaudio {

/* Has @metadata, a structure of strings, travel with the items that leave
 * @pad, beside what their tags say already; where both name a thing, @metadata
 * is right. Returns the id of the pad's probe. */
gulong add_metadata_probe (GstPad * pad, const GstStructure * metadata);

}
