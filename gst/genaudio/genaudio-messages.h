/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef __GST_GENAUDIO_MESSAGES_H__
#define __GST_GENAUDIO_MESSAGES_H__

#include <gst/genaudio/genaudio-prelude.h>

G_BEGIN_DECLS

/* Names of the structures of the element messages. */
#define GST_GENAUDIO_MESSAGE_TENSOR "torchtensorsrc"
#define GST_GENAUDIO_MESSAGE_LEVEL "ebur128-level"
#define GST_GENAUDIO_MESSAGE_LOUDNESS "r128normalize"
#define GST_GENAUDIO_MESSAGE_ANALYSIS "bpmanalyzer"
#define GST_GENAUDIO_MESSAGE_FRAGMENT_OPENED "datedsink-fragment-opened"
#define GST_GENAUDIO_MESSAGE_FRAGMENT_CLOSED "datedsink-fragment-closed"

/* In all of the structures below a value that does not exist is NAN (double),
 * GST_CLOCK_TIME_NONE (time), or NULL, and its field is absent from the
 * message; other integers are 0. */

typedef struct _GstGenAudioTensor GstGenAudioTensor;
typedef struct _GstGenAudioLevel GstGenAudioLevel;
typedef struct _GstGenAudioLoudness GstGenAudioLoudness;
typedef struct _GstGenAudioLoudnessReport GstGenAudioLoudnessReport;
typedef struct _GstGenAudioAnalysis GstGenAudioAnalysis;
typedef struct _GstGenAudioFragment GstGenAudioFragment;

#define GST_TYPE_GENAUDIO_TENSOR (gst_genaudio_tensor_get_type ())
#define GST_TYPE_GENAUDIO_LEVEL (gst_genaudio_level_get_type ())
#define GST_TYPE_GENAUDIO_LOUDNESS_REPORT (gst_genaudio_loudness_report_get_type ())
#define GST_TYPE_GENAUDIO_ANALYSIS (gst_genaudio_analysis_get_type ())
#define GST_TYPE_GENAUDIO_FRAGMENT (gst_genaudio_fragment_get_type ())

/**
 * GstGenAudioTensor:
 * @location: (nullable): file the tensor came from
 * @tensor: (nullable): its name in the file
 * @dtype: (nullable): `F32`, `F64`, `F16`, `BF16`, `I16` or `I32`
 * @shape: (nullable): such as `[2, 512000]`
 * @rate: sample rate in Hz
 * @rate_source: (nullable): `property`, `file` or `default`
 * @channels: number of channels
 * @frames: number of frames
 * @duration: duration in ns
 * @job_id: (nullable): job id of the item
 * @over_range: samples outside -1..1, which pass untouched
 *
 * The `torchtensorsrc` message: an item begins, or (the same with
 * @over_range) has ended.
 */
struct _GstGenAudioTensor
{
  gchar *location;
  gchar *tensor;
  gchar *dtype;
  gchar *shape;
  gint rate;
  gchar *rate_source;
  gint channels;
  guint64 frames;
  GstClockTime duration;
  gchar *job_id;
  guint64 over_range;
};

/**
 * GstGenAudioLevel:
 * @timestamp: buffer time of the end of the interval, ns
 * @running_time: running time of the end of the interval, ns
 * @stream_time: stream time of the end of the interval, ns
 * @momentary_loudness: loudness of the last 400 ms, LUFS
 * @shortterm_loudness: loudness of the last 3 s, LUFS
 * @global_loudness: integrated loudness so far, LUFS
 * @relative_threshold: relative gate so far, LUFS
 * @loudness_range: loudness range so far, LU
 * @sample_peak: (element-type gdouble) (nullable): sample peak of each
 *     channel, linear
 * @true_peak: (element-type gdouble) (nullable): true peak of each channel,
 *     linear
 * @input_momentary_loudness: as @momentary_loudness, before the gain
 * @input_shortterm_loudness: as @shortterm_loudness, before the gain
 * @input_global_loudness: as @global_loudness, before the gain
 * @gain: gain at the end of the interval, dB
 *
 * The `ebur128-level` message r128normalize posts every interval; its fields
 * down to @true_peak are those of gst-plugins-rs' `ebur128level`, of the
 * audio as it leaves.
 */
struct _GstGenAudioLevel
{
  GstClockTime timestamp;
  GstClockTime running_time;
  GstClockTime stream_time;
  gdouble momentary_loudness;
  gdouble shortterm_loudness;
  gdouble global_loudness;
  gdouble relative_threshold;
  gdouble loudness_range;
  GArray *sample_peak;
  GArray *true_peak;
  gdouble input_momentary_loudness;
  gdouble input_shortterm_loudness;
  gdouble input_global_loudness;
  gdouble gain;
};

/**
 * GstGenAudioLoudness:
 * @integrated_loudness: integrated loudness, LUFS
 * @loudness_range: loudness range, LU
 * @max_momentary_loudness: maximum momentary loudness, LUFS
 * @max_shortterm_loudness: maximum short-term loudness, LUFS
 * @max_true_peak: maximum true peak of the loudest channel, dBTP
 * @max_sample_peak: maximum sample peak of the loudest channel, dBFS
 */
struct _GstGenAudioLoudness
{
  gdouble integrated_loudness;
  gdouble loudness_range;
  gdouble max_momentary_loudness;
  gdouble max_shortterm_loudness;
  gdouble max_true_peak;
  gdouble max_sample_peak;
};

/**
 * GstGenAudioLoudnessReport:
 * @job_id: (nullable): job id of the item
 * @stream_id: (nullable): stream-id of the item
 * @method: (nullable): what was done: `loudness`, `peak-limited`, `limited`,
 *     `live`, `measured`, `silent`, `too-short` or `disabled`
 * @loudness_target: the setting, LUFS
 * @max_true_peak: the setting, dBTP
 * @gain: gain applied, dB (live: energy mean)
 * @input: the audio as it came
 * @output: the audio as it left
 * @frames: number of frames
 * @duration: duration in ns
 * @non_finite: samples that were NaN or infinite and were zeroed
 * @limited_by: (nullable): `true-peak` or `max-gain`, if that kept a live item
 *     more than 1 LU below the target
 *
 * The `r128normalize` message: what was done to an item.
 */
struct _GstGenAudioLoudnessReport
{
  gchar *job_id;
  gchar *stream_id;
  gchar *method;
  gdouble loudness_target;
  gdouble max_true_peak;
  gdouble gain;
  GstGenAudioLoudness input;
  GstGenAudioLoudness output;
  guint64 frames;
  GstClockTime duration;
  guint64 non_finite;
  gchar *limited_by;
};

/**
 * GstGenAudioAnalysis:
 * @job_id: (nullable): job id of the item
 * @stream_id: (nullable): stream-id of the item
 * @final: %TRUE for the one answer of an item, %FALSE for a live update
 * @timestamp: buffer time the answer holds at, ns
 * @bpm: tempo, BPM
 * @bpm_alternative: the other candidate, BPM
 * @bpm_confidence: 0..1
 * @beats: (element-type guint64) (nullable): beat times, ns
 * @downbeat: time of the first downbeat candidate, ns
 * @musical_key: (nullable): such as `A minor`
 * @key_alternative: (nullable): the second best key
 * @key_confidence: 0..1
 * @tuning: frequency of A4, Hz
 * @peak_amplitude: largest absolute sample over all channels, linear
 * @rms_energy: root mean square over all channels, linear
 * @dynamic_range: peak to RMS, dB
 * @channel_peak_amplitude: (element-type gdouble) (nullable): a channel each
 * @channel_rms_energy: (element-type gdouble) (nullable): a channel each
 * @channel_dynamic_range: (element-type gdouble) (nullable): a channel each
 * @dc_offset: (element-type gdouble) (nullable): mean of each channel
 * @clipped_samples: samples at or beyond full scale
 * @leading_silence: silence at the head, ns
 * @trailing_silence: silence at the tail, ns
 * @frames: number of frames
 * @duration: duration in ns
 * @rate: sample rate in Hz
 * @channels: number of channels
 *
 * The `bpmanalyzer` message.
 */
struct _GstGenAudioAnalysis
{
  gchar *job_id;
  gchar *stream_id;
  gboolean final;
  GstClockTime timestamp;
  gdouble bpm;
  gdouble bpm_alternative;
  gdouble bpm_confidence;
  GArray *beats;
  GstClockTime downbeat;
  gchar *musical_key;
  gchar *key_alternative;
  gdouble key_confidence;
  gdouble tuning;
  gdouble peak_amplitude;
  gdouble rms_energy;
  gdouble dynamic_range;
  GArray *channel_peak_amplitude;
  GArray *channel_rms_energy;
  GArray *channel_dynamic_range;
  GArray *dc_offset;
  guint64 clipped_samples;
  GstClockTime leading_silence;
  GstClockTime trailing_silence;
  guint64 frames;
  GstClockTime duration;
  gint rate;
  gint channels;
};

/**
 * GstGenAudioFragment:
 * @location: (nullable): path of the file
 * @job_id: (nullable): job id it is filed under
 * @fragment_id: number of the file since the element started
 * @running_time: running time of its first frame, ns
 * @start: (nullable): wall clock of its first frame, ISO 8601 with offset
 * @frames: number of frames
 * @bytes: size of the file
 * @duration: duration in ns
 * @rate: sample rate in Hz
 * @channels: number of channels
 * @format: (nullable): nick of the container
 * @bit_depth: (nullable): nick of the sample format
 * @clipped_samples: over-range samples that were clipped
 * @gaps: holes in the stream that were filled or skipped
 * @complete: %TRUE if it was published under its final name
 *
 * The `datedsink-fragment-opened` (down to @start) and
 * `datedsink-fragment-closed` messages.
 */
struct _GstGenAudioFragment
{
  gchar *location;
  gchar *job_id;
  guint fragment_id;
  GstClockTime running_time;
  gchar *start;
  guint64 frames;
  guint64 bytes;
  GstClockTime duration;
  gint rate;
  gint channels;
  gchar *format;
  gchar *bit_depth;
  guint64 clipped_samples;
  guint gaps;
  gboolean complete;
};

#define GST_GENAUDIO_DECLARE_MESSAGE(Type, prefix)                            \
  GST_GENAUDIO_API GType gst_genaudio_##prefix##_get_type (void);             \
  GST_GENAUDIO_API Type * gst_genaudio_##prefix##_new (void);                 \
  GST_GENAUDIO_API Type * gst_genaudio_##prefix##_copy (const Type * self);   \
  GST_GENAUDIO_API void gst_genaudio_##prefix##_free (Type * self);           \
  GST_GENAUDIO_API Type * gst_genaudio_##prefix##_from_structure (const GstStructure * structure);

GST_GENAUDIO_DECLARE_MESSAGE (GstGenAudioTensor, tensor)
GST_GENAUDIO_DECLARE_MESSAGE (GstGenAudioLevel, level)
GST_GENAUDIO_DECLARE_MESSAGE (GstGenAudioLoudnessReport, loudness_report)
GST_GENAUDIO_DECLARE_MESSAGE (GstGenAudioAnalysis, analysis)
GST_GENAUDIO_DECLARE_MESSAGE (GstGenAudioFragment, fragment)

#undef GST_GENAUDIO_DECLARE_MESSAGE

GST_GENAUDIO_API
GstStructure * gst_genaudio_tensor_to_structure (const GstGenAudioTensor * self);

GST_GENAUDIO_API
GstStructure * gst_genaudio_level_to_structure (const GstGenAudioLevel * self);

GST_GENAUDIO_API
GstStructure * gst_genaudio_loudness_report_to_structure (const GstGenAudioLoudnessReport * self);

GST_GENAUDIO_API
GstStructure * gst_genaudio_analysis_to_structure (const GstGenAudioAnalysis * self);

GST_GENAUDIO_API
GstStructure * gst_genaudio_fragment_to_structure (const GstGenAudioFragment * self,
                                                   const gchar * name);

GST_GENAUDIO_API
gboolean gst_genaudio_message_has_name (GstMessage * message,
                                        const gchar * name);

G_END_DECLS

#endif /* __GST_GENAUDIO_MESSAGES_H__ */
