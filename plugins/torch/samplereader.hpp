/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "file.hpp"
#include "layout.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace genaudio {

enum class NonFinite { error, zero };

/* Counts samples outside -1..1, and refuses or zeroes NaN and infinities.
 * @first: index of samples[0], for the message. Returns the count. */
std::uint64_t check_samples (std::span<float> samples, std::uint64_t first,
    NonFinite policy);
std::uint64_t check_samples (std::span<double> samples, std::uint64_t first,
    NonFinite policy);

/* Reads an AudioView as interleaved samples: double where the tensor is F64
 * or I32, else float. Full scale is 1.0: I8 is divided by 2^7, U8 too once
 * 128 has been taken off, I16 by 2^15, I32 by 2^31. Holds a chunk of each
 * channel, never the tensor; samples in memory are read where they lie. */
class SampleReader
{
public:
  SampleReader (const ByteSource & bytes, const AudioView & view, NonFinite policy);

  /* Writes @frames frames from @first on to @out, which must be aligned. The
   * caller keeps within the view. */
  void read (std::uint64_t first, std::size_t frames, void *out);

  /* Samples outside -1..1 among those read so far. */
  std::uint64_t over_range () const { return over_range_; }

private:
  template <typename T> void read_as (std::uint64_t first, std::size_t frames,
      T *out);
  template <typename T> bool read_interleaved (std::uint64_t first,
      std::size_t frames, T *out);
  template <typename T> bool read_planes (std::uint64_t first,
      std::size_t frames, T *out);
  template <typename T> const T *find_plane (std::uint64_t at) const;
  template <typename T> void read_plane (std::uint64_t at, std::size_t frames,
      T *out);
  template <typename T> void read_run (std::uint64_t at, std::size_t count,
      T *out);
  template <typename T> bool is_stored_as () const;
  std::uint64_t place (unsigned channel, std::uint64_t frame) const;
  void gather (std::uint64_t at, std::size_t count);

  const ByteSource & bytes_;
  const std::byte *const memory_;   /* null: they have to be fetched */
  const AudioView view_;
  const NonFinite policy_;
  const unsigned item_size_;
  std::uint64_t over_range_ = 0;
  std::vector<std::byte> raw_;      /* elements as they are stored */
  std::vector<std::byte> wide_;     /* a stretch that holds strided elements */
  std::vector<std::byte> planes_;   /* converted, a channel after the other */
};

}
