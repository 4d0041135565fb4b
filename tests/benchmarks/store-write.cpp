/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* store-write [FOLDER]: what writing costs. Small files a second through the
 * store, without and with `durable`; and, where datedsink is built, ten minutes
 * of stereo PCM_16 through it beside `dd conv=fsync` of as many bytes, taking
 * turns, the least of five runs. Files are written in FOLDER (default: the
 * temporary folder) and removed. */

#include <gst/app/gstappsrc.h>
#include <gst/genaudio/genaudio.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

namespace {

constexpr int small_files = 2000;
constexpr int durable_files = 200;
constexpr gsize small_size = 64 * 1024;
constexpr int rate = 48000;
constexpr gsize long_size = (gsize) rate * 600 * 4;
constexpr gsize buffer_size = 64 * 1024;
constexpr int rounds = 5;

double
seconds_since (gint64 start)
{
  return (g_get_monotonic_time () - start) / 1e6;
}

double
write_small (GstGenAudioStore * store, const char *prefix, int count,
    bool durable)
{
  const std::vector<char> audio (small_size, 1);
  GDateTime *date = g_date_time_new_utc (2025, 11, 7, 0, 0, 0);
  const gint64 start = g_get_monotonic_time ();

  for (int i = 0; i < count; i++) {
    GError *error = nullptr;
    const std::string job = prefix + std::to_string (i);
    gchar *path = gst_genaudio_filing_expand (nullptr, job.c_str (), nullptr,
        "wav", date, &error);
    GstGenAudioPart *part = gst_genaudio_store_create_part (store, path, &error);
    if (part == nullptr || write (gst_genaudio_part_get_fd (part),
            audio.data (), audio.size ()) != (ssize_t) audio.size ()
        || !gst_genaudio_part_publish (part, GST_GENAUDIO_IF_EXISTS_ERROR,
            durable, nullptr, nullptr, nullptr, &error)) {
      fprintf (stderr, "%s\n", error != nullptr ? error->message : path);
      exit (1);
    }
    g_free (path);
  }
  g_date_time_unref (date);
  return seconds_since (start);
}

void
measure_small (GstGenAudioStore * store)
{
  const double plain = write_small (store, "a", small_files, false);
  const double durable = write_small (store, "b", durable_files, true);

  printf ("files of 64 KiB, not durable   %8.0f a second (bound 1000)\n",
      small_files / plain);
  printf ("files of 64 KiB, durable       %8.0f a second\n",
      durable_files / durable);
  printf ("durable costs                  %8.2f ms a file\n",
      1000 * (durable / durable_files - plain / small_files));
}

/* Pushes the same buffer until ten minutes are full. */
double
record (const std::string & folder, int number)
{
  const std::string line = "appsrc name=src format=time block=true "
      "max-bytes=1048576 caps=audio/x-raw,format=S16LE,rate=48000,channels=2,"
      "layout=interleaved ! datedsink job-id=r" + std::to_string (number)
      + " base-dir=" + folder;
  GstElement *pipeline = gst_parse_launch (line.c_str (), nullptr);
  GstElement *src = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  GstMemory *memory = gst_allocator_alloc (nullptr, buffer_size, nullptr);
  GstBus *bus = gst_element_get_bus (pipeline);
  const gint64 start = g_get_monotonic_time ();

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (gsize done = 0; done < long_size; done += buffer_size) {
    GstBuffer *buffer = gst_buffer_new ();
    gst_buffer_append_memory (buffer, gst_memory_ref (memory));
    GST_BUFFER_PTS (buffer) = gst_util_uint64_scale (done / 4, GST_SECOND, rate);
    gst_app_src_push_buffer (GST_APP_SRC (src), buffer);
  }
  gst_app_src_end_of_stream (GST_APP_SRC (src));
  GstMessage *message = gst_bus_timed_pop_filtered (bus, GST_CLOCK_TIME_NONE,
      (GstMessageType) (GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  const double seconds = seconds_since (start);
  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_EOS) {
    fputs ("the recording failed\n", stderr);
    exit (1);
  }
  gst_message_unref (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_memory_unref (memory);
  gst_object_unref (bus);
  gst_object_unref (src);
  gst_object_unref (pipeline);
  return seconds;
}

double
run_dd (const std::string & folder)
{
  const std::string line = "dd if=/dev/zero of='" + folder
      + "/dd' bs=64K count=" + std::to_string (long_size / buffer_size)
      + " conv=fsync 2>/dev/null";
  const gint64 start = g_get_monotonic_time ();
  if (system (line.c_str ()) != 0)
    exit (1);
  return seconds_since (start);
}

void
measure_long (const std::string & folder)
{
  GstElementFactory *factory = gst_element_factory_find ("datedsink");
  double dd = G_MAXDOUBLE, sink = G_MAXDOUBLE;

  if (factory == nullptr)
    return;
  gst_object_unref (factory);
  for (int i = 0; i < rounds; i++) {
    dd = std::min (dd, run_dd (folder));
    sink = std::min (sink, record (folder, i));
  }
  printf ("ten minutes: dd %.2f s, datedsink %.2f s: %.0f %% of its speed "
      "(bound 80 %%)\n", dd, sink, 100 * dd / sink);
}

}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  std::string base = std::string (argc > 1 ? argv[1] : g_get_tmp_dir ())
      + "/store-write-XXXXXX";
  if (mkdtemp (base.data ()) == nullptr) {
    perror (base.c_str ());
    return 1;
  }
  GstGenAudioStore *store =
      gst_genaudio_store_new (base.c_str (), "utc", nullptr);
  measure_small (store);
  measure_long (base);
  g_object_unref (store);
  std::filesystem::remove_all (base);
  return 0;
}
