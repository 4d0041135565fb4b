/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-torchtensorsrc
 * @title: torchtensorsrc
 * @see_also: #GstAppSrc
 *
 * Plays tensors as audio: `.safetensors`, `.npy` and `.pt` files, read without
 * LibTorch and without executing anything in them. One run can carry many
 * items; each begins with a STREAM_START of its own and a TAG event with its
 * job id, so that elements downstream finish one item and begin the next.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 torchtensorsrc location=track.safetensors ! audioconvert ! autoaudiosink
 * ]|
 */

/* How it works. A genaudio::ItemSource opens items and reads their samples;
 * the files of the element make events, messages, buffers and errors of that:
 * this one streams, -item begins and ends items, -messages words what is said,
 * -source and -push make the ItemSource and feed it. The streaming thread owns
 * the ItemSource and State; what queries need of them is copied to Shared,
 * which the object lock guards, as are the settings. Neither events nor
 * messages leave with that lock held.
 *
 * An item is announced only when its first block was read, because an event
 * that waits in GstBaseSrc behind the SEGMENT cannot be taken back: whatever
 * fails before is an item of which downstream sees a STREAM_START and the
 * abort, and nothing else. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttorchtensorsrc-private.hpp"

#include <gst/audio/audio.h>

#include <algorithm>
#include <memory>
#include <utility>

GST_DEBUG_CATEGORY (gst_torch_tensor_src_debug);
#define GST_CAT_DEFAULT gst_torch_tensor_src_debug

using namespace gst_torch_tensor_src;
using genaudio::Error;
using genaudio::Fault;
using genaudio::ItemSource;

#define SUPPORTED_CAPS \
    "audio/x-raw, format = (string) { " GST_AUDIO_NE (F32) ", " \
    GST_AUDIO_NE (F64) " }, layout = (string) interleaved, " \
    "rate = (int) [ 1, 2147483647 ], channels = (int) [ 1, 8 ]"

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (SUPPORTED_CAPS));

#define gst_torch_tensor_src_parent_class parent_class
G_DEFINE_TYPE (GstTorchTensorSrc, gst_torch_tensor_src, GST_TYPE_PUSH_SRC)
GST_ELEMENT_REGISTER_DEFINE (torchtensorsrc, "torchtensorsrc", GST_RANK_NONE,
    GST_TYPE_TORCH_TENSOR_SRC);

/* GstBaseSrc ends the stream by itself, without asking for another buffer,
 * when a segment with a stop has been played. */
static GstPadProbeReturn
before_eos (GstPad *, GstPadProbeInfo * info, gpointer data)
{
  GstTorchTensorSrc *self = GST_TORCH_TENSOR_SRC (data);
  const State & state = self->priv->state;
  const GstEventType type = GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info));

  if ((type == GST_EVENT_EOS || type == GST_EVENT_SEGMENT_DONE)
      && state.open && state.announced && !state.finished
      && state.position == (state.reverse ? state.first : state.stop))
    report_end (self);
  return GST_PAD_PROBE_OK;
}

/* -- streaming */

/* Wraps memory the source lends, @limit frames of it at most, or fills memory
 * of the buffer's own. */
static ItemSource::Status
read_block (GstTorchTensorSrc * self, gsize space, gsize limit,
    GstBuffer ** buffer, gsize * frames)
{
  State & state = self->priv->state;
  const gsize bpf = static_cast<gsize> (GST_AUDIO_INFO_BPF (&state.info));
  ItemSource::Block block;
  GstMapInfo map;

  if (space == 0) {
    const ItemSource::Status status = state.items->read (nullptr, 0, block);
    if (status != ItemSource::Status::ok)
      return status;
    auto *owner = new std::shared_ptr<const void> (std::move (block.owner));
    *frames = std::min (block.frames, limit);
    *buffer = gst_buffer_new_wrapped_full (
        block.writable ? GstMemoryFlags (0) : GST_MEMORY_FLAG_READONLY,
        const_cast<void *> (block.data), block.frames * bpf, 0,
        *frames * bpf, owner, [] (gpointer data) {
          delete static_cast<std::shared_ptr<const void> *> (data);
        });
    return status;
  }

  g_autoptr (GstBuffer) own = gst_buffer_new_allocate (nullptr, space * bpf,
      nullptr);
  if (own == nullptr || !gst_buffer_map (own, &map, GST_MAP_WRITE))
    throw Error (Fault::read, "No memory for a buffer");
  ItemSource::Status status;
  try {
    status = state.items->read (map.data, space, block);
  } catch (...) {
    gst_buffer_unmap (own, &map);
    throw;
  }
  gst_buffer_unmap (own, &map);
  if (status != ItemSource::Status::ok)
    return status;
  gst_buffer_set_size (own, static_cast<gssize> (block.frames * bpf));
  *frames = block.frames;
  *buffer = g_steal_pointer (&own);
  return status;
}

static void
stamp (State & state, GstBuffer * buffer, guint64 at, gsize frames)
{
  GST_BUFFER_PTS (buffer) = frames_to_time (state, at);
  GST_BUFFER_DURATION (buffer) =
      frames_to_time (state, at + frames) - GST_BUFFER_PTS (buffer);
  GST_BUFFER_OFFSET (buffer) = at;
  GST_BUFFER_OFFSET_END (buffer) = at + frames;
  if (state.discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  state.discont = false;
}

/* The next buffer of the item in hand, within the segment. */
static ItemSource::Status
next_buffer (GstTorchTensorSrc * self, GstBuffer ** buffer)
{
  State & state = self->priv->state;
  const guint64 left = state.reverse ? state.position - state.first
      : state.stop - std::min (state.stop, state.position);
  const guint64 wanted = state.items->wanted_space ();
  gsize frames = 0;

  if (left == 0 && state.item.frames != state.position)
    return ItemSource::Status::end;     /* the segment ends within the item */
  if (state.reverse)
    state.items->seek (state.position - std::min (left, wanted));
  const ItemSource::Status status = read_block (self,
      static_cast<gsize> (left > 0 ? std::min (left, wanted) : wanted),
      static_cast<gsize> (left), buffer, &frames);
  if (status != ItemSource::Status::ok)
    return status;
  if (state.reverse)
    state.position -= frames;
  stamp (state, *buffer, state.position, frames);
  if (!state.reverse)
    state.position += frames;
  return status;
}

/* The item in hand is lost: downstream forgets it, the bus learns of it.
 * Returns whether to go on with the next. */
static bool
fail_item (GstTorchTensorSrc * self, const Error & error)
{
  State & state = self->priv->state;
  const bool skip = state.settings.on_error == OnError::skip;

  if (state.announced)
    state.base += frames_to_time (state, state.position);
  else
    push_stream_start (self, state.item.job_id);
  state.open = false;
  push_abort (self, state.item.job_id, error.what ());
  post_fault (self, skip ? GST_MESSAGE_WARNING : GST_MESSAGE_ERROR, error);
  return skip;
}

/* Tells downstream of the items that failed before it could listen. */
static void
push_failures (GstTorchTensorSrc * self)
{
  State & state = self->priv->state;

  for (const Failure & failure : state.failures) {
    push_stream_start (self, failure.job_id);
    push_abort (self, failure.job_id, failure.reason);
  }
  state.failures.clear ();
}

/* The item in hand is over. */
static GstFlowReturn
end_item (GstTorchTensorSrc * self)
{
  State & state = self->priv->state;

  report_end (self);
  if (state.items->is_seekable ())
    return GST_FLOW_EOS;        /* it stays in hand: a seek may follow */
  state.base += frames_to_time (state, state.position);
  state.open = false;
  return GST_FLOW_OK;
}

/* One step: opens an item, or reads a block of it, or ends it. */
static GstFlowReturn
step (GstTorchTensorSrc * self, GstBuffer ** buffer)
{
  State & state = self->priv->state;
  ItemSource::Status status;

  if (state.open && state.finished)
    return GST_FLOW_EOS;
  status = state.open ? next_buffer (self, buffer) : open_next (self);
  if (status == ItemSource::Status::interrupted)
    return GST_FLOW_FLUSHING;
  if (!state.open)
    return GST_FLOW_EOS;
  if (*buffer != nullptr) {
    if (!state.announced && !announce (self))
      return GST_FLOW_NOT_NEGOTIATED;
    if (state.retag)
      queue_event (self, make_tags (state.item));
    state.retag = false;
  }
  return status == ItemSource::Status::end ? end_item (self) : GST_FLOW_OK;
}

static GstFlowReturn
gst_torch_tensor_src_create (GstPushSrc * src, GstBuffer ** buffer)
{
  GstTorchTensorSrc *self = GST_TORCH_TENSOR_SRC (src);
  GstFlowReturn flow = GST_FLOW_OK;

  *buffer = nullptr;
  push_failures (self);
  while (flow == GST_FLOW_OK && *buffer == nullptr) {
    try {
      flow = step (self, buffer);
    } catch (...) {
      /* ERROR would make GstBaseSrc post an error of its own behind ours,
       * "Internal data stream error", and an EOS that closes third-party
       * files as if they were whole */
      if (!fail_item (self, current_error ()))
        flow = GST_FLOW_FLUSHING;
    }
  }
  if (flow != GST_FLOW_OK)
    gst_clear_buffer (buffer);
  return flow;
}

static GstStateChangeReturn
gst_torch_tensor_src_change_state (GstElement * element,
    GstStateChange transition)
{
  GstTorchTensorSrc *self = GST_TORCH_TENSOR_SRC (element);

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !open_items (self)) {
    close_items (self);
    return GST_STATE_CHANGE_FAILURE;
  }
  const GstStateChangeReturn changed =
      GST_ELEMENT_CLASS (parent_class)->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY
      || (transition == GST_STATE_CHANGE_READY_TO_PAUSED
          && changed == GST_STATE_CHANGE_FAILURE))
    close_items (self);
  return changed;
}

static gboolean
gst_torch_tensor_src_unlock (GstBaseSrc * src)
{
  GstTorchTensorSrc *self = GST_TORCH_TENSOR_SRC (src);

  if (self->priv->state.items != nullptr)
    self->priv->state.items->interrupt (true);
  return TRUE;
}

static gboolean
gst_torch_tensor_src_unlock_stop (GstBaseSrc * src)
{
  GstTorchTensorSrc *self = GST_TORCH_TENSOR_SRC (src);

  if (self->priv->state.items != nullptr)
    self->priv->state.items->interrupt (false);
  return TRUE;
}

/* Caps come from the item; without one in hand there is nothing to agree on
 * yet. */
static gboolean
gst_torch_tensor_src_negotiate (GstBaseSrc * src)
{
  GstTorchTensorSrc *self = GST_TORCH_TENSOR_SRC (src);
  State & state = self->priv->state;

  if (!state.open || !state.failures.empty ())
    return TRUE;
  GstCaps *caps = gst_audio_info_to_caps (&state.info);
  const gboolean accepted = gst_base_src_set_caps (src, caps);
  gst_caps_unref (caps);
  return accepted;
}

/* -- seeking and queries */

static gboolean
gst_torch_tensor_src_is_seekable (GstBaseSrc * src)
{
  GstTorchTensorSrc *self = GST_TORCH_TENSOR_SRC (src);

  GST_OBJECT_LOCK (self);
  const gboolean seekable = self->priv->shared.seekable;
  GST_OBJECT_UNLOCK (self);
  return seekable;
}

/* The frame that is playing at @time: not one after it. The time of a frame
 * is rounded down to whole ns, hence the ns more. */
static guint64
time_to_frame (const State & state, GstClockTime time)
{
  return std::min (state.item.frames.value_or (G_MAXUINT64),
      gst_util_uint64_scale (time + 1, GST_AUDIO_INFO_RATE (&state.info),
          GST_SECOND));
}

static gboolean
gst_torch_tensor_src_do_seek (GstBaseSrc * src, GstSegment * segment)
{
  GstTorchTensorSrc *self = GST_TORCH_TENSOR_SRC (src);
  State & state = self->priv->state;

  if (!state.open || !state.items->is_seekable ())
    return segment->start == 0 && segment->rate > 0;

  const guint64 frames = state.item.frames.value_or (G_MAXUINT64);
  state.reverse = segment->rate < 0;
  state.first = time_to_frame (state, segment->start);
  state.stop = GST_CLOCK_TIME_IS_VALID (segment->stop)
      ? std::min (frames, gst_util_uint64_scale_ceil (segment->stop,
              GST_AUDIO_INFO_RATE (&state.info), GST_SECOND)) : frames;
  state.stop = std::max (state.stop, state.first);
  if (state.reverse && state.stop == G_MAXUINT64)
    return FALSE;
  state.position = state.reverse ? state.stop : state.first;
  state.items->seek (state.first);
  state.finished = false;
  state.retag = state.announced;
  state.discont = true;
  if (state.item.frames)
    segment->duration = frames_to_time (state, frames);
  segment->position = frames_to_time (state, state.position);
  GST_DEBUG_OBJECT (self, "frames %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
      "%s", state.first, state.stop, state.reverse ? " backwards" : "");
  return TRUE;
}

/* A live source is paced by the clock; what an application pushes has its own
 * pace. */
static void
gst_torch_tensor_src_get_times (GstBaseSrc * src, GstBuffer * buffer,
    GstClockTime * start, GstClockTime * end)
{
  GstTorchTensorSrc *self = GST_TORCH_TENSOR_SRC (src);

  *start = *end = GST_CLOCK_TIME_NONE;
  if (!gst_base_src_is_live (src) || self->priv->push != nullptr)
    return;
  /* GstBaseSrc takes these for running times */
  *start = self->priv->state.base + GST_BUFFER_PTS (buffer);
  *end = *start + GST_BUFFER_DURATION (buffer);
}

/* A chunk of a model is there only after all of it was made. */
static gboolean
query_latency (GstTorchTensorSrc * self, const Shared & shared,
    guint64 chunk_frames, GstQuery * query)
{
  gboolean live;
  GstClockTime min, max;

  if (!gst_base_src_query_latency (GST_BASE_SRC (self), &live, &min, &max))
    return FALSE;
  const GstClockTime chunk = gst_util_uint64_scale_ceil (chunk_frames,
      GST_SECOND, GST_AUDIO_INFO_RATE (&shared.info));
  gst_query_set_latency (query, live, min + chunk,
      GST_CLOCK_TIME_IS_VALID (max) ? max + chunk : max);
  return TRUE;
}

static gboolean
query_duration (const Shared & shared, GstQuery * query)
{
  GstFormat format;
  gint64 duration;

  gst_query_parse_duration (query, &format, nullptr);
  if (shared.frames == GST_CLOCK_TIME_NONE
      || !gst_audio_info_convert (&shared.info, GST_FORMAT_DEFAULT,
          static_cast<gint64> (shared.frames), format, &duration))
    return FALSE;
  gst_query_set_duration (query, format, duration);
  return TRUE;
}

static gboolean
query_convert (const Shared & shared, GstQuery * query)
{
  GstFormat from, to;
  gint64 value, converted;

  gst_query_parse_convert (query, &from, &value, &to, nullptr);
  if (!gst_audio_info_convert (&shared.info, from, value, to, &converted))
    return FALSE;
  gst_query_set_convert (query, from, value, to, converted);
  return TRUE;
}

static gboolean
gst_torch_tensor_src_query (GstBaseSrc * src, GstQuery * query)
{
  GstTorchTensorSrc *self = GST_TORCH_TENSOR_SRC (src);

  GST_OBJECT_LOCK (self);
  const Shared shared = self->priv->shared;
  const bool model = !self->priv->settings.model.model.empty ();
  const guint64 chunk_frames = self->priv->settings.model.chunk_frames;
  GST_OBJECT_UNLOCK (self);

  if (GST_AUDIO_INFO_IS_VALID (&shared.info)) {
    if (GST_QUERY_TYPE (query) == GST_QUERY_LATENCY && model
        && gst_base_src_is_live (src))
      return query_latency (self, shared, chunk_frames, query);
    if (GST_QUERY_TYPE (query) == GST_QUERY_DURATION
        && query_duration (shared, query))
      return TRUE;
    if (GST_QUERY_TYPE (query) == GST_QUERY_CONVERT
        && query_convert (shared, query))
      return TRUE;
  }
  return GST_BASE_SRC_CLASS (parent_class)->query (src, query);
}

static gboolean
gst_torch_tensor_src_send_event (GstElement * element, GstEvent * event)
{
  GstTorchTensorSrc *self = GST_TORCH_TENSOR_SRC (element);

  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP) {
    const auto push = get_push (self);
    if (push != nullptr)
      push->clear ();
  }
  return GST_ELEMENT_CLASS (parent_class)->send_event (element, event);
}

static void
gst_torch_tensor_src_finalize (GObject * object)
{
  delete GST_TORCH_TENSOR_SRC (object)->priv;
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_torch_tensor_src_init (GstTorchTensorSrc * self)
{
  self->priv = new Private ();
  gst_torch_tensor_src_init_settings (self->priv->settings);
  gst_audio_info_init (&self->priv->shared.info);
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
  gst_pad_add_probe (GST_BASE_SRC_PAD (self),
      GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, before_eos, self, nullptr);
}

static void
gst_torch_tensor_src_class_init (GstTorchTensorSrcClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *src_class = GST_BASE_SRC_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (gst_torch_tensor_src_debug, "torchtensorsrc", 0,
      "tensor source");

  object_class->set_property = gst_torch_tensor_src_set_property;
  object_class->get_property = gst_torch_tensor_src_get_property;
  object_class->finalize = gst_torch_tensor_src_finalize;
  gst_torch_tensor_src_install_properties (object_class);
  install_signals (G_OBJECT_CLASS_TYPE (klass));

  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Tensor source",
      "Source/Audio", "Plays tensors of audio generators: safetensors, "
      "NumPy and PyTorch files", "gst-genaudio");

  element_class->change_state =
      GST_DEBUG_FUNCPTR (gst_torch_tensor_src_change_state);
  element_class->send_event =
      GST_DEBUG_FUNCPTR (gst_torch_tensor_src_send_event);

  src_class->unlock = GST_DEBUG_FUNCPTR (gst_torch_tensor_src_unlock);
  src_class->unlock_stop =
      GST_DEBUG_FUNCPTR (gst_torch_tensor_src_unlock_stop);
  src_class->negotiate = GST_DEBUG_FUNCPTR (gst_torch_tensor_src_negotiate);
  src_class->is_seekable =
      GST_DEBUG_FUNCPTR (gst_torch_tensor_src_is_seekable);
  src_class->do_seek = GST_DEBUG_FUNCPTR (gst_torch_tensor_src_do_seek);
  src_class->get_times = GST_DEBUG_FUNCPTR (gst_torch_tensor_src_get_times);
  src_class->query = GST_DEBUG_FUNCPTR (gst_torch_tensor_src_query);
  GST_PUSH_SRC_CLASS (klass)->create =
      GST_DEBUG_FUNCPTR (gst_torch_tensor_src_create);

}
