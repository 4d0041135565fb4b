/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/**
 * SECTION:element-bpmanalyzer
 * @title: bpmanalyzer
 * @see_also: r128normalize, level
 *
 * Finds the tempo, the musical key and the statistics (peak, RMS, dynamic
 * range, DC offset, clipped samples, silence) of the audio that passes
 * through it. The buffers go on untouched.
 *
 * Each item (what lies between a STREAM_START and the next one, or EOS) is
 * reported once, before the event that ends it goes on: as the element message
 * `bpmanalyzer` with `final` set, as the event `genaudio-item-result`, and as
 * the tags `beats-per-minute` and `musical-key`. In a live pipeline there is
 * an update every #GstBpmAnalyzer:interval besides. The fields are those of
 * #GstGenAudioAnalysis; what was not found has no field.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m filesrc location=track.flac ! decodebin ! bpmanalyzer key=true ! fakesink
 * ]|
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstbpmanalyzer-private.hpp"

#include "aubioloader.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <mutex>
#include <utility>

using namespace gst_bpm_analyzer;

GST_DEBUG_CATEGORY (gst_bpm_analyzer_debug);
#define GST_CAT_DEFAULT gst_bpm_analyzer_debug

#define ALLOWED_CAPS \
    "audio/x-raw, format = (string) { " GST_AUDIO_NE (F32) ", " \
    GST_AUDIO_NE (F64) ", " GST_AUDIO_NE (S16) ", " GST_AUDIO_NE (S24) ", " \
    GST_AUDIO_NE (S32) " }, rate = (int) [ 1, MAX ], " \
    "channels = (int) [ 1, 8 ], layout = (string) interleaved"

enum
{
  SIGNAL_POST_STATE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

namespace {

/* Rates the estimators were made for; others get statistics only. */
constexpr int lowest_rate = 8000;
constexpr int highest_rate = 768000;

/* Timestamps that stray less than this are those of a jittery clock; that go
 * back less than this, of one that was set right. */
constexpr GstClockTime jitter = 40 * GST_MSECOND;
constexpr GstClockTime correction = GST_SECOND;

/* What is remembered offline of a stream of unknown or endless length. */
constexpr double longest_memory_seconds = 3600;
constexpr double usual_memory_seconds = 600;

}

#define gst_bpm_analyzer_parent_class parent_class
G_DEFINE_FINAL_TYPE (GstBpmAnalyzer, gst_bpm_analyzer,
    GST_TYPE_BASE_TRANSFORM);
GST_ELEMENT_REGISTER_DEFINE (bpmanalyzer, "bpmanalyzer", GST_RANK_NONE,
    GST_TYPE_BPM_ANALYZER);

/* -- reports */

Structure
gst_bpm_analyzer::publish (GstBpmAnalyzer * self, const Findings & findings)
{
  State *state = self->state;
  Report report = bpm::make_report (findings);
  Structure structure = bpm::make_structure (findings, report.get ());

  GST_DEBUG_OBJECT (self, "found %" GST_PTR_FORMAT, structure.get ());
  Structure kept (gst_structure_copy (structure.get ()));
  GST_OBJECT_LOCK (self);
  state->last.swap (report);
  state->last_structure.swap (kept);
  GST_OBJECT_UNLOCK (self);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self),
          gst_structure_copy (structure.get ())));
  g_object_notify (G_OBJECT (self), "report");
  return structure;
}

Findings
gst_bpm_analyzer::collect (GstBpmAnalyzer * self)
{
  State *state = self->state;
  Findings f;

  f.job_id = state->job_id;
  f.stream_id = state->stream_id;
  f.timestamp = state->end_pts;
  f.frames = state->analysis->frames ();
  f.rate = GST_AUDIO_INFO_RATE (&state->info);
  f.channels = GST_AUDIO_INFO_CHANNELS (&state->info);
  if (state->analysis->settings ().statistics)
    f.statistics = state->analysis->statistics ().result ();
  f.origin = (double) state->end_pts / GST_SECOND
      - (double) state->analysis->position () / f.rate;
  return f;
}

/* -- items */

static void
settle (State * state)
{
  if (state->worker)
    state->worker->settle ();
}

/* Forgets what was analysed, but not whose it is. */
static void
forget_analysis (GstBpmAnalyzer * self)
{
  State *state = self->state;

  settle (state);
  state->tracker.reset ();
  state->tracked_frames = 0;
  state->next_pts = GST_CLOCK_TIME_NONE;
  state->last_update = 0;
  std::lock_guard<std::mutex> guard (state->lock);
  state->analysis.reset ();
  state->end_pts = GST_CLOCK_TIME_NONE;
  state->tempo = bpm::Tempo ();
  state->key = bpm::Key ();
}

static void
begin_item (GstBpmAnalyzer * self)
{
  State *state = self->state;

  forget_analysis (self);
  g_clear_pointer (&state->tags, gst_tag_list_unref);
  state->aborted = false;
  state->reported = false;
}

/* An item's whole is estimated at its end; of a live one only what is still
 * remembered, which is bounded, and counts as one more update. */
static void
estimate_final (GstBpmAnalyzer * self, Findings & findings)
{
  State *state = self->state;
  const bpm::FrontEnd *front_end = state->analysis->front_end ();
  const Settings settings = copy_settings (self);

  if (front_end == nullptr)
    return;
  const bpm::TempoEstimator *tempo = front_end->tempo ();
  const bpm::KeyEstimator *key = front_end->key ();
  if (state->live) {
    std::unique_lock<std::mutex> guard (state->lock);
    const double elapsed = take_copies (state);
    guard.unlock ();
    track (self, elapsed);
    findings.tempo = state->tracker.tempo ();
    findings.key = state->tracker.key ();
  }
  /* short live items end before the tracker is sure of anything */
  if (tempo != nullptr && !findings.tempo.valid && (!state->live
          || tempo->seconds () < bpm::live_memory_seconds - 1))
    findings.tempo = tempo->estimate (settings.min_bpm, settings.max_bpm);
  if (key != nullptr && !findings.key.valid && (!state->live
          || key->seconds () < bpm::live_memory_seconds - 1))
    findings.key = key->estimate ();
  if (state->analysis->beats () != nullptr && findings.tempo.valid)
    findings.beats = state->analysis->beats ()->find (findings.tempo.bpm);
}

static void
push_tags (GstBpmAnalyzer * self, const Findings & findings)
{
  State *state = self->state;

  if (!findings.tempo.valid && !findings.key.valid)
    return;
  gst_pad_push_event (GST_BASE_TRANSFORM_SRC_PAD (self),
      gst_event_new_tag (bpm::make_tags (findings, state->tags)));
}

/* The item has ended: reports it, once. */
static void
finish_item (GstBpmAnalyzer * self)
{
  State *state = self->state;
  Findings findings;

  if (state->aborted || state->reported || !state->analysis)
    return;
  state->reported = true;
  settle (state);
  {
    std::lock_guard<std::mutex> guard (state->lock);
    state->analysis->finish ();
    findings = collect (self);
  }
  findings.final = true;
  estimate_final (self, findings);
  push_tags (self, findings);
  const Structure structure = publish (self, findings);
  gst_pad_push_event (GST_BASE_TRANSFORM_SRC_PAD (self),
      gst_genaudio_event_new_item_result (structure.get ()));
  forget_analysis (self);
}

/* -- analysis */

static bpm::SampleFormat
sample_format (const GstAudioInfo & info)
{
  switch (GST_AUDIO_INFO_FORMAT (&info)) {
    case GST_AUDIO_FORMAT_S16:
      return bpm::SampleFormat::s16;
    case GST_AUDIO_FORMAT_S24:
      return bpm::SampleFormat::s24;
    case GST_AUDIO_FORMAT_S32:
      return bpm::SampleFormat::s32;
    case GST_AUDIO_FORMAT_F64:
      return bpm::SampleFormat::f64;
    default:
      return bpm::SampleFormat::f32;
  }
}

static bool
upstream_is_live (GstBpmAnalyzer * self)
{
  GstQuery *query = gst_query_new_latency ();
  gboolean live = FALSE;

  if (gst_pad_peer_query (GST_BASE_TRANSFORM_SINK_PAD (self), query))
    gst_query_parse_latency (query, &live, nullptr, nullptr);
  gst_query_unref (query);
  return live;
}

static double
memory_seconds (GstBpmAnalyzer * self)
{
  gint64 duration;

  if (self->state->live)
    return bpm::live_memory_seconds;
  if (!gst_pad_peer_query_duration (GST_BASE_TRANSFORM_SINK_PAD (self),
          GST_FORMAT_TIME, &duration) || duration <= 0)
    return usual_memory_seconds;
  return std::clamp (1.1 * duration / GST_SECOND + 30, 60.0,
      longest_memory_seconds);
}

/* Whether the source is live is known from the SEGMENT on, so an analysis is
 * made when the first thing to analyse comes. */
static void
ensure_analysis (GstBpmAnalyzer * self)
{
  State *state = self->state;

  if (state->analysis)
    return;
  const Settings settings = copy_settings (self);
  const int rate = GST_AUDIO_INFO_RATE (&state->info);
  const bool estimate = rate >= lowest_rate && rate <= highest_rate;
  bpm::AnalysisSettings s;

  state->live = upstream_is_live (self);
  s.tempo = settings.tempo && estimate;
  s.key = settings.key && estimate;
  s.beats = settings.beats;
  s.statistics = settings.statistics;
  if (GST_CLOCK_TIME_IS_VALID (settings.analysis_limit))
    s.limit_frames = gst_util_uint64_scale_ceil (settings.analysis_limit,
        rate, GST_SECOND);
  s.memory_seconds = memory_seconds (self);
  auto analysis = std::make_unique<bpm::Analysis> (sample_format (state->info),
      GST_AUDIO_INFO_CHANNELS (&state->info), rate, s);
  const gchar *job_id = gst_genaudio_item_get_job_id (&state->item);

  GST_DEBUG_OBJECT (self, "new analysis, %s", state->live ? "live" : "offline");
  state->reported = false;
  std::lock_guard<std::mutex> guard (state->lock);
  state->analysis = std::move (analysis);
  state->job_id = job_id ? job_id : "";
  state->stream_id = state->item.stream_id ? state->item.stream_id : "";
}

/* Compares @pts with where the last buffer ended. Time that went back means
 * that another piece begins; time left out is a hole to step over. */
static void
follow_time (GstBpmAnalyzer * self, GstClockTime pts)
{
  State *state = self->state;

  if (!GST_CLOCK_TIME_IS_VALID (pts)
      || !GST_CLOCK_TIME_IS_VALID (state->next_pts))
    return;
  if (pts + correction < state->next_pts) {
    GST_DEBUG_OBJECT (self, "time went back to %" GST_TIME_FORMAT,
        GST_TIME_ARGS (pts));
    forget_analysis (self);
  } else if (state->analysis && pts > state->next_pts + jitter) {
    GST_DEBUG_OBJECT (self, "time jumped ahead to %" GST_TIME_FORMAT,
        GST_TIME_ARGS (pts));
    std::lock_guard<std::mutex> guard (state->lock);
    state->analysis->skip (gst_util_uint64_scale (pts - state->next_pts,
            GST_AUDIO_INFO_RATE (&state->info), GST_SECOND));
  }
}

/* @frames passed, which @work analyses. */
template <typename Work>
static void
analyse (GstBpmAnalyzer * self, GstClockTime pts, std::uint64_t frames,
    Work work)
{
  State *state = self->state;

  follow_time (self, pts);
  ensure_analysis (self);
  if (!GST_CLOCK_TIME_IS_VALID (pts))
    pts = GST_CLOCK_TIME_IS_VALID (state->next_pts) ? state->next_pts : 0;
  state->next_pts = pts + gst_util_uint64_scale (frames, GST_SECOND,
      GST_AUDIO_INFO_RATE (&state->info));
  {
    std::lock_guard<std::mutex> guard (state->lock);
    work (*state->analysis);
    state->end_pts = state->next_pts;
  }
  update_if_due (self, copy_settings (self));
}

static void
analyse_buffer (GstBpmAnalyzer * self, GstBuffer * buffer)
{
  const guint bpf = GST_AUDIO_INFO_BPF (&self->state->info);
  GstMapInfo map;

  if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP)) {
    const std::uint64_t frames = gst_buffer_get_size (buffer) / bpf;
    analyse (self, GST_BUFFER_PTS (buffer), frames,
        [frames] (bpm::Analysis & a) { a.process_silence (frames); });
    return;
  }
  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    GST_WARNING_OBJECT (self, "cannot read %" GST_PTR_FORMAT, buffer);
    return;
  }
  try {
    const std::size_t frames = map.size / bpf;
    analyse (self, GST_BUFFER_PTS (buffer), frames,
        [&map, frames] (bpm::Analysis & a) { a.process (map.data, frames); });
  } catch (...) {
    gst_buffer_unmap (buffer, &map);
    throw;
  }
  gst_buffer_unmap (buffer, &map);
}

static void
analyse_gap (GstBpmAnalyzer * self, GstEvent * event)
{
  GstClockTime pts, duration;

  if (!self->state->have_info)
    return;
  gst_event_parse_gap (event, &pts, &duration);
  if (!GST_CLOCK_TIME_IS_VALID (duration))
    return;
  const std::uint64_t frames = gst_util_uint64_scale_round (duration,
      GST_AUDIO_INFO_RATE (&self->state->info), GST_SECOND);
  analyse (self, pts, frames,
      [frames] (bpm::Analysis & a) { a.process_silence (frames); });
}

static void
fail (GstBpmAnalyzer * self, const char *what)
{
  State *state = self->state;

  state->aborted = true;
  gst_pad_push_event (GST_BASE_TRANSFORM_SRC_PAD (self),
      gst_genaudio_event_new_item_abort (
          gst_genaudio_item_get_job_id (&state->item), what));
  GST_ELEMENT_ERROR (self, LIBRARY, FAILED, ("Analysis failed: %s", what),
      (nullptr));
}

/* -- GstBaseTransform */

static GstFlowReturn
gst_bpm_analyzer_transform_ip (GstBaseTransform * trans, GstBuffer * buffer)
{
  GstBpmAnalyzer *self = GST_BPM_ANALYZER (trans);

  if (self->state->aborted || !self->state->have_info)
    return GST_FLOW_OK;
  try {
    analyse_buffer (self, buffer);
  } catch (const std::exception & e) {
    fail (self, e.what ());
    return GST_FLOW_ERROR;
  }
  return GST_FLOW_OK;
}

static gboolean
gst_bpm_analyzer_set_caps (GstBaseTransform * trans, GstCaps * caps,
    GstCaps * outcaps)
{
  GstBpmAnalyzer *self = GST_BPM_ANALYZER (trans);
  State *state = self->state;
  GstAudioInfo info;

  if (!gst_audio_info_from_caps (&info, caps)) {
    GST_ERROR_OBJECT (self, "cannot parse %" GST_PTR_FORMAT, caps);
    return FALSE;
  }
  if (state->have_info && gst_audio_info_is_equal (&state->info, &info))
    return TRUE;
  /* what was found at another rate or of other channels cannot be added to */
  forget_analysis (self);
  state->info = info;
  state->have_info = true;
  return TRUE;
}

static void
keep_tags (State * state, GstEvent * event)
{
  GstTagList *tags;

  gst_event_parse_tag (event, &tags);
  if (gst_tag_list_get_scope (tags) != GST_TAG_SCOPE_STREAM)
    return;
  GstTagList *merged = gst_tag_list_merge (state->tags, tags,
      GST_TAG_MERGE_REPLACE);
  g_clear_pointer (&state->tags, gst_tag_list_unref);
  state->tags = merged;
}

static void
learn_identity (State * state, GstEvent * event)
{
  gst_genaudio_item_handle_event (&state->item, event);
  const gchar *job_id = gst_genaudio_item_get_job_id (&state->item);
  std::lock_guard<std::mutex> guard (state->lock);
  state->job_id = job_id ? job_id : "";
}

static void
handle_event (GstBpmAnalyzer * self, GstEvent * event)
{
  State *state = self->state;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_STREAM_START:
      finish_item (self);
      begin_item (self);
      learn_identity (state, event);
      break;
    case GST_EVENT_EOS:
    case GST_EVENT_SEGMENT_DONE:
      finish_item (self);
      break;
    case GST_EVENT_FLUSH_STOP:
      forget_analysis (self);
      state->reported = false;
      break;
    case GST_EVENT_TAG:
      keep_tags (state, event);
      learn_identity (state, event);
      break;
    case GST_EVENT_GAP:
      if (!state->aborted)
        analyse_gap (self, event);
      break;
    case GST_EVENT_CUSTOM_DOWNSTREAM:
      if (gst_genaudio_event_parse_item_abort (event, nullptr, nullptr)) {
        state->aborted = true;
        forget_analysis (self);
      }
      break;
    default:
      break;
  }
}

static gboolean
gst_bpm_analyzer_sink_event (GstBaseTransform * trans, GstEvent * event)
{
  GstBpmAnalyzer *self = GST_BPM_ANALYZER (trans);

  try {
    handle_event (self, event);
  } catch (const std::exception & e) {
    fail (self, e.what ());
  }
  return GST_BASE_TRANSFORM_CLASS (parent_class)->sink_event (trans, event);
}

static void
forget_everything (GstBpmAnalyzer * self)
{
  State *state = self->state;

  begin_item (self);
  state->worker.reset ();
  state->copies.tempo.reset ();
  state->copies.key.reset ();
  state->copies.beats.reset ();
  state->have_info = false;
  gst_genaudio_item_clear (&state->item);
  std::lock_guard<std::mutex> guard (state->lock);
  state->job_id.clear ();
  state->stream_id.clear ();
}

static gboolean
gst_bpm_analyzer_start (GstBaseTransform * trans)
{
  GstBpmAnalyzer *self = GST_BPM_ANALYZER (trans);

  forget_everything (self);
  GST_OBJECT_LOCK (self);
  Report last = std::move (self->state->last);
  Structure structure = std::move (self->state->last_structure);
  const Settings & settings = self->state->settings;
  const bool in_order = settings.min_bpm < settings.max_bpm;
  const double low = settings.min_bpm, high = settings.max_bpm;
  const bool beats = settings.beats;
  GST_OBJECT_UNLOCK (self);
  if (!in_order) {
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("min-bpm %g is not below max-bpm %g", low, high), (nullptr));
    return FALSE;
  }
  try {
    /* here, since it takes time that the stream has not */
    if (beats)
      bpm::load_aubio ();
  } catch (const std::exception & e) {
    GST_ELEMENT_ERROR (self, LIBRARY, INIT, ("%s", e.what ()), (nullptr));
    return FALSE;
  }
  return TRUE;
}

static gboolean
gst_bpm_analyzer_stop (GstBaseTransform * trans)
{
  forget_everything (GST_BPM_ANALYZER (trans));
  return TRUE;
}

/* -- GObject */

static gboolean
gst_bpm_analyzer_post_state (GstBpmAnalyzer * self)
{
  State *state = self->state;
  Findings findings;

  {
    std::lock_guard<std::mutex> guard (state->lock);
    if (!state->analysis)
      return FALSE;
    findings = collect (self);
    findings.tempo = state->tempo;
    findings.key = state->key;
  }
  publish (self, findings);
  return TRUE;
}

static void
gst_bpm_analyzer_finalize (GObject * object)
{
  State *state = GST_BPM_ANALYZER (object)->state;

  g_clear_pointer (&state->tags, gst_tag_list_unref);
  gst_genaudio_item_clear (&state->item);
  delete state;

  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_bpm_analyzer_class_init (GstBpmAnalyzerClass * klass)
{
  GObjectClass *gobject_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (gst_bpm_analyzer_debug, "bpmanalyzer", 0,
      "tempo, key and statistics");

  gobject_class->set_property = gst_bpm_analyzer_set_property;
  gobject_class->get_property = gst_bpm_analyzer_get_property;
  gobject_class->finalize = gst_bpm_analyzer_finalize;
  gst_bpm_analyzer_install_properties (gobject_class);

  /**
   * GstBpmAnalyzer::post-state:
   * @self: the element
   *
   * Posts what is known of the item under way: its statistics so far, and
   * tempo and key as of the last live update.
   *
   * Returns: %TRUE if there is an item under way
   */
  signals[SIGNAL_POST_STATE] = g_signal_new_class_handler ("post-state",
      G_TYPE_FROM_CLASS (klass),
      (GSignalFlags) (G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
      G_CALLBACK (gst_bpm_analyzer_post_state), nullptr, nullptr, nullptr,
      G_TYPE_BOOLEAN, 0);

  gst_element_class_set_static_metadata (element_class,
      "Tempo, key and statistics", "Filter/Analyzer/Audio",
      "Finds tempo, musical key and statistics of audio that passes through",
      "gst-genaudio");
  GstCaps *caps = gst_caps_from_string (ALLOWED_CAPS);
  gst_element_class_add_pad_template (element_class,
      gst_pad_template_new ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps));
  gst_element_class_add_pad_template (element_class,
      gst_pad_template_new ("src", GST_PAD_SRC, GST_PAD_ALWAYS, caps));
  gst_caps_unref (caps);

  trans_class->start = GST_DEBUG_FUNCPTR (gst_bpm_analyzer_start);
  trans_class->stop = GST_DEBUG_FUNCPTR (gst_bpm_analyzer_stop);
  trans_class->sink_event = GST_DEBUG_FUNCPTR (gst_bpm_analyzer_sink_event);
  trans_class->transform_ip = GST_DEBUG_FUNCPTR (gst_bpm_analyzer_transform_ip);
  trans_class->set_caps = GST_DEBUG_FUNCPTR (gst_bpm_analyzer_set_caps);
  trans_class->passthrough_on_same_caps = TRUE;
}

static void
gst_bpm_analyzer_init (GstBpmAnalyzer * self)
{
  self->state = new State;
  gst_audio_info_init (&self->state->info);
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), TRUE);
  gst_base_transform_set_gap_aware (GST_BASE_TRANSFORM (self), TRUE);
}
