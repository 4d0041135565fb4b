/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstr128held.hpp"

#include <cerrno>
#include <utility>

namespace genaudio::r128 {

namespace {

/* In front of each buffer's samples in the file. An event has a record too,
 * which keeps its place, but stays in memory. */
struct Record
{
  guint32 is_event;
  guint32 flags;
  guint64 pts, dts, duration, offset, offset_end;
  guint64 bytes;
};

}

void
HeldQueue::push_event (GstEvent * event)
{
  in_memory_.push_back (GST_MINI_OBJECT_CAST (event));
  if (spool_ != nullptr) {
    const Record record = {TRUE, 0, 0, 0, 0, 0, 0, 0};
    spool_->append (&record, sizeof record);
    records_++;
  }
}

void
HeldQueue::push_buffer (GstBuffer * buffer, guint64 limit)
{
  if (spool_ == nullptr) {
    in_memory_.push_back (GST_MINI_OBJECT_CAST (buffer));
    gsize offset, allocated;
    gst_buffer_get_sizes (buffer, &offset, &allocated);
    bytes_ += allocated;
    if (bytes_ > limit)
      spill ();
  } else {
    const std::unique_ptr<GstBuffer, decltype (&gst_buffer_unref)> owned (
        buffer, gst_buffer_unref);
    write (buffer);
  }
}

/* From now on everything is in the file, in order. */
void
HeldQueue::spill ()
{
  std::deque<GstMiniObject *> events;

  spool_ = std::make_unique<Spool> ();
  try {
    for (; !in_memory_.empty (); in_memory_.pop_front ()) {
      GstMiniObject *object = in_memory_.front ();
      if (GST_IS_EVENT (object)) {
        const Record record = {TRUE, 0, 0, 0, 0, 0, 0, 0};
        spool_->append (&record, sizeof record);
        records_++;
        events.push_back (object);
      } else {
        write (GST_BUFFER_CAST (object));
        gst_mini_object_unref (object);
      }
    }
  } catch (...) {
    in_memory_.insert (in_memory_.begin (), events.begin (), events.end ());
    throw;
  }
  in_memory_ = std::move (events);
  bytes_ = 0;
}

void
HeldQueue::write (GstBuffer * buffer)
{
  GstMapInfo map;
  if (!gst_buffer_map (buffer, &map, GST_MAP_READ))
    throw std::system_error (EIO, std::generic_category (),
        "Could not map a buffer");

  const Record record = {FALSE, GST_BUFFER_FLAGS (buffer),
    GST_BUFFER_PTS (buffer), GST_BUFFER_DTS (buffer),
    GST_BUFFER_DURATION (buffer), GST_BUFFER_OFFSET (buffer),
    GST_BUFFER_OFFSET_END (buffer), map.size};
  try {
    spool_->append (&record, sizeof record);
    spool_->append (map.data, map.size);
  } catch (...) {
    gst_buffer_unmap (buffer, &map);
    throw;
  }
  gst_buffer_unmap (buffer, &map);
  records_++;
}

void
HeldQueue::rewind ()
{
  at_ = 0;
  records_read_ = 0;
  if (spool_ != nullptr)
    spool_->rewind ();
}

GstMiniObject *
HeldQueue::read_next ()
{
  Record record;

  if (records_read_ == records_)
    return nullptr;
  spool_->read (&record, sizeof record);
  records_read_++;
  if (record.is_event)
    return gst_mini_object_ref (in_memory_[at_++]);

  GstBuffer *buffer = gst_buffer_new_allocate (nullptr, record.bytes, nullptr);
  GstMapInfo map;
  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  try {
    spool_->read (map.data, map.size);
  } catch (...) {
    gst_buffer_unmap (buffer, &map);
    gst_buffer_unref (buffer);
    throw;
  }
  gst_buffer_unmap (buffer, &map);
  constexpr guint32 kept = GST_BUFFER_FLAG_DISCONT | GST_BUFFER_FLAG_RESYNC
      | GST_BUFFER_FLAG_GAP | GST_BUFFER_FLAG_MARKER | GST_BUFFER_FLAG_HEADER
      | GST_BUFFER_FLAG_CORRUPTED | GST_BUFFER_FLAG_DROPPABLE;
  GST_BUFFER_FLAG_SET (buffer, record.flags & kept);
  GST_BUFFER_PTS (buffer) = record.pts;
  GST_BUFFER_DTS (buffer) = record.dts;
  GST_BUFFER_DURATION (buffer) = record.duration;
  GST_BUFFER_OFFSET (buffer) = record.offset;
  GST_BUFFER_OFFSET_END (buffer) = record.offset_end;
  return GST_MINI_OBJECT_CAST (buffer);
}

GstMiniObject *
HeldQueue::peek_next ()
{
  if (spool_ != nullptr)
    return read_next ();
  return at_ == in_memory_.size () ? nullptr
      : gst_mini_object_ref (in_memory_[at_++]);
}

/* Out of memory a buffer comes as the only reference, so that it can be
 * written to in place. */
GstMiniObject *
HeldQueue::take_next ()
{
  if (spool_ != nullptr)
    return read_next ();
  if (in_memory_.empty ())
    return nullptr;
  GstMiniObject *object = in_memory_.front ();
  in_memory_.pop_front ();
  return object;
}

std::vector<GstEvent *>
HeldQueue::take_lasting ()
{
  std::vector<GstEvent *> lasting;

  for (const GstEventType type : {GST_EVENT_STREAM_START, GST_EVENT_CAPS}) {
    GstEvent *last = nullptr;
    for (GstMiniObject *object : in_memory_) {
      if (GST_IS_EVENT (object) && GST_EVENT_TYPE (object) == type)
        last = GST_EVENT_CAST (object);
    }
    if (last != nullptr)
      lasting.push_back (gst_event_ref (last));
  }
  return lasting;
}

void
HeldQueue::clear ()
{
  for (GstMiniObject *object : in_memory_)
    gst_mini_object_unref (object);
  in_memory_.clear ();
  spool_.reset ();
  at_ = 0;
  bytes_ = 0;
  records_ = records_read_ = 0;
}

}
