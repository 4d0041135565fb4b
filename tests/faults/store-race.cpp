/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* store-race [SECONDS]: 8 writers against 2 cleaners, each a process, on one
 * tree of a few days. The cleaners remove files by age and by size, and empty
 * folders, as fast as they can. In the end every file that a writer published
 * has either been removed by a cleaner that said so or is there, whole; there
 * is nothing else, and no create failed. */

#include "../check/library/store-folder.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr int writers = 8;
constexpr int cleaners = 2;
constexpr int days = 4;
constexpr guint keep_days = 2;
constexpr guint64 keep_bytes = 20000;

GDateTime *
today ()
{
  return g_date_time_new_utc (2025, 11, 10, 12, 0, 0);
}

std::string
contents (const std::string & path)
{
  return "audio of " + path.substr (path.rfind ('/') + 1);
}

void
write_files (GstGenAudioStore * store, int writer, gint64 end, FILE * log)
{
  GDateTime *now = today ();
  for (int i = 0; g_get_monotonic_time () < end; i++) {
    GError *error = nullptr;
    GDateTime *date = g_date_time_add_days (now, -(i % days));
    const std::string job =
        "w" + std::to_string (writer) + "-" + std::to_string (i) + "x";
    gchar *path = gst_genaudio_filing_expand (nullptr, job.c_str (), nullptr,
        "wav", date, &error);
    g_assert_no_error (error);
    GstGenAudioPart *part =
        gst_genaudio_store_create_part (store, path, &error);
    g_assert_no_error (error);
    const std::string text = contents (path);
    g_assert_cmpint (write (gst_genaudio_part_get_fd (part), text.data (),
            text.size ()), ==, text.size ());
    gchar *final_path;
    gst_genaudio_part_publish (part, GST_GENAUDIO_IF_EXISTS_ERROR, FALSE,
        i % 2 != 0 ? "{}" : nullptr, &final_path, nullptr, &error);
    g_assert_no_error (error);
    fprintf (log, "%s\n", final_path);
    g_free (final_path);
    g_free (path);
    g_date_time_unref (date);
  }
  g_date_time_unref (now);
}

gboolean
log_removed (const gchar * path, guint64, GstGenAudioReason, gpointer log)
{
  fprintf ((FILE *) log, "%s\n", path);
  return TRUE;
}

void
clean_files (GstGenAudioStore * store, gint64 end, FILE * log)
{
  GDateTime *now = today ();
  GstGenAudioRetention retention = {};
  retention.keep_days = keep_days;
  retention.keep_bytes = keep_bytes;
  while (g_get_monotonic_time () < end) {
    GError *error = nullptr;
    GstGenAudioPlan *plan =
        gst_genaudio_store_plan (store, &retention, now, &error);
    g_assert_no_error (error);
    gst_genaudio_plan_execute (plan, log_removed, log, nullptr, nullptr,
        &error);
    g_assert_no_error (error);
    gst_genaudio_plan_free (plan);
    gst_genaudio_store_cleanup_empty_directories (store, FALSE, nullptr,
        &error);
    g_assert_no_error (error);
  }
  g_date_time_unref (now);
}

/* A child's log is a file of its own. */
void
run_child (const Folder & store_folder, const Folder & logs, int number,
    gint64 end)
{
  if (fork () != 0)
    return;
  GstGenAudioStore *store = store_folder.new_store ();
  FILE *log =
      fopen ((logs.path + "/" + std::to_string (number)).c_str (), "w");
  if (number < writers)
    write_files (store, number, end, log);
  else
    clean_files (store, end, log);
  fclose (log);
  g_object_unref (store);
  _exit (0);
}

std::set<std::string>
read_log (const Folder & logs, int number)
{
  std::ifstream file (logs.path + "/" + std::to_string (number));
  std::set<std::string> paths;
  for (std::string line; std::getline (file, line);)
    paths.insert (line);
  return paths;
}

int
account (const Folder & folder, const Folder & logs)
{
  std::set<std::string> published, removed, there;
  int failures = 0;
  for (int i = 0; i < writers; i++)
    published.merge (read_log (logs, i));
  for (int i = writers; i < writers + cleaners; i++)
    removed.merge (read_log (logs, i));
  for (const auto & entry :
      std::filesystem::recursive_directory_iterator (folder.path)) {
    if (entry.is_regular_file ())
      there.insert (entry.path ());
  }

  for (const std::string & path : published) {
    const bool present = there.count (path) != 0;
    if (present == (removed.count (path) != 0)) {
      printf ("%s is %s\n", path.c_str (), present
          ? "there although it was removed" : "lost");
      failures++;
    } else if (present && folder.read (path.substr (folder.path.size () + 1))
        != contents (path)) {
      printf ("%s is not whole\n", path.c_str ());
      failures++;
    }
  }
  for (const std::string & path : there) {
    const bool sidecar = g_str_has_suffix (path.c_str (), ".json");
    const std::string audio = sidecar ? path.substr (0, path.size () - 5) : path;
    if (published.count (audio) == 0 || there.count (audio) == 0) {
      printf ("%s is nobody's\n", path.c_str ());
      failures++;
    }
  }
  printf ("%zu published, %zu removed, %d wrong\n", published.size (),
      removed.size (), failures);
  return failures + published.empty () + removed.empty ();
}

}

int
main (int argc, char **argv)
{
  Folder folder, logs;
  const gint64 end = g_get_monotonic_time ()
      + (argc > 1 ? atof (argv[1]) : 60) * G_USEC_PER_SEC;
  int failures = 0;

  for (int i = 0; i < writers + cleaners; i++)
    run_child (folder, logs, i, end);
  for (int status; wait (&status) > 0;) {
    if (status != 0) {
      printf ("a process ended with %d\n", status);
      failures++;
    }
  }
  return failures + account (folder, logs) > 0;
}
