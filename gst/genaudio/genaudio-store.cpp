/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:genaudio-store
 * @title: GstGenAudioStore
 * @short_description: audio files by date
 *
 * Everything about files below a base directory, one folder a day:
 * `base-dir/YYYY/MM/DD/<job-id><suffix>.<ext>`. The store keeps no index: the
 * tree is the truth, and its folders are what lets a listing skip whole years.
 * A store may be used from several threads, and any number of stores and
 * processes may write, list and clean one tree at once.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-store.h"
#include "genaudio-part-private.hpp"

#include <cstring>

#include <sys/stat.h>
#include <sys/statvfs.h>

using namespace genaudio;

namespace {

constexpr char default_base_dir[] = "data/outputs";

}

struct _GstGenAudioStore
{
  GObject parent;

  gchar *base_dir;
  GTimeZone *timezone;
};

#define gst_genaudio_store_parent_class parent_class
G_DEFINE_FINAL_TYPE (GstGenAudioStore, gst_genaudio_store, G_TYPE_OBJECT);

static void
gst_genaudio_store_finalize (GObject * object)
{
  GstGenAudioStore *self = GST_GENAUDIO_STORE (object);

  g_free (self->base_dir);
  g_clear_pointer (&self->timezone, g_time_zone_unref);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_genaudio_store_class_init (GstGenAudioStoreClass * klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_genaudio_store_finalize;
}

static void
gst_genaudio_store_init (GstGenAudioStore * self)
{
}

/**
 * gst_genaudio_store_flags_get_type:
 *
 * Returns: the type of #GstGenAudioStoreFlags
 */
GType
gst_genaudio_store_flags_get_type (void)
{
  static gsize type = 0;
  static const GFlagsValue values[] = {
    {GST_GENAUDIO_STORE_FLAG_BY_MTIME, "By time of modification", "by-mtime"},
    {GST_GENAUDIO_STORE_FLAG_ANY_NAME, "Files of any name", "any-name"},
    {0, nullptr, nullptr},
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_flags_register_static ("GstGenAudioStoreFlags",
            values));
  return type;
}

/* The date to file under: @date, or now, in the store's zone. */
static GDateTime *
get_filing_date (GstGenAudioStore * self, GDateTime * date)
{
  return date != nullptr ? g_date_time_to_timezone (date, self->timezone)
      : g_date_time_new_now (self->timezone);
}

/* Path of a job's file relative to the base directory. */
static gchar *
get_relative_path (GstGenAudioStore * self, const gchar * job_id,
    const gchar * extension, GDateTime * date, GError ** error)
{
  GDateTime *filed = get_filing_date (self, date);
  gchar *path = gst_genaudio_filing_expand (nullptr, job_id, nullptr,
      extension != nullptr ? extension : "wav", filed, error);
  g_date_time_unref (filed);
  return path;
}

/**
 * gst_genaudio_store_new:
 * @base_dir: (nullable): the folder; %NULL or empty for `AUDIO_OUTPUT_DIR`,
 *     else `data/outputs`
 * @timezone: (nullable): as gst_genaudio_filing_timezone_new()
 * @error: return location for a %GST_RESOURCE_ERROR_SETTINGS
 *
 * The folder need not exist: it is made when something is written.
 *
 * Returns: (transfer full) (nullable): a store
 */
GstGenAudioStore *
gst_genaudio_store_new (const gchar * base_dir, const gchar * timezone,
    GError ** error)
{
  GTimeZone *zone = gst_genaudio_filing_timezone_new (timezone, error);
  if (zone == nullptr)
    return nullptr;
  if (base_dir == nullptr || *base_dir == '\0')
    base_dir = g_getenv ("AUDIO_OUTPUT_DIR");
  if (base_dir == nullptr || *base_dir == '\0')
    base_dir = default_base_dir;

  auto self = GST_GENAUDIO_STORE (g_object_new (GST_TYPE_GENAUDIO_STORE,
          nullptr));
  self->base_dir = g_strdup (base_dir);
  for (gsize end = strlen (base_dir); end > 1 && base_dir[end - 1] == '/'; end--)
    self->base_dir[end - 1] = '\0';
  self->timezone = zone;
  return self;
}

/**
 * gst_genaudio_store_get_base_dir:
 * @store: a store
 *
 * Returns: (transfer none): its folder
 */
const gchar *
gst_genaudio_store_get_base_dir (GstGenAudioStore * store)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_STORE (store), nullptr);

  return store->base_dir;
}

/**
 * gst_genaudio_store_get_timezone:
 * @store: a store
 *
 * Returns: (transfer none): the zone of its dates
 */
GTimeZone *
gst_genaudio_store_get_timezone (GstGenAudioStore * store)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_STORE (store), nullptr);

  return store->timezone;
}

/**
 * gst_genaudio_store_get_info:
 * @store: a store
 *
 * Says what the store is, without looking at its files: `base-dir`,
 * `timezone` and `location-template` (strings), `exists` (boolean) and, where
 * it exists, `free-bytes` and `total-bytes` of its disk (uint64).
 *
 * Returns: (transfer full): a structure
 */
GstStructure *
gst_genaudio_store_get_info (GstGenAudioStore * store)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_STORE (store), nullptr);

  struct statvfs fs;
  const bool exists = statvfs (store->base_dir, &fs) == 0;
  GstStructure *info = gst_structure_new ("genaudio-store",
      "base-dir", G_TYPE_STRING, store->base_dir,
      "timezone", G_TYPE_STRING,
      g_time_zone_get_identifier (store->timezone),
      "location-template", G_TYPE_STRING, GST_GENAUDIO_FILING_TEMPLATE,
      "exists", G_TYPE_BOOLEAN, exists, nullptr);
  if (exists)
    gst_structure_set (info,
        "free-bytes", G_TYPE_UINT64, (guint64) fs.f_bavail * fs.f_frsize,
        "total-bytes", G_TYPE_UINT64, (guint64) fs.f_blocks * fs.f_frsize,
        nullptr);
  return info;
}

/**
 * gst_genaudio_store_get_output_path:
 * @store: a store
 * @job_id: a job id
 * @extension: (nullable): with or without its dot; %NULL is `wav`
 * @create_dirs: whether to make the folders
 * @date: (nullable): the filing date, %NULL for now
 * @error: return location for a #GError of %GST_RESOURCE_ERROR
 *
 * Returns: (transfer full) (nullable): `base-dir/YYYY/MM/DD/<job-id>.<ext>`
 */
gchar *
gst_genaudio_store_get_output_path (GstGenAudioStore * store,
    const gchar * job_id, const gchar * extension, gboolean create_dirs,
    GDateTime * date, GError ** error)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_STORE (store), nullptr);
  g_return_val_if_fail (job_id != nullptr, nullptr);

  gchar *path = get_relative_path (store, job_id, extension, date, error);
  if (path == nullptr)
    return nullptr;

  gchar *full = g_strconcat (store->base_dir, "/", path, nullptr);
  if (create_dirs) {
    UniqueFd fd;
    unsigned made;
    const int errnum = make_below (store->base_dir, folder_of (path), fd, made);
    if (errnum != 0) {
      gst_genaudio_set_errno_error (error, errnum,
          GST_RESOURCE_ERROR_OPEN_WRITE, "Could not make the folder \"%s\"",
          parent_of (full).c_str ());
      g_clear_pointer (&full, g_free);
    }
  }
  g_free (path);
  return full;
}

/**
 * gst_genaudio_store_file_exists:
 * @store: a store
 * @job_id: a job id
 * @extension: (nullable): with or without its dot; %NULL is `wav`
 * @date: (nullable): the filing date, %NULL for today
 * @error: return location for a %GST_RESOURCE_ERROR_SETTINGS
 *
 * Returns: %TRUE if the job's file of that date is there
 */
gboolean
gst_genaudio_store_file_exists (GstGenAudioStore * store,
    const gchar * job_id, const gchar * extension, GDateTime * date,
    GError ** error)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_STORE (store), FALSE);
  g_return_val_if_fail (job_id != nullptr, FALSE);

  gchar *path = gst_genaudio_store_get_output_path (store, job_id, extension,
      FALSE, date, error);
  struct stat st;
  const gboolean there = path != nullptr && stat (path, &st) == 0
      && S_ISREG (st.st_mode);
  g_free (path);
  return there;
}

/**
 * gst_genaudio_store_create_part: (skip)
 * @store: a store
 * @path: where the file will be, relative to the base directory, as
 *     gst_genaudio_filing_expand() makes it
 * @error: return location for a #GError of %GST_RESOURCE_ERROR
 *
 * Begins a file: makes its folders and a hidden, locked file in the last one.
 *
 * Returns: (transfer full) (nullable): the part
 */
GstGenAudioPart *
gst_genaudio_store_create_part (GstGenAudioStore * store, const gchar * path,
    GError ** error)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_STORE (store), nullptr);
  g_return_val_if_fail (path != nullptr, nullptr);

  for (const std::string & name : split_path (path)) {
    if (name[0] == '.' || *path == '/') {
      g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
          "Path \"%s\" does not stay below \"%s\"", path, store->base_dir);
      return nullptr;
    }
  }
  return create_part (store->base_dir, path, error);
}
