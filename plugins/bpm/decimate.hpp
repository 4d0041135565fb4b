/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <cstddef>
#include <vector>

namespace genaudio::bpm {

/* Halves the rate with a half-band filter: half the centre sample and h[k]
 * times the odd neighbours at a distance of 2k + 1. */
class Halver
{
public:
  Halver (const float *h, int taps, std::size_t max_frames);
  void reset ();
  /* @n frames, at most max_frames, to @out; returns how many came out. */
  std::size_t process (const float *in, std::size_t n, float *out);

private:
  std::vector<float> h_;
  std::vector<float> even_;     /* samples 2m that wait for their centre */
  std::vector<float> odd_;      /* samples 2m + 1, taps of history first */
  std::size_t n_even_;
  std::size_t n_odd_;
  bool odd_next_;
};

} // namespace genaudio::bpm
