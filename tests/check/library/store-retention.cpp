/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What clean-up takes, and above all what it does not. */

#include "store-folder.hpp"

#include <cstring>
#include <string>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <gst/check/gstcheck.h>
#include <gst/genaudio/genaudio.h>

static const char the_time[] = "2025-11-10T12:00:00Z";

static gboolean
append_path (const gchar * path, guint64 bytes, GstGenAudioReason reason,
    gpointer user_data)
{
  std::string & text = *(std::string *) user_data;
  text += (text.empty () ? "" : " ") + std::string (path) + "\n";
  return TRUE;
}

/* Plans and runs; what the plan says is what goes. Returns what stays, or the
 * error. */
static std::string
clean (const Folder & folder, const GstGenAudioRetention & retention,
    const char *time = the_time)
{
  GError *error = nullptr;
  GstGenAudioStore *store = folder.new_store ();
  GTimeZone *zone = g_time_zone_new_utc ();
  GDateTime *now = g_date_time_new_from_iso8601 (time, zone);
  GstGenAudioPlan *plan =
      gst_genaudio_store_plan (store, &retention, now, &error);
  std::string planned, removed, result;
  guint64 files = 0, bytes = 0;

  if (plan != nullptr) {
    const std::string before = folder.list ();
    gst_genaudio_plan_foreach (plan, append_path, &planned);
    fail_unless (folder.list () == before);
    fail_unless (gst_genaudio_plan_execute (plan, append_path, &removed,
            &files, &bytes, &error));
    g_assert_no_error (error);
    fail_unless (planned == removed, "%s is not %s", planned.c_str (),
        removed.c_str ());
    fail_unless_equals_uint64 (files, gst_genaudio_plan_get_files (plan));
    fail_unless_equals_uint64 (bytes, gst_genaudio_plan_get_bytes (plan));
    gst_genaudio_plan_free (plan);
    result = folder.list ();
  } else {
    fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
            GST_RESOURCE_ERROR_SETTINGS));
    result = error->message;
    g_error_free (error);
  }
  g_date_time_unref (now);
  g_time_zone_unref (zone);
  g_object_unref (store);
  return result;
}

static void
expect_left (const Folder & folder, const GstGenAudioRetention & retention,
    const char *expected)
{
  const std::string found = clean (folder, retention);
  fail_unless_equals_string (found.c_str (), expected);
}

static void
fill (const Folder & folder)
{
  folder.make ("2025/10/31/a.wav", "2025-11-09T00:00:00Z", 1000);
  folder.make ("2025/10/31/a.wav.json", "2025-11-09T00:00:00Z", 100);
  folder.make ("2025/11/01/b.wav", "2025-11-01T00:00:00Z", 1000);
  folder.make ("2025/11/05/c.wav", "2025-11-05T01:00:00Z", 1000);
  folder.make ("2025/11/05/d.wav", "2025-11-05T02:00:00Z", 1000);
  folder.make ("2025/11/10/e.wav", "2025-11-10T00:00:00Z", 1000);
}

static const char everything[] = "2025/10/31/a.wav 2025/10/31/a.wav.json "
    "2025/11/01/b.wav 2025/11/05/c.wav 2025/11/05/d.wav 2025/11/10/e.wav";

GST_START_TEST (test_empty_policy)
{
  Folder folder;
  fill (folder);
  GstGenAudioRetention retention = {};

  expect_left (folder, retention, everything);
  retention.flags = GST_GENAUDIO_RETENTION_FLAG_ALL;
  expect_left (folder, retention, everything);
}
GST_END_TEST;

GST_START_TEST (test_age)
{
  Folder folder;
  fill (folder);
  GstGenAudioRetention retention = {};

  retention.keep_days = 10;
  expect_left (folder, retention, everything);
  retention.keep_days = 9;
  expect_left (folder, retention, "2025/11/01/b.wav 2025/11/05/c.wav "
      "2025/11/05/d.wav 2025/11/10/e.wav");
  fail_if (g_file_test ((folder.path + "/2025/10").c_str (),
          G_FILE_TEST_EXISTS));
  retention.keep_days = 4000000;
  expect_left (folder, retention, "2025/11/01/b.wav 2025/11/05/c.wav "
      "2025/11/05/d.wav 2025/11/10/e.wav");
}
GST_END_TEST;

GST_START_TEST (test_age_by_mtime)
{
  Folder folder;
  fill (folder);
  folder.make ("2025/11/10/notes.txt", "2025-10-01T00:00:00Z");
  GstGenAudioRetention retention = {};

  retention.keep_days = 5;
  retention.flags = GST_GENAUDIO_RETENTION_FLAG_BY_MTIME;
  expect_left (folder, retention, "2025/10/31/a.wav 2025/10/31/a.wav.json "
      "2025/11/10/e.wav 2025/11/10/notes.txt");
  retention.flags = GST_GENAUDIO_RETENTION_FLAG_ANY_NAME;
  expect_left (folder, retention, "2025/10/31/a.wav 2025/10/31/a.wav.json "
      "2025/11/10/e.wav");
}
GST_END_TEST;

/* The oldest go, with their sidecars, until the rest fits. */
GST_START_TEST (test_keep_bytes)
{
  Folder folder;
  fill (folder);
  GstGenAudioRetention retention = {};

  retention.keep_bytes = 5100;
  expect_left (folder, retention, everything);
  retention.keep_bytes = 5099;
  expect_left (folder, retention, "2025/11/01/b.wav 2025/11/05/c.wav "
      "2025/11/05/d.wav 2025/11/10/e.wav");
  retention.keep_bytes = 2500;
  expect_left (folder, retention, "2025/11/05/d.wav 2025/11/10/e.wav");
  retention.keep_bytes = 1;
  expect_left (folder, retention, "2025/11/10/e.wav");
  retention.flags = GST_GENAUDIO_RETENTION_FLAG_ALL;
  expect_left (folder, retention, "");
}
GST_END_TEST;

/* What age takes is not taken, nor counted, again. */
GST_START_TEST (test_age_and_bytes)
{
  for (const int flags : { 0, (int) GST_GENAUDIO_RETENTION_FLAG_BY_MTIME }) {
    Folder folder;
    fill (folder);
    folder.touch ("2025/10/31/a.wav", "2025-10-31T00:00:00Z");
    GstGenAudioRetention retention = {};
    retention.keep_days = 8;
    retention.keep_bytes = 2000;
    retention.flags = (GstGenAudioRetentionFlags) flags;
    expect_left (folder, retention, "2025/11/05/d.wav 2025/11/10/e.wav");
  }
}
GST_END_TEST;

GST_START_TEST (test_min_free)
{
  Folder folder;
  fill (folder);
  GstGenAudioRetention retention = {};
  struct statvfs fs;

  fail_unless (statvfs (folder.path.c_str (), &fs) == 0);
  retention.min_free_bytes = 1;
  expect_left (folder, retention, everything);
  /* more than can be had: all but the newest */
  retention.min_free_bytes = (guint64) fs.f_blocks * fs.f_frsize * 2;
  expect_left (folder, retention, "2025/11/10/e.wav");
}
GST_END_TEST;

GST_START_TEST (test_job)
{
  Folder folder;
  for (const char *name : { "cam", "cam-120000+0100", "cam-130000+0100-1",
          "cam-1", "cam2", "camera-120000+0100" })
    folder.make (std::string ("2025/11/01/") + name + ".wav",
        "2025-11-01T00:00:00Z");
  GstGenAudioRetention retention = {};

  retention.job_id = "cam";
  retention.keep_days = 1;
  expect_left (folder, retention, "2025/11/01/cam-1.wav 2025/11/01/cam2.wav "
      "2025/11/01/camera-120000+0100.wav");
}
GST_END_TEST;

/* Foreign names, links, other layouts: all stay. */
GST_START_TEST (test_foreign)
{
  Folder folder, elsewhere;
  GstGenAudioRetention retention = {};

  elsewhere.make ("01/02/x.wav", "2025-01-02T00:00:00Z");
  fail_unless (symlink (elsewhere.path.c_str (),
          (folder.path + "/2024").c_str ()) == 0);
  folder.make ("2025/10/31/notes.txt", "2025-10-31T00:00:00Z");
  folder.make ("2025/10/31/x.json", "2025-10-31T00:00:00Z");
  folder.make ("2025/10/31/sub/x.wav", "2025-10-31T00:00:00Z");
  folder.make ("2025/10/32/x.wav", "2025-10-31T00:00:00Z");
  folder.make ("song.wav", "2025-10-31T00:00:00Z");
  fail_unless (symlink ((elsewhere.path + "/01/02/x.wav").c_str (),
          (folder.path + "/2025/10/31/link.wav").c_str ()) == 0);
  const std::string before = folder.list ();

  retention.keep_days = 1;
  retention.keep_bytes = 1;
  retention.flags = GST_GENAUDIO_RETENTION_FLAG_ALL;
  fail_unless (clean (folder, retention) == before);
  fail_unless (elsewhere.list () == "01/02/x.wav");
}
GST_END_TEST;

/* A file being written, a part just left, and one that nobody wants. */
GST_START_TEST (test_locked)
{
  Folder folder;
  GstGenAudioRetention retention = {};
  GError *error = nullptr;

  folder.make ("2025/11/01/.old.wav.0123abcd.part", "2025-11-01T00:00:00Z");
  folder.make ("2025/11/01/.new.wav.0123abcd.part", "2025-11-10T11:00:00Z");
  folder.make ("2025/11/01/.held.wav.0123abcd.part", "2025-11-01T00:00:00Z");
  folder.make ("2025/11/01/held.wav", "2025-11-01T00:00:00Z");
  int fds[2];
  int i = 0;
  for (const char *name : { ".held.wav.0123abcd.part", "held.wav" }) {
    fds[i] = open ((folder.path + "/2025/11/01/" + name).c_str (), O_RDONLY);
    fail_unless (flock (fds[i++], LOCK_EX) == 0);
  }

  GstGenAudioStore *store = folder.new_store ();
  GTimeZone *zone = g_time_zone_new_utc ();
  GDateTime *now = g_date_time_new_from_iso8601 (the_time, zone);
  guint64 files;
  retention.keep_days = 1;
  fail_unless (gst_genaudio_store_apply_retention (store, &retention, now,
          &files, nullptr, &error));
  fail_unless_equals_uint64 (files, 1);
  fail_unless (folder.list () == "2025/11/01/.held.wav.*.part "
      "2025/11/01/.new.wav.*.part 2025/11/01/held.wav");
  g_date_time_unref (now);
  g_time_zone_unref (zone);
  g_object_unref (store);
  close (fds[0]);
  close (fds[1]);
}
GST_END_TEST;

/* What was changed after the plan was made is not what was planned. */
GST_START_TEST (test_changed_since)
{
  Folder folder;
  fill (folder);
  GstGenAudioRetention retention = {};
  GstGenAudioStore *store = folder.new_store ();
  GTimeZone *zone = g_time_zone_new_utc ();
  GDateTime *now = g_date_time_new_from_iso8601 (the_time, zone);
  guint64 files;

  retention.keep_days = 4;
  GstGenAudioPlan *plan =
      gst_genaudio_store_plan (store, &retention, now, nullptr);
  fail_unless_equals_uint64 (gst_genaudio_plan_get_files (plan), 4);
  folder.write ("2025/11/01/b.wav", "another");
  folder.touch ("2025/11/05/c.wav", "2025-11-10T00:00:00Z");
  unlink ((folder.path + "/2025/11/05/d.wav").c_str ());
  fail_unless (gst_genaudio_plan_execute (plan, nullptr, nullptr, &files,
          nullptr, nullptr));
  fail_unless_equals_uint64 (files, 1);
  fail_unless (folder.list () == "2025/11/01/b.wav 2025/11/05/c.wav "
      "2025/11/10/e.wav");
  gst_genaudio_plan_free (plan);
  g_date_time_unref (now);
  g_time_zone_unref (zone);
  g_object_unref (store);
}
GST_END_TEST;

/* A clock that is wrong by years deletes nothing, whatever the rule. */
GST_START_TEST (test_clock)
{
  for (const char *time : { "1970-01-01T00:00:10Z", "2025-11-01T00:00:00Z",
          "2026-11-12T00:00:00Z", "2040-01-01T00:00:00Z" }) {
    Folder folder;
    fill (folder);
    GstGenAudioRetention retention = {};
    retention.keep_days = 2;
    const std::string text = clean (folder, retention, time);
    /* in 1970 nothing is older than two days */
    if (time[0] != '1')
      fail_unless (strstr (text.c_str (), "Nothing is removed") != nullptr,
          "%s: %s", time, text.c_str ());
    fail_unless (folder.list () == everything, "%s", time);
    if (strcmp (time, the_time) < 0) {
      retention = {};
      retention.keep_bytes = 1;
      clean (folder, retention, time);
      fail_unless (folder.list () == everything, "%s", time);
    }
  }

  /* and goes on to do so when it has filed something itself */
  Folder folder;
  fill (folder);
  folder.make ("2040/01/01/f.wav", "2040-01-01T00:00:00Z");
  GstGenAudioRetention retention = {};
  retention.keep_days = 2;
  clean (folder, retention, "2040-01-01T00:00:00Z");
  fail_unless (folder.list () == std::string (everything)
      + " 2040/01/01/f.wav");

  /* unless one insists */
  retention.flags = GST_GENAUDIO_RETENTION_FLAG_ALL;
  clean (folder, retention, "2040-01-01T00:00:00Z");
  fail_unless (folder.list () == "2040/01/01/f.wav");
}
GST_END_TEST;

GST_START_TEST (test_cleanup_old_files)
{
  Folder folder;
  fill (folder);
  GstGenAudioStore *store = folder.new_store ();
  const GstGenAudioRetentionFlags all = GST_GENAUDIO_RETENTION_FLAG_ALL;
  guint64 files;

  fail_unless (gst_genaudio_store_cleanup_old_files (store, 0, FALSE, all,
          &files, nullptr));
  fail_unless_equals_uint64 (files, 0);
  fail_unless (gst_genaudio_store_cleanup_old_files (store, 30, TRUE, all,
          &files, nullptr));
  fail_unless (files >= 5);
  fail_unless (folder.list () == everything);
  const guint64 expected = files;
  fail_unless (gst_genaudio_store_cleanup_old_files (store, 30, FALSE, all,
          &files, nullptr));
  fail_unless_equals_uint64 (files, expected);
  fail_unless (folder.list () == "");
  g_object_unref (store);
}
GST_END_TEST;

GST_START_TEST (test_empty_directories)
{
  Folder folder;
  guint64 folders;
  GstGenAudioStore *store = folder.new_store ();
  for (const char *name : { "2025/11/07", "2025/11/08", "2025/12", "2024",
          "mine", "2025/11/08/mine" })
    std::filesystem::create_directories (folder.path + "/" + name);
  folder.write ("2025/10/01/a.wav", "x");

  fail_unless (gst_genaudio_store_cleanup_empty_directories (store, FALSE,
          &folders, nullptr));
  /* 2025/11/07, 2025/12, 2024 */
  fail_unless_equals_uint64 (folders, 3);
  fail_unless (gst_genaudio_store_cleanup_empty_directories (store, TRUE,
          &folders, nullptr));
  /* mine, 2025/11/08/mine, 2025/11/08, 2025/11 */
  fail_unless_equals_uint64 (folders, 4);
  fail_unless (folder.list () == "2025/10/01/a.wav");
  unlink ((folder.path + "/2025/10/01/a.wav").c_str ());
  fail_unless (gst_genaudio_store_cleanup_empty_directories (store, FALSE,
          &folders, nullptr));
  fail_unless_equals_uint64 (folders, 3);
  fail_unless (g_file_test (folder.path.c_str (), G_FILE_TEST_IS_DIR));
  g_object_unref (store);
}
GST_END_TEST;

static Suite *
retention_suite (void)
{
  Suite *s = suite_create ("store-retention");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_empty_policy);
  tcase_add_test (tc, test_age);
  tcase_add_test (tc, test_age_by_mtime);
  tcase_add_test (tc, test_keep_bytes);
  tcase_add_test (tc, test_age_and_bytes);
  tcase_add_test (tc, test_min_free);
  tcase_add_test (tc, test_job);
  tcase_add_test (tc, test_foreign);
  tcase_add_test (tc, test_locked);
  tcase_add_test (tc, test_changed_since);
  tcase_add_test (tc, test_clock);
  tcase_add_test (tc, test_cleanup_old_files);
  tcase_add_test (tc, test_empty_directories);
  return s;
}

GST_CHECK_MAIN (retention);
