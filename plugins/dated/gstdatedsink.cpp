/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-datedsink
 * @title: datedsink
 * @see_also: filesink, splitmuxsink
 *
 * Writes audio to files that are filed by date,
 * `base-dir/YYYY/MM/DD/<job-id>.<ext>`, one file an item. A file is written
 * as a hidden part beside its final place and gets its name when it is
 * complete, so that what can be seen is whole.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 audiotestsrc num-buffers=100 ! datedsink base-dir=outputs job-id=tone
 * ]| One tone, one file.
 * |[
 * gst-launch-1.0 -e autoaudiosrc ! audioconvert ! datedsink base-dir=radio job-id=studio rotate=hourly
 * ]| A recording that is cut on the hour.
 *
 * The messages are described in docs/datedsink.md.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstdatedsink.h"

#include "cabinet.hpp"
#include "caps.hpp"
#include "recorder.hpp"
#include "settings.hpp"
#include "tagmap.hpp"
#include "writer.hpp"

#include <gst/audio/audio.h>
#include <gst/genaudio/genaudio.h>

#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

GST_DEBUG_CATEGORY_STATIC (gst_dated_sink_debug);
#define GST_CAT_DEFAULT gst_dated_sink_debug

using namespace genaudio::dated;

/* Lock order: preroll lock, writer's lock, object lock. The state below
 * belongs to the streaming thread unless it says otherwise; recorder and
 * cabinet are the writer's thread's while it runs. */

/* *INDENT-OFF* */
namespace {

/* What waits for a slow disk: live audio cannot, files can. */
constexpr gsize live_queue_seconds = 10;
constexpr gsize file_queue_bytes = 4 << 20;
constexpr gsize file_batch_bytes = 256 << 10;
/* Cost of a task that holds no audio, so that these are bounded too. */
constexpr gsize small_task = 4096;
constexpr double congested = 0.75;

struct BufferHolder
{
  GstBuffer *buffer;
  GstMapInfo map;

  explicit BufferHolder (GstBuffer * b) : buffer (b)
  {
    if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
      gst_buffer_unref (buffer);
      throw FileError (0, "Could not read a buffer");
    }
  }
  ~BufferHolder ()
  {
    gst_buffer_unmap (buffer, &map);
    gst_buffer_unref (buffer);
  }
  BufferHolder (const BufferHolder &) = delete;
  BufferHolder & operator= (const BufferHolder &) = delete;
};

}

struct DatedSinkState
{
  Settings settings;            /* object lock */
  Ledger ledger;                /* its own lock */

  Writer writer;
  std::unique_ptr<StoreCabinet> cabinet;
  std::unique_ptr<Recorder> recorder;
  GTimeZone *zone = nullptr;
  RecorderSettings recorder_settings;
  std::string fixed_job_id;

  GstGenAudioItem item = {};
  GstTagList *tags = nullptr;
  std::vector<GstStructure *> results;
  GstAudioInfo info;
  bool have_info = false;
  bool item_begun = false;      /* the recorder knows of it */
  bool item_written = false;    /* some of it */
  bool item_aborted = false;
  bool retained = false;        /* old files were looked at */
  std::string generated_job_id;
  bool live = false;
  bool live_known = false;
  bool warned_congestion = false;

  std::atomic<bool> failed {false};     /* set by the writer's thread */
  std::atomic<bool> waiting {false};    /* between stop and start signals */
  bool paused = false;          /* the same, in the writer's order */
};
/* *INDENT-ON* */

struct _GstDatedSink
{
  GstBaseSink parent;

  DatedSinkState *state;
};

enum
{
  PROP_LOCATION = n_settings + 1,
  PROP_RECORDING_STATS
};

enum
{
  SIGNAL_SPLIT_NOW,
  SIGNAL_START,
  SIGNAL_STOP,
  N_SIGNALS
};

static guint gst_dated_sink_signals[N_SIGNALS];

#define CAPS_FORMATS "{ " GST_AUDIO_NE (S16) ", " GST_AUDIO_NE (S24) ", " \
    GST_AUDIO_NE (S32) ", " GST_AUDIO_NE (F32) ", " GST_AUDIO_NE (F64) " }"

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS ("audio/x-raw, format = " CAPS_FORMATS ", "
        "layout = interleaved, rate = [ 1, max ], channels = [ 1, 1024 ]"));

#define gst_dated_sink_parent_class parent_class
G_DEFINE_FINAL_TYPE_WITH_CODE (GstDatedSink, gst_dated_sink,
    GST_TYPE_BASE_SINK,
    G_IMPLEMENT_INTERFACE (GST_TYPE_TAG_SETTER, nullptr);
    GST_DEBUG_CATEGORY_INIT (gst_dated_sink_debug, "datedsink", 0,
        "dated file sink"));
GST_ELEMENT_REGISTER_DEFINE (datedsink, "datedsink", GST_RANK_NONE,
    GST_TYPE_DATED_SINK);

static Settings
copy_settings (GstDatedSink * self)
{
  GST_OBJECT_LOCK (self);
  Settings settings = self->state->settings;
  GST_OBJECT_UNLOCK (self);
  return settings;
}

/* -- errors */

static void
post_error (GstDatedSink * self, gint code, const char *text,
    const std::string & kept = "")
{
  gchar *debug = kept.empty () ? nullptr
      : g_strdup_printf ("what was written is kept as %s", kept.c_str ());

  gst_element_message_full (GST_ELEMENT (self), GST_MESSAGE_ERROR,
      GST_RESOURCE_ERROR, code, g_strdup (text), debug, __FILE__,
      GST_FUNCTION, __LINE__);
}

static std::string
take_kept (DatedSinkState * state)
{
  std::lock_guard<std::mutex> lock (state->ledger.mutex);

  return std::exchange (state->ledger.kept, std::string ());
}

static gint
resource_code (const FileError & error)
{
  if (const auto *store = dynamic_cast<const StoreError *> (&error))
    return store->resource_code;

  GError *coded = nullptr;
  gst_genaudio_set_errno_error (&coded, error.code, GST_RESOURCE_ERROR_WRITE,
      "%s", error.what ());
  const gint code = coded->code;
  g_error_free (coded);
  return code;
}

/* One error an element, however many tasks follow it. */
static void
fail (GstDatedSink * self, gint code, const char *text)
{
  if (!self->state->failed.exchange (true))
    post_error (self, code, text, take_kept (self->state));
}

/* Queues what is to be done with the recorder. */
template <typename Work>
static void
queue_work (GstDatedSink * self, Work work, gsize cost = small_task,
    bool patient = false)
{
  DatedSinkState *state = self->state;

  state->writer.push ([self, state, work = std::move (work)] () mutable {
    try {
      if (state->recorder != nullptr)
        work (*state->recorder, *state->cabinet);
    } catch (const FileError & error) {
      fail (self, resource_code (error), error.what ());
    } catch (const std::exception & error) {
      fail (self, GST_RESOURCE_ERROR_FAILED, error.what ());
    }
  }, cost, patient);
}

/* Whether the settings are good; an error says why not. */
static bool
accept_settings (GstDatedSink * self, const Settings & settings)
{
  GError *error = nullptr;

  if (check_settings (settings, &error))
    return true;
  post_error (self, error->code, error->message);
  g_error_free (error);
  return false;
}

/* -- caps */

static GstCaps *
gst_dated_sink_get_caps (GstBaseSink * base, GstCaps * filter)
{
  auto self = GST_DATED_SINK (base);
  const FormatInfo & format = format_info (copy_settings (self).format);
  GstCaps *templ = gst_pad_get_pad_template_caps (GST_BASE_SINK_PAD (base));
  GstCaps *caps = caps_of_format (templ, format);

  gst_caps_unref (templ);
  if (filter != nullptr) {
    GstCaps *both = gst_caps_intersect_full (filter, caps,
        GST_CAPS_INTERSECT_FIRST);
    gst_caps_unref (caps);
    caps = both;
  }
  return caps;
}

/* Live audio is written at once and may heap up; other audio is written in
 * pieces of a second at most, and waits. */
static void
set_queue (DatedSinkState * state)
{
  const gsize second = (gsize) GST_AUDIO_INFO_RATE (&state->info)
      * GST_AUDIO_INFO_BPF (&state->info);

  state->writer.set_batch (state->live ? 0 : MIN (second, file_batch_bytes));
  state->writer.set_limit (state->live ? MAX (file_queue_bytes,
          live_queue_seconds * second) : file_queue_bytes);
}

static gboolean
gst_dated_sink_set_caps (GstBaseSink * base, GstCaps * caps)
{
  auto self = GST_DATED_SINK (base);
  DatedSinkState *state = self->state;
  GstAudioInfo info;

  if (!gst_audio_info_from_caps (&info, caps))
    return FALSE;
  if (state->have_info && gst_audio_info_is_equal (&info, &state->info))
    return TRUE;

  AudioSpec spec = spec_of (copy_settings (self));
  spec.sample = sample_of (info);
  spec.rate = GST_AUDIO_INFO_RATE (&info);
  spec.channels = GST_AUDIO_INFO_CHANNELS (&info);
  spec.channel_map = channel_map_of (info);
  state->info = info;
  state->have_info = true;
  set_queue (state);
  queue_work (self, [spec] (Recorder & recorder, StoreCabinet &) {
    recorder.set_spec (spec);
  });
  return TRUE;
}

/* -- items */

static void
free_results (DatedSinkState * state)
{
  for (GstStructure * result : state->results)
    gst_structure_free (result);
  state->results.clear ();
}

static void
forget_item (DatedSinkState * state)
{
  gst_genaudio_item_clear (&state->item);
  g_clear_pointer (&state->tags, gst_tag_list_unref);
  free_results (state);
  state->generated_job_id.clear ();
  state->item_begun = false;
  state->item_aborted = false;
}

static Tags
current_tags (GstDatedSink * self)
{
  DatedSinkState *state = self->state;
  GstTagSetter *setter = GST_TAG_SETTER (self);
  GstTagList *list = gst_tag_list_merge (gst_tag_setter_get_tag_list (setter),
      state->tags, gst_tag_setter_get_tag_merge_mode (setter));
  Tags tags = tags_from (list, state->item.metadata);

  for (const GstStructure * result : state->results)
    add_results (tags, result);
  g_clear_pointer (&list, gst_tag_list_unref);
  return tags;
}

/* The property, the item's own, or one that is made. */
static std::string
find_job_id (DatedSinkState * state)
{
  if (!state->fixed_job_id.empty ())
    return state->fixed_job_id;
  if (state->item.job_id != nullptr)
    return state->item.job_id;
  if (state->generated_job_id.empty ()) {
    gchar *id = gst_genaudio_job_id_generate ();
    state->generated_job_id = id;
    g_free (id);
  }
  return state->generated_job_id;
}

static void
queue_tags (GstDatedSink * self)
{
  if (!self->state->item_begun)
    return;
  queue_work (self, [tags = current_tags (self)] (Recorder & recorder,
          StoreCabinet &) { recorder.set_tags (tags); });
}

static bool
begin_item (GstDatedSink * self)
{
  DatedSinkState *state = self->state;
  const ItemInfo item = {find_job_id (state), !state->fixed_job_id.empty ()};
  GError *error = nullptr;

  if (!gst_genaudio_job_id_validate (item.job_id.c_str (), &error)) {
    fail (self, error->code, error->message);
    g_error_free (error);
    return false;
  }
  GstStructure *metadata = state->item.metadata != nullptr
      ? gst_structure_copy (state->item.metadata) : nullptr;
  queue_work (self, [item, metadata] (Recorder & recorder,
          StoreCabinet & cabinet) {
    cabinet.clear_item ();
    cabinet.set_metadata (metadata);
    recorder.begin_item (item);
  });
  if (!state->retained) {
    state->retained = true;
    queue_work (self, [item] (Recorder &, StoreCabinet & cabinet) {
      cabinet.retain (item.job_id);
    });
  }
  state->item_begun = true;
  state->item_written = false;
  queue_tags (self);
  return true;
}

static void
end_item (GstDatedSink * self, Ending ending)
{
  DatedSinkState *state = self->state;

  if (state->item_begun)
    queue_work (self, [state, ending] (Recorder & recorder, StoreCabinet &) {
      recorder.end_item (state->failed ? Ending::keep : ending);
    });
  state->item_begun = false;
  free_results (state);
}

/* What cannot be finished well: a recording is worth having as far as it
 * goes, anything else would be taken for the whole. */
static Ending
ending_without_eos (const DatedSinkState * state)
{
  return state->live || state->recorder_settings.rotating ()
      ? Ending::publish : Ending::keep;
}

static void
end_item_early (GstDatedSink * self, const char *why)
{
  DatedSinkState *state = self->state;

  if (!state->item_begun)
    return;
  const Ending ending = ending_without_eos (state);
  if (ending == Ending::publish) {
    end_item (self, ending);
    return;
  }
  end_item (self, ending);
  queue_work (self, [self, why] (Recorder &, StoreCabinet &) {
    const std::string kept = take_kept (self->state);
    if (!kept.empty ())
      GST_ELEMENT_WARNING (self, STREAM, MUX,
          ("%s before the item's end: it is not published, what was written "
              "is kept as %s", why, kept.c_str ()), (nullptr));
  });
}

/* A piece of an item is worth nothing, a recording is what it is. */
static void
abort_item (GstDatedSink * self)
{
  DatedSinkState *state = self->state;

  end_item (self, ending_without_eos (state) == Ending::publish
      ? Ending::keep : Ending::discard);
  state->item_aborted = true;
}

/* -- data */

static void
find_out_live (GstDatedSink * self)
{
  DatedSinkState *state = self->state;
  GstQuery *query = gst_query_new_latency ();
  gboolean live = FALSE;

  if (gst_pad_peer_query (GST_BASE_SINK_PAD (self), query))
    gst_query_parse_latency (query, &live, nullptr, nullptr);
  gst_query_unref (query);
  state->live = live;
  state->live_known = true;
  set_queue (state);
}

/* The wall clock at which something of @running_time was captured, not the
 * one at which it got here. */
static gint64
wall_time (GstDatedSink * self, GstClockTime running_time)
{
  GstClock *clock;

  if (!self->state->live || !GST_CLOCK_TIME_IS_VALID (running_time))
    return no_wall;
  clock = gst_element_get_clock (GST_ELEMENT (self));
  if (clock == nullptr)
    return g_get_real_time ();
  const gint64 age = GST_CLOCK_DIFF (running_time
      + gst_element_get_base_time (GST_ELEMENT (self)),
      gst_clock_get_time (clock));
  gst_object_unref (clock);
  return g_get_real_time () - age / 1000;
}

static Position
position_of (GstDatedSink * self, GstClockTime timestamp)
{
  const GstSegment *segment = &GST_BASE_SINK (self)->segment;
  const GstClockTime running_time = GST_CLOCK_TIME_IS_VALID (timestamp)
      && segment->format == GST_FORMAT_TIME
      ? gst_segment_to_running_time (segment, GST_FORMAT_TIME, timestamp)
      : GST_CLOCK_TIME_NONE;

  return {running_time, wall_time (self, running_time)};
}

/* Live: warns before the queue is full and drops when it is. Otherwise
 * waits; false if that was cut short. */
static GstFlowReturn
make_room (GstDatedSink * self, gsize cost, bool * drop)
{
  DatedSinkState *state = self->state;

  *drop = false;
  if (!state->live) {
    while (!state->writer.wait_for_room (cost)) {
      const GstFlowReturn flow =
          gst_base_sink_wait_preroll (GST_BASE_SINK (self));
      if (flow != GST_FLOW_OK)
        return flow;
    }
    return GST_FLOW_OK;
  }
  const double fill = state->writer.fill (cost);
  *drop = fill > 1.0;
  if (fill < congested / 2) {
    state->warned_congestion = false;
  } else if (fill >= congested && !state->warned_congestion) {
    state->warned_congestion = true;
    GST_ELEMENT_WARNING (self, RESOURCE, WRITE, (nullptr),
        ("The disk is too slow: %.0f %% of the queue is taken, audio will be "
            "dropped when it is full", fill * 100));
  }
  return GST_FLOW_OK;
}

static GstFlowReturn
write_buffer (GstDatedSink * self, GstBuffer * buffer)
{
  DatedSinkState *state = self->state;
  const Position at = position_of (self, GST_BUFFER_PTS (buffer));
  const guint64 n_frames =
      gst_buffer_get_size (buffer) / GST_AUDIO_INFO_BPF (&state->info);
  const gsize cost = gst_buffer_get_size (buffer) + 256;
  bool drop;

  const GstFlowReturn flow = make_room (self, cost, &drop);
  if (flow != GST_FLOW_OK)
    return flow;
  if (drop) {
    std::lock_guard<std::mutex> lock (state->ledger.mutex);
    state->ledger.stats.dropped_frames += n_frames;
    return GST_FLOW_OK;
  }
  auto held = std::make_shared<BufferHolder> (gst_buffer_ref (buffer));
  queue_work (self, [state, held, n_frames, at] (Recorder & recorder,
          StoreCabinet &) {
    if (state->failed || state->paused)
      return;
    recorder.write (held->map.data, n_frames, at);
    std::lock_guard<std::mutex> lock (state->ledger.mutex);
    state->ledger.open_frames = recorder.open_frames ();
  }, cost, state->item_written);
  /* an item's first samples make its file, or the error that there is none */
  state->item_written = true;
  return GST_FLOW_OK;
}

/* What a file source sends as bytes has no time to be clipped by. */
static GstBuffer *
clip_to_segment (GstBaseSink * base, GstBuffer * buffer,
    const GstAudioInfo & info)
{
  if (base->segment.format != GST_FORMAT_TIME)
    return buffer;
  return gst_audio_buffer_clip (buffer, &base->segment,
      GST_AUDIO_INFO_RATE (&info), GST_AUDIO_INFO_BPF (&info));
}

static GstFlowReturn
gst_dated_sink_render (GstBaseSink * base, GstBuffer * buffer)
{
  auto self = GST_DATED_SINK (base);
  DatedSinkState *state = self->state;

  if (state->failed)
    return GST_FLOW_ERROR;
  if (!state->have_info) {
    GST_ELEMENT_ERROR (self, CORE, NEGOTIATION, (nullptr),
        ("audio came before its caps"));
    return GST_FLOW_NOT_NEGOTIATED;
  }
  if (state->item_aborted)
    return GST_FLOW_OK;
  if (!state->live_known)
    find_out_live (self);

  if (gst_buffer_get_size (buffer) % GST_AUDIO_INFO_BPF (&state->info) != 0) {
    GST_ELEMENT_ERROR (self, STREAM, FORMAT, (nullptr),
        ("a buffer of %" G_GSIZE_FORMAT " bytes is not a number of frames of "
            "%d bytes", gst_buffer_get_size (buffer),
            GST_AUDIO_INFO_BPF (&state->info)));
    state->failed = true;
    return GST_FLOW_ERROR;
  }
  GstBuffer *clipped = clip_to_segment (base, gst_buffer_ref (buffer),
      state->info);
  if (clipped == nullptr)
    return GST_FLOW_OK;
  GstFlowReturn flow = GST_FLOW_OK;
  try {
    if (!state->item_begun && !begin_item (self))
      flow = GST_FLOW_ERROR;
    else
      flow = write_buffer (self, clipped);
  } catch (const std::exception & error) {
    fail (self, GST_RESOURCE_ERROR_READ, error.what ());
    flow = GST_FLOW_ERROR;
  }
  gst_buffer_unref (clipped);
  return flow;
}

/* -- events */

/* Waits for the writer, giving way to state changes and flushes. */
static bool
wait_until_written (GstDatedSink * self)
{
  while (!self->state->writer.wait_until_idle ()) {
    if (gst_base_sink_wait_preroll (GST_BASE_SINK (self)) != GST_FLOW_OK)
      return false;
  }
  return true;
}

static void
handle_gap (GstDatedSink * self, GstEvent * event)
{
  DatedSinkState *state = self->state;
  GstClockTime timestamp, duration;

  gst_event_parse_gap (event, &timestamp, &duration);
  if (!state->item_begun || state->failed
      || !GST_CLOCK_TIME_IS_VALID (duration))
    return;
  queue_work (self, [at = position_of (self, timestamp), duration] (
          Recorder & recorder, StoreCabinet &) {
    recorder.gap (at, duration);
  });
}

static void
handle_tag (GstDatedSink * self, GstEvent * event)
{
  DatedSinkState *state = self->state;
  GstTagList *list;

  gst_event_parse_tag (event, &list);
  GstTagList *merged =
      gst_tag_list_merge (state->tags, list, GST_TAG_MERGE_REPLACE);
  g_clear_pointer (&state->tags, gst_tag_list_unref);
  state->tags = merged;
  queue_tags (self);
}

static void
handle_result (GstDatedSink * self, const GstStructure * result)
{
  DatedSinkState *state = self->state;

  if (!state->item_begun)
    return;
  state->results.push_back (gst_structure_copy (result));
  GstStructure *copy = gst_structure_copy (result);
  queue_work (self, [copy] (Recorder &, StoreCabinet & cabinet) {
    cabinet.add_result (copy);
  });
  queue_tags (self);
}

static gboolean
gst_dated_sink_event (GstBaseSink * base, GstEvent * event)
{
  auto self = GST_DATED_SINK (base);
  DatedSinkState *state = self->state;
  const GstStructure *result;
  const gchar *reason;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_STREAM_START:
      end_item (self, Ending::publish);
      forget_item (state);
      gst_genaudio_item_handle_event (&state->item, event);
      break;
    case GST_EVENT_TAG:
      gst_genaudio_item_handle_event (&state->item, event);
      handle_tag (self, event);
      break;
    case GST_EVENT_SEGMENT:
      state->live_known = false;
      break;
    case GST_EVENT_GAP:
      handle_gap (self, event);
      break;
    case GST_EVENT_CUSTOM_DOWNSTREAM:
      if (gst_genaudio_event_parse_item_result (event, &result)) {
        handle_result (self, result);
      } else if (gst_genaudio_event_parse_item_abort (event, nullptr,
              &reason)) {
        GST_INFO_OBJECT (self, "item aborted: %s", reason);
        abort_item (self);
      }
      break;
    case GST_EVENT_FLUSH_STOP:
      end_item_early (self, "Flushed");
      state->item_aborted = false;
      break;
    case GST_EVENT_SEGMENT_DONE:
    case GST_EVENT_EOS:
      /* the file is there before anybody hears of the end */
      end_item (self, Ending::publish);
      if (!wait_until_written (self)) {
        gst_event_unref (event);
        return FALSE;
      }
      break;
    default:
      break;
  }
  return GST_BASE_SINK_CLASS (parent_class)->event (base, event);
}

/* -- states */

static gboolean
gst_dated_sink_start (GstBaseSink * base)
{
  auto self = GST_DATED_SINK (base);
  DatedSinkState *state = self->state;
  const Settings settings = copy_settings (self);
  GError *error = nullptr;

  if (!accept_settings (self, settings))
    return FALSE;
  GstGenAudioStore *store = gst_genaudio_store_new (settings.base_dir.c_str (),
      settings.timezone.c_str (), &error);
  if (store == nullptr) {
    post_error (self, error->code, error->message);
    g_error_free (error);
    return FALSE;
  }
  state->zone = g_time_zone_ref (gst_genaudio_store_get_timezone (store));
  state->recorder_settings = recorder_settings_of (settings, state->zone);
  state->cabinet = std::make_unique<StoreCabinet> (GST_ELEMENT (self), store,
      cabinet_settings_of (settings), state->ledger);
  state->recorder = std::make_unique<Recorder> (state->recorder_settings,
      *state->cabinet);
  g_object_unref (store);
  state->fixed_job_id = settings.job_id;
  state->failed = false;
  state->live = false;
  state->live_known = false;
  state->retained = false;
  state->warned_congestion = false;
  state->have_info = false;
  state->paused = state->waiting;
  {
    std::lock_guard<std::mutex> lock (state->ledger.mutex);
    state->ledger.stats = RecordingStats ();
  }
  try {
    state->writer.start ();
  } catch (const std::exception & failure) {
    GST_ELEMENT_ERROR (self, RESOURCE, FAILED, (nullptr),
        ("no thread to write in: %s", failure.what ()));
    return FALSE;
  }
  return TRUE;
}

static gboolean
gst_dated_sink_stop (GstBaseSink * base)
{
  auto self = GST_DATED_SINK (base);
  DatedSinkState *state = self->state;

  end_item_early (self, "Stopped");
  state->writer.stop ();
  state->recorder.reset ();
  state->cabinet.reset ();
  g_clear_pointer (&state->zone, g_time_zone_unref);
  forget_item (state);
  return TRUE;
}

static gboolean
gst_dated_sink_unlock (GstBaseSink * base)
{
  GST_DATED_SINK (base)->state->writer.interrupt (true);
  return TRUE;
}

static gboolean
gst_dated_sink_unlock_stop (GstBaseSink * base)
{
  GST_DATED_SINK (base)->state->writer.interrupt (false);
  return TRUE;
}

static GstStateChangeReturn
gst_dated_sink_change_state (GstElement * element, GstStateChange transition)
{
  auto self = GST_DATED_SINK (element);

  if (transition == GST_STATE_CHANGE_NULL_TO_READY
      && !accept_settings (self, copy_settings (self)))
    return GST_STATE_CHANGE_FAILURE;
  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS (parent_class)->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    gst_tag_setter_reset_tags (GST_TAG_SETTER (self));
  return result;
}

/* -- action signals */

static void
gst_dated_sink_split_now (GstDatedSink * self)
{
  queue_work (self, [] (Recorder & recorder, StoreCabinet &) {
    recorder.split ();
  });
}

static void
gst_dated_sink_start_recording (GstDatedSink * self)
{
  DatedSinkState *state = self->state;

  state->waiting = false;
  queue_work (self, [state] (Recorder &, StoreCabinet &) {
    state->paused = false;
  });
}

static void
gst_dated_sink_stop_recording (GstDatedSink * self)
{
  DatedSinkState *state = self->state;

  state->waiting = true;
  queue_work (self, [state] (Recorder & recorder, StoreCabinet &) {
    state->paused = true;
    recorder.split ();
    recorder.resync ();
  });
}

/* -- properties */

static GstStructure *
stats_structure (const Ledger & ledger)
{
  const RecordingStats & stats = ledger.stats;

  return gst_structure_new ("recording-stats",
      "files", G_TYPE_UINT64, (guint64) stats.files,
      "frames", G_TYPE_UINT64, (guint64) (stats.frames
          + ledger.open_frames),
      "bytes", G_TYPE_UINT64, (guint64) stats.bytes,
      "clipped-samples", G_TYPE_UINT64, (guint64) stats.clipped,
      "gaps", G_TYPE_UINT64, (guint64) stats.gaps,
      "dropped-frames", G_TYPE_UINT64, (guint64) stats.dropped_frames,
      "removed-files", G_TYPE_UINT64, (guint64) stats.removed_files,
      "removed-bytes", G_TYPE_UINT64, (guint64) stats.removed_bytes,
      nullptr);
}

static void
gst_dated_sink_set_property (GObject * object, guint id, const GValue * value,
    GParamSpec * pspec)
{
  GST_OBJECT_LOCK (object);
  const bool known =
      set_setting (GST_DATED_SINK (object)->state->settings, id, value);
  GST_OBJECT_UNLOCK (object);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gst_dated_sink_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  auto self = GST_DATED_SINK (object);
  Ledger & ledger = self->state->ledger;

  if (get_setting (copy_settings (self), id, value))
    return;
  std::lock_guard<std::mutex> lock (ledger.mutex);
  if (id == PROP_LOCATION)
    g_value_set_string (value, ledger.location.c_str ());
  else if (id == PROP_RECORDING_STATS)
    g_value_take_boxed (value, stats_structure (ledger));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gst_dated_sink_finalize (GObject * object)
{
  auto self = GST_DATED_SINK (object);

  forget_item (self->state);
  delete self->state;
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static guint
new_action (const char *name, void (*handler) (GstDatedSink *))
{
  return g_signal_new_class_handler (name, GST_TYPE_DATED_SINK,
      (GSignalFlags) (G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
      G_CALLBACK (handler), nullptr, nullptr, nullptr, G_TYPE_NONE, 0);
}

static void
gst_dated_sink_class_init (GstDatedSinkClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSinkClass *base_class = GST_BASE_SINK_CLASS (klass);
  const auto reported =
      (GParamFlags) (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  object_class->set_property = gst_dated_sink_set_property;
  object_class->get_property = gst_dated_sink_get_property;
  object_class->finalize = gst_dated_sink_finalize;
  install_settings (object_class);
  /**
   * GstDatedSink:location:
   *
   * The last published file; notifies.
   */
  g_object_class_install_property (object_class, PROP_LOCATION,
      g_param_spec_string ("location", "Location",
          "The last file published", nullptr, reported));
  /**
   * GstDatedSink:recording-stats:
   *
   * Since the start: `files`, `frames`, `bytes`, `clipped-samples`, `gaps`,
   * `dropped-frames`, `removed-files`, `removed-bytes` (all uint64).
   */
  g_object_class_install_property (object_class, PROP_RECORDING_STATS,
      g_param_spec_boxed ("recording-stats", "Recording statistics",
          "What has been recorded since the start", GST_TYPE_STRUCTURE,
          reported));

  /**
   * GstDatedSink::split-now:
   *
   * The next frame begins another file.
   */
  gst_dated_sink_signals[SIGNAL_SPLIT_NOW] =
      new_action ("split-now", gst_dated_sink_split_now);
  /**
   * GstDatedSink::start:
   *
   * Goes on recording after #GstDatedSink::stop, into another file.
   */
  gst_dated_sink_signals[SIGNAL_START] =
      new_action ("start", gst_dated_sink_start_recording);
  /**
   * GstDatedSink::stop:
   *
   * Publishes the current file and lets what follows go by. Before the
   * element has started: it begins by waiting.
   */
  gst_dated_sink_signals[SIGNAL_STOP] =
      new_action ("stop", gst_dated_sink_stop_recording);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_set_static_metadata (element_class, "Dated file sink",
      "Sink/File/Audio", "Files audio by date, complete or not at all",
      "gst-genaudio developers");
  element_class->change_state =
      GST_DEBUG_FUNCPTR (gst_dated_sink_change_state);
  base_class->get_caps = GST_DEBUG_FUNCPTR (gst_dated_sink_get_caps);
  base_class->set_caps = GST_DEBUG_FUNCPTR (gst_dated_sink_set_caps);
  base_class->start = GST_DEBUG_FUNCPTR (gst_dated_sink_start);
  base_class->stop = GST_DEBUG_FUNCPTR (gst_dated_sink_stop);
  base_class->unlock = GST_DEBUG_FUNCPTR (gst_dated_sink_unlock);
  base_class->unlock_stop = GST_DEBUG_FUNCPTR (gst_dated_sink_unlock_stop);
  base_class->event = GST_DEBUG_FUNCPTR (gst_dated_sink_event);
  base_class->render = GST_DEBUG_FUNCPTR (gst_dated_sink_render);
}

static void
gst_dated_sink_init (GstDatedSink * self)
{
  GstBaseSink *base = GST_BASE_SINK (self);

  self->state = new DatedSinkState ();
  self->state->settings = default_settings ();
  gst_audio_info_init (&self->state->info);
  /* a recorder must neither hold a pipeline up nor keep its last buffer */
  gst_base_sink_set_sync (base, FALSE);
  gst_base_sink_set_async_enabled (base, FALSE);
  gst_base_sink_set_last_sample_enabled (base, FALSE);
}
