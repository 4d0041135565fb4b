/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef __GST_GENAUDIO_EXPORTER_H__
#define __GST_GENAUDIO_EXPORTER_H__

#include <gio/gio.h>
#include <gst/genaudio/genaudio-job.h>
#include <gst/genaudio/genaudio-prelude.h>
#include <gst/genaudio/genaudio-result.h>

G_BEGIN_DECLS

#define GST_TYPE_GENAUDIO_EXPORTER (gst_genaudio_exporter_get_type ())
GST_GENAUDIO_API
G_DECLARE_FINAL_TYPE (GstGenAudioExporter, gst_genaudio_exporter, GST,
    GENAUDIO_EXPORTER, GObject)

GST_GENAUDIO_API
GstGenAudioExporter * gst_genaudio_exporter_new (void);

GST_GENAUDIO_API
GstGenAudioResult * gst_genaudio_exporter_export (GstGenAudioExporter * self,
                                                  GstGenAudioJob * job,
                                                  GCancellable * cancellable,
                                                  GError ** error);

GST_GENAUDIO_API
GstGenAudioResult * gst_genaudio_exporter_export_file (GstGenAudioExporter * self,
                                                       const gchar * location,
                                                       const gchar * path,
                                                       GCancellable * cancellable,
                                                       GError ** error);

GST_GENAUDIO_API
GstGenAudioResult * gst_genaudio_exporter_export_dlpack (GstGenAudioExporter * self,
                                                         guint64 tensor,
                                                         gboolean versioned,
                                                         gint rate,
                                                         const gchar * path,
                                                         GCancellable * cancellable,
                                                         GError ** error);

GST_GENAUDIO_API
GPtrArray * gst_genaudio_exporter_export_batch (GstGenAudioExporter * self,
                                                GPtrArray * jobs,
                                                GCancellable * cancellable,
                                                GError ** error);

GST_GENAUDIO_API
void gst_genaudio_exporter_export_async (GstGenAudioExporter * self,
                                         GstGenAudioJob * job,
                                         GCancellable * cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);

GST_GENAUDIO_API
GstGenAudioResult * gst_genaudio_exporter_export_finish (GstGenAudioExporter * self,
                                                         GAsyncResult * result,
                                                         GError ** error);

GST_GENAUDIO_API
void gst_genaudio_exporter_export_batch_async (GstGenAudioExporter * self,
                                               GPtrArray * jobs,
                                               GCancellable * cancellable,
                                               GAsyncReadyCallback callback,
                                               gpointer user_data);

GST_GENAUDIO_API
GPtrArray * gst_genaudio_exporter_export_batch_finish (GstGenAudioExporter * self,
                                                       GAsyncResult * result,
                                                       GError ** error);

GST_GENAUDIO_API
GstStructure * gst_genaudio_exporter_get_info (GstGenAudioExporter * self);

G_END_DECLS

#endif /* __GST_GENAUDIO_EXPORTER_H__ */
