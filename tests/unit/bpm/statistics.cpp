/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Statistics against the plainest sums in double, for every format and number
 * of channels, whatever the sizes of blocks. */

#include "statistics.hpp"

#include <glib.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

using namespace genaudio::bpm;

namespace {

constexpr double tolerance = 1e-6;

struct Signal
{
  SampleFormat format;
  std::vector<unsigned char> bytes;
  std::vector<double> values;   /* what the bytes say, full scale 1.0 */
};

void
put_integer (Signal &signal, double x, int bits)
{
  const double scale = std::ldexp (1.0, bits - 1);
  const std::int64_t v = std::clamp<std::int64_t> (std::llrint (x * scale),
      (std::int64_t) -scale, (std::int64_t) scale - 1);
  const std::int32_t value = (std::int32_t) v;
  unsigned char bytes[4];

  std::memcpy (bytes, &value, 4);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  signal.bytes.insert (signal.bytes.end (), bytes, bytes + bits / 8);
#else
  signal.bytes.insert (signal.bytes.end (), bytes + 4 - bits / 8, bytes + 4);
#endif
  signal.values.push_back (value / scale);
}

template <typename Sample>
void
put_real (Signal &signal, double x)
{
  const Sample sample = (Sample) x;
  const unsigned char *bytes = reinterpret_cast<const unsigned char *> (&sample);

  signal.bytes.insert (signal.bytes.end (), bytes, bytes + sizeof sample);
  signal.values.push_back (sample);
}

void
put (Signal &signal, double x)
{
  switch (signal.format) {
    case SampleFormat::s16:
      put_integer (signal, x, 16);
      break;
    case SampleFormat::s24:
      put_integer (signal, x, 24);
      break;
    case SampleFormat::s32:
      put_integer (signal, x, 32);
      break;
    case SampleFormat::f32:
      put_real<float> (signal, x);
      break;
    case SampleFormat::f64:
      put_real<double> (signal, x);
      break;
  }
}

/* Noise with a level, an offset and now and then a peak of each channel's
 * own, between silences of @silence frames. */
Signal
make_signal (SampleFormat format, unsigned channels, std::size_t frames,
    std::size_t silence)
{
  Signal signal = { format, {}, {} };
  GRand *random = g_rand_new_with_seed (channels);

  for (std::size_t i = 0; i < frames; i++) {
    for (unsigned c = 0; c < channels; c++) {
      const bool silent = i < silence || i >= frames - silence;
      const double x = 0.02 * c - 0.03
          + (0.1 + 0.02 * c) * g_rand_double_range (random, -1, 1)
          + (i % 4999 == 17 * c ? 0.5 : 0);
      put (signal, silent ? 0 : x);
    }
  }
  g_rand_free (random);
  return signal;
}

StatisticsResult
measure (const Signal &signal, unsigned channels, std::size_t block)
{
  const std::size_t size = sample_size (signal.format);
  const std::size_t frames = signal.values.size () / channels;
  std::vector<float> samples (Statistics::max_block);
  Statistics statistics;

  statistics.reset (signal.format, channels);
  block = std::min (block, Statistics::max_block / channels);
  for (std::size_t i = 0; i < frames; i += block) {
    const std::size_t n = std::min (block, frames - i);
    const unsigned char *at = &signal.bytes[i * channels * size];
    samples_to_float (signal.format, at, n * channels, samples.data ());
    statistics.add_block (samples.data (), at, n);
  }
  return statistics.result ();
}

void
assert_near (double value, double reference)
{
  g_assert_cmpfloat_with_epsilon (value, reference,
      tolerance * std::max (1.0, std::abs (reference)));
}

void
compare (const Signal &signal, unsigned channels, const StatisticsResult &r)
{
  const std::size_t frames = signal.values.size () / channels;
  double all_squares = 0, all_peak = 0;

  g_assert_cmpuint (r.channels, ==, channels);
  g_assert_cmpuint (r.frames, ==, frames);
  for (unsigned c = 0; c < channels; c++) {
    double sum = 0, squares = 0, peak = 0;
    for (std::size_t i = c; i < signal.values.size (); i += channels) {
      const double x = signal.values[i];
      sum += x;
      squares += x * x;
      peak = std::max (peak, std::abs (x));
    }
    const double rms = std::sqrt (squares / frames);
    assert_near (r.channel[c].peak, peak);
    assert_near (r.channel[c].rms, rms);
    assert_near (r.channel[c].dc_offset, sum / frames);
    assert_near (r.channel[c].dynamic_range, 20 * std::log10 (peak / rms));
    all_squares += squares;
    all_peak = std::max (all_peak, peak);
  }
  const double rms = std::sqrt (all_squares / signal.values.size ());
  assert_near (r.overall.peak, all_peak);
  assert_near (r.overall.rms, rms);
  assert_near (r.overall.dynamic_range, 20 * std::log10 (all_peak / rms));
}

const SampleFormat formats[] = {
  SampleFormat::s16, SampleFormat::s24, SampleFormat::s32, SampleFormat::f32,
  SampleFormat::f64,
};

} // namespace

static void
test_reference (void)
{
  for (SampleFormat format : formats) {
    for (unsigned channels = 1; channels <= max_channels; channels++) {
      const Signal signal = make_signal (format, channels, 20011, 700);
      for (std::size_t block : { 1, 7, 441, 4096 }) {
        const StatisticsResult r = measure (signal, channels, block);
        compare (signal, channels, r);
        /* the first and last frames of noise are well above -60 dBFS */
        g_assert_cmpuint (r.leading, ==, 700);
        g_assert_cmpuint (r.trailing, ==, 700);
        g_assert_cmpuint (r.clipped, ==, 0);
      }
    }
  }
}

static void
test_long (void)
{
  /* three minutes of a small level beside a large offset: sums in float
   * would be far out */
  Signal signal = { SampleFormat::f32, {}, {} };
  for (std::size_t i = 0; i < 2 * 44100 * 60; i++)
    put (signal, 0.9 + 1e-3 * std::sin (i * 0.37));
  compare (signal, 2, measure (signal, 2, 2048));
}

static void
test_clipped (void)
{
  for (SampleFormat format : formats) {
    Signal signal = { format, {}, {} };
    for (double x : { 0.0, 1.0, 0.9999, -1.0, -0.9998, 0.5, 2.0, -3.0 })
      put (signal, x);
    const StatisticsResult r = measure (signal, 2, 4096);
    g_assert_cmpuint (r.clipped, ==, 4);
  }
  Signal near = { SampleFormat::s32, {}, {} };
  /* rounds to 1.0 as a float */
  put (near, 1 - 4 / 2147483648.0);
  g_assert_cmpuint (measure (near, 1, 4096).clipped, ==, 0);
}

static void
test_silence (void)
{
  for (double level : { 0.0, 0.0009 }) {
    Signal signal = { SampleFormat::f32, {}, {} };
    for (int i = 0; i < 2000; i++)
      put (signal, level);
    const StatisticsResult r = measure (signal, 2, 300);
    g_assert_cmpuint (r.leading, ==, 1000);
    g_assert_cmpuint (r.trailing, ==, 1000);
    assert_near (r.overall.dynamic_range, 0);
  }
  Statistics statistics;
  statistics.reset (SampleFormat::s16, 2);
  g_assert_cmpuint (statistics.result ().frames, ==, 0);
  g_assert_true (statistics.result ().overall.rms == 0);

  const float frame[] = { 0.5f, 0 };
  statistics.reset (SampleFormat::f32, 2);
  statistics.add_silence (1000);
  statistics.add_block (frame, frame, 1);
  statistics.add_silence (99);
  const StatisticsResult r = statistics.result ();
  g_assert_cmpuint (r.frames, ==, 1100);
  g_assert_cmpuint (r.leading, ==, 1000);
  g_assert_cmpuint (r.trailing, ==, 99);
  assert_near (r.channel[0].rms, 0.5 / std::sqrt (1100));
}

/* NaN and infinities count as zeros, and take nothing with them. */
static void
test_not_finite (void)
{
  const double bad[] = {
    std::numeric_limits<double>::quiet_NaN (),
    std::numeric_limits<double>::infinity (),
    -std::numeric_limits<double>::infinity (),
  };

  for (SampleFormat format : { SampleFormat::f32, SampleFormat::f64 }) {
    for (unsigned channels = 1; channels <= max_channels; channels++) {
      Signal clean = make_signal (format, channels, 5000, 0);
      Signal broken = clean;
      const std::size_t size = sample_size (format);
      for (std::size_t i = 0; i < clean.values.size (); i += 611) {
        const double x = bad[i % 3];
        const float f = (float) x;
        const void *from = format == SampleFormat::f32
            ? static_cast<const void *> (&f) : &x;
        const unsigned char zero[8] = { };
        std::memcpy (&broken.bytes[i * size], from, size);
        std::memcpy (&clean.bytes[i * size], zero, size);
        clean.values[i] = 0;
      }
      compare (clean, channels, measure (broken, channels, 4096));
    }
  }
}

/* What float holds but its square does not. */
static void
test_huge (void)
{
  Signal signal = { SampleFormat::f32, {}, {} };
  for (int i = 0; i < 1000; i++)
    put (signal, i % 2 ? 1e30 : -1e30);
  const StatisticsResult r = measure (signal, 1, 4096);
  g_assert_cmpfloat_with_epsilon (r.overall.rms / 1e30, 1, tolerance);
  g_assert_cmpfloat_with_epsilon (r.overall.peak / 1e30, 1, tolerance);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/statistics/reference", test_reference);
  g_test_add_func ("/statistics/long", test_long);
  g_test_add_func ("/statistics/clipped", test_clipped);
  g_test_add_func ("/statistics/silence", test_silence);
  g_test_add_func ("/statistics/not-finite", test_not_finite);
  g_test_add_func ("/statistics/huge", test_huge);
  return g_test_run ();
}
