/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Between GStreamer's caps and what a format holds. */

#include "caps.hpp"

#include <sndfile.h>

namespace genaudio::dated {

/* Single rates of a format in one structure, each range in one of its own
 * and before them: fixation to the nearest rate looks at one at a time. */
GstCaps *
caps_of_format (GstCaps * templ, const FormatInfo & format)
{
  GstStructure *s = gst_structure_copy (gst_caps_get_structure (templ, 0));
  GstCaps *caps = gst_caps_new_empty ();
  GValue singles = G_VALUE_INIT;

  g_value_init (&singles, GST_TYPE_LIST);
  if (format.max_channels > 1)
    gst_structure_set (s, "channels", GST_TYPE_INT_RANGE, 1,
        format.max_channels, nullptr);
  for (const RateRange & range : format.rates) {
    if (range.min < range.max) {
      gst_structure_set (s, "rate", GST_TYPE_INT_RANGE, range.min, range.max,
          nullptr);
      gst_caps_append_structure (caps, gst_structure_copy (s));
    } else {
      GValue value = G_VALUE_INIT;
      g_value_init (&value, G_TYPE_INT);
      g_value_set_int (&value, range.min);
      gst_value_list_append_and_take_value (&singles, &value);
    }
  }
  if (gst_value_list_get_size (&singles) > 0) {
    gst_structure_set_value (s, "rate", &singles);
    gst_caps_append_structure (caps, gst_structure_copy (s));
  }
  g_value_unset (&singles);
  gst_structure_free (s);
  return caps;
}

Sample
sample_of (const GstAudioInfo & info)
{
  switch (GST_AUDIO_INFO_FORMAT (&info)) {
    case GST_AUDIO_FORMAT_S16:
      return Sample::s16;
    case GST_AUDIO_FORMAT_S24:
      return Sample::s24;
    case GST_AUDIO_FORMAT_S32:
      return Sample::s32;
    case GST_AUDIO_FORMAT_F64:
      return Sample::f64;
    default:
      return Sample::f32;
  }
}

/* GStreamer orders channels as WAV does, so that only the names have to be
 * told; the order of names in the mask is WAV's too. */
static int
channel_of (GstAudioChannelPosition position)
{
  switch (position) {
    case GST_AUDIO_CHANNEL_POSITION_FRONT_LEFT:
      return SF_CHANNEL_MAP_LEFT;
    case GST_AUDIO_CHANNEL_POSITION_FRONT_RIGHT:
      return SF_CHANNEL_MAP_RIGHT;
    case GST_AUDIO_CHANNEL_POSITION_FRONT_CENTER:
      return SF_CHANNEL_MAP_CENTER;
    case GST_AUDIO_CHANNEL_POSITION_LFE1:
      return SF_CHANNEL_MAP_LFE;
    case GST_AUDIO_CHANNEL_POSITION_REAR_LEFT:
      return SF_CHANNEL_MAP_REAR_LEFT;
    case GST_AUDIO_CHANNEL_POSITION_REAR_RIGHT:
      return SF_CHANNEL_MAP_REAR_RIGHT;
    case GST_AUDIO_CHANNEL_POSITION_REAR_CENTER:
      return SF_CHANNEL_MAP_REAR_CENTER;
    case GST_AUDIO_CHANNEL_POSITION_SIDE_LEFT:
      return SF_CHANNEL_MAP_SIDE_LEFT;
    case GST_AUDIO_CHANNEL_POSITION_SIDE_RIGHT:
      return SF_CHANNEL_MAP_SIDE_RIGHT;
    case GST_AUDIO_CHANNEL_POSITION_FRONT_LEFT_OF_CENTER:
      return SF_CHANNEL_MAP_FRONT_LEFT_OF_CENTER;
    case GST_AUDIO_CHANNEL_POSITION_FRONT_RIGHT_OF_CENTER:
      return SF_CHANNEL_MAP_FRONT_RIGHT_OF_CENTER;
    default:
      return SF_CHANNEL_MAP_INVALID;
  }
}

std::vector<int>
channel_map_of (const GstAudioInfo & info)
{
  const int n_channels = GST_AUDIO_INFO_CHANNELS (&info);
  std::vector<int> map;

  if (n_channels <= 2 || n_channels > 64)
    return map;
  for (int i = 0; i < n_channels; i++) {
    map.push_back (channel_of (info.position[i]));
    if (map.back () == SF_CHANNEL_MAP_INVALID)
      return {};
  }
  return map;
}

}
