/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "statistics.hpp"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstring>

namespace genaudio::bpm {

namespace {

/* Vectors of the compiler's own: SSE on x86-64, NEON on ARM. */
typedef float Vector __attribute__ ((vector_size (16)));
typedef std::int32_t IntVector __attribute__ ((vector_size (16)));

constexpr int vector_lanes = 4;

/* Values one lane takes in float before it is added to its double: the sum
 * of 16 rounds to 1e-6 at the very worst, and errors of different runs
 * average out. */
constexpr std::size_t run = 16;

Vector
load (const float *from)
{
  Vector v;
  std::memcpy (&v, from, sizeof v);
  return v;
}

Vector
absolute (Vector v)
{
  return (Vector) ((IntVector) v & 0x7fffffff);
}

/* NaN compares false, so it never becomes the maximum. */
Vector
maximum (Vector v, Vector m)
{
  return v > m ? v : m;
}

std::int32_t
read_s24 (const unsigned char *at)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  const std::uint32_t v = at[0] << 8 | at[1] << 16 | (std::uint32_t) at[2] << 24;
#else
  const std::uint32_t v = at[2] << 8 | at[1] << 16 | (std::uint32_t) at[0] << 24;
#endif
  return (std::int32_t) v >> 8;
}

/* A word that ends with the sample holds it in its upper 24 bits, where the
 * low byte comes first. Only the conversion is vectorised by the compiler, so
 * it has a loop to itself. */
void
s24_to_float (const unsigned char *from, std::size_t n, float *to)
{
  constexpr std::size_t chunk = 256;
  std::int32_t words[chunk];

  for (std::size_t i = 0; i < n; i += chunk) {
    const std::size_t end = std::min (chunk, n - i);
    const unsigned char *at = from + 3 * i;
    std::size_t k = 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    /* not before the first sample of all */
    if (i == 0)
      words[k++] = read_s24 (at) * 256;
    for (; k < end; k++) {
      std::memcpy (&words[k], at + 3 * k - 1, sizeof words[k]);
      words[k] &= ~0xff;
    }
#else
    for (; k < end; k++)
      words[k] = read_s24 (at + 3 * k) * 256;
#endif
    for (k = 0; k < end; k++)
      to[i + k] = words[k] * (1 / 2147483648.0f);
  }
}

template <typename Sample>
Sample
read (const void *raw, std::size_t i)
{
  Sample s;
  std::memcpy (&s, static_cast<const char *>(raw) + i * sizeof s, sizeof s);
  return s;
}

double
read_sample (SampleFormat format, const void *raw, std::size_t i)
{
  switch (format) {
    case SampleFormat::s16:
      return read<std::int16_t> (raw, i) / 32768.0;
    case SampleFormat::s24:
      return read_s24 (static_cast<const unsigned char *>(raw) + 3 * i)
          / 8388608.0;
    case SampleFormat::s32:
      return read<std::int32_t> (raw, i) / 2147483648.0;
    case SampleFormat::f32:
      return read<float> (raw, i);
    case SampleFormat::f64:
      return read<double> (raw, i);
  }
  return 0;
}

/* The largest value the format holds below or at 1.0: an integer format's
 * greatest positive value is one step short of it. */
double
full_scale (SampleFormat format)
{
  switch (format) {
    case SampleFormat::s16:
      return 32767 / 32768.0;
    case SampleFormat::s24:
      return 8388607 / 8388608.0;
    case SampleFormat::s32:
      return 2147483647 / 2147483648.0;
    default:
      return 1.0;
  }
}

bool
is_clipped (SampleFormat format, double sample)
{
  return sample >= full_scale (format) || sample <= -1.0;
}

double
dynamic_range (double peak, double rms)
{
  return peak > 0 && rms > 0 ? 20 * std::log10 (peak / rms) : 0;
}

}

std::size_t
sample_size (SampleFormat format)
{
  switch (format) {
    case SampleFormat::s16:
      return 2;
    case SampleFormat::s24:
      return 3;
    case SampleFormat::f64:
      return 8;
    default:
      return 4;
  }
}

void
samples_to_float (SampleFormat format, const void *from, std::size_t n,
    float *to)
{
  switch (format) {
    case SampleFormat::s16:
      for (std::size_t i = 0; i < n; i++)
        to[i] = read<std::int16_t> (from, i) * (1 / 32768.0f);
      break;
    case SampleFormat::s24:
      s24_to_float (static_cast<const unsigned char *> (from), n, to);
      break;
    case SampleFormat::s32:
      for (std::size_t i = 0; i < n; i++)
        to[i] = read<std::int32_t> (from, i) * (1 / 2147483648.0f);
      break;
    case SampleFormat::f32:
      std::memcpy (to, from, n * sizeof (float));
      break;
    case SampleFormat::f64:
      for (std::size_t i = 0; i < n; i++)
        to[i] = (float) read<double> (from, i);
      break;
  }
}

void
zero_non_finite (const float *from, std::size_t n, float *to)
{
  for (std::size_t i = 0; i < n; i++)
    to[i] = std::abs (from[i]) <= FLT_MAX ? from[i] : 0;
}

void
Statistics::reset (SampleFormat format, unsigned channels)
{
  *this = Statistics ();
  format_ = format;
  channels_ = channels;
}

/* Rows of @vectors vectors; their lanes are a multiple of the channels, so
 * that lane l always holds channel l % channels_. Returns false, having
 * changed nothing, if a sum overflowed or a sample was not finite. */
template <int vectors>
bool
Statistics::add_vectors (const float *samples, std::size_t n)
{
  constexpr int lanes = vectors * vector_lanes;
  const std::size_t rows = n / lanes;
  double total[lanes] = { }, total_squares[lanes] = { };
  Vector peak[vectors] = { };

  for (std::size_t row = 0; row < rows;) {
    const std::size_t end = std::min (row + run, rows);
    Vector sum[vectors] = { }, squares[vectors] = { };
    for (; row < end; row++) {
      /* what comes next is often not in a cache yet */
      __builtin_prefetch (samples + row * lanes + 512);
#pragma GCC unroll 8
      for (int v = 0; v < vectors; v++) {
        const Vector x = load (samples + row * lanes + v * vector_lanes);
        sum[v] += x;
        squares[v] += x * x;
        peak[v] = maximum (absolute (x), peak[v]);
      }
    }
    for (int l = 0; l < lanes; l++) {
      total[l] += sum[l / vector_lanes][l % vector_lanes];
      total_squares[l] += squares[l / vector_lanes][l % vector_lanes];
    }
  }

  float peaks[lanes];
  for (int l = 0; l < lanes; l++)
    peaks[l] = peak[l / vector_lanes][l % vector_lanes];
  for (std::size_t i = rows * lanes, l = 0; i < n; i++, l++) {
    const float x = samples[i];
    total[l] += x;
    total_squares[l] += (double) x * x;
    peaks[l] = std::abs (x) > peaks[l] ? std::abs (x) : peaks[l];
  }

  double check = 0;
  for (int l = 0; l < lanes; l++)
    check += total_squares[l];
  if (!std::isfinite (check))
    return false;

  for (int l = 0; l < lanes; l++) {
    const unsigned c = l % channels_;
    sum_[c] += total[l];
    squares_[c] += total_squares[l];
    peak_[c] = std::max (peak_[c], (double) peaks[l]);
    block_peak_ = std::max (block_peak_, peaks[l]);
  }
  return true;
}

void
Statistics::add_slowly (const void *raw, std::size_t n)
{
  for (std::size_t i = 0; i < n; i++) {
    const unsigned c = i % channels_;
    double x = read_sample (format_, raw, i);
    if (!(std::abs (x) <= FLT_MAX))
      x = 0;
    sum_[c] += x;
    squares_[c] += x * x;
    peak_[c] = std::max (peak_[c], std::abs (x));
    block_peak_ = std::max (block_peak_, (float) std::abs (x));
  }
}

/* Only the ends of the sound are looked for, from outside in. */
void
Statistics::find_sound (const float *samples, std::size_t frames)
{
  const std::size_t n = frames * channels_;
  /* not finite counts as silence, as everywhere */
  const auto is_sound = [] (float x) {
    return std::abs (x) > silence_threshold && std::abs (x) <= FLT_MAX;
  };

  if (!heard_) {
    std::size_t i = 0;
    while (i < n && !is_sound (samples[i]))
      i++;
    if (i == n)
      return;
    heard_ = true;
    first_sound_ = frames_ + i / channels_;
  }
  for (std::size_t i = n; i > 0; i--) {
    if (is_sound (samples[i - 1])) {
      last_sound_ = frames_ + (i - 1) / channels_;
      return;
    }
  }
}

void
Statistics::count_clipped (const void *raw, std::size_t n)
{
  for (std::size_t i = 0; i < n; i++) {
    const double x = read_sample (format_, raw, i);
    clipped_ += is_clipped (format_, x) && std::abs (x) <= FLT_MAX;
  }
}

bool
Statistics::add_block (const float *samples, const void *raw,
    std::size_t frames)
{
  const std::size_t n = frames * channels_;
  bool finite;

  block_peak_ = 0;
  switch (channels_) {
    case 3:
    case 6:
      finite = add_vectors<3> (samples, n);
      break;
    case 5:
      finite = add_vectors<5> (samples, n);
      break;
    case 7:
      finite = add_vectors<7> (samples, n);
      break;
    default:
      finite = add_vectors<4> (samples, n);
      break;
  }
  if (!finite)
    add_slowly (raw, n);
  if (block_peak_ > silence_threshold)
    find_sound (samples, frames);
  /* rounding to float must not hide a clipped sample */
  if (block_peak_ > 0.9999f)
    count_clipped (raw, n);
  frames_ += frames;
  return finite;
}

void
Statistics::add_silence (std::uint64_t frames)
{
  frames_ += frames;
}

StatisticsResult
Statistics::result () const
{
  StatisticsResult r;
  double squares = 0;

  r.channels = channels_;
  r.frames = frames_;
  r.clipped = clipped_;
  r.leading = heard_ ? first_sound_ : frames_;
  r.trailing = heard_ ? frames_ - 1 - last_sound_ : frames_;
  if (frames_ == 0)
    return r;
  for (unsigned c = 0; c < channels_; c++) {
    ChannelStatistics & channel = r.channel[c];
    channel.peak = peak_[c];
    channel.rms = std::sqrt (squares_[c] / (double) frames_);
    channel.dynamic_range = dynamic_range (channel.peak, channel.rms);
    channel.dc_offset = sum_[c] / (double) frames_;
    squares += squares_[c];
    r.overall.peak = std::max (r.overall.peak, channel.peak);
    r.overall.dc_offset += channel.dc_offset / channels_;
  }
  r.overall.rms = std::sqrt (squares / ((double) frames_ * channels_));
  r.overall.dynamic_range = dynamic_range (r.overall.peak, r.overall.rms);
  return r;
}

} // namespace genaudio::bpm
