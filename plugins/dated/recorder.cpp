/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "recorder.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>

namespace genaudio::dated {

namespace {

constexpr std::uint64_t second_ns = UINT64_C (1000000000);
constexpr std::int64_t second_us = 1000000;
/* GStreamer's audio sinks and sources take less for jitter. */
constexpr std::uint64_t hole_threshold = 40 * (second_ns / 1000);
/* A hole longer than this is a broken clock, not silence. */
constexpr std::uint64_t longest_silence = 24 * 3600 * second_ns;

std::uint64_t
scale (std::uint64_t value, std::uint64_t numerator, std::uint64_t denominator)
{
  return (std::uint64_t) ((unsigned __int128) value * numerator
      / denominator);
}

std::uint64_t
scale_up (std::uint64_t value, std::uint64_t numerator,
    std::uint64_t denominator)
{
  return (std::uint64_t) (((unsigned __int128) value * numerator
          + denominator - 1) / denominator);
}

}

Recorder::Recorder (const RecorderSettings & settings, Cabinet & cabinet)
    : settings (settings), cabinet (cabinet)
{
}

Recorder::~Recorder () = default;

void
Recorder::begin_item (const ItemInfo & next)
{
  if (!next.fixed_job_id || next.job_id != item.job_id)
    n_of_job = 0;
  item = next;
  in_item = true;
  n_of_item = 0;
  item_frames = 0;
  item_wall = no_wall;
  expected = no_time;
  boundary = INT64_MAX;
}

void
Recorder::end_item (Ending ending)
{
  if (file != nullptr) {
    fragment.whole_item = n_of_item == 1;
    close (ending);
  }
  in_item = false;
}

void
Recorder::set_spec (const AudioSpec & next)
{
  split ();
  spec = next;
  expected = no_time;
}

void
Recorder::set_tags (const Tags & next)
{
  tags = next;
}

void
Recorder::split ()
{
  if (file != nullptr)
    close (Ending::publish);
}

void
Recorder::resync ()
{
  expected = no_time;
}

Position
Recorder::advanced (Position at, std::uint64_t n_frames) const
{
  const auto rate = (std::uint64_t) spec.rate;

  if (at.running_time != no_time)
    at.running_time += scale (n_frames, second_ns, rate);
  if (at.wall != no_wall)
    at.wall += (std::int64_t) scale (n_frames, second_us, rate);
  return at;
}

/* Live: as measured. Else time goes on with the frames from the date given
 * or the moment at which the item began. */
std::int64_t
Recorder::wall_of (Position at) const
{
  if (settings.date == no_wall && at.wall != no_wall)
    return at.wall;
  return item_wall + (std::int64_t) scale (item_frames, second_us,
      (std::uint64_t) spec.rate);
}

/* Where in the file that begins at @wall the next boundary lies. */
void
Recorder::anchor (std::int64_t wall)
{
  std::int64_t after = wall;

  /* the clock may be a little behind the boundary that has just cut */
  if (boundary != INT64_MAX && wall < boundary
      && boundary - wall < boundary_tolerance (settings.rotate))
    after = boundary;
  boundary = next_boundary (settings.rotate, after, settings.zone);
  cut_frame = boundary == INT64_MAX ? UINT64_MAX
      : std::max<std::uint64_t> (1, scale_up ((std::uint64_t) (boundary
              - wall), (std::uint64_t) spec.rate, second_us));
  fragment.wall = after;
}

void
Recorder::open (Position at)
{
  if (item_wall == no_wall)
    item_wall = settings.date != no_wall ? settings.date : cabinet.now ();
  fragment = Fragment ();
  anchor (wall_of (at));
  line_start = at.running_time;
  line_frames = 0;
  fragment.job_id = item.job_id;
  fragment.id = n_files;
  fragment.index = n_of_job;
  fragment.rotated = settings.rotating ();
  fragment.running_time = at.running_time;
  fragment.spec = spec;

  part = cabinet.create (fragment);
  try {
    file = std::make_unique<AudioFile> (part->fd (), spec, file_tags ());
  } catch (const FileError & error) {
    fragment.location = part->final_path ();
    part->discard ();
    part.reset ();
    throw named (error);
  }
  meter.reset ();
  if (settings.measure)
    meter = std::make_unique<Meter> (spec.sample, spec.rate, spec.channels,
        spec.channel_map);
  n_files++;
  n_of_job++;
  n_of_item++;
  fragment.location = part->final_path ();
  cabinet.opened (fragment);
}

/* The measurements are of the item: a file that is a piece of it does not
 * have them. */
Tags
Recorder::file_tags () const
{
  Tags known = tags;
  GDateTime *utc = g_date_time_new_from_unix_utc (fragment.wall / second_us);
  GDateTime *local = g_date_time_to_timezone (utc, settings.zone);
  gchar *date = g_date_time_format (local, "%F");
  gchar *time = g_date_time_format (local, "%T");
  const std::int64_t of_day = g_date_time_get_hour (local) * 3600
      + g_date_time_get_minute (local) * 60 + g_date_time_get_second (local);

  if (!fragment.whole_item)
    forget_measurements (known);
  if (fragment.measured) {
    const Tags & measured = *fragment.measured;
    known.replaygain_gain.reset ();
    known.replaygain_peak.reset ();
    known.r128_gain.reset ();
    known.integrated = measured.integrated;
    known.range = measured.range;
    known.true_peak = measured.true_peak;
    known.max_momentary = measured.max_momentary;
    known.max_shortterm = measured.max_shortterm;
  }
  known.job_id = fragment.job_id;
  known.origination_date = date;
  known.origination_time = time;
  known.time_reference = (std::uint64_t) of_day * (std::uint64_t) spec.rate;
  g_free (time);
  g_free (date);
  g_date_time_unref (local);
  g_date_time_unref (utc);
  return known;
}

void
Recorder::measure ()
{
  if (meter == nullptr)
    return;
  fragment.measured.emplace ();
  meter->read (*fragment.measured);
  meter.reset ();
}

/* The same error, with the file that it is about. */
FileError
Recorder::named (const FileError & error) const
{
  return FileError (error.code, fragment.location + ": " + error.what ());
}

/* What is only kept is kept as it is, if even its header cannot be written. */
void
Recorder::finish (AudioFile & audio, Ending ending)
{
  if (ending == Ending::discard)
    return;
  try {
    audio.close (file_tags ());
  } catch (const FileError & error) {
    if (ending == Ending::publish)
      throw named (error);
  }
}

/* A part is kept whenever it cannot be published: what it holds may be all
 * there is. */
void
Recorder::close (Ending ending)
{
  std::unique_ptr<Part> ended = std::move (part);
  std::unique_ptr<AudioFile> audio = std::move (file);

  fragment.frames = audio->frames ();
  fragment.clipped = audio->clipped ();
  measure ();
  fragment.gaps = n_gaps;
  n_gaps = 0;
  fragment.duration = scale (fragment.frames, second_ns,
      (std::uint64_t) spec.rate);
  try {
    finish (*audio, ending);
    fragment.bytes = audio->bytes ();
    audio.reset ();
    if (ending == Ending::publish) {
      ended->publish (fragment);
      fragment.complete = true;
    } else if (ending == Ending::keep) {
      fragment.location = ended->keep ();
    } else {
      ended->discard ();
    }
  } catch (...) {
    audio.reset ();
    fragment.location = ended->keep ();
    cabinet.closed (fragment);
    throw;
  }
  cabinet.closed (fragment);
}

std::uint64_t
Recorder::frames_left ()
{
  const std::uint64_t done = file->frames ();
  std::uint64_t left = cut_frame > done ? cut_frame - done : 0;

  if (settings.max_time > 0) {
    const std::uint64_t most = std::max<std::uint64_t> (1,
        scale (settings.max_time, (std::uint64_t) spec.rate, second_ns));
    left = std::min (left, most > done ? most - done : 0);
  }
  std::uint64_t limit = settings.container_limit > 0
      ? settings.container_limit : format_info (spec.container).max_bytes;
  if (settings.max_bytes > 0)
    limit = limit > 0 ? std::min (limit, settings.max_bytes)
        : settings.max_bytes;
  if (limit > 0)
    left = std::min (left, std::max<std::uint64_t> (file->room (limit),
            done == 0 ? 1 : 0));
  return left;
}

/* Silence where there is no data. */
void
Recorder::write_frames (const void *data, std::uint64_t n_frames)
{
  try {
    if (data != nullptr)
      file->write (data, n_frames);
    else
      file->write_silence (n_frames);
  } catch (const FileError & error) {
    throw named (error);
  }
  if (meter == nullptr)
    return;
  if (data != nullptr)
    meter->add (data, n_frames);
  else
    meter->add_silence (n_frames);
}

void
Recorder::write_span (const void *data, std::uint64_t n_frames, Position at)
{
  const std::size_t frame_bytes =
      sample_bytes (spec.sample) * (std::size_t) spec.channels;

  while (n_frames > 0) {
    if (file == nullptr)
      open (at);
    const std::uint64_t n = std::min (n_frames, frames_left ());
    if (n == 0 && !settings.rotating ())
      throw FileError (EFBIG, fragment.location + ": a file of format "
          + format_info (spec.container).nick + " ends before 4 GiB; "
          "format=rf64 goes on, a rotation begins another");
    write_frames (data, n);
    if (data != nullptr)
      data = static_cast<const char *> (data) + n * frame_bytes;
    item_frames += n;
    line_frames += n;
    n_frames -= n;
    at = advanced (at, n);
    if (settings.rotating () && frames_left () == 0)
      close (Ending::publish);
  }
  expected = at.running_time;
}

/* How long the hole before @at is. It is one only if it lies behind the last
 * buffer, for a clock that drifts away from the samples makes none, and also
 * behind all that has been written, for a buffer that merely comes late has
 * been made up for once. */
std::uint64_t
Recorder::hole_before (std::uint64_t at) const
{
  if (expected == no_time || at == no_time)
    return 0;
  const std::uint64_t written = line_start
      + scale (line_frames, second_ns, (std::uint64_t) spec.rate);
  const std::uint64_t end = std::max (expected, written);
  return at > end + hole_threshold ? at - end : 0;
}

/* Before a frame at @at: what lies between the end of what has come and it. */
void
Recorder::fill_hole (Position & at)
{
  const std::uint64_t length = hole_before (at.running_time);

  if (length == 0)
    return;
  n_gaps++;
  if (settings.gaps == Gaps::split || length > longest_silence) {
    split ();
  } else if (settings.gaps == Gaps::silence) {
    const std::uint64_t n = scale (length + second_ns / spec.rate / 2,
        (std::uint64_t) spec.rate, second_ns);
    Position from = at;
    from.running_time -= length;
    if (from.wall != no_wall)
      from.wall -= (std::int64_t) (length / 1000);
    write_span (nullptr, n, from);
  } else {
    line_start += length;
  }
}

void
Recorder::write (const void *data, std::uint64_t n_frames, Position at)
{
  try {
    fill_hole (at);
    write_span (data, n_frames, at);
  } catch (...) {
    if (file != nullptr)
      close (Ending::keep);
    throw;
  }
}

void
Recorder::gap (Position at, std::uint64_t duration)
{
  if (expected == no_time || at.running_time == no_time)
    return;
  at.running_time += duration;
  if (at.wall != no_wall)
    at.wall += (std::int64_t) (duration / 1000);
  try {
    fill_hole (at);
  } catch (...) {
    if (file != nullptr)
      close (Ending::keep);
    throw;
  }
  expected = std::max (expected, at.running_time);
}

}
