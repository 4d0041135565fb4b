/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* bpm-speed [FILE]: what bpmanalyzer costs, beside bpmdetect and aubio, in one
 * run on the same audio: a minute of 44.1 kHz stereo F32, of FILE or else
 * synthesised.
 *
 * Each element stands in `appsrc ! ELEMENT ! fakesink`, in buffers of 4096
 * frames, live of 10 ms; what the same pipeline costs with identity is taken
 * off. All take turns, and the least of the
 * rounds counts: CPU time of the whole process, in ms a minute of audio. */

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include <aubio/aubio.h>
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>

#include "statistics.hpp"

namespace {

constexpr int rate = 44100;
constexpr int seconds = 60;
constexpr int channels = 2;
constexpr std::size_t file_block = 4096;
constexpr std::size_t live_block = rate / 100;
constexpr int rounds = 5;

using Samples = std::vector<float>;

/* Kick, snare and hats at 124 BPM over chords with some noise. */
Samples
synthesise ()
{
  static const int roots[] = { 0, 5, 7, 3 };
  Samples samples;
  GRand *random = g_rand_new_with_seed (1);
  const double period = 60 / 124.0;

  for (int i = 0; i < rate * seconds; i++) {
    const double t = (double) i / rate;
    const double in_beat = std::fmod (t, period);
    const double in_half = std::fmod (t, period / 2);
    const int number = (int) (t / period);
    const double noise = g_rand_double_range (random, -1, 1);
    double x = 0.4 * std::exp (-20 * in_beat) * std::sin (300 * in_beat)
        + 0.1 * std::exp (-80 * in_half) * noise;
    if (number % 2 == 1)
      x += 0.2 * std::exp (-30 * in_beat) * noise;
    for (int note : { 0, 3, 7 })
      x += 0.05 * std::sin (2 * G_PI * 220
          * std::exp2 ((roots[number / 4 % 4] + note) / 12.0) * t);
    samples.push_back ((float) x);
    samples.push_back ((float) (x + 0.01 * noise));
  }
  g_rand_free (random);
  return samples;
}

/* The first minute of a file, as stereo. */
Samples
read_file (const char *path)
{
  gchar *launch = g_strdup_printf ("filesrc name=f ! decodebin ! audioconvert "
      "! audioresample ! audio/x-raw,format=F32LE,rate=%d,channels=%d "
      "! appsink name=s sync=false", rate, channels);
  GstElement *pipeline = gst_parse_launch (launch, nullptr);
  GstElement *source = gst_bin_get_by_name (GST_BIN (pipeline), "f");
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "s");
  const std::size_t wanted = (std::size_t) rate * seconds * channels;
  Samples samples;

  g_free (launch);
  g_object_set (source, "location", path, nullptr);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (samples.size () < wanted) {
    GstSample *sample = gst_app_sink_pull_sample (GST_APP_SINK (sink));
    if (sample == nullptr)
      break;
    GstMapInfo map;
    gst_buffer_map (gst_sample_get_buffer (sample), &map, GST_MAP_READ);
    const float *data = reinterpret_cast<const float *> (map.data);
    samples.insert (samples.end (), data, data + map.size / sizeof (float));
    gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
    gst_sample_unref (sample);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (source);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
  const std::size_t read = samples.size ();
  if (read == 0)
    return samples;
  while (samples.size () < wanted)      /* a short one over and over */
    samples.push_back (samples[samples.size () - read]);
  samples.resize (wanted);
  return samples;
}

double
cpu_ms ()
{
  timespec t;
  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* CPU of a minute through @element. */
double
run_pipeline (const Samples & samples, const char *element, bool live)
{
  gchar *launch = g_strdup_printf ("appsrc name=s format=time is-live=%d "
      "max-bytes=0 caps=audio/x-raw,format=F32LE,rate=%d,channels=%d,"
      "layout=interleaved ! %s ! fakesink sync=false async=false", live, rate,
      channels, element);
  GError *error = nullptr;
  GstElement *pipeline = gst_parse_launch (launch, &error);
  g_free (launch);
  if (error != nullptr) {
    g_clear_error (&error);
    g_clear_object (&pipeline);
    return NAN;
  }
  GstElement *source = gst_bin_get_by_name (GST_BIN (pipeline), "s");
  GstMemory *memory = gst_memory_new_wrapped (GST_MEMORY_FLAG_READONLY,
      const_cast<float *> (samples.data ()), samples.size () * sizeof (float),
      0, samples.size () * sizeof (float), nullptr, nullptr);
  const std::size_t frames = samples.size () / channels;
  const std::size_t block = live ? live_block : file_block;
  const std::size_t bpf = channels * sizeof (float);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  const double begin = cpu_ms ();
  for (std::size_t i = 0; i < frames; i += block) {
    const std::size_t n = std::min (block, frames - i);
    GstBuffer *buffer = gst_buffer_new ();
    gst_buffer_append_memory (buffer,
        gst_memory_share (memory, i * bpf, n * bpf));
    GST_BUFFER_PTS (buffer) = gst_util_uint64_scale (i, GST_SECOND, rate);
    GST_BUFFER_DURATION (buffer) = gst_util_uint64_scale (n, GST_SECOND, rate);
    gst_app_src_push_buffer (GST_APP_SRC (source), buffer);
  }
  gst_app_src_end_of_stream (GST_APP_SRC (source));
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, GST_CLOCK_TIME_NONE,
      (GstMessageType) (GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  const double spent = cpu_ms () - begin;
  const bool ended = GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS;
  gst_message_unref (message);
  gst_object_unref (bus);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_memory_unref (memory);
  gst_object_unref (source);
  gst_object_unref (pipeline);
  return ended ? spent : NAN;
}

/* As aubio's own tools do it: mono, 1024/512. */
double
run_aubio_tempo (const Samples & samples)
{
  const double begin = cpu_ms ();
  aubio_tempo_t *tempo = new_aubio_tempo ("default", 1024, 512, rate);
  fvec_t *in = new_fvec (512);
  fvec_t *out = new_fvec (2);

  for (std::size_t i = 0; i + 512 * channels <= samples.size ();
      i += 512 * channels) {
    for (int k = 0; k < 512; k++)
      in->data[k] = 0.5f * (samples[i + 2 * k] + samples[i + 2 * k + 1]);
    aubio_tempo_do (tempo, in, out);
  }
  del_aubio_tempo (tempo);
  del_fvec (in);
  del_fvec (out);
  return cpu_ms () - begin;
}

/* The plainest thing one can do with every sample. */
double
run_plain_pass (const Samples & samples)
{
  typedef float Vector __attribute__ ((vector_size (16)));
  const double begin = cpu_ms ();
  Vector sums[8] = { };

  for (std::size_t i = 0; i + 32 <= samples.size (); i += 32) {
    for (int v = 0; v < 8; v++) {
      Vector x;
      std::memcpy (&x, &samples[i + 4 * v], sizeof x);
      sums[v] += x;
    }
  }
  volatile float keep = 0;
  for (int v = 0; v < 8; v++)
    keep = keep + sums[v][0];
  return cpu_ms () - begin;
}

double
run_statistics (const Samples & samples)
{
  const double begin = cpu_ms ();
  genaudio::bpm::Statistics statistics;

  statistics.reset (genaudio::bpm::SampleFormat::f32, channels);
  for (std::size_t i = 0; i < samples.size ();) {
    const std::size_t n = std::min (samples.size () - i,
        genaudio::bpm::Statistics::max_block);
    statistics.add_block (&samples[i], &samples[i], n / channels);
    i += n;
  }
  volatile double keep = statistics.result ().overall.rms;
  (void) keep;
  return cpu_ms () - begin;
}

struct Contestant
{
  std::string name;
  std::function<double ()> run;
  double best = INFINITY;
};

} // namespace

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  const Samples samples = argc > 1 ? read_file (argv[1]) : synthesise ();
  if (samples.empty ()) {
    std::fprintf (stderr, "%s: cannot read %s\n", argv[0], argv[1]);
    return 1;
  }
  const auto pipeline = [&samples] (const char *name, const char *element,
      bool live = false) {
    return Contestant { name, [&samples, element, live] {
          return run_pipeline (samples, element, live);
        } };
  };
  std::vector<Contestant> all = {
    pipeline ("identity", "identity"),
    pipeline ("bpmanalyzer: tempo, key, statistics", "bpmanalyzer key=true"),
    pipeline ("bpmanalyzer: tempo, statistics", "bpmanalyzer"),
    pipeline ("bpmanalyzer: statistics", "bpmanalyzer tempo=false"),
    pipeline ("bpmanalyzer: tempo, key, statistics, beats",
        "bpmanalyzer key=true beats=true"),
    pipeline ("identity, live", "identity", true),
    pipeline ("bpmanalyzer live, an update a second",
        "bpmanalyzer background=false", true),
    pipeline ("bpmanalyzer live with key, likewise",
        "bpmanalyzer key=true background=false", true),
    pipeline ("bpmdetect", "bpmdetect"),
    { "aubio tempo", [&samples] { return run_aubio_tempo (samples); } },
    { "plain pass over the samples",
        [&samples] { return run_plain_pass (samples); } },
    { "statistics core", [&samples] { return run_statistics (samples); } },
  };

  for (int round = 0; round < rounds; round++) {
    for (Contestant &c : all)
      c.best = std::min (c.best, c.run ());
  }

  const double idle = all[0].best, live_idle = all[5].best;
  std::printf ("CPU of a minute of 44.1 kHz stereo F32, ms\n");
  for (const Contestant &c : all) {
    const bool inside = &c > &all[0] && c.name.rfind ("bpm", 0) == 0;
    if (!std::isfinite (c.best))
      std::printf ("%-46s %9s\n", c.name.c_str (), "missing");
    else
      std::printf ("%-46s %9.2f%s\n", c.name.c_str (),
          !inside ? c.best : c.best - (&c == &all[6] || &c == &all[7]
              ? live_idle : idle), inside ? "" : "  (whole)");
  }
  std::printf ("live: %.4f %% of a core, with key %.4f %%\n",
      (all[6].best - live_idle) / (10.0 * seconds),
      (all[7].best - live_idle) / (10.0 * seconds));
  std::printf ("statistics against a plain pass: %.2f times\n",
      all[11].best / all[10].best);
  return 0;
}
