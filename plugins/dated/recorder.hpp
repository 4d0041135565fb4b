/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "audiofile.hpp"
#include "meter.hpp"
#include "rotation.hpp"
#include "tags.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace genaudio::dated {

constexpr std::uint64_t no_time = UINT64_MAX;
constexpr std::int64_t no_wall = INT64_MIN;

enum class Gaps { silence, skip, split };
/* What becomes of a file that ends. */
enum class Ending { publish, keep, discard };

/* Where a frame lies. */
struct Position
{
  std::uint64_t running_time = no_time; /* ns */
  std::int64_t wall = no_wall;  /* µs since 1970, measured; live only */
};

/* One file of a recording. */
struct Fragment
{
  std::string location;
  std::string job_id;
  unsigned id = 0;              /* since the recorder began */
  unsigned index = 0;           /* under its job id */
  bool rotated = false;         /* named by the time it begins */
  std::uint64_t running_time = no_time;
  std::int64_t wall = 0;
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
  std::uint64_t duration = 0;   /* ns */
  std::uint64_t clipped = 0;
  unsigned gaps = 0;
  bool complete = false;
  bool skipped = false;         /* a file of that name was there */
  bool whole_item = false;      /* the item has no other file */
  std::optional<Tags> measured; /* its loudness, by the recorder's meter */
  AudioSpec spec;
};

/* The hidden part a file is written into. Its functions throw FileError. */
class Part
{
public:
  virtual ~Part () = default;
  virtual int fd () = 0;
  virtual std::string final_path () = 0;
  /* Gives the file its final name; sets location and skipped. */
  virtual void publish (Fragment & fragment) = 0;
  virtual std::string keep () = 0;
  virtual void discard () = 0;
};

/* Who files what is recorded, and hears of it. */
class Cabinet
{
public:
  virtual ~Cabinet () = default;
  virtual std::unique_ptr<Part> create (const Fragment & fragment) = 0;
  virtual void opened (const Fragment & fragment) = 0;
  virtual void closed (const Fragment & fragment) = 0;
  virtual std::int64_t now () = 0;      /* µs since 1970 */
};

struct RecorderSettings
{
  RotateRule rotate;
  std::uint64_t max_time = 0;   /* ns */
  std::uint64_t max_bytes = 0;
  Gaps gaps = Gaps::silence;
  bool measure = false;         /* the loudness of each file */
  GTimeZone *zone = nullptr;    /* the caller's */
  std::int64_t date = no_wall;  /* of the first sample, if not the clock's */
  std::uint64_t container_limit = 0;    /* 0: the format's own */

  bool rotating () const
  {
    return rotate.kind != RotateRule::Kind::none || max_time > 0
        || max_bytes > 0;
  }
};

struct ItemInfo
{
  std::string job_id;
  bool fixed_job_id = false;    /* further items go on counting */
};

/* Turns the frames of items into files: opens, cuts on the exact frame,
 * fills holes, closes. One thread. Whatever throws leaves the current part
 * kept and the recorder without a file. */
class Recorder
{
public:
  Recorder (const RecorderSettings & settings, Cabinet & cabinet);
  ~Recorder ();

  void begin_item (const ItemInfo & item);
  void end_item (Ending ending);
  void set_spec (const AudioSpec & spec);
  void set_tags (const Tags & tags);
  void write (const void *data, std::uint64_t n_frames, Position at);
  /* The stream says that nothing comes for @duration. */
  void gap (Position at, std::uint64_t duration);
  /* The next frame begins another file. */
  void split ();
  /* Drops the thread of time: the next frame follows no other. */
  void resync ();

  bool is_open () const { return part != nullptr; }
  std::uint64_t open_frames () const
  {
    return file != nullptr ? file->frames () : 0;
  }

private:
  void write_span (const void *data, std::uint64_t n_frames, Position at);
  std::uint64_t hole_before (std::uint64_t at) const;
  void fill_hole (Position & at);
  void open (Position at);
  void close (Ending ending);
  void finish (AudioFile & audio, Ending ending);
  std::uint64_t frames_left ();
  void write_frames (const void *data, std::uint64_t n_frames);
  void measure ();
  FileError named (const FileError & error) const;
  Tags file_tags () const;
  std::int64_t wall_of (Position at) const;
  void anchor (std::int64_t wall);
  Position advanced (Position at, std::uint64_t n_frames) const;

  RecorderSettings settings;
  Cabinet & cabinet;
  ItemInfo item;
  bool in_item = false;
  AudioSpec spec;
  Tags tags;

  std::unique_ptr<Part> part;
  std::unique_ptr<AudioFile> file;
  std::unique_ptr<Meter> meter;
  Fragment fragment;
  unsigned n_files = 0;         /* of all */
  unsigned n_of_job = 0;        /* under the job id */
  unsigned n_of_item = 0;
  unsigned n_gaps = 0;          /* of this file, or before it */

  std::uint64_t item_frames = 0;
  std::int64_t item_wall = no_wall;
  std::uint64_t expected = no_time;     /* running time of the next frame */
  std::uint64_t line_start = 0; /* running time that this file began at */
  std::uint64_t line_frames = 0;        /* written since then */
  std::uint64_t cut_frame = 0;  /* of this file, by the wall clock */
  std::int64_t boundary = INT64_MAX;
};

}
