/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Chunked containers: RIFF WAVE (Microsoft and IBM, Multimedia Programming
 * Interface 1.0, 1991), RF64 (EBU Tech 3306) and AIFF (Apple, 1989). Their
 * sizes stand before the data, so a killed writer leaves them behind what was
 * written, or beyond it. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-repair.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <sys/stat.h>
#include <unistd.h>

namespace genaudio {

namespace {

constexpr guint32 unknown_size = 0xffffffff;

struct Chunk
{
  char id[4];
  guint64 body;                 /* offset */
  guint64 size;

  bool is (const char *name) const { return memcmp (id, name, 4) == 0; }
  guint64 end () const { return body + size + size % 2; }
};

int
read_chunk (int fd, guint64 at, bool big_endian, Chunk & chunk)
{
  guint8 header[8];
  const int errnum = read_at (fd, at, header, sizeof header);
  if (errnum != 0)
    return errnum;
  guint32 size;
  memcpy (chunk.id, header, 4);
  memcpy (&size, header + 4, 4);
  chunk.size = big_endian ? GUINT32_FROM_BE (size) : GUINT32_FROM_LE (size);
  chunk.body = at + sizeof header;
  return 0;
}

/* Whether whole chunks fill the file from @at to its end. */
bool
is_tail_of_chunks (int fd, guint64 at, guint64 size, bool big_endian)
{
  while (at < size) {
    Chunk chunk;
    if (read_chunk (fd, at, big_endian, chunk) != 0)
      return false;
    at = chunk.end ();
  }
  /* the last byte of padding is often left out */
  return at == size || at == size + 1;
}

int
write_le32 (int fd, guint64 at, guint32 value)
{
  value = GUINT32_TO_LE (value);
  return write_at (fd, at, &value, sizeof value);
}

int
write_be32 (int fd, guint64 at, guint32 value)
{
  value = GUINT32_TO_BE (value);
  return write_at (fd, at, &value, sizeof value);
}

int
write_le64 (int fd, guint64 at, guint64 value)
{
  value = GUINT64_TO_LE (value);
  return write_at (fd, at, &value, sizeof value);
}

int
cut (int fd, guint64 size)
{
  return ftruncate (fd, size) == 0 ? 0 : errno;
}

/* What the header of a WAVE says. */
struct Wave
{
  bool is_rf64 = false;
  guint64 ds64 = 0;             /* offsets of chunk bodies, 0 for none */
  guint64 fact = 0;
  guint64 data = 0;
  guint64 claimed = 0;
  guint32 block = 0;
};

int
read_wave_header (int fd, Wave & wave)
{
  for (guint64 at = 12; wave.data == 0;) {
    Chunk chunk;
    guint16 align;
    int errnum = read_chunk (fd, at, false, chunk);
    if (errnum == 0 && chunk.is ("ds64")) {
      wave.ds64 = chunk.body;
      errnum = read_at (fd, chunk.body + 8, &wave.claimed, 8);
      wave.claimed = GUINT64_FROM_LE (wave.claimed);
    } else if (errnum == 0 && chunk.is ("fmt ")) {
      errnum = read_at (fd, chunk.body + 12, &align, 2);
      wave.block = GUINT16_FROM_LE (align);
    } else if (errnum == 0 && chunk.is ("fact")) {
      wave.fact = chunk.body;
    } else if (errnum == 0 && chunk.is ("data")) {
      wave.data = chunk.body;
      if (!wave.is_rf64 || chunk.size != unknown_size)
        wave.claimed = chunk.size;
    }
    if (errnum != 0)
      return errnum;
    at = chunk.end ();
  }
  return 0;
}

int
fix_wave (int fd, const Wave & wave, guint64 bytes, guint64 frames)
{
  const guint64 size = wave.data + bytes + bytes % 2;
  int errnum = cut (fd, size);

  if (errnum == 0 && wave.ds64 != 0) {
    errnum = write_le64 (fd, wave.ds64, size - 8);
    if (errnum == 0)
      errnum = write_le64 (fd, wave.ds64 + 8, bytes);
    if (errnum == 0)
      errnum = write_le64 (fd, wave.ds64 + 16, frames);
  } else if (errnum == 0) {
    errnum = write_le32 (fd, 4, size - 8);
    if (errnum == 0)
      errnum = write_le32 (fd, wave.data - 4, bytes);
  }
  if (errnum == 0 && wave.fact != 0)
    errnum = write_le32 (fd, wave.fact,
        std::min<guint64> (frames, unknown_size));
  return errnum;
}

guint16
read_be16 (const guint8 * data)
{
  return data[0] << 8 | data[1];
}

}

int
read_at (int fd, guint64 offset, void *data, gsize size)
{
  for (gsize done = 0; done < size;) {
    const ssize_t n = pread (fd, (char *) data + done, size - done,
        offset + done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return n < 0 ? errno : EIO;
    done += n;
  }
  return 0;
}

int
write_at (int fd, guint64 offset, const void *data, gsize size)
{
  for (gsize done = 0; done < size;) {
    const ssize_t n = pwrite (fd, (const char *) data + done, size - done,
        offset + done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno;
    done += n;
  }
  return 0;
}

int
inspect_wave (int fd, guint64 size, bool fix, Contents & contents)
{
  Wave wave;
  char id[4];
  if (read_at (fd, 0, id, sizeof id) != 0)
    return 0;
  wave.is_rf64 = memcmp (id, "RF64", 4) == 0;
  contents.container = wave.is_rf64 ? "rf64" : "wav";
  if (read_wave_header (fd, wave) != 0 || wave.block == 0 || wave.data > size
      || (wave.is_rf64 && wave.ds64 == 0))
    return 0;

  guint64 bytes = size - wave.data;
  const guint64 end = wave.data + wave.claimed + wave.claimed % 2;
  if (wave.claimed <= bytes && is_tail_of_chunks (fd, end, size, false))
    bytes = wave.claimed;
  else
    contents.is_damaged = true;
  if (!wave.is_rf64)
    bytes = std::min<guint64> (bytes, unknown_size - wave.data);
  contents.frames = bytes / wave.block;
  contents.has_audio = contents.frames > 0;
  if (!fix || !contents.is_damaged || !contents.has_audio)
    return 0;
  return fix_wave (fd, wave, contents.frames * wave.block, contents.frames);
}

int
inspect_aiff (int fd, guint64 size, bool fix, Contents & contents)
{
  guint64 comm = 0;
  guint32 block = 0, frames = 0;
  Chunk chunk;

  contents.container = "aiff";
  for (guint64 at = 12;; at = chunk.end ()) {
    guint8 common[8];
    if (read_chunk (fd, at, true, chunk) != 0)
      return 0;
    if (chunk.is ("SSND"))
      break;
    if (chunk.is ("COMM")) {
      if (read_at (fd, chunk.body, common, sizeof common) != 0)
        return 0;
      comm = chunk.body;
      block = read_be16 (common) * ((read_be16 (common + 6) + 7) / 8);
      memcpy (&frames, common + 2, 4);
      frames = GUINT32_FROM_BE (frames);
    }
  }
  /* the samples come after an offset and a block size */
  const guint64 data = chunk.body + 8;
  if (comm == 0 || block == 0 || data > size)
    return 0;

  guint64 bytes = std::min<guint64> (size - data, unknown_size - data);
  if (chunk.size >= 8 && chunk.body + chunk.size <= size
      && chunk.size - 8 == (guint64) frames * block
      && is_tail_of_chunks (fd, chunk.end (), size, true))
    bytes = chunk.size - 8;
  else
    contents.is_damaged = true;
  contents.frames = bytes / block;
  contents.has_audio = contents.frames > 0;
  if (!fix || !contents.is_damaged || !contents.has_audio)
    return 0;

  bytes = contents.frames * block;
  int errnum = cut (fd, data + bytes + bytes % 2);
  if (errnum == 0)
    errnum = write_be32 (fd, 4, data + bytes + bytes % 2 - 8);
  if (errnum == 0)
    errnum = write_be32 (fd, comm + 2, contents.frames);
  if (errnum == 0)
    errnum = write_be32 (fd, chunk.body - 4, bytes + 8);
  return errnum;
}

int
inspect_audio (int fd, bool fix, Contents & contents)
{
  struct stat st;
  guint8 head[12] = { 0 };

  contents = {};
  if (fstat (fd, &st) != 0)
    return errno;
  const guint64 size = st.st_size;
  const int errnum = read_at (fd, 0, head, MIN (size, sizeof head));
  if (errnum != 0)
    return errnum;
  if ((memcmp (head, "RIFF", 4) == 0 || memcmp (head, "RF64", 4) == 0)
      && memcmp (head + 8, "WAVE", 4) == 0)
    return inspect_wave (fd, size, fix, contents);
  if (memcmp (head, "FORM", 4) == 0 && memcmp (head + 8, "AIF", 3) == 0)
    return inspect_aiff (fd, size, fix, contents);
  if (memcmp (head, "fLaC", 4) == 0)
    return inspect_flac (fd, size, fix, contents);
  if (memcmp (head, "OggS", 4) == 0)
    return inspect_ogg (fd, size, fix, contents);
  if (memcmp (head, "ID3", 3) == 0 || (head[0] == 0xff && head[1] >= 0xe0)) {
    /* frames that each stand alone */
    contents.container = "mp3";
    contents.has_audio = true;
  }
  return 0;
}

}
