/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

/* What the exporter does to the stream as it leaves the source. Both return
 * the id of the pad's probe. */

namespace genaudio {

/* Has @metadata, a structure of strings, travel with the items that leave
 * @pad, beside what their tags say already; where both name a thing, @metadata
 * is right. */
gulong add_metadata_probe (GstPad * pad, const GstStructure * metadata);

/* Makes a second item an error, and has the first aborted before it ends, so
 * that a file that was to be the only one is not published. */
gulong add_single_item_probe (GstPad * pad);

}
