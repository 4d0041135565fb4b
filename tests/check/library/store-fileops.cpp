/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Single files: size, deletion, moving and copying. */

#include "store-folder.hpp"

#include <cstring>
#include <string>

#include <sys/file.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <gst/check/gstcheck.h>
#include <gst/genaudio/genaudio.h>

typedef gchar *(*Transfer) (GstGenAudioStore *, const gchar *, const gchar *,
    GstGenAudioIfExists, GError **);

static const char long_ago[] = "2020-02-03T04:05:06Z";

/* Returns the new path, or the code of the error as text. */
static std::string
transfer (Transfer function, const std::string & source,
    const std::string & destination,
    GstGenAudioIfExists if_exists = GST_GENAUDIO_IF_EXISTS_ERROR)
{
  GError *error = nullptr;
  GstGenAudioStore *store = gst_genaudio_store_new ("unused", "utc", nullptr);
  gchar *path = function (store, source.c_str (), destination.c_str (),
      if_exists, &error);
  std::string result = path != nullptr ? path : "";

  fail_unless ((path == nullptr) == (error != nullptr));
  if (error != nullptr) {
    fail_unless (error->domain == GST_RESOURCE_ERROR);
    result = "error " + std::to_string (error->code);
    g_error_free (error);
  }
  g_free (path);
  g_object_unref (store);
  return result;
}

static std::string
failed (GstResourceError code)
{
  return "error " + std::to_string (code);
}

static void
expect_time (const std::string & path, const char *when)
{
  struct stat st;
  fail_unless (stat (path.c_str (), &st) == 0);
  GDateTime *date = g_date_time_new_from_unix_utc (st.st_mtime);
  gchar *text = g_date_time_format (date, "%Y-%m-%dT%H:%M:%SZ");
  fail_unless_equals_string (text, when);
  g_free (text);
  g_date_time_unref (date);
}

GST_START_TEST (test_size)
{
  Folder folder;
  GstGenAudioStore *store = folder.new_store ();
  GError *error = nullptr;
  folder.make ("a.wav", long_ago, 3 << 19);
  const std::string path = folder.path + "/a.wav";

  fail_unless_equals_int64 (gst_genaudio_store_get_file_size (store,
          path.c_str (), &error), 3 << 19);
  fail_unless_equals_float (gst_genaudio_store_get_file_size_mb (store,
          path.c_str (), &error), 1.5);
  fail_unless_equals_int64 (gst_genaudio_store_get_file_size (store,
          "/no/such/file", &error), -1);
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_NOT_FOUND));
  g_clear_error (&error);
  g_object_unref (store);
}
GST_END_TEST;

static bool
remove_file (const Folder & folder, const std::string & name, bool any_path,
    int code)
{
  GstGenAudioStore *store = folder.new_store ();
  GError *error = nullptr;
  const std::string path = name[0] == '/' ? name : folder.path + "/" + name;
  const bool removed = gst_genaudio_store_delete_file (store, path.c_str (),
      any_path, &error);

  if (code >= 0)
    fail_unless (g_error_matches (error, GST_RESOURCE_ERROR, code));
  else
    g_assert_no_error (error);
  fail_if (removed && error != nullptr);
  g_clear_error (&error);
  g_object_unref (store);
  return removed;
}

GST_START_TEST (test_delete)
{
  Folder folder, elsewhere;
  elsewhere.make ("11/07/a.wav", long_ago);
  folder.make ("2025/11/07/a.wav", long_ago);
  folder.make ("2025/11/07/a.wav.json", long_ago);
  folder.make ("2025/11/07/notes.txt", long_ago);
  folder.make ("b.wav", long_ago);
  fail_unless (symlink (elsewhere.path.c_str (),
          (folder.path + "/2024").c_str ()) == 0);
  const std::string outside = elsewhere.path + "/11/07/a.wav";

  fail_unless (remove_file (folder, "2025/11/07/a.wav", false, -1));
  fail_if (remove_file (folder, "2025/11/07/a.wav", false, -1));
  for (const std::string & name : { std::string ("2025/11/07/notes.txt"),
          std::string ("b.wav"), std::string ("2025/11/07"), outside,
          std::string ("2024/11/07/a.wav"),
          std::string ("2025/11/07/../../../b.wav") })
    fail_if (remove_file (folder, name, false, GST_RESOURCE_ERROR_SETTINGS));
  fail_unless (folder.list () == "2025/11/07/notes.txt b.wav");
  fail_unless (elsewhere.list () == "11/07/a.wav");

  fail_unless (remove_file (folder, "2025/11/07/notes.txt", true, -1));
  fail_unless (remove_file (folder, outside, true, -1));
  fail_if (remove_file (folder, "2025/11/07", true, GST_RESOURCE_ERROR_WRITE));
  fail_if (remove_file (folder, "/no/such/file.wav", true, -1));

  const int fd = open ((folder.path + "/b.wav").c_str (), O_RDONLY);
  fail_unless (flock (fd, LOCK_EX) == 0);
  fail_if (remove_file (folder, "b.wav", true, GST_RESOURCE_ERROR_BUSY));
  close (fd);
}
GST_END_TEST;

GST_START_TEST (test_move)
{
  Folder folder;
  const std::string & base = folder.path;
  folder.make ("a.wav", long_ago);
  folder.make ("a.wav.json", long_ago);

  fail_unless (transfer (gst_genaudio_store_move_file, base + "/a.wav",
          base + "/x/y/b.wav") == base + "/x/y/b.wav");
  fail_unless (folder.list () == "x/y/b.wav x/y/b.wav.json");
  expect_time (base + "/x/y/b.wav", long_ago);
  /* into a folder */
  fail_unless (transfer (gst_genaudio_store_move_file, base + "/x/y/b.wav",
          base + "/x") == base + "/x/b.wav");
  /* onto itself */
  fail_unless (transfer (gst_genaudio_store_move_file, base + "/x/b.wav",
          base + "/x/b.wav") == base + "/x/b.wav");
  fail_unless (folder.list () == "x/b.wav x/b.wav.json");
}
GST_END_TEST;

GST_START_TEST (test_copy)
{
  Folder folder;
  const std::string & base = folder.path;
  folder.make ("a.wav", long_ago, 5000000);
  folder.make ("a.wav.json", long_ago);
  chmod ((base + "/a.wav").c_str (), 0604);
  const bool attributes =
      setxattr ((base + "/a.wav").c_str (), "user.mood", "glad", 4, 0) == 0;

  fail_unless (transfer (gst_genaudio_store_copy_file, base + "/a.wav",
          base + "/x/") == base + "/x/a.wav");
  fail_unless (folder.list () == "a.wav a.wav.json x/a.wav x/a.wav.json");
  fail_unless (folder.read ("x/a.wav") == folder.read ("a.wav"));
  expect_time (base + "/x/a.wav", long_ago);
  struct stat st;
  stat ((base + "/x/a.wav").c_str (), &st);
  fail_unless_equals_int (st.st_mode & 0777, 0604);
  if (attributes) {
    char mood[4];
    fail_unless (getxattr ((base + "/x/a.wav").c_str (), "user.mood", mood,
            4) == 4 && memcmp (mood, "glad", 4) == 0);
  }
  fail_unless (transfer (gst_genaudio_store_copy_file, base + "/a.wav",
          base + "/a.wav") == failed (GST_RESOURCE_ERROR_SETTINGS));
  fail_unless (folder.read ("a.wav").size () == 5000000);
}
GST_END_TEST;

GST_START_TEST (test_sidecar_path)
{
  for (Transfer function : { gst_genaudio_store_move_file,
          gst_genaudio_store_copy_file }) {
    Folder folder;
    const std::string & base = folder.path;
    folder.write ("a.wav", "one");
    folder.write ("a.wav.json", "{\"path\":\"a.wav\",\"bpm\":null}");
    fail_unless (transfer (function, base + "/a.wav", base + "/b.wav")
        == base + "/b.wav");
    fail_unless (folder.read ("b.wav.json")
        == "{\"path\":\"" + base + "/b.wav\",\"bpm\":null}");
  }
}
GST_END_TEST;

GST_START_TEST (test_destination_exists)
{
  for (Transfer function : { gst_genaudio_store_move_file,
          gst_genaudio_store_copy_file }) {
    Folder folder;
    const std::string & base = folder.path;
    folder.write ("a.wav", "one");
    folder.write ("b.wav", "two");
    folder.write ("b.wav.json", "of two");

    fail_unless (transfer (function, base + "/a.wav", base + "/b.wav",
            GST_GENAUDIO_IF_EXISTS_ERROR).substr (0, 5) == "error");
    fail_unless (transfer (function, base + "/a.wav", base + "/b.wav",
            GST_GENAUDIO_IF_EXISTS_SKIP) == base + "/b.wav");
    fail_unless (folder.read ("a.wav") == "one");
    fail_unless (folder.read ("b.wav") == "two");
    fail_unless (transfer (function, base + "/a.wav", base + "/b.wav",
            GST_GENAUDIO_IF_EXISTS_SUFFIX) == base + "/b-1.wav");
    fail_unless (folder.read ("b-1.wav") == "one");
    fail_unless (transfer (function, base + "/b-1.wav", base + "/b.wav",
            GST_GENAUDIO_IF_EXISTS_REPLACE) == base + "/b.wav");
    fail_unless (folder.read ("b.wav") == "one");
    /* it was of the file that is gone */
    fail_unless (folder.read ("b.wav.json") == "");
  }
}
GST_END_TEST;

GST_START_TEST (test_bad_sources)
{
  for (Transfer function : { gst_genaudio_store_move_file,
          gst_genaudio_store_copy_file }) {
    Folder folder;
    const std::string & base = folder.path;
    folder.write ("a.wav", "one");
    fail_unless (symlink ("a.wav", (base + "/link.wav").c_str ()) == 0);

    fail_unless (transfer (function, base + "/no.wav", base + "/b.wav")
        == failed (GST_RESOURCE_ERROR_NOT_FOUND));
    fail_unless (transfer (function, base, base + "/b.wav")
        == failed (GST_RESOURCE_ERROR_OPEN_READ));
    fail_unless (transfer (function, base + "/link.wav", base + "/b.wav")
        == failed (GST_RESOURCE_ERROR_OPEN_READ));
    fail_unless (transfer (function, base + "/a.wav", base + "/a.wav/b.wav")
        .substr (0, 5) == "error");
    const int fd = open ((base + "/a.wav").c_str (), O_RDONLY);
    fail_unless (flock (fd, LOCK_EX) == 0);
    fail_unless (transfer (function, base + "/a.wav", base + "/b.wav")
        == failed (GST_RESOURCE_ERROR_BUSY));
    close (fd);
    fail_unless (folder.list () == "a.wav link.wav");
  }
}
GST_END_TEST;

/* /dev/shm is another file system than /tmp nearly everywhere. */
GST_START_TEST (test_across_file_systems)
{
  Folder folder;
  struct stat here, there;
  char shm[] = "/dev/shm/genaudio-store-XXXXXX";
  if (mkdtemp (shm) == nullptr)
    return;
  stat (folder.path.c_str (), &here);
  stat (shm, &there);
  const std::string other = std::string (shm) + "/in/b.wav";

  if (here.st_dev != there.st_dev) {
    folder.make ("a.wav", long_ago, 3000000);
    folder.make ("a.wav.json", long_ago);
    fail_unless (transfer (gst_genaudio_store_copy_file,
            folder.path + "/a.wav", other) == other);
    expect_time (other, long_ago);
    fail_unless (transfer (gst_genaudio_store_move_file,
            folder.path + "/a.wav", other, GST_GENAUDIO_IF_EXISTS_SKIP)
        == other);
    fail_unless (folder.list () == "a.wav a.wav.json");
    fail_unless (transfer (gst_genaudio_store_move_file,
            folder.path + "/a.wav", other, GST_GENAUDIO_IF_EXISTS_REPLACE)
        == other);
    fail_unless (folder.list () == "");
    expect_time (other, long_ago);
    fail_unless (g_file_test ((other + ".json").c_str (), G_FILE_TEST_EXISTS));
  }
  std::filesystem::remove_all (shm);
}
GST_END_TEST;

static Suite *
fileops_suite (void)
{
  Suite *s = suite_create ("store-fileops");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_size);
  tcase_add_test (tc, test_delete);
  tcase_add_test (tc, test_move);
  tcase_add_test (tc, test_copy);
  tcase_add_test (tc, test_sidecar_path);
  tcase_add_test (tc, test_destination_exists);
  tcase_add_test (tc, test_bad_sources);
  tcase_add_test (tc, test_across_file_systems);
  return s;
}

GST_CHECK_MAIN (fileops);
