/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Which format holds which rates, channels and sample types. The limits are
 * those of the formats or, where tighter, of the encoders behind libsndfile
 * 1.2. */

#include "formats.hpp"

#include <sndfile.h>

#include <algorithm>
#include <climits>

namespace genaudio::dated {

namespace {

const RateRange any_rate[] = {{1, INT_MAX}};
/* the streamable subset, without which decoders may refuse */
const RateRange flac_rates[] = {{1, 65535}, {88200, 88200}, {96000, 96000},
  {176400, 176400}, {192000, 192000}, {352800, 352800}, {384000, 384000}};
const RateRange vorbis_rates[] = {{8000, 192000}};
const RateRange opus_rates[] = {{8000, 8000}, {12000, 12000}, {16000, 16000},
  {24000, 24000}, {48000, 48000}};
const RateRange mp3_rates[] = {{8000, 8000}, {11025, 11025}, {12000, 12000},
  {16000, 16000}, {22050, 22050}, {24000, 24000}, {32000, 32000},
  {44100, 44100}, {48000, 48000}};

const Depth all_depths[] = {Depth::pcm_16, Depth::pcm_24, Depth::pcm_32,
  Depth::float_32};
const Depth flac_depths[] = {Depth::pcm_16, Depth::pcm_24};

/* A RIFF size has 32 bits; the rest is room for chunks after the data. */
constexpr std::uint64_t riff_limit = (UINT64_C (1) << 32) - (1 << 20);

/* Vorbis and Opus order more than two channels in their own way, which
 * libsndfile leaves to the caller: two is what is certain. */
const FormatInfo formats[] = {
  {Container::wav, "wav", "wav", false, false, 1024, any_rate, all_depths,
      riff_limit},
  {Container::rf64, "rf64", "wav", false, false, 1024, any_rate, all_depths,
      0},
  {Container::flac, "flac", "flac", false, false, 8, flac_rates, flac_depths,
      0},
  {Container::ogg, "ogg", "ogg", true, false, 2, vorbis_rates, all_depths, 0},
  {Container::opus, "opus", "opus", true, true, 2, opus_rates, all_depths, 0},
  {Container::mp3, "mp3", "mp3", true, true, 2, mp3_rates, all_depths, 0},
  {Container::aiff, "aiff", "aiff", false, false, 1024, any_rate, all_depths,
      riff_limit},
};

int
major_format (Container container, int channels)
{
  switch (container) {
    case Container::wav:
      /* only the extensible header says which channel is which */
      return channels > 2 ? SF_FORMAT_WAVEX : SF_FORMAT_WAV;
    case Container::rf64:
      return SF_FORMAT_RF64;
    case Container::flac:
      return SF_FORMAT_FLAC;
    case Container::ogg:
    case Container::opus:
      return SF_FORMAT_OGG;
    case Container::mp3:
      return SF_FORMAT_MPEG;
    case Container::aiff:
      return SF_FORMAT_AIFF;
  }
  return 0;
}

int
minor_format (Container container, Depth depth)
{
  switch (container) {
    case Container::ogg:
      return SF_FORMAT_VORBIS;
    case Container::opus:
      return SF_FORMAT_OPUS;
    case Container::mp3:
      return SF_FORMAT_MPEG_LAYER_III;
    default:
      break;
  }
  switch (depth) {
    case Depth::pcm_16:
      return SF_FORMAT_PCM_16;
    case Depth::pcm_24:
      return SF_FORMAT_PCM_24;
    case Depth::pcm_32:
      return SF_FORMAT_PCM_32;
    case Depth::float_32:
      return SF_FORMAT_FLOAT;
  }
  return 0;
}

}

const FormatInfo &
format_info (Container container)
{
  return *std::find_if (std::begin (formats), std::end (formats),
      [container] (const FormatInfo & f) { return f.container == container; });
}

const char *
depth_nick (Depth depth)
{
  switch (depth) {
    case Depth::pcm_16:
      return "pcm-16";
    case Depth::pcm_24:
      return "pcm-24";
    case Depth::pcm_32:
      return "pcm-32";
    case Depth::float_32:
      return "float";
  }
  return "";
}

bool
format_holds (const FormatInfo & info, Depth depth)
{
  return std::find (info.depths.begin (), info.depths.end (), depth)
      != info.depths.end ();
}

std::string
allowed_depths (const FormatInfo & info)
{
  std::string list;

  for (Depth depth : info.depths)
    list += (list.empty () ? "" : ", ") + std::string (depth_nick (depth));
  return list;
}

int
sndfile_format (Container container, Depth depth, int channels)
{
  return major_format (container, channels) | minor_format (container, depth);
}

}
