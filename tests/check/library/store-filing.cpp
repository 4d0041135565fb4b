/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Paths of the store: templates, dates, suffixes and the grammar of names. */

#include <gst/check/gstcheck.h>
#include <gst/genaudio/genaudio.h>

#include <cstring>
#include <initializer_list>
#include <string>

static GDateTime *
date_in (const char *zone_name, const char *text)
{
  GError *error = nullptr;
  GTimeZone *zone = gst_genaudio_filing_timezone_new (zone_name, &error);
  g_assert_no_error (error);
  GDateTime *date = gst_genaudio_filing_parse_date (text, zone, &error);
  g_assert_no_error (error);
  g_time_zone_unref (zone);
  return date;
}

/* The path, or "" where expansion is an error of the right kind. */
static std::string
expand (const char *location_template, const char *job_id, const char *suffix,
    const char *extension)
{
  GError *error = nullptr;
  GDateTime *date = date_in ("Europe/Berlin", "2025-11-07T14:05:09");
  gchar *path = gst_genaudio_filing_expand (location_template, job_id, suffix,
      extension, date, &error);
  std::string found = path != nullptr ? path : "";

  fail_unless ((path == nullptr) == (error != nullptr));
  if (error != nullptr)
    fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
            GST_RESOURCE_ERROR_SETTINGS));
  g_clear_error (&error);
  g_free (path);
  g_date_time_unref (date);
  return found;
}

static void
expect_text (const std::string & found, const char *expected)
{
  fail_unless_equals_string (found.c_str (), expected);
}

GST_START_TEST (test_paths)
{
  expect_text (expand (nullptr, "gen_abc123", nullptr,
          ".wav"), "2025/11/07/gen_abc123.wav");
  expect_text (expand (nullptr, "cam", "-140509+0100",
          "flac"), "2025/11/07/cam-140509+0100.flac");
  expect_text (expand ("{job}/{year}-{month}-{day}/"
          "{hour}{minute}{second}{offset}{suffix}", "cam", "-1", "ogg"),
      "cam/2025-11-07/140509+0100-1.ogg");
  /* %-sequences are only text */
  expect_text (expand ("%s%n/{job}{suffix}", "%d%s", nullptr,
          "wav"), "%s%n/%d%s.wav");
  /* both spellings of an umlaut are one name */
  expect_text (expand (nullptr, "u\xcc\x88", nullptr,
          "wav"), "2025/11/07/\xc3\xbc.wav");
}
GST_END_TEST;

GST_START_TEST (test_bad_parts)
{
  for (const char *job_id : { "", ".", "..", "../x", "a/b", "/etc/passwd",
          "-rf", ".hidden", "a\\b", "a\nb", "a ", "a.", "NUL", "com1.x",
          "\xff\xfe" })
    expect_text (expand (nullptr, job_id, nullptr,
            "wav"), "");
  expect_text (expand (nullptr,
          std::string (201, 'a').c_str (), nullptr, "wav"), "");
  expect_text (expand (nullptr, "a", "/../../x", "wav"),
      "");
  expect_text (expand (nullptr, "a", "\n", "wav"), "");
  for (const char *extension : { "", ".", "..", "a/b", "w v", "ninechars" })
    expect_text (expand (nullptr, "a", nullptr,
            extension), "");
}
GST_END_TEST;

GST_START_TEST (test_templates)
{
  for (const char *bad : { "", "{job}", "{suffix}", "/{job}{suffix}",
          "../{job}{suffix}", "a/../{job}{suffix}", "./{job}{suffix}",
          "a//{job}{suffix}", "{job}{suffix}/", "{job}{suffix}{", "{job}}{suffix}",
          "{year/{job}{suffix}", "{nothing}/{job}{suffix}", "{}{job}{suffix}",
          ".{job}{suffix}", "-{job}{suffix}", "{suffix}/{job}",
          "a\n/{job}{suffix}", "a /{job}{suffix}", "a\\{job}{suffix}",
          "\xff{job}{suffix}" }) {
    GError *error = nullptr;
    fail_if (gst_genaudio_filing_check_template (bad, &error), "%s", bad);
    fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
            GST_RESOURCE_ERROR_SETTINGS));
    g_error_free (error);
  }
  for (const char *good : { GST_GENAUDIO_FILING_TEMPLATE, "{job}{suffix}",
          "{year}/{job}/{day}{suffix}", "r\xc3\xa9sum\xc3\xa9/{job}{suffix}" })
    fail_unless (gst_genaudio_filing_check_template (good, nullptr), "%s", good);
  fail_unless (gst_genaudio_filing_template_is_dated
      (GST_GENAUDIO_FILING_TEMPLATE));
  fail_unless (gst_genaudio_filing_template_is_dated
      ("{year}/{month}/{day}/{job}-x{suffix}"));
  fail_if (gst_genaudio_filing_template_is_dated ("{job}/{year}{suffix}"));
  fail_if (gst_genaudio_filing_template_is_dated
      ("{year}/{month}/{day}/{hour}/{job}{suffix}"));
}
GST_END_TEST;

GST_START_TEST (test_timezones)
{
  for (const char *bad : { "Europe/Nowhere", "/etc/localtime",
          "../../etc/passwd", "x" }) {
    GError *error = nullptr;
    fail_unless (gst_genaudio_filing_timezone_new (bad, &error) == nullptr);
    fail_unless (strstr (error->message, bad) != nullptr);
    g_error_free (error);
  }
  for (const char *good : { "local", "UTC", "utc", "Europe/Berlin", "" }) {
    GTimeZone *zone = gst_genaudio_filing_timezone_new (good, nullptr);
    fail_unless (zone != nullptr, "%s", good);
    g_time_zone_unref (zone);
  }
}
GST_END_TEST;

GST_START_TEST (test_dates)
{
  GDateTime *date = date_in ("Europe/Berlin", "2025-11-07");
  fail_unless_equals_int (g_date_time_get_day_of_month (date), 7);
  g_date_time_unref (date);

  /* an offset says the instant, the zone says the day */
  date = date_in ("Europe/Berlin", "2025-11-07T23:30:00Z");
  fail_unless_equals_int (g_date_time_get_day_of_month (date), 8);
  g_date_time_unref (date);

  /* a day whose midnight does not exist */
  date = date_in ("Asia/Beirut", "2023-03-26");
  fail_unless_equals_int (g_date_time_get_day_of_month (date), 26);
  g_date_time_unref (date);

  GTimeZone *zone = g_time_zone_new_utc ();
  for (const char *bad : { "", "yesterday", "2025-13-01", "2025-02-30",
          "2025-11-07T25:00:00", "07.11.2025" })
    fail_unless (gst_genaudio_filing_parse_date (bad, zone, nullptr) == nullptr,
        "%s", bad);
  g_time_zone_unref (zone);
}
GST_END_TEST;

/* The hour that autumn has twice gives two suffixes. */
GST_START_TEST (test_time_suffix)
{
  GDateTime *summer = date_in ("Europe/Berlin", "2025-10-26T00:30:00Z");
  GDateTime *winter = date_in ("Europe/Berlin", "2025-10-26T01:30:00Z");
  GDateTime *west = date_in ("America/St_Johns", "2025-01-02T03:04:05");
  gchar *in_summer = gst_genaudio_filing_time_suffix (summer);
  gchar *in_winter = gst_genaudio_filing_time_suffix (winter);
  gchar *in_west = gst_genaudio_filing_time_suffix (west);

  fail_unless_equals_string (in_summer, "-023000+0200");
  fail_unless_equals_string (in_winter, "-023000+0100");
  fail_unless_equals_string (in_west, "-030405-0330");
  g_free (in_summer);
  g_free (in_winter);
  g_free (in_west);
  g_date_time_unref (summer);
  g_date_time_unref (winter);
  g_date_time_unref (west);
}
GST_END_TEST;

GST_START_TEST (test_grammar)
{
  GstGenAudioFiledName filed;

  fail_unless (gst_genaudio_filing_parse ("2024/02/29/a.b-1.wav", &filed));
  fail_unless_equals_int (filed.year, 2024);
  fail_unless_equals_int (filed.month, 2);
  fail_unless_equals_int (filed.day, 29);
  fail_unless_equals_string (filed.name, "a.b-1.wav");
  fail_unless_equals_int (filed.stem_length, 5);
  fail_unless_equals_string (filed.extension, "wav");
  for (const char *foreign : { "", "a.wav", "2025/02/29/a.wav",
          "2025/13/01/a.wav", "2025/00/01/a.wav", "0000/01/01/a.wav",
          "2025/1/01/a.wav", "2025/11/07/a", "2025/11/07/a.txt",
          "2025/11/07/.wav", "2025/11/07/.a.wav", "2025/11/07/-a.wav",
          "2025/11/07/x/a.wav", "2025/11/07/a.wav.json", "2025/11/07/",
          "2025/11/07/.a.wav.0123abcd.part", "/2025/11/07/a.wav", "2025",
          "2025/11/0", "20a5/11/07/a.wav", "2025/11/07/\xff.wav" })
    fail_if (gst_genaudio_filing_parse (foreign, nullptr), "%s", foreign);
}
GST_END_TEST;

GST_START_TEST (test_job_names)
{
  for (const char *name : { "cam.wav", "cam-120000+0100.wav",
          "cam-120000-0330-1.flac", "cam-0002.wav", "cam-0002-1.wav" })
    fail_unless (gst_genaudio_filing_name_is_of_job (name, "cam"), "%s", name);
  for (const char *name : { "cam2.wav", "cam-1.wav", "cam-2-120000+0100.wav",
          "cam-x.wav", "ca.wav", "cam-120000+0100x.wav", "cam-.wav", ".wav" })
    fail_if (gst_genaudio_filing_name_is_of_job (name, "cam"), "%s", name);
}
GST_END_TEST;

static Suite *
filing_suite (void)
{
  Suite *s = suite_create ("store-filing");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_paths);
  tcase_add_test (tc, test_bad_parts);
  tcase_add_test (tc, test_templates);
  tcase_add_test (tc, test_timezones);
  tcase_add_test (tc, test_dates);
  tcase_add_test (tc, test_time_suffix);
  tcase_add_test (tc, test_grammar);
  tcase_add_test (tc, test_job_names);
  return s;
}

GST_CHECK_MAIN (filing);
