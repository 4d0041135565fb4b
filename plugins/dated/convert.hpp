/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "formats.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace genaudio::dated {

enum class Sample { s16, s24, s32, f32, f64 };
/* What libsndfile is given; i24 is left-justified in 32 bits. */
enum class Target { i16, i24, i32, f32 };

std::size_t sample_bytes (Sample sample);
Target target_for (const FormatInfo & info, Depth depth);

/* One conversion from what arrives to what the file holds: scaled so that
 * 1.0 is 2^(bits-1), rounded, clipped where it is over range. */
class Converter
{
public:
  Converter (Sample from, Target to, bool dither);

  /* Returns @in itself where nothing has to be done, else memory that lives
   * until the next call. */
  const void *convert (const void *in, std::size_t n_samples);

  /* Samples beyond full scale, or not a number, that were clipped. */
  std::uint64_t clipped () const { return n_clipped; }

private:
  /* Several generators side by side, so that they run in vectors. */
  class Noise
  {
  public:
    Noise ();
    template <typename Real> void add (Real *values);

  private:
    static constexpr std::size_t n_lanes = 16;
    std::uint32_t lanes[n_lanes];
  };

  template <typename In, typename Out>
  const void *quantise (const void *in, std::size_t n);
  template <typename In, typename Out>
  void quantise_chunk (const std::uint8_t *in, Out *out);
  const void *to_float (const void *in, std::size_t n);
  Sample from;
  Target to;
  bool dither;
  Noise noise;
  std::uint64_t n_clipped = 0;
  std::vector<std::uint64_t> memory;    /* aligned for any sample */
};

}
