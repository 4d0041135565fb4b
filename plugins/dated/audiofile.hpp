/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "convert.hpp"
#include "formats.hpp"
#include "tags.hpp"

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace genaudio::dated {

/* A failure of the place (errno) or of an encoder (0). */
class FileError : public std::runtime_error
{
public:
  FileError (int code, const std::string & what)
      : std::runtime_error (what), code (code) {}

  const int code;
};

struct AudioSpec
{
  Container container = Container::wav;
  Depth depth = Depth::pcm_16;
  Sample sample = Sample::s16;
  int rate = 0;
  int channels = 0;
  std::vector<int> channel_map;         /* libsndfile's, or empty */
  bool dither = false;
  double quality = 0.5;
  unsigned bitrate = 0;                 /* bit/s, 0: by quality */
  FileMetadata metadata = FileMetadata::standard;
};

/* Why @spec cannot be written, or an empty string. */
std::string find_fault (const AudioSpec & spec);

/* A sound file being written through a file descriptor that stays the
 * caller's. Every frame given is in the file, and its header says so, when
 * write() returns (as far as the encoder lets go of them): what a crash
 * leaves can be played. */
class AudioFile
{
public:
  AudioFile (int fd, const AudioSpec & spec, const Tags & tags);
  ~AudioFile ();
  AudioFile (const AudioFile &) = delete;
  AudioFile & operator= (const AudioFile &) = delete;

  void write (const void *data, std::uint64_t n_frames);
  void write_silence (std::uint64_t n_frames);
  /* Completes the header, with what is known by now. Once. */
  void close (const Tags & tags);

  std::uint64_t frames () const;
  std::uint64_t bytes () const;
  std::uint64_t clipped () const;
  /* Frames that still fit in @max_bytes in all, counting what close() will
   * add; of a compressed format, how many to write before asking again. */
  std::uint64_t room (std::uint64_t max_bytes) const;

private:
  struct State;
  std::unique_ptr<State> state;
};

}
