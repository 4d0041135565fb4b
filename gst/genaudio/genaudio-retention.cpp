/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What goes, and when. A plan names every file that a rule lets go; running
 * it removes these and nothing else, and of these only what is still the file
 * that was planned: same folder, same inode, same size and time, a plain file
 * on the base directory's own file system, and not locked.
 *
 * A cleaner that believes a wrong clock destroys everything. So age counts
 * only where the dates of the store and the clock agree: no file may be filed
 * after tomorrow, and from the youngest day that is to go to the next one that
 * stays (or today) there may be no gap of more than a year. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-retention.h"
#include "genaudio-store-private.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <unordered_set>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

using namespace genaudio;

namespace {

constexpr guint32 max_gap_days = 366;
/* A part that nobody has locked is left alone for so long, for file systems
 * that know no locks. */
constexpr gint64 min_part_age = G_TIME_SPAN_DAY;

struct Item
{
  File file;
  GstGenAudioReason reason;

  guint64 bytes () const { return file.size + file.sidecar_size; }
};

}

struct _GstGenAudioPlan
{
  std::string base;
  bool any_name = false;
  std::vector<Item> items;      /* oldest first */
};

namespace {

/* Gathers the plan of one retention. */
class Planner
{
public:
  Planner (GstGenAudioPlan & plan, int basefd,
      const GstGenAudioRetention & retention, GDateTime * now);

  bool run (GError ** error);

private:
  using Order = bool (*) (const File &, const File &);

  bool plan_by_age (GError ** error);
  bool plan_by_caps (GError ** error);
  bool check_clock (const Date & youngest, GError ** error) const;
  bool find_neighbours (Date & newest, Date & kept, GError ** error) const;
  int visit_oldest_first (const std::function<bool (File &)> &visit);
  int find_newest (std::optional<File> &newest) const;
  bool is_untouchable (const File & file) const;
  bool fail (int errnum, GError ** error) const;

  GstGenAudioPlan & plan_;
  const int basefd_;
  const GstGenAudioRetention & retention_;
  Selection selection_;
  Date today_;
  gint64 now_;
  bool by_mtime_;
  Order order_;
  guint64 planned_bytes_ = 0;
  guint64 planned_disk_ = 0;
  Date first_kept_ = first_date;        /* every earlier day is planned */
};

Planner::Planner (GstGenAudioPlan & plan, int basefd,
    const GstGenAudioRetention & retention, GDateTime * now)
  : plan_ (plan), basefd_ (basefd), retention_ (retention),
    today_ (date_of (now)), now_ (g_date_time_to_unix (now) * G_USEC_PER_SEC)
{
  const int mtime_flags = GST_GENAUDIO_RETENTION_FLAG_BY_MTIME
      | GST_GENAUDIO_RETENTION_FLAG_ANY_NAME;
  by_mtime_ = (retention.flags & mtime_flags) != 0;
  order_ = by_mtime_ ? is_less_recent : is_older;
  selection_.any_name =
      (retention.flags & GST_GENAUDIO_RETENTION_FLAG_ANY_NAME) != 0;
  selection_.parts = true;
  if (retention.job_id != nullptr)
    selection_.job_id = retention.job_id;
}

bool
Planner::fail (int errnum, GError ** error) const
{
  set_walk_error (error, errnum, plan_.base);
  return false;
}

bool
Planner::is_untouchable (const File & file) const
{
  return file.is_part && now_ - file.mtime < min_part_age;
}

/* The newest day there is, and the earliest that is not before @kept. */
bool
Planner::find_neighbours (Date & newest, Date & kept, GError ** error) const
{
  DayWalker down (basefd_, first_date, last_date, false);
  DayWalker up (basefd_, kept, last_date, true);
  int errnum = down.next (newest);
  if (errnum == 0)
    errnum = up.next (kept);
  return errnum == 0 || fail (errnum, error);
}

/* @youngest is the youngest day that is to go, if one is. */
bool
Planner::check_clock (const Date & youngest, GError ** error) const
{
  if ((retention_.flags & GST_GENAUDIO_RETENTION_FLAG_ALL) != 0 || by_mtime_)
    return true;

  const guint32 today = julian_of (today_);
  Date newest;
  Date kept = youngest.is_valid ()
      ? date_of_julian (julian_of (youngest) + 1) : today_;
  if (!find_neighbours (newest, kept, error))
    return false;
  if (newest.is_valid () && julian_of (newest) > today + 1) {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "Nothing is removed from \"%s\": it has files of %s but the clock says "
        "%s", plan_.base.c_str (), newest.folder ().c_str (),
        today_.folder ().c_str ());
    return false;
  }
  if (!kept.is_valid () || kept > today_)
    kept = today_;
  if (youngest.is_valid ()
      && julian_of (kept) - julian_of (youngest) > max_gap_days) {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "Nothing is removed from \"%s\": between its files of %s, which would "
        "go, and %s lies more than a year, so the clock may be wrong",
        plan_.base.c_str (), youngest.folder ().c_str (),
        kept.folder ().c_str ());
    return false;
  }
  return true;
}

bool
Planner::plan_by_age (GError ** error)
{
  const guint32 today = julian_of (today_);
  if (today <= retention_.keep_days)
    return true;
  const gint64 limit = now_ - retention_.keep_days * G_TIME_SPAN_DAY;
  Selection old = selection_;
  if (!by_mtime_) {
    first_kept_ = date_of_julian (today - retention_.keep_days);
    old.until = date_of_julian (today - retention_.keep_days - 1);
  }

  const int errnum = visit_files (basefd_, old, [&] (File & file) {
    if (!is_untouchable (file) && (!by_mtime_ || file.mtime < limit))
      plan_.items.push_back ({ std::move (file), GST_GENAUDIO_REASON_AGE });
    return true;
  });
  if (errnum != 0)
    return fail (errnum, error);

  std::sort (plan_.items.begin (), plan_.items.end (),
      [this] (const Item & a, const Item & b) { return order_ (a.file, b.file); });
  for (const Item & item : plan_.items) {
    planned_bytes_ += item.bytes ();
    planned_disk_ += item.file.disk;
  }
  return check_clock (plan_.items.empty () ? Date ()
      : plan_.items.back ().file.date, error);
}

/* By filing date a day at a time, so that few files need few looks. */
int
Planner::visit_oldest_first (const std::function<bool (File &)> &visit)
{
  std::vector<File> files;
  auto visit_sorted = [&] {
    std::sort (files.begin (), files.end (), order_);
    return std::all_of (files.begin (), files.end (), visit);
  };
  if (by_mtime_) {
    const int errnum = visit_files (basefd_, selection_, [&] (File & file) {
      files.push_back (std::move (file));
      return true;
    });
    if (errnum == 0)
      visit_sorted ();
    return errnum;
  }
  DayWalker days (basefd_, first_kept_, last_date, true);
  for (;;) {
    Date date;
    int errnum = days.next (date);
    files.clear ();
    if (errnum == 0 && date.is_valid ())
      errnum = read_day (basefd_, date, selection_, files);
    if (errnum != 0 || !date.is_valid () || !visit_sorted ())
      return errnum;
  }
}

int
Planner::find_newest (std::optional<File> &newest) const
{
  Selection published = selection_;
  published.parts = false;
  auto consider = [&] (File & file) {
    if (!newest || order_ (*newest, file))
      newest = file;
    return true;
  };
  if (by_mtime_)
    return visit_files (basefd_, published, consider);
  DayWalker days (basefd_, first_date, last_date, false);
  std::vector<File> files;
  for (;;) {
    Date date;
    int errnum = days.next (date);
    if (errnum == 0 && date.is_valid ())
      errnum = read_day (basefd_, date, published, files);
    std::for_each (files.begin (), files.end (), consider);
    if (errnum != 0 || !date.is_valid () || newest)
      return errnum;
  }
}

bool
Planner::plan_by_caps (GError ** error)
{
  guint64 total = 0, missing = 0, excess = 0;
  int errnum = 0;

  if (retention_.keep_bytes > 0) {
    errnum = visit_files (basefd_, selection_, [&] (File & file) {
      total += file.size + file.sidecar_size;
      return true;
    });
    total -= std::min (total, planned_bytes_);
    excess = total - std::min (total, retention_.keep_bytes);
  }
  struct statvfs fs;
  if (retention_.min_free_bytes > 0 && errnum == 0) {
    if (fstatvfs (basefd_, &fs) != 0)
      return fail (errno, error);
    const guint64 free = (guint64) fs.f_bavail * fs.f_frsize + planned_disk_;
    missing = retention_.min_free_bytes - std::min (free, retention_.min_free_bytes);
  }
  if (errnum != 0)
    return fail (errnum, error);
  if (excess == 0 && missing == 0)
    return true;

  std::optional<File> newest;
  if ((retention_.flags & GST_GENAUDIO_RETENTION_FLAG_ALL) == 0)
    errnum = find_newest (newest);
  if (errnum != 0)
    return fail (errnum, error);

  std::unordered_set<std::string> planned;
  for (const Item & item : plan_.items)
    planned.insert (item.file.path ());
  errnum = visit_oldest_first ([&] (File & file) {
    if (excess == 0 && missing == 0)
      return false;
    if (is_untouchable (file) || planned.count (file.path ()) != 0
        || (newest && newest->path () == file.path ()))
      return true;
    Item item = { std::move (file), excess > 0 ? GST_GENAUDIO_REASON_BYTES
          : GST_GENAUDIO_REASON_FREE };
    excess -= std::min (excess, item.bytes ());
    missing -= std::min (missing, item.file.disk);
    plan_.items.push_back (std::move (item));
    return true;
  });
  if (errnum != 0)
    return fail (errnum, error);
  return check_clock (Date (), error);
}

bool
Planner::run (GError ** error)
{
  if (retention_.keep_days > 0 && !plan_by_age (error))
    return false;
  return (retention_.keep_bytes == 0 && retention_.min_free_bytes == 0)
      || plan_by_caps (error);
}

bool
is_the_planned_one (int dirfd, const File & file, dev_t device)
{
  struct stat st;
  return fstatat (dirfd, file.name.c_str (), &st, AT_SYMLINK_NOFOLLOW) == 0
      && S_ISREG (st.st_mode) && st.st_dev == device
      && st.st_ino == file.inode && (guint64) st.st_size == file.size
      && st.st_mtim.tv_sec * G_USEC_PER_SEC + st.st_mtim.tv_nsec / 1000
      == file.mtime;
}

/* Removes the folders from @folder upwards that are empty, never the base. */
void
remove_empty_folders (int basefd, std::string folder)
{
  while (!folder.empty ()) {
    const std::string parent = folder_of (folder);
    UniqueFd fd;
    if (open_below (basefd, parent, fd) != 0
        || unlinkat (fd.get (), name_of (folder).c_str (), AT_REMOVEDIR) != 0)
      return;
    folder = parent;
  }
}

/* errno; 0 also for what is to be left alone, then @removed is false. */
int
remove_item (int basefd, const Item & item, dev_t device, bool & removed)
{
  UniqueFd dirfd;
  removed = false;
  if (open_below (basefd, item.file.folder, dirfd) != 0
      || !is_the_planned_one (dirfd.get (), item.file, device)
      || is_locked (dirfd.get (), item.file.name.c_str ()))
    return 0;
  if (unlinkat (dirfd.get (), item.file.name.c_str (), 0) != 0)
    return errno == ENOENT ? 0 : errno;
  removed = true;
  const std::string sidecar = item.file.name + GST_GENAUDIO_SIDECAR_EXTENSION;
  if (!item.file.is_part)
    unlinkat (dirfd.get (), sidecar.c_str (), 0);
  return 0;
}

/* Removes empty folders below @dirfd, deepest first: those whose names are a
 * year's, month's or day's, or all. */
int
remove_empty_below (int dirfd, unsigned depth, bool any_name, guint64 & count)
{
  static const gsize digits[] = { 4, 2, 2 };
  std::vector<std::string> folders;

  if (!any_name && depth >= G_N_ELEMENTS (digits))
    return 0;
  int errnum = read_folders (dirfd, folders);
  for (const std::string & name : folders) {
    const bool dated = !any_name && name.size () == digits[depth]
        && name.find_first_not_of ("0123456789") == std::string::npos;
    UniqueFd fd;
    if (errnum != 0)
      return errnum;
    if ((!dated && !any_name) || open_below (dirfd, name, fd) != 0)
      continue;
    errnum = remove_empty_below (fd.get (), depth + 1, any_name, count);
    if (unlinkat (dirfd, name.c_str (), AT_REMOVEDIR) == 0)
      count++;
  }
  return errnum;
}

}

/**
 * gst_genaudio_retention_flags_get_type:
 *
 * Returns: the type of #GstGenAudioRetentionFlags
 */
GType
gst_genaudio_retention_flags_get_type (void)
{
  static gsize type = 0;
  static const GFlagsValue values[] = {
    {GST_GENAUDIO_RETENTION_FLAG_ALL, "The newest file and old stores too",
        "all"},
    {GST_GENAUDIO_RETENTION_FLAG_BY_MTIME, "By time of modification",
        "by-mtime"},
    {GST_GENAUDIO_RETENTION_FLAG_ANY_NAME, "Files of any name", "any-name"},
    {0, nullptr, nullptr},
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_flags_register_static ("GstGenAudioRetentionFlags", values));
  return type;
}

/**
 * gst_genaudio_store_plan: (skip)
 * @store: a store
 * @retention: what to keep
 * @now: (nullable): the time, %NULL for the clock's
 * @error: return location for a #GError of %GST_RESOURCE_ERROR
 *
 * Finds out what @retention lets go, and touches nothing. By filing date a
 * file of today minus `keep_days` stays, so that all are kept for so many
 * whole days. Caps count files, sidecars and parts, take the oldest first and
 * never the newest. It is a %GST_RESOURCE_ERROR_SETTINGS if the clock seems to
 * be wrong.
 *
 * Returns: (transfer full) (nullable): the plan, empty if nothing is to go
 */
GstGenAudioPlan *
gst_genaudio_store_plan (GstGenAudioStore * store,
    const GstGenAudioRetention * retention, GDateTime * now, GError ** error)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_STORE (store), nullptr);
  g_return_val_if_fail (retention != nullptr, nullptr);

  auto plan = std::make_unique<GstGenAudioPlan> ();
  UniqueFd basefd;
  plan->base = gst_genaudio_store_get_base_dir (store);
  const int errnum = open_base (plan->base, basefd);
  if (errnum == ENOENT)
    return plan.release ();
  if (errnum != 0) {
    set_walk_error (error, errnum, plan->base);
    return nullptr;
  }

  GTimeZone *zone = gst_genaudio_store_get_timezone (store);
  GDateTime *there = now != nullptr ? g_date_time_to_timezone (now, zone)
      : g_date_time_new_now (zone);
  const bool ok =
      Planner (*plan, basefd.get (), *retention, there).run (error);
  g_date_time_unref (there);
  return ok ? plan.release () : nullptr;
}

/**
 * gst_genaudio_plan_get_files: (skip)
 * @plan: a plan
 *
 * Returns: how many files are to go, sidecars not counted
 */
guint64
gst_genaudio_plan_get_files (const GstGenAudioPlan * plan)
{
  g_return_val_if_fail (plan != nullptr, 0);

  return plan->items.size ();
}

/**
 * gst_genaudio_plan_get_bytes: (skip)
 * @plan: a plan
 *
 * Returns: how many bytes they have, with their sidecars
 */
guint64
gst_genaudio_plan_get_bytes (const GstGenAudioPlan * plan)
{
  g_return_val_if_fail (plan != nullptr, 0);

  guint64 bytes = 0;
  for (const Item & item : plan->items)
    bytes += item.bytes ();
  return bytes;
}

/**
 * gst_genaudio_plan_foreach: (skip)
 * @plan: a plan
 * @func: called with each file, oldest first
 * @user_data: for @func
 */
void
gst_genaudio_plan_foreach (const GstGenAudioPlan * plan,
    GstGenAudioPlanFunc func, gpointer user_data)
{
  g_return_if_fail (plan != nullptr && func != nullptr);

  for (const Item & item : plan->items) {
    const std::string path = plan->base + "/" + item.file.path ();
    if (!func (path.c_str (), item.bytes (), item.reason, user_data))
      return;
  }
}

/**
 * gst_genaudio_plan_execute: (skip)
 * @plan: a plan
 * @func: (nullable): called with each file that was removed
 * @user_data: for @func
 * @files: (out) (optional): how many were removed
 * @bytes: (out) (optional): their bytes
 * @error: return location for the first #GError; the others are still removed
 *
 * Removes what @plan says, with the sidecars and the folders that become
 * empty. What has changed since, or is locked, stays.
 *
 * Returns: %TRUE if nothing failed
 */
gboolean
gst_genaudio_plan_execute (GstGenAudioPlan * plan, GstGenAudioPlanFunc func,
    gpointer user_data, guint64 * files, guint64 * bytes, GError ** error)
{
  g_return_val_if_fail (plan != nullptr, FALSE);

  guint64 count = 0, sum = 0;
  GError *failure = nullptr;
  UniqueFd basefd;
  struct stat st;
  int errnum = plan->items.empty () ? 0 : open_base (plan->base, basefd);
  if (errnum == 0 && basefd && fstat (basefd.get (), &st) != 0)
    errnum = errno;
  if (errnum != 0)
    set_walk_error (&failure, errnum, plan->base);

  for (gsize i = 0; errnum == 0 && i < plan->items.size (); i++) {
    const Item & item = plan->items[i];
    const std::string path = plan->base + "/" + item.file.path ();
    bool removed;
    const int failed = remove_item (basefd.get (), item, st.st_dev, removed);
    if (failed != 0 && failure == nullptr)
      gst_genaudio_set_errno_error (&failure, failed, GST_RESOURCE_ERROR_WRITE,
          "Could not remove \"%s\"", path.c_str ());
    if (i + 1 == plan->items.size ()
        || plan->items[i + 1].file.folder != item.file.folder)
      remove_empty_folders (basefd.get (), item.file.folder);
    if (!removed)
      continue;
    count++;
    sum += item.bytes ();
    if (func != nullptr
        && !func (path.c_str (), item.bytes (), item.reason, user_data))
      break;
  }
  if (files != nullptr)
    *files = count;
  if (bytes != nullptr)
    *bytes = sum;
  if (failure != nullptr)
    g_propagate_error (error, failure);
  return failure == nullptr;
}

/**
 * gst_genaudio_plan_free: (skip)
 * @plan: (transfer full): a plan
 */
void
gst_genaudio_plan_free (GstGenAudioPlan * plan)
{
  delete plan;
}

/**
 * gst_genaudio_store_apply_retention: (skip)
 * @store: a store
 * @retention: what to keep
 * @now: (nullable): the time, %NULL for the clock's
 * @files: (out) (optional): how many files were removed
 * @bytes: (out) (optional): their bytes
 * @error: return location for a #GError of %GST_RESOURCE_ERROR
 *
 * Plans and runs the plan.
 *
 * Returns: %TRUE if nothing failed
 */
gboolean
gst_genaudio_store_apply_retention (GstGenAudioStore * store,
    const GstGenAudioRetention * retention, GDateTime * now, guint64 * files,
    guint64 * bytes, GError ** error)
{
  GstGenAudioPlan *plan =
      gst_genaudio_store_plan (store, retention, now, error);
  if (plan == nullptr)
    return FALSE;
  const gboolean ok =
      gst_genaudio_plan_execute (plan, nullptr, nullptr, files, bytes, error);
  gst_genaudio_plan_free (plan);
  return ok;
}

/**
 * gst_genaudio_store_cleanup_old_files: (skip)
 * @store: a store
 * @days_old: files of more days than this go; 0 removes nothing
 * @dry_run: only count
 * @flags: which files, and what is their age
 * @files: (out) (optional): how many were, or would be, removed
 * @error: return location for a #GError of %GST_RESOURCE_ERROR
 *
 * Returns: %TRUE if nothing failed
 */
gboolean
gst_genaudio_store_cleanup_old_files (GstGenAudioStore * store, guint days_old,
    gboolean dry_run, GstGenAudioRetentionFlags flags, guint64 * files,
    GError ** error)
{
  GstGenAudioRetention retention = {};
  retention.keep_days = days_old;
  retention.flags = flags;
  if (!dry_run)
    return gst_genaudio_store_apply_retention (store, &retention, nullptr,
        files, nullptr, error);

  GstGenAudioPlan *plan =
      gst_genaudio_store_plan (store, &retention, nullptr, error);
  if (plan == nullptr)
    return FALSE;
  if (files != nullptr)
    *files = gst_genaudio_plan_get_files (plan);
  gst_genaudio_plan_free (plan);
  return TRUE;
}

/**
 * gst_genaudio_store_cleanup_empty_directories: (skip)
 * @store: a store
 * @any_name: also folders that are not of a year, month or day
 * @folders: (out) (optional): how many were removed
 * @error: return location for a #GError of %GST_RESOURCE_ERROR
 *
 * Removes empty folders below the base directory, never the base itself.
 *
 * Returns: %TRUE if nothing failed
 */
gboolean
gst_genaudio_store_cleanup_empty_directories (GstGenAudioStore * store,
    gboolean any_name, guint64 * folders, GError ** error)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_STORE (store), FALSE);

  const std::string base = gst_genaudio_store_get_base_dir (store);
  guint64 count = 0;
  UniqueFd basefd;
  int errnum = open_base (base, basefd);
  if (errnum == 0)
    errnum = remove_empty_below (basefd.get (), 0, any_name, count);
  else if (errnum == ENOENT)
    errnum = 0;
  if (folders != nullptr)
    *folders = count;
  if (errnum != 0)
    set_walk_error (error, errnum, base);
  return errnum == 0;
}
