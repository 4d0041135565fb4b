/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Listings of a store, newest first. By filing date only the folders of the
 * days asked for are read: the first one alone, since it is often enough, then
 * a few at once. By time of modification every file has to be looked at, and
 * only those that can still be among the newest are held. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-store-private.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <thread>

using namespace genaudio;

struct _GstGenAudioStoreIter
{
  std::string base;
  std::string path;             /* of the current entry */
  UniqueFd basefd;
  Selection selection;
  std::unique_ptr<DayWalker> days;      /* unset by time of modification */
  std::vector<File> files;      /* the next one is last */
  std::vector<std::vector<File>> later; /* whole days, the next one last */
  unsigned batch = 1;           /* days to read at once */
  guint left = 0;
};

namespace genaudio {

void
set_walk_error (GError ** error, int errnum, const std::string & base)
{
  gst_genaudio_set_errno_error (error, errnum, GST_RESOURCE_ERROR_READ,
      "Could not read the folders of \"%s\"", base.c_str ());
}

std::string
plain_extension (const char *extension)
{
  if (extension == nullptr)
    return "";
  return *extension == '.' ? extension + 1 : extension;
}

}

namespace {

constexpr gint64 never = G_MININT64;
constexpr unsigned max_batch = 4;

/* Microseconds since 1970, rounded down. */
gint64
instant_of (GDateTime * date)
{
  return g_date_time_to_unix (date) * G_USEC_PER_SEC
      + g_date_time_get_microsecond (date);
}

Date
date_in_zone (GDateTime * date, GTimeZone * zone)
{
  GDateTime *there = g_date_time_to_timezone (date, zone);
  const Date found = date_of (there);
  g_date_time_unref (there);
  return found;
}

/* Holds the newest @limit files within the bounds, the newest one last. */
int
collect_by_mtime (GstGenAudioStoreIter * iter, gint64 start, gint64 end)
{
  std::vector<File> &files = iter->files;
  /* the top of this heap is the one to give up first */
  auto is_newer = [] (const File & a, const File & b) {
    return is_less_recent (b, a);
  };
  const int errnum = visit_files (iter->basefd.get (), iter->selection,
      [&] (File & file) {
    if (file.mtime < start || file.mtime > end)
      return true;
    files.push_back (std::move (file));
    std::push_heap (files.begin (), files.end (), is_newer);
    if (files.size () > iter->left) {
      std::pop_heap (files.begin (), files.end (), is_newer);
      files.pop_back ();
    }
    return true;
  });
  std::sort (files.begin (), files.end (), is_less_recent);
  return errnum;
}

/* The next days of the walk, none at its end. */
int
find_days (GstGenAudioStoreIter * iter, std::vector<Date> &days)
{
  while (days.size () < iter->batch && iter->days != nullptr) {
    Date date;
    const int errnum = iter->days->next (date);
    if (errnum != 0 || !date.is_valid ())
      iter->days.reset ();
    else
      days.push_back (date);
    if (errnum != 0)
      return errnum;
  }
  return 0;
}

/* Reads some days, each in a thread of its own. */
int
read_days (GstGenAudioStoreIter * iter)
{
  std::vector<Date> days;
  std::vector<std::thread> threads;
  int errnum = find_days (iter, days);
  std::vector<int> errnums (days.size (), 0);

  iter->later.resize (days.size ());
  auto read = [&] (gsize i) {
    /* the last one is the next one */
    std::vector<File> &files = iter->later[days.size () - 1 - i];
    errnums[i] = read_day (iter->basefd.get (), days[i], iter->selection,
        files);
    std::sort (files.begin (), files.end (), is_older);
  };
  gsize started = 1;
  try {
    for (; started < days.size (); started++)
      threads.emplace_back (read, started);
  } catch (const std::system_error &) {
    /* fewer threads will do */
  }
  for (gsize i = started; i < days.size (); i++)
    read (i);
  if (!days.empty ())
    read (0);
  for (std::thread & thread : threads)
    thread.join ();
  iter->batch = std::min ({ iter->batch * 2, max_batch,
      std::max (1u, std::thread::hardware_concurrency ()) });
  for (const int failed : errnums)
    errnum = errnum != 0 ? errnum : failed;
  return errnum;
}

int
read_next_day (GstGenAudioStoreIter * iter)
{
  while (iter->files.empty ()) {
    if (iter->later.empty () && iter->days == nullptr)
      return 0;
    if (iter->later.empty ()) {
      const int errnum = read_days (iter);
      if (errnum != 0)
        return errnum;
    }
    if (!iter->later.empty ()) {
      iter->files = std::move (iter->later.back ());
      iter->later.pop_back ();
    }
  }
  return 0;
}

}

/**
 * gst_genaudio_store_iterate: (skip)
 * @store: a store
 * @start: (nullable): nothing older than this
 * @end: (nullable): nothing newer than this
 * @limit: how many files at most, 0 for all
 * @extension: (nullable): only files of this extension, with or without dot
 * @flags: which files, and what is their age
 * @error: return location for a #GError of %GST_RESOURCE_ERROR
 *
 * Begins a listing, newest first. By filing date @start and @end are whole
 * days in the store's time zone, both included, and files of one day go by
 * time of modification; by time of modification they are instants. Listing by
 * filing date needs memory for the names of a few days only. A base directory that is
 * not there is an empty store.
 *
 * Returns: (transfer full) (nullable): the listing
 */
GstGenAudioStoreIter *
gst_genaudio_store_iterate (GstGenAudioStore * store, GDateTime * start,
    GDateTime * end, guint limit, const gchar * extension,
    GstGenAudioStoreFlags flags, GError ** error)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_STORE (store), nullptr);

  auto iter = std::make_unique<GstGenAudioStoreIter> ();
  iter->base = gst_genaudio_store_get_base_dir (store);
  iter->left = limit != 0 ? limit : G_MAXUINT;
  iter->selection.extension = plain_extension (extension);
  iter->selection.any_name = flags & GST_GENAUDIO_STORE_FLAG_ANY_NAME;

  int errnum = open_base (iter->base, iter->basefd);
  if (errnum == ENOENT)
    return iter.release ();
  if (errnum == 0 && flags != GST_GENAUDIO_STORE_FLAG_NONE) {
    errnum = collect_by_mtime (iter.get (),
        start != nullptr ? instant_of (start) : never,
        end != nullptr ? instant_of (end) : G_MAXINT64);
  } else if (errnum == 0) {
    GTimeZone *zone = gst_genaudio_store_get_timezone (store);
    iter->days = std::make_unique<DayWalker> (iter->basefd.get (),
        start != nullptr ? date_in_zone (start, zone) : first_date,
        end != nullptr ? date_in_zone (end, zone) : last_date, false);
  }
  if (errnum != 0) {
    set_walk_error (error, errnum, iter->base);
    return nullptr;
  }
  return iter.release ();
}

/**
 * gst_genaudio_store_iter_next: (skip)
 * @iter: a listing
 * @entry: (out caller-allocates): the next file
 * @error: return location for a #GError of %GST_RESOURCE_ERROR
 *
 * Returns: %FALSE at the end and on errors
 */
gboolean
gst_genaudio_store_iter_next (GstGenAudioStoreIter * iter,
    GstGenAudioStoreEntry * entry, GError ** error)
{
  g_return_val_if_fail (iter != nullptr && entry != nullptr, FALSE);

  if (iter->left == 0)
    return FALSE;
  const int errnum = read_next_day (iter);
  if (errnum != 0) {
    set_walk_error (error, errnum, iter->base);
    iter->left = 0;
    return FALSE;
  }
  if (iter->files.empty ())
    return FALSE;

  const File file = std::move (iter->files.back ());
  iter->files.pop_back ();
  iter->left--;
  iter->path = iter->base + "/" + file.path ();
  *entry = {};
  entry->path = iter->path.c_str ();
  entry->size = file.size;
  entry->mtime = file.mtime;
  entry->year = file.date.year;
  entry->month = file.date.month;
  entry->day = file.date.day;
  entry->sidecar = file.has_sidecar;
  return TRUE;
}

/**
 * gst_genaudio_store_iter_free: (skip)
 * @iter: (transfer full): a listing
 *
 * Ends it.
 */
void
gst_genaudio_store_iter_free (GstGenAudioStoreIter * iter)
{
  delete iter;
}

/**
 * gst_genaudio_store_list_files:
 * @store: a store
 * @start: (nullable): nothing older than this
 * @end: (nullable): nothing newer than this
 * @limit: how many files at most, 0 for all
 * @extension: (nullable): only files of this extension, with or without dot
 * @flags: which files, and what is their age
 * @error: return location for a #GError of %GST_RESOURCE_ERROR
 *
 * gst_genaudio_store_iterate() in one call.
 *
 * Returns: (transfer full) (nullable) (array zero-terminated=1): paths, newest
 *     first
 */
gchar **
gst_genaudio_store_list_files (GstGenAudioStore * store, GDateTime * start,
    GDateTime * end, guint limit, const gchar * extension,
    GstGenAudioStoreFlags flags, GError ** error)
{
  GError *failure = nullptr;
  GstGenAudioStoreIter *iter = gst_genaudio_store_iterate (store, start, end,
      limit, extension, flags, error);
  if (iter == nullptr)
    return nullptr;

  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  GstGenAudioStoreEntry entry;
  while (gst_genaudio_store_iter_next (iter, &entry, &failure))
    g_ptr_array_add (paths, g_strdup (entry.path));
  gst_genaudio_store_iter_free (iter);
  g_ptr_array_add (paths, nullptr);
  gchar **list = (gchar **) g_ptr_array_free (paths, FALSE);
  if (failure != nullptr) {
    g_propagate_error (error, failure);
    g_strfreev (list);
    list = nullptr;
  }
  return list;
}
