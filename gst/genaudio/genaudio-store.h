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

/**
 * GstGenAudioStoreFlags:
 * @GST_GENAUDIO_STORE_FLAG_NONE: files that the store's grammar knows, by
 *     filing date
 * @GST_GENAUDIO_STORE_FLAG_BY_MTIME: by time of modification. Every file has
 *     to be looked at.
 * @GST_GENAUDIO_STORE_FLAG_ANY_NAME: every file below the base directory but
 *     hidden ones and sidecars, by time of modification
 *
 * Which files, and what is their age.
 */
typedef enum
{
  GST_GENAUDIO_STORE_FLAG_NONE = 0,
  GST_GENAUDIO_STORE_FLAG_BY_MTIME = 1 << 0,
  GST_GENAUDIO_STORE_FLAG_ANY_NAME = 1 << 1
} GstGenAudioStoreFlags;

#define GST_TYPE_GENAUDIO_STORE_FLAGS (gst_genaudio_store_flags_get_type ())
GST_GENAUDIO_API
GType gst_genaudio_store_flags_get_type (void);

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
GstStructure * gst_genaudio_store_get_info (GstGenAudioStore * store);

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

/* -- single files */

GST_GENAUDIO_API
gint64 gst_genaudio_store_get_file_size (GstGenAudioStore * store,
                                         const gchar * path,
                                         GError ** error);

GST_GENAUDIO_API
gdouble gst_genaudio_store_get_file_size_mb (GstGenAudioStore * store,
                                             const gchar * path,
                                             GError ** error);

GST_GENAUDIO_API
gboolean gst_genaudio_store_delete_file (GstGenAudioStore * store,
                                         const gchar * path,
                                         gboolean any_path,
                                         GError ** error);

GST_GENAUDIO_API
gchar * gst_genaudio_store_move_file (GstGenAudioStore * store,
                                      const gchar * source,
                                      const gchar * destination,
                                      GstGenAudioIfExists if_exists,
                                      GError ** error);

GST_GENAUDIO_API
gchar * gst_genaudio_store_copy_file (GstGenAudioStore * store,
                                      const gchar * source,
                                      const gchar * destination,
                                      GstGenAudioIfExists if_exists,
                                      GError ** error);

/* -- listing */

typedef struct _GstGenAudioStoreIter GstGenAudioStoreIter;
typedef struct _GstGenAudioStoreEntry GstGenAudioStoreEntry;

/**
 * GstGenAudioStoreEntry:
 * @path: base directory and path of the file
 * @size: bytes
 * @mtime: time of modification in microseconds since 1970
 * @year: year of the filing date, 0 for a file outside the layout
 * @month: month of the filing date
 * @day: day of the filing date
 * @sidecar: whether it has a sidecar
 *
 * One file of a listing. @path is valid until the next one.
 */
struct _GstGenAudioStoreEntry
{
  const gchar *path;
  guint64 size;
  gint64 mtime;
  gint year;
  gint month;
  gint day;
  gboolean sidecar;

  /*< private >*/
  gpointer _gst_reserved[4];
};

GST_GENAUDIO_API
GstGenAudioStoreIter * gst_genaudio_store_iterate (GstGenAudioStore * store,
                                                   GDateTime * start,
                                                   GDateTime * end,
                                                   guint limit,
                                                   const gchar * extension,
                                                   GstGenAudioStoreFlags flags,
                                                   GError ** error);

GST_GENAUDIO_API
gboolean gst_genaudio_store_iter_next (GstGenAudioStoreIter * iter,
                                       GstGenAudioStoreEntry * entry,
                                       GError ** error);

GST_GENAUDIO_API
void gst_genaudio_store_iter_free (GstGenAudioStoreIter * iter);

GST_GENAUDIO_API
gchar ** gst_genaudio_store_list_files (GstGenAudioStore * store,
                                        GDateTime * start,
                                        GDateTime * end,
                                        guint limit,
                                        const gchar * extension,
                                        GstGenAudioStoreFlags flags,
                                        GError ** error);

/* -- statistics */

typedef struct _GstGenAudioStoreStats GstGenAudioStoreStats;

/**
 * GstGenAudioStoreStatsFunc:
 * @key: a type as `wav`, or a day as `2025-11-07`
 * @files: files
 * @bytes: their bytes
 * @user_data: as given
 */
typedef void (*GstGenAudioStoreStatsFunc) (const gchar * key,
                                           guint64 files,
                                           guint64 bytes,
                                           gpointer user_data);

GST_GENAUDIO_API
GstGenAudioStoreStats * gst_genaudio_store_get_storage_stats (GstGenAudioStore * store,
                                                              GstGenAudioStoreFlags flags,
                                                              GError ** error);

GST_GENAUDIO_API
guint64 gst_genaudio_store_stats_get_files (const GstGenAudioStoreStats * stats);

GST_GENAUDIO_API
guint64 gst_genaudio_store_stats_get_bytes (const GstGenAudioStoreStats * stats);

GST_GENAUDIO_API
const gchar * gst_genaudio_store_stats_get_oldest (const GstGenAudioStoreStats * stats);

GST_GENAUDIO_API
const gchar * gst_genaudio_store_stats_get_newest (const GstGenAudioStoreStats * stats);

GST_GENAUDIO_API
void gst_genaudio_store_stats_foreach_type (const GstGenAudioStoreStats * stats,
                                            GstGenAudioStoreStatsFunc func,
                                            gpointer user_data);

GST_GENAUDIO_API
void gst_genaudio_store_stats_foreach_day (const GstGenAudioStoreStats * stats,
                                           GstGenAudioStoreStatsFunc func,
                                           gpointer user_data);

GST_GENAUDIO_API
gchar * gst_genaudio_store_stats_to_json (const GstGenAudioStoreStats * stats);

GST_GENAUDIO_API
void gst_genaudio_store_stats_free (GstGenAudioStoreStats * stats);

G_END_DECLS

#endif /* __GST_GENAUDIO_STORE_H__ */
