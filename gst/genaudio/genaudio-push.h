/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef __GST_GENAUDIO_PUSH_H__
#define __GST_GENAUDIO_PUSH_H__

#include <gst/genaudio/genaudio-prelude.h>

G_BEGIN_DECLS

GST_GENAUDIO_API
GstFlowReturn gst_genaudio_push_dlpack (GstElement * element,
                                        gpointer tensor,
                                        gboolean versioned,
                                        gint rate,
                                        const gchar * job_id);

G_END_DECLS

#endif /* __GST_GENAUDIO_PUSH_H__ */
