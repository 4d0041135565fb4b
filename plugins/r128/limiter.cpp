/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "limiter.hpp"

#include "gating.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#define HAVE_AVX2_CLONES 1
#endif

namespace genaudio::r128 {

namespace {

constexpr double look_ahead = 0.005;    /* s */
constexpr double margin = 0.1;          /* dB */
constexpr double release = 0.010;       /* s, time constants */
constexpr double sustain = 0.080;
constexpr double slow_attack = 0.100;
constexpr double slow_release = 2.5;
/* less than this counts as nothing */
constexpr double negligible = 0.001;    /* dB */

constexpr double most = 200.0;          /* dB, of attenuation */

constexpr unsigned half = 8;            /* frames of half a cell */

/* Interleaved samples are filtered as one row: neighbours in time are as far
 * apart as there are channels, so that any number of those fills a vector. */
template <typename T> struct Row;
template <> struct Row<float>
{
  typedef float Vector __attribute__ ((vector_size (32)));
};
template <> struct Row<double>
{
  typedef double Vector __attribute__ ((vector_size (32)));
};

/* The largest of @n samples; @n is a multiple of 8. */
template <typename T>
[[gnu::always_inline]] inline T
row_peak (const T * x, std::size_t n)
{
  typedef typename Row<T>::Vector Vector;
  constexpr std::size_t lanes = sizeof (Vector) / sizeof (T);
  Vector peak{};

  for (std::size_t i = 0; i < n; i += lanes) {
    Vector v;
    std::memcpy (&v, x + i, sizeof v);
    v = v < -v ? -v : v;
    peak = peak < v ? v : peak;
  }
  T largest = 0;
  for (std::size_t l = 0; l < lanes; l++)
    largest = std::max<T> (largest, peak[l]);
  return largest;
}

/* The largest interpolated value at the 16 frames from @x, of which each
 * reads the frames that end with it. */
template <unsigned Phases, typename T>
[[gnu::always_inline]] inline T
row_interpolated_peak (const Interpolator & ip, const T * x, unsigned channels)
{
  typedef typename Row<T>::Vector Vector;
  constexpr std::size_t lanes = sizeof (Vector) / sizeof (T);
  constexpr unsigned taps = 48 / (Phases + 1);
  const T *first = x - std::size_t{taps - 1} * channels;
  Vector peak{};

  /* two vectors at a time, so that the sums need not wait for one another */
  for (std::size_t i = 0; i < std::size_t{2 * half} * channels; i += 2 * lanes) {
    Vector sums[2][Phases] = {};
    const T *from = first + i;
#pragma GCC unroll 24
    for (unsigned k = 0; k < taps; k++, from += channels) {
      Vector a, b;
      std::memcpy (&a, from, sizeof a);
      std::memcpy (&b, from + lanes, sizeof b);
#pragma GCC unroll 3
      for (unsigned p = 0; p < Phases; p++) {
        const T h = static_cast<T> (ip.phase[p][k]);
        sums[0][p] += a * h;
        sums[1][p] += b * h;
      }
    }
    for (const Vector (&row)[Phases] : sums) {
      for (Vector v : row) {
        v = v < -v ? -v : v;
        peak = peak < v ? v : peak;
      }
    }
  }
  T largest = 0;
  for (std::size_t l = 0; l < lanes; l++)
    largest = std::max<T> (largest, peak[l]);
  return largest;
}

template <typename T>
[[gnu::always_inline]] inline T
any_interpolated_peak (const Interpolator & ip, const T * x, unsigned channels)
{
  return ip.phases == 3 ? row_interpolated_peak<3> (ip, x, channels)
      : row_interpolated_peak<1> (ip, x, channels);
}

#ifdef HAVE_AVX2_CLONES

#define CLONE(T)                                                              \
  __attribute__ ((target ("avx2,fma"))) T                                     \
  interpolated_peak_avx2 (const Interpolator & ip, const T * x,               \
      unsigned channels)                                                      \
  {                                                                           \
    return any_interpolated_peak (ip, x, channels);                           \
  }
CLONE (float)
CLONE (double)
#undef CLONE

#endif

template <typename T>
T
interpolated_peak (const Interpolator & ip, const T * x, unsigned channels)
{
#ifdef HAVE_AVX2_CLONES
  static const bool have_avx2 = __builtin_cpu_supports ("avx2")
      && __builtin_cpu_supports ("fma");
  if (have_avx2)
    return interpolated_peak_avx2 (ip, x, channels);
#endif
  return any_interpolated_peak (ip, x, channels);
}

/* At 96 kHz four times oversampling with 12 taps is what finds the peaks of
 * EBU Tech 3341, and twice with 24 what libebur128 will read: both count. */
std::vector<Interpolator>
interpolators_for (unsigned rate)
{
  std::vector<Interpolator> interpolators = {Interpolator (rate)};

  if (rate == 96000)
    interpolators.push_back (Interpolator (2 * rate));
  return interpolators;
}

double
per_cell (double seconds, unsigned rate, unsigned cell)
{
  return std::exp (-static_cast<double> (cell) / (seconds * rate));
}

}

template <typename T>
Limiter<T>::Limiter (unsigned rate, unsigned channels, double ceiling)
    : interpolators_ (interpolators_for (rate)), channels_ (channels),
    smooth_ (std::max (2u, static_cast<unsigned> (
                std::lround (look_ahead / 2.0 * rate / cell)))),
    hold_ (2 * smooth_ + 1), delay_ (2 * smooth_ + 1),
    release_ (per_cell (release, rate, cell)),
    sustain_ (per_cell (sustain, rate, cell)),
    slow_attack_ (per_cell (slow_attack, rate, cell)),
    slow_release_ (per_cell (slow_release, rate, cell)),
    line_ (std::size_t{delay_} * cell * channels),
    peaks_ (std::size_t{delay_} * 2), needs_ (hold_), held_ (smooth_),
    once_ (smooth_), idle_ (hold_ + 2 * smooth_)
{
  set_ceiling (ceiling);
}

template <typename T>
void
Limiter<T>::set_ceiling (double ceiling)
{
  ceiling_ = amplitude (ceiling - margin);
  threshold_ = ceiling_;
  for (const Interpolator & ip : interpolators_)
    threshold_ = std::min<double> (threshold_, ceiling_ / ip.norm);
}

template <typename T>
void
Limiter<T>::flush ()
{
  const double attenuation = std::max (fast_, slow_);

  std::fill (line_.begin (), line_.end (), T{0});
  std::fill (peaks_.begin (), peaks_.end (), 0.0f);
  std::fill (needs_.begin (), needs_.end (), 0.0);
  std::fill (held_.begin (), held_.end (), attenuation);
  std::fill (once_.begin (), once_.end (), attenuation);
}

/* What the cell at @cell_index of the line needs, in dB; the cell after it is
 * there. */
template <typename T>
double
Limiter<T>::need (std::size_t cell_index) const
{
  const float *p = &peaks_[cell_index * 2];
  const double own = std::max (p[0], p[1]);
  /* what an interpolated value of the cell may be made of: the half cells
   * next to it, or with the longer filter of high rates two on each side */
  double all = std::max<double> (own, std::max (p[-1], p[2]));
  if (interpolators_.back ().taps > 2 * half)
    all = std::max<double> (all, std::max (p[-2], p[3]));
  if (all <= threshold_)
    return 0.0;

  double peak = own;
  for (const Interpolator & ip : interpolators_)
    peak = std::max (peak, peak_between (cell_index, ip));
  return peak > ceiling_ ? std::min (decibels (peak / ceiling_), most) : 0.0;
}

/* The largest value in the intervals that end with a frame of the cell. */
template <typename T>
double
Limiter<T>::peak_between (std::size_t cell_index, const Interpolator & ip) const
{
  const std::size_t lead = ip.taps / 2 - 1;

  return interpolated_peak (ip,
      &line_[(cell_index * cell + lead) * channels_], channels_);
}

/* The attenuation at a border, in dB, once @need is known of the cell that
 * lies smooth_ * 2 - 1 after it. */
template <typename T>
double
Limiter<T>::smooth (double need)
{
  needs_[at_ % hold_] = need;
  if (need > 0.0)
    idle_ = 0;
  else if (idle_ < hold_ + 2 * smooth_)
    idle_++;
  else if (sustained_ == 0.0 && slow_ == 0.0) {
    at_++;
    return 0.0;
  }

  const double hold = *std::max_element (needs_.begin (), needs_.end ());
  fast_ = std::max (hold, fast_ * release_);
  sustained_ = std::max (hold, sustained_ * sustain_);
  slow_ += (sustained_ - slow_)
      * (1.0 - (sustained_ > slow_ ? slow_attack_ : slow_release_));
  if (fast_ < negligible)
    fast_ = 0.0;
  if (sustained_ < negligible)
    sustained_ = 0.0;
  if (slow_ < negligible && sustained_ == 0.0)
    slow_ = 0.0;
  if (sustained_ > 0.0 || slow_ > 0.0)
    idle_ = std::min (idle_, hold_);

  held_[at_ % smooth_] = std::max (fast_, slow_);
  double sum = 0.0;
  for (const double h : held_)
    sum += h;
  once_[at_ % smooth_] = sum / smooth_;
  sum = 0.0;
  for (const double o : once_)
    sum += o;
  at_++;
  return sum / smooth_;
}

template <typename T>
void
Limiter<T>::apply (const T * in, T * out, double from, double to) const
{
  if (from == 1.0 && to == 1.0) {
    std::copy_n (in, cell * channels_, out);
    return;
  }
  for (unsigned i = 0; i < cell; i++) {
    const T gain = static_cast<T> (from + (to - from) * (i + 1) / cell);
    for (unsigned c = 0; c < channels_; c++)
      *out++ = *in++ * gain;
  }
}

template <typename T>
void
Limiter<T>::process (const T * in, T * out, std::size_t cells)
{
  const std::size_t samples = std::size_t{cell} * channels_;

  /* what is delayed is followed by what is new */
  line_.resize ((delay_ + cells) * samples);
  peaks_.resize ((delay_ + cells) * 2);
  std::copy_n (in, cells * samples, &line_[delay_ * samples]);
  for (std::size_t i = 0; i < cells; i++) {
    const T *fresh = &line_[(delay_ + i) * samples];
    float *p = &peaks_[(delay_ + i) * 2];
    p[0] = static_cast<float> (row_peak (fresh, half * channels_));
    p[1] = static_cast<float> (row_peak (fresh + half * channels_,
            half * channels_));

    const double attenuation = smooth (need (delay_ + i - 1));
    const double gain = attenuation > 0.0 ? amplitude (-attenuation) : 1.0;
    apply (&line_[i * samples], out + i * samples, gain_, gain);
    gain_ = gain;
  }
  line_.erase (line_.begin (),
      line_.begin () + static_cast<std::ptrdiff_t> (cells * samples));
  peaks_.erase (peaks_.begin (),
      peaks_.begin () + static_cast<std::ptrdiff_t> (cells * 2));
}

template class Limiter<float>;
template class Limiter<double>;

}
