/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef __GST_GENAUDIO_ANALYZER_H__
#define __GST_GENAUDIO_ANALYZER_H__

#include <gio/gio.h>
#include <gst/genaudio/genaudio-job.h>
#include <gst/genaudio/genaudio-prelude.h>
#include <gst/genaudio/genaudio-result.h>

G_BEGIN_DECLS

#define GST_TYPE_GENAUDIO_ANALYZER (gst_genaudio_analyzer_get_type ())
GST_GENAUDIO_API
G_DECLARE_FINAL_TYPE (GstGenAudioAnalyzer, gst_genaudio_analyzer, GST,
    GENAUDIO_ANALYZER, GObject)

GST_GENAUDIO_API
GstGenAudioAnalyzer * gst_genaudio_analyzer_new (void);

GST_GENAUDIO_API
GstGenAudioResult * gst_genaudio_analyzer_analyze (GstGenAudioAnalyzer * self,
                                                   GstGenAudioJob * job,
                                                   GCancellable * cancellable,
                                                   GError ** error);

GST_GENAUDIO_API
GstGenAudioResult * gst_genaudio_analyzer_analyze_file (GstGenAudioAnalyzer * self,
                                                        const gchar * path,
                                                        GCancellable * cancellable,
                                                        GError ** error);

GST_GENAUDIO_API
GstGenAudioResult * gst_genaudio_analyzer_analyze_dlpack (GstGenAudioAnalyzer * self,
                                                          guint64 tensor,
                                                          gboolean versioned,
                                                          gint rate,
                                                          GCancellable * cancellable,
                                                          GError ** error);

GST_GENAUDIO_API
void gst_genaudio_analyzer_analyze_async (GstGenAudioAnalyzer * self,
                                          GstGenAudioJob * job,
                                          GCancellable * cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);

GST_GENAUDIO_API
GstGenAudioResult * gst_genaudio_analyzer_analyze_finish (GstGenAudioAnalyzer * self,
                                                          GAsyncResult * result,
                                                          GError ** error);

GST_GENAUDIO_API
GstStructure * gst_genaudio_analyzer_get_info (GstGenAudioAnalyzer * self);

G_END_DECLS

#endif /* __GST_GENAUDIO_ANALYZER_H__ */
