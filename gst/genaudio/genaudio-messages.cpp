/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The structures of the element messages. Each is described once, by a table
 * of its fields; building, parsing, copying and freeing all follow the table,
 * so that a field cannot be written by an element and missed by a parser. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-messages.h"

#include <cmath>
#include <cstddef>
#include <cstring>
#include <span>

namespace {

enum class Kind
{
  string, boolean, integer, unsigned_integer, count, time, number,
  number_array, time_array,
};

/* A time, number, string or array that does not exist stays out of the
 * structure; the others always go in. */
struct Field
{
  const char *name;
  Kind kind;
  std::size_t offset;
};

using Fields = std::span<const Field>;

#define FIELD(Type, name, kind, member) \
  { name, Kind::kind, offsetof (Type, member) }

const Field tensor_fields[] = {
  FIELD (GstGenAudioTensor, "location", string, location),
  FIELD (GstGenAudioTensor, "tensor", string, tensor),
  FIELD (GstGenAudioTensor, "dtype", string, dtype),
  FIELD (GstGenAudioTensor, "shape", string, shape),
  FIELD (GstGenAudioTensor, "rate", integer, rate),
  FIELD (GstGenAudioTensor, "rate-source", string, rate_source),
  FIELD (GstGenAudioTensor, "channels", integer, channels),
  FIELD (GstGenAudioTensor, "frames", count, frames),
  FIELD (GstGenAudioTensor, "duration", time, duration),
  FIELD (GstGenAudioTensor, "job-id", string, job_id),
  FIELD (GstGenAudioTensor, "over-range", count, over_range),
};

const Field level_fields[] = {
  FIELD (GstGenAudioLevel, "timestamp", time, timestamp),
  FIELD (GstGenAudioLevel, "running-time", time, running_time),
  FIELD (GstGenAudioLevel, "stream-time", time, stream_time),
  FIELD (GstGenAudioLevel, "momentary-loudness", number, momentary_loudness),
  FIELD (GstGenAudioLevel, "shortterm-loudness", number, shortterm_loudness),
  FIELD (GstGenAudioLevel, "global-loudness", number, global_loudness),
  FIELD (GstGenAudioLevel, "relative-threshold", number, relative_threshold),
  FIELD (GstGenAudioLevel, "loudness-range", number, loudness_range),
  FIELD (GstGenAudioLevel, "sample-peak", number_array, sample_peak),
  FIELD (GstGenAudioLevel, "true-peak", number_array, true_peak),
  FIELD (GstGenAudioLevel, "input-momentary-loudness", number, input_momentary_loudness),
  FIELD (GstGenAudioLevel, "input-shortterm-loudness", number, input_shortterm_loudness),
  FIELD (GstGenAudioLevel, "input-global-loudness", number, input_global_loudness),
  FIELD (GstGenAudioLevel, "gain", number, gain),
};

const Field loudness_fields[] = {
  FIELD (GstGenAudioLoudnessReport, "job-id", string, job_id),
  FIELD (GstGenAudioLoudnessReport, "stream-id", string, stream_id),
  FIELD (GstGenAudioLoudnessReport, "method", string, method),
  FIELD (GstGenAudioLoudnessReport, "loudness-target", number, loudness_target),
  FIELD (GstGenAudioLoudnessReport, "max-true-peak", number, max_true_peak),
  FIELD (GstGenAudioLoudnessReport, "gain", number, gain),
  FIELD (GstGenAudioLoudnessReport, "input-integrated-loudness", number, input.integrated_loudness),
  FIELD (GstGenAudioLoudnessReport, "input-loudness-range", number, input.loudness_range),
  FIELD (GstGenAudioLoudnessReport, "input-max-momentary-loudness", number, input.max_momentary_loudness),
  FIELD (GstGenAudioLoudnessReport, "input-max-shortterm-loudness", number, input.max_shortterm_loudness),
  FIELD (GstGenAudioLoudnessReport, "input-max-true-peak", number, input.max_true_peak),
  FIELD (GstGenAudioLoudnessReport, "input-max-sample-peak", number, input.max_sample_peak),
  FIELD (GstGenAudioLoudnessReport, "output-integrated-loudness", number, output.integrated_loudness),
  FIELD (GstGenAudioLoudnessReport, "output-loudness-range", number, output.loudness_range),
  FIELD (GstGenAudioLoudnessReport, "output-max-momentary-loudness", number, output.max_momentary_loudness),
  FIELD (GstGenAudioLoudnessReport, "output-max-shortterm-loudness", number, output.max_shortterm_loudness),
  FIELD (GstGenAudioLoudnessReport, "output-max-true-peak", number, output.max_true_peak),
  FIELD (GstGenAudioLoudnessReport, "output-max-sample-peak", number, output.max_sample_peak),
  FIELD (GstGenAudioLoudnessReport, "frames", count, frames),
  FIELD (GstGenAudioLoudnessReport, "duration", time, duration),
  FIELD (GstGenAudioLoudnessReport, "non-finite", count, non_finite),
  FIELD (GstGenAudioLoudnessReport, "limited-by", string, limited_by),
};

const Field analysis_fields[] = {
  FIELD (GstGenAudioAnalysis, "job-id", string, job_id),
  FIELD (GstGenAudioAnalysis, "stream-id", string, stream_id),
  FIELD (GstGenAudioAnalysis, "final", boolean, final),
  FIELD (GstGenAudioAnalysis, "timestamp", time, timestamp),
  FIELD (GstGenAudioAnalysis, "bpm", number, bpm),
  FIELD (GstGenAudioAnalysis, "bpm-alternative", number, bpm_alternative),
  FIELD (GstGenAudioAnalysis, "bpm-confidence", number, bpm_confidence),
  FIELD (GstGenAudioAnalysis, "beats", time_array, beats),
  FIELD (GstGenAudioAnalysis, "downbeat", time, downbeat),
  FIELD (GstGenAudioAnalysis, "musical-key", string, musical_key),
  FIELD (GstGenAudioAnalysis, "key-alternative", string, key_alternative),
  FIELD (GstGenAudioAnalysis, "key-confidence", number, key_confidence),
  FIELD (GstGenAudioAnalysis, "tuning", number, tuning),
  FIELD (GstGenAudioAnalysis, "peak-amplitude", number, peak_amplitude),
  FIELD (GstGenAudioAnalysis, "rms-energy", number, rms_energy),
  FIELD (GstGenAudioAnalysis, "dynamic-range", number, dynamic_range),
  FIELD (GstGenAudioAnalysis, "channel-peak-amplitude", number_array, channel_peak_amplitude),
  FIELD (GstGenAudioAnalysis, "channel-rms-energy", number_array, channel_rms_energy),
  FIELD (GstGenAudioAnalysis, "channel-dynamic-range", number_array, channel_dynamic_range),
  FIELD (GstGenAudioAnalysis, "dc-offset", number_array, dc_offset),
  FIELD (GstGenAudioAnalysis, "clipped-samples", count, clipped_samples),
  FIELD (GstGenAudioAnalysis, "leading-silence", time, leading_silence),
  FIELD (GstGenAudioAnalysis, "trailing-silence", time, trailing_silence),
  FIELD (GstGenAudioAnalysis, "frames", count, frames),
  FIELD (GstGenAudioAnalysis, "duration", time, duration),
  FIELD (GstGenAudioAnalysis, "rate", integer, rate),
  FIELD (GstGenAudioAnalysis, "channels", integer, channels),
};

const Field fragment_fields[] = {
  FIELD (GstGenAudioFragment, "location", string, location),
  FIELD (GstGenAudioFragment, "job-id", string, job_id),
  FIELD (GstGenAudioFragment, "fragment-id", unsigned_integer, fragment_id),
  FIELD (GstGenAudioFragment, "running-time", time, running_time),
  FIELD (GstGenAudioFragment, "start", string, start),
  /* the opened message ends here */
  FIELD (GstGenAudioFragment, "frames", count, frames),
  FIELD (GstGenAudioFragment, "bytes", count, bytes),
  FIELD (GstGenAudioFragment, "duration", time, duration),
  FIELD (GstGenAudioFragment, "rate", integer, rate),
  FIELD (GstGenAudioFragment, "channels", integer, channels),
  FIELD (GstGenAudioFragment, "format", string, format),
  FIELD (GstGenAudioFragment, "bit-depth", string, bit_depth),
  FIELD (GstGenAudioFragment, "clipped-samples", count, clipped_samples),
  FIELD (GstGenAudioFragment, "gaps", unsigned_integer, gaps),
  FIELD (GstGenAudioFragment, "complete", boolean, complete),
};
constexpr std::size_t n_opened_fields = 5;

#undef FIELD

template <typename T>
T &
member (void *self, const Field & field)
{
  return *reinterpret_cast<T *> (static_cast<char *> (self) + field.offset);
}

template <typename T>
const T &
member (const void *self, const Field & field)
{
  return *reinterpret_cast<const T *> (
      static_cast<const char *> (self) + field.offset);
}

void
reset (void *self, Fields fields)
{
  for (const Field & field : fields) {
    if (field.kind == Kind::number)
      member<gdouble> (self, field) = NAN;
    else if (field.kind == Kind::time)
      member<GstClockTime> (self, field) = GST_CLOCK_TIME_NONE;
  }
}

GArray *
copy_array (const GArray * array, guint element_size)
{
  if (array == nullptr)
    return nullptr;
  GArray *copy = g_array_sized_new (FALSE, FALSE, element_size, array->len);
  g_array_append_vals (copy, array->data, array->len);
  return copy;
}

/* Turns the pointers of a shallow copy into its own. */
void
deepen (void *self, Fields fields)
{
  for (const Field & field : fields) {
    if (field.kind == Kind::string) {
      member<gchar *> (self, field) = g_strdup (member<gchar *> (self, field));
    } else if (field.kind == Kind::number_array) {
      member<GArray *> (self, field) =
          copy_array (member<GArray *> (self, field), sizeof (gdouble));
    } else if (field.kind == Kind::time_array) {
      member<GArray *> (self, field) =
          copy_array (member<GArray *> (self, field), sizeof (guint64));
    }
  }
}

void
clear (void *self, Fields fields)
{
  for (const Field & field : fields) {
    if (field.kind == Kind::string)
      g_clear_pointer (&member<gchar *> (self, field), g_free);
    else if (field.kind == Kind::number_array || field.kind == Kind::time_array)
      g_clear_pointer (&member<GArray *> (self, field), g_array_unref);
  }
}

/* The array type of ebur128level, GstValueArray. */
template <typename T>
void
set_array (GstStructure * structure, const char *name, const GArray * array,
    GType type, void (*set) (GValue *, T))
{
  GValue values = G_VALUE_INIT;

  g_value_init (&values, GST_TYPE_ARRAY);
  for (guint i = 0; i < array->len; i++) {
    GValue value = G_VALUE_INIT;
    g_value_init (&value, type);
    set (&value, reinterpret_cast<const T *> (array->data)[i]);
    gst_value_array_append_and_take_value (&values, &value);
  }
  gst_structure_take_value (structure, name, &values);
}

template <typename T>
GArray *
get_array (const GstStructure * structure, const char *name, GType type,
    T (*get) (const GValue *))
{
  const GValue *values = gst_structure_get_value (structure, name);

  if (values == nullptr || !GST_VALUE_HOLDS_ARRAY (values))
    return nullptr;
  GArray *array = g_array_new (FALSE, FALSE, sizeof (T));
  for (guint i = 0; i < gst_value_array_get_size (values); i++) {
    const GValue *value = gst_value_array_get_value (values, i);
    if (!G_VALUE_HOLDS (value, type))
      continue;
    const T element = get (value);
    g_array_append_val (array, element);
  }
  return array;
}

void
set_field (GstStructure * s, const void *self, const Field & field)
{
  switch (field.kind) {
    case Kind::string:
      if (const gchar *text = member<gchar *> (self, field))
        gst_structure_set (s, field.name, G_TYPE_STRING, text, nullptr);
      break;
    case Kind::boolean:
      gst_structure_set (s, field.name, G_TYPE_BOOLEAN,
          member<gboolean> (self, field), nullptr);
      break;
    case Kind::integer:
      gst_structure_set (s, field.name, G_TYPE_INT, member<gint> (self, field),
          nullptr);
      break;
    case Kind::unsigned_integer:
      gst_structure_set (s, field.name, G_TYPE_UINT,
          member<guint> (self, field), nullptr);
      break;
    case Kind::count:
      gst_structure_set (s, field.name, G_TYPE_UINT64,
          member<guint64> (self, field), nullptr);
      break;
    case Kind::time:
      if (GST_CLOCK_TIME_IS_VALID (member<GstClockTime> (self, field)))
        gst_structure_set (s, field.name, GST_TYPE_CLOCK_TIME,
            member<GstClockTime> (self, field), nullptr);
      break;
    case Kind::number:
      /* ±infinity (a level in silence) is no number one can calculate with
       * either, and JSON cannot hold it */
      if (std::isfinite (member<gdouble> (self, field)))
        gst_structure_set (s, field.name, G_TYPE_DOUBLE,
            member<gdouble> (self, field), nullptr);
      break;
    case Kind::number_array:
      if (const GArray *array = member<GArray *> (self, field))
        set_array<gdouble> (s, field.name, array, G_TYPE_DOUBLE,
            g_value_set_double);
      break;
    case Kind::time_array:
      if (const GArray *array = member<GArray *> (self, field))
        set_array<guint64> (s, field.name, array, G_TYPE_UINT64,
            g_value_set_uint64);
      break;
  }
}

/* A field that is absent, or of another type, leaves the member unset. */
void
get_field (const GstStructure * s, void *self, const Field & field)
{
  switch (field.kind) {
    case Kind::string:
      member<gchar *> (self, field) =
          g_strdup (gst_structure_get_string (s, field.name));
      break;
    case Kind::boolean:
      gst_structure_get_boolean (s, field.name, &member<gboolean> (self, field));
      break;
    case Kind::integer:
      gst_structure_get_int (s, field.name, &member<gint> (self, field));
      break;
    case Kind::unsigned_integer:
      gst_structure_get_uint (s, field.name, &member<guint> (self, field));
      break;
    case Kind::count:
      gst_structure_get_uint64 (s, field.name, &member<guint64> (self, field));
      break;
    case Kind::time:
      gst_structure_get_uint64 (s, field.name,
          &member<GstClockTime> (self, field));
      break;
    case Kind::number:
      gst_structure_get_double (s, field.name, &member<gdouble> (self, field));
      break;
    case Kind::number_array:
      member<GArray *> (self, field) = get_array<gdouble> (s, field.name,
          G_TYPE_DOUBLE, g_value_get_double);
      break;
    case Kind::time_array:
      member<GArray *> (self, field) = get_array<guint64> (s, field.name,
          G_TYPE_UINT64, g_value_get_uint64);
      break;
  }
}

GstStructure *
build (const void *self, const char *name, Fields fields)
{
  GstStructure *structure = gst_structure_new_empty (name);
  for (const Field & field : fields)
    set_field (structure, self, field);
  return structure;
}

void
parse (const GstStructure * structure, void *self, Fields fields)
{
  for (const Field & field : fields)
    get_field (structure, self, field);
}

}

/* The functions every message structure has. */
#define DEFINE_MESSAGE(Type, prefix, fields)                                  \
  G_DEFINE_BOXED_TYPE (Type, gst_genaudio_##prefix,                           \
      gst_genaudio_##prefix##_copy, gst_genaudio_##prefix##_free)             \
  Type *                                                                      \
  gst_genaudio_##prefix##_new (void)                                          \
  {                                                                           \
    Type *self = g_new0 (Type, 1);                                            \
    reset (self, fields);                                                     \
    return self;                                                              \
  }                                                                           \
  Type *                                                                      \
  gst_genaudio_##prefix##_copy (const Type * self)                            \
  {                                                                           \
    g_return_val_if_fail (self != nullptr, nullptr);                          \
    Type *copy = static_cast<Type *> (g_memdup2 (self, sizeof (Type)));       \
    deepen (copy, fields);                                                    \
    return copy;                                                              \
  }                                                                           \
  void                                                                        \
  gst_genaudio_##prefix##_free (Type * self)                                  \
  {                                                                           \
    if (self == nullptr)                                                      \
      return;                                                                 \
    clear (self, fields);                                                     \
    g_free (self);                                                            \
  }                                                                           \
  Type *                                                                      \
  gst_genaudio_##prefix##_from_structure (const GstStructure * structure)     \
  {                                                                           \
    g_return_val_if_fail (structure != nullptr, nullptr);                     \
    Type *self = gst_genaudio_##prefix##_new ();                              \
    parse (structure, self, fields);                                          \
    return self;                                                              \
  }

DEFINE_MESSAGE (GstGenAudioTensor, tensor, tensor_fields)
DEFINE_MESSAGE (GstGenAudioLevel, level, level_fields)
DEFINE_MESSAGE (GstGenAudioLoudnessReport, loudness_report, loudness_fields)
DEFINE_MESSAGE (GstGenAudioAnalysis, analysis, analysis_fields)
DEFINE_MESSAGE (GstGenAudioFragment, fragment, fragment_fields)

/**
 * gst_genaudio_tensor_to_structure:
 * @self: what is known of a tensor
 *
 * Returns: (transfer full): the structure of its message
 */
GstStructure *
gst_genaudio_tensor_to_structure (const GstGenAudioTensor * self)
{
  g_return_val_if_fail (self != nullptr, nullptr);
  return build (self, GST_GENAUDIO_MESSAGE_TENSOR, tensor_fields);
}

/**
 * gst_genaudio_level_to_structure:
 * @self: levels of an interval
 *
 * Unlike elsewhere, silence is a number here, -inf, as in `ebur128level`.
 *
 * Returns: (transfer full): the structure of its message
 */
GstStructure *
gst_genaudio_level_to_structure (const GstGenAudioLevel * self)
{
  g_return_val_if_fail (self != nullptr, nullptr);

  GstStructure *structure =
      build (self, GST_GENAUDIO_MESSAGE_LEVEL, level_fields);
  for (const Field & field : level_fields) {
    if (field.kind == Kind::number && std::isinf (member<gdouble> (self, field)))
      gst_structure_set (structure, field.name, G_TYPE_DOUBLE,
          member<gdouble> (self, field), nullptr);
  }
  return structure;
}

/**
 * gst_genaudio_loudness_report_to_structure:
 * @self: what was done to an item
 *
 * Returns: (transfer full): the structure of its message
 */
GstStructure *
gst_genaudio_loudness_report_to_structure (const GstGenAudioLoudnessReport *
    self)
{
  g_return_val_if_fail (self != nullptr, nullptr);
  return build (self, GST_GENAUDIO_MESSAGE_LOUDNESS, loudness_fields);
}

/**
 * gst_genaudio_analysis_to_structure:
 * @self: analysis of an item
 *
 * Returns: (transfer full): the structure of its message
 */
GstStructure *
gst_genaudio_analysis_to_structure (const GstGenAudioAnalysis * self)
{
  g_return_val_if_fail (self != nullptr, nullptr);
  return build (self, GST_GENAUDIO_MESSAGE_ANALYSIS, analysis_fields);
}

/**
 * gst_genaudio_fragment_to_structure:
 * @self: a file of the sink's
 * @name: %GST_GENAUDIO_MESSAGE_FRAGMENT_OPENED or
 *     %GST_GENAUDIO_MESSAGE_FRAGMENT_CLOSED
 *
 * Returns: (transfer full): the structure of its message
 */
GstStructure *
gst_genaudio_fragment_to_structure (const GstGenAudioFragment * self,
    const gchar * name)
{
  g_return_val_if_fail (self != nullptr && name != nullptr, nullptr);

  const Fields fields = fragment_fields;
  const bool opened =
      g_str_equal (name, GST_GENAUDIO_MESSAGE_FRAGMENT_OPENED);
  return build (self, name, opened ? fields.first (n_opened_fields) : fields);
}

/**
 * gst_genaudio_message_has_name:
 * @message: any message
 * @name: one of the names of element messages
 *
 * Returns: %TRUE if @message is an element message of that name
 */
gboolean
gst_genaudio_message_has_name (GstMessage * message, const gchar * name)
{
  g_return_val_if_fail (GST_IS_MESSAGE (message) && name != nullptr, FALSE);

  return GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT
      && gst_message_has_name (message, name);
}
