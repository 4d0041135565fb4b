/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Beat times: on the beat and not between, through breaks and changes of
 * pace, and none where nothing is heard. */

#include "beats.hpp"

#include <glib.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

using namespace genaudio::bpm;

namespace {

constexpr int rate = 22050;

struct Track
{
  std::vector<float> samples;
  std::uint32_t random = 1;

  explicit Track (double seconds) : samples ((std::size_t) (rate * seconds)) {}

  void add (double at, double hz, double decay, double level, double noise)
  {
    const std::size_t begin = (std::size_t) std::llround (at * rate);
    for (std::size_t i = 0; i < rate && begin + i < samples.size (); i++) {
      const double t = (double) i / rate;
      random = random * 1664525 + 1013904223;
      samples[begin + i] += (float) (level * std::exp (-decay * t)
          * ((1 - noise) * std::sin (2 * G_PI * hz * t)
              + noise * (std::int32_t) random / 2147483648.0));
    }
  }

  void kick (double at) { add (at, 60, 15, 0.7, 0); }
  void snare (double at) { add (at, 200, 30, 0.4, 0.7); }
  void hat (double at) { add (at, 3000, 100, 0.25, 0.95); }
};

Beats
find (const Track &track, double bpm)
{
  BeatTracker tracker (rate, 3600);
  tracker.push (track.samples.data (), track.samples.size ());
  return tracker.history ().find (bpm);
}

double
distance (const std::vector<double> &places, double at)
{
  double nearest = 1e9;
  for (double place : places)
    nearest = std::min (nearest, std::abs (place - at));
  return nearest;
}

/* All but a few found beats are true ones, and the other way round. */
void
assert_same (const std::vector<double> &found, const std::vector<double> &truth,
    double tolerance)
{
  std::size_t wrong = 0, missed = 0;

  for (double at : found)
    wrong += distance (truth, at) > tolerance;
  for (double at : truth)
    missed += distance (found, at) > tolerance;
  g_assert_cmpuint (wrong, <=, found.size () / 50);
  g_assert_cmpuint (missed, <=, truth.size () / 25);
}

} // namespace

/* The loudest high sounds are off the beat. */
static void
test_hats_between (void)
{
  for (double bpm : { 90.0, 120.0, 134.0, 170.0 }) {
    Track track (30);
    std::vector<double> truth;
    for (int i = 0; i * 60 / bpm < 29.5; i++) {
      const double at = 0.2 + i * 60 / bpm;
      truth.push_back (at);
      track.kick (at);
      track.hat (at + 30 / bpm);
      if (i % 2 == 1)
        track.snare (at);
    }
    const Beats beats = find (track, bpm);
    assert_same (beats.times, truth, 0.015);
  }
}

static void
test_changing_pace (void)
{
  Track track (40);
  std::vector<double> truth;
  double at = 0.3;
  for (int i = 0; at < 39; i++) {
    truth.push_back (at);
    i % 2 ? track.snare (at) : track.kick (at);
    at += 0.5 * (1 + 0.03 * std::sin (i * 0.1));
  }
  assert_same (find (track, 120).times, truth, 0.03);
}

/* Sounds that aubio takes for no onset at all still have their beats. */
static void
test_noise_floor (void)
{
  Track track (40);
  std::vector<double> truth;
  for (int i = 0; i < 40; i++)
    track.add (i, 0, 0, 0.1, 1);
  for (int i = 0; i < 79; i++) {
    truth.push_back (0.2 + i * 0.5);
    track.add (truth.back (), 1000, 30, 0.5, 0);
  }
  assert_same (find (track, 120).times, truth, 0.01);
}

/* Nothing for four bars: the beats go on, and are right behind it. */
static void
test_break (void)
{
  Track track (40);
  std::vector<double> truth;
  for (int i = 0; i < 78; i++) {
    const double at = 0.3 + i * 0.5;
    truth.push_back (at);
    if (i < 32 || i >= 48)
      track.kick (at);
  }
  assert_same (find (track, 120).times, truth, 0.015);
}

static void
test_nothing_before_or_after (void)
{
  Track track (30);
  for (int i = 0; i < 20; i++)
    track.kick (10 + i * 0.5);
  const Beats beats = find (track, 120);
  g_assert_false (beats.times.empty ());
  g_assert_cmpfloat (beats.times.front (), >, 9.9);
  g_assert_cmpfloat (beats.times.back (), <, 19.7);
}

static void
test_nothing (void)
{
  Beats beats = find (Track (20), 120);
  g_assert_true (beats.times.empty ());
  g_assert_true (beats.downbeat < 0);
  beats = find (Track (0), 120);
  g_assert_true (beats.times.empty ());
  Track track (20);
  track.kick (3);
  beats = find (track, 0);
  g_assert_true (beats.times.empty ());
}

/* What is forgotten is forgotten, and times are still those of the whole. */
static void
test_memory (void)
{
  Track track (60);
  for (int i = 0; i < 119; i++)
    track.kick (0.25 + i * 0.5);
  BeatTracker tracker (rate, 10);
  tracker.push (track.samples.data (), track.samples.size ());
  const Beats beats = tracker.history ().find (120);
  g_assert_cmpuint (beats.times.size (), >=, 18);
  g_assert_cmpuint (beats.times.size (), <=, 21);
  for (double at : beats.times) {
    g_assert_cmpfloat (at, >, 49.5);
    g_assert_cmpfloat_with_epsilon (std::fmod (at, 0.5), 0.25, 0.015);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/beats/hats-between", test_hats_between);
  g_test_add_func ("/beats/changing-pace", test_changing_pace);
  g_test_add_func ("/beats/noise-floor", test_noise_floor);
  g_test_add_func ("/beats/break", test_break);
  g_test_add_func ("/beats/nothing-before-or-after", test_nothing_before_or_after);
  g_test_add_func ("/beats/nothing", test_nothing);
  g_test_add_func ("/beats/memory", test_memory);
  return g_test_run ();
}
