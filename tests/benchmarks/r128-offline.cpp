/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* r128-offline [MINUTES]: the whole element, offline, on a stereo WAV file of
 * 10 minutes at 48 kHz (F32) in $TMPDIR, beside
 *  - a plain program that reads the file into memory, applies one gain and
 *    writes it: what an offline gain costs at least, and
 *  - the same pipeline with `volume`, which holds nothing.
 * In turns, the least of five; CPU and wall time.
 *
 * r128-offline --soak HOURS: memory of the process while so long an item is
 * held beyond max-memory and let go. */

#include <gst/gst.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>

namespace {

struct Cost
{
  double cpu = 1e9, wall = 1e9;
};

double
cpu_time ()
{
  rusage usage;
  getrusage (RUSAGE_SELF, &usage);
  const auto seconds = [] (const timeval & t) {
    return static_cast<double> (t.tv_sec) + 1e-6 * static_cast<double> (t.tv_usec);
  };
  return seconds (usage.ru_utime) + seconds (usage.ru_stime);
}

/* Resident memory at most so far, in MiB. */
double
most_resident ()
{
  rusage usage;
  getrusage (RUSAGE_SELF, &usage);
  return static_cast<double> (usage.ru_maxrss) / 1024.0;
}

void
run (const std::string & line, bool watch)
{
  GError *error = nullptr;
  GstElement *pipeline = gst_parse_launch (line.c_str (), &error);
  if (pipeline == nullptr) {
    std::fprintf (stderr, "%s\n", error->message);
    std::exit (1);
  }
  GstBus *bus = gst_element_get_bus (pipeline);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (;;) {
    GstMessage *message = gst_bus_timed_pop_filtered (bus,
        GST_CLOCK_TIME_NONE,
        static_cast<GstMessageType> (GST_MESSAGE_EOS | GST_MESSAGE_ERROR
            | GST_MESSAGE_ELEMENT));
    const GstMessageType type = GST_MESSAGE_TYPE (message);
    if (watch && gst_message_has_name (message, "r128normalize")) {
      gchar *text = gst_structure_to_string (
          gst_message_get_structure (message));
      std::printf ("%s\n", text);
      g_free (text);
    }
    if (type == GST_MESSAGE_ERROR) {
      gst_message_parse_error (message, &error, nullptr);
      std::fprintf (stderr, "%s\n", error->message);
      std::exit (1);
    }
    gst_message_unref (message);
    if (type == GST_MESSAGE_EOS)
      break;
  }
  gst_object_unref (bus);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  if (watch)
    std::printf ("resident memory, at most: %.0f MiB\n", most_resident ());
}

/* Reads all of it, one gain pass, writes all of it. */
void
run_plain (const std::string & in, const std::string & out)
{
  struct stat info;
  const int from = open (in.c_str (), O_RDONLY);
  const int to = open (out.c_str (), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (from < 0 || to < 0 || fstat (from, &info) != 0)
    std::exit (1);
  const std::size_t size = static_cast<std::size_t> (info.st_size);
  const std::unique_ptr<char[]> bytes = std::make_unique_for_overwrite<char[]> (
      size);
  constexpr std::size_t piece = 65536, header = 1024;

  for (std::size_t at = 0; at < size; at += piece) {
    if (read (from, &bytes[at], std::min (piece, size - at)) <= 0)
      std::exit (1);
  }
  float *samples = reinterpret_cast<float *> (&bytes[header]);
  for (std::size_t i = 0; i < (size - header) / sizeof (float); i++)
    samples[i] *= 1.5f;
  for (std::size_t at = 0; at < size; at += piece) {
    if (write (to, &bytes[at], std::min (piece, size - at)) <= 0)
      std::exit (1);
  }
  close (from);
  close (to);
}

void
measure (const std::function<void ()> & work, Cost & cost)
{
  const double cpu = cpu_time ();
  const gint64 wall = g_get_monotonic_time ();
  work ();
  cost.cpu = std::min (cost.cpu, cpu_time () - cpu);
  cost.wall = std::min (cost.wall,
      1e-6 * static_cast<double> (g_get_monotonic_time () - wall));
}

}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);

  if (argc == 3 && std::strcmp (argv[1], "--soak") == 0) {
    const guint64 buffers = static_cast<guint64> (std::atof (argv[2]) * 3600.0
        * 48000.0 / 4096.0);
    std::printf ("before: %.0f MiB\n", most_resident ());
    run ("audiotestsrc wave=pink-noise volume=0.1 samplesperbuffer=4096 "
        "num-buffers=" + std::to_string (buffers)
        + " ! audio/x-raw,format=F32LE,rate=48000,channels=2 ! r128normalize "
        "mode=offline max-memory=67108864 ! fakesink", true);
    return 0;
  }

  const double minutes = argc > 1 ? std::atof (argv[1]) : 10.0;
  const std::string folder = g_get_tmp_dir ();
  const std::string in = folder + "/r128-offline-in.wav";
  const std::string out = folder + "/r128-offline-out.wav";
  run ("audiotestsrc wave=pink-noise volume=0.1 samplesperbuffer=4096 "
      "num-buffers=" + std::to_string (static_cast<guint64> (minutes * 60.0
              * 48000.0 / 4096.0))
      + " ! audio/x-raw,format=F32LE,rate=48000,channels=2 ! wavenc ! filesink "
      "location=" + in, false);

  const auto line = [&] (const char *element) {
    return "filesrc blocksize=65536 location=" + in + " ! wavparse ! "
        + element + " ! wavenc ! filesink location=" + out;
  };
  const std::string volume = line ("volume volume=1.5");
  const std::string memory =
      line ("r128normalize mode=offline max-memory=4294967296");
  const std::string spilled = line ("r128normalize mode=offline max-memory=0");
  const struct
  {
    const char *name;
    std::function<void ()> work;
  } contestants[] = {
    {"read whole, gain, write", [&] { run_plain (in, out); }},
    {"pipeline with volume", [&] { run (volume, false); }},
    {"r128normalize, in memory", [&] { run (memory, false); }},
    {"r128normalize, from a file", [&] { run (spilled, false); }},
  };
  Cost costs[4];
  for (int round = 0; round < 5; round++) {
    for (int i = 0; i < 4; i++)
      measure (contestants[i].work, costs[i]);
  }
  std::printf ("%g min, 48000 Hz, 2 channels, F32\n", minutes);
  for (int i = 0; i < 4; i++)
    std::printf ("  %-28s CPU %6.3f s (%.2f)  wall %6.3f s (%.2f)\n",
        contestants[i].name, costs[i].cpu, costs[i].cpu / costs[0].cpu,
        costs[i].wall, costs[i].wall / costs[0].wall);
  std::remove (in.c_str ());
  std::remove (out.c_str ());
  return 0;
}
