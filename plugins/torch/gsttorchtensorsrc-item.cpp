/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The beginning and the end of an item of torchtensorsrc. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttorchtensorsrc-private.hpp"

#include <gst/audio/audio.h>
#include <gst/genaudio/genaudio.h>

#include <string>

#define GST_CAT_DEFAULT gst_torch_tensor_src_debug

using genaudio::cat;
using genaudio::Error;
using genaudio::Fault;
using genaudio::ItemInfo;
using genaudio::ItemSource;

namespace gst_torch_tensor_src {

static void
check_job_id (ItemInfo & item)
{
  GError *error = nullptr;

  if (item.job_id.empty ()) {
    gchar *made = gst_genaudio_job_id_generate ();
    item.job_id = made;
    g_free (made);
  }
  if (!gst_genaudio_job_id_validate (item.job_id.c_str (), &error)) {
    const std::string text = error->message;
    g_error_free (error);
    throw Error (Fault::settings, cat (text, ": give another with job-id"));
  }
}

/* GStreamer's own fallback calls the third of three channels LFE, which
 * loudness measurement leaves out. */
static guint64
channel_mask (guint channels)
{
  if (channels == 3)
    return GST_AUDIO_CHANNEL_POSITION_MASK (FRONT_LEFT)
        | GST_AUDIO_CHANNEL_POSITION_MASK (FRONT_RIGHT)
        | GST_AUDIO_CHANNEL_POSITION_MASK (FRONT_CENTER);
  return gst_audio_channel_get_fallback_mask (static_cast<gint> (channels));
}

static void
make_info (const ItemInfo & item, GstAudioInfo * info)
{
  const GstAudioFormat format =
      item.is_double ? GST_AUDIO_FORMAT_F64 : GST_AUDIO_FORMAT_F32;
  GstAudioChannelPosition positions[genaudio::max_channels];

  if (item.channels > 2)
    gst_audio_channel_positions_from_mask (static_cast<gint> (item.channels),
        channel_mask (item.channels), positions);
  gst_audio_info_init (info);
  gst_audio_info_set_format (info, format, item.rate,
      static_cast<gint> (item.channels),
      item.channels > 2 ? positions : nullptr);
}

void
share (GstTorchTensorSrc * self)
{
  State & state = self->priv->state;
  Shared shared;

  gst_audio_info_init (&shared.info);
  if (state.open) {
    shared.info = state.info;
    shared.frames = state.item.frames.value_or (GST_CLOCK_TIME_NONE);
    shared.seekable = state.items->is_seekable ();
  }
  GST_OBJECT_LOCK (self);
  self->priv->shared = shared;
  GST_OBJECT_UNLOCK (self);
}

/* Makes the next item the one in hand. Throws what is wrong with it. */
ItemSource::Status
open_next (GstTorchTensorSrc * self)
{
  State & state = self->priv->state;

  state.open = state.announced = state.finished = false;
  const ItemSource::Status status = state.items->open_next (state.item);
  if (status != ItemSource::Status::ok)
    return status;
  check_job_id (state.item);
  make_info (state.item, &state.info);
  state.open = true;
  state.discont = true;
  state.reverse = false;
  state.first = state.position = 0;
  state.stop = state.item.frames.value_or (G_MAXUINT64);
  share (self);
  GST_INFO_OBJECT (self, "item %s of \"%s\": %s %s, %d Hz",
      state.item.job_id.c_str (), state.item.location.c_str (),
      state.item.dtype.c_str (), state.item.shape.c_str (), state.item.rate);
  return status;
}

void
push_stream_start (GstTorchTensorSrc * self, const std::string & job_id)
{
  State & state = self->priv->state;
  GstPad *pad = GST_BASE_SRC_PAD (self);

  state.n_items++;
  if (!state.started) {
    state.started = true;       /* GstBaseSrc has sent one */
    return;
  }
  gchar *text = valid_text (job_id);
  gchar *stream_id = gst_pad_create_stream_id_printf (pad, GST_ELEMENT (self),
      "%08u/%s", state.n_items, text);
  GstEvent *event = gst_event_new_stream_start (stream_id);
  gst_event_set_group_id (event, gst_util_group_id_next ());
  gst_pad_push_event (pad, event);
  g_free (stream_id);
  g_free (text);
}

void
push_abort (GstTorchTensorSrc * self, const std::string & job_id,
    const std::string & reason)
{
  gchar *id = valid_text (job_id);
  gchar *why = valid_text (reason);

  gst_pad_push_event (GST_BASE_SRC_PAD (self),
      gst_genaudio_event_new_item_abort (id, why));
  g_free (why);
  g_free (id);
}

static void
post (GstTorchTensorSrc * self, GstStructure * structure)
{
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), structure));
}

static void
post_begin (GstTorchTensorSrc * self)
{
  State & state = self->priv->state;
  GstStructure *message = make_message (state);

  gst_structure_remove_field (message, "over-range");
  if (!state.item.frames)
    gst_structure_remove_field (message, "frames");
  post (self, message);
  if (state.item.rate_source == genaudio::RateSource::standard
      && !state.rate_warned) {
    state.rate_warned = true;
    post_fault (self, GST_MESSAGE_WARNING, Error (Fault::settings,
            cat ("\"", state.item.location.empty () ? state.item.job_id
                : state.item.location, "\" names no sample rate: ",
                state.item.rate, " Hz is assumed, set rate if that is wrong "
                "(said once a run)")));
  }
}

/* gst_element_send_event() takes the state lock, which whoever stops us holds
 * while waiting for the streaming thread; the vmethod queues without it. */
void
queue_event (GstTorchTensorSrc * self, GstEvent * event)
{
  GST_ELEMENT_GET_CLASS (self)->send_event (GST_ELEMENT (self), event);
}

/* The events and the message with which an item begins. The first item's
 * SEGMENT is that of GstBaseSrc; TAG waits in it behind the SEGMENT. */
gboolean
announce (GstTorchTensorSrc * self)
{
  State & state = self->priv->state;
  const bool first = !state.started;

  state.announced = true;
  state.retag = false;
  push_stream_start (self, state.item.job_id);
  post_begin (self);

  GstCaps *caps = gst_audio_info_to_caps (&state.info);
  const gboolean accepted = gst_base_src_set_caps (GST_BASE_SRC (self), caps);
  gst_caps_unref (caps);
  if (!accepted)
    return FALSE;
  if (!first) {
    GstSegment segment;
    gst_segment_init (&segment, GST_FORMAT_TIME);
    segment.base = state.base;
    gst_base_src_new_segment (GST_BASE_SRC (self), &segment);
    gst_element_post_message (GST_ELEMENT (self),
        gst_message_new_duration_changed (GST_OBJECT (self)));
  }
  queue_event (self, make_tags (state.item));
  return TRUE;
}

/* Everything of the item has been pushed. */
void
report_end (GstTorchTensorSrc * self)
{
  State & state = self->priv->state;
  GstStructure *message = make_message (state);

  state.finished = true;
  if (!state.item.frames)
    gst_structure_set (message, "frames", G_TYPE_UINT64, state.position,
        "duration", G_TYPE_UINT64, frames_to_time (state, state.position),
        nullptr);
  GstEvent *result = gst_genaudio_event_new_item_result (message);
  post (self, message);
  gst_pad_push_event (GST_BASE_SRC_PAD (self), result);
}

}
