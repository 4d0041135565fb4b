/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The JSON form of an item's result, the same in sidecars, in the command's
 * --json and in Python. One table of keys serves writing and reading. What is
 * not known is null: NaN and infinity are not JSON. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-result.h"

#include <json-glib/json-glib.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <utility>

namespace {

using Result = GstGenAudioResult;

/* A key and the member it stands for, whichever of the four kinds it is.
 * Members of reports may be asked for only where the reports are there. */
struct Key
{
  const char *name;
  gchar **(*text) (Result & self);
  gdouble *(*number) (Result & self);
  gint *(*integer) (Result & self);
  guint64 *(*count) (Result & self);
};

#define TEXT(key, member) \
  {key, [] (Result & self) { return &self.member; }, nullptr, nullptr, nullptr}
#define NUMBER(key, member) \
  {key, nullptr, [] (Result & self) { return &self.member; }, nullptr, nullptr}
#define INTEGER(key, member) \
  {key, nullptr, nullptr, [] (Result & self) { return &self.member; }, nullptr}
#define COUNT(key, member) \
  {key, nullptr, nullptr, nullptr, [] (Result & self) { return &self.member; }}
/* Written and read by functions of their own */
#define SPECIAL(key) {key, nullptr, nullptr, nullptr, nullptr}

const Key keys[] = {
  TEXT ("job_id", job_id),
  TEXT ("path", path),
  TEXT ("location", location),
  TEXT ("start", start),
  SPECIAL ("duration_seconds"),
  INTEGER ("sample_rate", rate),
  INTEGER ("channels", channels),
  COUNT ("frames", frames),
  COUNT ("file_size_bytes", bytes),
  TEXT ("format", format),
  TEXT ("bit_depth", bit_depth),
  NUMBER ("bpm", analysis->bpm),
  NUMBER ("bpm_alternative", analysis->bpm_alternative),
  NUMBER ("bpm_confidence", analysis->bpm_confidence),
  SPECIAL ("beats"),
  TEXT ("key", analysis->musical_key),
  TEXT ("key_alternative", analysis->key_alternative),
  NUMBER ("key_confidence", analysis->key_confidence),
  NUMBER ("tuning_hz", analysis->tuning),
  NUMBER ("peak_amplitude", analysis->peak_amplitude),
  NUMBER ("rms_energy", analysis->rms_energy),
  NUMBER ("dynamic_range_db", analysis->dynamic_range),
  NUMBER ("integrated_loudness_lufs", loudness->output.integrated_loudness),
  NUMBER ("loudness_range_lu", loudness->output.loudness_range),
  NUMBER ("true_peak_dbtp", loudness->output.max_true_peak),
  NUMBER ("max_momentary_lufs", loudness->output.max_momentary_loudness),
  NUMBER ("max_shortterm_lufs", loudness->output.max_shortterm_loudness),
  NUMBER ("input_integrated_loudness_lufs", loudness->input.integrated_loudness),
  NUMBER ("input_true_peak_dbtp", loudness->input.max_true_peak),
  NUMBER ("gain_db", loudness->gain),
  TEXT ("method", loudness->method),
  NUMBER ("target_lufs", loudness->loudness_target),
  SPECIAL ("metadata"),
  SPECIAL ("status"),
  SPECIAL ("error"),
  SPECIAL ("schema"),
};

#undef TEXT
#undef NUMBER
#undef INTEGER
#undef COUNT
#undef SPECIAL

struct ReportDeleter
{
  void operator() (GstGenAudioLoudnessReport * report)
  {
    gst_genaudio_loudness_report_free (report);
  }
  void operator() (GstGenAudioAnalysis * report)
  {
    gst_genaudio_analysis_free (report);
  }
};

template <typename T>
using Report = std::unique_ptr<T, ReportDeleter>;

/* Paths need not be UTF-8; JSON must be. */
void
add_text (JsonBuilder * builder, const gchar * text)
{
  if (text == nullptr) {
    json_builder_add_null_value (builder);
    return;
  }
  gchar *valid = g_utf8_make_valid (text, -1);
  json_builder_add_string_value (builder, valid);
  g_free (valid);
}

void
add_number (JsonBuilder * builder, gdouble number)
{
  if (std::isfinite (number))
    json_builder_add_double_value (builder, number);
  else
    json_builder_add_null_value (builder);
}

void
add_seconds (JsonBuilder * builder, GstClockTime time)
{
  add_number (builder, GST_CLOCK_TIME_IS_VALID (time)
      ? static_cast<gdouble> (time) / GST_SECOND : NAN);
}

/* A count of 0 is knowledge only of an item whose extent is known. */
void
add_count (JsonBuilder * builder, guint64 count, bool known)
{
  if (count > 0 || known)
    json_builder_add_int_value (builder, static_cast<gint64> (count));
  else
    json_builder_add_null_value (builder);
}

void
add_beats (JsonBuilder * builder, const GArray * beats)
{
  if (beats == nullptr) {
    json_builder_add_null_value (builder);
    return;
  }
  json_builder_begin_array (builder);
  for (guint i = 0; i < beats->len; i++)
    add_seconds (builder, g_array_index (beats, guint64, i));
  json_builder_end_array (builder);
}

void
add_metadata (JsonBuilder * builder, const GstStructure * metadata)
{
  if (metadata == nullptr) {
    json_builder_add_null_value (builder);
    return;
  }
  json_builder_begin_object (builder);
  for (gint i = 0; i < gst_structure_n_fields (metadata); i++) {
    const gchar *name = gst_structure_nth_field_name (metadata, i);
    if (const gchar *value = gst_structure_get_string (metadata, name)) {
      json_builder_set_member_name (builder, name);
      add_text (builder, value);
    }
  }
  json_builder_end_object (builder);
}

const gchar *
status_nick (GstGenAudioStatus status)
{
  if (status == GST_GENAUDIO_STATUS_NONE)
    return nullptr;
  auto *type = static_cast<GEnumClass *> (
      g_type_class_ref (GST_TYPE_GENAUDIO_STATUS));
  const GEnumValue *value = g_enum_get_value (type, status);
  g_type_class_unref (type);
  return value != nullptr ? value->value_nick : nullptr;
}

void
add_special (JsonBuilder * builder, const Result & self, const char *name)
{
  if (g_str_equal (name, "duration_seconds"))
    add_seconds (builder, self.duration);
  else if (g_str_equal (name, "beats"))
    add_beats (builder, self.analysis->beats);
  else if (g_str_equal (name, "metadata"))
    add_metadata (builder, self.metadata);
  else if (g_str_equal (name, "status"))
    add_text (builder, status_nick (self.status));
  else if (g_str_equal (name, "error"))
    add_text (builder, self.error != nullptr ? self.error->message : nullptr);
  else
    json_builder_add_int_value (builder, GST_GENAUDIO_RESULT_SCHEMA);
}

void
add_key (JsonBuilder * builder, Result & self, const Key & key)
{
  json_builder_set_member_name (builder, key.name);
  if (key.text != nullptr)
    add_text (builder, *key.text (self));
  else if (key.number != nullptr)
    add_number (builder, *key.number (self));
  else if (key.integer != nullptr)
    add_count (builder, *key.integer (self), false);
  else if (key.count != nullptr)
    add_count (builder, *key.count (self),
        key.count (self) == &self.frames
        && GST_CLOCK_TIME_IS_VALID (self.duration));
  else
    add_special (builder, self, key.name);
}

/* What a reader complains with. */
struct Unreadable
{
  const char *key;
  const char *expected;
};

gdouble
read_number (JsonNode * node, const char *key)
{
  if (!JSON_NODE_HOLDS_VALUE (node)
      || (json_node_get_value_type (node) != G_TYPE_DOUBLE
          && json_node_get_value_type (node) != G_TYPE_INT64))
    throw Unreadable {key, "a number"};
  return json_node_get_double (node);
}

guint64
read_count (JsonNode * node, const char *key, gint64 maximum)
{
  if (!JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_INT64
      || json_node_get_int (node) < 0 || json_node_get_int (node) > maximum)
    throw Unreadable {key, "a count"};
  return static_cast<guint64> (json_node_get_int (node));
}

const gchar *
read_text (JsonNode * node, const char *key)
{
  if (!JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_STRING)
    throw Unreadable {key, "a string"};
  return json_node_get_string (node);
}

GstClockTime
read_seconds (JsonNode * node, const char *key)
{
  const gdouble seconds = read_number (node, key);

  if (!(seconds >= 0 && seconds < 1e9))
    throw Unreadable {key, "a time in seconds"};
  return static_cast<GstClockTime> (std::llround (seconds * GST_SECOND));
}

void
read_beats (Result & self, JsonNode * node)
{
  if (!JSON_NODE_HOLDS_ARRAY (node))
    throw Unreadable {"beats", "an array"};
  JsonArray *array = json_node_get_array (node);
  self.analysis->beats = g_array_new (FALSE, FALSE, sizeof (guint64));
  for (guint i = 0; i < json_array_get_length (array); i++) {
    const guint64 beat =
        read_seconds (json_array_get_element (array, i), "beats");
    g_array_append_val (self.analysis->beats, beat);
  }
}

void
read_metadata (Result & self, JsonNode * node)
{
  JsonObjectIter iter;
  const gchar *name = nullptr;
  JsonNode *value = nullptr;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    throw Unreadable {"metadata", "an object of strings"};
  self.metadata = gst_structure_new_empty ("metadata");
  json_object_iter_init (&iter, json_node_get_object (node));
  while (json_object_iter_next (&iter, &name, &value))
    gst_structure_set (self.metadata, name, G_TYPE_STRING,
        read_text (value, "metadata"), nullptr);
}

void
read_status (Result & self, JsonNode * node)
{
  const gchar *nick = read_text (node, "status");
  auto *type = static_cast<GEnumClass *> (
      g_type_class_ref (GST_TYPE_GENAUDIO_STATUS));
  const GEnumValue *value = g_enum_get_value_by_nick (type, nick);

  g_type_class_unref (type);
  if (value == nullptr)
    throw Unreadable {"status", "published, skipped or failed"};
  self.status = static_cast<GstGenAudioStatus> (value->value);
}

void
read_special (Result & self, JsonNode * node, const char *name)
{
  if (g_str_equal (name, "duration_seconds"))
    self.duration = read_seconds (node, name);
  else if (g_str_equal (name, "beats"))
    read_beats (self, node);
  else if (g_str_equal (name, "metadata"))
    read_metadata (self, node);
  else if (g_str_equal (name, "status"))
    read_status (self, node);
  else if (g_str_equal (name, "error"))
    self.error = g_error_new_literal (GST_CORE_ERROR, GST_CORE_ERROR_FAILED,
        read_text (node, name));
  else if (read_count (node, name, G_MAXINT) > GST_GENAUDIO_RESULT_SCHEMA)
    throw Unreadable {name, "one that this version knows"};
}

/* Returns whether there was something to read. */
bool
read_key (Result & self, JsonObject * object, const Key & key)
{
  JsonNode *node = json_object_get_member (object, key.name);

  if (node == nullptr || JSON_NODE_HOLDS_NULL (node))
    return false;
  if (key.text != nullptr)
    *key.text (self) = g_strdup (read_text (node, key.name));
  else if (key.number != nullptr)
    *key.number (self) = read_number (node, key.name);
  else if (key.integer != nullptr)
    *key.integer (self) =
        static_cast<gint> (read_count (node, key.name, G_MAXINT));
  else if (key.count != nullptr)
    *key.count (self) = read_count (node, key.name, G_MAXINT64);
  else
    read_special (self, node, key.name);
  return true;
}

bool
is_of_report (Result & self, const Key & key, const void *report,
    std::size_t size)
{
  const char *member = nullptr;
  const auto *begin = static_cast<const char *> (report);

  if (key.text != nullptr)
    member = reinterpret_cast<const char *> (key.text (self));
  else if (key.number != nullptr)
    member = reinterpret_cast<const char *> (key.number (self));
  return member >= begin && member < begin + size;
}

/* Reports of which nothing was said do not exist. */
void
read_object (Result & self, JsonObject * object)
{
  bool has_loudness = false;
  bool has_analysis = false;

  self.loudness = gst_genaudio_loudness_report_new ();
  self.analysis = gst_genaudio_analysis_new ();
  self.analysis->final = TRUE;
  for (const Key & key : keys) {
    if (!read_key (self, object, key))
      continue;
    if (is_of_report (self, key, self.loudness, sizeof (*self.loudness)))
      has_loudness = true;
    else if (is_of_report (self, key, self.analysis, sizeof (*self.analysis))
        || g_str_equal (key.name, "beats"))
      has_analysis = true;
  }
  if (!has_loudness)
    g_clear_pointer (&self.loudness, gst_genaudio_loudness_report_free);
  if (!has_analysis)
    g_clear_pointer (&self.analysis, gst_genaudio_analysis_free);
}

/* Parses @text and hands its root to @read, whose complaints become @error. */
template <typename Read>
bool
read_text_with (const gchar * text, GError ** error, Read read)
{
  JsonParser *parser = json_parser_new_immutable ();
  bool ok = json_parser_load_from_data (parser, text, -1, error);

  if (ok) {
    try {
      JsonNode *root = json_parser_get_root (parser);
      if (root == nullptr)
        throw Unreadable {"(top level)", "there"};
      read (root);
    } catch (const Unreadable & fault) {
      g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
          "The value of \"%s\" is not %s", fault.key, fault.expected);
      ok = false;
    }
  }
  g_object_unref (parser);
  return ok;
}

}

/**
 * gst_genaudio_result_to_json:
 * @self: a result
 *
 * Writes a result as one JSON object on one line, with every key there is:
 * `job_id`, `path`, `location`, `start`, `duration_seconds`, `sample_rate`,
 * `channels`, `frames`, `file_size_bytes`, `format`, `bit_depth`, `bpm`,
 * `bpm_alternative`, `bpm_confidence`, `beats` (seconds), `key`,
 * `key_alternative`, `key_confidence`, `tuning_hz`, `peak_amplitude`,
 * `rms_energy`, `dynamic_range_db`, `integrated_loudness_lufs`,
 * `loudness_range_lu`, `true_peak_dbtp`, `max_momentary_lufs`,
 * `max_shortterm_lufs`, `input_integrated_loudness_lufs`,
 * `input_true_peak_dbtp`, `gain_db`, `method`, `target_lufs`, `metadata`
 * (object), `status`, `error`, `schema`. What is not known is null.
 *
 * Returns: (transfer full): the text, without a line end
 */
gchar *
gst_genaudio_result_to_json (const GstGenAudioResult * self)
{
  g_return_val_if_fail (self != nullptr, nullptr);

  /* so that every member of the table can be asked for */
  Result whole = *self;
  Report<GstGenAudioLoudnessReport> no_loudness;
  Report<GstGenAudioAnalysis> no_analysis;
  if (whole.loudness == nullptr) {
    no_loudness.reset (gst_genaudio_loudness_report_new ());
    whole.loudness = no_loudness.get ();
  }
  if (whole.analysis == nullptr) {
    no_analysis.reset (gst_genaudio_analysis_new ());
    whole.analysis = no_analysis.get ();
  }

  JsonBuilder *builder = json_builder_new ();
  json_builder_begin_object (builder);
  for (const Key & key : keys)
    add_key (builder, whole, key);
  json_builder_end_object (builder);
  JsonNode *root = json_builder_get_root (builder);
  gchar *text = json_to_string (root, FALSE);
  json_node_unref (root);
  g_object_unref (builder);
  return text;
}

/**
 * gst_genaudio_result_from_json:
 * @text: a JSON object, such as the text of a sidecar
 * @error: return location for an error: json-glib's, or
 *     %GST_STREAM_ERROR_FORMAT where a key has a value of the wrong kind
 *
 * Reads what gst_genaudio_result_to_json() writes. Keys that are missing or
 * null are unknown, and other keys than its own are passed over.
 *
 * Returns: (transfer full) (nullable): the result
 */
GstGenAudioResult *
gst_genaudio_result_from_json (const gchar * text, GError ** error)
{
  g_return_val_if_fail (text != nullptr, nullptr);

  GstGenAudioResult *self = gst_genaudio_result_new ();
  const bool ok = read_text_with (text, error, [self] (JsonNode * root) {
    if (!JSON_NODE_HOLDS_OBJECT (root))
      throw Unreadable {"(top level)", "an object"};
    read_object (*self, json_node_get_object (root));
  });
  if (!ok)
    g_clear_pointer (&self, gst_genaudio_result_free);
  return self;
}

/**
 * gst_genaudio_metadata_from_json:
 * @text: a JSON object of strings
 * @error: return location for an error, as gst_genaudio_result_from_json()
 *
 * Returns: (transfer full) (nullable): the metadata, a structure of strings
 */
GstStructure *
gst_genaudio_metadata_from_json (const gchar * text, GError ** error)
{
  g_return_val_if_fail (text != nullptr, nullptr);

  GstGenAudioResult *holder = gst_genaudio_result_new ();
  const bool ok = read_text_with (text, error, [holder] (JsonNode * root) {
    read_metadata (*holder, root);
  });
  GstStructure *metadata =
      ok ? std::exchange (holder->metadata, nullptr) : nullptr;
  gst_genaudio_result_free (holder);
  return metadata;
}
