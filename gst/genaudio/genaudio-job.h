/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef __GST_GENAUDIO_JOB_H__
#define __GST_GENAUDIO_JOB_H__

#include <gst/genaudio/genaudio-prelude.h>

G_BEGIN_DECLS

#define GST_TYPE_GENAUDIO_JOB (gst_genaudio_job_get_type ())

/**
 * GstGenAudioJob:
 *
 * One item to be exported: where its samples come from, and what is different
 * for it from the exporter's properties. Reference counted; not to be changed
 * once an exporter has it.
 */
typedef struct _GstGenAudioJob GstGenAudioJob;

GST_GENAUDIO_API
GType gst_genaudio_job_get_type (void);

GST_GENAUDIO_API
GstGenAudioJob * gst_genaudio_job_new_file (const gchar * location);

GST_GENAUDIO_API
GstGenAudioJob * gst_genaudio_job_new_dlpack (guint64 tensor,
                                              gboolean versioned,
                                              gint rate);

GST_GENAUDIO_API
GstGenAudioJob * gst_genaudio_job_ref (GstGenAudioJob * self);

GST_GENAUDIO_API
void gst_genaudio_job_unref (GstGenAudioJob * self);

GST_GENAUDIO_API
void gst_genaudio_job_set_path (GstGenAudioJob * self, const gchar * path);

GST_GENAUDIO_API
void gst_genaudio_job_set_job_id (GstGenAudioJob * self, const gchar * job_id);

GST_GENAUDIO_API
void gst_genaudio_job_set_metadata (GstGenAudioJob * self,
                                    const GstStructure * metadata);

GST_GENAUDIO_API
void gst_genaudio_job_set_rate (GstGenAudioJob * self, gint rate);

GST_GENAUDIO_API
void gst_genaudio_job_set_layout (GstGenAudioJob * self, const gchar * layout);

GST_GENAUDIO_API
void gst_genaudio_job_set_tensor_name (GstGenAudioJob * self,
                                       const gchar * name);

GST_GENAUDIO_API
void gst_genaudio_job_set_loudness_target (GstGenAudioJob * self,
                                           gdouble loudness_target);

GST_GENAUDIO_API
void gst_genaudio_job_set_normalize (GstGenAudioJob * self,
                                     gboolean normalize);

GST_GENAUDIO_API
void gst_genaudio_job_set_bit_depth (GstGenAudioJob * self,
                                     const gchar * bit_depth);

GST_GENAUDIO_API
void gst_genaudio_job_set_if_exists (GstGenAudioJob * self,
                                     const gchar * if_exists);

G_END_DECLS

#endif /* __GST_GENAUDIO_JOB_H__ */
