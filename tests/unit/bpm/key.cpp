/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Key: all 24, at every rate, in and out of tune, under drums; windows; and
 * what has no key. */

#include "frontend.hpp"

#include <glib.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace genaudio::bpm;

namespace {

using Samples = std::vector<float>;

void
add_note (Samples &samples, double rate, double at, double seconds, int note, double level,
    double a4)
{
  const double hz = a4 * std::exp2 ((note - 69) / 12.0);
  const auto begin = static_cast<std::size_t> (at * rate);
  const auto n = static_cast<std::size_t> (seconds * rate);

  for (int h = 1; h <= 6 && h * hz < rate / 2; h++) {
    const std::complex<double> turn = std::polar (std::exp (-1.5 / rate), 2 * G_PI * h * hz / rate);
    std::complex<double> wave (level / h, 0);
    for (std::size_t i = 0; i < n && begin + i < samples.size (); i++) {
      samples[begin + i] += static_cast<float> (std::min (1.0, i / (.005 * rate)) * wave.imag ());
      wave *= turn;
    }
  }
}

/* I IV V I, or i iv V i, with its bass and a melody of the chords' notes. */
Samples
cadences (int tonic, bool minor, double rate, double seconds, double a4 = 440)
{
  struct Chord { int root, third; };
  const Chord major_chords[] = { { 0, 4 }, { 5, 4 }, { 7, 4 }, { 0, 4 } };
  const Chord minor_chords[] = { { 0, 3 }, { 5, 3 }, { 7, 4 }, { 0, 3 } };
  const Chord *chords = minor ? minor_chords : major_chords;
  Samples samples (static_cast<std::size_t> (rate * seconds));

  for (int n = 0; n < seconds; n++) {
    const Chord chord = chords[n % 4];
    const int root = 48 + tonic + chord.root;
    add_note (samples, rate, n, 1, root - 12, .15, a4);
    for (int note : { root, root + chord.third, root + 7 })
      add_note (samples, rate, n, 1, note, .08, a4);
    add_note (samples, rate, n, .5, root + 12 + (n % 2 ? chord.third : 7), .08, a4);
    add_note (samples, rate, n + .5, .5, root + 12, .08, a4);
  }
  return samples;
}

Key
estimate (const Samples &samples, double rate, double window = 0)
{
  FrontEnd front (rate, false, true, 120);
  front.push (samples.data (), samples.size ());
  front.finish ();
  return front.key ()->estimate (window);
}

void
assert_key (const Key &key, int tonic, bool minor)
{
  g_assert_true (key.valid);
  g_assert_cmpint (key.best.tonic, ==, tonic);
  g_assert_cmpint (key.best.minor, ==, minor);
  g_assert_true (key.second.tonic != tonic || key.second.minor != minor);
  g_assert_cmpfloat (key.confidence, >=, 0);
  g_assert_cmpfloat (key.confidence, <=, 1);
}

void
test_all_24 (void)
{
  std::set<std::string> long_names, short_names;

  for (int minor = 0; minor < 2; minor++) {
    for (int tonic = 0; tonic < 12; tonic++) {
      const Key key = estimate (cadences (tonic, minor != 0, 22050, 16), 22050);
      assert_key (key, tonic, minor != 0);
      g_assert_cmpfloat_with_epsilon (key.tuning_hz, 440, 1);
      long_names.insert (key_long_name (key.best));
      short_names.insert (key_short_name (key.best));
    }
  }
  g_assert_cmpuint (long_names.size (), ==, 24);
  g_assert_cmpuint (short_names.size (), ==, 24);
  g_assert_cmpstr (key_long_name ({ 9, true }), ==, "A minor");
  g_assert_cmpstr (key_short_name ({ 9, true }), ==, "Am");
  g_assert_cmpstr (key_long_name ({ 6, false }), ==, "F# major");
  g_assert_cmpstr (key_short_name ({ 6, true }), ==, "F#m");
}

void
test_rates (void)
{
  for (double rate : { 8000., 11025., 16000., 22050., 32000., 44100., 48000., 96000., 192000. }) {
    assert_key (estimate (cadences (9, true, rate, 8), rate), 9, true);
    assert_key (estimate (cadences (6, false, rate, 8), rate), 6, false);
  }
}

void
test_tuning (void)
{
  for (double a4 : { 430., 435., 442., 450. }) {
    const Key key = estimate (cadences (2, false, 22050, 12, a4), 22050);
    assert_key (key, 2, false);
    g_assert_cmpfloat_with_epsilon (key.tuning_hz, a4, 1.5);
  }
}

void
test_drums (void)
{
  Samples samples = cadences (5, true, 22050, 16);
  std::mt19937 random (1);
  std::uniform_real_distribution<float> noise (-1, 1);

  for (std::size_t i = 0; i < samples.size (); i++) {
    const double in_beat = std::fmod (i / 22050., .5);
    samples[i] += static_cast<float> (.5 * std::exp (-40 * in_beat)) * noise (random)
        + static_cast<float> (.5 * std::exp (-20 * in_beat) * std::sin (2 * G_PI * 58 * in_beat));
  }
  assert_key (estimate (samples, 22050), 5, true);
}

void
test_loudness (void)
{
  for (float gain : { 1e-4f, 8192.f }) {
    Samples samples = cadences (10, false, 22050, 8);
    for (float &sample : samples)
      sample *= gain;
    assert_key (estimate (samples, 22050), 10, false);
  }
}

void
test_window (void)
{
  FrontEnd front (22050, false, true, 60);
  const Samples before = cadences (0, false, 22050, 30), after = cadences (6, false, 22050, 16);

  front.push (before.data (), before.size ());
  assert_key (front.key ()->estimate (10), 0, false);
  front.push (after.data (), after.size ());
  assert_key (front.key ()->estimate (10), 6, false);
  const KeyEstimator copy = *front.key ();
  front.reset ();
  g_assert_false (front.key ()->estimate ().valid);
  g_assert_cmpfloat (front.key ()->seconds (), ==, 0);
  assert_key (copy.estimate (10), 6, false);
}

void
test_memory (void)
{
  FrontEnd front (22050, false, true, 20);
  const Samples before = cadences (0, false, 22050, 60), after = cadences (6, false, 22050, 30);

  front.push (before.data (), before.size ());
  front.push (after.data (), after.size ());
  g_assert_cmpfloat (front.key ()->seconds (), <, 27);
  assert_key (front.key ()->estimate (), 6, false);
}

void
test_blocks (void)
{
  const Samples samples = cadences (3, true, 44100, 8);
  const Key whole = estimate (samples, 44100);

  assert_key (whole, 3, true);
  for (std::size_t block : { 1u, 4095u, 65536u }) {
    FrontEnd front (44100, false, true, 120);
    for (std::size_t at = 0; at < samples.size (); at += block)
      front.push (&samples[at], std::min (block, samples.size () - at));
    front.finish ();
    const Key key = front.key ()->estimate ();
    assert_key (key, 3, true);
    g_assert_cmpfloat (key.confidence, ==, whole.confidence);
    g_assert_cmpfloat (key.tuning_hz, ==, whole.tuning_hz);
  }
}

void
test_none (void)
{
  const float nan = std::numeric_limits<float>::quiet_NaN ();
  std::mt19937 random (2);
  std::normal_distribution<float> normal (0, .2f);
  Samples noise (22050 * 20);
  for (float &sample : noise)
    sample = normal (random);

  g_assert_false (estimate ({}, 44100).valid);
  g_assert_false (estimate (Samples (1, 1.f), 44100).valid);
  g_assert_false (estimate (Samples (44100 * 5, 0.f), 44100).valid);
  g_assert_false (estimate (Samples (44100 * 5, .5f), 44100).valid);
  g_assert_false (estimate (Samples (44100 * 5, nan), 44100).valid);
  g_assert_false (estimate (noise, 22050).valid);
}

/* One tone is no key. */
void
test_tone (void)
{
  for (double hz : { 110., 261.6, 440., 1000. }) {
    Samples tone (22050 * 10);
    for (std::size_t i = 0; i < tone.size (); i++)
      tone[i] = static_cast<float> (.5 * std::sin (2 * G_PI * hz * i / 22050));
    g_assert_false (estimate (tone, 22050).valid);
  }
}

/* Voices glide, and drums have no pitch that keeps to semitones. */
void
test_out_of_tune (void)
{
  std::mt19937 random (4);
  std::uniform_real_distribution<double> pitch (80, 260), pause (.1, .4);
  std::uniform_real_distribution<float> noise (-1, 1);
  Samples voice (22050 * 20), drums (22050 * 20);

  double phase = 0, at = 0, from = 120, to = 150, next = .3;
  for (std::size_t i = 0; i < voice.size (); i++) {
    const double t = i / 22050.;
    if (t >= next) {
      at = next;
      next += pause (random);
      from = to;
      to = pitch (random);
    }
    phase += 2 * G_PI * (from + (to - from) * (t - at) / (next - at)) / 22050;
    for (int h = 1; h <= 8; h++)
      voice[i] += static_cast<float> (.1 / h * std::sin (h * phase));
    const double in_beat = std::fmod (t, .25);
    drums[i] = static_cast<float> (.5 * std::exp (-30 * in_beat)) * noise (random);
  }
  g_assert_false (estimate (voice, 22050).valid);
  g_assert_false (estimate (drums, 22050).valid);
}

void
test_broken (void)
{
  Samples samples = cadences (7, false, 44100, 12);
  for (std::size_t i = 1000; i < samples.size (); i += 40013)
    samples[i] = i % 2 ? std::numeric_limits<float>::quiet_NaN ()
        : std::numeric_limits<float>::infinity ();
  assert_key (estimate (samples, 44100), 7, false);
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/key/all-24", test_all_24);
  g_test_add_func ("/key/rates", test_rates);
  g_test_add_func ("/key/tuning", test_tuning);
  g_test_add_func ("/key/drums", test_drums);
  g_test_add_func ("/key/loudness", test_loudness);
  g_test_add_func ("/key/window", test_window);
  g_test_add_func ("/key/memory", test_memory);
  g_test_add_func ("/key/blocks", test_blocks);
  g_test_add_func ("/key/none", test_none);
  g_test_add_func ("/key/tone", test_tone);
  g_test_add_func ("/key/out-of-tune", test_out_of_tune);
  g_test_add_func ("/key/broken", test_broken);
  return g_test_run ();
}
