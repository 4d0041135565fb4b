/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Boundaries of the wall clock. Hours and multiples of seconds are counted
 * in local time with the offset that holds at the moment, so that after a
 * change of offset they follow the clock on the wall; a day ends where the
 * local date changes, whatever its length (23, 24, 25 h, or a midnight that
 * does not exist). */

#include "rotation.hpp"

#include <algorithm>
#include <charconv>

namespace genaudio::dated {

namespace {

constexpr std::int64_t second = 1000000;
constexpr std::int64_t longest_day = 50 * 3600;

struct LocalTime
{
  int date;                     /* days since year 1 */
  std::int64_t offset;          /* s */
};

LocalTime
local_time (std::int64_t seconds, GTimeZone * zone)
{
  GDateTime *utc = g_date_time_new_from_unix_utc (seconds);
  GDateTime *local = g_date_time_to_timezone (utc, zone);
  int year, month, day;
  GDate date;

  g_date_time_get_ymd (local, &year, &month, &day);
  g_date_clear (&date, 1);
  g_date_set_dmy (&date, (GDateDay) day, (GDateMonth) month,
      (GDateYear) year);
  const LocalTime result = {(int) g_date_get_julian (&date),
    g_date_time_get_utc_offset (local) / second};
  g_date_time_unref (local);
  g_date_time_unref (utc);
  return result;
}

std::int64_t
floor_div (std::int64_t a, std::int64_t b)
{
  return a / b - (a % b < 0);
}

std::int64_t
next_multiple (std::int64_t now, std::int64_t period, GTimeZone * zone)
{
  const std::int64_t offset = local_time (now, zone).offset;

  return (floor_div (now + offset, period) + 1) * period - offset;
}

std::int64_t
next_day (std::int64_t now, GTimeZone * zone)
{
  const int today = local_time (now, zone).date;
  std::int64_t before = now, after = now + longest_day;

  while (after - before > 1) {
    const std::int64_t middle = before + (after - before) / 2;
    if (local_time (middle, zone).date > today)
      after = middle;
    else
      before = middle;
  }
  return after;
}

}

std::optional<RotateRule>
RotateRule::parse (const std::string & text)
{
  if (text.empty () || text == "none")
    return RotateRule {};
  if (text == "hourly")
    return RotateRule {Kind::hourly, 3600};
  if (text == "daily")
    return RotateRule {Kind::daily, 86400};

  std::int64_t seconds = 0;
  const char *end = text.data () + text.size ();
  const auto [at, error] = std::from_chars (text.data (), end, seconds);
  if (error != std::errc () || at != end || seconds < 1
      || seconds > INT32_MAX)
    return std::nullopt;
  return RotateRule {Kind::seconds, seconds};
}

std::int64_t
next_boundary (const RotateRule & rule, std::int64_t wall, GTimeZone * zone)
{
  const std::int64_t now = floor_div (wall, second);

  switch (rule.kind) {
    case RotateRule::Kind::none:
      break;
    case RotateRule::Kind::daily:
      return next_day (now, zone) * second;
    case RotateRule::Kind::hourly:
    case RotateRule::Kind::seconds:
      return next_multiple (now, rule.seconds, zone) * second;
  }
  return INT64_MAX;
}

std::int64_t
boundary_tolerance (const RotateRule & rule)
{
  return std::min (5 * second, rule.seconds * second / 2);
}

}
