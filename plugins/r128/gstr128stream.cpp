/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstr128stream.hpp"

#include "gstr128util.hpp"

#include "kernels.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <new>
#include <system_error>
#include <utility>

GST_DEBUG_CATEGORY_EXTERN (gst_r128_normalize_debug);
#define GST_CAT_DEFAULT gst_r128_normalize_debug

namespace genaudio::r128 {

namespace {

/* A hole in the audio counts as silence, of which more than empties the
 * longest window changes nothing. */
constexpr GstClockTime longest_silence = 4 * GST_SECOND;

template <typename T>
guint64
zero_unusable (T *samples, std::size_t n)
{
  guint64 count = 0;

  for (std::size_t i = 0; i < n; i++) {
    if (!is_usable (samples[i])) {
      samples[i] = 0;
      count++;
    }
  }
  return count;
}

}

Stream::Item::~Item ()
{
  for (GstEvent *event : tags)
    gst_event_unref (event);
  gst_clear_tag_list (&base_tags);
  gst_genaudio_item_clear (&who);
}

Stream::Stream (GstElement * element, GstPad * sinkpad, GstPad * srcpad,
    Owner & owner)
    : element_ (element), sinkpad_ (sinkpad), srcpad_ (srcpad), owner_ (owner)
{
  stop ();
}

Stream::~Stream ()
{
  stop ();
}

void
Stream::stop ()
{
  drop_waiting ();
  held_.clear ();
  audio_held_ = false;
  items_.clear ();
  stage_.reset ();
  stage_before_.reset ();
  meter_ = ItemMeter ();
  reset_album ();
  mode_known_ = have_format_ = warned_positions_ = known_ = false;
  gst_audio_info_init (&info_);
  gst_segment_init (&segment_, GST_FORMAT_TIME);
  flow_ = GST_FLOW_OK;
  rendered_ = 0;
  next_in_ = next_out_ = GST_CLOCK_TIME_NONE;
  begin_item ();
}

/* -- the two entries: no exception leaves them */

GstFlowReturn
Stream::chain (GstBuffer * buffer)
{
  try {
    return handle_buffer (buffer);
  } catch (const std::exception & error) {
    fail (error);
    return GST_FLOW_ERROR;
  }
}

bool
Stream::event (GstEvent * event)
{
  try {
    return handle_event (event);
  } catch (const std::exception & error) {
    fail (error);
    return false;
  }
}

void
Stream::fail (const std::exception & error)
{
  const auto *system = dynamic_cast<const std::system_error *> (&error);

  abort_item (error.what ());
  if (system == nullptr)
    GST_ELEMENT_ERROR (element_, CORE, FAILED, (nullptr), ("%s",
            error.what ()));
  else if (system->code ().value () == ENOSPC
      || system->code ().value () == EDQUOT
      || system->code ().value () == EFBIG)
    GST_ELEMENT_ERROR (element_, RESOURCE, NO_SPACE_LEFT,
        ("No space left to hold this item."), ("%s", error.what ()));
  else
    GST_ELEMENT_ERROR (element_, RESOURCE, WRITE,
        ("Could not hold this item in a temporary file."), ("%s",
            error.what ()));
}

/* Tells what comes after that this item must not be published, and drops what
 * is held of it. */
void
Stream::abort_item (const char *reason)
{
  Item & item = current ();

  item.aborted = true;
  drop_held ();
  gst_pad_push_event (srcpad_, gst_genaudio_event_new_item_abort (
          gst_genaudio_item_get_job_id (&item.who), reason));
}

void
Stream::drop_waiting ()
{
  for (const Waiting & waiting : waiting_) {
    if (waiting.object != nullptr)
      gst_mini_object_unref (waiting.object);
  }
  waiting_.clear ();
}

void
Stream::drop_held ()
{
  drop_waiting ();
  held_.clear ();
  audio_held_ = false;
  stage_.reset ();
  stage_before_.reset ();
  meter_.reset ();
}

/* -- items */

void
Stream::begin_item ()
{
  items_.push_back (std::make_unique<Item> ());
  meter_.reset ();
  known_ = false;
}

void
Stream::add_duration (Item & item)
{
  if (have_format_ && item.part_frames > 0)
    item.duration += gst_util_uint64_scale (item.part_frames, GST_SECOND,
        format_.rate);
  item.part_frames = 0;
}

/* Whatever ends an item: measures it and lets it go, or (an album) keeps it. */
void
Stream::end_item (bool last)
{
  const Config config = owner_.config ();
  Item & item = current ();

  add_duration (item);
  if (item.begun && !item.aborted) {
    if (!mode_known_)
      decide_mode ();
    if (!holding ()) {
      end_streamed_item (item, config);
    } else {
      meter_.finish ();
      item.measurement = meter_.measurement ();
      item.input = meter_.loudness ();
      album_blocks_.merge (meter_.blocks ());
      album_.true_peak = std::max (album_.true_peak,
          item.measurement.true_peak);
      album_.too_short = album_.too_short && item.measurement.too_short;
    }
  }
  if (holding () && config.album && !last) {
    begin_item ();
    return;
  }
  if (holding ())
    release_items (config);
  else if (!mode_known_)
    let_pending_go ();

  /* after SEGMENT_DONE the same item may be played again */
  const GstGenAudioItem who = std::exchange (current ().who, {});
  items_.clear ();
  reset_album ();
  begin_item ();
  current ().who = who;
}

bool
Stream::holding () const
{
  return mode_known_ && mode_ == Mode::offline && !known_;
}

const char *
Stream::find_live_reason ()
{
  const char *reason = nullptr;
  GstQuery *query = gst_query_new_latency ();
  gboolean live = FALSE, seekable = FALSE;
  gint64 duration = -1;

  if (gst_pad_peer_query (sinkpad_, query))
    gst_query_parse_latency (query, &live, nullptr, nullptr);
  gst_query_unref (query);
  if (live)
    return "upstream is live";

  query = gst_query_new_seeking (GST_FORMAT_TIME);
  if (gst_pad_peer_query (sinkpad_, query))
    gst_query_parse_seeking (query, nullptr, &seekable, nullptr, nullptr);
  gst_query_unref (query);
  if (!gst_pad_peer_query_duration (sinkpad_, GST_FORMAT_TIME, &duration))
    duration = -1;
  if (!seekable && duration < 0)
    reason = "upstream is neither seekable nor of known duration";
  return reason;
}

/* Upstream can be asked from the first buffer (or the end) on: before that
 * its LATENCY answer is wrong or none. */
void
Stream::decide_mode ()
{
  const Config config = owner_.config ();
  const char *reason = "property";

  mode_ = config.mode;
  if (mode_ == Mode::automatic) {
    reason = find_live_reason ();
    mode_ = reason != nullptr ? Mode::live : Mode::offline;
    if (reason == nullptr)
      reason = "upstream is a finished item";
  }
  mode_known_ = true;
  owner_.mode_decided (mode_, reason);
  if (mode_ != Mode::offline)
    let_pending_go ();
}

/* What had to wait for the decision goes on before the first buffer. */
void
Stream::let_pending_go ()
{
  Item & item = current ();

  for (GstEvent *event : item.tags)
    push_event (strip_event (event));
  item.tags.clear ();
  item.tags_out = true;
  while (GstMiniObject *object = held_.take_next ())
    push_event (GST_EVENT_CAST (object));
}

/* -- events */

bool
Stream::handle_event (GstEvent * event)
{
  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_STREAM_START:
      return handle_stream_start (event);
    case GST_EVENT_CAPS:
      return handle_caps (event);
    case GST_EVENT_SEGMENT:
      return handle_segment (event);
    case GST_EVENT_TAG:
      return handle_tag (event);
    case GST_EVENT_GAP:
      return handle_gap (event);
    case GST_EVENT_EOS:
    case GST_EVENT_SEGMENT_DONE:
      return handle_end (event);
    case GST_EVENT_FLUSH_STOP:
      return handle_flush_stop (event);
    default:
      break;
  }
  if (!GST_EVENT_IS_SERIALIZED (event))
    return gst_pad_push_event (srcpad_, event);
  if (gst_genaudio_event_parse_item_abort (event, nullptr, nullptr))
    return handle_abort (event);
  return pass_in_place (event);
}

/* Lets an event go on, behind the audio that came before it. */
bool
Stream::pass_in_place (GstEvent * event)
{
  if (!waiting_.empty ()) {
    waiting_.push_back ({GST_MINI_OBJECT_CAST (event), 0});
    return true;
  }
  if (holding () || (!mode_known_ && !GST_EVENT_IS_STICKY (event))) {
    held_.push_event (event);
    return true;
  }
  return push_event (event);
}

bool
Stream::push_event (GstEvent * event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_SEGMENT)
    gst_event_copy_segment (event, &segment_);
  return gst_pad_push_event (srcpad_, event);
}

bool
Stream::handle_stream_start (GstEvent * event)
{
  end_item (false);
  gst_genaudio_item_handle_event (&current ().who, event);
  flow_ = GST_FLOW_OK;
  /* behind the album's earlier items */
  if (!held_.empty ()) {
    held_.push_event (event);
    return true;
  }
  return push_event (event);
}

bool
Stream::handle_caps (GstEvent * event)
{
  GstCaps *caps;
  GstAudioInfo info;

  gst_event_parse_caps (event, &caps);
  if (!gst_audio_info_from_caps (&info, caps)) {
    GST_ELEMENT_ERROR (element_, STREAM, FORMAT, (nullptr),
        ("caps that are no audio: %" GST_PTR_FORMAT, caps));
    gst_event_unref (event);
    return false;
  }
  if (have_format_ && gst_audio_info_is_equal (&info, &info_)
      && current ().begun)
    return pass_in_place (event);

  add_duration (current ());
  if (stage_ != nullptr) {
    finish_stage ();
    stage_before_ = std::move (stage_);
  }
  info_ = info;
  format_ = make_format (info, owner_.config ().dual_mono);
  have_format_ = true;
  current ().begun = true;
  meter_.set_format (format_);
  if (format_.channels > 2 && GST_AUDIO_INFO_IS_UNPOSITIONED (&info)
      && !warned_positions_) {
    warned_positions_ = true;
    GST_ELEMENT_WARNING (element_, STREAM, FORMAT, (nullptr),
        ("%u channels without positions: each counts as a front channel",
            format_.channels));
  }
  /* nothing held yet: let downstream settle while the item comes in */
  if (held_.empty () && waiting_.empty ())
    return push_event (event);
  return pass_in_place (event);
}

bool
Stream::handle_segment (GstEvent * event)
{
  const GstSegment *segment;

  gst_event_parse_segment (event, &segment);
  if (segment->rate < 0.0) {
    GST_ELEMENT_ERROR (element_, STREAM, FORMAT, (nullptr),
        ("cannot normalise backwards (rate %g)", segment->rate));
    gst_event_unref (event);
    return false;
  }
  if (held_.empty () && waiting_.empty ())
    return push_event (event);
  return pass_in_place (event);
}

/* An item's tags leave before its first buffer: encoders drop later ones. */
bool
Stream::handle_tag (GstEvent * event)
{
  Item & item = current ();

  gst_genaudio_item_handle_event (&item.who, event);
  if (!mode_known_ || holding ()) {
    item.tags.push_back (event);
    return true;
  }
  return pass_in_place (strip_event (event));
}

/* Takes @event; a new one where tags had to go. */
GstEvent *
Stream::strip_event (GstEvent * event)
{
  if (mode_ == Mode::measure || !owner_.config ().settings.enabled)
    return event;
  GstTagList *tags;
  gst_event_parse_tag (event, &tags);
  GstTagList *stripped = strip_loudness (tags);
  if (gst_tag_list_is_equal (tags, stripped)) {
    gst_tag_list_unref (stripped);
    return event;
  }
  GstEvent *fresh = gst_event_new_tag (stripped);
  gst_event_set_seqnum (fresh, gst_event_get_seqnum (event));
  gst_event_unref (event);
  return fresh;
}

bool
Stream::handle_gap (GstEvent * event)
{
  GstClockTime timestamp, duration;

  gst_event_parse_gap (event, &timestamp, &duration);
  if (have_format_ && mode_known_ && GST_CLOCK_TIME_IS_VALID (duration)) {
    measure_silence (duration);
    next_in_ = timestamp + duration;
  }
  const bool passed = pass_in_place (event);
  if (stage_ != nullptr)
    let_out ();
  return passed;
}

/* The windows see a hole as silence; nothing of it is output. */
void
Stream::measure_silence (GstClockTime duration)
{
  const guint64 frames = gst_util_uint64_scale_round (
      std::min (duration, longest_silence), format_.rate, GST_SECOND);
  const std::vector<char> zeros (frames * format_.frame_bytes ());

  if (holding ())
    meter_.add (zeros.data (), frames);
  else if (stage_ != nullptr) {
    stage_->write (zeros.data (), frames);
    if (stage_->passthrough ())
      post_levels (nullptr, frames);
    else
      waiting_.push_back ({nullptr, frames});
  }
}

bool
Stream::handle_abort (GstEvent * event)
{
  Item & item = current ();

  item.aborted = true;
  meter_.reset ();
  if (owner_.config ().album && holding ())
    return pass_in_place (event);
  drop_held ();
  return push_event (event);
}

/* A seek: what was held is gone, and with an album its earlier items. */
bool
Stream::handle_flush_stop (GstEvent * event)
{
  const std::vector<GstEvent *> lasting = held_.take_lasting ();

  items_.erase (items_.begin (), items_.end () - 1);
  drop_waiting ();
  held_.clear ();
  audio_held_ = false;
  meter_.reset ();
  reset_album ();
  if (stage_ != nullptr) {
    stage_->flush ();
    rendered_ = 0;
  }
  next_in_ = next_out_ = GST_CLOCK_TIME_NONE;
  Item & item = current ();
  item.frames = item.part_frames = item.non_finite = 0;
  item.duration = 0;
  item.tags_out = mode_known_ && !holding () && !known_;
  gst_segment_init (&segment_, GST_FORMAT_TIME);
  flow_ = GST_FLOW_OK;
  const bool passed = gst_pad_push_event (srcpad_, event);
  for (GstEvent *kept : lasting)
    push_event (kept);
  return passed;
}

void
Stream::reset_album ()
{
  album_blocks_.clear ();
  album_ = Measurement ();
  album_.too_short = true;
}

bool
Stream::handle_end (GstEvent * event)
{
  end_item (true);
  return push_event (event);
}

/* -- audio */

GstFlowReturn
Stream::handle_buffer (GstBuffer * buffer)
{
  if (!have_format_) {
    gst_buffer_unref (buffer);
    GST_ELEMENT_ERROR (element_, CORE, NEGOTIATION, (nullptr),
        ("audio before caps"));
    return GST_FLOW_NOT_NEGOTIATED;
  }
  if (flow_ != GST_FLOW_OK || current ().aborted) {
    gst_buffer_unref (buffer);
    return flow_;
  }
  const gsize size = gst_buffer_get_size (buffer);
  if (size % format_.frame_bytes () != 0) {
    gst_buffer_unref (buffer);
    abort_item ("broken buffer");
    GST_ELEMENT_ERROR (element_, STREAM, FORMAT, (nullptr),
        ("a buffer of %" G_GSIZE_FORMAT " bytes is no whole number of frames "
            "of %" G_GSIZE_FORMAT, size, format_.frame_bytes ()));
    return GST_FLOW_ERROR;
  }
  if (!mode_known_)
    decide_mode ();

  Item & item = current ();
  const guint64 frames = size / format_.frame_bytes ();
  buffer = sanitise (buffer);
  item.frames += frames;
  item.part_frames += frames;
  item.begun = true;
  if (mode_ != Mode::offline)
    return run_stage (buffer);
  return hold (buffer);
}

/* NaN and infinity become silence: one would poison all filters after it. */
GstBuffer *
Stream::sanitise (GstBuffer * buffer)
{
  Item & item = current ();
  const gsize n = gst_buffer_get_size (buffer) 
      / (format_.is_double ? sizeof (double) : sizeof (float));
  bool usable;

  {
    const Mapped map (buffer, GST_MAP_READ);
    usable = format_.is_double
        ? best_kernels ().all_usable (static_cast<double *> (map.data ()), n)
        : best_kernels ().all_usable (static_cast<float *> (map.data ()), n);
  }
  if (usable)
    return buffer;

  buffer = gst_buffer_make_writable (buffer);
  guint64 count;
  {
    const Mapped map (buffer, GST_MAP_READWRITE);
    count = format_.is_double
        ? zero_unusable (static_cast<double *> (map.data ()), n)
        : zero_unusable (static_cast<float *> (map.data ()), n);
  }
  if (item.non_finite == 0)
    GST_ELEMENT_WARNING (element_, STREAM, FORMAT, (nullptr),
        ("samples that are not a number or infinite were zeroed, the first at "
            "%" GST_TIME_FORMAT, GST_TIME_ARGS (GST_BUFFER_PTS (buffer))));
  item.non_finite += count;
  return buffer;
}

GstFlowReturn
Stream::push (GstBuffer * buffer)
{
  if (flow_ != GST_FLOW_OK) {
    gst_buffer_unref (buffer);
    return flow_;
  }
  flow_ = gst_pad_push (srcpad_, buffer);
  if (flow_ != GST_FLOW_OK)
    GST_DEBUG_OBJECT (element_, "downstream says %s",
        gst_flow_get_name (flow_));
  return flow_;
}

}
