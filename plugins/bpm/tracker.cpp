/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "tracker.hpp"

#include <algorithm>
#include <cmath>

namespace genaudio::bpm {

namespace {

/* Seconds for which another answer must stand before it is believed. */
constexpr double tempo_patience = 1.5;
/* An octave, or two thirds, is more often a change of mind than of music. */
constexpr double octave_patience = 3;
constexpr double sure_of_octave = 0.8;
/* One that comes so soon after another must stand for longer: hi-hats come and
 * go, and the tempo stays. */
constexpr double octave_rest = 60;
constexpr double restless_patience = 20;
constexpr double key_patience = 2;
/* Nothing to hear for so long, and the last answer is dropped. */
constexpr double longest_pause = 10;
/* The long window costs most, and once it is full it changes slowly. */
constexpr double steady_interval = 3;
/* The first answer stands at once with this confidence, else when the next
 * says the same. */
constexpr double sure = 0.6;

bool
same_tempo (double a, double b)
{
  return std::abs (a / b - 1) < 0.04;
}

bool
related_tempo (double a, double b)
{
  static const double ratios[] = {
    1.0 / 3, 0.5, 2.0 / 3, 0.75, 4.0 / 3, 1.5, 2, 3,
  };
  return std::any_of (std::begin (ratios), std::end (ratios),
      [a, b] (double ratio) { return same_tempo (a, b * ratio); });
}

bool
same_key (KeyName a, KeyName b)
{
  return a.tonic == b.tonic && a.minor == b.minor;
}

} // namespace

void
LiveTracker::reset ()
{
  *this = LiveTracker ();
}

void
LiveTracker::take_tempo (const Tempo &tempo)
{
  tempo_ = tempo;
  challenger_ = Tempo ();
  challenged_ = 0;
}

/* For how long @challenger must stand before it is believed. */
double
LiveTracker::patience (const Tempo &challenger) const
{
  if (!related_tempo (challenger.bpm, tempo_.bpm))
    return tempo_patience;
  if (octave_age_ < octave_rest)
    return restless_patience;
  return challenger.confidence < sure_of_octave ? 2 * octave_patience
      : octave_patience;
}

void
LiveTracker::update_tempo (const TempoEstimator &estimator, double min_bpm,
    double max_bpm, double elapsed)
{
  octave_age_ += elapsed;
  if (estimator.seconds () < 0.75 * live_window_seconds)
    return;

  const Tempo recent = estimator.estimate (min_bpm, max_bpm,
      live_window_seconds);
  if (!recent.valid) {
    tempo_missing_ += elapsed;
    challenged_ = 0;
    challenger_ = Tempo ();
    if (tempo_missing_ >= longest_pause) {
      tempo_ = Tempo ();
      tempo_window_ = live_window_seconds;
    }
    return;
  }
  tempo_missing_ = 0;

  if (!tempo_.valid) {
    if (recent.confidence >= sure
        || (challenger_.valid && same_tempo (recent.bpm, challenger_.bpm)))
      take_tempo (recent);
    else
      challenger_ = recent;
    return;
  }

  steady_age_ += elapsed;
  if (same_tempo (recent.bpm, tempo_.bpm)
      && tempo_window_ >= live_memory_seconds
      && steady_age_ < steady_interval) {
    challenger_ = Tempo ();
    challenged_ = 0;
    return;
  }
  steady_age_ = 0;

  tempo_window_ = std::min (tempo_window_ + elapsed, live_memory_seconds);
  const Tempo steady = tempo_window_ > live_window_seconds + 1
      ? estimator.estimate (min_bpm, max_bpm, tempo_window_) : recent;
  if (same_tempo (recent.bpm, tempo_.bpm)) {
    take_tempo (steady.valid && same_tempo (steady.bpm, recent.bpm)
        ? steady : recent);
    return;
  }

  if (challenger_.valid && same_tempo (recent.bpm, challenger_.bpm))
    challenged_ += elapsed;
  else
    challenged_ = 0;
  challenger_ = recent;
  if (challenged_ < patience (recent))
    return;
  if (related_tempo (recent.bpm, tempo_.bpm))
    octave_age_ = 0;
  tempo_window_ = live_window_seconds;
  take_tempo (recent);
}

void
LiveTracker::update_key (const KeyEstimator &estimator, double elapsed)
{
  if (estimator.seconds () < live_window_seconds)
    return;

  const Key recent = estimator.estimate (live_window_seconds);
  if (!recent.valid) {
    key_missing_ += elapsed;
    key_challenger_ = Key ();
    key_challenged_ = 0;
    if (key_missing_ >= longest_pause) {
      key_ = Key ();
      key_window_ = live_window_seconds;
    }
    return;
  }
  key_missing_ = 0;

  if (!key_.valid) {
    if (key_challenger_.valid && same_key (recent.best, key_challenger_.best))
      key_ = recent;
    key_challenger_ = recent;
    key_challenged_ = 0;
    return;
  }

  key_window_ = std::min (key_window_ + elapsed, live_memory_seconds);
  const Key steady = estimator.estimate (key_window_);
  if (same_key (recent.best, key_.best)
      || (steady.valid && same_key (steady.best, key_.best)
          && steady.confidence >= recent.confidence)) {
    key_ = steady.valid && same_key (steady.best, key_.best) ? steady : recent;
    key_challenger_ = Key ();
    key_challenged_ = 0;
    return;
  }
  if (key_challenger_.valid && same_key (recent.best, key_challenger_.best))
    key_challenged_ += elapsed;
  else
    key_challenged_ = 0;
  key_challenger_ = recent;
  if (key_challenged_ < key_patience)
    return;
  key_window_ = live_window_seconds;
  key_ = recent;
  key_challenger_ = Key ();
  key_challenged_ = 0;
}

} // namespace genaudio::bpm
