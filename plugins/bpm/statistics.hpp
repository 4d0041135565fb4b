/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace genaudio::bpm {

/* Native byte order, interleaved; s24 is packed in three bytes. */
enum class SampleFormat { s16, s24, s32, f32, f64 };

constexpr unsigned max_channels = 8;

/* Below this a sample counts as silence: -60 dBFS. */
constexpr float silence_threshold = 0.001f;

/* Bytes of one sample. */
std::size_t sample_size (SampleFormat format);

/* Writes @n samples of any format as floats, full scale 1.0. */
void samples_to_float (SampleFormat format, const void *from, std::size_t n,
    float *to);

/* Copies @n floats, 0 in place of those that are not finite. */
void zero_non_finite (const float *from, std::size_t n, float *to);

struct ChannelStatistics
{
  double peak = 0;
  double rms = 0;
  double dynamic_range = 0;     /* peak to RMS in dB, 0 in silence */
  double dc_offset = 0;
};

struct StatisticsResult
{
  ChannelStatistics overall;    /* dc_offset: mean of the channels' */
  std::array<ChannelStatistics, max_channels> channel;
  unsigned channels = 0;
  std::uint64_t frames = 0;
  std::uint64_t clipped = 0;    /* samples at or beyond full scale */
  std::uint64_t leading = 0;    /* silent frames at the head... */
  std::uint64_t trailing = 0;   /* ...and at the tail */
};

/* Peak, RMS, DC offset, clipped samples and silence of a stream, in one pass
 * at memory speed: each channel has lanes of its own in vectors of float,
 * which are added up in double before they have taken more than a few values,
 * so that the result is that of a double-precision sum to well below 1e-6.
 *
 * Samples that are NaN, infinite or beyond the range of float count as zero.
 * Plain data; nothing is allocated. */
class Statistics
{
public:
  /* The samples of a call to add_block(), at most. */
  static constexpr std::size_t max_block = 4096;

  void reset (SampleFormat format, unsigned channels);

  /* @samples: @frames frames as floats; @raw: the same as they came. At most
   * max_block samples. Returns false if some were not finite. */
  bool add_block (const float *samples, const void *raw, std::size_t frames);

  /* As if @frames frames of zeros had come. */
  void add_silence (std::uint64_t frames);

  StatisticsResult result () const;

  std::uint64_t frames () const { return frames_; }

private:
  template <int vectors> bool add_vectors (const float *samples,
      std::size_t n);
  void add_slowly (const void *raw, std::size_t n);
  void find_sound (const float *samples, std::size_t frames);
  void count_clipped (const void *raw, std::size_t n);

  SampleFormat format_ = SampleFormat::f32;
  unsigned channels_ = 1;
  std::uint64_t frames_ = 0;
  std::uint64_t clipped_ = 0;
  std::uint64_t first_sound_ = 0;       /* frame number, once heard_ */
  std::uint64_t last_sound_ = 0;
  bool heard_ = false;
  float block_peak_ = 0;
  std::array<double, max_channels> peak_ { };
  std::array<double, max_channels> sum_ { };
  std::array<double, max_channels> squares_ { };
};

} // namespace genaudio::bpm
