/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Listings and statistics of a store. */

#include "store-folder.hpp"

#include <cstring>
#include <string>

#include <unistd.h>

#include <gst/check/gstcheck.h>
#include <gst/genaudio/genaudio.h>

#include <json-glib/json-glib.h>

struct Query
{
  const char *start = nullptr;
  const char *end = nullptr;
  guint limit = 0;
  const char *extension = nullptr;
  GstGenAudioStoreFlags flags = GST_GENAUDIO_STORE_FLAG_NONE;
};

static GDateTime *
instant (const char *text)
{
  GTimeZone *zone = g_time_zone_new_utc ();
  GDateTime *date =
      text != nullptr ? g_date_time_new_from_iso8601 (text, zone) : nullptr;
  g_time_zone_unref (zone);
  return date;
}

/* The paths of a listing, without the base directory. */
static std::string
list (const Folder & folder, const Query & query)
{
  GError *error = nullptr;
  GstGenAudioStore *store = folder.new_store ();
  GDateTime *start = instant (query.start);
  GDateTime *end = instant (query.end);
  gchar **paths = gst_genaudio_store_list_files (store, start, end,
      query.limit, query.extension, query.flags, &error);
  g_assert_no_error (error);

  std::string text;
  for (gchar **path = paths; *path != nullptr; path++) {
    fail_unless (g_str_has_prefix (*path, (folder.path + "/").c_str ()));
    text += (text.empty () ? "" : " ")
        + std::string (*path + folder.path.size () + 1);
  }
  g_strfreev (paths);
  g_clear_pointer (&start, g_date_time_unref);
  g_clear_pointer (&end, g_date_time_unref);
  g_object_unref (store);
  return text;
}

static void
expect_list (const Folder & folder, const Query & query, const char *expected)
{
  const std::string found = list (folder, query);
  fail_unless_equals_string (found.c_str (), expected);
}

/* Three days; the times of modification go against the dates, as after a
 * restore from a backup. */
static void
fill (const Folder & folder)
{
  folder.make ("2025/11/07/late.wav", "2025-11-07T20:00:00Z", 30);
  folder.make ("2025/11/07/early.wav", "2025-11-07T10:00:00Z", 20);
  folder.make ("2025/11/08/next.flac", "2025-11-06T10:00:00Z", 5);
  folder.make ("2024/02/29/leap.wav", "2026-01-01T00:00:00Z", 100);
  folder.make ("2025/11/07/early.wav.json", "2025-11-07T10:00:00Z", 1000);
  folder.make ("2025/11/07/.now.wav.0123abcd.part", "2025-11-07T10:00:00Z");
  folder.make ("2025/11/07/notes.txt", "2025-11-09T10:00:00Z", 3);
  folder.make ("2025/11/31/nowhen.wav", "2025-11-09T11:00:00Z", 3);
  folder.make ("elsewhere/song.wav", "2025-11-09T12:00:00Z", 7);
}

GST_START_TEST (test_by_date)
{
  Folder folder;
  fill (folder);

  expect_list (folder, {}, "2025/11/08/next.flac 2025/11/07/late.wav "
      "2025/11/07/early.wav 2024/02/29/leap.wav");
  expect_list (folder, { .limit = 2 },
      "2025/11/08/next.flac 2025/11/07/late.wav");
  expect_list (folder, { .extension = ".WAV" }, "2025/11/07/late.wav "
      "2025/11/07/early.wav 2024/02/29/leap.wav");
  expect_list (folder, { .limit = 1, .extension = "wav" },
      "2025/11/07/late.wav");
  /* whole days, both included */
  expect_list (folder, { .start = "2025-11-07T23:00:00Z",
          .end = "2025-11-07T01:00:00Z" },
      "2025/11/07/late.wav 2025/11/07/early.wav");
  expect_list (folder, { .end = "2025-11-06T00:00:00Z" },
      "2024/02/29/leap.wav");
  expect_list (folder, { .start = "2025-11-09T00:00:00Z" }, "");
  expect_list (folder, { .start = "2025-11-08T00:00:00Z",
          .end = "2025-11-07T00:00:00Z" }, "");
}
GST_END_TEST;

/* Days are read several at once; their order does not change. */
GST_START_TEST (test_many_days)
{
  Folder folder;
  std::string expected;
  for (int day = 30; day >= 1; day--) {
    for (int hour = 2; hour >= 1; hour--) {
      char name[64], when[64];
      g_snprintf (name, sizeof name, "2025/%02d/%02d/%d.wav", 1 + day % 3, day
          % 28 + 1, hour);
      g_snprintf (when, sizeof when, "2025-06-01T0%d:00:00Z", hour);
      folder.make (name, when);
    }
  }
  for (int month = 3; month >= 1; month--) {
    for (int day = 28; day >= 1; day--) {
      for (int hour = 2; hour >= 1; hour--) {
        char name[64];
        g_snprintf (name, sizeof name, "2025/%02d/%02d/%d.wav", month, day,
            hour);
        if (g_file_test ((folder.path + "/" + name).c_str (),
                G_FILE_TEST_EXISTS))
          expected += (expected.empty () ? "" : " ") + std::string (name);
      }
    }
  }
  fail_unless_equals_int (expected.size (), 60 * strlen ("2025/01/01/1.wav ")
      - 1);
  expect_list (folder, {}, expected.c_str ());
}
GST_END_TEST;

GST_START_TEST (test_by_mtime)
{
  Folder folder;
  fill (folder);

  expect_list (folder, { .flags = GST_GENAUDIO_STORE_FLAG_BY_MTIME },
      "2024/02/29/leap.wav 2025/11/07/late.wav 2025/11/07/early.wav "
      "2025/11/08/next.flac");
  expect_list (folder, { .limit = 3,
          .flags = GST_GENAUDIO_STORE_FLAG_BY_MTIME },
      "2024/02/29/leap.wav 2025/11/07/late.wav 2025/11/07/early.wav");
  /* instants */
  expect_list (folder, { .start = "2025-11-07T10:00:01Z",
          .end = "2025-11-07T20:00:00Z",
          .flags = GST_GENAUDIO_STORE_FLAG_BY_MTIME }, "2025/11/07/late.wav");
  expect_list (folder, { .start = "2025-11-09T00:00:00Z",
          .end = "2025-12-01T00:00:00Z",
          .flags = GST_GENAUDIO_STORE_FLAG_ANY_NAME },
      "elsewhere/song.wav 2025/11/31/nowhen.wav 2025/11/07/notes.txt");
  expect_list (folder, { .limit = 2, .extension = "txt",
          .flags = GST_GENAUDIO_STORE_FLAG_ANY_NAME }, "2025/11/07/notes.txt");
}
GST_END_TEST;

/* A store that is not there is empty; one that cannot be read is an error. */
GST_START_TEST (test_base_dir)
{
  Folder folder;
  GError *error = nullptr;
  const std::string missing = folder.path + "/missing";
  folder.write ("file", "");

  GstGenAudioStore *store =
      gst_genaudio_store_new (missing.c_str (), nullptr, nullptr);
  gchar **paths = gst_genaudio_store_list_files (store, nullptr, nullptr, 0,
      nullptr, GST_GENAUDIO_STORE_FLAG_NONE, &error);
  fail_unless (paths != nullptr && paths[0] == nullptr);
  g_strfreev (paths);
  GstGenAudioStoreStats *stats = gst_genaudio_store_get_storage_stats (store,
      GST_GENAUDIO_STORE_FLAG_NONE, &error);
  fail_unless_equals_uint64 (gst_genaudio_store_stats_get_files (stats), 0);
  fail_unless (gst_genaudio_store_stats_get_oldest (stats) == nullptr);
  gst_genaudio_store_stats_free (stats);
  g_object_unref (store);

  store = gst_genaudio_store_new ((folder.path + "/file").c_str (), nullptr,
      nullptr);
  fail_unless (gst_genaudio_store_list_files (store, nullptr, nullptr, 0,
          nullptr, GST_GENAUDIO_STORE_FLAG_NONE, &error) == nullptr);
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_READ));
  g_clear_error (&error);
  fail_unless (gst_genaudio_store_get_storage_stats (store,
          GST_GENAUDIO_STORE_FLAG_NONE, &error) == nullptr);
  g_clear_error (&error);
  g_object_unref (store);

  g_setenv ("AUDIO_OUTPUT_DIR", folder.path.c_str (), TRUE);
  store = gst_genaudio_store_new (nullptr, nullptr, nullptr);
  fail_unless_equals_string (gst_genaudio_store_get_base_dir (store),
      folder.path.c_str ());
  g_object_unref (store);
  g_unsetenv ("AUDIO_OUTPUT_DIR");
  store = gst_genaudio_store_new ("", nullptr, nullptr);
  fail_unless_equals_string (gst_genaudio_store_get_base_dir (store),
      "data/outputs");
  g_object_unref (store);
  fail_unless (gst_genaudio_store_new (nullptr, "Nowhere/Land", &error)
      == nullptr);
  g_clear_error (&error);
}
GST_END_TEST;

/* Nothing behind a symbolic link is listed, nor is a link itself. */
GST_START_TEST (test_links)
{
  Folder folder, elsewhere;
  elsewhere.make ("01/02/secret.wav", "2025-11-07T10:00:00Z");
  folder.make ("2025/11/07/a.wav", "2025-11-07T10:00:00Z");
  fail_unless (symlink (elsewhere.path.c_str (),
          (folder.path + "/2026").c_str ()) == 0);
  fail_unless (symlink ("a.wav",
          (folder.path + "/2025/11/07/b.wav").c_str ()) == 0);

  expect_list (folder, {}, "2025/11/07/a.wav");
  expect_list (folder, { .flags = GST_GENAUDIO_STORE_FLAG_ANY_NAME },
      "2025/11/07/a.wav");
}
GST_END_TEST;

GST_START_TEST (test_entries)
{
  Folder folder;
  fill (folder);
  GstGenAudioStore *store = folder.new_store ();
  GstGenAudioStoreEntry entry;
  GDateTime *day = instant ("2025-11-07T00:00:00Z");
  GDateTime *changed = instant ("2025-11-07T20:00:00Z");
  GstGenAudioStoreIter *iter = gst_genaudio_store_iterate (store, day, day, 0,
      nullptr, GST_GENAUDIO_STORE_FLAG_NONE, nullptr);

  fail_unless (gst_genaudio_store_iter_next (iter, &entry, nullptr));
  fail_unless (g_str_has_suffix (entry.path, "/2025/11/07/late.wav"));
  fail_unless_equals_uint64 (entry.size, 30);
  fail_unless_equals_int64 (entry.mtime,
      g_date_time_to_unix (changed) * G_USEC_PER_SEC);
  fail_unless (entry.year == 2025 && entry.month == 11 && entry.day == 7);
  fail_if (entry.sidecar);
  fail_unless (gst_genaudio_store_iter_next (iter, &entry, nullptr));
  fail_unless (entry.sidecar);
  fail_if (gst_genaudio_store_iter_next (iter, &entry, nullptr));
  fail_if (gst_genaudio_store_iter_next (iter, &entry, nullptr));
  gst_genaudio_store_iter_free (iter);
  g_date_time_unref (changed);
  g_date_time_unref (day);
  g_object_unref (store);
}
GST_END_TEST;

static void
append_count (const gchar * key, guint64 files, guint64 bytes, gpointer text)
{
  *(std::string *) text += std::string (key) + ":" + std::to_string (files)
      + ":" + std::to_string (bytes) + " ";
}

static void
expect_counts (const Folder & folder, GstGenAudioStoreFlags flags,
    const char *expected)
{
  GstGenAudioStore *store = folder.new_store ();
  GstGenAudioStoreStats *stats =
      gst_genaudio_store_get_storage_stats (store, flags, nullptr);
  std::string text;

  append_count ("all", gst_genaudio_store_stats_get_files (stats),
      gst_genaudio_store_stats_get_bytes (stats), &text);
  gst_genaudio_store_stats_foreach_type (stats, append_count, &text);
  gst_genaudio_store_stats_foreach_day (stats, append_count, &text);
  text += gst_genaudio_store_stats_get_oldest (stats) + folder.path.size () + 1;
  text += std::string (" ") + (gst_genaudio_store_stats_get_newest (stats)
      + folder.path.size () + 1);
  fail_unless_equals_string (text.c_str (), expected);
  gst_genaudio_store_stats_free (stats);
  g_object_unref (store);
}

GST_START_TEST (test_stats)
{
  Folder folder;
  fill (folder);

  expect_counts (folder, GST_GENAUDIO_STORE_FLAG_NONE,
      "all:4:155 flac:1:5 wav:3:150 "
      "2024-02-29:1:100 2025-11-07:2:50 2025-11-08:1:5 "
      "2024/02/29/leap.wav 2025/11/08/next.flac");
  expect_counts (folder, GST_GENAUDIO_STORE_FLAG_BY_MTIME,
      "all:4:155 flac:1:5 wav:3:150 "
      "2024-02-29:1:100 2025-11-07:2:50 2025-11-08:1:5 "
      "2025/11/08/next.flac 2024/02/29/leap.wav");
  expect_counts (folder, GST_GENAUDIO_STORE_FLAG_ANY_NAME,
      "all:7:168 flac:1:5 txt:1:3 wav:5:160 "
      "2025-11-06:1:5 2025-11-07:2:50 2025-11-09:3:13 2026-01-01:1:100 "
      "2025/11/08/next.flac 2024/02/29/leap.wav");
}
GST_END_TEST;

GST_START_TEST (test_stats_json)
{
  Folder folder;
  fill (folder);
  GstGenAudioStore *store = folder.new_store ();
  GstGenAudioStoreStats *stats = gst_genaudio_store_get_storage_stats (store,
      GST_GENAUDIO_STORE_FLAG_NONE, nullptr);
  gchar *text = gst_genaudio_store_stats_to_json (stats);
  JsonParser *parser = json_parser_new ();

  fail_unless (json_parser_load_from_data (parser, text, -1, nullptr));
  JsonObject *root = json_node_get_object (json_parser_get_root (parser));
  fail_unless_equals_int (json_object_get_int_member (root, "total_files"), 4);
  fail_unless_equals_int (json_object_get_int_member (root,
          "sidecar_size_bytes"), 1000);
  JsonObject *types = json_object_get_object_member (root, "file_types");
  fail_unless_equals_int (json_object_get_int_member
      (json_object_get_object_member (types, "wav"), "bytes"), 150);
  g_object_unref (parser);
  g_free (text);
  gst_genaudio_store_stats_free (stats);
  g_object_unref (store);
}
GST_END_TEST;

GST_START_TEST (test_info)
{
  Folder folder;
  GstGenAudioStore *store =
      gst_genaudio_store_new (folder.path.c_str (), "Europe/Berlin", nullptr);
  gboolean exists;
  guint64 bytes;

  GstStructure *info = gst_genaudio_store_get_info (store);
  fail_unless_equals_string (gst_structure_get_string (info, "base-dir"),
      folder.path.c_str ());
  fail_unless_equals_string (gst_structure_get_string (info, "timezone"),
      "Europe/Berlin");
  fail_unless (gst_structure_get_boolean (info, "exists", &exists) && exists);
  fail_unless (gst_structure_get_uint64 (info, "total-bytes", &bytes)
      && bytes > 0);
  gst_structure_free (info);
  g_object_unref (store);

  store = gst_genaudio_store_new ("/no/such/folder", nullptr, nullptr);
  info = gst_genaudio_store_get_info (store);
  fail_unless (gst_structure_get_boolean (info, "exists", &exists) && !exists);
  gst_structure_free (info);
  g_object_unref (store);
}
GST_END_TEST;

GST_START_TEST (test_output_path)
{
  Folder folder;
  GError *error = nullptr;
  GstGenAudioStore *store =
      gst_genaudio_store_new ((folder.path + "/made/").c_str (),
      "Pacific/Auckland", nullptr);
  GDateTime *date = instant ("2025-11-07T20:00:00Z");

  /* it is tomorrow there */
  gchar *path = gst_genaudio_store_get_output_path (store, "gen_1", "wav",
      FALSE, date, &error);
  fail_unless (folder.path + "/made/2025/11/08/gen_1.wav" == path);
  fail_if (g_file_test ((folder.path + "/made").c_str (), G_FILE_TEST_EXISTS));
  fail_if (gst_genaudio_store_file_exists (store, "gen_1", ".wav", date,
          &error));
  g_free (path);
  path = gst_genaudio_store_get_output_path (store, "gen_1", nullptr, TRUE,
      date, &error);
  fail_unless (g_file_set_contents (path, "x", 1, nullptr));
  fail_unless (gst_genaudio_store_file_exists (store, "gen_1", ".wav", date,
          &error));
  g_assert_no_error (error);
  g_free (path);

  fail_unless (gst_genaudio_store_get_output_path (store, "../x", nullptr,
          TRUE, date, &error) == nullptr);
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_SETTINGS));
  g_clear_error (&error);
  fail_if (gst_genaudio_store_file_exists (store, "a/b", nullptr, date,
          &error));
  fail_unless (error != nullptr);
  g_clear_error (&error);
  g_date_time_unref (date);
  g_object_unref (store);
}
GST_END_TEST;

static Suite *
listing_suite (void)
{
  Suite *s = suite_create ("store-listing");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_by_date);
  tcase_add_test (tc, test_many_days);
  tcase_add_test (tc, test_by_mtime);
  tcase_add_test (tc, test_base_dir);
  tcase_add_test (tc, test_links);
  tcase_add_test (tc, test_entries);
  tcase_add_test (tc, test_stats);
  tcase_add_test (tc, test_stats_json);
  tcase_add_test (tc, test_info);
  tcase_add_test (tc, test_output_path);
  return s;
}

GST_CHECK_MAIN (listing);
