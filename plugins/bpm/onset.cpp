/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The onset strength signal of Percival and Tzanetakis, "Streamlined Tempo
 * Estimation Based on Autocorrelation and Cross-correlation With Pulses",
 * IEEE/ACM TASLP 22 (2014), at half its rates. */

#include "onset.h"
#include "dispatch.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace genaudio::bpm {

namespace {

/* 7 Hz at 172 Hz */
constexpr float low_pass[9] = { .01565f, .04554f, .1211f, .20055f, .23431f,
  .20055f, .1211f, .04554f, .01565f };

/* log2 to 1e-4, of positive finite numbers */
inline float
fast_log2 (float x)
{
  const std::uint32_t bits = std::bit_cast<std::uint32_t> (x);
  const float e = static_cast<float> (static_cast<std::int32_t> (bits >> 23) - 127);
  const float m = std::bit_cast<float> ((bits & 0x7fffffu) | 0x3f800000u) - 1.0f;
  return e + m * (1.44179f + m * (-.70868f + m * (.41509f + m * (-.19435f + .04617f * m))));
}

GENAUDIO_BPM_CLONES void
apply_window (const float *in, const float *window, int n, float *out)
{
  for (int i = 0; i < n; i++)
    out[i] = in[i] * window[i];
}

/* @bins are pairs; returns the sum of the rises and keeps the new levels. */
GENAUDIO_BPM_CLONES float
rise (const float *bins, int n, float scale, float *previous)
{
  float sum = 0.0f;
  for (int i = 0; i < n; i++) {
    const float re = bins[2 * i], im = bins[2 * i + 1];
    const float level = fast_log2 (1.0f + scale * std::sqrt (re * re + im * im));
    const float step = level - previous[i];
    previous[i] = level;
    sum += step > 0.0f ? step : 0.0f;
  }
  return sum;
}

} // namespace

OnsetStrength::OnsetStrength (double rate)
    : rate_ (rate), size_ (power_of_two (.0174 * rate)),
      hop_ (std::max (1, static_cast<int> (std::lround (rate / 172.27)))),
      fft_ (size_), window_ (size_), ring_ (size_), frame_ (size_),
      bins_ (size_ / 2 + 1), previous_ (size_ / 2 + 1)
{
  for (int i = 0; i < size_; i++)
    window_[i] = static_cast<float> (.5 - .5 * std::cos (2 * std::numbers::pi * (i + .5) / size_));
  reset ();
}

void
OnsetStrength::reset ()
{
  filled_ = 0;
  frames_ = 0;
  std::fill (previous_.begin (), previous_.end (), 0.0f);
  std::fill (recent_, recent_ + 9, 0.0f);
}

std::size_t
OnsetStrength::fill (const float *in, std::size_t n)
{
  const std::size_t take = std::min (n, ring_.size () - filled_);
  std::copy (in, in + take, ring_.begin () + filled_);
  filled_ += take;
  return take;
}

bool
OnsetStrength::frame (float *value)
{
  if (filled_ < ring_.size ())
    return false;
  apply_window (ring_.data (), window_.data (), size_, frame_.data ());
  fft_.forward (frame_.data (), bins_.data ());
  const float sum = rise (reinterpret_cast<const float *> (bins_.data ()), size_ / 2 + 1,
      2000.0f / size_, previous_.data ());
  std::copy (ring_.begin () + hop_, ring_.end (), ring_.begin ());
  filled_ -= hop_;

  /* what comes first is no rise but the beginning; the sum is that of 257
   * bins at any rate */
  std::copy (recent_ + 1, recent_ + 9, recent_);
  recent_[8] = frames_ == 0 ? 0.0f : sum * (257.0f / (size_ / 2 + 1));
  frames_++;
  if (frames_ < 5)
    return false;
  float smooth = 0.0f;
  for (int i = 0; i < 9; i++)
    smooth += low_pass[i] * recent_[i];
  *value = smooth;
  return true;
}

} // namespace genaudio::bpm
