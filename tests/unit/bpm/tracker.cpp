/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What is published of a live stream: steady where the music is, and quick
 * where it is not. */

#include "analysis.hpp"
#include "tracker.hpp"

#include <glib.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

using namespace genaudio::bpm;

namespace {

constexpr int rate = 22050;

/* A drum loop whose hi-hats come four times a beat and once a beat in turns
 * of @turn seconds: the classic of an octave that is not decided. */
std::vector<float>
make_undecided (double bpm, double turn, int seconds)
{
  std::vector<float> samples (rate * seconds);
  std::uint32_t random = 1;
  const auto add = [&] (double at, double hz, double decay, double level,
      double noise) {
    const std::size_t begin = (std::size_t) (at * rate);
    for (std::size_t i = 0; i < rate * 6 / decay; i++) {
      if (begin + i >= samples.size ())
        return;
      const double t = (double) i / rate;
      random = random * 1664525 + 1013904223;
      samples[begin + i] += (float) (level * std::exp (-decay * t)
          * ((1 - noise) * std::sin (2 * G_PI * hz * t)
              + noise * (std::int32_t) random / 2147483648.0));
    }
  };

  for (int i = 0; i * 15 / bpm < seconds; i++) {
    const double at = i * 15 / bpm;
    const bool dense = std::fmod (at, 2 * turn) < turn;
    if (i % 8 == 0 || (!dense && i % 16 == 10))
      add (at, 60, 12, 0.7, 0);
    if (i % 8 == 4)
      add (at, 200, 25, 0.5, 0.7);
    if (i % 4 == 0 || dense)
      add (at, 3000, 100, 0.2, 0.9);
  }
  return samples;
}

/* How often the published tempo changes when the tracker is asked every
 * second. */
int
count_changes (const std::vector<float> &samples)
{
  AnalysisSettings settings;
  settings.memory_seconds = live_memory_seconds;
  Analysis analysis (SampleFormat::f32, 1, rate, settings);
  LiveTracker tracker;
  double last = 0;
  int changes = 0;

  for (std::size_t at = 0; at + rate <= samples.size (); at += rate) {
    analysis.process (&samples[at], rate);
    tracker.update_tempo (*analysis.front_end ()->tempo (), 40, 220, 1);
    if (!tracker.tempo ().valid)
      continue;
    if (last > 0 && std::abs (tracker.tempo ().bpm / last - 1) > 0.04)
      changes++;
    last = tracker.tempo ().bpm;
  }
  g_assert_cmpfloat (last, >, 0);
  return changes;
}

} // namespace

static void
test_octaves_do_not_flap (void)
{
  for (double bpm : { 80.0, 87.0, 95.0, 140.0, 172.0 })
    for (double turn : { 4.0, 8.0, 12.0 })
      g_assert_cmpint (count_changes (make_undecided (bpm, turn, 110)), <=, 2);
}

static void
test_nothing_to_say (void)
{
  AnalysisSettings settings;
  settings.memory_seconds = live_memory_seconds;
  Analysis analysis (SampleFormat::f32, 1, rate, settings);
  LiveTracker tracker;
  std::uint32_t random = 1;

  for (int second = 0; second < 60; second++) {
    std::vector<float> noise (rate);
    for (float &x : noise) {
      random = random * 1664525 + 1013904223;
      x = (float) ((std::int32_t) random / 4294967296.0);
    }
    analysis.process (noise.data (), noise.size ());
    tracker.update_tempo (*analysis.front_end ()->tempo (), 40, 220, 1);
    g_assert_false (tracker.tempo ().valid);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/tracker/octaves", test_octaves_do_not_flap);
  g_test_add_func ("/tracker/nothing", test_nothing_to_say);
  return g_test_run ();
}
