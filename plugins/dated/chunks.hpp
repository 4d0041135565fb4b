/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tags.hpp"

#include <sndfile.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace genaudio::dated {

using Bytes = std::vector<std::uint8_t>;

/* Broadcast Wave extension, EBU Tech 3285 version 2: what is not known of
 * the loudness is 0x7FFF, not 0. */
SF_BROADCAST_INFO make_bext (const Tags & tags);

/* The 24 bytes that Sony ACID and everyone after it keep a loop's tempo in. */
Bytes make_acid (double bpm, double seconds);

/* An ID3v2.4 tag of exactly @size bytes, padded; free text that does not fit
 * is left out. With @size 0 as long as it has to be. */
Bytes make_id3 (const Tags & tags, std::size_t size);

struct ChunkPlace
{
  std::uint64_t header = 0;     /* offset of its name */
  std::uint32_t size = 0;       /* of its content */
};

/* Looks for a chunk before the data of a RIFF or RF64 file. */
bool find_chunk (int fd, const char *name, ChunkPlace & place);

/* Writes @content over that of a chunk that has been reserved; an empty one
 * makes it a chunk to be ignored. Returns 0 or errno. */
int fill_chunk (int fd, const char *name, const Bytes & content);

}
