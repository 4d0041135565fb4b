/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What r128normalize holds of an item: buffers and events in their order. Up
 * to a limit the buffers themselves are kept; beyond it all audio goes to a
 * temporary file, so that memory stays flat however long the item is. */
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "spool.hpp"

namespace genaudio::r128 {

class HeldQueue
{
public:
  ~HeldQueue () { clear (); }

  /* Both take what they are given, also when they throw (std::system_error,
   * if the temporary file cannot be written). */
  void push_event (GstEvent * event);
  void push_buffer (GstBuffer * buffer, guint64 limit);

  bool empty () const { return in_memory_.empty () && spool_ == nullptr; }
  bool spilled () const { return spool_ != nullptr; }

  /* Visits everything from the start; what is given stays held. */
  void rewind ();
  /* Takes out of the queue, or looks at, what comes next. nullptr: no more.
   * (transfer full) */
  GstMiniObject *take_next ();
  GstMiniObject *peek_next ();

  /* The events that hold beyond a flush: the last STREAM_START and CAPS.
   * (transfer full) */
  std::vector<GstEvent *> take_lasting ();
  void clear ();

private:
  void spill ();
  void write (GstBuffer * buffer);
  GstMiniObject *read_next ();

  std::deque<GstMiniObject *> in_memory_;       /* events only, if spilled */
  std::size_t at_ = 0;
  guint64 bytes_ = 0;
  std::unique_ptr<Spool> spool_;
  guint64 records_ = 0, records_read_ = 0;
};

}
