/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Parts: files that are complete or absent. */

/* check's macros have names that the standard library uses */
#include "store-folder.hpp"

#include <atomic>
#include <cstring>
#include <string>
#include <thread>

#include <gst/check/gstcheck.h>
#include <gst/genaudio/genaudio.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char path_in_store[] = "2025/11/07/a.wav";

static GstGenAudioPart *
begin (GstGenAudioStore * store, const char *text)
{
  GError *error = nullptr;
  GstGenAudioPart *part =
      gst_genaudio_store_create_part (store, path_in_store, &error);
  g_assert_no_error (error);
  const int fd = gst_genaudio_part_get_fd (part);
  fail_unless (write (fd, text, strlen (text)) == (ssize_t) strlen (text));
  return part;
}

/* Publishes @text and returns where. */
static std::string
publish (GstGenAudioStore * store, const char *text,
    GstGenAudioIfExists if_exists, const char *sidecar)
{
  GError *error = nullptr;
  gchar *path;
  gboolean skipped;
  fail_unless (gst_genaudio_part_publish (begin (store, text), if_exists, TRUE,
          sidecar, &path, &skipped, &error));
  g_assert_no_error (error);
  const std::string found = path;
  g_free (path);
  return found;
}

GST_START_TEST (test_publish)
{
  Folder folder;
  GstGenAudioStore *store = folder.new_store ();
  struct stat st;

  const mode_t mask = umask (0027);
  GstGenAudioPart *part = begin (store, "audio");
  fail_unless (gst_genaudio_part_get_final_path (part)
      == folder.path + "/" + path_in_store);
  fail_if (gst_genaudio_part_is_taken (part));
  fail_unless (folder.list () == "2025/11/07/.a.wav.*.part");
  fail_unless (gst_genaudio_part_publish (part, GST_GENAUDIO_IF_EXISTS_ERROR,
          TRUE, "{}", nullptr, nullptr, nullptr));
  umask (mask);
  fail_unless (folder.list () == "2025/11/07/a.wav 2025/11/07/a.wav.json");
  fail_unless (folder.read (path_in_store) == "audio");
  fail_unless (folder.read ("2025/11/07/a.wav.json") == "{}");
  fail_unless (stat ((folder.path + "/" + path_in_store).c_str (), &st) == 0);
  fail_unless_equals_int (st.st_mode & 0777, 0640);
  g_object_unref (store);
}
GST_END_TEST;

GST_START_TEST (test_if_exists)
{
  Folder folder;
  GstGenAudioStore *store = folder.new_store ();
  GError *error = nullptr;
  gchar *path;
  gboolean skipped;

  publish (store, "one", GST_GENAUDIO_IF_EXISTS_ERROR, "first");

  GstGenAudioPart *part = begin (store, "two");
  fail_unless (gst_genaudio_part_is_taken (part));
  fail_if (gst_genaudio_part_publish (part, GST_GENAUDIO_IF_EXISTS_ERROR, TRUE,
          "second", nullptr, nullptr, &error));
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_OPEN_WRITE));
  fail_unless (strstr (error->message, path_in_store) != nullptr);
  g_clear_error (&error);
  fail_unless (folder.read (path_in_store) == "one");
  /* a failed publication leaves the part, and it can be tried again */
  fail_unless (gst_genaudio_part_publish (part, GST_GENAUDIO_IF_EXISTS_SUFFIX,
          FALSE, "second", &path, &skipped, &error));
  fail_unless (g_str_has_suffix (path, "/2025/11/07/a-1.wav"));
  fail_if (skipped);
  g_free (path);
  /* a name of its own: g_str_has_suffix () may be a macro that outlives it */
  const std::string third = publish (store, "three",
      GST_GENAUDIO_IF_EXISTS_SUFFIX, nullptr);
  fail_unless (g_str_has_suffix (third.c_str (), "/a-2.wav"));

  fail_unless (gst_genaudio_part_publish (begin (store, "four"),
          GST_GENAUDIO_IF_EXISTS_SKIP, TRUE, "fourth", &path, &skipped, &error));
  fail_unless (skipped);
  fail_unless (g_str_has_suffix (path, path_in_store));
  g_free (path);
  fail_unless (folder.read (path_in_store) == "one");
  fail_unless (folder.read ("2025/11/07/a.wav.json") == "first");

  publish (store, "five", GST_GENAUDIO_IF_EXISTS_REPLACE, "fifth");
  fail_unless (folder.read (path_in_store) == "five");
  fail_unless (folder.read ("2025/11/07/a.wav.json") == "fifth");
  /* what no longer describes the file goes */
  publish (store, "six", GST_GENAUDIO_IF_EXISTS_REPLACE, nullptr);
  fail_unless (folder.list () == "2025/11/07/a-1.wav 2025/11/07/a-1.wav.json "
      "2025/11/07/a-2.wav 2025/11/07/a.wav");
  g_object_unref (store);
}
GST_END_TEST;

/* A sidecar says where its file is, also where that was not foreseen. */
GST_START_TEST (test_sidecar_path)
{
  Folder folder;
  GstGenAudioStore *store = folder.new_store ();
  const char text[] = "{\"bpm\":120.5,\"path\":\"a.wav\",\"key\":null}\n";

  publish (store, "one", GST_GENAUDIO_IF_EXISTS_SUFFIX, text);
  const std::string path =
      publish (store, "two", GST_GENAUDIO_IF_EXISTS_SUFFIX, text);
  fail_unless (folder.read ("2025/11/07/a.wav.json") == text);
  fail_unless (folder.read ("2025/11/07/a-1.wav.json")
      == "{\"bpm\":120.5,\"path\":\"" + path + "\",\"key\":null}\n");
  g_object_unref (store);
}
GST_END_TEST;

GST_START_TEST (test_keep_and_discard)
{
  Folder folder;
  GstGenAudioStore *store = folder.new_store ();

  gst_genaudio_part_discard (begin (store, "x"));
  fail_unless (folder.list () == "");
  gchar *path = gst_genaudio_part_keep (begin (store, "kept"));
  fail_unless (g_file_test (path, G_FILE_TEST_IS_REGULAR));
  fail_unless (folder.list () == "2025/11/07/.a.wav.*.part");
  g_free (path);
  g_object_unref (store);
}
GST_END_TEST;

GST_START_TEST (test_locked)
{
  Folder folder;
  GstGenAudioStore *store = folder.new_store ();
  GstGenAudioPart *part = begin (store, "x");

  const int fd = open (gst_genaudio_part_get_path (part), O_RDONLY);
  fail_unless (flock (fd, LOCK_EX | LOCK_NB) != 0);
  gchar *path = gst_genaudio_part_keep (part);
  fail_unless (flock (fd, LOCK_EX | LOCK_NB) == 0);
  close (fd);
  g_free (path);
  g_object_unref (store);
}
GST_END_TEST;

/* A tagger that writes a new file and renames it over the part. */
GST_START_TEST (test_part_replaced)
{
  Folder folder;
  GstGenAudioStore *store = folder.new_store ();
  GstGenAudioPart *part = begin (store, "untagged");

  fail_unless (g_file_set_contents (gst_genaudio_part_get_path (part),
          "tagged", -1, nullptr));
  fail_unless (gst_genaudio_part_publish (part, GST_GENAUDIO_IF_EXISTS_ERROR,
          TRUE, nullptr, nullptr, nullptr, nullptr));
  fail_unless (folder.read (path_in_store) == "tagged");
  g_object_unref (store);
}
GST_END_TEST;

static void
expect_failure (GstGenAudioStore * store, const char *path, int code)
{
  GError *error = nullptr;
  fail_unless (gst_genaudio_store_create_part (store, path, &error) == nullptr);
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR, code), "%s",
      error->message);
  g_error_free (error);
}

GST_START_TEST (test_bad_places)
{
  Folder folder, elsewhere;
  GstGenAudioStore *store = folder.new_store ();

  for (const char *path : { "/etc/x.wav", "../x.wav", "2025/../../x.wav",
          ".hidden/x.wav", "2025/11/07/.x.wav" })
    expect_failure (store, path, GST_RESOURCE_ERROR_SETTINGS);

  /* a folder that is a file, and one that is a link out of the store */
  fail_unless (g_file_set_contents ((folder.path + "/2024").c_str (), "", 0,
          nullptr));
  expect_failure (store, "2024/01/01/x.wav", GST_RESOURCE_ERROR_OPEN_WRITE);
  fail_unless (symlink (elsewhere.path.c_str (),
          (folder.path + "/2023").c_str ()) == 0);
  expect_failure (store, "2023/01/01/x.wav", GST_RESOURCE_ERROR_OPEN_WRITE);
  fail_unless (elsewhere.list () == "");

  if (geteuid () != 0) {
    chmod (folder.path.c_str (), 0500);
    expect_failure (store, path_in_store, GST_RESOURCE_ERROR_NOT_AUTHORIZED);
    chmod (folder.path.c_str (), 0700);
  }
  g_object_unref (store);
}
GST_END_TEST;

/* The folder and all in it taken away during a recording, which goes on. */
GST_START_TEST (test_vanished)
{
  Folder folder;
  GstGenAudioStore *store = folder.new_store ();
  GError *error = nullptr;

  for (const bool keep : { false, true }) {
    GstGenAudioPart *part = begin (store, "before ");
    std::filesystem::remove_all (folder.path);
    fail_unless (write (gst_genaudio_part_get_fd (part), "after", 5) == 5);
    if (keep) {
      g_free (gst_genaudio_part_keep (part));
      fail_unless (folder.list () == "2025/11/07/.a.wav.*.part");
    } else {
      fail_unless (gst_genaudio_part_publish (part,
              GST_GENAUDIO_IF_EXISTS_ERROR, TRUE, "{}", nullptr, nullptr,
              &error));
      fail_unless (folder.read (path_in_store) == "before after");
      fail_unless (folder.list () == "2025/11/07/a.wav 2025/11/07/a.wav.json");
    }
  }

  /* nor can it come back where its folder cannot */
  GstGenAudioPart *part = begin (store, "x");
  std::filesystem::remove_all (folder.path);
  fail_unless (g_file_set_contents (folder.path.c_str (), "", 0, nullptr));
  fail_if (gst_genaudio_part_publish (part, GST_GENAUDIO_IF_EXISTS_ERROR,
          FALSE, nullptr, nullptr, nullptr, &error));
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_WRITE));
  g_error_free (error);
  gst_genaudio_part_discard (part);
  g_object_unref (store);
}
GST_END_TEST;

/* Many writers of one name: one wins, each other one is told. */
GST_START_TEST (test_one_winner)
{
  Folder folder;
  GstGenAudioStore *store = folder.new_store ();
  std::atomic<int> won = 0;
  std::thread threads[8];

  for (std::thread & thread : threads) {
    thread = std::thread ([store, &won] {
      GstGenAudioPart *part = begin (store, "x");
      if (gst_genaudio_part_publish (part, GST_GENAUDIO_IF_EXISTS_ERROR, FALSE,
              "{}", nullptr, nullptr, nullptr))
        won++;
      else
        gst_genaudio_part_discard (part);
    });
  }
  for (std::thread & thread : threads)
    thread.join ();
  fail_unless_equals_int (won, 1);
  fail_unless (folder.list () == "2025/11/07/a.wav 2025/11/07/a.wav.json");
  g_object_unref (store);
}
GST_END_TEST;

/* Folders are made again as fast as a cleaner removes them. */
GST_START_TEST (test_create_against_rmdir)
{
  Folder folder;
  GstGenAudioStore *store = folder.new_store ();
  std::atomic<bool> done = false;
  std::thread cleaner ([&] {
    while (!done) {
      for (const char *name : { "/2025/11/07", "/2025/11", "/2025" })
        rmdir ((folder.path + name).c_str ());
    }
  });

  for (int i = 0; i < 200; i++)
    gst_genaudio_part_discard (begin (store, ""));
  done = true;
  cleaner.join ();
  g_object_unref (store);
}
GST_END_TEST;

static Suite *
part_suite (void)
{
  Suite *s = suite_create ("store-part");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_publish);
  tcase_add_test (tc, test_if_exists);
  tcase_add_test (tc, test_sidecar_path);
  tcase_add_test (tc, test_keep_and_discard);
  tcase_add_test (tc, test_locked);
  tcase_add_test (tc, test_part_replaced);
  tcase_add_test (tc, test_bad_places);
  tcase_add_test (tc, test_vanished);
  tcase_add_test (tc, test_one_winner);
  tcase_add_test (tc, test_create_against_rmdir);
  return s;
}

GST_CHECK_MAIN (part);
