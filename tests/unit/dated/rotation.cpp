/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "rotation.hpp"

#include <glib.h>

#include <string>

using namespace genaudio::dated;

static GTimeZone *
zone (const char *name)
{
  GTimeZone *z = g_time_zone_new_identifier (name);
  g_assert_nonnull (z);
  return z;
}

static std::int64_t
instant (const char *iso)
{
  GDateTime *when = g_date_time_new_from_iso8601 (iso, nullptr);
  g_assert_nonnull (when);
  const std::int64_t us = g_date_time_to_unix (when) * 1000000
      + g_date_time_get_microsecond (when);
  g_date_time_unref (when);
  return us;
}

static std::string
local_text (std::int64_t us, GTimeZone * z)
{
  GDateTime *utc = g_date_time_new_from_unix_utc (us / 1000000);
  GDateTime *local = g_date_time_to_timezone (utc, z);
  gchar *text = g_date_time_format (local, "%FT%T%:z");
  std::string result = text;
  g_free (text);
  g_date_time_unref (local);
  g_date_time_unref (utc);
  return result;
}

static void
check_next (const char *rule, const char *zone_name, const char *from,
    const char *expected)
{
  GTimeZone *z = zone (zone_name);
  const std::int64_t next =
      next_boundary (*RotateRule::parse (rule), instant (from), z);

  g_assert_cmpint (next % 1000000, ==, 0);
  const std::string text = local_text (next, z);
  g_assert_cmpstr (text.c_str (), ==, expected);
  g_time_zone_unref (z);
}

static void
test_parse (void)
{
  g_assert_true (RotateRule::parse ("none")->kind == RotateRule::Kind::none);
  g_assert_true (RotateRule::parse ("")->kind == RotateRule::Kind::none);
  g_assert_true (RotateRule::parse ("hourly")->kind
      == RotateRule::Kind::hourly);
  g_assert_true (RotateRule::parse ("daily")->kind == RotateRule::Kind::daily);
  g_assert_cmpint (RotateRule::parse ("900")->seconds, ==, 900);
  for (const char *bad : {"0", "-5", "weekly", "10s", "1.5", " 60",
          "99999999999999999999"})
    g_assert_false (RotateRule::parse (bad).has_value ());
}

static void
test_hours (void)
{
  check_next ("hourly", "Europe/Berlin", "2025-11-07T13:59:59.999999+01:00",
      "2025-11-07T14:00:00+01:00");
  /* a boundary itself is past */
  check_next ("hourly", "Europe/Berlin", "2025-11-07T14:00:00+01:00",
      "2025-11-07T15:00:00+01:00");
  /* an offset of half an hour */
  check_next ("hourly", "Asia/Kolkata", "2025-11-07T10:10:00+05:30",
      "2025-11-07T11:00:00+05:30");
}

static void
test_seconds (void)
{
  check_next ("900", "Europe/Berlin", "2025-11-07T14:07:00+01:00",
      "2025-11-07T14:15:00+01:00");
  check_next ("7200", "Europe/Berlin", "2025-11-07T14:07:00+01:00",
      "2025-11-07T16:00:00+01:00");
  check_next ("1", "Etc/UTC", "2025-11-07T14:07:00.5+00:00",
      "2025-11-07T14:07:01+00:00");
}

static void
test_midnight (void)
{
  check_next ("daily", "Europe/Berlin", "2025-11-07T23:59:59+01:00",
      "2025-11-08T00:00:00+01:00");
  check_next ("daily", "Etc/UTC", "2024-02-28T12:00:00Z",
      "2024-02-29T00:00:00+00:00");
  check_next ("daily", "Etc/UTC", "2025-12-31T00:00:00Z",
      "2026-01-01T00:00:00+00:00");
}

/* The two days a year that are not 24 hours long, and their hours. */
static void
test_daylight_saving (void)
{
  /* spring: 02:00 is 03:00 */
  check_next ("hourly", "Europe/Berlin", "2025-03-30T01:30:00+01:00",
      "2025-03-30T03:00:00+02:00");
  check_next ("daily", "Europe/Berlin", "2025-03-30T00:00:00+01:00",
      "2025-03-31T00:00:00+02:00");
  /* autumn: 03:00 is 02:00 again */
  check_next ("hourly", "Europe/Berlin", "2025-10-26T02:30:00+02:00",
      "2025-10-26T02:00:00+01:00");
  check_next ("hourly", "Europe/Berlin", "2025-10-26T02:00:00+01:00",
      "2025-10-26T03:00:00+01:00");
  check_next ("daily", "Europe/Berlin", "2025-10-26T00:00:00+02:00",
      "2025-10-27T00:00:00+01:00");
}

/* Midnights that do not exist, and a day that does not. */
static void
test_strange_days (void)
{
  check_next ("daily", "Asia/Beirut", "2023-03-25T12:00:00+02:00",
      "2023-03-26T01:00:00+03:00");
  check_next ("daily", "America/Sao_Paulo", "2018-11-03T12:00:00-03:00",
      "2018-11-04T01:00:00-02:00");
  check_next ("daily", "Pacific/Apia", "2011-12-29T12:00:00-10:00",
      "2011-12-31T00:00:00+14:00");
}

static void
test_none (void)
{
  GTimeZone *z = zone ("Etc/UTC");
  g_assert_true (next_boundary (RotateRule {}, 0, z) == INT64_MAX);
  g_time_zone_unref (z);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/rotation/parse", test_parse);
  g_test_add_func ("/rotation/hours", test_hours);
  g_test_add_func ("/rotation/seconds", test_seconds);
  g_test_add_func ("/rotation/midnight", test_midnight);
  g_test_add_func ("/rotation/daylight-saving", test_daylight_saving);
  g_test_add_func ("/rotation/strange-days", test_strange_days);
  g_test_add_func ("/rotation/none", test_none);
  return g_test_run ();
}
