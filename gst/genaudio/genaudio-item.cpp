/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Items: the two events between elements, job ids and free metadata. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-item.h"
#include "genaudio-tags.h"

#include <cstring>
#include <string>

namespace {

/* Names that a share mounted from Windows could not hold. */
const char *const reserved_names[] = {
  "CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6",
  "COM7", "COM8", "COM9", "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6",
  "LPT7", "LPT8", "LPT9",
};

/* A name holds 255 bytes; the rest is for the suffix of a rotated or numbered
 * file, its extension, and what the hidden part adds. */
constexpr gsize max_job_id_bytes = 200;

bool
is_reserved (const char *job_id)
{
  const gsize stem = strcspn (job_id, ".");
  for (const char *name : reserved_names) {
    if (strlen (name) == stem && g_ascii_strncasecmp (name, job_id, stem) == 0)
      return true;
  }
  return false;
}

/* Why @job_id cannot be a file's name, or nullptr. */
const char *
find_fault (const char *job_id)
{
  const gsize length = strlen (job_id);

  if (length == 0)
    return "is empty";
  if (length > max_job_id_bytes)
    return "is longer than 200 bytes";
  if (!g_utf8_validate (job_id, -1, nullptr))
    return "is not valid UTF-8";
  if (job_id[0] == '.')
    return "begins with a dot";
  if (job_id[0] == '-')
    return "begins with a dash";
  if (job_id[length - 1] == '.' || g_ascii_isspace (job_id[length - 1]))
    return "ends with a dot or a space";
  for (const char *at = job_id; *at != '\0'; at = g_utf8_next_char (at)) {
    const gunichar c = g_utf8_get_char (at);
    if (c == '/' || c == '\\')
      return "contains a path separator";
    if (g_unichar_iscntrl (c))
      return "contains a control character";
  }
  if (is_reserved (job_id))
    return "is a reserved device name";
  return nullptr;
}

/* Keys of metadata are free text, but a serialised structure can only carry
 * letters, digits and _-./: in the name of a field. Every other byte becomes
 * +HH, its value in hexadecimal; an empty key becomes a plus alone. */
bool
is_plain (char c)
{
  return g_ascii_isalnum (c) || (c != '\0' && strchr ("_-./:", c) != nullptr);
}

std::string
escape_key (const char *key)
{
  constexpr char digits[] = "0123456789ABCDEF";
  std::string escaped;

  if (*key == '\0')
    return "+";
  for (; *key != '\0'; key++) {
    const auto byte = static_cast<unsigned char> (*key);
    if (is_plain (*key))
      escaped += *key;
    else
      escaped += {'+', digits[byte >> 4], digits[byte & 15]};
  }
  return escaped;
}

/* What is no escape stays as it is. The bytes of a hostile text need not be
 * UTF-8 once they are unescaped. */
std::string
unescape_key (const char *key)
{
  std::string plain;

  if (strcmp (key, "+") == 0)
    return "";
  while (*key != '\0') {
    const int high = *key == '+' ? g_ascii_xdigit_value (key[1]) : -1;
    const int low = high >= 0 ? g_ascii_xdigit_value (key[2]) : -1;
    if (low >= 0 && high + low > 0) {
      plain += static_cast<char> (high << 4 | low);
      key += 3;
    } else {
      plain += *key++;
    }
  }
  gchar *valid = g_utf8_make_valid (plain.c_str (), -1);
  plain = valid;
  g_free (valid);
  return plain;
}

GstStructure *
rename_fields (const GstStructure * structure,
    std::string (*rename) (const char *))
{
  GstStructure *renamed =
      gst_structure_new_empty (gst_structure_get_name (structure));

  for (gint i = 0; i < gst_structure_n_fields (structure); i++) {
    const gchar *name = gst_structure_nth_field_name (structure, i);
    gst_structure_set_value (renamed, rename (name).c_str (),
        gst_structure_get_value (structure, name));
  }
  return renamed;
}

bool
event_has_name (GstEvent * event, const char *name)
{
  return GST_EVENT_TYPE (event) == GST_EVENT_CUSTOM_DOWNSTREAM
      && gst_event_has_name (event, name);
}

}

/**
 * gst_genaudio_event_new_item_result:
 * @result: an element's item message
 *
 * Returns: (transfer full): the event that carries a copy of @result
 */
GstEvent *
gst_genaudio_event_new_item_result (const GstStructure * result)
{
  g_return_val_if_fail (result != nullptr, nullptr);

  return gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
      gst_structure_new (GST_GENAUDIO_EVENT_ITEM_RESULT,
          "result", GST_TYPE_STRUCTURE, result, nullptr));
}

/**
 * gst_genaudio_event_parse_item_result:
 * @event: any event
 * @result: (out) (optional) (transfer none): the item message in it
 *
 * Returns: %TRUE if @event is an item result
 */
gboolean
gst_genaudio_event_parse_item_result (GstEvent * event,
    const GstStructure ** result)
{
  g_return_val_if_fail (GST_IS_EVENT (event), FALSE);

  if (!event_has_name (event, GST_GENAUDIO_EVENT_ITEM_RESULT))
    return FALSE;
  const GValue *value =
      gst_structure_get_value (gst_event_get_structure (event), "result");
  if (value == nullptr || !GST_VALUE_HOLDS_STRUCTURE (value))
    return FALSE;
  if (result != nullptr)
    *result = gst_value_get_structure (value);
  return TRUE;
}

/**
 * gst_genaudio_event_new_item_abort:
 * @job_id: (nullable): the item's job id, if it is known
 * @reason: why it failed, for people
 *
 * Returns: (transfer full): the event
 */
GstEvent *
gst_genaudio_event_new_item_abort (const gchar * job_id, const gchar * reason)
{
  g_return_val_if_fail (reason != nullptr, nullptr);

  return gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
      gst_structure_new (GST_GENAUDIO_EVENT_ITEM_ABORT,
          "job-id", G_TYPE_STRING, job_id,
          "reason", G_TYPE_STRING, reason, nullptr));
}

/**
 * gst_genaudio_event_parse_item_abort:
 * @event: any event
 * @job_id: (out) (optional) (nullable) (transfer none): the item's job id
 * @reason: (out) (optional) (transfer none): why it failed
 *
 * Returns: %TRUE if @event is an item abort
 */
gboolean
gst_genaudio_event_parse_item_abort (GstEvent * event, const gchar ** job_id,
    const gchar ** reason)
{
  g_return_val_if_fail (GST_IS_EVENT (event), FALSE);

  if (!event_has_name (event, GST_GENAUDIO_EVENT_ITEM_ABORT))
    return FALSE;
  const GstStructure *s = gst_event_get_structure (event);
  if (job_id != nullptr)
    *job_id = gst_structure_get_string (s, "job-id");
  if (reason != nullptr)
    *reason = gst_structure_get_string (s, "reason");
  return TRUE;
}

/**
 * gst_genaudio_job_id_validate:
 * @job_id: a job id
 * @error: return location for a %GST_RESOURCE_ERROR_SETTINGS
 *
 * Tells whether @job_id can be the stem of a file's name on every file
 * system: 1 to 200 bytes of UTF-8, no separator, no control character, no
 * leading dot or dash, no trailing dot or space, no device name. Nothing is
 * ever replaced, since two ids could then become one.
 *
 * Returns: %TRUE if it can
 */
gboolean
gst_genaudio_job_id_validate (const gchar * job_id, GError ** error)
{
  g_return_val_if_fail (job_id != nullptr, FALSE);

  const char *fault = find_fault (job_id);
  if (fault == nullptr)
    return TRUE;

  gchar *shown = g_strescape (job_id, nullptr);
  g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "Job id \"%s\" %s", shown, fault);
  g_free (shown);
  return FALSE;
}

/**
 * gst_genaudio_job_id_generate:
 *
 * Makes a job id that sorts by the time it was made (UTC, to the millisecond)
 * and is unique by 64 random bits.
 *
 * Returns: (transfer full): the job id
 */
gchar *
gst_genaudio_job_id_generate (void)
{
  GDateTime *now = g_date_time_new_now_utc ();
  gchar *time = g_date_time_format (now, "%Y%m%dT%H%M%S");
  gchar *uuid = g_uuid_string_random ();
  gchar *id = g_strdup_printf ("%s%03dZ-%.8s%.4s%.4s", time,
      g_date_time_get_microsecond (now) / 1000, uuid, uuid + 9, uuid + 24);

  g_free (uuid);
  g_free (time);
  g_date_time_unref (now);
  return id;
}

/**
 * gst_genaudio_metadata_serialize:
 * @metadata: a structure whose fields are strings
 *
 * Names of fields may be any UTF-8 text; values too.
 *
 * Returns: (transfer full): the value of a %GST_GENAUDIO_TAG_METADATA tag
 */
gchar *
gst_genaudio_metadata_serialize (const GstStructure * metadata)
{
  g_return_val_if_fail (metadata != nullptr, nullptr);

  GstStructure *escaped = rename_fields (metadata, escape_key);
  gchar *text = gst_structure_to_string (escaped);
  gst_structure_free (escaped);
  return text;
}

/**
 * gst_genaudio_metadata_parse:
 * @text: value of a %GST_GENAUDIO_TAG_METADATA tag
 *
 * Returns: (transfer full) (nullable): the structure, or %NULL if @text is
 *     not one
 */
GstStructure *
gst_genaudio_metadata_parse (const gchar * text)
{
  g_return_val_if_fail (text != nullptr, nullptr);

  GstStructure *escaped = gst_structure_from_string (text, nullptr);
  if (escaped == nullptr)
    return nullptr;
  GstStructure *metadata = rename_fields (escaped, unescape_key);
  gst_structure_free (escaped);
  return metadata;
}

/**
 * gst_genaudio_item_handle_event:
 * @item: an item
 * @event: an event that reached the element
 *
 * Learns from STREAM_START (which begins a new item) and TAG; other events
 * change nothing. The event is not consumed.
 */
void
gst_genaudio_item_handle_event (GstGenAudioItem * item, GstEvent * event)
{
  g_return_if_fail (item != nullptr && GST_IS_EVENT (event));

  if (GST_EVENT_TYPE (event) == GST_EVENT_STREAM_START) {
    const gchar *stream_id;
    gst_event_parse_stream_start (event, &stream_id);
    gst_genaudio_item_clear (item);
    item->stream_id = g_strdup (stream_id);
  } else if (GST_EVENT_TYPE (event) == GST_EVENT_TAG) {
    GstTagList *tags;
    gchar *text;
    gst_event_parse_tag (event, &tags);
    if (gst_tag_list_get_string (tags, GST_GENAUDIO_TAG_JOB_ID, &text)) {
      g_free (item->job_id);
      item->job_id = text;
    }
    if (gst_tag_list_get_string (tags, GST_GENAUDIO_TAG_METADATA, &text)) {
      g_clear_pointer (&item->metadata, gst_structure_free);
      item->metadata = gst_genaudio_metadata_parse (text);
      g_free (text);
    }
  }
}

/**
 * gst_genaudio_item_get_job_id:
 * @item: an item
 *
 * Returns: (transfer none) (nullable): the job id of the item's tag, else the
 *     last part of its stream-id, else %NULL
 */
const gchar *
gst_genaudio_item_get_job_id (const GstGenAudioItem * item)
{
  g_return_val_if_fail (item != nullptr, nullptr);

  if (item->job_id != nullptr)
    return item->job_id;
  if (item->stream_id == nullptr)
    return nullptr;
  const char *slash = strrchr (item->stream_id, '/');
  return slash != nullptr ? slash + 1 : item->stream_id;
}

/**
 * gst_genaudio_item_clear:
 * @item: an item
 *
 * Forgets everything; the memory stays the caller's.
 */
void
gst_genaudio_item_clear (GstGenAudioItem * item)
{
  g_return_if_fail (item != nullptr);

  g_clear_pointer (&item->stream_id, g_free);
  g_clear_pointer (&item->job_id, g_free);
  g_clear_pointer (&item->metadata, gst_structure_free);
}
