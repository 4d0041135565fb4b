/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "fft.hpp"

#include <cstddef>

namespace genaudio::bpm {

/* How much louder the spectrum grows: the sum over bins of the rises of
 * log2 (1 + 1000 |X|), smoothed. */
struct Onset
{
  float all;
  float bass;                   /* up to 250 Hz: drums' kicks, bass notes */
};

/* Onset strengths, about 172 a second. */
class OnsetStrength
{
public:
  explicit OnsetStrength (double rate);

  /* Values a second. */
  double rate () const { return rate_ / hop_; }
  void reset ();

  /* Feeds @n frames and hands every value to @sink (Onset). */
  template <typename Sink> void push (const float *in, std::size_t n, Sink sink)
  {
    while (n > 0) {
      const std::size_t took = fill (in, n);
      in += took;
      n -= took;
      Onset values[2];
      const int n_values = frames (values);
      for (int i = 0; i < n_values; i++)
        sink (values[i]);
    }
  }

private:
  std::size_t fill (const float *in, std::size_t n);
  int frames (Onset *values);
  bool smooth (Onset raw, Onset *value);

  double rate_;
  int size_;
  int hop_;
  int bass_bins_;
  PairFft fft_;
  Floats window_;
  Floats input_;                /* two frames, a hop apart */
  std::size_t filled_;
  Floats frames_;
  Floats spectra_;
  Floats previous_;             /* levels of the frame before */
  Onset recent_[9];             /* raw values that wait for the low-pass */
  std::size_t n_values_;
};

} // namespace genaudio::bpm
