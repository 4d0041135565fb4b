/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-walk.hpp"
#include "genaudio-filing.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <unordered_set>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

namespace genaudio {

namespace {

struct CloseDir
{
  void operator() (DIR * dir) const { closedir (dir); }
};
using Dir = std::unique_ptr<DIR, CloseDir>;

/* What is there no more, or was never a folder, is no error of a walk. */
bool
is_gone (int errnum)
{
  return errnum == ENOENT || errnum == ENOTDIR || errnum == ELOOP;
}

/* Calls @visit with each entry's name and type. */
template <typename Visit>
int
read_folder (int dirfd, Visit visit)
{
  UniqueFd fd (openat (dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd)
    return errno;
  Dir dir (fdopendir (fd.get ()));
  if (dir == nullptr)
    return errno;
  fd.release ();
  for (;;) {
    errno = 0;
    const struct dirent *entry = readdir (dir.get ());
    if (entry == nullptr)
      return errno;
    if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0)
      visit (entry->d_name, entry->d_type);
  }
}

bool
has_suffix (const std::string & name, const char *suffix)
{
  return g_str_has_suffix (name.c_str (), suffix);
}

const char *
extension_of (const std::string & name)
{
  const gsize dot = name.rfind ('.');
  return dot == std::string::npos ? "" : name.c_str () + dot + 1;
}

bool
is_sidecar (const std::string & name)
{
  const gsize length = strlen (GST_GENAUDIO_SIDECAR_EXTENSION);
  return has_suffix (name, GST_GENAUDIO_SIDECAR_EXTENSION)
      && is_store_name (name.substr (0, name.size () - length).c_str ());
}

/* Whether @name is selected; @file learns what kind it is. */
bool
is_selected (const std::string & name, const Selection & selection, File & file)
{
  const std::string published = name[0] == '.' ? final_name_of_part (name) : name;

  file.is_part = name[0] == '.';
  if (selection.only_parts)
    return file.is_part && !published.empty ();
  if (published.empty () || (file.is_part && !selection.parts))
    return false;
  if (selection.any_name ? is_sidecar (published) : !is_store_name (published.c_str ()))
    return false;
  if (!selection.extension.empty ()
      && g_ascii_strcasecmp (extension_of (published),
          selection.extension.c_str ()) != 0)
    return false;
  return selection.job_id.empty ()
      || gst_genaudio_filing_name_is_of_job (published.c_str (),
      selection.job_id.c_str ());
}

constexpr guint64 block_size = 512;

/* False if it is not a plain file. */
bool
stat_file (int dirfd, File & file)
{
  struct stat st;
  if (fstatat (dirfd, file.name.c_str (), &st, AT_SYMLINK_NOFOLLOW) != 0
      || !S_ISREG (st.st_mode))
    return false;
  file.size = st.st_size;
  file.disk = st.st_nlink > 1 ? 0 : st.st_blocks * block_size;
  file.mtime = st.st_mtim.tv_sec * G_USEC_PER_SEC + st.st_mtim.tv_nsec / 1000;
  file.inode = st.st_ino;
  return true;
}

void
stat_sidecar (int dirfd, File & file)
{
  const std::string name = file.name + GST_GENAUDIO_SIDECAR_EXTENSION;
  struct stat st;
  file.has_sidecar = fstatat (dirfd, name.c_str (), &st,
      AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG (st.st_mode);
  if (file.has_sidecar) {
    file.sidecar_size = st.st_size;
    file.disk += st.st_blocks * block_size;
  }
}

/* Appends what is selected of an open folder, and the names of its folders. */
int
read_files (int dirfd, const Date & date, const std::string & folder,
    const Selection & selection, std::vector<File> &files,
    std::vector<std::string> *folders)
{
  const gsize begin = files.size ();
  std::unordered_set<std::string> sidecars;
  const int errnum = read_folder (dirfd, [&] (const char *name, int type) {
    File file;
    /* a folder of unknown type is told from a file when it is opened */
    if (folders != nullptr && (type == DT_DIR || type == DT_UNKNOWN)
        && strcmp (name, GST_GENAUDIO_JOURNAL_FOLDER) != 0)
      folders->push_back (name);
    if (type != DT_REG && type != DT_UNKNOWN)
      return;
    if (is_selected (name, selection, file)) {
      file.name = name;
      files.push_back (std::move (file));
    } else if (name[0] != '.'
        && g_str_has_suffix (name, GST_GENAUDIO_SIDECAR_EXTENSION)) {
      sidecars.insert (name);
    }
  });
  if (errnum != 0)
    return errnum;

  auto is_unusable = [&] (File & file) {
    if (!stat_file (dirfd, file))
      return true;
    file.date = date;
    file.folder = folder;
    if (!sidecars.empty ()
        && sidecars.count (file.name + GST_GENAUDIO_SIDECAR_EXTENSION) != 0)
      stat_sidecar (dirfd, file);
    return false;
  };
  files.erase (std::remove_if (files.begin () + begin, files.end (),
          is_unusable), files.end ());
  return 0;
}

int
visit_days (int basefd, const Selection & selection,
    const std::function<bool (File &)> &visit)
{
  DayWalker days (basefd, selection.from, selection.until, true);
  std::vector<File> files;

  for (;;) {
    Date date;
    int errnum = days.next (date);
    if (errnum != 0 || !date.is_valid ())
      return errnum;
    files.clear ();
    errnum = read_day (basefd, date, selection, files);
    if (errnum != 0)
      return errnum;
    for (File & file : files) {
      if (!visit (file))
        return 0;
    }
  }
}

/* Every folder below the base. */
int
visit_tree (int basefd, const Selection & selection,
    const std::function<bool (File &)> &visit)
{
  std::vector<std::string> waiting = { "" };
  std::vector<File> files;

  while (!waiting.empty ()) {
    const std::string folder = waiting.back ();
    waiting.pop_back ();
    UniqueFd fd;
    int errnum = open_below (basefd, folder, fd);
    if (is_gone (errnum))
      continue;
    std::vector<std::string> below;
    files.clear ();
    if (errnum == 0)
      errnum = read_files (fd.get (), {}, folder, selection, files, &below);
    if (errnum != 0)
      return errnum;
    for (const std::string & name : below)
      waiting.push_back (folder.empty () ? name : folder + "/" + name);
    for (File & file : files) {
      if (!visit (file))
        return 0;
    }
  }
  return 0;
}

}

bool
Date::is_valid () const
{
  return year >= 1 && g_date_valid_dmy (day, (GDateMonth) month, year);
}

std::string
Date::folder () const
{
  char text[32];
  g_snprintf (text, sizeof text, "%04d/%02d/%02d", year, month, day);
  return text;
}

Date
date_of (GDateTime * date)
{
  Date found;
  g_date_time_get_ymd (date, &found.year, &found.month, &found.day);
  return found;
}

guint32
julian_of (const Date & date)
{
  GDate day;
  g_date_clear (&day, 1);
  g_date_set_dmy (&day, date.day, (GDateMonth) date.month, date.year);
  return g_date_get_julian (&day);
}

Date
date_of_julian (guint32 julian)
{
  GDate day;
  g_date_clear (&day, 1);
  g_date_set_julian (&day, julian);
  return { g_date_get_year (&day), g_date_get_month (&day),
    g_date_get_day (&day) };
}

bool
is_older (const File & a, const File & b)
{
  if (a.date != b.date)
    return a.date < b.date;
  return is_less_recent (a, b);
}

bool
is_less_recent (const File & a, const File & b)
{
  if (a.mtime != b.mtime)
    return a.mtime < b.mtime;
  if (a.folder != b.folder)
    return a.folder < b.folder;
  return a.name < b.name;
}

DayWalker::DayWalker (int basefd, const Date & from, const Date & until,
    bool ascending)
  : basefd_ (basefd), from_ (from), until_ (until), ascending_ (ascending)
{
}

/* Finds the folders named by @digits digits; the next one to visit is last. */
int
DayWalker::descend (int dirfd, int digits, int from, int until,
    std::vector<int> &values) const
{
  values.clear ();
  const int errnum = read_folder (dirfd, [&] (const char *name, int type) {
    if ((type != DT_DIR && type != DT_UNKNOWN)
        || (int) strspn (name, "0123456789") != digits || name[digits] != '\0')
      return;
    const int value = atoi (name);
    if (value >= from && value <= until)
      values.push_back (value);
  });
  std::sort (values.begin (), values.end ());
  if (ascending_)
    std::reverse (values.begin (), values.end ());
  return errnum;
}

int
DayWalker::next (Date & date)
{
  if (!started_) {
    started_ = true;
    const int errnum =
        descend (basefd_, 4, from_.year, until_.year, years_);
    if (errnum != 0)
      return errnum;
  }
  for (;;) {
    int errnum = 0;
    char name[16];
    if (!days_.empty ()) {
      at_.day = days_.back ();
      days_.pop_back ();
      if (at_.is_valid () && at_ >= from_ && at_ <= until_) {
        date = at_;
        return 0;
      }
    } else if (!months_.empty ()) {
      at_.month = months_.back ();
      months_.pop_back ();
      g_snprintf (name, sizeof name, "%02d", at_.month);
      errnum = open_below (year_.get (), name, month_);
      if (errnum == 0)
        errnum = descend (month_.get (), 2, 1, 31, days_);
    } else if (!years_.empty ()) {
      at_.year = years_.back ();
      years_.pop_back ();
      g_snprintf (name, sizeof name, "%04d", at_.year);
      errnum = open_below (basefd_, name, year_);
      if (errnum == 0)
        errnum = descend (year_.get (), 2,
            at_.year == from_.year ? from_.month : 1,
            at_.year == until_.year ? until_.month : 12, months_);
    } else {
      date = {};
      return 0;
    }
    if (errnum != 0 && !is_gone (errnum))
      return errnum;
  }
}

int
read_day (int basefd, const Date & date, const Selection & selection,
    std::vector<File> &files)
{
  UniqueFd fd;
  const std::string folder = date.folder ();
  int errnum = open_below (basefd, folder, fd);
  if (errnum == 0)
    errnum = read_files (fd.get (), date, folder, selection, files, nullptr);
  return is_gone (errnum) ? 0 : errnum;
}

int
read_folders (int dirfd, std::vector<std::string> &folders)
{
  return read_folder (dirfd, [&folders] (const char *name, int type) {
    if (type == DT_DIR || type == DT_UNKNOWN)
      folders.push_back (name);
  });
}

int
visit_files (int basefd, const Selection & selection,
    const std::function<bool (File &)> &visit)
{
  return selection.any_name ? visit_tree (basefd, selection, visit)
      : visit_days (basefd, selection, visit);
}

}
