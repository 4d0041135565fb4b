/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef __GST_DATED_SINK_H__
#define __GST_DATED_SINK_H__

#include <gst/gst.h>
#include <gst/base/gstbasesink.h>

G_BEGIN_DECLS

#define GST_TYPE_DATED_SINK (gst_dated_sink_get_type ())
G_DECLARE_FINAL_TYPE (GstDatedSink, gst_dated_sink, GST, DATED_SINK,
    GstBaseSink)

GST_ELEMENT_REGISTER_DECLARE (datedsink);

G_END_DECLS

#endif /* __GST_DATED_SINK_H__ */
