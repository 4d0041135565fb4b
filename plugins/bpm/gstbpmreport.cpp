/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* From what was found to the message, the event and the tags. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstbpmreport.hpp"

#include <gst/tag/tag.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace genaudio::bpm {

namespace {

GArray *
new_number_array (guint n)
{
  return g_array_sized_new (FALSE, FALSE, sizeof (gdouble), n);
}

void
fill_statistics (GstGenAudioAnalysis * a, const StatisticsResult & s,
    int rate)
{
  a->peak_amplitude = s.overall.peak;
  a->rms_energy = s.overall.rms;
  a->dynamic_range = s.overall.dynamic_range;
  a->clipped_samples = s.clipped;
  a->leading_silence = gst_util_uint64_scale (s.leading, GST_SECOND, rate);
  a->trailing_silence = gst_util_uint64_scale (s.trailing, GST_SECOND, rate);
  a->channel_peak_amplitude = new_number_array (s.channels);
  a->channel_rms_energy = new_number_array (s.channels);
  a->channel_dynamic_range = new_number_array (s.channels);
  a->dc_offset = new_number_array (s.channels);
  for (unsigned c = 0; c < s.channels; c++) {
    g_array_append_val (a->channel_peak_amplitude, s.channel[c].peak);
    g_array_append_val (a->channel_rms_energy, s.channel[c].rms);
    g_array_append_val (a->channel_dynamic_range, s.channel[c].dynamic_range);
    g_array_append_val (a->dc_offset, s.channel[c].dc_offset);
  }
}

GstClockTime
beat_time (const Findings & f, double beat)
{
  return (GstClockTime) std::llround (std::max (0.0, f.origin + beat)
      * GST_SECOND);
}

void
fill_beats (GstGenAudioAnalysis * a, const Findings & f)
{
  if (f.beats.times.empty ())
    return;
  a->beats = g_array_sized_new (FALSE, FALSE, sizeof (guint64),
      f.beats.times.size ());
  for (double beat : f.beats.times) {
    const guint64 time = beat_time (f, beat);
    g_array_append_val (a->beats, time);
  }
  if (f.beats.downbeat >= 0)
    a->downbeat = beat_time (f, f.beats.downbeat);
}

/* Vorbis comments have no native field for a key, so it goes as the comment
 * that DJ software reads; upstream's gives way to ours. */
void
add_key_comment (GstTagList * tags, const char *key)
{
  const guint n = gst_tag_list_get_tag_size (tags, GST_TAG_EXTENDED_COMMENT);
  std::vector<std::string> comments;

  for (guint i = 0; i < n; i++) {
    const gchar *comment = nullptr;
    if (gst_tag_list_peek_string_index (tags, GST_TAG_EXTENDED_COMMENT, i,
            &comment)
        && g_ascii_strncasecmp (comment, "INITIALKEY=", 11) != 0)
      comments.emplace_back (comment);
  }
  comments.push_back (std::string ("INITIALKEY=") + key);
  gst_tag_list_remove_tag (tags, GST_TAG_EXTENDED_COMMENT);
  for (const std::string & comment : comments)
    gst_tag_list_add (tags, GST_TAG_MERGE_APPEND, GST_TAG_EXTENDED_COMMENT,
        comment.c_str (), nullptr);
}

} // namespace

Report
make_report (const Findings &f)
{
  Report report (gst_genaudio_analysis_new ());
  GstGenAudioAnalysis *a = report.get ();

  if (!f.job_id.empty ())
    a->job_id = g_strdup (f.job_id.c_str ());
  if (!f.stream_id.empty ())
    a->stream_id = g_strdup (f.stream_id.c_str ());
  a->final = f.final;
  a->timestamp = f.timestamp;
  a->frames = f.frames;
  a->rate = f.rate;
  a->channels = f.channels;
  a->duration = gst_util_uint64_scale (f.frames, GST_SECOND, f.rate);
  if (f.statistics)
    fill_statistics (a, *f.statistics, f.rate);
  if (f.tempo.valid) {
    a->bpm = f.tempo.bpm;
    if (f.tempo.alternative > 0)
      a->bpm_alternative = f.tempo.alternative;
    a->bpm_confidence = f.tempo.confidence;
    fill_beats (a, f);
  }
  if (f.key.valid) {
    a->musical_key = g_strdup (key_long_name (f.key.best));
    a->key_alternative = g_strdup (key_long_name (f.key.second));
    a->key_confidence = f.key.confidence;
    a->tuning = f.key.tuning_hz;
  }
  return report;
}

Structure
make_structure (const Findings &findings, const GstGenAudioAnalysis *report)
{
  Structure structure (gst_genaudio_analysis_to_structure (report));

  /* a count is always there; one that was not counted must not be */
  if (!findings.statistics)
    gst_structure_remove_field (structure.get (), "clipped-samples");
  return structure;
}

GstTagList *
make_tags (const Findings &findings, const GstTagList *upstream)
{
  GstTagList *tags = upstream != nullptr ? gst_tag_list_copy (upstream)
      : gst_tag_list_new_empty ();
  gst_tag_list_set_scope (tags, GST_TAG_SCOPE_STREAM);
  if (findings.tempo.valid)
    gst_tag_list_add (tags, GST_TAG_MERGE_REPLACE,
        GST_TAG_BEATS_PER_MINUTE, findings.tempo.bpm, nullptr);
  if (findings.key.valid) {
    const char *key = key_short_name (findings.key.best);
    gst_tag_list_add (tags, GST_TAG_MERGE_REPLACE, GST_TAG_MUSICAL_KEY, key,
        nullptr);
    add_key_comment (tags, key);
  }
  return tags;
}

} // namespace genaudio::bpm
