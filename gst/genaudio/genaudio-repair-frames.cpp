/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Containers of frames that carry checksums or lengths: FLAC (RFC 9639) and
 * Ogg (RFC 3533). What was written whole stays; what is less than one frame
 * or page at the end goes, and FLAC's header learns how many samples there
 * are. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-repair.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include <unistd.h>

namespace genaudio {

namespace {

constexpr gsize buffer_size = 1 << 20;

/* -- FLAC */

constexpr gsize flac_header_size = 16;
constexpr gsize streaminfo_size = 34;

/* x^16 + x^15 + x^2 + 1 */
std::array<guint16, 256>
make_crc16_table ()
{
  std::array<guint16, 256> table;
  for (unsigned i = 0; i < table.size (); i++) {
    guint16 crc = i << 8;
    for (int bit = 0; bit < 8; bit++)
      crc = crc << 1 ^ (crc & 0x8000 ? 0x8005 : 0);
    table[i] = crc;
  }
  return table;
}

/* x^8 + x^2 + x + 1 */
guint8
crc8 (const guint8 * data, gsize size)
{
  guint8 crc = 0;
  for (gsize i = 0; i < size; i++) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; bit++)
      crc = crc << 1 ^ (crc & 0x80 ? 0x07 : 0);
  }
  return crc;
}

/* The coded number's length, by its first byte. */
gsize
coded_number_size (guint8 first)
{
  gsize ones = 0;
  while (ones < 8 && (first & 0x80 >> ones) != 0)
    ones++;
  if (ones == 0)
    return 1;
  return ones == 1 || ones == 8 ? 0 : ones;
}

/* Samples a channel of the frame whose header this is, 0 if it is none. */
guint32
read_flac_frame (const guint8 * data, gsize size)
{
  if (size < 6 || data[0] != 0xff || (data[1] & 0xfe) != 0xf8)
    return 0;
  const unsigned size_code = data[2] >> 4, rate_code = data[2] & 0x0f;
  const gsize number = coded_number_size (data[4]);
  if (size_code == 0 || rate_code == 15 || number == 0 || (data[3] & 1) != 0)
    return 0;

  gsize at = 4 + number;
  const gsize extra = (size_code == 6 ? 1 : size_code == 7 ? 2 : 0)
      + (rate_code == 12 ? 1 : rate_code >= 13 ? 2 : 0);
  if (at + extra + 1 > size)
    return 0;
  guint32 samples;
  if (size_code == 1)
    samples = 192;
  else if (size_code <= 5)
    samples = 576 << (size_code - 2);
  else if (size_code == 6)
    samples = data[at] + 1;
  else if (size_code == 7)
    samples = (data[at] << 8 | data[at + 1]) + 1;
  else
    samples = 256 << (size_code - 8);
  at += extra;
  return crc8 (data, at) == data[at] ? samples : 0;
}

/* Offset of the first frame, 0 if the header is not whole. */
guint64
skip_flac_metadata (int fd)
{
  for (guint64 at = 4;;) {
    guint8 header[4];
    if (read_at (fd, at, header, sizeof header) != 0)
      return 0;
    at += sizeof header + (header[1] << 16 | header[2] << 8 | header[3]);
    if ((header[0] & 0x80) != 0)
      return at;
  }
}

struct FlacFrames
{
  guint64 end = 0;              /* behind the last whole frame */
  guint64 samples = 0;
};

/* A frame ends where its checksum comes to nothing and the next one begins. */
int
scan_flac_frames (int fd, guint64 begin, guint64 size, FlacFrames & frames)
{
  const std::array<guint16, 256> table = make_crc16_table ();
  std::vector<guint8> buffer (buffer_size + flac_header_size);
  guint32 current = 0;          /* samples of the frame we are in */
  guint16 crc = 0;

  frames.end = begin;
  for (guint64 at = begin; at < size; at += buffer_size) {
    const gsize length = std::min<guint64> (buffer.size (), size - at);
    const gsize part = std::min (length, buffer_size);
    const int errnum = read_at (fd, at, buffer.data (), length);
    if (errnum != 0)
      return errnum;
    for (gsize i = 0; i < part; i++) {
      if (buffer[i] == 0xff && (crc == 0 || current == 0)) {
        const gsize left = length - i;
        const guint32 next = read_flac_frame (&buffer[i], left);
        if (current == 0 && next == 0)
          return 0;
        if (next != 0 || left < flac_header_size) {
          frames.samples += current;
          frames.end = at + i;
          current = next;
          crc = 0;
          if (next == 0)
            return 0;
        }
      } else if (current == 0) {
        return 0;
      }
      crc = crc << 8 ^ table[crc >> 8 ^ buffer[i]];
    }
  }
  if (current != 0 && crc == 0) {
    frames.samples += current;
    frames.end = size;
  }
  return 0;
}

/* -- Ogg */

constexpr gsize page_header_size = 27;

/* Bytes of the page at @at, 0 if it is not whole. */
guint64
read_ogg_page (int fd, guint64 at, guint64 size, gint64 & granule)
{
  guint8 header[page_header_size], lacing[255];
  if (read_at (fd, at, header, sizeof header) != 0
      || memcmp (header, "OggS", 4) != 0
      || read_at (fd, at + sizeof header, lacing, header[26]) != 0)
    return 0;
  guint64 length = sizeof header + header[26];
  for (int i = 0; i < header[26]; i++)
    length += lacing[i];
  memcpy (&granule, header + 6, 8);
  granule = GINT64_FROM_LE (granule);
  return at + length <= size ? length : 0;
}

}

int
inspect_flac (int fd, guint64 size, bool fix, Contents & contents)
{
  guint8 info[streaminfo_size];
  FlacFrames frames;

  contents.container = "flac";
  const guint64 begin = skip_flac_metadata (fd);
  if (begin == 0 || begin > size || read_at (fd, 8, info, sizeof info) != 0)
    return 0;
  int errnum = scan_flac_frames (fd, begin, size, frames);
  if (errnum != 0)
    return errnum;

  const guint64 claimed = (guint64) (info[13] & 0x0f) << 32
      | (guint64) info[14] << 24 | info[15] << 16 | info[16] << 8 | info[17];
  contents.frames = frames.samples;
  contents.has_audio = frames.samples > 0;
  contents.is_damaged = claimed != frames.samples || frames.end != size;
  if (!fix || !contents.is_damaged || !contents.has_audio)
    return 0;

  info[13] = (info[13] & 0xf0) | (frames.samples >> 32 & 0x0f);
  for (int i = 0; i < 4; i++)
    info[14 + i] = frames.samples >> (24 - 8 * i);
  /* the checksum of all samples is not known */
  memset (info + 18, 0, 16);
  errnum = ftruncate (fd, frames.end) == 0 ? 0 : errno;
  return errnum == 0 ? write_at (fd, 8, info, sizeof info) : errnum;
}

int
inspect_ogg (int fd, guint64 size, bool fix, Contents & contents)
{
  guint64 at = 0;
  gint64 granule, last = 0;

  contents.container = "ogg";
  for (guint64 length; (length = read_ogg_page (fd, at, size, granule)) != 0;) {
    at += length;
    last = std::max (last, granule);
  }
  contents.has_audio = last > 0;
  contents.is_damaged = at != size;
  if (!fix || !contents.is_damaged || !contents.has_audio)
    return 0;
  return ftruncate (fd, at) == 0 ? 0 : errno;
}

}
