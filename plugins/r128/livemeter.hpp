/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The meter of streams: everything EBU Tech 3341 asks of one, from buffers
 * of any size. */
#pragma once

#include "gating.hpp"
#include "kweighting.hpp"
#include "stage.hpp"
#include "truepeak.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace genaudio::r128 {

class LiveMeter;

/* What remains of the parts of an item whose format changed in the middle. */
struct Tally
{
  EnergyStore blocks, shortterms;
  double max_momentary = not_a_number, max_shortterm = not_a_number;
  double sample_peak = 0.0, true_peak = 0.0;    /* linear, loudest channel */

  void add (const LiveMeter & meter);
  Loudness summary () const;
};

class LiveMeter
{
public:
  LiveMeter (unsigned rate, const std::vector<double> & weights);

  /* Takes @n interleaved frames, which have to be finite. Returns the sum of
   * their weighted K-filtered squares. */
  double add (const float * frames, std::size_t n);
  double add (const double * frames, std::size_t n);

  /* Forgets what was measured; the filters go on, as the stream does. */
  void clear ();
  /* The stream jumped: forgets what M, S and the filters are made of. */
  void clear_windows ();

  const LoudnessWindows & loudness () const { return windows_; }
  const TruePeakMeter & peaks () const { return peaks_; }
  /* Frames since the last clear (). */
  std::uint64_t frames () const { return frames_; }

  /* All of it, for the report of an item, also the parts before. */
  Tally tally () const;
  Loudness summary () const { return tally ().summary (); }
  void set_past (Tally past) { past_ = std::move (past); }

private:
  /* two channels abreast */
  typedef double Pair __attribute__ ((vector_size (16)));

  struct Filter
  {
    unsigned first, second;     /* channels */
    double first_weight, second_weight;
    Pair w1, w2, v1, v2;        /* states of the shelf and the high pass */
  };

  template <typename T> double measure (const T * frames, std::size_t n);
  template <typename T> double run (const T * frames, std::size_t n);
  template <typename T, unsigned Stride> static Pair filter (const T * x,
      std::size_t n, unsigned stride, const KWeighting & k, Filter & f);
  template <typename T, unsigned Stride> static Pair filter_avx2 (const T * x,
      std::size_t n, unsigned stride, const KWeighting & k, Filter & f);
  template <typename T, unsigned Stride> static Pair filter_best (const T * x,
      std::size_t n, unsigned stride, const KWeighting & k, Filter & f);
  void begin_subblocks ();

  unsigned channels_;
  KWeighting k_;
  std::vector<Filter> filters_;
  LoudnessWindows windows_;
  TruePeakMeter peaks_;
  Tally past_;
  std::uint64_t frames_ = 0;
  std::size_t missing_ = 0;     /* frames that the sub-block still lacks */
  double sum_ = 0.0;            /* its squares so far */
};

}
