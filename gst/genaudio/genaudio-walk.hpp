/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Internal: walks over a store. Folders of days are visited in order and only
 * where the dates asked for can be, so what a listing costs depends on what it
 * lists and not on what the store holds. Symbolic links are never followed,
 * and what vanishes meanwhile is left out. */

#pragma once

#include "genaudio-files.hpp"

#include <compare>
#include <functional>
#include <string>
#include <vector>

namespace genaudio {

struct Date
{
  int year = 0;
  int month = 0;
  int day = 0;

  auto operator<=> (const Date &) const = default;
  bool is_valid () const;
  std::string folder () const;  /* "2025/11/07" */
};

constexpr Date first_date = { 1, 1, 1 };
constexpr Date last_date = { 9999, 12, 31 };

Date date_of (GDateTime * date);
/* Days from the epoch of g_date_get_julian() */
guint32 julian_of (const Date & date);
Date date_of_julian (guint32 julian);

struct File
{
  Date date;                    /* invalid outside the layout */
  std::string folder;           /* below the base, "" for the base */
  std::string name;
  guint64 size = 0;
  guint64 disk = 0;             /* what removing it and its sidecar frees */
  guint64 sidecar_size = 0;
  gint64 mtime = 0;             /* us since 1970 */
  guint64 inode = 0;
  bool is_part = false;
  bool has_sidecar = false;

  std::string path () const { return folder.empty () ? name : folder + "/" + name; }
};

/* Orders: by filing date, or by time of modification; then by the rest, so
 * that one order is all. */
bool is_older (const File & a, const File & b);
bool is_less_recent (const File & a, const File & b);

struct Selection
{
  Date from = first_date;
  Date until = last_date;
  std::string extension;        /* without dot; "" for all */
  std::string job_id;           /* "" for all */
  bool parts = false;           /* parts too */
  bool only_parts = false;      /* parts, also of sidecars */
  bool any_name = false;        /* every file below the base, whatever its name */
};

/* Visits the folders of days. */
class DayWalker
{
public:
  /* @basefd must stay open. */
  DayWalker (int basefd, const Date & from, const Date & until, bool ascending);

  /* The next day, or an invalid date when all have been visited. */
  int next (Date & date);

private:
  int descend (int dirfd, int digits, int from, int until,
      std::vector<int> &values) const;

  int basefd_;
  Date from_, until_;
  bool ascending_;
  bool started_ = false;
  Date at_;
  UniqueFd year_, month_;
  std::vector<int> years_, months_, days_;
};

/* Appends the files of one day's folder that are selected. */
int read_day (int basefd, const Date & date, const Selection & selection,
    std::vector<File> &files);

/* The names of the folders in a folder, links left out. */
int read_folders (int dirfd, std::vector<std::string> &folders);

/* Calls @visit for every file selected, in no order, until it returns false. */
int visit_files (int basefd, const Selection & selection,
    const std::function<bool (File &)> &visit);

}
