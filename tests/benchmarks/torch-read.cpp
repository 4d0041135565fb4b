/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* How long torchtensorsrc takes to read ten minutes of planar stereo F32 at
 * 48 kHz (230 MB, in the page cache) into buffers, against a loop that
 * interleaves as much from heap memory: into blocks of the same size, and into
 * one array. Processor time of all threads, kernel included, so that what else
 * the machine does counts little; each the best of several runs. Then the
 * memory of a process that played the file. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/gst.h>

#include "writers.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include <glib/gstdio.h>

namespace {

constexpr std::size_t frames = 600 * 48000;
constexpr std::size_t block = 8192;     /* as the element's buffers */
constexpr int runs = 7;

double
processor_time ()
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double> (now.tv_sec)
      + static_cast<double> (now.tv_nsec) * 1e-9;
}

template <typename Work> double
best_time (Work work)
{
  double best = 1e9;

  for (int i = 0; i < runs; i++) {
    const double begin = processor_time ();
    work ();
    best = std::min (best, processor_time () - begin);
  }
  return best;
}

void
interleave (const float *left, const float *right, std::size_t n,
    float *__restrict out)
{
  for (std::size_t i = 0; i < n; i++) {
    out[2 * i] = left[i];
    out[2 * i + 1] = right[i];
  }
}

double
time_loop (const std::vector<float> & planar, std::vector<float> & out)
{
  return best_time ([&] {
    for (std::size_t at = 0; at < frames; at += block) {
      const std::size_t n = std::min (block, frames - at);
      interleave (&planar[at], &planar[frames + at], n,
          out.size () > 2 * block ? &out[2 * at] : out.data ());
      asm volatile ("" : : "r" (out.data ()) : "memory");
    }
  });
}

void
play (const std::string & path)
{
  GstElement *pipeline = gst_parse_launch (("torchtensorsrc rate=48000 location="
          + path + " ! fakesink").c_str (), nullptr);
  GstBus *bus = gst_element_get_bus (pipeline);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, GST_CLOCK_TIME_NONE,
      static_cast<GstMessageType> (GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    g_error ("it does not play");
  gst_message_unref (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  gst_object_unref (pipeline);
}

/* not rusage's, which a child inherits from who started it */
long
peak_kilobytes ()
{
  long kilobytes = 0;
  char line[256];
  FILE *status = std::fopen ("/proc/self/status", "r");

  while (std::fgets (line, sizeof line, status) != nullptr)
    std::sscanf (line, "VmHWM: %ld kB", &kilobytes);
  std::fclose (status);
  return kilobytes;
}

}

int
main (int argc, char *argv[])
{
  gst_init (&argc, &argv);
  if (argc == 2) {              /* in a process of its own, for its memory */
    play (argv[1]);
    std::printf ("%ld", peak_kilobytes ());
    return 0;
  }

  gchar *folder = g_dir_make_tmp ("torch-read-XXXXXX", nullptr);
  const std::string path = std::string (folder) + "/ten.safetensors";
  std::vector<float> planar (2 * frames);
  for (std::size_t i = 0; i < planar.size (); i++)
    planar[i] = static_cast<float> (i % 1000) / 2000.0f;
  writers::write_file (path, writers::safetensors ("audio", "F32", {2, frames},
          writers::bytes_of (planar)));

  std::vector<float> small (2 * block), large (2 * frames);
  const double in_blocks = time_loop (planar, small);
  const double in_one = time_loop (planar, large);
  play (path);
  const double element = best_time ([&path] { play (path); });

  gchar *command = g_strdup_printf ("%s %s", argv[0], path.c_str ());
  gchar *output = nullptr;
  g_spawn_command_line_sync (command, &output, nullptr, nullptr, nullptr);
  std::printf ("loop over heap memory, into blocks   %6.1f ms\n"
      "loop over heap memory, into an array %6.1f ms\n"
      "torchtensorsrc ! fakesink            %6.1f ms: %.2f and %.2f times\n"
      "peak memory of playing 230 MB        %6.1f MB\n", in_blocks * 1e3,
      in_one * 1e3, element * 1e3, element / in_blocks, element / in_one,
      std::atol (output) / 1024.0);
  g_free (output);
  g_free (command);
  g_unlink (path.c_str ());
  g_rmdir (folder);
  g_free (folder);
  return 0;
}
