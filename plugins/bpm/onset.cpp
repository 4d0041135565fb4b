/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The onset strength signal of Percival and Tzanetakis, "Streamlined Tempo
 * Estimation Based on Autocorrelation and Cross-correlation With Pulses",
 * IEEE/ACM TASLP 22 (2014), at half its rates. */

#include "onset.hpp"
#include "dispatch.hpp"
#include "fastmath.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace genaudio::bpm {

namespace {

constexpr double bass_hz = 250;

/* 7 Hz at 172 Hz */
constexpr float low_pass[9] = { .01565f, .04554f, .1211f, .20055f, .23431f,
  .20055f, .1211f, .04554f, .01565f };

GENAUDIO_BPM_CLONES void
apply_window (const float *in, const float *window, int n, float *out)
{
  for (int i = 0; i < n; i++)
    out[i] = in[i] * window[i];
}

/* The rises to the first frame of a pair and from there to the second, each
 * summed over the bins @from to @to; @previous are the levels before and
 * become the last. */
GENAUDIO_BPM_CLONES void
rises (const float *re, const float *im, int size, int from, int to, float scale,
    float *previous, float *sums)
{
  const float *re_back = re + size, *im_back = im + size;
  float first = 0.0f, second = 0.0f;

  for (int i = from; i < to; i++) {
    const float r = re[i], rb = re_back[-i], m = im[i], mb = im_back[-i];
    const float a = (r + rb) * (r + rb) + (m - mb) * (m - mb);
    const float b = (r - rb) * (r - rb) + (m + mb) * (m + mb);
    const float level_a = fast_log2 (1.0f + scale * std::sqrt (a));
    const float level_b = fast_log2 (1.0f + scale * std::sqrt (b));
    const float step_a = level_a - previous[i];
    const float step_b = level_b - level_a;
    previous[i] = level_b;
    first += step_a > 0.0f ? step_a : 0.0f;
    second += step_b > 0.0f ? step_b : 0.0f;
  }
  sums[0] = first;
  sums[1] = second;
}

} // namespace

OnsetStrength::OnsetStrength (double rate)
    : rate_ (rate), size_ (power_of_two (.0174 * rate)),
      hop_ (std::max (1, static_cast<int> (std::lround (rate / 172.27)))),
      bass_bins_ (static_cast<int> (std::lround (bass_hz * size_ / rate))), fft_ (size_), window_ (size_), input_ (size_ + hop_), frames_ (fft_.block ()),
      spectra_ (fft_.block ()), previous_ (size_ / 2 + 1)
{
  for (int i = 0; i < size_; i++)
    window_[i] = static_cast<float> (.5 - .5 * std::cos (2 * std::numbers::pi * (i + .5) / size_));
  reset ();
}

void
OnsetStrength::reset ()
{
  filled_ = 0;
  n_values_ = 0;
  std::fill (previous_.begin (), previous_.end (), 0.0f);
  std::fill (recent_, recent_ + 9, Onset {});
}

std::size_t
OnsetStrength::fill (const float *in, std::size_t n)
{
  const std::size_t take = std::min (n, input_.size () - filled_);
  std::copy (in, in + take, input_.begin () + filled_);
  filled_ += take;
  return take;
}

int
OnsetStrength::frames (Onset *values)
{
  if (filled_ < input_.size ())
    return 0;
  apply_window (input_.data (), window_.data (), size_, frames_.data ());
  apply_window (&input_[hop_], window_.data (), size_, &frames_[fft_.part ()]);
  fft_.forward (frames_.data (), spectra_.data ());
  const float *re = spectra_.data (), *im = &spectra_[fft_.part ()];
  const float scale = 1000.0f / size_;
  float bass[2], rest[2];
  rises (re, im, size_, 0, bass_bins_, scale, previous_.data (), bass);
  rises (re, im, size_, bass_bins_, size_ / 2 + 1, scale, previous_.data (), rest);
  std::copy (input_.begin () + 2 * hop_, input_.end (), input_.begin ());
  filled_ -= 2 * hop_;

  int n = 0;
  for (int i = 0; i < 2; i++)
    n += smooth ({ bass[i] + rest[i], bass[i] }, &values[n]);
  return n;
}

bool
OnsetStrength::smooth (Onset raw, Onset *value)
{
  /* what comes first is no rise but the beginning; the sum is that of 257
   * bins at any rate */
  const float scale = n_values_ == 0 ? 0.0f : 257.0f / (size_ / 2 + 1);
  std::copy (recent_ + 1, recent_ + 9, recent_);
  recent_[8] = { scale * raw.all, scale * raw.bass };
  n_values_++;
  if (n_values_ < 5)
    return false;
  *value = { 0.0f, 0.0f };
  for (int i = 0; i < 9; i++) {
    value->all += low_pass[i] * recent_[i].all;
    value->bass += low_pass[i] * recent_[i].bass;
  }
  return true;
}

} // namespace genaudio::bpm
