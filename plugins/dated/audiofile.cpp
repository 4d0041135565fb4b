/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "audiofile.hpp"
#include "chunks.hpp"
#include "fdio.hpp"
#include "tagging.hpp"

#include <sndfile.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace genaudio::dated {

namespace {

/* What may follow the data: INFO strings that became known late. */
constexpr std::uint64_t tail_bytes = 1024;
/* libsndfile 1.2 loses the marker of the data, in silence, where the header
 * comes to 64 KiB (AIFF: 16 KiB); these together are half of that. */
constexpr std::size_t longest_string = 1024;
constexpr std::size_t longest_comment = 8192;
constexpr std::size_t longest_id3 = 16384;
/* For the fields of ID3 that are known at the end. */
constexpr std::size_t id3_room = 1024;
/* Frames after which a compressed file is looked at again. */
constexpr std::uint64_t compressed_slice = 4096;

/* libsndfile maps its compression level linearly to a bit rate; these are
 * the ends of its scale (ogg_opus.c, mpeg_l3_encode.c). */
double
level_for_bitrate (const AudioSpec & spec)
{
  double top = 320000, bottom = 32000;

  if (spec.container == Container::opus) {
    top = 256000.0 * spec.channels;
    bottom = 6000.0 * spec.channels;
  } else if (spec.rate < 16000) {
    top = 64000;
    bottom = 8000;
  } else if (spec.rate < 32000) {
    top = 160000;
    bottom = 8000;
  }
  return std::clamp ((top - spec.bitrate) / (top - bottom), 0.0, 1.0);
}

void
set_quality (SNDFILE * file, const AudioSpec & spec)
{
  double quality = spec.quality;
  double level = level_for_bitrate (spec);
  int mode = spec.bitrate > 0 ? SF_BITRATE_MODE_CONSTANT
      : SF_BITRATE_MODE_VARIABLE;

  if (spec.container == Container::mp3)
    sf_command (file, SFC_SET_BITRATE_MODE, &mode, sizeof mode);
  if (spec.bitrate > 0)
    sf_command (file, SFC_SET_COMPRESSION_LEVEL, &level, sizeof level);
  else
    sf_command (file, SFC_SET_VBR_ENCODING_QUALITY, &quality, sizeof quality);
}

struct StringField
{
  int id;
  std::string Tags::*member;
};

const StringField string_fields[] = {
  {SF_STR_TITLE, &Tags::title},
  {SF_STR_ARTIST, &Tags::artist},
  {SF_STR_ALBUM, &Tags::album},
  {SF_STR_COMMENT, &Tags::comment},
  {SF_STR_GENRE, &Tags::genre},
  {SF_STR_COPYRIGHT, &Tags::copyright},
  {SF_STR_DATE, &Tags::date},
  {SF_STR_TRACKNUMBER, &Tags::track},
};

/* These are kept current while the file grows. The others need not be, and
 * libsndfile would write an Ogg header again at every call. */
bool
has_sizes_in_header (Container container)
{
  return container == Container::wav || container == Container::rf64
      || container == Container::aiff;
}

bool
has_full_metadata (const AudioSpec & spec)
{
  return spec.metadata == FileMetadata::full
      && (spec.container == Container::wav
          || spec.container == Container::rf64);
}

SF_INFO
info_for (const AudioSpec & spec)
{
  SF_INFO info {};

  info.samplerate = spec.rate;
  info.channels = spec.channels;
  info.format = sndfile_format (spec.container, spec.depth, spec.channels);
  return info;
}

}

std::string
find_fault (const AudioSpec & spec)
{
  const FormatInfo & format = format_info (spec.container);

  if (!format.lossy && !format_holds (format, spec.depth))
    return std::string (format.nick) + " holds no samples of "
        + depth_nick (spec.depth) + ", only " + allowed_depths (format);
  if (spec.bitrate > 0 && !format.has_bitrate)
    return std::string (format.nick) + " has no bit rate to set, only "
        "opus and mp3 have";
  SF_INFO info = info_for (spec);
  info.samplerate = info.samplerate > 0 ? info.samplerate : 48000;
  info.channels = info.channels > 0 ? info.channels : 1;
  info.format = sndfile_format (spec.container, spec.depth, info.channels);
  if (!sf_format_check (&info))
    return std::string ("this libsndfile (") + sf_version_string ()
        + ") cannot write " + format.nick;
  return {};
}

struct AudioFile::State
{
  State (int fd, const AudioSpec & spec)
      : spec (spec), io {fd},
        target (target_for (format_info (spec.container), spec.depth)),
        converter (spec.sample, target, spec.dither)
  {
  }

  [[noreturn]] void fail (const char *doing);
  void open (const Tags & tags);
  void set_strings (const Tags & tags);
  void set_bext (const Tags & tags);
  void reserve_chunk (const char *name, const Bytes & content);
  void fill (const char *name, const Bytes & content);
  void complete (const Tags & tags);
  void write (const void *data, std::uint64_t n_frames);

  AudioSpec spec;
  FdIo io;
  Target target;
  Converter converter;
  SNDFILE *file = nullptr;
  std::uint64_t frames = 0;
  std::vector<int> strings_set;
  std::size_t id3_size = 0;
};

void
AudioFile::State::fail (const char *doing)
{
  const std::string why = io.error != 0 ? std::strerror (io.error)
      : sf_strerror (file);

  throw FileError (io.error, std::string ("Could not ") + doing + ": " + why);
}

/* A string that was set before the data keeps its value: libsndfile would
 * otherwise move the data in the header and not in the file. */
void
AudioFile::State::set_strings (const Tags & tags)
{
  if (spec.metadata == FileMetadata::none || tagging_handles (spec.container))
    return;
  for (const StringField & field : string_fields) {
    const std::size_t share = spec.container == Container::aiff ? 2 : 1;
    const std::string value = field.id == SF_STR_COMMENT
        ? shortened (comment_text (tags), longest_comment / share)
        : shortened (tags.*field.member, longest_string / share);
    if (value.empty () || std::find (strings_set.begin (), strings_set.end (),
            field.id) != strings_set.end ())
      continue;
    if (sf_set_string (file, field.id, value.c_str ()) == 0)
      strings_set.push_back (field.id);
  }
}

/* Does nothing in the formats that have no such chunk. */
void
AudioFile::State::set_bext (const Tags & tags)
{
  SF_BROADCAST_INFO bext = make_bext (tags);

  sf_command (file, SFC_SET_BROADCAST_INFO, &bext, sizeof bext);
}

void
AudioFile::State::reserve_chunk (const char *name, const Bytes & content)
{
  SF_CHUNK_INFO chunk {};
  Bytes bytes = content;

  std::memcpy (chunk.id, name, 4);
  chunk.id_size = 4;
  chunk.datalen = (unsigned) bytes.size ();
  chunk.data = bytes.data ();
  if (sf_set_chunk (file, &chunk) != SF_ERR_NO_ERROR)
    fail ("reserve room for metadata");
}

void
AudioFile::State::fill (const char *name, const Bytes & content)
{
  const int error = fill_chunk (io.fd, name, content);

  if (error != 0)
    throw FileError (error, std::string ("Could not write the chunk ") + name
        + ": " + std::strerror (error));
}

/* What can only be written into the closed file. */
void
AudioFile::State::complete (const Tags & tags)
{
  if (has_full_metadata (spec)) {
    fill ("acid", tags.bpm ? make_acid (*tags.bpm,
            (double) frames / spec.rate) : Bytes ());
    fill ("id3 ", make_id3 (tags, id3_size));
  } else if (spec.metadata != FileMetadata::none
      && tagging_handles (spec.container)) {
    const std::string fault = write_tags (io.fd, spec.container, tags);
    if (!fault.empty ())
      throw FileError (0, "Could not write the tags: " + fault);
    io.length = lseek (io.fd, 0, SEEK_END);
  }
}

void
AudioFile::State::open (const Tags & tags)
{
  SF_INFO info = info_for (spec);

  file = sf_open_virtual (&FdIo::functions, SFM_WRITE, &info, &io);
  if (file == nullptr)
    fail ("begin the file");
  if (format_info (spec.container).lossy)
    set_quality (file, spec);
  if (!spec.channel_map.empty ())
    sf_command (file, SFC_SET_CHANNEL_MAP_INFO, spec.channel_map.data (),
        (int) (spec.channel_map.size () * sizeof (int)));
  if (spec.container == Container::rf64)
    sf_command (file, SFC_RF64_AUTO_DOWNGRADE, nullptr, SF_TRUE);
  if (has_sizes_in_header (spec.container))
    sf_command (file, SFC_SET_UPDATE_HEADER_AUTO, nullptr, SF_TRUE);
  set_strings (tags);
  if (has_full_metadata (spec)) {
    id3_size = std::min (make_id3 (tags, 0).size () + id3_room, longest_id3);
    set_bext (tags);
    reserve_chunk ("acid", Bytes (24));
    reserve_chunk ("id3 ", make_id3 (tags, id3_size));
  }
}

void
AudioFile::State::write (const void *data, std::uint64_t n_frames)
{
  const std::size_t n = (std::size_t) n_frames * spec.channels;
  const void *converted = converter.convert (data, n);
  const auto count = (sf_count_t) n_frames;
  sf_count_t done = 0;

  io.error = 0;
  switch (target) {
    case Target::i16:
      done = sf_writef_short (file, static_cast<const short *> (converted),
          count);
      break;
    case Target::i24:
    case Target::i32:
      done = sf_writef_int (file, static_cast<const int *> (converted), count);
      break;
    case Target::f32:
      done = sf_writef_float (file, static_cast<const float *> (converted),
          count);
      break;
  }
  frames += done > 0 ? done : 0;
  if (done != count || io.error != 0)
    fail ("write");
}

AudioFile::AudioFile (int fd, const AudioSpec & spec, const Tags & tags)
    : state (std::make_unique<State> (fd, spec))
{
  state->open (tags);
}

/* An error or the end of a program: what has been written stays as it is. */
AudioFile::~AudioFile ()
{
  if (state->file != nullptr)
    sf_close (state->file);
}

void
AudioFile::write (const void *data, std::uint64_t n_frames)
{
  if (n_frames > 0)
    state->write (data, n_frames);
}

void
AudioFile::write_silence (std::uint64_t n_frames)
{
  constexpr std::uint64_t slice = 4096;
  const std::size_t frame_bytes =
      sample_bytes (state->spec.sample) * state->spec.channels;
  const std::vector<std::uint64_t> zeros ((slice * frame_bytes + 7) / 8);

  while (n_frames > 0) {
    const std::uint64_t n = std::min (n_frames, slice);
    state->write (zeros.data (), n);
    n_frames -= n;
  }
}

void
AudioFile::close (const Tags & tags)
{
  if (state->file == nullptr)
    return;
  state->set_strings (tags);
  if (has_full_metadata (state->spec))
    state->set_bext (tags);
  state->io.error = 0;
  const int result = sf_close (state->file);
  state->file = nullptr;
  if (result != 0 || state->io.error != 0)
    throw FileError (state->io.error, std::string ("Could not finish the "
            "file: ") + (state->io.error != 0 ? std::strerror (
                state->io.error) : sf_error_number (result)));
  state->complete (tags);
}

std::uint64_t
AudioFile::frames () const
{
  return state->frames;
}

std::uint64_t
AudioFile::bytes () const
{
  return (std::uint64_t) state->io.length;
}

std::uint64_t
AudioFile::clipped () const
{
  return state->converter.clipped ();
}

std::uint64_t
AudioFile::room (std::uint64_t max_bytes) const
{
  const std::uint64_t used = bytes () + tail_bytes;

  if (used >= max_bytes)
    return 0;
  const AudioSpec & spec = state->spec;
  if (format_info (spec.container).lossy || spec.container == Container::flac)
    return compressed_slice;
  const int width = state->target == Target::i16 ? 2
      : state->target == Target::i24 ? 3 : 4;
  return (max_bytes - used) / (std::uint64_t) (width * spec.channels);
}

}
