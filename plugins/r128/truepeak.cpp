/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "truepeak.hpp"

#include "kernels.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace genaudio::r128 {

namespace {

/* The unit of which it is decided whether interpolation can be skipped. */
constexpr std::size_t block_frames = 128;
/* How much is looked at together, to begin with its loudest block. */
constexpr std::size_t batch_frames = 512 * block_frames;

/* One channel of interleaved audio. */
template <typename T>
void
pick (const T *from, unsigned channels, std::size_t n, float *to)
{
  const auto pick_every = [&] (std::size_t step) {
    for (std::size_t i = 0; i < n; i++)
      to[i] = static_cast<float> (from[i * step]);
  };

  /* a stride that the compiler knows makes a vector loop */
  if (channels == 1)
    pick_every (1);
  else if (channels == 2)
    pick_every (2);
  else
    pick_every (channels);
}

}

Interpolator::Interpolator (unsigned rate)
    : factor (rate <= 96000 ? 4 : 2), phases (factor - 1),
    taps (rate < 96000 ? 12 : 24), norm (1.0f), straight (1.0f), bent (0.0f),
    phase{}, pairs{}
{
  const unsigned points = taps * factor + 1;

  for (unsigned p = 1; p < factor; p++) {
    std::array<double, max_taps> rest;
    double sum = 0.0, gain = 0.0, moment = 0.0;
    for (unsigned k = 0; k < taps; k++) {
      /* the newest sample meets the first point of the phase */
      const unsigned j = p + (taps - 1 - k) * factor;
      const double m = (j - (points - 1) / 2.0) * std::numbers::pi / factor;
      const double window =
          0.5 * (1.0 - std::cos (2.0 * std::numbers::pi * j / (points - 1)));
      const double c = std::sin (m) / m * window;
      phase[p - 1][k] = static_cast<float> (c);
      rest[k] = c;
      sum += std::fabs (c);
      gain += c;
      moment += k * c;
    }
    /* without the straight line through the two samples in the middle */
    const unsigned middle = taps / 2 - 1;
    const double newer = moment - middle * gain, older = gain - newer;
    rest[middle] -= older;
    rest[middle + 1] -= newer;
    double once = 0.0, twice = 0.0, bends = 0.0;
    for (unsigned k = 0; k < taps; k++) {
      once += rest[k];
      twice += once;
      bends += std::fabs (twice);
    }
    const auto raise = [] (float & bound, double value) {
      bound = std::max (bound, static_cast<float> (value * (1.0 + 1e-6)));
    };
    raise (norm, sum);
    raise (straight, std::fabs (older) + std::fabs (newer));
    raise (bent, bends);
  }
  for (unsigned k = 0; k < taps / 2; k++) {
    const float a = phase[0][k], b = phase[0][taps - 1 - k];
    pairs[k] = {phase[factor / 2 - 1][k], 0.5f * (a + b), 0.5f * (a - b)};
  }
}

TruePeakMeter::TruePeakMeter (unsigned rate, unsigned channels)
    : TruePeakMeter (rate, channels, best_kernels ())
{
}

TruePeakMeter::TruePeakMeter (unsigned rate, unsigned channels,
    const Kernels & kernels)
    : interpolator_ (rate), kernels_ (kernels), channels_ (channels),
    sample_peaks_ (channels), true_peaks_ (channels),
    history_ (channels * interpolator_.history ()), history_peaks_ (channels)
{
}

void
TruePeakMeter::reset_peaks ()
{
  std::fill (sample_peaks_.begin (), sample_peaks_.end (), 0.0);
  std::fill (true_peaks_.begin (), true_peaks_.end (), 0.0);
}

void
TruePeakMeter::reset ()
{
  reset_peaks ();
  std::fill (history_.begin (), history_.end (), 0.0f);
  std::fill (history_peaks_.begin (), history_peaks_.end (), 0.0);
}

void
TruePeakMeter::add (const float *samples, std::size_t frames)
{
  add_samples (samples, frames);
}

void
TruePeakMeter::add (const double *samples, std::size_t frames)
{
  add_samples (samples, frames);
}

template <typename T>
void
TruePeakMeter::add_samples (const T *samples, std::size_t frames)
{
  while (frames > 0) {
    const std::size_t n = std::min (frames, batch_frames);
    add_batch (samples, n);
    remember (samples, n);
    samples += n * channels_;
    frames -= n;
  }
}

/* Interpolates, of the batch's blocks, those that may hold a maximum. */
template <typename T>
void
TruePeakMeter::add_batch (const T *samples, std::size_t frames)
{
  const std::size_t blocks = (frames + block_frames - 1) / block_frames;
  const auto length = [&] (std::size_t b) {
    return std::min (block_frames, frames - b * block_frames);
  };

  block_peaks_.resize (blocks * channels_);
  for (std::size_t b = 0; b < blocks; b++)
    kernels_.peaks (samples + b * block_frames * channels_, length (b),
        channels_, &block_peaks_[b * channels_]);

  for (unsigned c = 0; c < channels_; c++) {
    const auto peak = [&] (std::size_t b) {
      return block_peaks_[b * channels_ + c];
    };
    std::size_t loudest = 0;
    for (std::size_t b = 1; b < blocks; b++)
      loudest = peak (b) > peak (loudest) ? b : loudest;
    sample_peaks_[c] = std::max (sample_peaks_[c], peak (loudest));
    true_peaks_[c] = std::max (true_peaks_[c], peak (loudest));

    const auto look = [&] (std::size_t b) {
      /* a block's first values still read the block before */
      const double before = b == 0 ? history_peaks_[c] : peak (b - 1);
      const double most = std::max (peak (b), before);
      if (most * interpolator_.norm > true_peaks_[c])
        interpolate (samples, b * block_frames, length (b), c, most);
    };
    look (loudest);
    for (std::size_t b = 0; b < blocks; b++) {
      if (b != loudest)
        look (b);
    }
  }
}

template <typename T>
void
TruePeakMeter::interpolate (const T *samples, std::size_t start,
    std::size_t frames, unsigned channel, double most)
{
  const std::size_t past = interpolator_.history ();
  /* room for the kernels to read a whole vector more */
  float x[Interpolator::max_taps + block_frames + 64];
  const std::size_t old = start < past ? past - start : 0;
  const std::size_t fresh = past - old + frames;

  std::copy_n (&history_[channel * past] + past - old, old, x);
  pick (samples + (start + old - past) * channels_ + channel, channels_, fresh,
      x + old);
  std::fill (x + old + fresh, std::end (x), 0.0f);

  const double bend = kernels_.largest_bend (x, past + frames);
  if (most * interpolator_.straight + bend * interpolator_.bent
      <= true_peaks_[channel])
    return;
  const double peak =
      kernels_.interpolated_peak (interpolator_, x + past, frames);
  true_peaks_[channel] = std::max (true_peaks_[channel], peak);
}

/* Keeps the last frames, of which the next call's first values are made. */
template <typename T>
void
TruePeakMeter::remember (const T *samples, std::size_t frames)
{
  const std::size_t past = interpolator_.history ();
  const std::size_t fresh = std::min (past, frames);

  for (unsigned c = 0; c < channels_; c++) {
    float *history = &history_[c * past];
    std::copy (history + fresh, history + past, history);
    for (std::size_t i = 0; i < fresh; i++)
      history[past - fresh + i] =
          static_cast<float> (samples[(frames - fresh + i) * channels_ + c]);
    double peak = 0.0;
    for (std::size_t i = 0; i < past; i++)
      peak = std::max<double> (peak, std::fabs (history[i]));
    history_peaks_[c] = peak;
  }
}

}
