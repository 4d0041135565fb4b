/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef __GST_GENAUDIO_TAGS_H__
#define __GST_GENAUDIO_TAGS_H__

#include <gst/genaudio/genaudio-prelude.h>

G_BEGIN_DECLS

/**
 * GST_GENAUDIO_TAG_JOB_ID:
 *
 * Job id of an item (string, stream scope): the name it is filed under.
 */
#define GST_GENAUDIO_TAG_JOB_ID "genaudio-job-id"
/**
 * GST_GENAUDIO_TAG_METADATA:
 *
 * Free metadata of an item (string): a serialised #GstStructure whose fields
 * are strings, see gst_genaudio_metadata_parse().
 */
#define GST_GENAUDIO_TAG_METADATA "genaudio-metadata"
/**
 * GST_GENAUDIO_TAG_INTEGRATED_LOUDNESS:
 *
 * Integrated loudness of the audio (double, LUFS).
 */
#define GST_GENAUDIO_TAG_INTEGRATED_LOUDNESS "genaudio-integrated-loudness"
/**
 * GST_GENAUDIO_TAG_LOUDNESS_RANGE:
 *
 * Loudness range of the audio (double, LU).
 */
#define GST_GENAUDIO_TAG_LOUDNESS_RANGE "genaudio-loudness-range"
/**
 * GST_GENAUDIO_TAG_TRUE_PEAK:
 *
 * Maximum true peak of the audio (double, dBTP).
 */
#define GST_GENAUDIO_TAG_TRUE_PEAK "genaudio-true-peak"
/**
 * GST_GENAUDIO_TAG_MAX_MOMENTARY_LOUDNESS:
 *
 * Maximum momentary loudness of the audio (double, LUFS).
 */
#define GST_GENAUDIO_TAG_MAX_MOMENTARY_LOUDNESS "genaudio-max-momentary-loudness"
/**
 * GST_GENAUDIO_TAG_MAX_SHORTTERM_LOUDNESS:
 *
 * Maximum short-term loudness of the audio (double, LUFS).
 */
#define GST_GENAUDIO_TAG_MAX_SHORTTERM_LOUDNESS "genaudio-max-shortterm-loudness"
/**
 * GST_GENAUDIO_TAG_R128_TRACK_GAIN:
 *
 * Gain to -23 LUFS (double, dB). GStreamer has this tag itself from 1.28 on;
 * gst_genaudio_init() registers it where the core lacks it.
 */
#define GST_GENAUDIO_TAG_R128_TRACK_GAIN "r128-track-gain"

GST_GENAUDIO_API
void gst_genaudio_init (void);

GST_GENAUDIO_API
gboolean gst_genaudio_tag_describes_loudness (const gchar * tag);

G_END_DECLS

#endif /* __GST_GENAUDIO_TAGS_H__ */
