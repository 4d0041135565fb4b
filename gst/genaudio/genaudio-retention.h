/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef __GST_GENAUDIO_RETENTION_H__
#define __GST_GENAUDIO_RETENTION_H__

#include <gst/genaudio/genaudio-prelude.h>
#include <gst/genaudio/genaudio-store.h>

G_BEGIN_DECLS

/**
 * GstGenAudioRetentionFlags:
 * @GST_GENAUDIO_RETENTION_FLAG_NONE: none of the following
 * @GST_GENAUDIO_RETENTION_FLAG_ALL: a cap may take the newest file too, and
 *     the check of the clock is left out
 * @GST_GENAUDIO_RETENTION_FLAG_BY_MTIME: age is the time of modification, not
 *     the filing date
 * @GST_GENAUDIO_RETENTION_FLAG_ANY_NAME: every file below the base directory
 *     but hidden ones and sidecars, by time of modification
 */
typedef enum
{
  GST_GENAUDIO_RETENTION_FLAG_NONE = 0,
  GST_GENAUDIO_RETENTION_FLAG_ALL = 1 << 0,
  GST_GENAUDIO_RETENTION_FLAG_BY_MTIME = 1 << 1,
  GST_GENAUDIO_RETENTION_FLAG_ANY_NAME = 1 << 2
} GstGenAudioRetentionFlags;

#define GST_TYPE_GENAUDIO_RETENTION_FLAGS (gst_genaudio_retention_flags_get_type ())
GST_GENAUDIO_API
GType gst_genaudio_retention_flags_get_type (void);

/**
 * GstGenAudioReason:
 * @GST_GENAUDIO_REASON_AGE: older than `keep_days`
 * @GST_GENAUDIO_REASON_BYTES: above `keep_bytes`
 * @GST_GENAUDIO_REASON_FREE: the disk has less than `min_free_bytes`
 *
 * Why a file is in a plan.
 */
typedef enum
{
  GST_GENAUDIO_REASON_AGE,
  GST_GENAUDIO_REASON_BYTES,
  GST_GENAUDIO_REASON_FREE
} GstGenAudioReason;

typedef struct _GstGenAudioRetention GstGenAudioRetention;
typedef struct _GstGenAudioPlan GstGenAudioPlan;

/**
 * GstGenAudioRetention:
 * @keep_days: files filed more than so many days ago go; 0 is off
 * @keep_bytes: the oldest go until the rest is not larger; 0 is off
 * @min_free_bytes: the oldest go until so much of the disk is free; 0 is off
 * @job_id: (nullable): only the files of this job; %NULL for all
 * @flags: flags
 *
 * What to keep. Every rule that is not off applies; where none is on, nothing
 * goes. Zero-filled memory is such a one.
 */
struct _GstGenAudioRetention
{
  guint keep_days;
  guint64 keep_bytes;
  guint64 min_free_bytes;
  const gchar *job_id;
  GstGenAudioRetentionFlags flags;

  /*< private >*/
  gpointer _gst_reserved[4];
};

/**
 * GstGenAudioPlanFunc:
 * @path: base directory and path of a file
 * @bytes: bytes of it and its sidecar
 * @reason: why it goes
 * @user_data: as given
 *
 * Returns: %FALSE to stop
 */
typedef gboolean (*GstGenAudioPlanFunc) (const gchar * path,
                                         guint64 bytes,
                                         GstGenAudioReason reason,
                                         gpointer user_data);

GST_GENAUDIO_API
GstGenAudioPlan * gst_genaudio_store_plan (GstGenAudioStore * store,
                                           const GstGenAudioRetention * retention,
                                           GDateTime * now,
                                           GError ** error);

GST_GENAUDIO_API
guint64 gst_genaudio_plan_get_files (const GstGenAudioPlan * plan);

GST_GENAUDIO_API
guint64 gst_genaudio_plan_get_bytes (const GstGenAudioPlan * plan);

GST_GENAUDIO_API
void gst_genaudio_plan_foreach (const GstGenAudioPlan * plan,
                                GstGenAudioPlanFunc func,
                                gpointer user_data);

GST_GENAUDIO_API
gboolean gst_genaudio_plan_execute (GstGenAudioPlan * plan,
                                    GstGenAudioPlanFunc func,
                                    gpointer user_data,
                                    guint64 * files,
                                    guint64 * bytes,
                                    GError ** error);

GST_GENAUDIO_API
void gst_genaudio_plan_free (GstGenAudioPlan * plan);

/* -- the same in one call */

GST_GENAUDIO_API
gboolean gst_genaudio_store_apply_retention (GstGenAudioStore * store,
                                             const GstGenAudioRetention * retention,
                                             GDateTime * now,
                                             guint64 * files,
                                             guint64 * bytes,
                                             GError ** error);

GST_GENAUDIO_API
gboolean gst_genaudio_store_cleanup_old_files (GstGenAudioStore * store,
                                               guint days_old,
                                               gboolean dry_run,
                                               GstGenAudioRetentionFlags flags,
                                               guint64 * files,
                                               GError ** error);

GST_GENAUDIO_API
gboolean gst_genaudio_store_cleanup_empty_directories (GstGenAudioStore * store,
                                                       gboolean any_name,
                                                       guint64 * folders,
                                                       GError ** error);

G_END_DECLS

#endif /* __GST_GENAUDIO_RETENTION_H__ */
