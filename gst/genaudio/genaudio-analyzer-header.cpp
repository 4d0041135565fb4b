/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Just enough of the formats' headers to tell what is in a file without
 * decoding it: duration, rate, channels, and the sample format, which no
 * decoder tells. Every read is bounded, since files are not to be trusted. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-analyzer-header.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace genaudio {

namespace {

using std::string_view;

constexpr int max_chunks = 1000;
constexpr int64_t ogg_tail = 1 << 17;

struct Broken
{
};

/* Something that is not known here, which need not be wrong. */
struct Unknown
{
};

class File
{
public:
  explicit File (const char *path) :
    fd (open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK))
  {
    struct stat st;
    if (fd < 0)
      throw Broken ();
    if (fstat (fd, &st) != 0 || !S_ISREG (st.st_mode)) {
      close (fd);
      throw Broken ();
    }
    length = st.st_size;
  }
  ~File () { close (fd); }
  File (const File &) = delete;
  File & operator= (const File &) = delete;

  int64_t size () const { return length; }

  template <std::size_t N>
  std::array<uint8_t, N> read (int64_t at) const
  {
    std::array<uint8_t, N> bytes;
    read_to (at, bytes.data (), N);
    return bytes;
  }

  std::vector<uint8_t> read (int64_t at, std::size_t count) const
  {
    std::vector<uint8_t> bytes (count);
    read_to (at, bytes.data (), count);
    return bytes;
  }

  bool has (int64_t at, string_view magic) const
  {
    char bytes[16];
    if (magic.size () > sizeof (bytes)
        || at + static_cast<int64_t> (magic.size ()) > length)
      return false;
    read_to (at, reinterpret_cast<uint8_t *> (bytes), magic.size ());
    return string_view (bytes, magic.size ()) == magic;
  }

private:
  void read_to (int64_t at, uint8_t *to, std::size_t count) const
  {
    while (count > 0) {
      const ssize_t got = pread (fd, to, count, at);
      if (got <= 0)
        throw Broken ();
      to += got;
      at += got;
      count -= got;
    }
  }

  int fd;
  int64_t length;
};

template <typename T>
T
little (const uint8_t *bytes)
{
  T value = 0;
  for (std::size_t i = sizeof (T); i-- > 0;)
    value = static_cast<T> (value << 8 | bytes[i]);
  return value;
}

template <typename T>
T
big (const uint8_t *bytes)
{
  T value = 0;
  for (std::size_t i = 0; i < sizeof (T); i++)
    value = static_cast<T> (value << 8 | bytes[i]);
  return value;
}

std::string
pcm_name (int bits, bool unsigned_bytes)
{
  if (bits <= 8)
    return unsigned_bytes ? "PCM_U8" : "PCM_S8";
  if (bits > 32)
    throw Unknown ();
  return "PCM_" + std::to_string ((bits + 7) / 8 * 8);
}

std::string
wav_subtype (int tag, int bits)
{
  switch (tag) {
    case 0x0001: return pcm_name (bits, true);
    case 0x0002: return "MS_ADPCM";
    case 0x0003: return bits == 64 ? "DOUBLE" : "FLOAT";
    case 0x0006: return "ALAW";
    case 0x0007: return "ULAW";
    case 0x0011: return "IMA_ADPCM";
    case 0x0031: return "GSM610";
    case 0x0055: return "MPEG_LAYER_III";
    default: throw Unknown ();
  }
}

/* RIFF/WAVE and its 64-bit form (EBU Tech 3306). */
Header
read_wav (const File & file)
{
  Header header;
  int tag = 0;
  int block = 0;
  uint64_t data_64 = 0;

  header.format = file.has (0, "RIFF") ? "wav" : "rf64";
  int64_t at = 12;
  for (int i = 0; i < max_chunks && at + 8 <= file.size (); i++) {
    const auto chunk = file.read<8> (at);
    const string_view id (reinterpret_cast<const char *> (chunk.data ()), 4);
    const uint32_t size = little<uint32_t> (&chunk[4]);
    at += 8;
    if (id == "ds64") {
      data_64 = little<uint64_t> (&file.read<28> (at)[8]);
    } else if (id == "fmt ") {
      if (size < 16)
        throw Broken ();
      const auto fmt = file.read (at, std::min<uint32_t> (size, 40));
      tag = little<uint16_t> (&fmt[0]);
      header.channels = little<uint16_t> (&fmt[2]);
      header.rate = static_cast<int> (little<uint32_t> (&fmt[4]));
      block = little<uint16_t> (&fmt[12]);
      if (tag == 0xfffe && fmt.size () >= 26)
        tag = little<uint16_t> (&fmt[24]);
      header.subtype = wav_subtype (tag, little<uint16_t> (&fmt[14]));
    } else if (id == "fact" && size >= 4) {
      header.frames = little<uint32_t> (&file.read<4> (at)[0]);
    } else if (id == "data") {
      /* a header that was never finished says 0 or all ones */
      const int64_t rest = file.size () - at;
      uint64_t bytes = size;
      if (size == 0xffffffff && data_64 > 0)
        bytes = data_64;
      else if (size == 0)
        bytes = rest;
      const auto there = std::min<uint64_t> (bytes, rest);
      const bool fixed = tag == 1 || tag == 3 || tag == 6 || tag == 7;
      if (fixed && block > 0)
        header.frames = static_cast<int64_t> (there / block);
      return header;
    }
    at += size + (size & 1);
  }
  throw Broken ();
}

/* An 80-bit float of a whole number of Hz. */
int
extended_rate (const uint8_t *bytes)
{
  const int exponent = big<uint16_t> (bytes) - 16383;
  const uint64_t mantissa = big<uint64_t> (bytes + 2);

  if (exponent < 0 || exponent > 30)
    throw Broken ();
  return static_cast<int> (mantissa >> (63 - exponent));
}

std::string
aiff_subtype (string_view compression, int bits)
{
  if (compression == "NONE" || compression == "twos" || compression == "sowt")
    return pcm_name (bits, false);
  if (compression == "fl32" || compression == "FL32")
    return "FLOAT";
  if (compression == "fl64" || compression == "FL64")
    return "DOUBLE";
  if (compression == "ulaw" || compression == "ULAW")
    return "ULAW";
  if (compression == "alaw" || compression == "ALAW")
    return "ALAW";
  throw Unknown ();
}

Header
read_aiff (const File & file)
{
  const bool compressed = file.has (8, "AIFC");
  int64_t at = 12;

  for (int i = 0; i < max_chunks && at + 8 <= file.size (); i++) {
    const auto chunk = file.read<8> (at);
    const uint32_t size = big<uint32_t> (&chunk[4]);
    at += 8;
    if (memcmp (chunk.data (), "COMM", 4) == 0) {
      const auto comm = file.read (at, compressed ? 22 : 18);
      Header header;
      header.format = "aiff";
      header.channels = big<uint16_t> (&comm[0]);
      header.frames = big<uint32_t> (&comm[2]);
      header.rate = extended_rate (&comm[8]);
      header.subtype = aiff_subtype (compressed
          ? string_view (reinterpret_cast<const char *> (&comm[18]), 4)
          : string_view ("NONE"), big<uint16_t> (&comm[6]));
      return header;
    }
    at += size + (size & 1);
  }
  throw Broken ();
}

/* The STREAMINFO block (RFC 9639). */
void
read_streaminfo (const uint8_t *info, Header & header)
{
  const uint64_t bits = big<uint64_t> (info + 10);

  header.rate = static_cast<int> (bits >> 44);
  header.channels = static_cast<int> (bits >> 41 & 7) + 1;
  header.subtype = pcm_name (static_cast<int> (bits >> 36 & 31) + 1, false);
  const auto frames = static_cast<int64_t> (bits & 0xfffffffffULL);
  header.frames = frames > 0 ? frames : -1;
}

Header
read_flac (const File & file, int64_t at)
{
  Header header;

  header.format = "flac";
  read_streaminfo (&file.read<26> (at + 8)[0], header);
  return header;
}

/* The granule position of the last page is the stream's length. */
int64_t
last_granule (const File & file)
{
  const int64_t from = std::max<int64_t> (0, file.size () - ogg_tail);
  const auto tail = file.read (from, file.size () - from);

  for (std::size_t at = tail.size () - std::min<std::size_t> (tail.size (), 27);
      at > 0; at--) {
    if (memcmp (&tail[at], "OggS", 4) == 0 && tail[at + 4] == 0) {
      const auto granule =
          static_cast<int64_t> (little<uint64_t> (&tail[at + 6]));
      if (granule > 0)
        return granule;
    }
  }
  return -1;
}

Header
read_ogg (const File & file)
{
  const int segments = file.read<27> (0)[26];
  const int64_t at = 27 + segments;
  int64_t skip = 0;
  Header header;

  if (file.has (at, "\x01vorbis")) {
    const auto packet = file.read<16> (at);
    header.format = "ogg";
    header.subtype = "VORBIS";
    header.channels = packet[11];
    header.rate = static_cast<int> (little<uint32_t> (&packet[12]));
  } else if (file.has (at, "OpusHead")) {
    const auto packet = file.read<12> (at);
    header.format = "opus";
    header.subtype = "OPUS";
    header.channels = packet[9];
    header.rate = 48000;
    skip = little<uint16_t> (&packet[10]);
  } else if (file.has (at, "\x7f""FLAC")) {
    header.format = "ogg";
    read_streaminfo (&file.read<43> (at)[17], header);
  } else {
    throw Unknown ();
  }
  const int64_t granule = last_granule (file);
  header.frames = granule > skip ? granule - skip : -1;
  return header;
}

/* Size of an ID3v2 tag at the file's head, or 0. */
int64_t
id3_size (const File & file)
{
  if (!file.has (0, "ID3"))
    return 0;
  const auto tag = file.read<10> (0);
  return 10 + ((tag[6] & 0x7f) << 21 | (tag[7] & 0x7f) << 14
      | (tag[8] & 0x7f) << 7 | (tag[9] & 0x7f));
}

/* The frame header, and the count in LAME's and Xing's first frame, less the
 * encoder's delay and padding. */
Header
read_mp3 (const File & file, int64_t at)
{
  static const int rates[] = { 44100, 48000, 32000 };
  const auto frame = file.read<4> (at);
  const int version = frame[1] >> 3 & 3;
  const int rate = frame[2] >> 2 & 3;

  if (frame[0] != 0xff || (frame[1] & 0xe6) != 0xe2 || version == 1
      || rate == 3 || frame[2] >> 4 == 15)
    throw Broken ();
  const bool mpeg_1 = version == 3;
  Header header;
  header.format = "mp3";
  header.subtype = "MPEG_LAYER_III";
  header.channels = frame[3] >> 6 == 3 ? 1 : 2;
  header.rate = rates[rate] >> (mpeg_1 ? 0 : version == 2 ? 1 : 2);

  const int64_t side = mpeg_1 ? (header.channels == 1 ? 17 : 32)
      : (header.channels == 1 ? 9 : 17);
  const int64_t xing = at + 4 + side;
  if (!file.has (xing, "Xing") && !file.has (xing, "Info"))
    return header;
  const auto flags = big<uint32_t> (&file.read<8> (xing)[4]);
  if (!(flags & 1))
    return header;
  header.frames = static_cast<int64_t> (
      big<uint32_t> (&file.read<12> (xing)[8])) * (mpeg_1 ? 1152 : 576);
  const int64_t lame = xing + 12 + (flags & 2 ? 4 : 0) + (flags & 4 ? 100 : 0)
      + (flags & 8 ? 4 : 0);
  if (lame + 24 <= file.size ()) {
    const auto gaps = file.read<24> (lame);
    const int delay = gaps[21] << 4 | gaps[22] >> 4;
    const int padding = (gaps[22] & 15) << 8 | gaps[23];
    if (header.frames > delay + padding)
      header.frames -= delay + padding;
  }
  return header;
}

Header
read_any (const File & file, bool & known)
{
  known = true;
  if ((file.has (0, "RIFF") || file.has (0, "RF64") || file.has (0, "BW64"))
      && file.has (8, "WAVE"))
    return read_wav (file);
  if (file.has (0, "FORM") && (file.has (8, "AIFF") || file.has (8, "AIFC")))
    return read_aiff (file);
  const int64_t at = id3_size (file);
  if (file.has (at, "fLaC"))
    return read_flac (file, at);
  known = false;
  return file.has (0, "OggS") ? read_ogg (file) : read_mp3 (file, at);
}

}

std::optional<Header>
read_header (const char *path, bool & broken)
{
  bool known = false;

  broken = false;
  try {
    const Header header = read_any (File (path), known);
    broken = known && (header.rate < 1 || header.channels < 1);
    if (header.rate > 0 && header.channels > 0)
      return header;
  } catch (const Broken &) {
    broken = known;
  } catch (const Unknown &) {
  }
  return std::nullopt;
}

}
