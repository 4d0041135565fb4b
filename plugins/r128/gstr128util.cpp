/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstr128util.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <initializer_list>
#include <string>
#include <vector>

namespace genaudio::r128 {

namespace {

Speaker
find_speaker (GstAudioChannelPosition position)
{
  switch (position) {
    case GST_AUDIO_CHANNEL_POSITION_MONO:
    case GST_AUDIO_CHANNEL_POSITION_FRONT_LEFT:
    case GST_AUDIO_CHANNEL_POSITION_FRONT_RIGHT:
    case GST_AUDIO_CHANNEL_POSITION_FRONT_CENTER:
    case GST_AUDIO_CHANNEL_POSITION_FRONT_LEFT_OF_CENTER:
    case GST_AUDIO_CHANNEL_POSITION_FRONT_RIGHT_OF_CENTER:
      return Speaker::front;
    case GST_AUDIO_CHANNEL_POSITION_LFE1:
    case GST_AUDIO_CHANNEL_POSITION_LFE2:
      return Speaker::low_frequency;
    case GST_AUDIO_CHANNEL_POSITION_REAR_LEFT:
    case GST_AUDIO_CHANNEL_POSITION_REAR_RIGHT:
      return Speaker::rear;
    case GST_AUDIO_CHANNEL_POSITION_REAR_CENTER:
      return Speaker::rear_centre;
    case GST_AUDIO_CHANNEL_POSITION_SIDE_LEFT:
    case GST_AUDIO_CHANNEL_POSITION_SIDE_RIGHT:
      return Speaker::side;
    case GST_AUDIO_CHANNEL_POSITION_WIDE_LEFT:
    case GST_AUDIO_CHANNEL_POSITION_WIDE_RIGHT:
      return Speaker::wide;
    case GST_AUDIO_CHANNEL_POSITION_SURROUND_LEFT:
    case GST_AUDIO_CHANNEL_POSITION_SURROUND_RIGHT:
      return Speaker::surround;
    case GST_AUDIO_CHANNEL_POSITION_NONE:
    case GST_AUDIO_CHANNEL_POSITION_INVALID:
      return Speaker::unpositioned;
    default:
      return Speaker::elevated;
  }
}

bool
has_prefix (const char *text, std::initializer_list<const char *> prefixes)
{
  return std::any_of (prefixes.begin (), prefixes.end (),
      [text] (const char *prefix) {
        return g_ascii_strncasecmp (text, prefix, strlen (prefix)) == 0;
      });
}

/* Drops the comments that say how loud the audio was. */
void
strip_comments (GstTagList * tags)
{
  const guint n = gst_tag_list_get_tag_size (tags, GST_TAG_EXTENDED_COMMENT);
  std::vector<std::string> kept;

  for (guint i = 0; i < n; i++) {
    const gchar *text;
    if (gst_tag_list_peek_string_index (tags, GST_TAG_EXTENDED_COMMENT, i,
            &text)
        && !has_prefix (text, {"R128_TRACK_GAIN", "R128_ALBUM_GAIN",
                "REPLAYGAIN_"}))
      kept.emplace_back (text);
  }
  if (kept.size () == n)
    return;
  gst_tag_list_remove_tag (tags, GST_TAG_EXTENDED_COMMENT);
  for (const std::string & text : kept)
    gst_tag_list_add (tags, GST_TAG_MERGE_APPEND, GST_TAG_EXTENDED_COMMENT,
        text.c_str (), nullptr);
}

void
add_number (GstTagList * tags, const char *tag, double value)
{
  if (std::isfinite (value))
    gst_tag_list_add (tags, GST_TAG_MERGE_REPLACE, tag, value, nullptr);
}

}

Format
make_format (const GstAudioInfo & info, bool dual_mono)
{
  Format format;
  std::vector<Speaker> speakers;

  format.rate = static_cast<unsigned> (GST_AUDIO_INFO_RATE (&info));
  format.channels = static_cast<unsigned> (GST_AUDIO_INFO_CHANNELS (&info));
  format.is_double = GST_AUDIO_INFO_WIDTH (&info) == 64;
  for (unsigned c = 0; c < format.channels; c++)
    speakers.push_back (GST_AUDIO_INFO_IS_UNPOSITIONED (&info)
        ? Speaker::unpositioned : find_speaker (info.position[c]));
  format.weights = channel_weights (speakers, dual_mono);
  return format;
}

GstTagList *
strip_loudness (const GstTagList * tags)
{
  GstTagList *stripped = gst_tag_list_copy (tags);
  std::vector<std::string> stale;

  gst_tag_list_foreach (stripped,
      [] (const GstTagList *, const gchar * tag, gpointer data) {
        if (gst_genaudio_tag_describes_loudness (tag))
          static_cast<std::vector<std::string> *> (data)->emplace_back (tag);
      }, &stale);
  for (const std::string & tag : stale)
    gst_tag_list_remove_tag (stripped, tag.c_str ());
  strip_comments (stripped);
  return stripped;
}

void
add_loudness (GstTagList * tags, const Loudness & l)
{
  if (std::isfinite (l.integrated)) {
    add_number (tags, GST_TAG_TRACK_GAIN, -18.0 - l.integrated);
    add_number (tags, GST_TAG_TRACK_PEAK, amplitude (l.max_true_peak));
    add_number (tags, GST_TAG_REFERENCE_LEVEL, 89.0);
    add_number (tags, GST_GENAUDIO_TAG_R128_TRACK_GAIN, -23.0 - l.integrated);
    /* RFC 7845: Q7.8 */
    gchar *comment = g_strdup_printf ("R128_TRACK_GAIN=%ld",
        std::lround (256.0 * std::clamp (-23.0 - l.integrated, -127.0,
                127.0)));
    gst_tag_list_add (tags, GST_TAG_MERGE_APPEND, GST_TAG_EXTENDED_COMMENT,
        comment, nullptr);
    g_free (comment);
  }
  add_number (tags, GST_GENAUDIO_TAG_INTEGRATED_LOUDNESS, l.integrated);
  add_number (tags, GST_GENAUDIO_TAG_LOUDNESS_RANGE, l.range);
  add_number (tags, GST_GENAUDIO_TAG_TRUE_PEAK, l.max_true_peak);
  add_number (tags, GST_GENAUDIO_TAG_MAX_MOMENTARY_LOUDNESS, l.max_momentary);
  add_number (tags, GST_GENAUDIO_TAG_MAX_SHORTTERM_LOUDNESS, l.max_shortterm);
}

void
add_album_loudness (GstTagList * tags, const Loudness & album)
{
  if (!std::isfinite (album.integrated))
    return;
  add_number (tags, GST_TAG_ALBUM_GAIN, -18.0 - album.integrated);
  add_number (tags, GST_TAG_ALBUM_PEAK, amplitude (album.max_true_peak));
}

Loudness
amplified (Loudness l, double gain)
{
  for (double *level : {&l.integrated, &l.max_momentary, &l.max_shortterm,
          &l.max_true_peak, &l.max_sample_peak})
    *level += gain;
  return l;
}

void
copy_loudness (const Loudness & from, GstGenAudioLoudness & to)
{
  to.integrated_loudness = from.integrated;
  to.loudness_range = from.range;
  to.max_momentary_loudness = from.max_momentary;
  to.max_shortterm_loudness = from.max_shortterm;
  to.max_true_peak = from.max_true_peak;
  to.max_sample_peak = from.max_sample_peak;
}

}
