/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace genaudio {

/* What the header of an audio file says, by libsndfile's names. */
struct Header
{
  std::string format;       /* as datedsink's nicks */
  std::string subtype;      /* PCM_16, FLOAT, VORBIS... */
  int rate = 0;
  int channels = 0;
  int64_t frames = -1;      /* -1: it does not say */
};

/* Reads the header of a WAV, RF64, AIFF, FLAC, Ogg or MP3 file; nothing if it
 * is none of these, or holds something else than they usually do. @broken says
 * whether it is one of the first four and of no use. */
std::optional<Header> read_header (const char *path, bool & broken);

}
