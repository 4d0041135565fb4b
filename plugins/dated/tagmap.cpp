/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "tagmap.hpp"

#include <gst/genaudio/genaudio.h>
#include <gst/tag/tag.h>

#include <cmath>

namespace genaudio::dated {

namespace {

std::string
get_string (const GstTagList * list, const char *tag)
{
  gchar *text = nullptr;

  if (!gst_tag_list_get_string (list, tag, &text))
    return {};
  std::string value = text;
  g_free (text);
  return value;
}

std::optional<double>
get_double (const GstTagList * list, const char *tag)
{
  gdouble value;

  if (!gst_tag_list_get_double (list, tag, &value) || !std::isfinite (value))
    return std::nullopt;
  return value;
}

std::string
get_date (const GstTagList * list)
{
  GstDateTime *when = nullptr;

  if (!gst_tag_list_get_date_time (list, GST_TAG_DATE_TIME, &when))
    return {};
  gchar *text = gst_date_time_to_iso8601_string (when);
  std::string date = text != nullptr ? text : "";
  g_free (text);
  gst_date_time_unref (when);
  return date;
}

gboolean
add_free (GQuark field, const GValue * value, gpointer user)
{
  auto *free = static_cast<std::map<std::string, std::string> *> (user);

  if (G_VALUE_HOLDS_STRING (value) && g_value_get_string (value) != nullptr)
    (*free)[g_quark_to_string (field)] = g_value_get_string (value);
  return TRUE;
}

void
take (std::optional<double> & to, double value)
{
  if (std::isfinite (value))
    to = value;
}

}

Tags
tags_from (const GstTagList * list, const GstStructure * metadata)
{
  Tags tags;

  if (list != nullptr) {
    guint number;
    tags.title = get_string (list, GST_TAG_TITLE);
    tags.artist = get_string (list, GST_TAG_ARTIST);
    tags.album = get_string (list, GST_TAG_ALBUM);
    tags.comment = get_string (list, GST_TAG_COMMENT);
    tags.genre = get_string (list, GST_TAG_GENRE);
    tags.copyright = get_string (list, GST_TAG_COPYRIGHT);
    tags.date = get_date (list);
    if (gst_tag_list_get_uint (list, GST_TAG_TRACK_NUMBER, &number))
      tags.track = std::to_string (number);
    tags.musical_key = get_string (list, GST_TAG_MUSICAL_KEY);
    tags.bpm = get_double (list, GST_TAG_BEATS_PER_MINUTE);
    tags.replaygain_gain = get_double (list, GST_TAG_TRACK_GAIN);
    tags.replaygain_peak = get_double (list, GST_TAG_TRACK_PEAK);
    tags.r128_gain = get_double (list, GST_GENAUDIO_TAG_R128_TRACK_GAIN);
    tags.integrated = get_double (list, GST_GENAUDIO_TAG_INTEGRATED_LOUDNESS);
    tags.range = get_double (list, GST_GENAUDIO_TAG_LOUDNESS_RANGE);
    tags.true_peak = get_double (list, GST_GENAUDIO_TAG_TRUE_PEAK);
    tags.max_momentary =
        get_double (list, GST_GENAUDIO_TAG_MAX_MOMENTARY_LOUDNESS);
    tags.max_shortterm =
        get_double (list, GST_GENAUDIO_TAG_MAX_SHORTTERM_LOUDNESS);
  }
  if (metadata != nullptr)
    gst_structure_foreach (const_cast<GstStructure *> (metadata), add_free,
        &tags.free);
  return tags;
}

void
add_results (Tags & tags, const GstStructure * result)
{
  if (gst_structure_has_name (result, GST_GENAUDIO_MESSAGE_LOUDNESS)) {
    GstGenAudioLoudnessReport *report =
        gst_genaudio_loudness_report_from_structure (result);
    take (tags.integrated, report->output.integrated_loudness);
    take (tags.range, report->output.loudness_range);
    take (tags.true_peak, report->output.max_true_peak);
    take (tags.max_momentary, report->output.max_momentary_loudness);
    take (tags.max_shortterm, report->output.max_shortterm_loudness);
    gst_genaudio_loudness_report_free (report);
  } else if (gst_structure_has_name (result, GST_GENAUDIO_MESSAGE_ANALYSIS)) {
    GstGenAudioAnalysis *analysis =
        gst_genaudio_analysis_from_structure (result);
    take (tags.bpm, analysis->bpm);
    gst_genaudio_analysis_free (analysis);
  }
}

}
