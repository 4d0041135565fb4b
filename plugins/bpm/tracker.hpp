/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "key.hpp"
#include "tempo.hpp"

namespace genaudio::bpm {

/* How far a live stream is remembered, and the part of it that decides
 * whether something has changed. A change is followed within 10 s, so the
 * short window must be mostly new music well before. */
constexpr double live_memory_seconds = 30;
constexpr double live_window_seconds = 8;

/* What a live stream is said to have: a long window makes the answer steady,
 * a short one notices that the music has changed, and hysteresis keeps what is
 * published from flapping between octaves. */
class LiveTracker
{
public:
  void reset ();

  /* @elapsed: seconds since the last call. */
  void update_tempo (const TempoEstimator &estimator, double min_bpm,
      double max_bpm, double elapsed);
  void update_key (const KeyEstimator &estimator, double elapsed);

  const Tempo &tempo () const { return tempo_; }
  const Key &key () const { return key_; }

private:
  void take_tempo (const Tempo &tempo);
  double patience (const Tempo &challenger) const;

  Tempo tempo_;                 /* published */
  double tempo_window_ = live_window_seconds;
  Tempo challenger_;
  double challenged_ = 0;       /* seconds for which it has been so */
  double octave_age_ = 1e9;     /* seconds since the last change of octave */
  double steady_age_ = 0;       /* seconds since the long window was asked */
  double tempo_missing_ = 0;    /* seconds without an answer */

  Key key_;
  double key_window_ = live_window_seconds;
  Key key_challenger_;
  double key_challenged_ = 0;
  double key_missing_ = 0;
};

} // namespace genaudio::bpm
