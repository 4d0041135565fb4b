/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-r128normalize
 * @title: r128normalize
 *
 * Brings audio to a loudness after EBU R128: finished items with one exact
 * gain (offline), endless ones with bounded latency (live), or not at all
 * (measure). docs/r128normalize.md describes its messages and tags.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=in.flac ! decodebin ! audioconvert ! r128normalize mode=offline ! audioconvert ! flacenc ! filesink location=out.flac
 * ]|
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstr128normalize.h"

#include <gst/audio/audio.h>
#include <gst/genaudio/genaudio.h>

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "gstr128stream.hpp"
#include "presets.hpp"

using namespace genaudio::r128;

GST_DEBUG_CATEGORY (gst_r128_normalize_debug);
#define GST_CAT_DEFAULT gst_r128_normalize_debug

/* -- enums of the properties */

#define GST_TYPE_R128_NORMALIZE_MODE (gst_r128_normalize_mode_get_type ())
static GType
gst_r128_normalize_mode_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    {static_cast<int> (Mode::automatic), "live if upstream is, else offline",
        "auto"},
    {static_cast<int> (Mode::offline), "measure the item, then one gain",
        "offline"},
    {static_cast<int> (Mode::live), "bounded latency", "live"},
    {static_cast<int> (Mode::measure), "measure only", "measure"},
    {0, nullptr, nullptr},
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstR128NormalizeMode", values));
  return type;
}

#define GST_TYPE_R128_NORMALIZE_PEAK_POLICY \
    (gst_r128_normalize_peak_policy_get_type ())
static GType
gst_r128_normalize_peak_policy_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    {static_cast<int> (PeakPolicy::gain), "the gain that just fits", "gain"},
    {static_cast<int> (PeakPolicy::limit), "full gain and a limiter",
        "limit"},
    {0, nullptr, nullptr},
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstR128NormalizePeakPolicy", values));
  return type;
}

#define GST_TYPE_R128_NORMALIZE_SHORT_POLICY \
    (gst_r128_normalize_short_policy_get_type ())
static GType
gst_r128_normalize_short_policy_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    {static_cast<int> (ShortPolicy::none), "leave them as they are", "none"},
    {static_cast<int> (ShortPolicy::ungated), "by their loudness ungated",
        "ungated"},
    {static_cast<int> (ShortPolicy::peak), "by their true peak", "peak"},
    {0, nullptr, nullptr},
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstR128NormalizeShortPolicy", values));
  return type;
}

#define GST_TYPE_R128_NORMALIZE_PRESET (gst_r128_normalize_preset_get_type ())
static GType
gst_r128_normalize_preset_get_type (void)
{
  static gsize type = 0;

  if (g_once_init_enter (&type)) {
    static std::vector<GEnumValue> values;
    values.push_back ({0, "none", "none"});
    for (const Preset & preset : presets ())
      values.push_back ({preset.id, preset.description, preset.nick});
    values.push_back ({0, nullptr, nullptr});
    g_once_init_leave (&type,
        g_enum_register_static ("GstR128NormalizePreset", values.data ()));
  }
  return type;
}

/* -- state */

namespace {

constexpr double default_target = -16.0;
constexpr double default_max_true_peak = -1.0;
constexpr double min_target = -70.0, max_target = -5.0;
constexpr guint64 default_max_memory = 256 << 20;

/* What was set by hand, and what the environment says. */
struct Properties
{
  Config config;
  int preset = 0;
  std::optional<double> target, max_true_peak;
  std::optional<bool> enabled;
  double environment_target = default_target;
  bool environment_enabled = true;

  double effective_target () const
  {
    const Preset *chosen = find_preset (preset);
    return target.value_or (chosen != nullptr ? chosen->target
        : environment_target);
  }
  double effective_max_true_peak () const
  {
    const Preset *chosen = find_preset (preset);
    return max_true_peak.value_or (chosen != nullptr ? chosen->max_true_peak
        : default_max_true_peak);
  }
  bool effective_enabled () const
  {
    return enabled.value_or (environment_enabled);
  }
};

/* The last item's report, as properties. */
struct Result
{
  GstStructure *structure = nullptr;
  std::string method;
  double gain = not_a_number;
  GstGenAudioLoudness input, output;

  Result () { clear (); }
  ~Result () { clear (); }
  void clear ()
  {
    g_clear_pointer (&structure, gst_structure_free);
    method.clear ();
    gain = not_a_number;
    input = output = {not_a_number, not_a_number, not_a_number, not_a_number,
      not_a_number, not_a_number};
  }
};

class State;

}

struct _GstR128Normalize
{
  GstElement element;

  GstPad *sinkpad, *srcpad;
  State *state;
};

namespace {

/* Everything of the element that is C++. Properties and results are guarded
 * by the object lock, the stream by the stream lock. */
class State : public Owner
{
public:
  explicit State (GstR128Normalize * self)
      : self_ (self), stream (GST_ELEMENT_CAST (self), self->sinkpad,
          self->srcpad, *this)
  {
    properties.config.max_memory = default_max_memory;
  }

  Config config () override;
  void keep_report (const GstStructure * structure,
      const GstGenAudioLoudnessReport & report) override;
  void mode_decided (Mode mode, const char *reason) override;

  GstR128Normalize *self_;
  Properties properties;
  Result result;
  bool decided = false, live_decided = false;   /* the mode */
  Stream stream;
};

}

enum
{
  PROP_0,
  PROP_MODE,
  PROP_LOUDNESS_TARGET,
  PROP_MAX_TRUE_PEAK,
  PROP_MAX_GAIN,
  PROP_PEAK_POLICY,
  PROP_ENABLED,
  PROP_PRESET,
  PROP_LATENCY,
  PROP_INTERVAL,
  PROP_SHORT_POLICY,
  PROP_DUAL_MONO,
  PROP_ALBUM,
  PROP_MEASURED_INTEGRATED,
  PROP_MEASURED_TRUE_PEAK,
  PROP_MAX_MEMORY,
  PROP_REPORT,
  PROP_METHOD,
  PROP_GAIN,
  PROP_INPUT,                   /* six of them */
  PROP_OUTPUT = PROP_INPUT + 6, /* six of them */
  N_PROPERTIES = PROP_OUTPUT + 6
};

enum
{
  SIGNAL_RESET,
  N_SIGNALS
};

static GParamSpec *specs[N_PROPERTIES];
static guint signals[N_SIGNALS];

/* The values that are reported of input and output each. */
static const struct
{
  const char *name, *what;
  double GstGenAudioLoudness::*member;
} loudness_values[] = {
  {"integrated-loudness", "Integrated loudness (LUFS)",
      &GstGenAudioLoudness::integrated_loudness},
  {"loudness-range", "Loudness range (LU)",
      &GstGenAudioLoudness::loudness_range},
  {"max-momentary-loudness", "Maximum momentary loudness (LUFS)",
      &GstGenAudioLoudness::max_momentary_loudness},
  {"max-shortterm-loudness", "Maximum short-term loudness (LUFS)",
      &GstGenAudioLoudness::max_shortterm_loudness},
  {"max-true-peak", "Maximum true peak of the loudest channel (dBTP)",
      &GstGenAudioLoudness::max_true_peak},
  {"max-sample-peak", "Maximum sample peak of the loudest channel (dBFS)",
      &GstGenAudioLoudness::max_sample_peak},
};

#define CAPS_STRING "audio/x-raw, format = (string) { " \
    GST_AUDIO_NE (F32) ", " GST_AUDIO_NE (F64) " }, " \
    "rate = (int) [ 8000, 192000 ], channels = (int) [ 1, 8 ], " \
    "layout = (string) interleaved"

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS_STRING));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS_STRING));

#define gst_r128_normalize_parent_class parent_class
G_DEFINE_TYPE (GstR128Normalize, gst_r128_normalize, GST_TYPE_ELEMENT);
GST_ELEMENT_REGISTER_DEFINE (r128normalize, "r128normalize", GST_RANK_NONE,
    GST_TYPE_R128_NORMALIZE);

namespace {

Config
State::config ()
{
  GST_OBJECT_LOCK (self_);
  Config copy = properties.config;
  copy.settings.target = properties.effective_target ();
  copy.settings.max_true_peak = properties.effective_max_true_peak ();
  copy.settings.enabled = properties.effective_enabled ();
  GST_OBJECT_UNLOCK (self_);
  return copy;
}

void
State::keep_report (const GstStructure * structure,
    const GstGenAudioLoudnessReport & report)
{
  GST_OBJECT_LOCK (self_);
  result.clear ();
  result.structure = gst_structure_copy (structure);
  result.method = report.method;
  result.gain = report.gain;
  result.input = report.input;
  result.output = report.output;
  GST_OBJECT_UNLOCK (self_);

  GST_INFO_OBJECT (self_, "%" GST_PTR_FORMAT, structure);
  gst_element_post_message (GST_ELEMENT_CAST (self_),
      gst_message_new_element (GST_OBJECT_CAST (self_),
          gst_structure_copy (structure)));
  g_object_notify_by_pspec (G_OBJECT (self_), specs[PROP_REPORT]);
}

void
State::mode_decided (Mode mode, const char *reason)
{
  GEnumClass *klass =
      G_ENUM_CLASS (g_type_class_ref (GST_TYPE_R128_NORMALIZE_MODE));
  const char *nick =
      g_enum_get_value (klass, static_cast<int> (mode))->value_nick;

  GST_OBJECT_LOCK (self_);
  decided = true;
  live_decided = mode == Mode::live;
  GST_OBJECT_UNLOCK (self_);
  gst_element_post_message (GST_ELEMENT_CAST (self_),
      gst_message_new_element (GST_OBJECT_CAST (self_),
          gst_structure_new ("r128normalize-mode", "mode", G_TYPE_STRING, nick,
              "reason", G_TYPE_STRING, reason, nullptr)));
  g_type_class_unref (klass);
  if (mode == Mode::live)
    gst_element_post_message (GST_ELEMENT_CAST (self_),
        gst_message_new_latency (GST_OBJECT_CAST (self_)));
}

}

/* -- pads */

static GstFlowReturn
gst_r128_normalize_chain (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  return GST_R128_NORMALIZE (parent)->state->stream.chain (buffer);
}

static gboolean
gst_r128_normalize_sink_event (GstPad * pad, GstObject * parent,
    GstEvent * event)
{
  return GST_R128_NORMALIZE (parent)->state->stream.event (event);
}

/* Held audio cannot leave before its item ends, and must not keep upstream
 * from going on: what asks for that is answered here. */
static gboolean
gst_r128_normalize_sink_query (GstPad * pad, GstObject * parent,
    GstQuery * query)
{
  State *state = GST_R128_NORMALIZE (parent)->state;

  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_ALLOCATION:
    case GST_QUERY_DRAIN:
      if (state->stream.holds_audio ())
        return GST_QUERY_TYPE (query) == GST_QUERY_DRAIN;
      break;
    default:
      break;
  }
  return gst_pad_query_default (pad, parent, query);
}

/* Live mode adds its delay; the others none. */
static gboolean
gst_r128_normalize_latency (GstR128Normalize * self, GstQuery * query)
{
  State *state = self->state;
  gboolean live;
  GstClockTime minimum, maximum;

  if (!gst_pad_peer_query (self->sinkpad, query))
    return FALSE;
  gst_query_parse_latency (query, &live, &minimum, &maximum);

  const Config config = state->config ();
  GST_OBJECT_LOCK (self);
  const bool delays = config.mode == Mode::live
      || (config.mode == Mode::automatic && (live || state->live_decided));
  GST_OBJECT_UNLOCK (self);
  if (!delays)
    return TRUE;

  const GstClockTime own = config.settings.latency;
  minimum += own;
  if (GST_CLOCK_TIME_IS_VALID (maximum))
    maximum += own;
  gst_query_set_latency (query, live, minimum, maximum);
  return TRUE;
}

static gboolean
gst_r128_normalize_src_query (GstPad * pad, GstObject * parent,
    GstQuery * query)
{
  if (GST_QUERY_TYPE (query) == GST_QUERY_LATENCY)
    return gst_r128_normalize_latency (GST_R128_NORMALIZE (parent), query);
  return gst_pad_query_default (pad, parent, query);
}

static gboolean
gst_r128_normalize_src_event (GstPad * pad, GstObject * parent,
    GstEvent * event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_SEEK) {
    gdouble rate;
    gst_event_parse_seek (event, &rate, nullptr, nullptr, nullptr, nullptr,
        nullptr, nullptr);
    if (rate < 0.0) {
      GST_INFO_OBJECT (parent, "refusing to play backwards");
      gst_event_unref (event);
      return FALSE;
    }
  }
  return gst_pad_event_default (pad, parent, event);
}

/* -- states */

static gboolean
gst_r128_normalize_read_environment (GstR128Normalize * self)
{
  Properties & properties = self->state->properties;
  gboolean enabled;
  gdouble target;
  GError *error = nullptr;

  if (!gst_genaudio_environment_get_boolean ("AUDIO_NORMALIZE", TRUE, &enabled,
          &error)
      || !gst_genaudio_environment_get_double ("AUDIO_TARGET_LUFS", min_target,
          max_target, default_target, &target, &error)) {
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS, ("%s", error->message),
        (nullptr));
    g_error_free (error);
    return FALSE;
  }
  GST_OBJECT_LOCK (self);
  properties.environment_enabled = enabled;
  properties.environment_target = target;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static GstStateChangeReturn
gst_r128_normalize_change_state (GstElement * element,
    GstStateChange transition)
{
  GstR128Normalize *self = GST_R128_NORMALIZE (element);

  if (transition == GST_STATE_CHANGE_NULL_TO_READY
      && !gst_r128_normalize_read_environment (self))
    return GST_STATE_CHANGE_FAILURE;

  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS (parent_class)->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    self->state->stream.stop ();
    GST_OBJECT_LOCK (self);
    self->state->decided = self->state->live_decided = false;
    GST_OBJECT_UNLOCK (self);
  }
  return result;
}

static void
gst_r128_normalize_reset (GstR128Normalize * self)
{
  self->state->stream.request_reset ();
}

/* -- properties */

static void
gst_r128_normalize_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  State & state = *GST_R128_NORMALIZE (object)->state;
  Properties & p = state.properties;

  GST_OBJECT_LOCK (object);
  if (state.decided && (id == PROP_MODE || id == PROP_LATENCY)) {
    GST_OBJECT_UNLOCK (object);
    g_warning ("%s: `%s' cannot change while r128normalize is playing: it "
        "stays as it is", GST_OBJECT_NAME (object), pspec->name);
    return;
  }
  switch (id) {
    case PROP_MODE:
      p.config.mode = static_cast<Mode> (g_value_get_enum (value));
      break;
    case PROP_LOUDNESS_TARGET:
      p.target = g_value_get_double (value);
      break;
    case PROP_MAX_TRUE_PEAK:
      p.max_true_peak = g_value_get_double (value);
      break;
    case PROP_MAX_GAIN:
      p.config.settings.max_gain = g_value_get_double (value);
      break;
    case PROP_PEAK_POLICY:
      p.config.peak_policy = static_cast<PeakPolicy> (g_value_get_enum (value));
      break;
    case PROP_ENABLED:
      p.enabled = g_value_get_boolean (value);
      break;
    case PROP_PRESET:
      p.preset = g_value_get_enum (value);
      break;
    case PROP_LATENCY:
      p.config.settings.latency = g_value_get_uint64 (value);
      break;
    case PROP_INTERVAL:
      p.config.settings.interval = g_value_get_uint64 (value);
      break;
    case PROP_SHORT_POLICY:
      p.config.short_policy =
          static_cast<ShortPolicy> (g_value_get_enum (value));
      break;
    case PROP_DUAL_MONO:
      p.config.dual_mono = g_value_get_boolean (value);
      break;
    case PROP_ALBUM:
      p.config.album = g_value_get_boolean (value);
      break;
    case PROP_MEASURED_INTEGRATED:
      p.config.measured_integrated = g_value_get_double (value);
      break;
    case PROP_MEASURED_TRUE_PEAK:
      p.config.measured_true_peak = g_value_get_double (value);
      break;
    case PROP_MAX_MEMORY:
      p.config.max_memory = g_value_get_uint64 (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (object);
}

static void
gst_r128_normalize_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  State & state = *GST_R128_NORMALIZE (object)->state;
  const Properties & p = state.properties;

  GST_OBJECT_LOCK (object);
  switch (id) {
    case PROP_MODE:
      g_value_set_enum (value, static_cast<int> (p.config.mode));
      break;
    case PROP_LOUDNESS_TARGET:
      g_value_set_double (value, p.effective_target ());
      break;
    case PROP_MAX_TRUE_PEAK:
      g_value_set_double (value, p.effective_max_true_peak ());
      break;
    case PROP_MAX_GAIN:
      g_value_set_double (value, p.config.settings.max_gain);
      break;
    case PROP_PEAK_POLICY:
      g_value_set_enum (value, static_cast<int> (p.config.peak_policy));
      break;
    case PROP_ENABLED:
      g_value_set_boolean (value, p.effective_enabled ());
      break;
    case PROP_PRESET:
      g_value_set_enum (value, p.preset);
      break;
    case PROP_LATENCY:
      g_value_set_uint64 (value, p.config.settings.latency);
      break;
    case PROP_INTERVAL:
      g_value_set_uint64 (value, p.config.settings.interval);
      break;
    case PROP_SHORT_POLICY:
      g_value_set_enum (value, static_cast<int> (p.config.short_policy));
      break;
    case PROP_DUAL_MONO:
      g_value_set_boolean (value, p.config.dual_mono);
      break;
    case PROP_ALBUM:
      g_value_set_boolean (value, p.config.album);
      break;
    case PROP_MEASURED_INTEGRATED:
      g_value_set_double (value, p.config.measured_integrated);
      break;
    case PROP_MEASURED_TRUE_PEAK:
      g_value_set_double (value, p.config.measured_true_peak);
      break;
    case PROP_MAX_MEMORY:
      g_value_set_uint64 (value, p.config.max_memory);
      break;
    case PROP_REPORT:
      gst_value_set_structure (value, state.result.structure);
      break;
    case PROP_METHOD:
      g_value_set_string (value, state.result.method.c_str ());
      break;
    case PROP_GAIN:
      g_value_set_double (value, state.result.gain);
      break;
    default:
      if (id >= PROP_INPUT && id < PROP_OUTPUT)
        g_value_set_double (value,
            state.result.input.*loudness_values[id - PROP_INPUT].member);
      else if (id >= PROP_OUTPUT && id < N_PROPERTIES)
        g_value_set_double (value,
            state.result.output.*loudness_values[id - PROP_OUTPUT].member);
      else
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (object);
}

static void
gst_r128_normalize_finalize (GObject * object)
{
  delete GST_R128_NORMALIZE (object)->state;
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

/* GLib refuses NaN as the default of a new property, and takes it afterwards. */
static GParamSpec *
new_level_spec (const char *name, const char *nick, const char *blurb,
    GParamFlags flags)
{
  constexpr double infinity = std::numeric_limits<double>::infinity ();
  GParamSpec *spec = g_param_spec_double (name, nick, blurb, -infinity,
      infinity, 0.0, flags);
  G_PARAM_SPEC_DOUBLE (spec)->default_value = not_a_number;
  return spec;
}

static void
gst_r128_normalize_install_properties (GObjectClass * klass)
{
  constexpr auto ready = static_cast<GParamFlags> (G_PARAM_READWRITE
      | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
  constexpr auto playing = static_cast<GParamFlags> (G_PARAM_READWRITE
      | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  constexpr auto read_only = static_cast<GParamFlags> (G_PARAM_READABLE
      | G_PARAM_STATIC_STRINGS);

  /**
   * GstR128Normalize:mode:
   *
   * `auto` is decided at the first buffer: live if upstream is live, or is
   * neither seekable nor of known duration, else offline. From then on it can
   * be changed in READY only.
   */
  specs[PROP_MODE] = g_param_spec_enum ("mode", "Mode", "How to normalise",
      GST_TYPE_R128_NORMALIZE_MODE, static_cast<int> (Mode::automatic), ready);
  /**
   * GstR128Normalize:loudness-target:
   *
   * Integrated loudness to reach, in LUFS.
   */
  specs[PROP_LOUDNESS_TARGET] = g_param_spec_double ("loudness-target",
      "Loudness target", "Integrated loudness to reach (LUFS)", min_target,
      max_target, default_target, playing);
  /**
   * GstR128Normalize:max-true-peak:
   *
   * Ceiling of the true peak, in dBTP.
   */
  specs[PROP_MAX_TRUE_PEAK] = g_param_spec_double ("max-true-peak",
      "Maximum true peak", "Ceiling of the true peak (dBTP)", -9.0, 0.0,
      default_max_true_peak, playing);
  /**
   * GstR128Normalize:max-gain:
   *
   * The most that live mode amplifies, in dB.
   */
  specs[PROP_MAX_GAIN] = g_param_spec_double ("max-gain", "Maximum gain",
      "The most that live mode amplifies (dB)", 0.0, 60.0, 30.0, playing);
  /**
   * GstR128Normalize:peak-policy:
   *
   * What is done where the gain would lift the true peak over the ceiling.
   */
  specs[PROP_PEAK_POLICY] = g_param_spec_enum ("peak-policy", "Peak policy",
      "What to do where the gain lifts the peak over the ceiling (offline)",
      GST_TYPE_R128_NORMALIZE_PEAK_POLICY, static_cast<int> (PeakPolicy::gain),
      playing);
  /**
   * GstR128Normalize:enabled:
   *
   * Whether to change the audio at all.
   */
  specs[PROP_ENABLED] = g_param_spec_boolean ("enabled", "Enabled",
      "Whether to change the audio", TRUE, playing);
  /**
   * GstR128Normalize:preset:
   *
   * Target and ceiling of a broadcaster or service; what is set by hand wins.
   */
  specs[PROP_PRESET] = g_param_spec_enum ("preset", "Preset",
      "Target and ceiling of a broadcaster or service",
      GST_TYPE_R128_NORMALIZE_PRESET, 0, playing);
  /**
   * GstR128Normalize:latency:
   *
   * Delay of live mode, in nanoseconds. Cannot change while playing.
   */
  specs[PROP_LATENCY] = g_param_spec_uint64 ("latency", "Latency",
      "Delay of live mode (ns)", 400 * GST_MSECOND, 3 * GST_SECOND,
      GST_SECOND, ready);
  /**
   * GstR128Normalize:interval:
   *
   * Time between two ebur128-level messages, in nanoseconds; 0 for none.
   */
  specs[PROP_INTERVAL] = g_param_spec_uint64 ("interval", "Interval",
      "Time between level messages in live and measure mode (ns, 0 = none)",
      0, G_MAXUINT64, 100 * GST_MSECOND, ready);
  /**
   * GstR128Normalize:short-policy:
   *
   * What becomes of items under 400 ms, which have no integrated loudness.
   */
  specs[PROP_SHORT_POLICY] = g_param_spec_enum ("short-policy",
      "Short policy", "What becomes of items under 400 ms (offline)",
      GST_TYPE_R128_NORMALIZE_SHORT_POLICY,
      static_cast<int> (ShortPolicy::none), ready);
  /**
   * GstR128Normalize:dual-mono:
   *
   * Mono is measured as two loudspeakers play it, 3 LU louder.
   */
  specs[PROP_DUAL_MONO] = g_param_spec_boolean ("dual-mono", "Dual mono",
      "Measure mono as played by two loudspeakers", FALSE, ready);
  /**
   * GstR128Normalize:album:
   *
   * One gain for all items up to EOS, which are held together.
   */
  specs[PROP_ALBUM] = g_param_spec_boolean ("album", "Album",
      "One gain for all items up to EOS (offline)", FALSE, ready);
  /**
   * GstR128Normalize:measured-integrated:
   *
   * Integrated loudness of the item, if it is known already.
   */
  specs[PROP_MEASURED_INTEGRATED] = new_level_spec (
      "measured-integrated", "Measured integrated loudness",
      "Known integrated loudness of the items (LUFS, NaN = measure)", ready);
  /**
   * GstR128Normalize:measured-true-peak:
   *
   * True peak of the item, if it is known already.
   */
  specs[PROP_MEASURED_TRUE_PEAK] = new_level_spec ("measured-true-peak",
      "Measured true peak", "Known true peak of the items (dBTP, NaN = measure)",
      ready);
  /**
   * GstR128Normalize:max-memory:
   *
   * What is held beyond this goes to a temporary file.
   */
  specs[PROP_MAX_MEMORY] = g_param_spec_uint64 ("max-memory",
      "Maximum memory", "Audio held in memory, the rest in a file (bytes)", 0,
      G_MAXUINT64, default_max_memory, ready);
  /**
   * GstR128Normalize:report:
   *
   * The message of the last item.
   */
  specs[PROP_REPORT] = g_param_spec_boxed ("report", "Report",
      "Message of the last item", GST_TYPE_STRUCTURE, read_only);
  /**
   * GstR128Normalize:method:
   *
   * What was done to the last item.
   */
  specs[PROP_METHOD] = g_param_spec_string ("method", "Method",
      "What was done to the last item", nullptr, read_only);
  /**
   * GstR128Normalize:gain:
   *
   * Gain of the last item in dB.
   */
  specs[PROP_GAIN] = new_level_spec ("gain", "Gain",
      "Gain of the last item (dB)", read_only);
  for (guint i = 0; i < G_N_ELEMENTS (loudness_values); i++) {
    const auto & value = loudness_values[i];
    specs[PROP_INPUT + i] = new_level_spec (
        g_intern_string ((std::string ("input-") + value.name).c_str ()),
        g_intern_string ((std::string ("input-") + value.name).c_str ()),
        g_intern_string ((std::string (value.what)
                + " of the last item as it came").c_str ()), read_only);
    specs[PROP_OUTPUT + i] = new_level_spec (
        g_intern_string ((std::string ("output-") + value.name).c_str ()),
        g_intern_string ((std::string ("output-") + value.name).c_str ()),
        g_intern_string ((std::string (value.what)
                + " of the last item as it left").c_str ()), read_only);
  }
  g_object_class_install_properties (klass, N_PROPERTIES, specs);
}

static void
gst_r128_normalize_class_init (GstR128NormalizeClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (gst_r128_normalize_debug, "r128normalize", 0,
      "EBU R128 loudness normalisation");

  object_class->set_property = gst_r128_normalize_set_property;
  object_class->get_property = gst_r128_normalize_get_property;
  object_class->finalize = gst_r128_normalize_finalize;
  gst_r128_normalize_install_properties (object_class);

  /**
   * GstR128Normalize::reset:
   *
   * Begins measuring anew, in live and measure mode.
   */
  signals[SIGNAL_RESET] = g_signal_new_class_handler ("reset",
      GST_TYPE_R128_NORMALIZE,
      static_cast<GSignalFlags> (G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
      G_CALLBACK (gst_r128_normalize_reset), nullptr, nullptr, nullptr,
      G_TYPE_NONE, 0);

  element_class->change_state =
      GST_DEBUG_FUNCPTR (gst_r128_normalize_change_state);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class,
      "EBU R128 loudness normaliser", "Filter/Effect/Audio",
      "Brings items or streams to a loudness, or measures it",
      "gst-genaudio developers");

  gst_type_mark_as_plugin_api (GST_TYPE_R128_NORMALIZE_MODE,
      static_cast<GstPluginAPIFlags> (0));
  gst_type_mark_as_plugin_api (GST_TYPE_R128_NORMALIZE_PEAK_POLICY,
      static_cast<GstPluginAPIFlags> (0));
  gst_type_mark_as_plugin_api (GST_TYPE_R128_NORMALIZE_SHORT_POLICY,
      static_cast<GstPluginAPIFlags> (0));
  gst_type_mark_as_plugin_api (GST_TYPE_R128_NORMALIZE_PRESET,
      static_cast<GstPluginAPIFlags> (0));
}

static void
gst_r128_normalize_init (GstR128Normalize * self)
{
  self->sinkpad = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sinkpad,
      GST_DEBUG_FUNCPTR (gst_r128_normalize_chain));
  gst_pad_set_event_function (self->sinkpad,
      GST_DEBUG_FUNCPTR (gst_r128_normalize_sink_event));
  gst_pad_set_query_function (self->sinkpad,
      GST_DEBUG_FUNCPTR (gst_r128_normalize_sink_query));
  GST_PAD_SET_PROXY_CAPS (self->sinkpad);
  gst_element_add_pad (GST_ELEMENT_CAST (self), self->sinkpad);

  self->srcpad = gst_pad_new_from_static_template (&src_template, "src");
  gst_pad_set_query_function (self->srcpad,
      GST_DEBUG_FUNCPTR (gst_r128_normalize_src_query));
  gst_pad_set_event_function (self->srcpad,
      GST_DEBUG_FUNCPTR (gst_r128_normalize_src_event));
  GST_PAD_SET_PROXY_CAPS (self->srcpad);
  gst_element_add_pad (GST_ELEMENT_CAST (self), self->srcpad);

  self->state = new State (self);
}
