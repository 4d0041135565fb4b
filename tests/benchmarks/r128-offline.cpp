/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* r128-offline [MINUTES]: the whole element, offline, on a stereo WAV file of
 * 10 minutes at 48 kHz (F32) in $TMPDIR, beside the same pipeline with `volume`
 * in its place, which reads, applies one gain and writes. In turns, the least
 * of five; CPU and wall time.
 *
 * r128-offline --soak HOURS: memory of the process while so long an item is
 * held beyond max-memory and let go. */

#include <gst/gst.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
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

/* Resident memory now, in MiB. */
double
resident ()
{
  long pages = 0;
  FILE *file = std::fopen ("/proc/self/statm", "r");
  if (file != nullptr) {
    if (std::fscanf (file, "%*s %ld", &pages) != 1)
      pages = 0;
    std::fclose (file);
  }
  return static_cast<double> (pages) * 4096.0 / 1048576.0;
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
  double most = 0.0;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (;;) {
    GstMessage *message = gst_bus_timed_pop_filtered (bus,
        watch ? 200 * GST_MSECOND : GST_CLOCK_TIME_NONE,
        static_cast<GstMessageType> (GST_MESSAGE_EOS | GST_MESSAGE_ERROR
            | GST_MESSAGE_ELEMENT));
    most = std::max (most, resident ());
    if (message == nullptr)
      continue;
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
    std::printf ("resident memory, at most: %.0f MiB\n", most);
}

void
measure (const std::string & line, Cost & cost)
{
  const double cpu = cpu_time ();
  const gint64 wall = g_get_monotonic_time ();
  run (line, false);
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
    std::printf ("before: %.0f MiB\n", resident ());
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
  const std::string plain = line ("volume volume=1.5");
  const std::string ours =
      line ("r128normalize mode=offline max-memory=4294967296");
  const std::string spilled = line ("r128normalize mode=offline max-memory=0");
  Cost plain_cost, our_cost, spilled_cost;
  for (int i = 0; i < 5; i++) {
    measure (plain, plain_cost);
    measure (ours, our_cost);
    measure (spilled, spilled_cost);
  }
  std::printf ("%g min, 48000 Hz, 2 channels, F32\n", minutes);
  std::printf ("  %-28s CPU %6.3f s         wall %6.3f s\n",
      "read, volume, write", plain_cost.cpu, plain_cost.wall);
  for (const auto & [name, cost] : {std::pair{"r128normalize, in memory",
              our_cost}, {"r128normalize, from a file", spilled_cost}})
    std::printf ("  %-28s CPU %6.3f s (%.2f)  wall %6.3f s (%.2f)\n", name,
        cost.cpu, cost.cpu / plain_cost.cpu, cost.wall,
        cost.wall / plain_cost.wall);
  std::remove (in.c_str ());
  std::remove (out.c_str ());
  return 0;
}
