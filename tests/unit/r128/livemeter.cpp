/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The meter of streams against libebur128. */

#include "livemeter.hpp"
#include "signals.hpp"

#include <glib.h>

using namespace genaudio::r128;
using signals::Audio;

namespace {

void
feed (LiveMeter & meter, const Audio & a, std::size_t at_a_time)
{
  for (std::size_t i = 0; i < a.frames (); i += at_a_time)
    meter.add (a.frame (i), std::min (at_a_time, a.frames () - i));
}

void
compare (const Audio & a, const std::vector<double> & weights,
    const std::vector<int> & map, std::size_t at_a_time)
{
  LiveMeter meter (a.rate, weights);
  feed (meter, a, at_a_time);
  const signals::Opinion o = signals::ask (a, map);
  const Loudness l = meter.summary ();

  g_assert_cmpfloat_with_epsilon (l.integrated, o.integrated, 1e-4);
  /* the stimuli end with a whole sub-block */
  g_assert_cmpfloat_with_epsilon (meter.loudness ().momentary (), o.momentary, 1e-4);
  g_assert_cmpfloat_with_epsilon (meter.loudness ().shortterm (), o.shortterm, 1e-4);
  g_assert_cmpfloat_with_epsilon (l.range, o.range, 0.5);
  g_assert_cmpfloat_with_epsilon (l.max_sample_peak, decibels (o.sample_peak), 1e-4);
  if (a.rate < 96000)
    g_assert_cmpfloat_with_epsilon (l.max_true_peak, decibels (o.true_peak), 1e-3);
  g_assert_cmpuint (meter.frames (), ==, a.frames ());
}

void
test_rates (void)
{
  for (const unsigned rate : {8000u, 16000u, 22050u, 32000u, 44100u, 48000u, 96000u, 192000u})
    compare (signals::programme (rate, 2, 12.0, -20.0), {1.0, 1.0}, {}, 1024);
}

void
test_channels (void)
{
  compare (signals::programme (48000, 1, 8.0, -20.0), {1.0}, {EBUR128_LEFT}, 512);
  compare (signals::programme (48000, 1, 8.0, -20.0), {2.0},
      {EBUR128_DUAL_MONO}, 512);
  compare (signals::programme (48000, 3, 8.0, -20.0), {1.0, 1.0, 1.0},
      {EBUR128_LEFT, EBUR128_RIGHT, EBUR128_CENTER}, 512);
  compare (signals::programme (48000, 6, 8.0, -20.0),
      {1.0, 1.0, 1.0, 0.0, 1.41, 1.41},
      {EBUR128_LEFT, EBUR128_RIGHT, EBUR128_CENTER, EBUR128_UNUSED,
      EBUR128_LEFT_SURROUND, EBUR128_RIGHT_SURROUND}, 512);
}

void
test_any_size (void)
{
  const Audio a = signals::programme (48000, 2, 6.0, -20.0);
  LiveMeter whole (48000, {1.0, 1.0});
  feed (whole, a, a.frames ());

  for (const std::size_t size : {1, 441, 960, 4801}) {
    LiveMeter parts (48000, {1.0, 1.0});
    feed (parts, a, size);
    g_assert_cmpfloat_with_epsilon (parts.summary ().integrated,
        whole.summary ().integrated, 1e-9);
    g_assert_cmpfloat (parts.summary ().max_true_peak, ==,
        whole.summary ().max_true_peak);
    g_assert_cmpfloat_with_epsilon (parts.summary ().max_momentary,
        whole.summary ().max_momentary, 1e-9);
  }
}

void
test_double (void)
{
  const Audio a = signals::programme (48000, 2, 6.0, -20.0);
  const std::vector<double> samples (a.samples.begin (), a.samples.end ());
  LiveMeter floats (48000, {1.0, 1.0}), doubles (48000, {1.0, 1.0});

  feed (floats, a, 480);
  doubles.add (samples.data (), a.frames ());
  g_assert_cmpfloat_with_epsilon (floats.summary ().integrated,
      doubles.summary ().integrated, 1e-9);
}

/* The energies it returns are those that it measures by. */
void
test_energy (void)
{
  const Audio a = signals::sine (48000, 2, 4.0, 997.0, -20.0);
  LiveMeter meter (48000, {1.0, 1.0});
  meter.add (a.frame (0), 48000);
  const double sum = meter.add (a.frame (48000), 48000);

  g_assert_cmpfloat_with_epsilon (energy_to_loudness (sum / 48000), -20.0, 0.02);
}

/* Half a minute of digital silence, then the same as before. */
void
test_silence (void)
{
  Audio a = signals::programme (48000, 2, 5.0, -20.0);
  const double before = signals::ask (a).integrated;
  a.append (signals::silence (48000, 2, 30.0));
  LiveMeter meter (48000, {1.0, 1.0});

  feed (meter, a, 1000);
  g_assert_true (std::isinf (meter.loudness ().momentary ()));
  g_assert_cmpfloat_with_epsilon (meter.summary ().integrated, before, 0.1);
  LiveMeter nothing (48000, {1.0, 1.0});
  feed (nothing, signals::silence (48000, 2, 5.0), 1000);
  g_assert_true (std::isinf (nothing.summary ().integrated));
  g_assert_true (std::isinf (nothing.summary ().max_true_peak));
}

void
test_clear (void)
{
  const Audio loud = signals::programme (48000, 2, 5.0, -10.0);
  const Audio quiet = signals::programme (48000, 2, 5.0, -40.0);
  LiveMeter meter (48000, {1.0, 1.0});

  feed (meter, loud, 1000);
  meter.clear ();
  feed (meter, quiet, 1000);
  g_assert_cmpuint (meter.frames (), ==, quiet.frames ());
  g_assert_cmpfloat_with_epsilon (meter.summary ().integrated,
      signals::ask (quiet).integrated, 0.01);

  /* M and S of what comes after a jump know nothing of what was before, and
   * the integrated loudness does */
  LiveMeter jumping (48000, {1.0, 1.0});
  feed (jumping, loud, 1000);
  jumping.clear_windows ();
  feed (jumping, quiet, 1000);
  g_assert_cmpfloat_with_epsilon (jumping.loudness ().shortterm (),
      signals::ask (quiet).shortterm, 0.01);
  g_assert_cmpfloat_with_epsilon (jumping.summary ().integrated,
      signals::ask (loud).integrated, 0.1);
}

}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/r128/livemeter/rates", test_rates);
  g_test_add_func ("/r128/livemeter/channels", test_channels);
  g_test_add_func ("/r128/livemeter/any-size", test_any_size);
  g_test_add_func ("/r128/livemeter/double", test_double);
  g_test_add_func ("/r128/livemeter/energy", test_energy);
  g_test_add_func ("/r128/livemeter/silence", test_silence);
  g_test_add_func ("/r128/livemeter/clear", test_clear);
  return g_test_run ();
}
