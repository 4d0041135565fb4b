/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Stream's other half: how audio leaves. Offline it was held and is let go at
 * the item's end, through one gain or the limiter; in live and measure mode it
 * runs through a stage as it comes. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstr128stream.hpp"

#include "gstr128util.hpp"
#include "kernels.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

GST_DEBUG_CATEGORY_EXTERN (gst_r128_normalize_debug);
#define GST_CAT_DEFAULT gst_r128_normalize_debug

namespace genaudio::r128 {

namespace {

Format
format_of_event (GstEvent * event, bool dual_mono)
{
  GstCaps *caps;
  GstAudioInfo info;

  gst_event_parse_caps (event, &caps);
  gst_audio_info_from_caps (&info, caps);
  return make_format (info, dual_mono);
}

/* The time @frames after @pts. Times of buffers are those of their frames
 * rounded, so what falls next to a frame of the stream is meant to be it. */
GstClockTime
time_after (GstClockTime pts, guint64 frames, unsigned rate)
{
  const GstClockTime time =
      pts + gst_util_uint64_scale_round (frames, GST_SECOND, rate);
  const GstClockTime exact = gst_util_uint64_scale (
      gst_util_uint64_scale_round (time, rate, GST_SECOND), GST_SECOND, rate);

  return std::llabs (GST_CLOCK_DIFF (exact, time)) <= 1 ? exact : time;
}

/* Takes the first @frames of the buffer at @object away from it. */
GstBuffer *
cut_front (GstMiniObject * & object, guint64 frames, const Format & format)
{
  GstBuffer *whole = GST_BUFFER_CAST (object);
  const gsize bytes = frames * format.frame_bytes ();
  GstBuffer *head = gst_buffer_copy_region (whole, GST_BUFFER_COPY_ALL, 0,
      bytes);
  GstBuffer *tail = gst_buffer_copy_region (whole, GST_BUFFER_COPY_ALL, bytes,
      -1);

  GST_BUFFER_FLAG_UNSET (tail, GST_BUFFER_FLAG_DISCONT);
  GST_BUFFER_FLAG_UNSET (tail, GST_BUFFER_FLAG_RESYNC);
  if (GST_BUFFER_PTS_IS_VALID (whole)) {
    GST_BUFFER_PTS (tail) = time_after (GST_BUFFER_PTS (whole), frames,
        format.rate);
    GST_BUFFER_DURATION (head) = GST_BUFFER_PTS (tail) - GST_BUFFER_PTS (head);
    if (GST_BUFFER_DURATION_IS_VALID (whole))
      GST_BUFFER_DURATION (tail) = GST_BUFFER_PTS (whole)
          + GST_BUFFER_DURATION (whole) - GST_BUFFER_PTS (tail);
  }
  if (GST_BUFFER_OFFSET_IS_VALID (whole)) {
    GST_BUFFER_OFFSET_END (head) = GST_BUFFER_OFFSET (whole) + frames;
    GST_BUFFER_OFFSET (tail) = GST_BUFFER_OFFSET (whole) + frames;
    GST_BUFFER_OFFSET_END (tail) = GST_BUFFER_OFFSET_END (whole);
  }
  gst_buffer_unref (whole);
  object = GST_MINI_OBJECT_CAST (tail);
  return head;
}

GArray *
new_array (const std::vector<double> & values)
{
  GArray *array = g_array_new (FALSE, FALSE, sizeof (double));
  return g_array_append_vals (array, values.data (),
      static_cast<guint> (values.size ()));
}

}

/* -- offline */

GstFlowReturn
Stream::hold (GstBuffer * buffer)
{
  const Config config = owner_.config ();
  Item & item = current ();

  if (!audio_held_ && !known_ && !config.album)
    decide_known (config);
  if (known_) {
    if (!item.tags_out)
      push_tags (item, known_decision_, known_output_);
    stage_format_ = format_;
    scale_and_push (buffer, known_decision_.gain);
    return flow_;
  }

  {
    const Mapped map (buffer, GST_MAP_READ);
    meter_.add (map.data (), map.size () / format_.frame_bytes ());
  }
  /* a pool may be smaller than an item */
  if (buffer->pool != nullptr) {
    GstBuffer *copy = gst_buffer_copy_deep (buffer);
    gst_buffer_unref (buffer);
    buffer = copy;
  }
  if (!audio_held_) {
    audio_held_ = true;
    held_format_ = format_;
  }
  held_.push_buffer (buffer, config.max_memory);
  return GST_FLOW_OK;
}

/* Where loudness and peak were given there is nothing to wait for, unless the
 * limiter is needed: what that does to the loudness must be measured. */
void
Stream::decide_known (const Config & config)
{
  if (!std::isfinite (config.measured_integrated)
      || !std::isfinite (config.measured_true_peak))
    return;

  Item & item = current ();
  Measurement m;
  m.integrated = m.ungated = config.measured_integrated;
  m.true_peak = amplitude (config.measured_true_peak);
  known_decision_ = decide (m, config.settings, config.peak_policy,
      config.short_policy);
  if (known_decision_.method == Method::limited)
    return;

  item.input.integrated = config.measured_integrated;
  item.input.max_true_peak = config.measured_true_peak;
  known_output_ = amplified (item.input, known_decision_.gain);
  known_ = true;
  push_tags (item, known_decision_, known_output_);
  while (GstMiniObject *object = held_.take_next ())
    push_event (GST_EVENT_CAST (object));
}

Decision
Stream::decide_item (const Config & config, const Item & item) const
{
  Measurement m = config.album ? album_ : item.measurement;

  if (config.album)
    m.integrated = album_blocks_.integrated ();
  if (std::isfinite (config.measured_integrated))
    m.integrated = config.measured_integrated;
  if (std::isfinite (config.measured_true_peak))
    m.true_peak = amplitude (config.measured_true_peak);
  return decide (m, config.settings, config.peak_policy, config.short_policy);
}

/* What the limiter will make of the items: their tags go first, so it has to
 * be known before any of it leaves. */
std::vector<Loudness>
Stream::measure_limited (const Config & config,
    const std::vector<Decision> & decisions)
{
  std::vector<Loudness> outputs (items_.size ());
  Format format = held_format_;
  std::unique_ptr<Stage> stage;
  ItemMeter meter;
  std::size_t i = 0;

  const auto pump = [&] {
    const std::size_t frames = stage->available ();
    scratch_.resize (frames * format.frame_bytes ());
    stage->render (scratch_.data (), frames);
    meter.add (scratch_.data (), frames);
  };
  const auto settle = [&] {
    if (stage != nullptr) {
      stage->finish ();
      pump ();
    }
    stage.reset ();
  };
  const auto close = [&] {
    settle ();
    meter.finish ();
    outputs[i++] = meter.loudness ();
    meter.reset ();
  };

  held_.rewind ();
  while (GstMiniObject *object = held_.peek_next ()) {
    if (!GST_IS_EVENT (object)) {
      GstBuffer *buffer = GST_BUFFER_CAST (object);
      if (decisions[i].method == Method::limited && !items_[i]->aborted) {
        if (stage == nullptr) {
          stage = make_limiter_stage (format, config.settings,
              decisions[i].gain);
          meter.set_format (format);
        }
        const Mapped map (buffer, GST_MAP_READ);
        stage->write (map.data (), map.size () / format.frame_bytes ());
        pump ();
      }
    } else if (GST_EVENT_TYPE (object) == GST_EVENT_STREAM_START) {
      close ();
    } else if (GST_EVENT_TYPE (object) == GST_EVENT_CAPS) {
      settle ();
      format = format_of_event (GST_EVENT_CAST (object), config.dual_mono);
    }
    gst_mini_object_unref (object);
  }
  close ();
  held_.rewind ();
  return outputs;
}

/* The limiter takes some loudness away: gives the item the gain with which it
 * is at the target behind it, as long as more gain still makes it louder. */
std::vector<Loudness>
Stream::reach_target (const Config & config, std::vector<Decision> & decisions)
{
  constexpr int rounds = 8;
  constexpr double close_enough = 0.01, most = 12.0, least_effect = 0.25;
  const double first = decisions[0].gain;
  std::vector<Loudness> outputs = measure_limited (config, decisions);

  for (int round = 0; round < rounds && !config.album; round++) {
    const double missing = config.settings.target - outputs[0].integrated;
    const double raise =
        std::min (missing, first + most - decisions[0].gain);
    if (!(std::fabs (raise) >= close_enough) || !std::isfinite (raise))
      break;
    std::vector<Decision> louder = decisions;
    louder[0].gain += raise;
    std::vector<Loudness> then = measure_limited (config, louder);
    if ((then[0].integrated - outputs[0].integrated) / raise < least_effect)
      break;
    decisions = louder;
    outputs = then;
  }
  return outputs;
}

/* Decides on all that is held, and lets it go in its order. */
void
Stream::release_items (const Config & config)
{
  std::vector<Decision> decisions;
  std::vector<Loudness> outputs;
  bool limited = false;
  std::size_t i = 0;

  for (const auto & item : items_) {
    decisions.push_back (decide_item (config, *item));
    outputs.push_back (amplified (item->input, decisions.back ().gain));
    limited = limited || decisions.back ().method == Method::limited;
  }
  if (limited && audio_held_)
    outputs = reach_target (config, decisions);
  album_output_ = Loudness ();
  if (config.album) {
    album_output_.integrated =
        album_blocks_.integrated () + decisions[0].gain;
    for (const Loudness & output : outputs)
      album_output_.max_true_peak =
          std::fmax (album_output_.max_true_peak, output.max_true_peak);
  }

  const auto close = [&] {
    Item & item = *items_[i];
    finish_stage ();
    if (!item.tags_out)
      push_tags (item, decisions[i], outputs[i]);
    if (item.begun && !item.aborted
        && (flow_ == GST_FLOW_OK || flow_ == GST_FLOW_EOS))
      report_item (item, config, decisions[i].method, decisions[i].gain,
          outputs[i]);
  };

  stage_format_ = held_format_;
  held_.rewind ();
  while (GstMiniObject *object = held_.take_next ()) {
    if (!GST_IS_EVENT (object)) {
      if (items_[i]->aborted) {
        gst_mini_object_unref (object);
        continue;
      }
      if (!items_[i]->tags_out)
        push_tags (*items_[i], decisions[i], outputs[i]);
      release_object (object, config, decisions[i]);
    } else if (GST_EVENT_TYPE (object) == GST_EVENT_STREAM_START) {
      close ();
      i++;
      push_event (GST_EVENT_CAST (object));
    } else {
      release_object (object, config, decisions[i]);
    }
  }
  close ();
  held_.clear ();
  audio_held_ = false;
  if (flow_ == GST_FLOW_NOT_LINKED || flow_ <= GST_FLOW_NOT_NEGOTIATED)
    GST_ELEMENT_FLOW_ERROR (element_, flow_);
}

void
Stream::release_object (GstMiniObject * object, const Config & config,
    const Decision & decision)
{
  if (GST_IS_EVENT (object)) {
    GstEvent *event = GST_EVENT_CAST (object);
    if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS) {
      finish_stage ();
      stage_format_ = format_of_event (event, config.dual_mono);
    }
    if (waiting_.empty ())
      push_event (event);
    else
      waiting_.push_back ({object, 0});
    return;
  }

  GstBuffer *buffer = GST_BUFFER_CAST (object);
  if (decision.method != Method::limited) {
    scale_and_push (buffer, decision.gain);
    return;
  }
  if (stage_ == nullptr) {
    Settings settings = config.settings;
    settings.interval = 0;
    stage_ = make_limiter_stage (stage_format_, settings, decision.gain);
  }
  run_stage (buffer);
}

void
Stream::scale_and_push (GstBuffer * buffer, double gain_db)
{
  if (gain_db != 0.0 && flow_ == GST_FLOW_OK) {
    const double gain = amplitude (gain_db);
    buffer = gst_buffer_make_writable (buffer);
    const Mapped map (buffer, GST_MAP_READWRITE);
    if (stage_format_.is_double) {
      double *samples = static_cast<double *> (map.data ());
      best_kernels ().scale (samples, samples, map.size () / sizeof (double),
          gain);
    } else {
      float *samples = static_cast<float *> (map.data ());
      best_kernels ().scale (samples, samples, map.size () / sizeof (float),
          gain);
    }
  }
  push (buffer);
}

/* The item's own tags, without those that the gain made false, and ours, in
 * one event: of several an encoder heeds the last. */
void
Stream::push_tags (Item & item, const Decision & decision,
    const Loudness & output)
{
  GstTagList *merged = item.base_tags != nullptr
      ? gst_tag_list_copy (item.base_tags) : gst_tag_list_new_empty ();

  for (GstEvent *event : item.tags) {
    GstTagList *tags;
    gst_event_parse_tag (event, &tags);
    tags = decision.applies () ? strip_loudness (tags) : gst_tag_list_ref (tags);
    if (gst_tag_list_get_scope (tags) == GST_TAG_SCOPE_STREAM) {
      gst_tag_list_insert (merged, tags, GST_TAG_MERGE_REPLACE);
      gst_tag_list_unref (tags);
    } else {
      push_event (gst_event_new_tag (tags));
    }
    gst_event_unref (event);
  }
  item.tags.clear ();
  item.tags_out = true;
  gst_clear_tag_list (&item.base_tags);
  item.base_tags = gst_tag_list_copy (merged);
  if (item.begun && !item.aborted) {
    add_loudness (merged, output);
    add_album_loudness (merged, album_output_);
  }
  if (gst_tag_list_is_empty (merged))
    gst_tag_list_unref (merged);
  else
    push_event (gst_event_new_tag (merged));
}

/* -- live, measure, and the limiter offline */

void
Stream::start_stage ()
{
  const Config config = owner_.config ();

  stage_format_ = format_;
  stage_ = mode_ == Mode::live
      ? make_live_stage (stage_format_, config.settings)
      : make_measure_stage (stage_format_, config.settings);
  if (stage_before_ != nullptr)
    stage_->succeed (*stage_before_);
  stage_before_.reset ();
  rendered_ = 0;
}

GstFlowReturn
Stream::run_stage (GstBuffer * buffer)
{
  if (stage_ == nullptr)
    start_stage ();
  if (mode_ != Mode::offline) {
    stage_->configure (owner_.config ().settings);
    if (g_atomic_int_compare_and_exchange (&reset_requested_, TRUE, FALSE))
      stage_->reset_measurement ();
    fill_hole (buffer);
  }

  guint64 frames;
  {
    const Mapped map (buffer, GST_MAP_READ);
    frames = map.size () / stage_format_.frame_bytes ();
    stage_->write (map.data (), frames);
  }
  if (GST_BUFFER_PTS_IS_VALID (buffer))
    next_in_ = time_after (GST_BUFFER_PTS (buffer), frames, stage_format_.rate);
  if (stage_->passthrough ()) {
    post_levels (buffer, frames);
    return push (buffer);
  }
  waiting_.push_back ({GST_MINI_OBJECT_CAST (buffer), frames});
  let_out ();
  return flow_;
}

/* What was lost before @buffer was silence, as a GAP event would have said. */
void
Stream::fill_hole (GstBuffer * buffer)
{
  if (GST_BUFFER_IS_DISCONT (buffer) && GST_BUFFER_PTS_IS_VALID (buffer)
      && GST_CLOCK_TIME_IS_VALID (next_in_)
      && GST_BUFFER_PTS (buffer) > next_in_ + GST_MSECOND)
    measure_silence (GST_BUFFER_PTS (buffer) - next_in_);
}

/* Everything whose audio the stage has given by now. In live mode a buffer of
 * which only the beginning is there is cut: were that to wait for the end, it
 * would be late by more than was said. */
void
Stream::let_out ()
{
  while (!waiting_.empty ()) {
    auto & [front, missing] = waiting_.front ();
    GstMiniObject *object = front;
    guint64 frames = missing;

    if (object != nullptr && GST_IS_EVENT (object)) {
      waiting_.pop_front ();
      push_event (GST_EVENT_CAST (object));
      continue;
    }
    const guint64 ready = stage_->available ();
    if (ready >= frames) {
      waiting_.pop_front ();
    } else {
      if (mode_ == Mode::offline || ready == 0)
        break;
      frames = ready;
      missing -= ready;
      if (object != nullptr)
        object = GST_MINI_OBJECT_CAST (cut_front (front, ready,
                stage_format_));
    }
    give (GST_BUFFER_CAST (object), frames);
  }
}

/* The stage's next frames, in @buffer, or (none) to nowhere. */
void
Stream::give (GstBuffer * buffer, guint64 frames)
{
  if (buffer == nullptr) {
    scratch_.resize (frames * stage_format_.frame_bytes ());
    stage_->render (scratch_.data (), frames);
    post_levels (nullptr, frames);
    return;
  }
  buffer = gst_buffer_make_writable (buffer);
  {
    const Mapped map (buffer, GST_MAP_WRITE);
    stage_->render (map.data (), frames);
  }
  post_levels (buffer, frames);
  push (buffer);
}

/* The stage's item, or its format, ends. */
void
Stream::finish_stage ()
{
  if (stage_ == nullptr)
    return;
  stage_->finish ();
  let_out ();
  if (mode_ == Mode::offline)
    stage_.reset ();
}

/* What the stage noted in its next @frames, those of @buffer or (none) of a
 * hole. */
void
Stream::post_levels (GstBuffer * buffer, guint64 frames)
{
  const guint64 first = rendered_;
  GstClockTime pts = next_out_;
  Level level;

  if (buffer != nullptr && GST_BUFFER_PTS_IS_VALID (buffer))
    pts = GST_BUFFER_PTS (buffer);
  if (!GST_CLOCK_TIME_IS_VALID (pts))
    pts = 0;
  rendered_ += frames;
  next_out_ = time_after (pts, frames, stage_format_.rate);
  if (mode_ == Mode::offline)
    return;
  while (stage_->pop_level (level)) {
    GstGenAudioLevel *values = gst_genaudio_level_new ();
    values->timestamp = time_after (pts, level.position - first,
        stage_format_.rate);
    values->running_time = gst_segment_to_running_time (&segment_,
        GST_FORMAT_TIME, values->timestamp);
    values->stream_time = gst_segment_to_stream_time (&segment_,
        GST_FORMAT_TIME, values->timestamp);
    values->momentary_loudness = level.momentary;
    values->shortterm_loudness = level.shortterm;
    values->global_loudness = level.integrated;
    values->relative_threshold = level.relative_threshold;
    values->loudness_range = level.range;
    values->sample_peak = new_array (level.sample_peaks);
    values->true_peak = new_array (level.true_peaks);
    values->input_momentary_loudness = level.input_momentary;
    values->input_shortterm_loudness = level.input_shortterm;
    values->input_global_loudness = level.input_integrated;
    values->gain = level.gain;
    gst_element_post_message (element_, gst_message_new_element (
            GST_OBJECT (element_), gst_genaudio_level_to_structure (values)));
    gst_genaudio_level_free (values);
  }
}

/* The end of an item that was not held. */
void
Stream::end_streamed_item (Item & item, const Config & config)
{
  if (known_) {
    report_item (item, config, known_decision_.method, known_decision_.gain,
        known_output_);
    return;
  }

  Report report;
  report.method = mode_ == Mode::measure ? Method::measured : Method::live;
  if (stage_ == nullptr)
    stage_ = std::move (stage_before_);
  if (stage_ != nullptr) {
    finish_stage ();
    report = stage_->report ();
    stage_.reset ();
  }
  if (flow_ != GST_FLOW_OK && flow_ != GST_FLOW_EOS)
    return;
  item.input = report.input;
  push_tags (item, {report.method, report.gain}, report.output);
  report_item (item, config, report.method, report.gain, report.output,
      report.limited_by);
}

/* -- what is said */

void
Stream::report_item (Item & item, const Config & config, Method method,
    double gain, const Loudness & output, const char *limited_by)
{
  GstGenAudioLoudnessReport *report = gst_genaudio_loudness_report_new ();

  report->job_id = g_strdup (gst_genaudio_item_get_job_id (&item.who));
  report->stream_id = g_strdup (item.who.stream_id);
  report->method = g_strdup (method_nick (method));
  report->loudness_target = config.settings.target;
  report->max_true_peak = config.settings.max_true_peak;
  report->gain = gain;
  copy_loudness (item.input, report->input);
  copy_loudness (output, report->output);
  report->frames = item.frames;
  report->duration = item.duration;
  report->non_finite = item.non_finite;
  report->limited_by = g_strdup (limited_by);

  GstStructure *structure =
      gst_genaudio_loudness_report_to_structure (report);
  owner_.keep_report (structure, *report);
  push_event (gst_genaudio_event_new_item_result (structure));
  gst_structure_free (structure);
  gst_genaudio_loudness_report_free (report);
}

}
