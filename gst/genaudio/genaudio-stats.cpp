/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Statistics of a store. Asking the kernel for a million sizes is all the
 * work there is, so the days are shared out to a few threads. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-store-private.hpp"

#include <json-glib/json-glib.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <map>
#include <optional>
#include <system_error>
#include <thread>

using namespace genaudio;

namespace {

struct Count
{
  guint64 files = 0;
  guint64 bytes = 0;

  void add (const Count & other)
  {
    files += other.files;
    bytes += other.bytes;
  }
};

constexpr unsigned max_threads = 8;

}

struct _GstGenAudioStoreStats
{
  std::string base;
  bool by_mtime = false;
  Count total;
  guint64 sidecar_bytes = 0;
  std::map<std::string, Count> types;
  std::map<std::string, Count> days;
  std::optional<File> oldest_file, newest_file;
  std::string oldest, newest;

  bool precedes (const File & a, const File & b) const
  {
    return by_mtime ? is_less_recent (a, b) : is_older (a, b);
  }
  void consider (const File & file);
  void add (const File & file);
  void add (const GstGenAudioStoreStats & other);
};

namespace {

std::string
day_of (const File & file)
{
  char text[32];

  g_snprintf (text, sizeof text, "%04d-%02d-%02d", file.date.year,
      file.date.month, file.date.day);
  return text;
}

std::string
type_of (const File & file)
{
  const gsize dot = file.name.rfind ('.');
  if (dot == std::string::npos || dot == 0)
    return "";
  gchar *lower = g_ascii_strdown (file.name.c_str () + dot + 1, -1);
  gchar *valid = g_utf8_make_valid (lower, -1);
  const std::string type = valid;
  g_free (valid);
  g_free (lower);
  return type;
}

/* Every day of the store. */
int
find_days (int basefd, std::vector<Date> &days)
{
  DayWalker walker (basefd, first_date, last_date, true);
  for (;;) {
    Date date;
    const int errnum = walker.next (date);
    if (errnum != 0 || !date.is_valid ())
      return errnum;
    days.push_back (date);
  }
}

/* What one thread does: takes days until none are left. */
int
count_days (int basefd, const std::vector<Date> &days, std::atomic<gsize> &next,
    GstGenAudioStoreStats & stats)
{
  std::vector<File> files;
  for (gsize i = next++; i < days.size (); i = next++) {
    files.clear ();
    const int errnum = read_day (basefd, days[i], {}, files);
    if (errnum != 0)
      return errnum;
    for (const File & file : files)
      stats.add (file);
  }
  return 0;
}

int
count_in_threads (int basefd, GstGenAudioStoreStats & stats)
{
  std::vector<Date> days;
  const int errnum = find_days (basefd, days);
  if (errnum != 0)
    return errnum;

  const unsigned count = std::min<gsize> ({ max_threads,
      std::max (1u, std::thread::hardware_concurrency ()),
      std::max<gsize> (1, days.size ()) });
  std::vector<GstGenAudioStoreStats> parts (count);
  std::vector<int> errnums (count, 0);
  std::vector<std::thread> threads;
  std::atomic<gsize> next = 0;
  auto work = [&] (unsigned i) {
    parts[i].by_mtime = stats.by_mtime;
    errnums[i] = count_days (basefd, days, next, parts[i]);
  };
  try {
    for (unsigned i = 1; i < count; i++)
      threads.emplace_back (work, i);
  } catch (const std::system_error &) {
    /* fewer threads will do */
  }
  work (0);
  for (std::thread & thread : threads)
    thread.join ();
  for (unsigned i = 0; i < count; i++) {
    if (errnums[i] != 0)
      return errnums[i];
    stats.add (parts[i]);
  }
  return 0;
}

/* Outside the layout a file is of the day of its last change. */
int
count_all (int basefd, GTimeZone * zone, GstGenAudioStoreStats & stats)
{
  Selection selection;
  selection.any_name = true;
  return visit_files (basefd, selection, [&stats, zone] (File & file) {
    GDateTime *utc =
        g_date_time_new_from_unix_utc (file.mtime / G_USEC_PER_SEC);
    GDateTime *date = g_date_time_to_timezone (utc, zone);
    file.date = date_of (date);
    g_date_time_unref (date);
    g_date_time_unref (utc);
    stats.add (file);
    return true;
  });
}

void
foreach_count (const std::map<std::string, Count> &counts,
    GstGenAudioStoreStatsFunc func, gpointer user_data)
{
  for (const auto & [key, count] : counts)
    func (key.c_str (), count.files, count.bytes, user_data);
}

void
add_counts (JsonBuilder * json, const char *name,
    const std::map<std::string, Count> &counts)
{
  json_builder_set_member_name (json, name);
  json_builder_begin_object (json);
  for (const auto & [key, count] : counts) {
    json_builder_set_member_name (json, key.c_str ());
    json_builder_begin_object (json);
    json_builder_set_member_name (json, "files");
    json_builder_add_int_value (json, count.files);
    json_builder_set_member_name (json, "bytes");
    json_builder_add_int_value (json, count.bytes);
    json_builder_end_object (json);
  }
  json_builder_end_object (json);
}

void
add_path (JsonBuilder * json, const char *name, const std::string & path)
{
  json_builder_set_member_name (json, name);
  if (path.empty ()) {
    json_builder_add_null_value (json);
    return;
  }
  gchar *valid = g_utf8_make_valid (path.c_str (), path.size ());
  json_builder_add_string_value (json, valid);
  g_free (valid);
}

}

void
_GstGenAudioStoreStats::consider (const File & file)
{
  if (!oldest_file || precedes (file, *oldest_file))
    oldest_file = file;
  if (!newest_file || precedes (*newest_file, file))
    newest_file = file;
}

void
_GstGenAudioStoreStats::add (const File & file)
{
  const Count count = { 1, file.size };

  total.add (count);
  sidecar_bytes += file.sidecar_size;
  types[type_of (file)].add (count);
  days[day_of (file)].add (count);
  consider (file);
}

void
_GstGenAudioStoreStats::add (const GstGenAudioStoreStats & other)
{
  total.add (other.total);
  sidecar_bytes += other.sidecar_bytes;
  for (const auto & [key, count] : other.types)
    types[key].add (count);
  for (const auto & [key, count] : other.days)
    days[key].add (count);
  if (other.oldest_file)
    consider (*other.oldest_file);
  if (other.newest_file)
    consider (*other.newest_file);
}

/**
 * gst_genaudio_store_get_storage_stats: (skip)
 * @store: a store
 * @flags: which files, and what is their age
 * @error: return location for a #GError of %GST_RESOURCE_ERROR
 *
 * Counts what the store holds; sidecars and parts are not files of it.
 *
 * Returns: (transfer full) (nullable): the statistics
 */
GstGenAudioStoreStats *
gst_genaudio_store_get_storage_stats (GstGenAudioStore * store,
    GstGenAudioStoreFlags flags, GError ** error)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_STORE (store), nullptr);

  auto stats = std::make_unique<GstGenAudioStoreStats> ();
  UniqueFd basefd;
  stats->base = gst_genaudio_store_get_base_dir (store);
  stats->by_mtime = flags != GST_GENAUDIO_STORE_FLAG_NONE;

  int errnum = open_base (stats->base, basefd);
  if (errnum == ENOENT)
    return stats.release ();
  if (errnum == 0)
    errnum = (flags & GST_GENAUDIO_STORE_FLAG_ANY_NAME) != 0
        ? count_all (basefd.get (), gst_genaudio_store_get_timezone (store),
        *stats)
        : count_in_threads (basefd.get (), *stats);
  if (errnum != 0) {
    set_walk_error (error, errnum, stats->base);
    return nullptr;
  }
  if (stats->oldest_file) {
    stats->oldest = stats->base + "/" + stats->oldest_file->path ();
    stats->newest = stats->base + "/" + stats->newest_file->path ();
  }
  return stats.release ();
}

/**
 * gst_genaudio_store_stats_get_files: (skip)
 * @stats: statistics
 *
 * Returns: how many files there are
 */
guint64
gst_genaudio_store_stats_get_files (const GstGenAudioStoreStats * stats)
{
  g_return_val_if_fail (stats != nullptr, 0);

  return stats->total.files;
}

/**
 * gst_genaudio_store_stats_get_bytes: (skip)
 * @stats: statistics
 *
 * Returns: how many bytes they have, sidecars left out
 */
guint64
gst_genaudio_store_stats_get_bytes (const GstGenAudioStoreStats * stats)
{
  g_return_val_if_fail (stats != nullptr, 0);

  return stats->total.bytes;
}

/**
 * gst_genaudio_store_stats_get_oldest: (skip)
 * @stats: statistics
 *
 * Returns: (transfer none) (nullable): path of the oldest file
 */
const gchar *
gst_genaudio_store_stats_get_oldest (const GstGenAudioStoreStats * stats)
{
  g_return_val_if_fail (stats != nullptr, nullptr);

  return stats->oldest.empty () ? nullptr : stats->oldest.c_str ();
}

/**
 * gst_genaudio_store_stats_get_newest: (skip)
 * @stats: statistics
 *
 * Returns: (transfer none) (nullable): path of the newest file
 */
const gchar *
gst_genaudio_store_stats_get_newest (const GstGenAudioStoreStats * stats)
{
  g_return_val_if_fail (stats != nullptr, nullptr);

  return stats->newest.empty () ? nullptr : stats->newest.c_str ();
}

/**
 * gst_genaudio_store_stats_foreach_type: (skip)
 * @stats: statistics
 * @func: called with each extension
 * @user_data: for @func
 */
void
gst_genaudio_store_stats_foreach_type (const GstGenAudioStoreStats * stats,
    GstGenAudioStoreStatsFunc func, gpointer user_data)
{
  g_return_if_fail (stats != nullptr && func != nullptr);

  foreach_count (stats->types, func, user_data);
}

/**
 * gst_genaudio_store_stats_foreach_day: (skip)
 * @stats: statistics
 * @func: called with each day that has files, oldest first
 * @user_data: for @func
 */
void
gst_genaudio_store_stats_foreach_day (const GstGenAudioStoreStats * stats,
    GstGenAudioStoreStatsFunc func, gpointer user_data)
{
  g_return_if_fail (stats != nullptr && func != nullptr);

  foreach_count (stats->days, func, user_data);
}

/**
 * gst_genaudio_store_stats_to_json: (skip)
 * @stats: statistics
 *
 * Returns: (transfer full): one JSON object: `base_dir`, `total_files`,
 *     `total_size_bytes`, `sidecar_size_bytes`, `oldest_file`, `newest_file`
 *     and, each with `files` and `bytes`, `file_types` and `days`
 */
gchar *
gst_genaudio_store_stats_to_json (const GstGenAudioStoreStats * stats)
{
  g_return_val_if_fail (stats != nullptr, nullptr);

  JsonBuilder *json = json_builder_new ();
  json_builder_begin_object (json);
  add_path (json, "base_dir", stats->base);
  json_builder_set_member_name (json, "total_files");
  json_builder_add_int_value (json, stats->total.files);
  json_builder_set_member_name (json, "total_size_bytes");
  json_builder_add_int_value (json, stats->total.bytes);
  json_builder_set_member_name (json, "sidecar_size_bytes");
  json_builder_add_int_value (json, stats->sidecar_bytes);
  add_path (json, "oldest_file", stats->oldest);
  add_path (json, "newest_file", stats->newest);
  add_counts (json, "file_types", stats->types);
  add_counts (json, "days", stats->days);
  json_builder_end_object (json);

  JsonNode *root = json_builder_get_root (json);
  gchar *text = json_to_string (root, FALSE);
  json_node_unref (root);
  g_object_unref (json);
  return text;
}

/**
 * gst_genaudio_store_stats_free: (skip)
 * @stats: (transfer full): statistics
 */
void
gst_genaudio_store_stats_free (GstGenAudioStoreStats * stats)
{
  delete stats;
}
