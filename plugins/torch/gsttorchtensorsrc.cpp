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
 * this file makes events, messages, buffers and errors of that. The streaming
 * thread owns the ItemSource and State; what queries need of them is copied
 * to Shared, which the object lock guards, as are the settings. Neither
 * events nor messages leave with that lock held.
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
#include <gst/genaudio/genaudio.h>

#include <algorithm>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

GST_DEBUG_CATEGORY_STATIC (torch_tensor_src_debug);
#define GST_CAT_DEFAULT torch_tensor_src_debug

using namespace gst_torch_tensor_src;
using genaudio::cat;
using genaudio::Error;
using genaudio::Fault;
using genaudio::ItemInfo;
using genaudio::ItemSource;

#define SUPPORTED_CAPS \
    "audio/x-raw, format = (string) { " GST_AUDIO_NE (F32) ", " \
    GST_AUDIO_NE (F64) " }, layout = (string) interleaved, " \
    "rate = (int) [ 1, 2147483647 ], channels = (int) [ 1, 8 ]"


static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (SUPPORTED_CAPS));

enum
{
  SIGNAL_PUSH_DLPACK,
  SIGNAL_END_ITEM,
  SIGNAL_END_OF_STREAM,
  SIGNAL_NEED_DATA,
  SIGNAL_ENOUGH_DATA,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

#define gst_torch_tensor_src_parent_class parent_class
G_DEFINE_TYPE (GstTorchTensorSrc, gst_torch_tensor_src, GST_TYPE_PUSH_SRC)
GST_ELEMENT_REGISTER_DEFINE (torchtensorsrc, "torchtensorsrc", GST_RANK_NONE,
    GST_TYPE_TORCH_TENSOR_SRC);

/* -- errors */

static void
fault_to_code (Fault fault, GQuark * domain, gint * code)
{
  *domain = GST_STREAM_ERROR;
  switch (fault) {
    case Fault::decode:
      *code = GST_STREAM_ERROR_DECODE;
      return;
    case Fault::format:
      *code = GST_STREAM_ERROR_FORMAT;
      return;
    case Fault::wrong_type:
      *code = GST_STREAM_ERROR_WRONG_TYPE;
      return;
    case Fault::model:
      *code = GST_STREAM_ERROR_FAILED;
      return;
    case Fault::library:
      *domain = GST_LIBRARY_ERROR;
      *code = GST_LIBRARY_ERROR_INIT;
      return;
    default:
      break;
  }
  *domain = GST_RESOURCE_ERROR;
  switch (fault) {
    case Fault::not_found:
      *code = GST_RESOURCE_ERROR_NOT_FOUND;
      return;
    case Fault::open_read:
      *code = GST_RESOURCE_ERROR_OPEN_READ;
      return;
    case Fault::read:
      *code = GST_RESOURCE_ERROR_READ;
      return;
    default:
      *code = GST_RESOURCE_ERROR_SETTINGS;
      return;
  }
}

/* Names of files may have any bytes; events and messages take UTF-8 only. */
static gchar *
valid_text (const std::string & text)
{
  return g_utf8_make_valid (text.data (), static_cast<gssize> (text.size ()));
}

static void
set_text (GstStructure * structure, const char *field,
    const std::string & text)
{
  GValue value = G_VALUE_INIT;

  if (text.empty ())
    return;
  g_value_init (&value, G_TYPE_STRING);
  g_value_take_string (&value, valid_text (text));
  gst_structure_take_value (structure, field, &value);
}

/* Posts an ERROR or a WARNING about the item in hand. */
static void
post_fault (GstTorchTensorSrc * self, GstMessageType type, const Error & error)
{
  const ItemInfo & item = self->priv->state.item;
  GQuark domain;
  gint code;
  GstStructure *details = gst_structure_new_empty ("details");

  fault_to_code (error.fault (), &domain, &code);
  set_text (details, "location", item.location);
  set_text (details, "job-id", item.job_id);
  gst_element_message_full_with_details (GST_ELEMENT (self), type, domain,
      code, valid_text (error.what ()), nullptr, __FILE__, GST_FUNCTION,
      __LINE__, details);
}

/* What was thrown, as an Error: what is not one is a want of memory. */
static Error
current_error ()
{
  try {
    throw;
  } catch (const Error & error) {
    return error;
  } catch (const std::exception & error) {
    return Error (Fault::read, cat ("Could not go on: ", error.what ()));
  }
}

/* -- the beginning and the end of an item */

static GstClockTime
frames_to_time (const State & state, guint64 frames)
{
  return gst_util_uint64_scale (frames, GST_SECOND,
      GST_AUDIO_INFO_RATE (&state.info));
}

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

static void
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
static ItemSource::Status
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

static void
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

static void
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

static GstStructure *
make_message (const State & state)
{
  const ItemInfo & item = state.item;
  const auto text = [] (const std::string & string) {
    return string.empty () ? nullptr : valid_text (string);
  };
  GstGenAudioTensor *tensor = gst_genaudio_tensor_new ();

  tensor->location = text (item.location);
  tensor->tensor = text (item.tensor);
  tensor->dtype = text (item.dtype);
  tensor->shape = text (item.shape);
  tensor->rate = item.rate;
  tensor->rate_source = g_strdup (rate_source_name (item.rate_source));
  tensor->channels = static_cast<gint> (item.channels);
  tensor->frames = item.frames.value_or (0);
  tensor->duration =
      item.frames ? frames_to_time (state, *item.frames) : GST_CLOCK_TIME_NONE;
  tensor->job_id = text (item.job_id);
  tensor->over_range = state.items->over_range ();
  GstStructure *structure = gst_genaudio_tensor_to_structure (tensor);
  gst_genaudio_tensor_free (tensor);
  return structure;
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
            cat ("\"", state.item.location, "\" names no sample rate: ",
                state.item.rate, " Hz is assumed, set rate if that is wrong "
                "(said once a run)")));
  }
}

static GstEvent *
make_tags (const ItemInfo & item)
{
  static const std::pair<const char *, const char *> standard[] = {
    {"title", GST_TAG_TITLE}, {"artist", GST_TAG_ARTIST},
    {"comment", GST_TAG_COMMENT},
  };
  GstTagList *tags = gst_tag_list_new (GST_GENAUDIO_TAG_JOB_ID,
      item.job_id.c_str (), nullptr);
  GstStructure *metadata = gst_structure_new_empty ("metadata");

  gst_tag_list_set_scope (tags, GST_TAG_SCOPE_STREAM);
  for (const auto & [key, value] : item.metadata) {
    gchar *name = valid_text (key);
    gchar *text = valid_text (value);
    gst_structure_set (metadata, name, G_TYPE_STRING, text, nullptr);
    for (const auto & [known, tag] : standard) {
      if (g_str_equal (name, known) && *text != '\0')
        gst_tag_list_add (tags, GST_TAG_MERGE_REPLACE, tag, text, nullptr);
    }
    g_free (text);
    g_free (name);
  }
  if (!item.metadata.empty ()) {
    gchar *text = gst_genaudio_metadata_serialize (metadata);
    gst_tag_list_add (tags, GST_TAG_MERGE_REPLACE, GST_GENAUDIO_TAG_METADATA,
        text, nullptr);
    g_free (text);
  }
  gst_structure_free (metadata);
  return gst_event_new_tag (tags);
}

/* gst_element_send_event() takes the state lock, which whoever stops us holds
 * while waiting for the streaming thread; the vmethod queues without it. */
static void
queue_event (GstTorchTensorSrc * self, GstEvent * event)
{
  GST_ELEMENT_GET_CLASS (self)->send_event (GST_ELEMENT (self), event);
}

/* The events and the message with which an item begins. The first item's
 * SEGMENT is that of GstBaseSrc; TAG waits in it behind the SEGMENT. */
static gboolean
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
static void
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

/* -- where the items come from */

static std::map<std::string, genaudio::ModelValue>
read_model_args (const GstStructure * args)
{
  std::map<std::string, genaudio::ModelValue> arguments;

  for (gint i = 0; args != nullptr && i < gst_structure_n_fields (args); i++) {
    const gchar *name =
        gst_structure_nth_field_name (args, static_cast<guint> (i));
    const GValue *value = gst_structure_get_value (args, name);
    GValue number = G_VALUE_INIT;

    if (G_VALUE_HOLDS_STRING (value)) {
      arguments[name] = std::string (g_value_get_string (value));
    } else if (G_VALUE_HOLDS_BOOLEAN (value)) {
      arguments[name] = static_cast<bool> (g_value_get_boolean (value));
    } else if (G_VALUE_HOLDS_DOUBLE (value) || G_VALUE_HOLDS_FLOAT (value)) {
      g_value_init (&number, G_TYPE_DOUBLE);
      g_value_transform (value, &number);
      arguments[name] = g_value_get_double (&number);
    } else if (g_value_type_transformable (G_VALUE_TYPE (value),
            G_TYPE_INT64)) {
      g_value_init (&number, G_TYPE_INT64);
      g_value_transform (value, &number);
      arguments[name] = std::int64_t {g_value_get_int64 (&number)};
    } else {
      throw Error (Fault::settings, cat ("model-args: ", name, " is ",
              G_VALUE_TYPE_NAME (value), ", not a string, number or boolean"));
    }
  }
  return arguments;
}

static std::shared_ptr<ItemSource>
make_model (const Settings & settings, const GstStructure * args)
{
  genaudio::ModelSettings model = settings.model;

  model.arguments = read_model_args (args);
  model.rate = settings.file.rate;
  model.require_rate = settings.file.require_rate;
  model.job_id = settings.file.job_id;
  model.non_finite = settings.file.non_finite;
  model.backend_directory = GENAUDIO_LIBDIR;
  return std::make_shared<genaudio::ModelItems> (model);
}

static std::shared_ptr<genaudio::PushItems>
make_push (GstTorchTensorSrc * self, const Settings & settings)
{
  genaudio::PushSettings push = settings.push;

  push.layout = settings.file.layout;
  push.non_finite = settings.file.non_finite;
  push.rate = settings.file.rate;
  push.require_rate = settings.file.require_rate;
  auto items = std::make_shared<genaudio::PushItems> (push);
  items->need_data = [self] {
    g_signal_emit (self, signals[SIGNAL_NEED_DATA], 0, G_MAXUINT);
  };
  items->enough_data = [self] {
    g_signal_emit (self, signals[SIGNAL_ENOUGH_DATA], 0);
  };
  return items;
}

/* A model, else files, else what the application pushes. */
static void
make_items (GstTorchTensorSrc * self, const GstStructure * args)
{
  State & state = self->priv->state;
  const Settings & settings = state.settings;
  std::shared_ptr<genaudio::PushItems> push;

  if (!settings.model.model.empty ())
    state.items = make_model (settings, args);
  else if (!settings.file.location.empty ())
    state.items = std::make_shared<genaudio::FileItems> (settings.file);
  else
    state.items = push = make_push (self, settings);
  GST_OBJECT_LOCK (self);
  self->priv->push = push;
  GST_OBJECT_UNLOCK (self);
}

/* Finds the items and opens the first. Not in GstBaseSrc's start(), which
 * posts an error of its own behind ours. */
static gboolean
open_items (GstTorchTensorSrc * self)
{
  State & state = self->priv->state;
  GstStructure *args = nullptr;

  state = State ();
  GST_OBJECT_LOCK (self);
  state.settings = self->priv->settings;
  if (state.settings.model_args != nullptr)
    args = gst_structure_copy (state.settings.model_args);
  GST_OBJECT_UNLOCK (self);

  try {
    make_items (self, args);
  } catch (...) {
    g_clear_pointer (&args, gst_structure_free);
    post_fault (self, GST_MESSAGE_ERROR, current_error ());
    return FALSE;
  }
  g_clear_pointer (&args, gst_structure_free);
  while (!state.open && state.items->is_immediate ()) {
    try {
      if (open_next (self) != ItemSource::Status::ok)
        break;                  /* the end is for create() to find again */
    } catch (...) {
      const Error error = current_error ();
      const bool skip = state.settings.on_error == OnError::skip;
      post_fault (self, skip ? GST_MESSAGE_WARNING : GST_MESSAGE_ERROR, error);
      if (!skip)
        return FALSE;
      state.failures.push_back ({state.item.job_id, error.what ()});
    }
  }
  return TRUE;
}

static void
close_items (GstTorchTensorSrc * self)
{
  GST_OBJECT_LOCK (self);
  const auto push = std::move (self->priv->push);
  GST_OBJECT_UNLOCK (self);
  if (push != nullptr)
    push->shut_down ();
  self->priv->state = State ();
  share (self);
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

/* -- pushing */

static std::shared_ptr<genaudio::PushItems>
get_push (GstTorchTensorSrc * self)
{
  GST_OBJECT_LOCK (self);
  const auto push = self->priv->push;
  GST_OBJECT_UNLOCK (self);
  return push;
}

static GstFlowReturn
gst_torch_tensor_src_push_dlpack (GstTorchTensorSrc * self, guint64 address,
    gboolean versioned, gint rate, const gchar * job_id)
{
  void *managed = reinterpret_cast<void *> (static_cast<guintptr> (address));
  const auto push = get_push (self);

  try {
    if (push == nullptr) {
      /* not started: the tensor is ours all the same, and goes */
      const genaudio::DLPackTensor unwanted (managed, versioned);
      return GST_FLOW_FLUSHING;
    }
    switch (push->push (managed, versioned, rate,
            job_id != nullptr ? job_id : "")) {
      case genaudio::PushItems::Pushed::ok:
        return GST_FLOW_OK;
      case genaudio::PushItems::Pushed::ended:
        return GST_FLOW_EOS;
      case genaudio::PushItems::Pushed::flushing:
        return GST_FLOW_FLUSHING;
      case genaudio::PushItems::Pushed::refused:
        break;
    }
  } catch (const std::exception & error) {
    GST_WARNING_OBJECT (self, "tensor not taken: %s", error.what ());
  }
  return push == nullptr ? GST_FLOW_FLUSHING : GST_FLOW_ERROR;
}

static GstFlowReturn
gst_torch_tensor_src_end_item (GstTorchTensorSrc * self)
{
  const auto push = get_push (self);

  if (push == nullptr)
    return GST_FLOW_FLUSHING;
  push->end_item ();
  return GST_FLOW_OK;
}

static GstFlowReturn
gst_torch_tensor_src_end_of_stream (GstTorchTensorSrc * self)
{
  const auto push = get_push (self);

  if (push == nullptr)
    return GST_FLOW_FLUSHING;
  push->end_of_stream ();
  return GST_FLOW_OK;
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
install_signals (GType type)
{
  const auto action =
      static_cast<GSignalFlags> (G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION);

  /**
   * GstTorchTensorSrc::push-dlpack:
   * @element: the element
   * @address: address of a DLManagedTensor, or DLManagedTensorVersioned
   * @versioned: whether it is the latter
   * @rate: sample rate in Hz; 0: not known
   * @job_id: (nullable): job id; consecutive tensors of one are one item
   *
   * Plays a tensor of this process. It belongs to the element from the call
   * on, whatever is returned.
   *
   * Returns: %GST_FLOW_OK, %GST_FLOW_FLUSHING if the element is not started or
   *     flushes, %GST_FLOW_EOS after end-of-stream, %GST_FLOW_ERROR if it
   *     cannot be played
   */
  signals[SIGNAL_PUSH_DLPACK] = g_signal_new_class_handler ("push-dlpack",
      type, action, G_CALLBACK (gst_torch_tensor_src_push_dlpack), nullptr,
      nullptr, nullptr, GST_TYPE_FLOW_RETURN, 4, G_TYPE_UINT64,
      G_TYPE_BOOLEAN, G_TYPE_INT, G_TYPE_STRING);
  /**
   * GstTorchTensorSrc::end-item:
   * @element: the element
   *
   * Ends the item that was pushed to last.
   *
   * Returns: %GST_FLOW_OK, or %GST_FLOW_FLUSHING if the element is not started
   */
  signals[SIGNAL_END_ITEM] = g_signal_new_class_handler ("end-item", type,
      action, G_CALLBACK (gst_torch_tensor_src_end_item), nullptr, nullptr,
      nullptr, GST_TYPE_FLOW_RETURN, 0);
  /**
   * GstTorchTensorSrc::end-of-stream:
   * @element: the element
   *
   * Ends the stream once all that was pushed has been played.
   *
   * Returns: %GST_FLOW_OK, or %GST_FLOW_FLUSHING if the element is not started
   */
  signals[SIGNAL_END_OF_STREAM] = g_signal_new_class_handler ("end-of-stream",
      type, action, G_CALLBACK (gst_torch_tensor_src_end_of_stream), nullptr,
      nullptr, nullptr, GST_TYPE_FLOW_RETURN, 0);
  /**
   * GstTorchTensorSrc::need-data:
   * @element: the element
   * @length: not used, as of #GstAppSrc
   *
   * The element waits for a tensor. Emitted from the streaming thread.
   */
  signals[SIGNAL_NEED_DATA] = g_signal_new ("need-data", type,
      G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr, G_TYPE_NONE, 1,
      G_TYPE_UINT);
  /**
   * GstTorchTensorSrc::enough-data:
   * @element: the element
   *
   * More waits than max-items or max-bytes say. Emitted from within
   * push-dlpack.
   */
  signals[SIGNAL_ENOUGH_DATA] = g_signal_new ("enough-data", type,
      G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr, G_TYPE_NONE, 0);
}

static void
gst_torch_tensor_src_class_init (GstTorchTensorSrcClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *src_class = GST_BASE_SRC_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (torch_tensor_src_debug, "torchtensorsrc", 0,
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
