/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The inner loops, in one portable source (kernels-loops.hpp, GCC's vector
 * extensions) compiled for several instruction sets of which the best that
 * the processor has is taken at run time. */
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

#include "gating.hpp"
#include "kweighting.hpp"

namespace genaudio::r128 {

struct Interpolator;

/* No sound is louder than 300 dB above full scale. What is, or is infinite or
 * not a number, is to be zeroed before it is measured: its square would not
 * fit into single precision. */
constexpr double loudest_sample = 1e15;

inline bool
is_usable (double sample)
{
  return std::fabs (sample) <= loudest_sample;
}

/* What a channel's K-filter remembers: the two sums of each section. */
struct FilterState
{
  float band1 = 0.0f, low1 = 0.0f, band2 = 0.0f, low2 = 0.0f;
};

/* One or two neighbouring channels of interleaved audio: sub-blocks from the
 * beginning of a block on. Whole blocks, and many of them, are fastest. */
template <typename T>
struct WeightingJob
{
  const StateVariables *filter;
  const Grid *grid;
  const T *samples;             /* first frame, first of the channels */
  std::size_t stride;           /* samples a frame */
  unsigned width;               /* 1 or 2 channels */
  double weights[2];
  FilterState *states;          /* of the channels; updated */
  std::size_t subblocks;
  double *sums;                 /* a sub-block each: added to */
};

struct Kernels
{
  const char *name;
  bool (*supported) ();

  void (*weigh_float) (const WeightingJob<float> & job);
  void (*weigh_double) (const WeightingJob<double> & job);
  /* Largest absolute sample of each channel. */
  void (*peaks_float) (const float *samples, std::size_t frames,
      unsigned channels, double *peaks);
  void (*peaks_double) (const double *samples, std::size_t frames,
      unsigned channels, double *peaks);
  /* Largest |x[i] - 2 x[i + 1] + x[i + 2]| of x[0] to x[frames - 1]. */
  float (*largest_bend) (const float *x, std::size_t frames);
  /* Largest absolute interpolated value at x[0] to x[frames - 1]; reads
   * history () samples before x, and up to 64 beyond, which do not count. */
  float (*interpolated_peak) (const Interpolator & interpolator,
      const float *x, std::size_t frames);
  bool (*all_usable_float) (const float *samples, std::size_t n);
  bool (*all_usable_double) (const double *samples, std::size_t n);
  void (*scale_float) (const float *in, float *out, std::size_t n, float gain);
  void (*scale_double) (const double *in, double *out, std::size_t n,
      double gain);

  void weigh (const WeightingJob<float> & job) const { weigh_float (job); }
  void weigh (const WeightingJob<double> & job) const { weigh_double (job); }
  void peaks (const float *samples, std::size_t frames, unsigned channels,
      double *peaks) const
  {
    peaks_float (samples, frames, channels, peaks);
  }
  void peaks (const double *samples, std::size_t frames, unsigned channels,
      double *peaks) const
  {
    peaks_double (samples, frames, channels, peaks);
  }
  bool all_usable (const float *samples, std::size_t n) const
  {
    return all_usable_float (samples, n);
  }
  bool all_usable (const double *samples, std::size_t n) const
  {
    return all_usable_double (samples, n);
  }
  void scale (const float *in, float *out, std::size_t n, double gain) const
  {
    scale_float (in, out, n, static_cast<float> (gain));
  }
  void scale (const double *in, double *out, std::size_t n, double gain) const
  {
    scale_double (in, out, n, gain);
  }
};

/* All that were compiled, best first; the last one runs everywhere. */
std::span<const Kernels * const> all_kernels ();
/* The first that this processor can run. */
const Kernels & best_kernels ();

}
