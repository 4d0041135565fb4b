/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Vorbis comments and ID3 by TagLib, on the finished part: libsndfile has no
 * call for tempo, key or gain there, and loses strings that come late. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "tagging.hpp"

#ifdef HAVE_TAGLIB

#include <flacfile.h>
#include <mpegfile.h>
#include <opusfile.h>
#include <tpropertymap.h>
#include <vorbisfile.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <exception>

namespace genaudio::dated {

namespace {

/* More than any tags take; TagLib moves what follows them. */
constexpr off_t headroom = 256 * 1024;

void
put (TagLib::PropertyMap & map, const char *name, const std::string & text)
{
  if (!text.empty ())
    map.replace (name, TagLib::StringList (TagLib::String (text,
                TagLib::String::UTF8)));
}

/* A Vorbis field name is ASCII from space to } without = (the Vorbis I
 * specification, 5.2.3). */
bool
is_field_name (const std::string & name)
{
  return !name.empty () && std::all_of (name.begin (), name.end (),
      [] (char c) { return c >= 0x20 && c <= 0x7d && c != '='; });
}

void
put_gains (TagLib::PropertyMap & map, Container container, const Tags & tags)
{
  if (container != Container::opus) {
    for (const auto & [name, text] : replaygain_fields (tags))
      put (map, name.c_str (), text);
    return;
  }
  /* RFC 7845, 5.2.1: dB to -23 LUFS as Q7.8 */
  std::optional<double> gain = tags.r128_gain;
  if (!gain && tags.integrated)
    gain = -23 - *tags.integrated;
  if (gain)
    put (map, "R128_TRACK_GAIN", std::to_string (std::lrint (
                std::clamp (*gain, -127.0, 127.0) * 256)));
}

TagLib::PropertyMap
properties_of (Container container, const Tags & tags)
{
  TagLib::PropertyMap map;

  for (const auto & [name, text] : tags.free)
    if (is_field_name (name))
      put (map, name.c_str (), text);
  put (map, "TITLE", tags.title);
  put (map, "ARTIST", tags.artist);
  put (map, "ALBUM", tags.album);
  put (map, "COMMENT", tags.comment);
  put (map, "GENRE", tags.genre);
  put (map, "COPYRIGHT", tags.copyright);
  put (map, "DATE", tags.date);
  put (map, "TRACKNUMBER", tags.track);
  put (map, "INITIALKEY", tags.musical_key);
  /* the frame of ID3 is an integer, the comment is not */
  if (tags.bpm)
    put (map, "BPM", number_text (*tags.bpm,
            container == Container::mp3 ? 0 : 2));
  put_gains (map, container, tags);
  return map;
}

template <typename File>
bool
save (File & file)
{
  return file.save ();
}

template <>
bool
save (TagLib::MPEG::File & file)
{
  return file.save (TagLib::MPEG::File::ID3v2);
}

template <typename File>
std::string
write_with (const std::string & path, Container container, const Tags & tags)
{
  File file (path.c_str ());

  if (!file.isValid () || file.readOnly ())
    return "TagLib cannot open it";
  file.setProperties (properties_of (container, tags));
  return save (file) ? "" : "TagLib cannot save it";
}

/* TagLib does not notice a full disk while it moves the audio, so that the
 * room is taken first; where the file system cannot do that, it is not known
 * to be missing either. */
std::string
reserve (int fd)
{
  struct stat info;

  if (fstat (fd, &info) < 0)
    return std::strerror (errno);
  if (fallocate (fd, FALLOC_FL_KEEP_SIZE, info.st_size, headroom) < 0
      && (errno == ENOSPC || errno == EDQUOT))
    return std::strerror (errno);
  return {};
}

/* Gives back what was reserved beyond the end. */
std::string
release (int fd)
{
  struct stat info;

  if (fstat (fd, &info) < 0 || ftruncate (fd, info.st_size) < 0)
    return std::strerror (errno);
  return {};
}

std::string
write_by_format (const std::string & path, Container container,
    const Tags & tags)
{
  switch (container) {
    case Container::flac:
      return write_with<TagLib::FLAC::File> (path, container, tags);
    case Container::ogg:
      return write_with<TagLib::Ogg::Vorbis::File> (path, container, tags);
    case Container::opus:
      return write_with<TagLib::Ogg::Opus::File> (path, container, tags);
    case Container::mp3:
      return write_with<TagLib::MPEG::File> (path, container, tags);
    default:
      return {};
  }
}

}

bool
tagging_handles (Container container)
{
  return container == Container::flac || container == Container::ogg
      || container == Container::opus || container == Container::mp3;
}

std::string
write_tags (int fd, Container container, const Tags & tags)
{
  std::string fault = reserve (fd);

  if (!fault.empty ())
    return fault;
  fault = write_by_format ("/proc/self/fd/" + std::to_string (fd), container,
      tags);
  const std::string after = release (fd);
  return fault.empty () ? after : fault;
}

}

#else /* without TagLib only what libsndfile's strings say */

namespace genaudio::dated {

bool
tagging_handles (Container)
{
  return false;
}

std::string
write_tags (int, Container, const Tags &)
{
  return {};
}

}

#endif
