/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Registration of the project's tags. Every plugin calls gst_genaudio_init()
 * from its plugin_init, so that a tag list of another process can be parsed
 * whichever of the elements is loaded first. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-tags.h"

#include <gst/tag/tag.h>

#include <algorithm>
#include <iterator>

namespace {

struct TagSpec
{
  const char *name;
  GType type;
  const char *nick;
  const char *blurb;
};

const TagSpec tag_specs[] = {
  {GST_GENAUDIO_TAG_JOB_ID, G_TYPE_STRING, "job id",
      "name an item of generated audio is filed under"},
  {GST_GENAUDIO_TAG_METADATA, G_TYPE_STRING, "item metadata",
      "free metadata of an item, a serialised structure of strings"},
  {GST_GENAUDIO_TAG_INTEGRATED_LOUDNESS, G_TYPE_DOUBLE, "integrated loudness",
      "integrated loudness in LUFS (EBU R128)"},
  {GST_GENAUDIO_TAG_LOUDNESS_RANGE, G_TYPE_DOUBLE, "loudness range",
      "loudness range in LU (EBU Tech 3342)"},
  {GST_GENAUDIO_TAG_TRUE_PEAK, G_TYPE_DOUBLE, "true peak",
      "maximum true peak in dBTP (ITU-R BS.1770)"},
  {GST_GENAUDIO_TAG_MAX_MOMENTARY_LOUDNESS, G_TYPE_DOUBLE,
      "maximum momentary loudness", "maximum momentary loudness in LUFS"},
  {GST_GENAUDIO_TAG_MAX_SHORTTERM_LOUDNESS, G_TYPE_DOUBLE,
      "maximum short-term loudness", "maximum short-term loudness in LUFS"},
  {GST_GENAUDIO_TAG_R128_TRACK_GAIN, G_TYPE_DOUBLE, "R128 track gain",
      "gain to -23 LUFS in dB (EBU R128)"},
};

const char *const loudness_tags[] = {
  GST_TAG_TRACK_GAIN, GST_TAG_TRACK_PEAK, GST_TAG_ALBUM_GAIN,
  GST_TAG_ALBUM_PEAK, GST_TAG_REFERENCE_LEVEL,
  GST_GENAUDIO_TAG_R128_TRACK_GAIN, "r128-album-gain",
  GST_GENAUDIO_TAG_INTEGRATED_LOUDNESS, GST_GENAUDIO_TAG_LOUDNESS_RANGE,
  GST_GENAUDIO_TAG_TRUE_PEAK, GST_GENAUDIO_TAG_MAX_MOMENTARY_LOUDNESS,
  GST_GENAUDIO_TAG_MAX_SHORTTERM_LOUDNESS,
};

}

/**
 * gst_genaudio_init:
 *
 * Registers the project's tags, `musical-key`, and `r128-track-gain` where
 * the core does not have it. Safe to call from any thread and more than once,
 * after gst_init().
 */
void
gst_genaudio_init (void)
{
  static gsize initialised = 0;

  if (!g_once_init_enter (&initialised))
    return;

  gst_tag_register_musicbrainz_tags ();
  for (const TagSpec & spec : tag_specs) {
    if (!gst_tag_exists (spec.name))
      gst_tag_register_static (spec.name, GST_TAG_FLAG_META, spec.type,
          spec.nick, spec.blurb, nullptr);
  }
  g_once_init_leave (&initialised, 1);
}

/**
 * gst_genaudio_tag_describes_loudness:
 * @tag: a tag name
 *
 * Tells whether @tag states the loudness or the peak of the audio (ReplayGain,
 * R128 and the project's own), so that it is stale once a gain was applied.
 *
 * Returns: %TRUE if it does.
 */
gboolean
gst_genaudio_tag_describes_loudness (const gchar * tag)
{
  g_return_val_if_fail (tag != nullptr, FALSE);

  return std::any_of (std::begin (loudness_tags), std::end (loudness_tags),
      [tag] (const char *known) { return g_str_equal (known, tag); });
}
