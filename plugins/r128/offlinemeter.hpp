/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Measures whole items, in pieces of any size: K-weighting in parallel
 * segments of a batch, then the true peak while the batch is still in the
 * cache. The result does not depend on the sizes of the pieces. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels.hpp"
#include "stage.hpp"
#include "truepeak.hpp"

namespace genaudio::r128 {

class OfflineMeter
{
public:
  explicit OfflineMeter (const Format & format,
      const Kernels & kernels = best_kernels (), bool true_peak = true);

  void add (const void *samples, std::size_t frames);
  /* The end of the item: measures what is left. */
  void finish ();
  /* Begins the next item of the same format. */
  void reset ();

  std::uint64_t frames () const { return frames_; }
  const LoudnessWindows & windows () const { return windows_; }
  /* Linear, of the loudest channel. */
  double true_peak () const;
  double sample_peak () const;
  /* Of all of it, whatever its length and level; -infinity in silence. */
  double ungated_loudness () const;
  Loudness loudness () const;

private:
  template <typename T> void add_samples (const T *samples,
      std::size_t frames);
  template <typename T> void measure (const T *samples, std::size_t frames,
      std::size_t subblocks);
  template <typename T> void measure_tail ();
  template <typename T> T *gathered_samples ();

  Format format_;
  const Kernels & kernels_;
  bool true_peak_wanted_;
  StateVariables filter_;
  LoudnessWindows windows_;
  TruePeakMeter peaks_;
  std::vector<FilterState> states_;
  std::vector<double> sums_;
  std::size_t batch_frames_;            /* whole blocks */
  std::unique_ptr<double[]> gathered_;  /* raw memory of samples */
  std::size_t held_ = 0;                /* frames in it */
  std::uint64_t frames_ = 0;
  double tail_sum_ = 0.0;
};

}
