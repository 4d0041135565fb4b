/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* True peak after ITU-R BS.1770-4 annex 2: the largest sample of the audio
 * resampled to four times its rate, or to twice where that is already above
 * 96 kHz. The interpolator is a 49-point Hann-windowed sinc, the one that
 * libebur128 uses. At 96 kHz libebur128 doubles only and so reads cases 21
 * and 23 of EBU Tech 3341 too low; ours has 97 points there, every other of
 * which are libebur128's, so that it never reads less. */
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace genaudio::r128 {

struct Kernels;

/* The phases between two samples (phase 0 is the sample itself):
 *   y[p][n] = sum over k < taps of phase[p][k] * x[n - taps + 1 + k] */
struct Interpolator
{
  static constexpr unsigned max_taps = 24;

  explicit Interpolator (unsigned rate);

  /* Frames of the past that a frame's interpolation reads. */
  unsigned history () const { return taps - 1; }

  unsigned factor;              /* 4 or 2 */
  unsigned phases;              /* factor - 1 */
  unsigned taps;                /* of a phase: 12, or 24 from 96 kHz on */
  /* Largest sum of a phase's absolute coefficients: no interpolated value of
   * a passage exceeds its largest sample times this (5.41 dB). */
  float norm;
  /* A tighter bound: what a phase makes of a straight line lies on that line
   * (but for a factor close to 1), and what it adds where its samples are on
   * none is, summed by parts twice, a sum of their second differences with
   * coefficients of its own. So no interpolated value of a passage exceeds
   * straight times its largest sample plus bent times its largest second
   * difference. */
  float straight, bent;
  std::array<std::array<float, max_taps>, 3> phase;

  /* The same for samples k and taps - 1 - k together, by the symmetry of the
   * sinc: half way between two samples both count alike, and of the quarters
   * the one is even + odd, the other even - odd, with
   *   even += pair.even * (x + x'), odd += pair.odd * (x - x')
   * so that |even| + |odd| is the larger of their magnitudes. */
  struct Pair
  {
    float half, even, odd;
  };
  std::array<Pair, max_taps / 2> pairs;
};

/* Largest sample and largest interpolated value of each channel of
 * interleaved audio that comes in pieces of any size. Where the largest
 * sample of a passage proves that it cannot hold a new maximum, or the largest
 * second difference does, nothing is interpolated: exact, and far cheaper. */
class TruePeakMeter
{
public:
  TruePeakMeter (unsigned rate, unsigned channels);
  TruePeakMeter (unsigned rate, unsigned channels, const Kernels & kernels);

  void add (const float *samples, std::size_t frames);
  void add (const double *samples, std::size_t frames);

  /* Linear, a channel each, since the last reset. */
  std::span<const double> sample_peaks () const { return sample_peaks_; }
  std::span<const double> true_peaks () const { return true_peaks_; }

  /* Zeroes the peaks; what was heard last goes on to be interpolated. */
  void reset_peaks ();
  /* Forgets everything. */
  void reset ();

  const Interpolator & interpolator () const { return interpolator_; }

private:
  template <typename T> void add_samples (const T *samples,
      std::size_t frames);
  template <typename T> void add_batch (const T *samples, std::size_t frames);
  template <typename T> void interpolate (const T *samples, std::size_t start,
      std::size_t frames, unsigned channel, double most);
  template <typename T> void remember (const T *samples, std::size_t frames);

  Interpolator interpolator_;
  const Kernels & kernels_;
  unsigned channels_;
  std::vector<double> sample_peaks_, true_peaks_;
  std::vector<float> history_;          /* channel after channel */
  std::vector<double> block_peaks_;     /* of the batch, interleaved */
  std::vector<double> history_peaks_;
};

}
