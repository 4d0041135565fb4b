/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef __GST_GENAUDIO_STORE_H__
#define __GST_GENAUDIO_STORE_H__

#include <gst/genaudio/genaudio-filing.h>
#include <gst/genaudio/genaudio-part.h>
#include <gst/genaudio/genaudio-prelude.h>

G_BEGIN_DECLS

#define GST_TYPE_GENAUDIO_STORE (gst_genaudio_store_get_type ())
GST_GENAUDIO_API
G_DECLARE_FINAL_TYPE (GstGenAudioStore, gst_genaudio_store, GST,
    GENAUDIO_STORE, GObject)

/* -- the store and its paths */

GST_GENAUDIO_API
GstGenAudioStore * gst_genaudio_store_new (const gchar * base_dir,
                                           const gchar * timezone,
                                           GError ** error);

GST_GENAUDIO_API
const gchar * gst_genaudio_store_get_base_dir (GstGenAudioStore * store);

GST_GENAUDIO_API
GTimeZone * gst_genaudio_store_get_timezone (GstGenAudioStore * store);

GST_GENAUDIO_API
gchar * gst_genaudio_store_get_output_path (GstGenAudioStore * store,
                                            const gchar * job_id,
                                            const gchar * extension,
                                            gboolean create_dirs,
                                            GDateTime * date,
                                            GError ** error);

GST_GENAUDIO_API
gboolean gst_genaudio_store_file_exists (GstGenAudioStore * store,
                                         const gchar * job_id,
                                         const gchar * extension,
                                         GDateTime * date,
                                         GError ** error);

/* -- writing */

GST_GENAUDIO_API
GstGenAudioPart * gst_genaudio_store_create_part (GstGenAudioStore * store,
                                                  const gchar * path,
                                                  GError ** error);

G_END_DECLS

#endif /* __GST_GENAUDIO_STORE_H__ */
