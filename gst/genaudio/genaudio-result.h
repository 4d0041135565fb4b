/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef __GST_GENAUDIO_RESULT_H__
#define __GST_GENAUDIO_RESULT_H__

#include <gst/genaudio/genaudio-messages.h>
#include <gst/genaudio/genaudio-prelude.h>

G_BEGIN_DECLS

#define GST_TYPE_GENAUDIO_STATUS (gst_genaudio_status_get_type ())
#define GST_TYPE_GENAUDIO_RESULT (gst_genaudio_result_get_type ())

/**
 * GST_GENAUDIO_RESULT_SCHEMA:
 *
 * Version of the JSON form of a #GstGenAudioResult, its key `schema`.
 */
#define GST_GENAUDIO_RESULT_SCHEMA 1

/**
 * GstGenAudioStatus:
 * @GST_GENAUDIO_STATUS_NONE: nothing was to be written, or it is not known yet
 * @GST_GENAUDIO_STATUS_PUBLISHED: the file is there under its final name
 * @GST_GENAUDIO_STATUS_SKIPPED: the file was there already
 * @GST_GENAUDIO_STATUS_FAILED: there is no file, and an error that says why
 *
 * What became of an item.
 */
typedef enum
{
  GST_GENAUDIO_STATUS_NONE,
  GST_GENAUDIO_STATUS_PUBLISHED,
  GST_GENAUDIO_STATUS_SKIPPED,
  GST_GENAUDIO_STATUS_FAILED,
} GstGenAudioStatus;

typedef struct _GstGenAudioResult GstGenAudioResult;

/**
 * GstGenAudioResult:
 * @status: what became of the item
 * @error: (nullable): why it failed
 * @job_id: (nullable): job id
 * @path: (nullable): the audio file written or analysed
 * @location: (nullable): the file its tensor came from
 * @bytes: size of the audio file, 0 if there is none
 * @format: (nullable): nick of the container, such as `wav`
 * @bit_depth: (nullable): libsndfile's name of the sample format, such as
 *     `PCM_16`, `FLOAT` or `VORBIS`
 * @start: (nullable): wall clock of the first frame, ISO 8601 with offset
 * @rate: sample rate in Hz, 0 if not known
 * @channels: number of channels, 0 if not known
 * @frames: number of frames
 * @duration: duration in ns, or %GST_CLOCK_TIME_NONE
 * @metadata: (nullable): free metadata, a structure of strings
 * @tensor: (nullable): what torchtensorsrc reported
 * @loudness: (nullable): what r128normalize reported
 * @analysis: (nullable): what bpmanalyzer reported
 * @fragment: (nullable): what datedsink reported
 *
 * All that is known of one item.
 */
struct _GstGenAudioResult
{
  GstGenAudioStatus status;
  GError *error;
  gchar *job_id;
  gchar *path;
  gchar *location;
  guint64 bytes;
  gchar *format;
  gchar *bit_depth;
  gchar *start;
  gint rate;
  gint channels;
  guint64 frames;
  GstClockTime duration;
  GstStructure *metadata;
  GstGenAudioTensor *tensor;
  GstGenAudioLoudnessReport *loudness;
  GstGenAudioAnalysis *analysis;
  GstGenAudioFragment *fragment;

  /*< private >*/
  gpointer _gst_reserved[8];
};

GST_GENAUDIO_API
GType gst_genaudio_status_get_type (void);

GST_GENAUDIO_API
GType gst_genaudio_result_get_type (void);

GST_GENAUDIO_API
GstGenAudioResult * gst_genaudio_result_new (void);

GST_GENAUDIO_API
GstGenAudioResult * gst_genaudio_result_copy (const GstGenAudioResult * self);

GST_GENAUDIO_API
void gst_genaudio_result_free (GstGenAudioResult * self);

GST_GENAUDIO_API
gboolean gst_genaudio_result_add_structure (GstGenAudioResult * self,
                                            const GstStructure * structure);

GST_GENAUDIO_API
gboolean gst_genaudio_result_add_message (GstGenAudioResult * self,
                                          GstMessage * message);

GST_GENAUDIO_API
void gst_genaudio_result_set_metadata (GstGenAudioResult * self,
                                       const GstStructure * metadata);

GST_GENAUDIO_API
void gst_genaudio_result_fail (GstGenAudioResult * self, const GError * error);

GST_GENAUDIO_API
gchar * gst_genaudio_result_to_json (const GstGenAudioResult * self);

GST_GENAUDIO_API
GstStructure * gst_genaudio_metadata_from_json (const gchar * text,
                                                GError ** error);

GST_GENAUDIO_API
GstGenAudioResult * gst_genaudio_result_from_json (const gchar * text,
                                                   GError ** error);

G_END_DECLS

#endif /* __GST_GENAUDIO_RESULT_H__ */
