/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What live and measure mode, and the limiter of offline mode, make of
 * audio. */

#include "signals.hpp"
#include "stage.hpp"

#include <glib.h>

#include <memory>
#include <random>

using namespace genaudio::r128;
using signals::Audio;

namespace {

Format
format_of (const Audio & a)
{
  return {a.rate, a.channels, false, std::vector<double> (a.channels, 1.0)};
}

/* What is still to come of an item and what came of it. */
struct Run
{
  Audio out;
  Report report;
  std::vector<Level> levels;
  std::size_t held = 0;         /* frames inside at most */
};

void
collect (Stage & stage, Run & run)
{
  const std::size_t ready = stage.available ();
  const std::size_t at = run.out.samples.size ();

  run.out.samples.resize (at + ready * run.out.channels);
  stage.render (run.out.samples.data () + at, ready);
  Level level;
  while (stage.pop_level (level)) {
    if (!stage.passthrough ())
      g_assert_cmpuint (level.position, <=, run.out.frames ());
    run.levels.push_back (level);
  }
}

template <typename Configure>
Run
run (Stage & stage, const Audio & in, std::size_t at_a_time, Configure configure)
{
  Run r = {Audio (in.rate, in.channels), {}, {}, 0};

  for (std::size_t i = 0; i < in.frames (); i += at_a_time) {
    configure (i);
    const std::size_t n = std::min (at_a_time, in.frames () - i);
    stage.write (in.frame (i), n);
    collect (stage, r);
    r.held = std::max (r.held, i + n - r.out.frames ());
  }
  stage.finish ();
  collect (stage, r);
  r.report = stage.report ();
  return r;
}

Run
normalise (const Audio & in, const Settings & settings = {},
    std::size_t at_a_time = 1024)
{
  const auto stage = make_live_stage (format_of (in), settings);

  return run (*stage, in, at_a_time, [] (std::size_t) {});
}

Audio
part (const Audio & a, double from, double to)
{
  Audio p (a.rate, a.channels);

  p.samples.assign (a.frame (static_cast<std::size_t> (from * a.rate)),
      a.frame (static_cast<std::size_t> (to * a.rate)));
  return p;
}

/* dB between two stretches of the same audio. */
double
gain_between (const Audio & in, const Audio & out, double from, double to)
{
  double a = 0.0, b = 0.0;

  for (const float s : part (in, from, to).samples)
    a += s * s;
  for (const float s : part (out, from, to).samples)
    b += s * s;
  return 10.0 * std::log10 (b / a);
}

void
test_target (void)
{
  for (const double level : {-40.0, -26.0, -12.0}) {
    const Audio in = signals::programme (48000, 2, 40.0, level);
    const Run r = normalise (in);
    g_assert_cmpuint (r.out.frames (), ==, in.frames ());
    g_assert_cmpfloat_with_epsilon (signals::ask (r.out).integrated, -16.0, 0.5);
    g_assert_cmpfloat (signals::ask (r.out).true_peak, <=, signals::linear (-1.0));
    g_assert_true (r.report.method == Method::live);
    g_assert_cmpfloat_with_epsilon (r.report.output.integrated,
        signals::ask (r.out).integrated, 1e-3);
    g_assert_cmpfloat_with_epsilon (r.report.input.integrated,
        signals::ask (in).integrated, 1e-3);
    g_assert_cmpfloat_with_epsilon (r.report.gain,
        -16.0 - r.report.input.integrated, 1.5);
  }
}

/* The same bits whatever the buffers. */
void
test_any_size (void)
{
  for (const unsigned rate : {48000u, 44100u, 11025u}) {
    Audio in = signals::programme (rate, 2, 7.0, -30.0);
    in.append (signals::silence (rate, 2, 1.0));
    in.append (signals::programme (rate, 2, 5.03, -10.0));
    const Run whole = normalise (in, {}, in.frames ());
    for (const std::size_t size : {1, 160, 4096, 4801}) {
      const Run r = normalise (in, {}, size);
      g_assert_true (r.out.samples == whole.out.samples);
      g_assert_cmpuint (r.levels.size (), ==, whole.levels.size ());
      for (std::size_t i = 0; i < r.levels.size (); i++) {
        g_assert_cmpuint (r.levels[i].position, ==, whole.levels[i].position);
        g_assert_true (r.levels[i].momentary == whole.levels[i].momentary);
        g_assert_true (r.levels[i].gain == whole.levels[i].gain);
      }
    }
  }
}

void
test_formats (void)
{
  for (const unsigned rate : {8000u, 16000u, 22050u, 96000u, 192000u}) {
    const Run r = normalise (signals::programme (rate, 1, 12.0, -30.0), {}, 4096);
    g_assert_cmpfloat_with_epsilon (r.report.output.integrated, -16.0, 1.5);
    g_assert_cmpuint (r.out.frames (), ==, rate * 12);
  }
  for (const unsigned channels : {1u, 3u, 8u}) {
    const Run r = normalise (signals::programme (48000, channels, 12.0, -35.0));
    g_assert_cmpfloat_with_epsilon (r.report.output.integrated, -16.0, 1.5);
  }

  /* the weights count: an LFE that shakes the house changes nothing but its
   * own peak */
  Audio in = signals::programme (48000, 6, 8.0, -30.0);
  Format format = {48000, 6, false, {1.0, 1.0, 1.0, 0.0, 1.41, 1.41}};
  const auto a = run (*make_live_stage (format, {}), in, 1024,
      [] (std::size_t) {});
  for (std::size_t i = 0; i < in.frames (); i++)
    in.frame (i)[3] = static_cast<float> (
        0.1 * std::sin (0.005 * static_cast<double> (i)));
  const auto b = run (*make_live_stage (format, {}), in, 1024,
      [] (std::size_t) {});
  g_assert_cmpfloat_with_epsilon (a.report.output.integrated,
      b.report.output.integrated, 0.05);
}

void
test_double (void)
{
  const Audio in = signals::programme (48000, 2, 8.0, -30.0);
  Format format = format_of (in);
  const Run floats = normalise (in);
  format.is_double = true;
  const auto stage = make_live_stage (format, {});
  const std::vector<double> samples (in.samples.begin (), in.samples.end ());
  std::vector<double> out (samples.size ());

  stage->write (samples.data (), in.frames ());
  stage->finish ();
  g_assert_cmpuint (stage->available (), ==, in.frames ());
  stage->render (out.data (), in.frames ());
  for (std::size_t i = 0; i < out.size (); i++)
    g_assert_cmpfloat_with_epsilon (out[i], floats.out.samples[i], 1e-5);
}

void
test_latency (void)
{
  const Audio in = signals::programme (44100, 2, 5.0, -30.0);

  for (const std::uint64_t ms : {400, 777, 1000, 3000}) {
    Settings settings;
    settings.latency = ms * 1000000;
    const auto stage = make_live_stage (format_of (in), settings);
    g_assert_cmpuint (stage->latency (), ==, 44100 * ms / 1000);
    g_assert_cmpuint (live_latency (44100, settings), ==, stage->latency ());
    const Run r = normalise (in, settings, 7);
    g_assert_cmpuint (r.held, <=, stage->latency ());
    /* and what was granted is used */
    g_assert_cmpuint (r.held + 4410 + 44, >=, stage->latency ());
  }
}

/* Nothing but the level of the room in a pause: the gain stays. */
void
test_gap (void)
{
  Audio in = signals::programme (48000, 2, 15.0, -30.0);
  in.append (signals::programme (48000, 2, 6.0, -68.0));
  in.append (signals::programme (48000, 2, 10.0, -30.0));
  const Run r = normalise (in);
  const double before = gain_between (in, r.out, 14.8, 15.0);
  const double within = gain_between (in, r.out, 19.0, 20.0);

  g_assert_cmpfloat_with_epsilon (within, before, 1.5);
  g_assert_cmpfloat_with_epsilon (gain_between (in, r.out, 16.5, 17.0), within, 0.2);
  g_assert_cmpfloat_with_epsilon (gain_between (in, r.out, 21.1, 21.3), within, 0.7);
}

/* What is faint all the time, but a programme, is raised by what max-gain
 * allows, without a jump. */
void
test_quiet (void)
{
  const Audio in = signals::programme (48000, 2, 45.0, -68.0);
  const Run r = normalise (in);

  g_assert_cmpfloat (r.report.input.integrated, <, -57.0);
  g_assert_cmpfloat_with_epsilon (gain_between (in, r.out, 10.0, 44.0), 30.0, 0.2);
  for (double t = 0.0; t < 44.0; t += 0.1)
    g_assert_cmpfloat (std::fabs (gain_between (in, r.out, t, t + 0.1)
            - gain_between (in, r.out, t + 0.1, t + 0.2)), <, 0.85);
  g_assert_cmpfloat_with_epsilon (r.report.output.integrated,
      r.report.input.integrated + 30.0, 1.0);

  Settings more;
  more.max_gain = 60.0;
  g_assert_cmpfloat_with_epsilon (
      normalise (in, more).report.output.integrated, -16.0, 1.0);
}

/* Half a second of sound in every three, silence between. */
void
test_quiet_and_sparse (void)
{
  Audio in (48000, 2);
  for (int i = 0; i < 15; i++) {
    in.append (signals::silence (48000, 2, 2.5));
    in.append (signals::programme (48000, 2, 0.5, i % 3 == 0 ? -62.0 : -68.0));
  }
  const Run r = normalise (in);

  g_assert_cmpfloat (r.report.input.integrated, <, -57.0);
  g_assert_cmpfloat_with_epsilon (gain_between (in, r.out, 20.0, 45.0), 30.0, 0.5);
  g_assert_cmpfloat_with_epsilon (r.report.output.integrated,
      r.report.input.integrated + 30.0, 2.0);
}

/* When something louder comes the gain for the quiet is gone before. */
void
test_quiet_ends (void)
{
  for (const std::uint64_t ms : {400, 1000, 3000}) {
    Audio in = signals::programme (48000, 2, 15.0, -68.0);
    in.append (signals::programme (48000, 2, 20.0, -20.0));
    Settings settings;
    settings.latency = ms * 1000000;
    const Run r = normalise (in, settings);
    g_assert_cmpfloat (gain_between (in, r.out, 12.0, 13.0), >,
        ms < 3000 ? 29.0 : 20.0);
    g_assert_cmpfloat (signals::ask (part (r.out, 15.0, 15.4)).momentary, <,
        ms < 1000 ? 0.0 : -8.0);
    g_assert_cmpfloat (signals::ask (part (r.out, 16.0, 19.0)).shortterm, <, -12.0);
    g_assert_cmpfloat_with_epsilon (
        signals::ask (part (r.out, 25.0, 35.0)).integrated, -16.0, 2.5);
  }
}

Audio
hiss (double seconds, double level)
{
  Audio a (48000, 2, seconds);
  std::mt19937 random (7);
  std::normal_distribution<float> noise (0.0f,
      static_cast<float> (signals::linear (level)));

  for (float & s : a.samples)
    s = noise (random);
  return a;
}

/* Hiss is no quiet programme: at any level, after silence, with a click now
 * and then, before the programme and in its gaps. */
void
test_hiss (void)
{
  for (const double level : {-72.0, -66.0, -62.0}) {
    const Audio noise = hiss (15.0, level);
    g_assert_cmpfloat (signals::ask (noise).integrated, <, -55.0);
    g_assert_true (normalise (noise).out.samples == noise.samples);

    Audio late = signals::silence (48000, 2, 4.03);
    late.append (noise);
    g_assert_true (normalise (late).out.samples == late.samples);

    Audio clicks = noise;
    for (std::size_t i = 12345; i < clicks.samples.size (); i += 4 * 48000 * 2)
      clicks.samples[i] = 0.02f;
    g_assert_true (normalise (clicks).out.samples == clicks.samples);
  }
  const Audio fainter = signals::programme (48000, 2, 30.0, -80.0);
  g_assert_true (normalise (fainter).out.samples == fainter.samples);

  Audio in = hiss (10.0, -66.0);
  in.append (signals::programme (48000, 2, 20.0, -30.0));
  in.append (hiss (40.0, -66.0));
  in.append (signals::programme (48000, 2, 20.0, -30.0));
  const Run r = normalise (in);
  g_assert_cmpfloat_with_epsilon (gain_between (in, r.out, 1.0, 8.0), 0.0, 0.01);
  g_assert_cmpfloat_with_epsilon (gain_between (in, r.out, 33.0, 34.0),
      gain_between (in, r.out, 68.0, 69.0), 0.01);
}

void
test_silent_head (void)
{
  Audio in = signals::silence (48000, 2, 10.0);
  in.append (signals::programme (48000, 2, 10.0, -10.0));
  const Run r = normalise (in);

  g_assert_cmpfloat_with_epsilon (signals::ask (part (r.out, 10.0, 13.0)).shortterm,
      -16.0, 2.5);
}

void
test_silence (void)
{
  const Audio in = signals::silence (48000, 2, 5.0);
  const Run r = normalise (in);

  g_assert_true (r.out.samples == in.samples);
  g_assert_true (r.report.method == Method::silent);
  g_assert_false (std::isfinite (r.report.output.integrated));
}

void
test_max_gain (void)
{
  const Audio in = signals::programme (48000, 2, 20.0, -50.0);
  Settings settings;
  settings.max_gain = 6.0;
  const Run r = normalise (in, settings);

  g_assert_cmpfloat_with_epsilon (r.report.output.integrated,
      r.report.input.integrated + 6.0, 0.01);
}

/* An item that ends before any of it had to go out is exact. */
void
test_short (void)
{
  for (const double seconds : {0.45, 0.7, 0.99}) {
    const Audio in = signals::sine (48000, 2, seconds, 500.0, -30.0);
    const Run r = normalise (in);
    g_assert_cmpuint (r.out.frames (), ==, in.frames ());
    g_assert_cmpfloat_with_epsilon (signals::ask (r.out).integrated, -16.0, 0.02);
    g_assert_true (r.report.method == Method::loudness);
  }

  /* the peak decides */
  Audio click = signals::programme (48000, 1, 0.8, -50.0);
  click.samples[20000] = 0.5f;
  const Run r = normalise (click);
  g_assert_true (r.report.method == Method::peak_limited);
  g_assert_cmpfloat_with_epsilon (20.0 * std::log10 (signals::ask (r.out).true_peak),
      -1.0, 0.01);

  const Audio word = signals::sine (48000, 2, 0.3, 500.0, -30.0);
  const Run untouched = normalise (word);
  g_assert_true (untouched.out.samples == word.samples);
  g_assert_true (untouched.report.method == Method::too_short);

  for (const std::size_t frames : {0, 1, 17}) {
    Audio tiny (48000, 2);
    tiny.samples.assign (frames * 2, 0.5f);
    g_assert_cmpuint (normalise (tiny).out.frames (), ==, frames);
  }
}

/* Just longer than the look-ahead, and not a whole number of anything. */
void
test_length (void)
{
  for (const std::size_t frames : {44000, 44001, 44100, 48399, 52801, 100003}) {
    Audio in = signals::programme (44100, 2, 3.0, -30.0);
    in.samples.resize (frames * 2);
    g_assert_cmpuint (normalise (in).out.frames (), ==, frames);
  }
}

/* Switched off: what comes in goes out, after the same delay. */
void
test_disabled (void)
{
  const Audio in = signals::programme (48000, 2, 20.0, -30.0);
  Settings settings;
  settings.enabled = false;
  const Run off = normalise (in, settings);
  g_assert_true (off.out.samples == in.samples);
  g_assert_true (off.report.method == Method::disabled);

  /* while it plays */
  const auto stage = make_live_stage (format_of (in), {});
  const Run r = run (*stage, in, 1024, [&] (std::size_t at) {
    settings.enabled = at < 48000 * 10 || at > 48000 * 15;
    stage->configure (settings);
  });
  g_assert_cmpuint (r.out.frames (), ==, in.frames ());
  const double before = gain_between (in, r.out, 8.5, 9.0);
  g_assert_cmpfloat (before, >, 4.0);
  g_assert_cmpfloat_with_epsilon (gain_between (in, r.out, 11.0, 14.0), 0.0, 1e-6);
  g_assert_cmpfloat_with_epsilon (gain_between (in, r.out, 16.5, 18.0), before, 3.5);
  /* no click: 2 dB in 20 ms at most */
  for (double t = 8.0; t < 17.0; t += 0.02)
    g_assert_cmpfloat (std::fabs (gain_between (in, r.out, t, t + 0.02)
            - gain_between (in, r.out, t + 0.02, t + 0.04)), <, 2.0);
}

void
test_new_target (void)
{
  const Audio in = signals::programme (48000, 2, 60.0, -30.0);
  const auto stage = make_live_stage (format_of (in), {});
  const Run r = run (*stage, in, 1024, [&] (std::size_t at) {
    Settings settings;
    settings.target = at < 48000 * 20 ? -16.0 : -23.0;
    stage->configure (settings);
  });

  g_assert_cmpfloat_with_epsilon (signals::ask (part (r.out, 2.0, 18.0)).integrated,
      -16.0, 1.5);
  g_assert_cmpfloat_with_epsilon (signals::ask (part (r.out, 24.0, 60.0)).integrated,
      -23.0, 0.7);
  for (double t = 15.0; t < 40.0; t += 0.1)
    g_assert_cmpfloat (std::fabs (gain_between (in, r.out, t, t + 0.1)
            - gain_between (in, r.out, t + 0.1, t + 0.2)), <, 1.2);
}

/* After a jump the gain is the one there was. */
void
test_flush (void)
{
  const Audio in = signals::programme (48000, 2, 20.0, -30.0);
  const auto stage = make_live_stage (format_of (in), {});
  const Run before = run (*stage, in, 1024, [] (std::size_t) {});
  stage->flush ();
  g_assert_cmpuint (stage->available (), ==, 0);

  const Run after = run (*stage, in, 1024, [] (std::size_t) {});
  g_assert_cmpuint (after.out.frames (), ==, in.frames ());
  g_assert_cmpfloat_with_epsilon (gain_between (in, after.out, 0.0, 0.1),
      gain_between (in, before.out, 19.8, 19.9), 0.7);
  g_assert_cmpuint (after.levels.front ().position, ==, 4800);
}

/* Levels are of the audio as it leaves, at every interval to the frame. */
void
test_levels (void)
{
  const Audio in = signals::programme (44100, 2, 6.0, -30.0);
  Settings settings;
  settings.interval = 33333333;
  const Run r = normalise (in, settings, 1000);

  g_assert_cmpuint (r.levels.size (), ==, 180);
  for (std::size_t i = 0; i < r.levels.size (); i++) {
    g_assert_cmpuint (r.levels[i].position, ==,
        (i + 1) * 33333333 * 44100 / 1000000000);
    g_assert_cmpuint (r.levels[i].true_peaks.size (), ==, 2);
  }
  settings.interval = 100000000;
  const Run tenths = normalise (in, settings, 1000);
  g_assert_cmpuint (tenths.levels.size (), ==, 60);
  for (const std::size_t i : {9, 29, 59}) {
    const Level & l = tenths.levels[i];
    const Audio head = part (tenths.out, 0.0, static_cast<double> (i + 1) / 10.0);
    const signals::Opinion o = signals::ask (head);
    const signals::Opinion o_in =
        signals::ask (part (in, 0.0, static_cast<double> (i + 1) / 10.0));
    g_assert_cmpfloat_with_epsilon (l.momentary, o.momentary, 1e-3);
    g_assert_cmpfloat_with_epsilon (l.shortterm, o.shortterm, 1e-3);
    g_assert_cmpfloat_with_epsilon (l.integrated, o.integrated, 1e-3);
    g_assert_cmpfloat_with_epsilon (l.input_momentary, o_in.momentary, 1e-3);
    g_assert_cmpfloat_with_epsilon (l.input_shortterm, o_in.shortterm, 1e-3);
    g_assert_cmpfloat_with_epsilon (l.input_integrated, o_in.integrated, 1e-3);
    g_assert_cmpfloat_with_epsilon (
        std::max (l.true_peaks[0], l.true_peaks[1]), o.true_peak, 1e-4);
    const double t = static_cast<double> (i + 1) / 10.0;
    g_assert_cmpfloat_with_epsilon (l.gain,
        gain_between (in, tenths.out, t - 0.03, t), 0.3);
  }
  settings.interval = 0;
  g_assert_true (normalise (in, settings).levels.empty ());
}

/* Another format in the middle: the report is of all of it, the gain stays. */
void
test_succession (void)
{
  const Audio in = signals::programme (48000, 2, 15.0, -30.0);
  const Audio mono = signals::programme (44100, 1, 15.0, -30.0);
  const auto first = make_live_stage (format_of (in), {});
  const Run a = run (*first, in, 1024, [] (std::size_t) {});
  Format format = format_of (mono);
  const auto second = make_live_stage (format, {});
  second->succeed (*first);
  const Run b = run (*second, mono, 1024, [] (std::size_t) {});

  g_assert_cmpfloat_with_epsilon (gain_between (in, a.out, 14.8, 14.95),
      gain_between (mono, b.out, 0.0, 0.1), 1.0);
  const double x = loudness_to_energy (signals::ask (in).integrated);
  const double y = loudness_to_energy (signals::ask (mono).integrated);
  g_assert_cmpfloat_with_epsilon (b.report.input.integrated,
      energy_to_loudness ((x + y) / 2.0), 0.2);
  g_assert_cmpfloat_with_epsilon (b.report.output.max_true_peak,
      std::max (a.report.output.max_true_peak,
          decibels (signals::ask (b.out).true_peak)), 1e-3);
}

void
test_reset (void)
{
  Audio in = signals::programme (48000, 2, 10.0, -20.0);
  in.append (signals::programme (48000, 2, 10.0, -35.0));
  const auto stage = make_measure_stage (format_of (in), {});
  const Run r = run (*stage, in, 1000, [&] (std::size_t at) {
    if (at == 480000)
      stage->reset_measurement ();
  });

  g_assert_cmpfloat_with_epsilon (r.report.output.integrated,
      signals::ask (part (in, 10.0, 20.0)).integrated, 0.05);
}

void
test_measure (void)
{
  const Audio in = signals::programme (48000, 2, 10.0, -20.0);
  const auto stage = make_measure_stage (format_of (in), {});
  g_assert_true (stage->passthrough ());
  g_assert_cmpuint (stage->latency (), ==, 0);
  const Settings settings;
  stage->configure (settings);

  std::size_t n = 0;
  for (std::size_t i = 0; i < in.frames (); i += 1000) {
    stage->write (in.frame (i), 1000);
    Level level;
    while (stage->pop_level (level)) {
      n++;
      g_assert_cmpuint (level.position, ==, n * 4800);
      g_assert_cmpfloat (level.gain, ==, 0.0);
      g_assert_true (level.input_momentary == level.momentary);
    }
  }
  stage->finish ();
  g_assert_cmpuint (n, ==, 100);
  g_assert_cmpfloat_with_epsilon (stage->report ().input.integrated,
      signals::ask (in).integrated, 1e-4);
  g_assert_true (stage->report ().method == Method::measured);
}

void
test_limiter (void)
{
  for (const unsigned rate : {44100u, 48000u}) {
    const Audio in = signals::programme (rate, 2, 2.003, -20.0);
    std::vector<float> first;
    for (const std::size_t size : {1000, 1, 100000000}) {
      const auto stage = make_limiter_stage (format_of (in), {}, 12.0);
      const Run r = run (*stage, in, size, [] (std::size_t) {});
      g_assert_cmpuint (r.out.frames (), ==, in.frames ());
      g_assert_cmpuint (r.held, <=, std::max<std::uint64_t> (stage->latency (),
              size > in.frames () ? in.frames () : 0));
      g_assert_cmpfloat (signals::ask (r.out).true_peak, <=, signals::linear (-1.0));
      g_assert_true (r.report.method == Method::limited);
      g_assert_cmpfloat (r.report.gain, ==, 12.0);
      if (first.empty ())
        first = r.out.samples;
      g_assert_true (first == r.out.samples);
    }
  }
  /* nothing to limit: a plain gain */
  const Audio in = signals::programme (48000, 2, 2.0, -50.0);
  const auto stage = make_limiter_stage (format_of (in), {}, 6.0);
  const Run r = run (*stage, in, 1000, [] (std::size_t) {});
  const float gain = static_cast<float> (signals::linear (6.0));
  for (std::size_t i = 0; i < in.samples.size (); i++)
    g_assert_cmpfloat (r.out.samples[i], ==, in.samples[i] * gain);
}

}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/r128/livestage/target", test_target);
  g_test_add_func ("/r128/livestage/any-size", test_any_size);
  g_test_add_func ("/r128/livestage/formats", test_formats);
  g_test_add_func ("/r128/livestage/double", test_double);
  g_test_add_func ("/r128/livestage/latency", test_latency);
  g_test_add_func ("/r128/livestage/gap", test_gap);
  g_test_add_func ("/r128/livestage/quiet", test_quiet);
  g_test_add_func ("/r128/livestage/quiet-and-sparse", test_quiet_and_sparse);
  g_test_add_func ("/r128/livestage/quiet-ends", test_quiet_ends);
  g_test_add_func ("/r128/livestage/hiss", test_hiss);
  g_test_add_func ("/r128/livestage/silent-head", test_silent_head);
  g_test_add_func ("/r128/livestage/silence", test_silence);
  g_test_add_func ("/r128/livestage/max-gain", test_max_gain);
  g_test_add_func ("/r128/livestage/short", test_short);
  g_test_add_func ("/r128/livestage/length", test_length);
  g_test_add_func ("/r128/livestage/disabled", test_disabled);
  g_test_add_func ("/r128/livestage/new-target", test_new_target);
  g_test_add_func ("/r128/livestage/flush", test_flush);
  g_test_add_func ("/r128/livestage/levels", test_levels);
  g_test_add_func ("/r128/livestage/succession", test_succession);
  g_test_add_func ("/r128/livestage/reset", test_reset);
  g_test_add_func ("/r128/livestage/measure", test_measure);
  g_test_add_func ("/r128/livestage/limiter", test_limiter);
  return g_test_run ();
}
