/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef __GST_GENAUDIO_PART_H__
#define __GST_GENAUDIO_PART_H__

#include <gst/genaudio/genaudio-prelude.h>

G_BEGIN_DECLS

/**
 * GstGenAudioIfExists:
 * @GST_GENAUDIO_IF_EXISTS_ERROR: fail
 * @GST_GENAUDIO_IF_EXISTS_SUFFIX: add `-1`, `-2`... before the extension
 * @GST_GENAUDIO_IF_EXISTS_SKIP: keep the file that is there
 * @GST_GENAUDIO_IF_EXISTS_REPLACE: take the place of the file that is there
 *
 * What becomes of a file whose name is taken.
 */
typedef enum
{
  GST_GENAUDIO_IF_EXISTS_ERROR,
  GST_GENAUDIO_IF_EXISTS_SUFFIX,
  GST_GENAUDIO_IF_EXISTS_SKIP,
  GST_GENAUDIO_IF_EXISTS_REPLACE
} GstGenAudioIfExists;

#define GST_TYPE_GENAUDIO_IF_EXISTS (gst_genaudio_if_exists_get_type ())
GST_GENAUDIO_API
GType gst_genaudio_if_exists_get_type (void);

/**
 * GstGenAudioPart:
 *
 * A file that is being written: hidden beside its final place, locked, and
 * either published under its final name or not there at all. Made by
 * gst_genaudio_store_create_part().
 */
typedef struct _GstGenAudioPart GstGenAudioPart;

GST_GENAUDIO_API
gint gst_genaudio_part_get_fd (const GstGenAudioPart * part);

GST_GENAUDIO_API
const gchar * gst_genaudio_part_get_path (const GstGenAudioPart * part);

GST_GENAUDIO_API
const gchar * gst_genaudio_part_get_final_path (const GstGenAudioPart * part);

GST_GENAUDIO_API
gboolean gst_genaudio_part_is_taken (const GstGenAudioPart * part);

GST_GENAUDIO_API
gboolean gst_genaudio_part_publish (GstGenAudioPart * part,
                                    GstGenAudioIfExists if_exists,
                                    gboolean durable,
                                    const gchar * sidecar,
                                    gchar ** path,
                                    gboolean * skipped,
                                    GError ** error);

GST_GENAUDIO_API
gchar * gst_genaudio_part_keep (GstGenAudioPart * part);

GST_GENAUDIO_API
void gst_genaudio_part_discard (GstGenAudioPart * part);

GST_GENAUDIO_API
void gst_genaudio_set_errno_error (GError ** error,
                                   gint errnum,
                                   GstResourceError fallback,
                                   const gchar * format,
                                   ...) G_GNUC_PRINTF (4, 5);

G_END_DECLS

#endif /* __GST_GENAUDIO_PART_H__ */
