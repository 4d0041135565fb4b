/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "decimate.hpp"
#include "key.hpp"
#include "onset.hpp"
#include "tempo.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace genaudio::bpm {

/* From a mono signal at any rate to what tempo and key are estimated from.
 * Works in blocks of its own, so that what comes out does not depend on the
 * sizes of what comes in. A sample that is not finite counts as 0. */
class FrontEnd
{
public:
  /* @memory_seconds: how much of the past the estimators keep. */
  FrontEnd (double rate, bool want_tempo, bool want_key, double memory_seconds);
  ~FrontEnd ();

  void push (const float *mono, std::size_t frames);
  /* The end of an item: what waits for a full block is worked off. */
  void finish ();
  void reset ();

  /* nullptr if not wanted. A copy is a snapshot that another thread may ask. */
  const TempoEstimator *tempo () const { return tempo_.get (); }
  const KeyEstimator *key () const { return key_.get (); }

private:
  void block ();

  std::vector<float> input_;
  std::size_t filled_ = 0;
  std::vector<Halver> halvers_;         /* to the rate of the onsets */
  std::vector<Halver> key_halvers_;     /* and on to that of the key */
  std::vector<float> work_[2];
  std::unique_ptr<OnsetStrength> onset_;
  std::unique_ptr<TempoEstimator> tempo_;
  std::unique_ptr<KeyEstimator> key_;
};

} // namespace genaudio::bpm
