/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Conversion of samples. Dither is triangular, two least significant bits
 * wide: Lipshitz, Wannamaker, Vanderkooy, "Quantization and Dither: A
 * Theoretical Survey", JAES 40 (1992). */

#include "convert.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

namespace dated {

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

/* Triangular in (-1, 1): the sum of two uniform variables of one xorshift64*
 * draw. */
double
Converter::noise ()
{
  random ^= random >> 12;
  random ^= random << 25;
  random ^= random >> 27;
  const std::uint64_t drawn = random * UINT64_C (0x2545F4914F6CDD1D);
  return ((double) (drawn >> 32) + (double) (drawn & 0xffffffff))
      / 4294967296.0 - 1.0;
}

template <typename In, typename Out>
const void *
Converter::quantise (const void *in, std::size_t n)
{
  /* in float where that is exact for the width of the output */
  using Real = std::conditional_t<std::is_same_v<In, float>
      && std::is_same_v<Out, std::int16_t>, float, double>;
  const int shift = to == Target::i24 ? 8 : 0;
  const Real scale = (Real) std::ldexp (1.0, bits_of (to) - 1);
  const Real top = scale - 1;
  const auto *bytes = static_cast<const std::uint8_t *> (in);

  memory.resize ((n * sizeof (Out) + 7) / 8);
  Out *out = reinterpret_cast<Out *> (memory.data ());
  std::uint64_t over = 0;
  for (std::size_t i = 0; i < n; i++) {
    In sample;
    std::memcpy (&sample, bytes + i * sizeof (In), sizeof (In));
    Real value = (Real) normalise (sample);
    if (!(value >= -1 && value <= 1)) {
      over++;
      if (std::isnan (value))
        value = 0;
    }
    value *= scale;
    if (dither)
      value += (Real) noise ();
    value = std::min (std::max (value, -scale), top);
    /* unsigned, since a negative value must not be shifted */
    out[i] = (Out) ((std::uint32_t) (std::int32_t) std::lrint (value)
        << shift);
  }
  n_clipped += over;
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
