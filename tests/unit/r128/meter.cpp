/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The offline meter against libebur128, every kernel against the others. */

#include <ebur128.h>
#include <glib.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>
#include <random>
#include <vector>

#include "offlinemeter.hpp"

using namespace genaudio::r128;

namespace {

constexpr double lu = 1e-3;

/* Noise and tones whose level wanders over some 40 dB, other in each channel,
 * with peaks between the samples. */
template <typename T>
std::vector<T>
make_programme (unsigned rate, unsigned channels, double seconds)
{
  const std::size_t frames = static_cast<std::size_t> (rate * seconds);
  std::vector<T> samples (frames * channels);
  std::minstd_rand random (rate + channels);
  constexpr double scale = 0.8 / std::minstd_rand::max ();
  double tone[8][4], level[8] = {};

  for (unsigned c = 0; c < channels; c++) {
    for (unsigned i = 0; i < 4; i++)
      tone[c][i] = 0.5 * std::sin (0.5 * std::numbers::pi * i + 0.7 + c);
  }
  for (std::size_t i = 0; i < frames; i++) {
    for (unsigned c = 0; c < channels; c++) {
      if (i % 64 == 0)
        level[c] = std::pow (10.0, -1.0
            - std::cos (0.7 * static_cast<double> (i) / rate + c));
      const double noise = static_cast<double> (random ()) * scale - 0.4;
      samples[i * channels + c] =
          static_cast<T> (level[c] * (noise + tone[c][i % 4]));
    }
  }
  return samples;
}

struct Oracle
{
  double integrated, range, momentary, shortterm, true_peak, sample_peak;
};

int
add_frames (ebur128_state * state, const float *samples, std::size_t frames)
{
  return ebur128_add_frames_float (state, samples, frames);
}

int
add_frames (ebur128_state * state, const double *samples, std::size_t frames)
{
  return ebur128_add_frames_double (state, samples, frames);
}

/* Tech 3342 at 10 Hz from the readings of libebur128, which itself hops a
 * second only. */
double
find_range (std::vector<double> loudness)
{
  double sum = 0.0;

  std::erase_if (loudness, [] (double l) { return !(l >= -70.0); });
  if (loudness.empty ())
    return 0.0;
  for (const double l : loudness)
    sum += std::pow (10.0, l / 10.0);
  const double gate =
      10.0 * std::log10 (sum / static_cast<double> (loudness.size ())) - 20.0;
  std::erase_if (loudness, [gate] (double l) { return l < gate; });
  std::sort (loudness.begin (), loudness.end ());
  const double last = static_cast<double> (loudness.size () - 1);
  return loudness[static_cast<std::size_t> (last * 0.95 + 0.5)]
      - loudness[static_cast<std::size_t> (last * 0.1 + 0.5)];
}

template <typename T>
Oracle
ask_libebur128 (const std::vector<T> & samples, const Format & format,
    const std::vector<int> & map)
{
  ebur128_state *state = ebur128_init (format.channels, format.rate,
      EBUR128_MODE_I | EBUR128_MODE_S | EBUR128_MODE_TRUE_PEAK);
  const std::size_t frames = samples.size () / format.channels;
  Oracle oracle = {0, 0, -INFINITY, -INFINITY, 0, 0};

  for (unsigned c = 0; c < format.channels; c++)
    ebur128_set_channel (state, c, map[c]);
  /* as fine as Tech 3341 case 13 needs it */
  const Grid grid (format.rate);
  std::vector<double> shortterms;
  for (std::uint64_t i = 0; grid.start (i) < frames; i++) {
    const std::size_t n =
        std::min<std::size_t> (grid.length (i), frames - grid.start (i));
    add_frames (state, samples.data () + grid.start (i) * format.channels, n);
    double value;
    ebur128_loudness_momentary (state, &value);
    if (n == grid.length (i) && i >= 19)
      oracle.momentary = std::max (oracle.momentary, value);
    ebur128_loudness_shortterm (state, &value);
    if (n == grid.length (i) && i >= 149) {
      oracle.shortterm = std::max (oracle.shortterm, value);
      if (i % Grid::subblocks == Grid::subblocks - 1)
        shortterms.push_back (value);
    }
  }
  ebur128_loudness_global (state, &oracle.integrated);
  oracle.range = find_range (shortterms);
  for (unsigned c = 0; c < format.channels; c++) {
    double peak;
    ebur128_true_peak (state, c, &peak);
    oracle.true_peak = std::max (oracle.true_peak, peak);
    ebur128_sample_peak (state, c, &peak);
    oracle.sample_peak = std::max (oracle.sample_peak, peak);
  }
  ebur128_destroy (&state);
  return oracle;
}

template <typename T>
void
compare (unsigned rate, const std::vector<Speaker> & speakers,
    const std::vector<int> & map, double seconds, bool same_peak = true)
{
  const unsigned channels = static_cast<unsigned> (speakers.size ());
  const Format format = {rate, channels, sizeof (T) == sizeof (double),
      channel_weights (speakers, map[0] == EBUR128_DUAL_MONO)};
  const std::vector<T> samples = make_programme<T> (rate, channels, seconds);
  const Oracle oracle = ask_libebur128 (samples, format, map);

  for (const Kernels *kernels : all_kernels ()) {
    if (!kernels->supported ())
      continue;
    OfflineMeter meter (format, *kernels);
    meter.add (samples.data (), samples.size () / channels);
    meter.finish ();
    const Loudness l = meter.loudness ();
    g_test_message ("%s %u Hz %u ch: %.6f LUFS, libebur128 %.6f",
        kernels->name, rate, channels, l.integrated, oracle.integrated);
    g_assert_cmpfloat_with_epsilon (l.integrated, oracle.integrated, lu);
    g_assert_cmpfloat_with_epsilon (l.max_momentary, oracle.momentary, lu);
    g_assert_cmpfloat_with_epsilon (l.max_shortterm, oracle.shortterm, lu);
    g_assert_cmpfloat_with_epsilon (l.range, oracle.range, lu);
    g_assert_cmpfloat_with_epsilon (l.max_sample_peak,
        decibels (oracle.sample_peak), 1e-5);
    if (same_peak)
      g_assert_cmpfloat_with_epsilon (l.max_true_peak,
          decibels (oracle.true_peak), 1e-3);
    else
      g_assert_cmpfloat (l.max_true_peak, >=,
          decibels (oracle.true_peak) - 0.01);
  }
}

const std::vector<Speaker> stereo = {Speaker::front, Speaker::front};
const std::vector<int> stereo_map = {EBUR128_LEFT, EBUR128_RIGHT};

void
test_rates ()
{
  for (const unsigned rate : {8000, 11025, 16000, 22050, 32000, 44100, 48000,
          88200}) {
    compare<float> (rate, stereo, stereo_map, 8.34);
    if (rate == 32000 || rate == 44100)
      compare<double> (rate, stereo, stereo_map, 8.34);
  }
  /* from 96 kHz on libebur128 oversamples less */
  for (const unsigned rate : {96000, 176400, 192000})
    compare<float> (rate, stereo, stereo_map, 5.0, false);
}

void
test_layouts ()
{
  const std::vector<Speaker> five_one = {Speaker::front, Speaker::front,
      Speaker::front, Speaker::low_frequency, Speaker::rear, Speaker::rear};
  const std::vector<Speaker> seven_one = {Speaker::front, Speaker::front,
      Speaker::front, Speaker::low_frequency, Speaker::rear, Speaker::rear,
      Speaker::side, Speaker::side};

  compare<float> (48000, {Speaker::front}, {EBUR128_LEFT}, 8.0);
  compare<double> (44100, {Speaker::front}, {EBUR128_DUAL_MONO}, 8.0);
  compare<float> (48000, {Speaker::front, Speaker::front, Speaker::front},
      {EBUR128_LEFT, EBUR128_RIGHT, EBUR128_CENTER}, 8.0);
  compare<float> (48000, five_one, {EBUR128_LEFT, EBUR128_RIGHT,
          EBUR128_CENTER, EBUR128_UNUSED, EBUR128_LEFT_SURROUND,
          EBUR128_RIGHT_SURROUND}, 8.0);
  compare<double> (32000, seven_one, {EBUR128_LEFT, EBUR128_RIGHT,
          EBUR128_CENTER, EBUR128_UNUSED, EBUR128_Mp135, EBUR128_Mm135,
          EBUR128_Mp090, EBUR128_Mm090}, 8.0);
}

/* Instruction sets and sizes of pieces change nothing. */
void
test_invariance ()
{
  const Format format = {32000, 2, false, {1.0, 1.0}};
  const std::vector<float> samples = make_programme<float> (32000, 2, 21.7);
  const std::size_t frames = samples.size () / 2;
  double expected = 0.0;

  for (const Kernels *kernels : all_kernels ()) {
    if (!kernels->supported ())
      continue;
    for (const std::size_t piece : {frames, std::size_t{4801},
            std::size_t{64}}) {
      OfflineMeter meter (format, *kernels);
      for (std::size_t at = 0; at < frames; at += piece)
        meter.add (&samples[2 * at], std::min (piece, frames - at));
      meter.finish ();
      const Loudness l = meter.loudness ();
      if (expected == 0.0)
        expected = l.integrated;
      g_assert_cmpfloat_with_epsilon (l.integrated, expected, 1e-6);
    }
  }
}

/* Every instruction set reads the same, also where errors of rounding do not
 * cancel: tones of few samples a period, tones below the high pass, and quiet
 * sound on top of an offset or a rumble. */
void
test_precision ()
{
  struct
  {
    double tone, level, offset, noise;  /* Hz, linear */
  } const cases[] = {
    {-4.0, 0.5, 0.0, 0.0}, {-6.0, 0.9, 0.0, 0.0}, {-8.0, 0.25, 0.0, 0.0},
    {-3.0, 0.1, 0.0, 0.0}, {25.0, 0.9, 0.0, 0.0}, {60.0, 0.5, 0.0, 0.0},
    {1000.0, 0.03, 0.0, 0.0}, {0.0, 0.0, 0.9, 1e-3}, {5.0, 0.9, 0.0, 1e-3},
    {0.0, 0.0, 0.0, 1e-3},
  };

  for (const unsigned rate : {8000, 32000, 44100, 48000, 96000}) {
    const Format format = {rate, 1, false, {1.0}};
    for (const auto & c : cases) {
      /* a negative frequency is a share of the rate */
      const double hz = c.tone < 0.0 ? rate / -c.tone : c.tone;
      std::vector<float> samples (rate * 2);
      std::minstd_rand random (rate);
      constexpr double scale = 2.0 / std::minstd_rand::max ();
      for (std::size_t i = 0; i < samples.size (); i++)
        samples[i] = static_cast<float> (c.offset
            + c.level * std::sin (2.0 * std::numbers::pi * hz / rate
                * static_cast<double> (i) + 0.3)
            + c.noise * (static_cast<double> (random ()) * scale - 1.0));
      const Oracle oracle = ask_libebur128 (samples, format, {EBUR128_LEFT});
      double least = INFINITY, most = -INFINITY;
      for (const Kernels *kernels : all_kernels ()) {
        if (!kernels->supported ())
          continue;
        OfflineMeter meter (format, *kernels);
        meter.add (samples.data (), samples.size ());
        meter.finish ();
        least = std::min (least, meter.windows ().integrated ());
        most = std::max (most, meter.windows ().integrated ());
      }
      g_test_message ("%u Hz, tone %g: %.7f to %.7f LUFS, libebur128 %.7f",
          rate, hz, least, most, oracle.integrated);
      g_assert_cmpfloat (most - least, <=, 1e-6);
      g_assert_cmpfloat_with_epsilon (least, oracle.integrated, 1e-5);
    }
  }
}

/* What is not interpolated, for its samples or for how little they bend, could
 * not have raised the peak: found again by interpolating all of it. */
void
test_true_peak ()
{
  constexpr std::size_t frames = 30000;

  for (const unsigned rate : {48000, 96000, 192000}) {
    const Interpolator ip (rate);
    for (const double smooth : {0.0, 0.5, 0.9, 0.99}) {
      std::vector<float> samples (frames);
      std::minstd_rand random (rate);
      double x = 0.0;
      for (float & sample : samples) {
        const double noise = 2.0 * static_cast<double> (random ())
            / std::minstd_rand::max () - 1.0;
        x = smooth * x + (1.0 - smooth) * noise;
        sample = static_cast<float> (x);
      }
      double peak = 0.0;
      for (std::size_t i = 0; i < frames; i++) {
        peak = std::max (peak, std::fabs (static_cast<double> (samples[i])));
        for (unsigned p = 0; p < ip.phases; p++) {
          double y = 0.0;
          for (unsigned k = 0; k < ip.taps; k++) {
            const std::size_t from = i + k + 1;
            if (from >= ip.taps)
              y += static_cast<double> (ip.phase[p][k])
                  * samples[from - ip.taps];
          }
          peak = std::max (peak, std::fabs (y));
        }
      }
      for (const Kernels *kernels : all_kernels ()) {
        if (!kernels->supported ())
          continue;
        TruePeakMeter meter (rate, 1, *kernels);
        for (std::size_t at = 0; at < frames; at += 7919)
          meter.add (&samples[at], std::min<std::size_t> (7919, frames - at));
        g_assert_cmpfloat_with_epsilon (meter.true_peaks ()[0] / peak, 1.0,
            1e-6);
      }
    }
  }
}

/* Shorter than a gating block, than a sub-block, than anything. */
void
test_short_items ()
{
  const Format format = {48000, 2, false, {1.0, 1.0}};

  for (const std::size_t frames : {0, 1, 959, 960, 961, 4800, 19199}) {
    std::vector<float> samples (frames * 2, 0.5f);
    OfflineMeter meter (format);
    meter.add (samples.data (), frames);
    meter.finish ();
    const Loudness l = meter.loudness ();
    g_assert_true (std::isinf (l.integrated));
    g_assert_true (std::isnan (l.max_momentary));
    g_assert_true (std::isnan (l.range));
    g_assert_true (std::isfinite (meter.ungated_loudness ()) == (frames > 0));
  }
  /* 400 ms exactly is a block */
  std::vector<float> samples (19200 * 2);
  for (std::size_t i = 0; i < 19200; i++)
    samples[2 * i] = samples[2 * i + 1] = static_cast<float> (
        0.1 * std::sin (2.0 * std::numbers::pi * 1000.0 / 48000.0 * i));
  OfflineMeter meter (format);
  meter.add (samples.data (), 19200);
  meter.finish ();
  g_assert_cmpfloat_with_epsilon (meter.loudness ().integrated, -20.0, 0.1);
  g_assert_cmpfloat_with_epsilon (meter.ungated_loudness (),
      meter.loudness ().integrated, 1e-6);
}

void
test_silence ()
{
  const Format format = {48000, 2, false, {1.0, 1.0}};
  std::vector<float> samples (48000 * 2 * 5);
  OfflineMeter meter (format);
  meter.add (samples.data (), samples.size () / 2);
  meter.finish ();
  const Loudness l = meter.loudness ();
  g_assert_true (std::isinf (l.integrated) && std::isinf (l.max_momentary)
      && std::isinf (l.max_shortterm) && std::isinf (l.max_true_peak));
}

void
test_unusable ()
{
  for (const Kernels *kernels : all_kernels ()) {
    if (!kernels->supported ())
      continue;
    for (const std::size_t n : {1, 15, 64, 1000}) {
      std::vector<float> f (n, -5e14f);
      std::vector<double> d (n, -5e14);
      g_assert_true (kernels->all_usable (f.data (), n));
      g_assert_true (kernels->all_usable (d.data (), n));
      for (const double bad : {NAN, -NAN, INFINITY, -INFINITY, 2e15f,
              -2e15f}) {
        f[n / 2] = static_cast<float> (bad);
        d[n / 2] = bad;
        g_assert_false (kernels->all_usable (f.data (), n));
        g_assert_false (kernels->all_usable (d.data (), n));
      }
    }
  }
}

void
test_weights ()
{
  using enum Speaker;
  const std::vector<Speaker> quad = {front, front, rear, rear};
  const std::vector<Speaker> both = {front, front, rear, rear, side, side};

  g_assert_true (channel_weights (quad, false)
      == (std::vector<double>{1.0, 1.0, 1.41, 1.41}));
  g_assert_true (channel_weights (both, false)
      == (std::vector<double>{1.0, 1.0, 1.0, 1.0, 1.41, 1.41}));
  g_assert_true (channel_weights (std::vector{unpositioned}, true)
      == std::vector<double>{2.0});
  g_assert_true (channel_weights (std::vector{low_frequency, rear_centre,
          elevated, wide}, true)
      == (std::vector<double>{0.0, 1.0, 1.0, 1.41}));
}

}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/r128/meter/rates", test_rates);
  g_test_add_func ("/r128/meter/layouts", test_layouts);
  g_test_add_func ("/r128/meter/invariance", test_invariance);
  g_test_add_func ("/r128/meter/precision", test_precision);
  g_test_add_func ("/r128/meter/true-peak", test_true_peak);
  g_test_add_func ("/r128/meter/short-items", test_short_items);
  g_test_add_func ("/r128/meter/silence", test_silence);
  g_test_add_func ("/r128/meter/unusable", test_unusable);
  g_test_add_func ("/r128/meter/weights", test_weights);
  return g_test_run ();
}
