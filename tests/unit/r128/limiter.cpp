/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The true-peak limiter. */

#include "limiter.hpp"
#include "signals.hpp"

#include <glib.h>

#include <algorithm>
#include <cmath>
#include <numbers>

using namespace genaudio::r128;
using signals::Audio;

namespace {

/* Through the limiter, some cells at a time; what comes out begins with the
 * first frame again. */
template <typename T = float>
Audio
limit (const Audio & in, double ceiling, std::size_t cells_at_a_time = 300)
{
  constexpr std::size_t cell = Limiter<T>::cell;
  Limiter<T> limiter (in.rate, in.channels, ceiling);
  std::vector<T> samples (in.samples.begin (), in.samples.end ());
  const std::size_t cells =
      (in.frames () + limiter.delay () + cell - 1) / cell;

  samples.resize (cells * cell * in.channels);
  for (std::size_t at = 0; at < cells; at += cells_at_a_time) {
    T *frames = samples.data () + at * cell * in.channels;
    limiter.process (frames, frames, std::min (cells_at_a_time, cells - at));
  }
  Audio out (in.rate, in.channels);
  const auto first = samples.begin ()
      + static_cast<std::ptrdiff_t> (limiter.delay () * in.channels);
  out.samples.assign (first,
      first + static_cast<std::ptrdiff_t> (in.samples.size ()));
  return out;
}

Audio
stress (unsigned rate, unsigned channels, int kind)
{
  Audio a (rate, channels, 3.0);
  std::mt19937 random (kind);
  std::uniform_real_distribution<double> noise (-1.0, 1.0);

  for (std::size_t i = 0; i < a.frames (); i++) {
    const double t = static_cast<double> (i) / rate;
    for (unsigned c = 0; c < channels; c++) {
      double v = 0.0;
      switch (kind) {
        case 0:                /* bursts between the samples */
          v = std::fmod (t, 0.2) < 0.03 ? 3.0 * std::sin (
              std::numbers::pi * (0.5 * static_cast<double> (i) + 0.25)) : 0.02;
          break;
        case 1:                /* noise that is all plus and minus */
          v = noise (random) < 0.0 ? -1.5 : 1.5;
          break;
        case 2:                /* clicks, another channel each time */
          v = i % 997 == 0 && i / 997 % channels == c ? -4.0 : 0.1;
          break;
        default:               /* 12 dB too loud, with pauses */
          v = std::fmod (t, 1.0) < 0.7 ? 4.0 * noise (random) : 0.0;
          break;
      }
      a.frame (i)[c] = static_cast<float> (v);
    }
  }
  return a;
}

void
test_ceiling (void)
{
  for (const unsigned rate : {8000u, 11025u, 32000u, 44100u, 48000u, 96000u, 192000u}) {
    for (const unsigned channels : {1u, 2u, 3u, 6u, 8u}) {
      if (channels > 2 && rate != 48000)
        continue;
      for (int kind = 0; kind < 4; kind++) {
        const Audio in = stress (rate, channels, kind);
        const double peak = signals::ask (limit (in, -1.5)).true_peak;
        g_test_message ("%u Hz, %u channels, kind %d: %.2f", rate, channels, kind,
            20.0 * std::log10 (peak));
        g_assert_cmpfloat (peak, <=, signals::linear (-1.5));
        /* and not far below, where libebur128 sees what we see */
        if (rate < 96000)
          g_assert_cmpfloat (peak, >=, signals::linear (-2.5));
      }
    }
  }
}

void
test_transparent (void)
{
  for (const unsigned channels : {1u, 2u, 5u}) {
    const Audio in = signals::programme (44100, channels, 2.0, -30.0);
    const Audio out = limit (in, -1.0);
    g_assert_true (in.samples == out.samples);
  }
}

void
test_any_size (void)
{
  for (const unsigned channels : {1u, 2u, 6u}) {
    const Audio in = stress (48000, channels, 3);
    const Audio out = limit (in, -1.0);
    for (const std::size_t cells : {1, 7, 100000})
      g_assert_true (limit (in, -1.0, cells).samples == out.samples);
  }
}

void
test_double (void)
{
  const Audio in = stress (48000, 2, 3);
  const Audio a = limit<float> (in, -1.0), b = limit<double> (in, -1.0);

  for (std::size_t i = 0; i < a.samples.size (); i++)
    g_assert_cmpfloat_with_epsilon (a.samples[i], b.samples[i], 1e-5);
}

/* Silence and quiet after something loud: the gain comes back, to the bit. */
void
test_release (void)
{
  Audio in = signals::sine (48000, 2, 1.0, 1000.0, 6.0);
  in.append (signals::sine (48000, 2, 30.0, 1000.0, -20.0));
  const Audio out = limit (in, -1.0);
  const std::size_t last = in.samples.size () - 4800;

  g_assert_true (std::equal (in.samples.begin () + last, in.samples.end (),
          out.samples.begin () + last));
  /* while the loud part is 7 dB lower, and even */
  Audio loud (48000, 2);
  loud.samples.assign (out.samples.begin () + 48000, out.samples.begin () + 86400);
  g_assert_cmpfloat_with_epsilon (20.0 * std::log10 (signals::ask (loud).sample_peak),
      -1.1, 0.05);
}

/* A tone that is too loud all the time stays a tone. */
void
test_distortion (void)
{
  for (const double hz : {40.0, 100.0, 1000.0}) {
    const Audio in = signals::sine (48000, 1, 3.0, hz, 5.0);
    const Audio out = limit (in, -1.0);
    double sine = 0.0, cosine = 0.0, all = 0.0;
    for (std::size_t i = 48000; i < 144000; i++) {
      const double x = 2.0 * std::numbers::pi * hz * static_cast<double> (i) / 48000.0;
      sine += out.samples[i] * std::sin (x);
      cosine += out.samples[i] * std::cos (x);
      all += out.samples[i] * out.samples[i];
    }
    const double tone = 2.0 * (sine * sine + cosine * cosine) / 96000.0;
    const double rest = std::sqrt (std::max (0.0, all - tone) / all);
    g_test_message ("%g Hz: %.4f %%", hz, 100.0 * rest);
    g_assert_cmpfloat (rest, <, 0.002);
  }
}

/* Both channels keep their balance. */
void
test_linked (void)
{
  Audio in = stress (48000, 2, 3);
  for (std::size_t i = 0; i < in.frames (); i++)
    in.frame (i)[1] = 0.25f * in.frame (i)[0];
  const Audio out = limit (in, -1.0);

  for (std::size_t i = 0; i < in.frames (); i++)
    g_assert_cmpfloat (out.frame (i)[1], ==, 0.25f * out.frame (i)[0]);
}

/* An infinite sample is the element's business, but a huge one is not to
 * leave the gain undefined. */
void
test_huge (void)
{
  Audio in = signals::programme (48000, 1, 3.0, -20.0);
  in.samples[4000] = 3e38f;
  const Audio out = limit (in, -1.0);

  for (const float sample : out.samples)
    g_assert_true (std::isfinite (sample));
}

void
test_flush (void)
{
  const Audio in = stress (48000, 2, 1);
  Limiter<float> limiter (48000, 2, -1.0);
  std::vector<float> out (in.samples.size ());

  limiter.process (in.samples.data (), out.data (), in.frames () / 16);
  limiter.flush ();
  const std::vector<float> zeros (48000);
  limiter.process (zeros.data (), out.data (), 1500);
  for (std::size_t i = 0; i < 48000; i++)
    g_assert_cmpfloat (out[i], ==, 0.0f);
}

void
test_no_ceiling (void)
{
  const Audio in = stress (48000, 2, 3);

  g_assert_true (limit (in, INFINITY).samples == in.samples);
}

}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/r128/limiter/ceiling", test_ceiling);
  g_test_add_func ("/r128/limiter/transparent", test_transparent);
  g_test_add_func ("/r128/limiter/any-size", test_any_size);
  g_test_add_func ("/r128/limiter/double", test_double);
  g_test_add_func ("/r128/limiter/release", test_release);
  g_test_add_func ("/r128/limiter/distortion", test_distortion);
  g_test_add_func ("/r128/limiter/linked", test_linked);
  g_test_add_func ("/r128/limiter/huge", test_huge);
  g_test_add_func ("/r128/limiter/flush", test_flush);
  g_test_add_func ("/r128/limiter/no-ceiling", test_no_ceiling);
  return g_test_run ();
}
