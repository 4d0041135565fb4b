/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Chunks of WAV files. libsndfile writes any chunk before the data but, set
 * later, would write it over the first frames: so room is reserved before
 * the first frame, and filled in by offset when the file is closed. */

#include "chunks.hpp"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstring>

namespace genaudio::dated {

namespace {

template <std::size_t n>
void
copy_text (char (&to)[n], const std::string & text)
{
  const std::string fitting = shortened (text, n);

  std::memset (to, 0, n);
  std::memcpy (to, fitting.data (), fitting.size ());
}

std::int16_t
hundredths (const std::optional<double> & value)
{
  constexpr std::int16_t unknown = 0x7fff;

  if (!value || !std::isfinite (*value))
    return unknown;
  return (std::int16_t) std::lrint (std::clamp (*value, -99.99, 99.99) * 100);
}

void
put_le (Bytes & bytes, std::uint64_t value, int n_bytes)
{
  for (int i = 0; i < n_bytes; i++)
    bytes.push_back ((std::uint8_t) (value >> (8 * i)));
}

void
put_text (Bytes & bytes, const std::string & text)
{
  bytes.insert (bytes.end (), text.begin (), text.end ());
}

/* Seven bits a byte, so that no size looks like the beginning of a frame of
 * MPEG audio. */
void
put_synchsafe (Bytes & bytes, std::size_t value)
{
  for (int shift = 21; shift >= 0; shift -= 7)
    bytes.push_back ((std::uint8_t) (value >> shift & 0x7f));
}

constexpr std::size_t id3_header = 10;
constexpr std::uint8_t utf8 = 3;

void
put_frame (Bytes & tag, const char *id, const Bytes & content,
    std::size_t limit)
{
  if (limit > 0 && tag.size () + id3_header + content.size () > limit)
    return;
  put_text (tag, id);
  put_synchsafe (tag, content.size ());
  put_le (tag, 0, 2);
  tag.insert (tag.end (), content.begin (), content.end ());
}

void
put_text_frame (Bytes & tag, const char *id, const std::string & text,
    std::size_t limit)
{
  if (text.empty ())
    return;
  Bytes content = {utf8};
  put_text (content, text);
  put_frame (tag, id, content, limit);
}

void
put_comment (Bytes & tag, const std::string & text, std::size_t limit)
{
  if (text.empty ())
    return;
  Bytes content = {utf8, 'X', 'X', 'X', 0};
  put_text (content, text);
  put_frame (tag, "COMM", content, limit);
}

void
put_user_text (Bytes & tag, const std::string & name, const std::string & text,
    std::size_t limit)
{
  Bytes content = {utf8};
  put_text (content, name);
  content.push_back (0);
  put_text (content, text);
  put_frame (tag, "TXXX", content, limit);
}

bool
read_at (int fd, std::uint64_t offset, void *to, std::size_t n)
{
  return pread (fd, to, n, (off_t) offset) == (ssize_t) n;
}

std::uint32_t
get_le32 (const std::uint8_t *at)
{
  return at[0] | at[1] << 8 | at[2] << 16 | (std::uint32_t) at[3] << 24;
}

int
write_at (int fd, std::uint64_t offset, const void *from, std::size_t n)
{
  const ssize_t done = pwrite (fd, from, n, (off_t) offset);

  if (done == (ssize_t) n)
    return 0;
  return done < 0 ? errno : ENOSPC;
}

}

SF_BROADCAST_INFO
make_bext (const Tags & tags)
{
  SF_BROADCAST_INFO bext {};

  copy_text (bext.description, tags.title.empty () ? tags.job_id : tags.title);
  copy_text (bext.originator, "gst-genaudio");
  copy_text (bext.originator_reference, tags.job_id);
  copy_text (bext.origination_date, tags.origination_date);
  copy_text (bext.origination_time, tags.origination_time);
  bext.time_reference_low = (std::uint32_t) tags.time_reference;
  bext.time_reference_high = (std::uint32_t) (tags.time_reference >> 32);
  bext.version = 2;
  bext.loudness_value = hundredths (tags.integrated);
  bext.loudness_range = hundredths (tags.range);
  bext.max_true_peak_level = hundredths (tags.true_peak);
  bext.max_momentary_loudness = hundredths (tags.max_momentary);
  bext.max_shortterm_loudness = hundredths (tags.max_shortterm);
  return bext;
}

Bytes
make_acid (double bpm, double seconds)
{
  Bytes bytes;

  put_le (bytes, 0, 4);         /* flags: a loop without a root note */
  put_le (bytes, 60, 2);        /* root note, not valid by the flags */
  put_le (bytes, 0x8000, 2);
  put_le (bytes, 0, 4);
  put_le (bytes, (std::uint32_t) std::lrint (seconds * bpm / 60), 4);
  put_le (bytes, 4, 2);         /* meter 4/4 */
  put_le (bytes, 4, 2);
  put_le (bytes, std::bit_cast<std::uint32_t> ((float) bpm), 4);
  return bytes;
}

Bytes
make_id3 (const Tags & tags, std::size_t size)
{
  Bytes tag = {'I', 'D', '3', 4, 0, 0, 0, 0, 0, 0};

  put_text_frame (tag, "TIT2", tags.title, size);
  put_text_frame (tag, "TPE1", tags.artist, size);
  put_text_frame (tag, "TALB", tags.album, size);
  put_text_frame (tag, "TCON", tags.genre, size);
  put_text_frame (tag, "TCOP", tags.copyright, size);
  put_text_frame (tag, "TDRC", tags.date, size);
  put_text_frame (tag, "TRCK", tags.track, size);
  put_text_frame (tag, "TKEY", tags.musical_key, size);
  if (tags.bpm)
    put_text_frame (tag, "TBPM", std::to_string (std::lrint (*tags.bpm)),
        size);
  for (const auto & [name, text] : replaygain_fields (tags))
    put_user_text (tag, name, text, size);
  put_comment (tag, tags.comment, size);
  for (const auto & [name, text] : tags.free)
    put_user_text (tag, name, text, size);

  tag.resize (std::max (tag.size (), size));
  Bytes length;
  put_synchsafe (length, tag.size () - id3_header);
  std::copy (length.begin (), length.end (), tag.begin () + 6);
  return tag;
}

bool
find_chunk (int fd, const char *name, ChunkPlace & place)
{
  std::uint8_t head[12];
  std::uint64_t at = sizeof head;

  if (!read_at (fd, 0, head, sizeof head)
      || (std::memcmp (head, "RIFF", 4) != 0
          && std::memcmp (head, "RF64", 4) != 0))
    return false;
  while (read_at (fd, at, head, 8) && std::memcmp (head, "data", 4) != 0) {
    const std::uint32_t size = get_le32 (head + 4);
    if (std::memcmp (head, name, 4) == 0) {
      place = {at, size};
      return true;
    }
    at += 8 + (std::uint64_t) size + (size & 1);
  }
  return false;
}

int
fill_chunk (int fd, const char *name, const Bytes & content)
{
  ChunkPlace place;

  if (!find_chunk (fd, name, place) || content.size () > place.size)
    return EINVAL;
  if (content.empty ())
    return write_at (fd, place.header, "JUNK", 4);
  return write_at (fd, place.header + 8, content.data (), content.size ());
}

}
