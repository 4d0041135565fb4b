/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Test signals and libebur128's opinion of them. */
#pragma once

#include <ebur128.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <random>
#include <vector>

namespace signals {

struct Audio
{
  unsigned rate, channels;
  std::vector<float> samples;

  Audio (unsigned rate, unsigned channels, double seconds = 0.0)
      : rate (rate), channels (channels),
      samples (static_cast<std::size_t> (rate * seconds) * channels)
  {
  }
  std::size_t frames () const { return samples.size () / channels; }
  const float *frame (std::size_t i) const { return samples.data () + i * channels; }
  float *frame (std::size_t i) { return samples.data () + i * channels; }

  void append (const Audio & other)
  {
    samples.insert (samples.end (), other.samples.begin (),
        other.samples.end ());
  }
};

inline double
linear (double decibels)
{
  return std::pow (10.0, decibels / 20.0);
}

/* A sine of @peak dBFS on all channels. */
inline Audio
sine (unsigned rate, unsigned channels, double seconds, double hz, double peak,
    double degrees = 0.0)
{
  Audio a (rate, channels, seconds);

  for (std::size_t i = 0; i < a.samples.size (); i++)
    a.samples[i] = static_cast<float> (linear (peak) * std::sin (2.0
            * std::numbers::pi * (hz * static_cast<double> (i / channels) / rate
                + degrees / 360.0)));
  return a;
}

/* Noise of @level dBFS RMS, another in each channel, that swells and fades
 * by some dB as music does. */
inline Audio
programme (unsigned rate, unsigned channels, double seconds, double level)
{
  Audio a (rate, channels, seconds);
  std::mt19937 random (rate + channels);
  std::normal_distribution<double> noise (0.0, linear (level));

  for (std::size_t i = 0; i < a.samples.size (); i++) {
    const double t = static_cast<double> (i / channels) / rate;
    a.samples[i] = static_cast<float> (noise (random)
        * linear (4.0 * std::sin (1.7 * t) + 3.0 * std::sin (0.43 * t)));
  }
  return a;
}

inline Audio
silence (unsigned rate, unsigned channels, double seconds)
{
  return Audio (rate, channels, seconds);
}

struct Opinion
{
  double integrated, momentary, shortterm, range;
  double true_peak, sample_peak;        /* linear, loudest channel */
};

/* @map: of libebur128's channels, or empty for its own idea. */
inline Opinion
ask (const Audio & a, const std::vector<int> & map = {})
{
  ebur128_state *state = ebur128_init (a.channels, a.rate,
      EBUR128_MODE_I | EBUR128_MODE_LRA | EBUR128_MODE_TRUE_PEAK);
  Opinion o = {};

  for (unsigned c = 0; c < map.size (); c++)
    ebur128_set_channel (state, c, map[c]);
  ebur128_add_frames_float (state, a.samples.data (), a.frames ());
  ebur128_loudness_global (state, &o.integrated);
  ebur128_loudness_momentary (state, &o.momentary);
  ebur128_loudness_shortterm (state, &o.shortterm);
  ebur128_loudness_range (state, &o.range);
  for (unsigned c = 0; c < a.channels; c++) {
    double peak;
    ebur128_true_peak (state, c, &peak);
    o.true_peak = std::max (o.true_peak, peak);
    ebur128_sample_peak (state, c, &peak);
    o.sample_peak = std::max (o.sample_peak, peak);
  }
  ebur128_destroy (&state);
  return o;
}

}
