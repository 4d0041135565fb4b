/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* This file is compiled with the vectoriser on: its loops are plain and
 * without branches so that it can turn them into SIMD. */

#include "samplereader.hpp"
#include "error.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <type_traits>

namespace genaudio {

namespace {

/* Small enough that what was read is still in the first-level cache when it
 * is converted and interleaved. */
constexpr std::size_t chunk_bytes = 16 * 1024;

/* Strided elements are cut out of one read if that reads at most so much
 * more than is wanted; else each is read by itself. */
constexpr std::uint64_t max_stride_bytes = 1024;

template <typename T> T
load (const std::byte *from)
{
  T value;

  std::memcpy (&value, from, sizeof value);
  return value;
}

/* IEEE 754 binary16, without a branch. Subnormals are made by a subtraction
 * of normal numbers, so that a thread that flushes subnormals to zero gets
 * them too. */
float
from_half (std::uint16_t half)
{
  constexpr std::uint32_t exponent = 0x7c00u << 13;
  constexpr std::uint32_t smallest = 113u << 23;
  const std::uint32_t bits = (half & 0x7fffu) << 13;
  const std::uint32_t e = bits & exponent;
  const std::uint32_t normal = bits + ((127u - 15u) << 23);
  const std::uint32_t special = normal + ((128u - 16u) << 23);
  const std::uint32_t tiny = std::bit_cast<std::uint32_t> (
      std::bit_cast<float> (normal + (1u << 23))
      - std::bit_cast<float> (smallest));
  const std::uint32_t magnitude =
      e == exponent ? special : e == 0 ? tiny : normal;

  return std::bit_cast<float> (magnitude | (half & 0x8000u) << 16);
}

template <typename T> struct As {};

float to_sample (As<float>, std::uint32_t bits) { return std::bit_cast<float> (bits); }
double to_sample (As<double>, std::uint64_t bits) { return std::bit_cast<double> (bits); }

template <typename Bits> Bits
swap_bytes (Bits bits)
{
  if constexpr (sizeof bits == 1)
    return bits;
  else if constexpr (sizeof bits == 2)
    return __builtin_bswap16 (bits);
  else if constexpr (sizeof bits == 4)
    return __builtin_bswap32 (bits);
  else
    return __builtin_bswap64 (bits);
}

/* @count elements, @step bytes from one to the next. Where they are
 * neighbours the compiler has to know it to make vector code. */
template <typename Bits, typename T, typename Function> void
convert_loop (const std::byte *from, std::int64_t step, std::size_t count,
    bool swapped, T *to, Function function)
{
  if (swapped) {
    for (std::size_t i = 0; i < count; i++, from += step)
      to[i] = function (swap_bytes (load<Bits> (from)));
  } else if (step == sizeof (Bits)) {
    for (std::size_t i = 0; i < count; i++)
      to[i] = function (load<Bits> (from + i * sizeof (Bits)));
  } else {
    for (std::size_t i = 0; i < count; i++, from += step)
      to[i] = function (load<Bits> (from));
  }
}

void
convert (DType dtype, bool swapped, const std::byte *from, std::int64_t step,
    std::size_t count, float *to)
{
  switch (dtype) {
    case DType::f32:
      convert_loop<std::uint32_t> (from, step, count, swapped, to,
          [] (std::uint32_t bits) { return to_sample (As<float> (), bits); });
      break;
    case DType::f16:
      convert_loop<std::uint16_t> (from, step, count, swapped, to, from_half);
      break;
    case DType::bf16:
      convert_loop<std::uint16_t> (from, step, count, swapped, to,
          [] (std::uint16_t bits) {
            return std::bit_cast<float> (std::uint32_t {bits} << 16);
          });
      break;
    case DType::i8:
      convert_loop<std::uint8_t> (from, step, count, swapped, to,
          [] (std::uint8_t bits) {
            return static_cast<float> (static_cast<std::int8_t> (bits))
                * 0x1p-7f;
          });
      break;
    case DType::u8:
      convert_loop<std::uint8_t> (from, step, count, swapped, to,
          [] (std::uint8_t bits) {
            return static_cast<float> (bits - 128) * 0x1p-7f;
          });
      break;
    case DType::i16:
      convert_loop<std::uint16_t> (from, step, count, swapped, to,
          [] (std::uint16_t bits) {
            return static_cast<float> (static_cast<std::int16_t> (bits))
                * 0x1p-15f;
          });
      break;
    case DType::i32:
    case DType::f64:
    case DType::other:
      break;
  }
}

void
convert (DType dtype, bool swapped, const std::byte *from, std::int64_t step,
    std::size_t count, double *to)
{
  if (dtype == DType::i32)
    convert_loop<std::uint32_t> (from, step, count, swapped, to,
        [] (std::uint32_t bits) {
          return static_cast<double> (static_cast<std::int32_t> (bits))
              * 0x1p-31;
        });
  else
    convert_loop<std::uint64_t> (from, step, count, swapped, to,
        [] (std::uint64_t bits) { return to_sample (As<double> (), bits); });
}

template <typename T>
using SignedBits = std::conditional_t<sizeof (T) == 4, std::int32_t,
    std::int64_t>;

/* Negative if a sample is beyond full scale, infinite or NaN: on the bits it
 * is one integer comparison for all three, and the results of many samples
 * are gathered with an or. */
template <typename T> SignedBits<T>
headroom (T sample)
{
  using Bits = SignedBits<T>;
  constexpr Bits mask = static_cast<Bits> (~(Bits {1} << (sizeof (T) * 8 - 1)));

  return std::bit_cast<Bits> (T {1}) - (std::bit_cast<Bits> (sample) & mask);
}

template <typename T> bool
any_beyond (std::span<const T> samples)
{
  SignedBits<T> least = 0;

  for (const T sample : samples)
    least |= headroom (sample);
  return least < 0;
}

/* planes: of each channel @frames samples. Returns whether any is beyond full
 * scale, infinite or NaN. */
template <typename T> bool
interleave (const T *const *planes, unsigned channels, std::size_t frames,
    T *__restrict out)
{
  SignedBits<T> least = 0;

  if (channels == 2) {
    const T *__restrict left = planes[0];
    const T *__restrict right = planes[1];
    for (std::size_t i = 0; i < frames; i++) {
      out[2 * i] = left[i];
      out[2 * i + 1] = right[i];
      least |= headroom (left[i]) | headroom (right[i]);
    }
    return least < 0;
  }
  for (unsigned c = 0; c < channels; c++) {
    const T *__restrict from = planes[c];
    for (std::size_t i = 0; i < frames; i++) {
      out[i * channels + c] = from[i];
      least |= headroom (from[i]);
    }
  }
  return least < 0;
}

template <typename T> std::uint64_t
check (std::span<T> samples, std::uint64_t first, NonFinite policy)
{
  std::uint64_t over_range = 0;

  if (!any_beyond<T> (samples))
    return 0;
  for (std::size_t i = 0; i < samples.size (); i++) {
    if (std::isfinite (samples[i])) {
      over_range += std::abs (samples[i]) > 1;
    } else if (policy == NonFinite::zero) {
      samples[i] = 0;
    } else {
      throw Error (Fault::decode, cat ("Sample ", first + i, " is ",
              samples[i], "; non-finite=zero plays what is NaN or infinite as "
              "silence"));
    }
  }
  return over_range;
}

}

std::uint64_t
check_samples (std::span<float> samples, std::uint64_t first, NonFinite policy)
{
  return check (samples, first, policy);
}

std::uint64_t
check_samples (std::span<double> samples, std::uint64_t first,
    NonFinite policy)
{
  return check (samples, first, policy);
}

SampleReader::SampleReader (const ByteSource & bytes, const AudioView & view,
    NonFinite policy)
    : bytes_ (bytes), memory_ (bytes.memory ()), view_ (view),
    policy_ (policy), item_size_ (item_size (view.dtype))
{
}

void
SampleReader::read (std::uint64_t first, std::size_t frames, void *out)
{
  if (needs_double (view_.dtype))
    read_as (first, frames, static_cast<double *> (out));
  else
    read_as (first, frames, static_cast<float *> (out));
}

template <typename T> void
SampleReader::read_as (std::uint64_t first, std::size_t frames, T *out)
{
  const bool interleaved = view_.is_interleaved ();
  const std::size_t step =
      std::max<std::size_t> (1, chunk_bytes / sizeof (T)
      / (interleaved ? view_.channels : 1));

  for (std::size_t done = 0; done < frames; ) {
    const std::size_t n = std::min (step, frames - done);
    T *to = out + done * view_.channels;
    const bool beyond = interleaved ? read_interleaved (first + done, n, to)
        : read_planes (first + done, n, to);
    if (beyond)
      over_range_ += check_samples (std::span<T> (to, n * view_.channels),
          (first + done) * view_.channels, policy_);
    done += n;
  }
}

/* Where a sample lies. Its parts may be negative, their sum is not. */
std::uint64_t
SampleReader::place (unsigned channel, std::uint64_t frame) const
{
  return view_.offset + item_size_
      * (channel * static_cast<std::uint64_t> (view_.channel_stride)
      + frame * static_cast<std::uint64_t> (view_.frame_stride));
}

/* Whether elements are stored as samples of the type T. */
template <typename T> bool
SampleReader::is_stored_as () const
{
  return !view_.swapped && view_.dtype
      == (std::is_same_v<T, double> ? DType::f64 : DType::f32);
}

/* Both return whether a sample is beyond full scale, infinite or NaN. */
template <typename T> bool
SampleReader::read_interleaved (std::uint64_t first, std::size_t frames,
    T *out)
{
  const std::size_t count = frames * view_.channels;

  read_run (place (0, first), count, out);
  return any_beyond (std::span<const T> (out, count));
}

template <typename T> bool
SampleReader::read_planes (std::uint64_t first, std::size_t frames, T *out)
{
  const T *planes[max_channels];

  for (unsigned c = 0; c < view_.channels; c++) {
    const std::uint64_t at = place (c, first);
    planes[c] = find_plane<T> (at);
    if (planes[c] == nullptr) {
      planes_.resize (frames * view_.channels * sizeof (T));
      T *plane = reinterpret_cast<T *> (planes_.data ()) + c * frames;
      read_plane (at, frames, plane);
      planes[c] = plane;
    }
  }
  return interleave (planes, view_.channels, frames, out);
}

/* The samples of a channel, if they lie in memory just so. */
template <typename T> const T *
SampleReader::find_plane (std::uint64_t at) const
{
  const auto address = reinterpret_cast<std::uintptr_t> (memory_) + at;

  return memory_ != nullptr && is_stored_as<T> () && view_.frame_stride == 1
      && address % alignof (T) == 0
      ? reinterpret_cast<const T *> (memory_ + at) : nullptr;
}

template <typename T> void
SampleReader::read_plane (std::uint64_t at, std::size_t frames, T *out)
{
  if (view_.frame_stride == 1) {
    read_run (at, frames, out);
  } else if (memory_ != nullptr) {
    convert (view_.dtype, view_.swapped, memory_ + at,
        view_.frame_stride * static_cast<std::int64_t> (item_size_), frames,
        out);
  } else {
    gather (at, frames);
    convert (view_.dtype, view_.swapped, raw_.data (), item_size_, frames,
        out);
  }
}

/* @count neighbours; those that are stored as they are wanted go straight
 * to their place */
template <typename T> void
SampleReader::read_run (std::uint64_t at, std::size_t count, T *out)
{
  if (is_stored_as<T> ()) {
    bytes_.read (at, out, count * item_size_);
    return;
  }
  const std::byte *from = memory_;
  if (from != nullptr) {
    from += at;
  } else {
    raw_.resize (count * item_size_);
    bytes_.read (at, raw_.data (), raw_.size ());
    from = raw_.data ();
  }
  convert (view_.dtype, view_.swapped, from, item_size_, count, out);
}

/* @count elements of a file, frame_stride apart, into raw_ */
void
SampleReader::gather (std::uint64_t at, std::size_t count)
{
  const std::uint64_t stride =
      static_cast<std::uint64_t> (view_.frame_stride) * item_size_;

  raw_.resize (count * item_size_);
  if (stride > max_stride_bytes) {
    for (std::size_t i = 0; i < count; i++)
      bytes_.read (at + i * stride, raw_.data () + i * item_size_, item_size_);
    return;
  }
  wide_.resize ((count - 1) * stride + item_size_);
  bytes_.read (at, wide_.data (), wide_.size ());
  for (std::size_t i = 0; i < count; i++)
    std::memcpy (raw_.data () + i * item_size_, wide_.data () + i * stride,
        item_size_);
}

}
