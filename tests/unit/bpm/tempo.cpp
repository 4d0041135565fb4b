/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Tempo from the front end on: every tempo and rate, octaves of usual drum
 * patterns, the range that was asked for, changes, and what has no tempo. */

#include "frontend.hpp"

#include <glib.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <vector>

using namespace genaudio::bpm;

namespace {

constexpr double tolerance = .003;

using Samples = std::vector<float>;

/* Drums at a rate of one's choice. */
class Drums
{
public:
  Drums (double rate, double seconds)
      : samples (static_cast<std::size_t> (rate * seconds)), rate_ (rate)
  {
  }

  void kick (double at) { hit (at, 55, 18, .7, 0); }
  void snare (double at) { hit (at, 190, 25, .5, .7); }
  void hat (double at) { hit (at, 3000, 90, .15, .95); }
  void click (double at) { hit (at, 1000, 250, .8, 0); }

  Samples samples;

private:
  void hit (double at, double hz, double decay, double level, double noise)
  {
    const auto begin = static_cast<std::size_t> (std::llround (at * rate_));
    const auto n = static_cast<std::size_t> (rate_ * 6 / decay);
    for (std::size_t i = 0; i < n && begin + i < samples.size (); i++) {
      const double t = i / rate_;
      samples[begin + i] += static_cast<float> (level * std::exp (-decay * t)
          * ((1 - noise) * std::sin (2 * G_PI * hz * t) + noise * noise_ (random_)));
    }
  }

  double rate_;
  std::mt19937 random_ { 1 };
  std::uniform_real_distribution<double> noise_ { -1, 1 };
};

using Beat = std::function<void (Drums &, double, double, int)>;

Samples
play (const Beat &beat, double bpm, double rate, double seconds)
{
  Drums drums (rate, seconds);
  const double period = 60 / bpm;
  for (int n = 0; n * period < seconds; n++)
    beat (drums, n * period, period, n);
  return drums.samples;
}

void
clicks (Drums &drums, double at, double, int)
{
  drums.click (at);
}

/* four to the floor */
void
house (Drums &drums, double at, double period, int n)
{
  drums.kick (at);
  drums.hat (at + period / 2);
  if (n % 2 == 1)
    drums.snare (at);
}

void
rock (Drums &drums, double at, double period, int n)
{
  n % 2 == 0 ? drums.kick (at) : drums.snare (at);
  if (n % 4 == 2)
    drums.kick (at + period / 2);
  drums.hat (at);
  drums.hat (at + period / 2);
}

void
sixteenths (Drums &drums, double at, double period, int n)
{
  n % 2 == 0 ? drums.kick (at) : drums.snare (at);
  for (int i = 0; i < 4; i++)
    drums.hat (at + i * period / 4);
}

Tempo
estimate (const Samples &samples, double rate, double window = 0, double min_bpm = 40,
    double max_bpm = 220)
{
  FrontEnd front (rate, true, false, 120);
  front.push (samples.data (), samples.size ());
  front.finish ();
  return front.tempo ()->estimate (min_bpm, max_bpm, window);
}

void
assert_tempo (const Tempo &tempo, double bpm)
{
  g_assert_true (tempo.valid);
  g_assert_cmpfloat_with_epsilon (tempo.bpm, bpm, tolerance * bpm);
  g_assert_cmpfloat (tempo.confidence, >, 0);
  g_assert_cmpfloat (tempo.confidence, <=, 1);
}

void
test_clicks (void)
{
  for (int bpm = 60; bpm <= 200; bpm++)
    assert_tempo (estimate (play (clicks, bpm, 22050, 25), 22050), bpm);
}

void
test_patterns (void)
{
  for (int bpm = 70; bpm <= 190; bpm += 3)
    assert_tempo (estimate (play (house, bpm, 22050, 25), 22050), bpm);
  for (int bpm = 85; bpm <= 180; bpm += 5)
    assert_tempo (estimate (play (rock, bpm, 22050, 25), 22050), bpm);
  for (int bpm = 107; bpm <= 125; bpm += 3)
    assert_tempo (estimate (play (sixteenths, bpm, 22050, 25), 22050), bpm);
}

void
test_fractions (void)
{
  for (double bpm : { 87.35, 99.99, 120.4, 128.06, 173.3 })
    g_assert_cmpfloat_with_epsilon (estimate (play (house, bpm, 44100, 40), 44100).bpm, bpm,
        .0005 * bpm);
}

void
test_rates (void)
{
  for (double rate : { 8000., 11025., 12000., 16000., 22050., 24000., 32000., 44100., 48000.,
           88200., 96000., 176400., 192000. })
    for (double bpm : { 93., 128., 174. })
      assert_tempo (estimate (play (house, bpm, rate, 20), rate), bpm);
}

void
test_loudness (void)
{
  Samples samples = play (rock, 110, 44100, 20);
  const double loud = estimate (samples, 44100).bpm;
  for (float gain : { .05f, 4.f, 8192.f }) {
    Samples scaled = samples;
    for (float &sample : scaled)
      sample *= gain;
    assert_tempo (estimate (scaled, 44100), loud);
  }
}

void
test_range (void)
{
  const Samples samples = play (house, 128, 22050, 20);

  const Tempo tempo = estimate (samples, 22050);
  assert_tempo (tempo, 128);
  g_assert_cmpfloat_with_epsilon (tempo.alternative, 64, .2);

  assert_tempo (estimate (samples, 22050, 0, 50, 100), 64);
  assert_tempo (estimate (samples, 22050, 0, 200, 300), 256);
  /* outside the range there is no alternative */
  g_assert_cmpfloat (estimate (samples, 22050, 0, 100, 200).alternative, ==, 0);
  /* no octave of it lies here */
  g_assert_false (estimate (samples, 22050, 0, 70, 120).valid);
}

void
test_window (void)
{
  FrontEnd front (22050, true, false, 60);
  const Samples before = play (house, 100, 22050, 30), after = play (house, 140, 22050, 12);

  front.push (before.data (), before.size ());
  assert_tempo (front.tempo ()->estimate (40, 220, 12), 100);
  front.push (after.data (), after.size ());
  assert_tempo (front.tempo ()->estimate (40, 220, 10), 140);
  /* a copy is a snapshot */
  const TempoEstimator copy = *front.tempo ();
  front.reset ();
  g_assert_cmpfloat (front.tempo ()->seconds (), ==, 0);
  g_assert_false (front.tempo ()->estimate (40, 220).valid);
  assert_tempo (copy.estimate (40, 220, 10), 140);
  /* and after a reset the next item is alone */
  front.push (after.data (), after.size ());
  assert_tempo (front.tempo ()->estimate (40, 220), 140);
}

/* More than is remembered: the oldest goes, and what is kept is right. */
void
test_memory (void)
{
  FrontEnd front (22050, true, false, 20);
  const Samples before = play (house, 100, 22050, 60), after = play (house, 140, 22050, 40);

  front.push (before.data (), before.size ());
  front.push (after.data (), after.size ());
  g_assert_cmpfloat (front.tempo ()->seconds (), <, 27);
  assert_tempo (front.tempo ()->estimate (40, 220), 140);
}

void
test_blocks (void)
{
  const Samples samples = play (rock, 117, 44100, 12);
  const Tempo whole = estimate (samples, 44100);

  for (std::size_t block : { 1u, 7u, 441u, 4095u, 4097u, 65536u }) {
    FrontEnd front (44100, true, false, 120);
    for (std::size_t at = 0; at < samples.size (); at += block)
      front.push (&samples[at], std::min (block, samples.size () - at));
    front.finish ();
    const Tempo tempo = front.tempo ()->estimate (40, 220);
    g_assert_cmpfloat (tempo.bpm, ==, whole.bpm);
    g_assert_cmpfloat (tempo.confidence, ==, whole.confidence);
  }
}

void
assert_none (const Samples &samples, double rate)
{
  g_assert_false (estimate (samples, rate).valid);
}

void
test_nothing (void)
{
  assert_none ({}, 44100);
  assert_none (Samples (1, .5f), 44100);
  assert_none (Samples (44100, 0.f), 44100);
  assert_none (Samples (44100 * 30, 0.f), 44100);
  assert_none (Samples (44100 * 30, .7f), 44100);
}

void
test_noise (void)
{
  std::mt19937 random (3);
  std::normal_distribution<float> normal (0, .2f);
  Samples white (22050 * 30), brown (22050 * 30);
  float level = 0;
  for (std::size_t i = 0; i < white.size (); i++) {
    white[i] = normal (random);
    level = .995f * level + .1f * normal (random);
    brown[i] = level;
  }
  assert_none (white, 22050);
  assert_none (brown, 22050);
}

void
test_tones (void)
{
  for (double hz : { 50., 100., 440., 3000. }) {
    Samples tone (22050 * 20);
    for (std::size_t i = 0; i < tone.size (); i++)
      tone[i] = static_cast<float> (.5 * std::sin (2 * G_PI * hz * i / 22050));
    assert_none (tone, 22050);
  }
}

/* Bursts at random times, some as even as syllables. */
void
test_irregular (void)
{
  for (unsigned seed = 1; seed <= 6; seed++) {
    for (double shape : { 1., 4. }) {
      for (double a_second : { 1.5, 4. }) {
        std::mt19937 random (seed);
        std::gamma_distribution<double> pause (shape, 1 / (shape * a_second));
        Drums drums (22050, 45);
        for (double at = 0; at < 45; at += pause (random))
          random () % 2 ? drums.snare (at) : drums.hat (at);
        assert_none (drums.samples, 22050);
      }
    }
  }
}

/* Broken samples count as silence and spoil nothing. */
void
test_broken (void)
{
  const Samples clean = play (house, 122, 44100, 20);
  const float inf = std::numeric_limits<float>::infinity ();
  const float nan = std::numeric_limits<float>::quiet_NaN ();

  Samples broken = clean;
  for (std::size_t i = 1000; i < broken.size (); i += 20011)
    broken[i] = i % 2 ? nan : i % 4 ? inf : -3e38f;
  assert_tempo (estimate (broken, 44100), 122);

  broken.assign (44100 * 10, nan);
  assert_none (broken, 44100);
  broken.insert (broken.end (), clean.begin (), clean.end ());
  assert_tempo (estimate (broken, 44100, 15), 122);
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/tempo/clicks", test_clicks);
  g_test_add_func ("/tempo/patterns", test_patterns);
  g_test_add_func ("/tempo/fractions", test_fractions);
  g_test_add_func ("/tempo/rates", test_rates);
  g_test_add_func ("/tempo/loudness", test_loudness);
  g_test_add_func ("/tempo/range", test_range);
  g_test_add_func ("/tempo/window", test_window);
  g_test_add_func ("/tempo/memory", test_memory);
  g_test_add_func ("/tempo/blocks", test_blocks);
  g_test_add_func ("/tempo/nothing", test_nothing);
  g_test_add_func ("/tempo/noise", test_noise);
  g_test_add_func ("/tempo/tones", test_tones);
  g_test_add_func ("/tempo/irregular", test_irregular);
  g_test_add_func ("/tempo/broken", test_broken);
  return g_test_run ();
}
