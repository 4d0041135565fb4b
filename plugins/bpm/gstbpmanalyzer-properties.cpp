/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The properties of bpmanalyzer: settings, which the other threads copy, and what
 * the last report said. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstbpmanalyzer-private.hpp"

#include <cmath>
#include <utility>

using namespace gst_bpm_analyzer;

enum
{
  PROP_0,
  PROP_TEMPO,
  PROP_KEY,
  PROP_STATISTICS,
  PROP_BEATS,
  PROP_MIN_BPM,
  PROP_MAX_BPM,
  PROP_INTERVAL,
  PROP_ANALYSIS_LIMIT,
  PROP_BACKGROUND,
  PROP_REPORT,
  PROP_BPM,
  PROP_BPM_ALTERNATIVE,
  PROP_BPM_CONFIDENCE,
  PROP_MUSICAL_KEY,
  PROP_KEY_ALTERNATIVE,
  PROP_KEY_CONFIDENCE,
  PROP_TUNING,
  PROP_PEAK_AMPLITUDE,
  PROP_RMS_ENERGY,
  PROP_DYNAMIC_RANGE,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

Settings
gst_bpm_analyzer::copy_settings (GstBpmAnalyzer * self)
{
  GST_OBJECT_LOCK (self);
  Settings settings = self->state->settings;
  GST_OBJECT_UNLOCK (self);
  /* an application that moves the range while playing sets one end first */
  if (settings.min_bpm > settings.max_bpm)
    std::swap (settings.min_bpm, settings.max_bpm);
  return settings;
}

void
gst_bpm_analyzer_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstBpmAnalyzer *self = GST_BPM_ANALYZER (object);
  Settings & settings = self->state->settings;

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_TEMPO:
      settings.tempo = g_value_get_boolean (value);
      break;
    case PROP_KEY:
      settings.key = g_value_get_boolean (value);
      break;
    case PROP_STATISTICS:
      settings.statistics = g_value_get_boolean (value);
      break;
    case PROP_BEATS:
      settings.beats = g_value_get_boolean (value);
      break;
    case PROP_MIN_BPM:
      settings.min_bpm = g_value_get_double (value);
      break;
    case PROP_MAX_BPM:
      settings.max_bpm = g_value_get_double (value);
      break;
    case PROP_INTERVAL:
      settings.interval = g_value_get_uint64 (value);
      break;
    case PROP_ANALYSIS_LIMIT:
      settings.analysis_limit = g_value_get_uint64 (value);
      break;
    case PROP_BACKGROUND:
      settings.background = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

/* A property that says what the last report said. */
static void
get_result (const GstGenAudioAnalysis * a, guint id, GValue * value)
{
  const auto number = [value] (double x) {
    g_value_set_double (value, std::isnan (x) ? 0.0 : x);
  };

  switch (id) {
    case PROP_BPM:
      number (a->bpm);
      break;
    case PROP_BPM_ALTERNATIVE:
      number (a->bpm_alternative);
      break;
    case PROP_BPM_CONFIDENCE:
      number (a->bpm_confidence);
      break;
    case PROP_MUSICAL_KEY:
      g_value_set_string (value, a->musical_key);
      break;
    case PROP_KEY_ALTERNATIVE:
      g_value_set_string (value, a->key_alternative);
      break;
    case PROP_KEY_CONFIDENCE:
      number (a->key_confidence);
      break;
    case PROP_TUNING:
      number (a->tuning);
      break;
    case PROP_PEAK_AMPLITUDE:
      number (a->peak_amplitude);
      break;
    case PROP_RMS_ENERGY:
      number (a->rms_energy);
      break;
    case PROP_DYNAMIC_RANGE:
      number (a->dynamic_range);
      break;
  }
}

void
gst_bpm_analyzer_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstBpmAnalyzer *self = GST_BPM_ANALYZER (object);
  const Settings & settings = self->state->settings;

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_TEMPO:
      g_value_set_boolean (value, settings.tempo);
      break;
    case PROP_KEY:
      g_value_set_boolean (value, settings.key);
      break;
    case PROP_STATISTICS:
      g_value_set_boolean (value, settings.statistics);
      break;
    case PROP_BEATS:
      g_value_set_boolean (value, settings.beats);
      break;
    case PROP_MIN_BPM:
      g_value_set_double (value, settings.min_bpm);
      break;
    case PROP_MAX_BPM:
      g_value_set_double (value, settings.max_bpm);
      break;
    case PROP_INTERVAL:
      g_value_set_uint64 (value, settings.interval);
      break;
    case PROP_ANALYSIS_LIMIT:
      g_value_set_uint64 (value, settings.analysis_limit);
      break;
    case PROP_BACKGROUND:
      g_value_set_boolean (value, settings.background);
      break;
    case PROP_REPORT:
      g_value_set_boxed (value, self->state->last_structure.get ());
      break;
    default:
      if (id >= N_PROPERTIES)
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      else if (self->state->last)
        get_result (self->state->last.get (), id, value);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
install_settings (void)
{
  const Settings defaults;
  const GParamFlags ready = (GParamFlags) (G_PARAM_READWRITE
      | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
  const GParamFlags playing = (GParamFlags) (G_PARAM_READWRITE
      | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);

  /**
   * GstBpmAnalyzer:tempo:
   *
   * Find the tempo.
   */
  properties[PROP_TEMPO] = g_param_spec_boolean ("tempo", "Tempo",
      "Find the tempo", defaults.tempo, ready);
  /**
   * GstBpmAnalyzer:key:
   *
   * Find the musical key.
   */
  properties[PROP_KEY] = g_param_spec_boolean ("key", "Key",
      "Find the musical key", defaults.key, ready);
  /**
   * GstBpmAnalyzer:statistics:
   *
   * Measure peak, RMS, dynamic range, DC offset, clipped samples and silence.
   */
  properties[PROP_STATISTICS] = g_param_spec_boolean ("statistics",
      "Statistics", "Measure peak, RMS, dynamic range, DC offset, clipped "
      "samples and silence", defaults.statistics, ready);
  /**
   * GstBpmAnalyzer:beats:
   *
   * Find the times of the beats of the tempo, and of the first downbeat.
   */
  properties[PROP_BEATS] = g_param_spec_boolean ("beats", "Beats",
      "Find the times of the beats of the tempo", defaults.beats, ready);
  /**
   * GstBpmAnalyzer:min-bpm:
   *
   * The tempo is not below this.
   */
  properties[PROP_MIN_BPM] = g_param_spec_double ("min-bpm", "Minimum BPM",
      "The tempo is not below this, in BPM", 20, 400, defaults.min_bpm,
      playing);
  /**
   * GstBpmAnalyzer:max-bpm:
   *
   * The tempo is not above this.
   */
  properties[PROP_MAX_BPM] = g_param_spec_double ("max-bpm", "Maximum BPM",
      "The tempo is not above this, in BPM", 20, 400, defaults.max_bpm,
      playing);
  /**
   * GstBpmAnalyzer:interval:
   *
   * Time between two messages about a live stream, of its own time.
   */
  properties[PROP_INTERVAL] = g_param_spec_uint64 ("interval", "Interval",
      "Time between two updates about a live stream, in ns (0 = none)", 0,
      G_MAXUINT64, defaults.interval, playing);
  /**
   * GstBpmAnalyzer:analysis-limit:
   *
   * How much of an item is listened to for tempo and key. The statistics are
   * of all of it.
   */
  properties[PROP_ANALYSIS_LIMIT] = g_param_spec_uint64 ("analysis-limit",
      "Analysis limit", "Audio of an item that is analysed for tempo and key, "
      "in ns (none = all)", 0, G_MAXUINT64, defaults.analysis_limit, ready);
  /**
   * GstBpmAnalyzer:background:
   *
   * Whether the updates of a live stream are worked out in a thread of their
   * own, so that the streaming thread never waits for them.
   */
  properties[PROP_BACKGROUND] = g_param_spec_boolean ("background",
      "Background", "Work out the updates of a live stream in a thread of "
      "their own", defaults.background, playing);
}

static void
install_results (void)
{
  const GParamFlags flags = (GParamFlags) (G_PARAM_READABLE
      | G_PARAM_STATIC_STRINGS);

  /**
   * GstBpmAnalyzer:report:
   *
   * The last message's structure.
   */
  properties[PROP_REPORT] = g_param_spec_boxed ("report", "Report",
      "The last message", GST_TYPE_STRUCTURE, flags);
  /**
   * GstBpmAnalyzer:bpm:
   *
   * Tempo in the last message, in BPM; 0 if it has none.
   */
  properties[PROP_BPM] = g_param_spec_double ("bpm", "BPM",
      "Tempo in the last message, in BPM (0 = none)", 0, G_MAXDOUBLE, 0,
      flags);
  /**
   * GstBpmAnalyzer:bpm-alternative:
   *
   * The other octave of #GstBpmAnalyzer:bpm; 0 if there is none.
   */
  properties[PROP_BPM_ALTERNATIVE] = g_param_spec_double ("bpm-alternative",
      "BPM alternative", "The other candidate, in BPM (0 = none)", 0,
      G_MAXDOUBLE, 0, flags);
  /**
   * GstBpmAnalyzer:bpm-confidence:
   *
   * Confidence in #GstBpmAnalyzer:bpm, 0 to 1.
   */
  properties[PROP_BPM_CONFIDENCE] = g_param_spec_double ("bpm-confidence",
      "BPM confidence", "Confidence in the tempo, 0 to 1", 0, 1, 0, flags);
  /**
   * GstBpmAnalyzer:musical-key:
   *
   * Key in the last message, such as "A minor".
   */
  properties[PROP_MUSICAL_KEY] = g_param_spec_string ("musical-key",
      "Musical key", "Key in the last message, such as \"A minor\"", nullptr,
      flags);
  /**
   * GstBpmAnalyzer:key-alternative:
   *
   * The second best key.
   */
  properties[PROP_KEY_ALTERNATIVE] = g_param_spec_string ("key-alternative",
      "Key alternative", "The second best key", nullptr, flags);
  /**
   * GstBpmAnalyzer:key-confidence:
   *
   * Confidence in #GstBpmAnalyzer:musical-key, 0 to 1.
   */
  properties[PROP_KEY_CONFIDENCE] = g_param_spec_double ("key-confidence",
      "Key confidence", "Confidence in the key, 0 to 1", 0, 1, 0, flags);
  /**
   * GstBpmAnalyzer:tuning:
   *
   * Frequency of A4, in Hz.
   */
  properties[PROP_TUNING] = g_param_spec_double ("tuning", "Tuning",
      "Frequency of A4, in Hz (0 = unknown)", 0, G_MAXDOUBLE, 0, flags);
  /**
   * GstBpmAnalyzer:peak-amplitude:
   *
   * Largest absolute sample, full scale 1.0.
   */
  properties[PROP_PEAK_AMPLITUDE] = g_param_spec_double ("peak-amplitude",
      "Peak amplitude", "Largest absolute sample, full scale 1.0", 0,
      G_MAXDOUBLE, 0, flags);
  /**
   * GstBpmAnalyzer:rms-energy:
   *
   * Root mean square of the samples, full scale 1.0.
   */
  properties[PROP_RMS_ENERGY] = g_param_spec_double ("rms-energy",
      "RMS energy", "Root mean square of the samples, full scale 1.0", 0,
      G_MAXDOUBLE, 0, flags);
  /**
   * GstBpmAnalyzer:dynamic-range:
   *
   * Peak to RMS, in dB.
   */
  properties[PROP_DYNAMIC_RANGE] = g_param_spec_double ("dynamic-range",
      "Dynamic range", "Peak to RMS, in dB", 0, G_MAXDOUBLE, 0, flags);
}

void
gst_bpm_analyzer_install_properties (GObjectClass * klass)
{
  install_settings ();
  install_results ();
  g_object_class_install_properties (klass, N_PROPERTIES, properties);
}
