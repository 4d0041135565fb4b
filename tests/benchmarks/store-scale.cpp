/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* store-scale [FILES [FOLDER]]: the store over a year of files (1,000,000 by
 * default), beside the usual way in Python: Path.rglob, is_file, stat and
 * sorted. The tree is made in FOLDER (default: the temporary folder) and
 * removed at the end.
 *
 * Every measurement is a process of its own, so that its memory is its own;
 * the least of five runs (Python: of one) counts, with warm caches. */

#include <gst/genaudio/genaudio.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr int days = 365;
constexpr int rounds = 5;

struct Cost
{
  double ms;
  double mb;                    /* more than the process had before */
};

const char python_newest[] =
    "import sys, pathlib\n"
    "files = [p for p in pathlib.Path(sys.argv[1]).rglob('*') if p.is_file()]\n"
    "files.sort(key=lambda p: p.stat().st_mtime, reverse=True)\n"
    "print(len(files[:100]))\n";

const char python_stats[] =
    "import sys, pathlib\n"
    "total = size = 0\n"
    "for p in pathlib.Path(sys.argv[1]).rglob('*'):\n"
    "    if p.is_file():\n"
    "        total += 1\n"
    "        size += p.stat().st_size\n"
    "print(total)\n";

GDateTime *
last_day ()
{
  return g_date_time_new_utc (2025, 12, 31, 12, 0, 0);
}

void
make_tree (const std::string & base, long files)
{
  GDateTime *last = last_day ();
  for (int day = 0; day < days; day++) {
    GDateTime *date = g_date_time_add_days (last, -day);
    gchar *folder = g_date_time_format (date, "%Y/%m/%d");
    const std::string path = base + "/" + folder;
    std::filesystem::create_directories (path);
    const int dirfd = open (path.c_str (), O_RDONLY | O_DIRECTORY);
    const struct timespec times[2] = {
      {g_date_time_to_unix (date), 0}, {g_date_time_to_unix (date), 0}
    };
    for (long i = files * day / days; i < files * (day + 1) / days; i++) {
      char name[64];
      g_snprintf (name, sizeof name, "gen_%08lx.wav", i * 2654435761L & 0xffffffff);
      const int fd = openat (dirfd, name, O_WRONLY | O_CREAT, 0666);
      if (fd < 0 || futimens (fd, times) != 0) {
        perror (name);
        exit (1);
      }
      close (fd);
    }
    close (dirfd);
    g_free (folder);
    g_date_time_unref (date);
  }
  g_date_time_unref (last);
}

double
memory_mb ()
{
  struct rusage usage;
  getrusage (RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024.;
}

/* Runs @work in a child, which sends what it cost. */
Cost
measure_once (const std::function<void ()> &work)
{
  int ends[2];
  Cost cost = { 0, 0 };
  if (pipe (ends) != 0)
    exit (1);
  const pid_t child = fork ();
  if (child == 0) {
    const double before = memory_mb ();
    const gint64 start = g_get_monotonic_time ();
    work ();
    cost = { (g_get_monotonic_time () - start) / 1000.,
      memory_mb () - before };
    _exit (write (ends[1], &cost, sizeof cost) == sizeof cost ? 0 : 1);
  }
  if (read (ends[0], &cost, sizeof cost) != sizeof cost)
    exit (1);
  close (ends[0]);
  close (ends[1]);
  waitpid (child, nullptr, 0);
  return cost;
}

void
measure (const char *what, const char *bound, const std::function<void ()> &work)
{
  Cost least = measure_once (work);
  for (int i = 1; i < rounds; i++) {
    const Cost cost = measure_once (work);
    if (cost.ms < least.ms)
      least = cost;
  }
  printf ("%-36s %10.1f ms %8.1f MB  %s\n", what, least.ms, least.mb, bound);
  fflush (stdout);
}

/* Time of the script and the most memory of its process. */
void
measure_python (const char *what, const char *script, const std::string & base)
{
  const gint64 start = g_get_monotonic_time ();
  const pid_t child = fork ();
  if (child == 0) {
    const int null = open ("/dev/null", O_WRONLY);
    dup2 (null, STDOUT_FILENO);
    execlp ("python3", "python3", "-c", script, base.c_str (), nullptr);
    _exit (127);
  }
  int status;
  struct rusage usage;
  wait4 (child, &status, 0, &usage);
  if (status == 0)
    printf ("%-36s %10.1f ms %8.1f MB\n", what,
        (g_get_monotonic_time () - start) / 1000., usage.ru_maxrss / 1024.);
  else
    printf ("%-36s failed\n", what);
}

void
check (bool ok)
{
  if (!ok) {
    fputs ("wrong answer\n", stderr);
    _exit (1);
  }
}

long
count_listed (GstGenAudioStore * store, GDateTime * since, guint limit,
    GstGenAudioStoreFlags flags)
{
  GstGenAudioStoreIter *iter = gst_genaudio_store_iterate (store, since,
      nullptr, limit, nullptr, flags, nullptr);
  GstGenAudioStoreEntry entry;
  long count = 0;
  while (gst_genaudio_store_iter_next (iter, &entry, nullptr))
    count++;
  gst_genaudio_store_iter_free (iter);
  return count;
}

void
measure_store (const std::string & base, long files)
{
  GstGenAudioStore *store = gst_genaudio_store_new (base.c_str (), "utc",
      nullptr);
  GDateTime *last = last_day ();
  GDateTime *week = g_date_time_add_days (last, -6);

  measure ("newest 100", "(bound 10 ms)", [&] {
    check (count_listed (store, nullptr, 100, GST_GENAUDIO_STORE_FLAG_NONE)
        == MIN (100, files));
  });
  measure ("a week", "(bound 20 ms)", [&] {
    check (count_listed (store, week, 0, GST_GENAUDIO_STORE_FLAG_NONE)
        == files * 7 / days);
  });
  measure ("statistics", "(bound 2000 ms)", [&] {
    GstGenAudioStoreStats *stats = gst_genaudio_store_get_storage_stats (store,
        GST_GENAUDIO_STORE_FLAG_NONE, nullptr);
    check (gst_genaudio_store_stats_get_files (stats) == (guint64) files);
  });
  measure ("all, one after the other", "(bound 20 MB)", [&] {
    check (count_listed (store, nullptr, 0, GST_GENAUDIO_STORE_FLAG_NONE)
        == files);
  });
  measure ("newest 100 by modification", "", [&] {
    check (count_listed (store, nullptr, 100, GST_GENAUDIO_STORE_FLAG_BY_MTIME)
        == MIN (100, files));
  });
  measure ("plan: the oldest month goes", "", [&] {
    GstGenAudioRetention retention = {};
    retention.keep_days = 333;
    GstGenAudioPlan *plan =
        gst_genaudio_store_plan (store, &retention, last, nullptr);
    check (plan != nullptr && gst_genaudio_plan_get_files (plan)
        == (guint64) (files - files * 334 / days));
  });
  g_date_time_unref (week);
  g_date_time_unref (last);
  g_object_unref (store);
}

}

int
main (int argc, char **argv)
{
  const long files = argc > 1 ? atol (argv[1]) : 1000000;
  const std::string where = argc > 2 ? argv[2] : g_get_tmp_dir ();
  std::string base = where + "/store-scale-XXXXXX";

  if (files <= 0 || mkdtemp (base.data ()) == nullptr) {
    perror (where.c_str ());
    return 1;
  }
  const gint64 start = g_get_monotonic_time ();
  make_tree (base, files);
  printf ("%ld files over %d days, made in %.1f s\n", files, days,
      (g_get_monotonic_time () - start) / 1e6);
  measure_store (base, files);
  measure_python ("Python: newest 100", python_newest, base);
  measure_python ("Python: statistics", python_stats, base);
  std::filesystem::remove_all (base);
  return 0;
}
