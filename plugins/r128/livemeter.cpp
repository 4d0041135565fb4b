/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "livemeter.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#if defined(__x86_64__) && defined(__GNUC__)
#define HAVE_AVX2_CLONES 1
#endif

namespace genaudio::r128 {

namespace {

/* In digital silence the states decay to subnormal numbers, with which a
 * processor is a hundred times slower. */
void
flush_denormals (double & a, double & b)
{
  a = std::fabs (a) < 1e-30 ? 0.0 : a;
  b = std::fabs (b) < 1e-30 ? 0.0 : b;
}

}

LiveMeter::LiveMeter (unsigned rate, const std::vector<double> & weights)
    : channels_ (static_cast<unsigned> (weights.size ())), k_ (rate),
    windows_ (rate), peaks_ (rate, channels_)
{
  /* channels that count for nothing are not filtered; the odd one out goes
   * with itself */
  std::vector<unsigned> counted;
  for (unsigned c = 0; c < channels_; c++) {
    if (weights[c] > 0.0)
      counted.push_back (c);
  }
  for (std::size_t i = 0; i < counted.size (); i += 2) {
    const bool pair = i + 1 < counted.size ();
    const unsigned first = counted[i];
    const unsigned second = pair ? counted[i + 1] : first;
    Filter f{};
    f.first = first;
    f.second = second;
    f.first_weight = weights[first];
    f.second_weight = pair ? weights[second] : 0.0;
    filters_.push_back (f);
  }
  begin_subblocks ();
}

void
LiveMeter::begin_subblocks ()
{
  missing_ = windows_.grid ().length (windows_.position ());
  sum_ = 0.0;
}

void
LiveMeter::clear ()
{
  windows_.clear ();
  peaks_.reset_peaks ();
  past_ = Tally ();
  frames_ = 0;
  begin_subblocks ();
}

void
LiveMeter::clear_windows ()
{
  windows_.clear_windows ();
  for (Filter & f : filters_)
    f.w1 = f.w2 = f.v1 = f.v2 = Pair{};
  begin_subblocks ();
}

/* Both sections in direct form II: of the ways to write a biquad the one with
 * the shortest way round its feedback, which is what the time goes into. */
template <typename T, unsigned Stride>
[[gnu::always_inline]] inline LiveMeter::Pair
LiveMeter::filter (const T * x, std::size_t n, unsigned stride,
    const KWeighting & k, Filter & f)
{
  const std::size_t step = Stride != 0 ? Stride : stride;
  const T *first = x + f.first, *second = x + f.second;
  Pair w1 = f.w1, w2 = f.w2, v1 = f.v1, v2 = f.v2, sum{};

  for (std::size_t i = 0; i < n; i++) {
    const Pair in = {static_cast<double> (first[i * step]),
        static_cast<double> (second[i * step])};
    const Pair w = (in - k.shelf.a2 * w2) - k.shelf.a1 * w1;
    const Pair y = (k.shelf.b1 * w1 + k.shelf.b2 * w2) + k.shelf.b0 * w;
    const Pair v = (y - k.high_pass.a2 * v2) - k.high_pass.a1 * v1;
    const Pair z = (v2 - 2.0 * v1) + v;
    sum += z * z;
    w2 = w1;
    w1 = w;
    v2 = v1;
    v1 = v;
  }
  f.w1 = w1;
  f.w2 = w2;
  f.v1 = v1;
  f.v2 = v2;
  return sum;
}

#ifdef HAVE_AVX2_CLONES

/* the same with fused multiply-add, which halves that way */
template <typename T, unsigned Stride>
__attribute__ ((target ("avx2,fma"))) LiveMeter::Pair
LiveMeter::filter_avx2 (const T * x, std::size_t n, unsigned stride,
    const KWeighting & k, Filter & f)
{
  return filter<T, Stride> (x, n, stride, k, f);
}

#endif

template <typename T, unsigned Stride>
LiveMeter::Pair
LiveMeter::filter_best (const T * x, std::size_t n, unsigned stride,
    const KWeighting & k, Filter & f)
{
#ifdef HAVE_AVX2_CLONES
  static const bool have_avx2 = __builtin_cpu_supports ("avx2")
      && __builtin_cpu_supports ("fma");
  if (have_avx2)
    return filter_avx2<T, Stride> (x, n, stride, k, f);
#endif
  return filter<T, Stride> (x, n, stride, k, f);
}

template <typename T>
double
LiveMeter::run (const T * frames, std::size_t n)
{
  double sum = 0.0;

  for (Filter & f : filters_) {
    const Pair squares = channels_ == 2
        ? filter_best<T, 2> (frames, n, channels_, k_, f)
        : filter_best<T, 0> (frames, n, channels_, k_, f);
    sum += squares[0] * f.first_weight + squares[1] * f.second_weight;
  }
  return sum;
}

template <typename T>
double
LiveMeter::measure (const T * frames, std::size_t n)
{
  double total = 0.0;

  peaks_.add (frames, n);
  frames_ += n;
  while (n > 0) {
    const std::size_t part = std::min (n, missing_);
    const double sum = run (frames, part);

    total += sum;
    sum_ += sum;
    missing_ -= part;
    frames += part * channels_;
    n -= part;
    if (missing_ > 0)
      break;
    windows_.add (sum_);
    begin_subblocks ();
    for (Filter & f : filters_) {
      for (Pair *state : {&f.w1, &f.w2, &f.v1, &f.v2}) {
        double a = (*state)[0], b = (*state)[1];
        flush_denormals (a, b);
        *state = Pair{a, b};
      }
    }
  }
  return total;
}

double
LiveMeter::add (const float * frames, std::size_t n)
{
  return measure (frames, n);
}

double
LiveMeter::add (const double * frames, std::size_t n)
{
  return measure (frames, n);
}

Tally
LiveMeter::tally () const
{
  Tally tally = past_;

  tally.add (*this);
  return tally;
}

void
Tally::add (const LiveMeter & meter)
{
  const auto raise = [] (double & most, std::span<const double> peaks) {
    for (const double peak : peaks)
      most = std::max (most, peak);
  };
  const LoudnessWindows & windows = meter.loudness ();

  blocks.merge (windows.blocks ());
  shortterms.merge (windows.shortterms ());
  /* fmax: a number beats none */
  max_momentary = std::fmax (max_momentary, windows.max_momentary ());
  max_shortterm = std::fmax (max_shortterm, windows.max_shortterm ());
  raise (sample_peak, meter.peaks ().sample_peaks ());
  raise (true_peak, meter.peaks ().true_peaks ());
}

Loudness
Tally::summary () const
{
  Loudness l;

  l.integrated = blocks.integrated ();
  l.range = shortterms.empty () ? not_a_number : shortterms.range ();
  l.max_momentary = max_momentary;
  l.max_shortterm = max_shortterm;
  l.max_sample_peak = decibels (sample_peak);
  l.max_true_peak = decibels (true_peak);
  return l;
}

}
