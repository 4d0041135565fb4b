/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "fft.hpp"

#include <cstddef>
#include <vector>

namespace genaudio::bpm {

/* What one estimate says. */
struct Tempo
{
  bool valid = false;           /* no answer is an answer */
  double bpm = 0;
  double alternative = 0;       /* the other octave; 0 if outside the range */
  double confidence = 0;        /* 0..1 */
};

/* Tempo from onset strengths that come at @rate a second. Pushing is cheap
 * and, after construction, allocates nothing; estimate () does the rest. */
class TempoEstimator
{
public:
  TempoEstimator (double rate, double memory_seconds);

  /* @bass is the part of @onset that is low. */
  void push (float onset, float bass);
  void reset ();

  /* How much is remembered. */
  double seconds () const { return count_ / rate_; }

  /* Over the last @window_seconds; 0 is all that is remembered. */
  Tempo estimate (double min_bpm, double max_bpm, double window_seconds = 0) const;

private:
  friend class TempoAnalysis;

  double rate_;
  std::size_t memory_;          /* values remembered */
  Floats bass_;
  Floats onsets_;               /* twice memory_, so that the last ones lie in a row */
  std::size_t begin_;
  std::size_t count_;
  std::size_t total_;           /* since reset () */

  /* a vote every 128 values */
  std::vector<short> votes_;    /* ring: the lag voted for, 0 = none */
  std::size_t n_votes_;         /* since reset () */

  RealFft fft_;
  Floats padded_;
  Complexes bins_;
  Floats acf_;
};

} // namespace genaudio::bpm
