/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace genaudio::dated {

enum class Container { wav, rf64, flac, ogg, opus, mp3, aiff };
enum class Depth { pcm_16, pcm_24, pcm_32, float_32 };

struct RateRange
{
  int min, max;
};

/* What a file format can hold, as libsndfile writes it. */
struct FormatInfo
{
  Container container;
  const char *nick;
  const char *extension;
  bool lossy;                   /* quality counts, bit depth does not */
  bool has_bitrate;
  int max_channels;
  std::span<const RateRange> rates;
  std::span<const Depth> depths;
  std::uint64_t max_bytes;      /* 0: no limit worth mentioning */
};

const FormatInfo & format_info (Container container);
const char *depth_nick (Depth depth);
bool format_holds (const FormatInfo & info, Depth depth);
std::string allowed_depths (const FormatInfo & info);

/* The major and minor format of libsndfile's. */
int sndfile_format (Container container, Depth depth, int channels);

}
