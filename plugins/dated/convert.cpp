/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Conversion of samples. Dither is triangular, two least significant bits
 * wide: Lipshitz, Wannamaker, Vanderkooy, "Quantization and Dither: A
 * Theoretical Survey", JAES 40 (1992). */

#include "convert.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

namespace genaudio::dated {

namespace {

struct Packed24
{
  std::uint8_t bytes[3];
};

/* To the scale in which full scale is 1.0. */
double
normalise (Packed24 s)
{
  std::uint32_t bits = 0;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  bits = (std::uint32_t) s.bytes[0] << 24 | s.bytes[1] << 16 | s.bytes[2] << 8;
#else
  bits = (std::uint32_t) s.bytes[2] << 24 | s.bytes[1] << 16 | s.bytes[0] << 8;
#endif
  return (std::int32_t) bits / 2147483648.0;
}

double
normalise (std::int16_t s)
{
  return s / 32768.0;
}

double
normalise (std::int32_t s)
{
  return s / 2147483648.0;
}

float
normalise (float s)
{
  return s;
}

double
normalise (double s)
{
  return s;
}

int
bits_of (Sample sample)
{
  switch (sample) {
    case Sample::s16:
      return 16;
    case Sample::s24:
      return 24;
    case Sample::s32:
      return 32;
    default:
      return 64;
  }
}

int
bits_of (Target target)
{
  switch (target) {
    case Target::i16:
      return 16;
    case Target::i24:
      return 24;
    default:
      return 32;
  }
}

}

std::size_t
sample_bytes (Sample sample)
{
  switch (sample) {
    case Sample::s16:
      return 2;
    case Sample::s24:
      return 3;
    case Sample::s32:
    case Sample::f32:
      return 4;
    case Sample::f64:
      return 8;
  }
  return 0;
}

Target
target_for (const FormatInfo & info, Depth depth)
{
  if (info.lossy || depth == Depth::float_32)
    return Target::f32;
  if (depth == Depth::pcm_16)
    return Target::i16;
  return depth == Depth::pcm_24 ? Target::i24 : Target::i32;
}

/* Dither only where resolution is lost, and never at 32 bits, where it
 * would be far below what any converter resolves. */
Converter::Converter (Sample from, Target to, bool dither)
    : from (from), to (to),
      dither (dither && (to == Target::i16 || to == Target::i24)
          && bits_of (from) > bits_of (to))
{
}

/* *INDENT-OFF* */
namespace {

/* So many samples are converted at a time: a number that is known, for the
 * compiler to use vectors. */
constexpr std::size_t chunk = 64;

/* Added to a value, leaves no room for a fraction: what remains of the sum's
 * bits is the value rounded to the nearest integer, even if halfway. */
template <typename Real> struct Rounding;
template <> struct Rounding<float>
{
  using Bits = std::int32_t;
  static constexpr float shifter = 12582912.0f;           /* 1.5 * 2^23 */
};
template <> struct Rounding<double>
{
  using Bits = std::int64_t;
  static constexpr double shifter = 6755399441055744.0;   /* 1.5 * 2^52 */
};

template <typename Real>
std::int32_t
round_to_int (Real value)
{
  using Bits = typename Rounding<Real>::Bits;
  constexpr Real shifter = Rounding<Real>::shifter;

  return (std::int32_t) (std::bit_cast<Bits> (value + shifter)
      - std::bit_cast<Bits> (shifter));
}

template <typename In, typename Real>
void
load (const std::uint8_t *bytes, Real (&values)[chunk])
{
  In samples[chunk];

  std::memcpy (samples, bytes, sizeof (samples));
  for (std::size_t i = 0; i < chunk; i++)
    values[i] = (Real) normalise (samples[i]);
}

/* Replaces what is not a number, and counts it with what is over range: in
 * magnitude all of these have bits above those of 1.0. */
template <typename Real>
std::uint32_t
check (Real (&values)[chunk])
{
  using Bits = typename Rounding<Real>::Bits;
  constexpr Bits magnitude = std::numeric_limits<Bits>::max ();
  constexpr Bits full_scale = std::bit_cast<Bits> ((Real) 1);
  std::uint32_t over = 0;

  for (std::size_t i = 0; i < chunk; i++)
    over += (std::bit_cast<Bits> (values[i]) & magnitude) > full_scale;
  if (over > 0)
    for (Real & value : values)
      value = std::isnan (value) ? 0 : value;
  return over;
}

}
/* *INDENT-ON* */

Converter::Noise::Noise ()
{
  std::uint32_t seed = 0x9E3779B9;

  for (std::uint32_t & lane : lanes)
    lane = seed *= 0x01000193;
}

/* Adds triangular noise in (-1, 1): the sum of two uniform variables, which
 * are the halves of what one xorshift generator of 32 bits draws. */
template <typename Real>
void
Converter::Noise::add (Real *values)
{
  for (std::size_t i = 0; i < chunk; i += n_lanes)
    for (std::size_t k = 0; k < n_lanes; k++) {
      std::uint32_t drawn = lanes[k];
      drawn ^= drawn << 13;
      drawn ^= drawn >> 17;
      drawn ^= drawn << 5;
      lanes[k] = drawn;
      values[i + k] += (Real) ((std::int32_t) (drawn >> 16)
          + (std::int32_t) (drawn & 0xffff) - 0xffff) * (Real) (1 / 65536.0);
    }
}

template <typename In, typename Out>
void
Converter::quantise_chunk (const std::uint8_t *in, Out *out)
{
  /* in float where that is exact for the width of the output */
  using Real = std::conditional_t<std::is_same_v<In, float>
      && std::is_same_v<Out, std::int16_t>, float, double>;
  const int shift = to == Target::i24 ? 8 : 0;
  const Real scale = (Real) (std::uint32_t (1) << (bits_of (to) - 1));
  const Real top = scale - 1;
  Real values[chunk];

  load<In> (in, values);
  n_clipped += check (values);
  for (Real & value : values)
    value *= scale;
  if (dither)
    noise.add (values);
  for (std::size_t i = 0; i < chunk; i++) {
    const Real value = std::min (std::max (values[i], -scale), top);
    /* unsigned, since a negative value must not be shifted */
    out[i] = (Out) ((std::uint32_t) round_to_int (value) << shift);
  }
}

template <typename In, typename Out>
const void *
Converter::quantise (const void *in, std::size_t n)
{
  const auto *bytes = static_cast<const std::uint8_t *> (in);
  const std::size_t whole = n - n % chunk;

  memory.resize ((n * sizeof (Out) + 7) / 8);
  Out *out = reinterpret_cast<Out *> (memory.data ());
  for (std::size_t i = 0; i < whole; i += chunk)
    quantise_chunk<In> (bytes + i * sizeof (In), out + i);
  if (whole < n) {
    std::uint8_t rest[chunk * sizeof (In)] = {};
    Out rounded[chunk];
    std::memcpy (rest, bytes + whole * sizeof (In),
        (n - whole) * sizeof (In));
    quantise_chunk<In> (rest, rounded);
    std::memcpy (out + whole, rounded, (n - whole) * sizeof (Out));
  }
  return out;
}

/* Floats hold what is over range, so nothing is clipped. */
const void *
Converter::to_float (const void *in, std::size_t n)
{
  const auto *bytes = static_cast<const std::uint8_t *> (in);

  memory.resize ((n * sizeof (float) + 7) / 8);
  float *out = reinterpret_cast<float *> (memory.data ());
  const auto run = [&]<typename In> (In sample) {
    for (std::size_t i = 0; i < n; i++) {
      std::memcpy (&sample, bytes + i * sizeof (In), sizeof (In));
      out[i] = (float) normalise (sample);
    }
  };
  switch (from) {
    case Sample::s16:
      run (std::int16_t ());
      break;
    case Sample::s24:
      run (Packed24 ());
      break;
    case Sample::s32:
      run (std::int32_t ());
      break;
    case Sample::f32:
      run (float ());
      break;
    case Sample::f64:
      run (double ());
      break;
  }
  return out;
}

const void *
Converter::convert (const void *in, std::size_t n)
{
  if ((from == Sample::s16 && to == Target::i16)
      || (from == Sample::s32 && to == Target::i32)
      || (from == Sample::f32 && to == Target::f32))
    return in;
  if (to == Target::f32)
    return to_float (in, n);

  const bool narrow = to == Target::i16;
  switch (from) {
    case Sample::s16:
      return quantise<std::int16_t, std::int32_t> (in, n);
    case Sample::s24:
      return narrow ? quantise<Packed24, std::int16_t> (in, n)
          : quantise<Packed24, std::int32_t> (in, n);
    case Sample::s32:
      return narrow ? quantise<std::int32_t, std::int16_t> (in, n)
          : quantise<std::int32_t, std::int32_t> (in, n);
    case Sample::f32:
      return narrow ? quantise<float, std::int16_t> (in, n)
          : quantise<float, std::int32_t> (in, n);
    case Sample::f64:
      return narrow ? quantise<double, std::int16_t> (in, n)
          : quantise<double, std::int32_t> (in, n);
  }
  return nullptr;
}

}
