/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The stimuli of EBU Tech 3341 (2023) table 1, EBU Tech 3342 table 1 and
 * ITU-R BS.2217-2, made from their descriptions, at any rate. The levels of
 * BS.2217, which it does not print, are those of its files. Four of the 97
 * cases are recordings and cannot be made. */
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>
#include <string>
#include <vector>

namespace ebu {

constexpr double silent = -INFINITY;

enum class Layout { mono, stereo, five, five_one };

inline unsigned
channels_of (Layout layout)
{
  constexpr unsigned channels[] = {1, 2, 5, 6};
  return channels[static_cast<int> (layout)];
}

/* A sine, with a peak level for each channel. */
struct Segment
{
  double seconds;
  std::vector<double> levels;   /* dBFS; one for all, or one each */
  double hz = 1000.0;
  double rate_over = 0.0;       /* instead of @hz: the rate divided by this */
  double degrees = 0.0;
};

enum class What
{
  integrated,                   /* at the end */
  range,
  true_peak,
  max_momentary,
  max_shortterm,
  momentary,                    /* constant, from 1 s on */
  shortterm,                    /* constant, from 3 s on */
  max_momentary_each,           /* of each stretch of so many seconds */
  max_shortterm_each,
};

struct Expectation
{
  What what;
  double value;
  double below = 0.1, above = 0.1;      /* tolerance */
  double stretch = 0.0;                 /* seconds; there @value rises by 1 */
};

struct Case
{
  std::string id;
  Layout layout = Layout::stereo;
  std::vector<Segment> segments;
  std::vector<Expectation> expectations;
  double fade = 0.0;            /* s, at both ends */
  int burst_offset = -1;        /* 0..3: the burst of cases 20 to 23 */
  bool sweep = false;           /* as loud at every frequency */
  bool recording = false;
};

inline std::vector<Case>
cases ()
{
  std::vector<Case> all;
  const auto tone = [] (double seconds, double level, double hz = 1000.0) {
    return Segment{seconds, {level}, hz};
  };
  const auto rest = [] (double seconds) {
    return Segment{seconds, {silent}};
  };
  const auto add = [&] (const std::string & id, std::vector<Segment> segments,
      std::vector<Expectation> expectations) -> Case & {
    Case c;
    c.id = id;
    c.segments = std::move (segments);
    c.expectations = std::move (expectations);
    all.push_back (std::move (c));
    return all.back ();
  };
  const auto repeat = [] (int times, std::vector<Segment> segments) {
    std::vector<Segment> result;
    for (int i = 0; i < times; i++)
      result.insert (result.end (), segments.begin (), segments.end ());
    return result;
  };
  using enum What;

  for (int i = 1; i <= 2; i++) {
    const double level = i == 1 ? -23.0 : -33.0;
    add ("3341-" + std::to_string (i), {tone (20.0, level)},
        {{momentary, level}, {shortterm, level}, {integrated, level}});
  }
  add ("3341-3", {tone (10, -36), tone (60, -23), tone (10, -36)},
      {{integrated, -23}});
  add ("3341-4", {tone (10, -72), tone (10, -36), tone (60, -23),
          tone (10, -36), tone (10, -72)}, {{integrated, -23}});
  add ("3341-5", {tone (20, -26), tone (20.1, -20), tone (20, -26)},
      {{integrated, -23}});
  add ("3341-6-5ch", {{20, {-28, -28, -24, -30, -30}}},
      {{integrated, -23}}).layout = Layout::five;
  add ("3341-6-6ch", {{20, {-28, -28, -24, silent, -30, -30}}},
      {{integrated, -23}}).layout = Layout::five_one;
  add ("3341-7", {}, {{integrated, -23}}).recording = true;
  add ("3341-8", {}, {{integrated, -23}}).recording = true;
  add ("3341-9", repeat (5, {tone (1.34, -20), tone (1.66, -30)}),
      {{shortterm, -23}});
  for (int i = 0; i < 20; i++)
    add ("3341-10-" + std::to_string (i + 1),
        {rest (i * 0.15), tone (3, -23), rest (1)}, {{max_shortterm, -23}});
  std::vector<Segment> steps;
  for (int i = 0; i < 20; i++) {
    steps.push_back (rest (i * 0.15));
    steps.push_back (tone (3, -38 + i));
    steps.push_back (rest (3 - i * 0.15));
  }
  add ("3341-11", steps, {{max_shortterm_each, -38, 0.1, 0.1, 6.0}});
  add ("3341-12", repeat (25, {tone (0.18, -20), tone (0.22, -30)}),
      {{momentary, -23}});
  for (int i = 0; i < 20; i++)
    add ("3341-13-" + std::to_string (i + 1),
        {rest (i * 0.02), tone (0.4, -23), rest (1)}, {{max_momentary, -23}});
  steps.clear ();
  for (int i = 0; i < 20; i++) {
    steps.push_back (rest (i * 0.02));
    steps.push_back (tone (0.4, -38 + i));
    steps.push_back (rest (0.4 - i * 0.02));
  }
  add ("3341-14", steps, {{max_momentary_each, -38, 0.1, 0.1, 0.8}});

  const double amplitudes[] = {0.5, 0.5, 0.5, 0.5, 1.41};
  const double dividers[] = {4, 4, 6, 8, 4};
  const double phases[] = {0, 45, 60, 67.5, 45};
  for (int i = 0; i < 5; i++)
    add ("3341-" + std::to_string (15 + i),
        {{1.0, {20.0 * std::log10 (amplitudes[i])}, 0.0, dividers[i], phases[i]}},
        {{true_peak, i < 4 ? -6.0 : 3.0, 0.4, 0.2}}).fade = 0.01;
  for (int i = 0; i < 4; i++)
    add ("3341-" + std::to_string (20 + i), {},
        {{true_peak, 0.0, 0.4, 0.2}}).burst_offset = i;

  add ("3342-1", {tone (20, -20), tone (20, -30)}, {{range, 10, 1, 1}});
  add ("3342-2", {tone (20, -20), tone (20, -15)}, {{range, 5, 1, 1}});
  add ("3342-3", {tone (20, -40), tone (20, -20)}, {{range, 20, 1, 1}});
  add ("3342-4", {tone (20, -50), tone (20, -35), tone (20, -20),
          tone (20, -35), tone (20, -50)}, {{range, 15, 1, 1}});
  add ("3342-5", {}, {{range, 5, 1, 1}}).recording = true;
  add ("3342-6", {}, {{range, 15, 1, 1}}).recording = true;

  const double hz[] = {25, 100, 500, 1000, 2000, 10000};
  const double levels[] = {-11.910, -21.169, -22.345, -23.000, -25.373, -26.344};
  const char *names[] = {"Left", "Right", "Centre", "LFE", "Ls", "Rs"};
  for (int below = 1; below >= 0; below--) {
    const std::string set = below == 1 ? "2217-24-" : "2217-23-";
    for (int i = 0; i < 6; i++)
      add (set + std::to_string (static_cast<int> (hz[i])) + "Hz",
          {tone (29, levels[i] - below, hz[i])}, {{integrated, -23.0 - below}});
  }
  for (int below = 1; below >= 0; below--) {
    const std::string set = below == 1 ? "2217-24-" : "2217-23-";
    for (int i = 0; i < 6; i++) {
      std::vector<double> one (6, silent);
      one[i] = (i < 3 ? -19.9895 : i == 3 ? -18.159 : -21.482) - below;
      add (set + "ChannelCheck" + names[i],
          {{29, one, i == 3 ? 100.0 : 1000.0}},
          {{integrated, i == 3 ? silent : -23.0 - below}}).layout =
          Layout::five_one;
    }
  }
  add ("2217-RelGate", {rest (0.5), tone (0.9, -19.9), tone (1.3, -7.1),
          tone (0.8, -19.9), rest (0.5)}, {{integrated, -10}});
  add ("2217-AbsGate", {tone (0.8, -89.15), tone (0.5, -69.473),
          tone (0.5, -89.15), tone (0.5, -69.473), tone (0.5, -89.15),
          tone (0.5, -69.473), tone (0.7, -89.15)}, {{integrated, -69.5}});
  Case & sweep = add ("2217-like-FrequencySweep", {},
      {{integrated, -18}, {momentary, -18}});
  sweep.sweep = true;
  sweep.layout = Layout::mono;
  for (int below = 1; below >= 0; below--) {
    const double front = -26.9794 - below, surround = -28.4716 - below;
    add (below == 1 ? "2217-like-SummingTest-24" : "2217-like-SummingTest-23",
        {{10, {front, front, front, -10, surround, surround}}},
        {{integrated, -23.0 - below}}).layout = Layout::five_one;
  }
  return all;
}

/* Gain of the K-weighting at @hz, from its digital form at 48 kHz as printed
 * in BS.1770, and so nobody's implementation of it. */
inline double
k_gain (double hz)
{
  const std::complex<double> z =
      std::polar (1.0, -2.0 * std::numbers::pi * hz / 48000.0);
  const auto shelf = (1.53512485958697 - 2.69169618940638 * z
      + 1.19839281085285 * z * z)
      / (1.0 - 1.69065929318241 * z + 0.73248077421585 * z * z);
  const auto high_pass = (1.0 - 2.0 * z + z * z)
      / (1.0 - 1.99004745483398 * z + 0.99007225036621 * z * z);

  return std::abs (shelf * high_pass);
}

inline void
fade (std::vector<float> & samples, unsigned channels, std::size_t n)
{
  const std::size_t frames = samples.size () / channels;

  for (std::size_t i = 0; i < n; i++) {
    const float gain = static_cast<float> (i) / static_cast<float> (n);
    for (unsigned c = 0; c < channels; c++) {
      samples[i * channels + c] *= gain;
      samples[(frames - 1 - i) * channels + c] *= gain;
    }
  }
}

/* Cases 20 to 23: a tone of a sixth of the rate in which a single period, of
 * a quarter of it, is twice as high; made at four times the rate, band
 * limited, and every fourth sample taken from one of four on. */
inline std::vector<float>
render_burst (unsigned rate, int offset)
{
  constexpr double pi = std::numbers::pi;
  constexpr int taps = 257;
  const double base = std::pow (10.0, -6.0 / 20.0);
  const std::size_t pre = static_cast<std::size_t> (1.5 * 4 * rate / 24) * 24;
  const std::size_t post = static_cast<std::size_t> (1.7 * 4 * rate / 24) * 24;
  std::vector<double> fine;

  for (std::size_t i = 0; i < pre; i++)
    fine.push_back (base * std::sin (2.0 * pi * static_cast<double> (i % 24) / 24.0));
  for (int i = 0; i < 16; i++)
    fine.push_back (std::sin (2.0 * pi * i / 16.0));
  for (std::size_t i = 0; i < post; i++)
    fine.push_back (base * std::sin (2.0 * pi * static_cast<double> (i % 24) / 24.0));
  const std::size_t n = 4 * rate / 10;
  for (std::size_t i = 0; i < n; i++) {
    const double gain = static_cast<double> (i) / static_cast<double> (n);
    fine[i] *= gain;
    fine[fine.size () - 1 - i] *= gain;
  }

  std::array<double, taps> h;
  double sum = 0.0;
  for (int k = 0; k < taps; k++) {
    const double t = k - (taps - 1) / 2;
    const double x = 2.0 * t / (taps - 1);
    const double sinc = t == 0.0 ? 1.0
        : std::sin (pi * t / 4.0) / (pi * t / 4.0);
    h[k] = sinc * std::cyl_bessel_i (0.0, 8.0 * std::sqrt (std::max (0.0, 1.0 - x * x)));
    sum += h[k];
  }
  std::vector<float> samples;
  for (std::size_t at = offset; at < fine.size (); at += 4) {
    double y = 0.0;
    for (int k = 0; k < taps; k++) {
      const std::ptrdiff_t i = static_cast<std::ptrdiff_t> (at) + (taps - 1) / 2 - k;
      if (i >= 0 && i < static_cast<std::ptrdiff_t> (fine.size ()))
        y += h[k] / sum * fine[i];
    }
    samples.push_back (static_cast<float> (y));
    samples.push_back (static_cast<float> (y));
  }
  return samples;
}

/* 20 Hz to 20 kHz in 30 s, softer where the K-weighting is louder. */
inline std::vector<float>
render_sweep (unsigned rate)
{
  constexpr double from = 20.0, seconds = 30.0;
  const double to = std::min (20000.0, 0.45 * rate);
  const double growth = std::log (to / from) / seconds;
  const double level = std::sqrt (2.0) * std::pow (10.0, (-18.0 + 0.691) / 20.0);
  std::vector<float> samples (static_cast<std::size_t> (seconds * rate));

  for (std::size_t i = 0; i < samples.size (); i++) {
    const double t = static_cast<double> (i) / rate;
    const double hz = from * std::exp (growth * t);
    const double phase =
        2.0 * std::numbers::pi * from * (std::exp (growth * t) - 1.0) / growth;
    samples[i] = static_cast<float> (level / k_gain (hz) * std::sin (phase));
  }
  return samples;
}

/* Interleaved. */
inline std::vector<float>
render (const Case & c, unsigned rate)
{
  const unsigned channels = channels_of (c.layout);
  std::vector<float> samples;
  double end = 0.0;

  if (c.burst_offset >= 0)
    return render_burst (rate, c.burst_offset);
  if (c.sweep)
    return render_sweep (rate);
  for (const Segment & s : c.segments) {
    end += s.seconds;
    const std::size_t frames = static_cast<std::size_t> (std::llround (end * rate))
        - samples.size () / channels;
    std::vector<double> amplitudes;
    for (unsigned k = 0; k < channels; k++)
      amplitudes.push_back (std::pow (10.0,
              s.levels[s.levels.size () == 1 ? 0 : k] / 20.0));
    const double hz = s.rate_over > 0.0 ? rate / s.rate_over : s.hz;
    /* a pointer that turns; set anew now and then, for it drifts */
    const std::complex<double> turn =
        std::polar (1.0, 2.0 * std::numbers::pi * hz / rate);
    std::complex<double> at;
    std::size_t out = samples.size ();
    samples.resize (out + frames * channels);
    for (std::size_t i = 0; i < frames; i++) {
      if (i % 1024 == 0)
        at = std::polar (1.0, std::fmod (hz / rate * static_cast<double> (i), 1.0)
            * 2.0 * std::numbers::pi + s.degrees * std::numbers::pi / 180.0);
      for (unsigned k = 0; k < channels; k++)
        samples[out++] = static_cast<float> (amplitudes[k] * at.imag ());
      at = {at.real () * turn.real () - at.imag () * turn.imag (),
        at.real () * turn.imag () + at.imag () * turn.real ()};
    }
  }
  fade (samples, channels, static_cast<std::size_t> (c.fade * rate));
  return samples;
}

}
