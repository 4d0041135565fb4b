/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Where a file belongs: dates, templates and the grammar of names. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-files.hpp"
#include "genaudio-filing.h"
#include "genaudio-item.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>

namespace {

using std::string_view;

/* The hidden part adds a dot, `.json`, a random word and `.part` to a name of
 * at most 255 bytes; if-exists=suffix adds up to five. */
constexpr gsize max_name_bytes = 230;
constexpr gsize max_path_bytes = 2000;

const char *const audio_extensions[] = {
  "wav", "rf64", "bwf", "w64", "flac", "ogg", "oga", "opus", "mp3", "aiff",
  "aif", "aifc", "caf",
};

bool
is_digits (string_view text)
{
  return !text.empty () && std::all_of (text.begin (), text.end (),
      [] (char c) { return g_ascii_isdigit (c); });
}

/* Appends @value in at least @width digits. */
void
append_number (std::string & text, int value, int width)
{
  std::string digits = std::to_string (value);
  while ((int) digits.size () < width)
    digits.insert (digits.begin (), '0');
  text += digits;
}

std::string
offset_text (GDateTime * date)
{
  const gint64 minutes =
      g_date_time_get_utc_offset (date) / G_TIME_SPAN_MINUTE;
  const gint64 size = ABS (minutes);
  std::string text (1, minutes < 0 ? '-' : '+');

  append_number (text, size / 60, 2);
  append_number (text, size % 60, 2);
  return text;
}

struct Values
{
  const char *job_id;
  const char *suffix;
  GDateTime *date;
};

/* Appends the value of @field, or tells that there is no such field. */
bool
append_field (std::string & text, string_view field, const Values & values)
{
  GDateTime *date = values.date;

  if (field == "year")
    append_number (text, g_date_time_get_year (date), 4);
  else if (field == "month")
    append_number (text, g_date_time_get_month (date), 2);
  else if (field == "day")
    append_number (text, g_date_time_get_day_of_month (date), 2);
  else if (field == "hour")
    append_number (text, g_date_time_get_hour (date), 2);
  else if (field == "minute")
    append_number (text, g_date_time_get_minute (date), 2);
  else if (field == "second")
    append_number (text, g_date_time_get_second (date), 2);
  else if (field == "offset")
    text += offset_text (date);
  else if (field == "job")
    text += values.job_id;
  else if (field == "suffix")
    text += values.suffix;
  else
    return false;
  return true;
}

bool
fail_template (GError ** error, const char *location_template,
    const std::string & fault)
{
  gchar *shown = g_strescape (location_template, nullptr);
  g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "Location template \"%s\" %s", shown, fault.c_str ());
  g_free (shown);
  return false;
}

bool
expand_fields (const char *location_template, const Values & values,
    std::string & text, GError ** error)
{
  for (const char *at = location_template; *at != '\0'; at++) {
    if (*at == '}')
      return fail_template (error, location_template, "has a brace too many");
    if (*at != '{') {
      text += *at;
      continue;
    }
    const char *end = at + strcspn (at, "}");
    if (*end == '\0')
      return fail_template (error, location_template, "has an open brace");
    const string_view field (at + 1, end - at - 1);
    if (!append_field (text, field, values)) {
      gchar *shown = g_strescape (std::string (field).c_str (), nullptr);
      const std::string fault = std::string ("has the unknown field {")
          + shown + "}; there are year, month, day, hour, minute, second, "
          "offset, job and suffix";
      g_free (shown);
      return fail_template (error, location_template, fault);
    }
    at = end;
  }
  return true;
}

/* Why @component cannot be a folder or file, or nullptr. Together with the
 * absence of a leading slash this is what keeps every path under its base. */
const char *
find_component_fault (string_view component)
{
  if (component.empty ())
    return "makes an empty folder name";
  if (component.front () == '.')
    return "makes a name that begins with a dot";
  if (component.front () == '-')
    return "makes a name that begins with a dash";
  if (component.back () == '.' || g_ascii_isspace (component.back ()))
    return "makes a name that ends with a dot or a space";
  if (component.size () > max_name_bytes)
    return "makes a name of more than 230 bytes";
  return nullptr;
}

const char *
find_path_fault (const std::string & path)
{
  if (path.size () > max_path_bytes)
    return "makes a path of more than 2000 bytes";
  if (!g_utf8_validate (path.c_str (), path.size (), nullptr))
    return "is not valid UTF-8";
  for (const char *at = path.c_str (); *at != '\0'; at = g_utf8_next_char (at)) {
    if (*at == '\\' || g_unichar_iscntrl (g_utf8_get_char (at)))
      return "contains a backslash or a control character";
  }
  for (gsize begin = 0; begin <= path.size ();) {
    const gsize end = std::min (path.find ('/', begin), path.size ());
    const char *fault =
        find_component_fault (string_view (path).substr (begin, end - begin));
    if (fault != nullptr)
      return fault;
    begin = end + 1;
  }
  return nullptr;
}

/* Without its suffix a rotated file would take the name of the one before. */
const char *
find_missing_field (const char *location_template)
{
  const char *slash = strrchr (location_template, '/');
  const char *last = slash != nullptr ? slash + 1 : location_template;

  if (strstr (location_template, "{job}") == nullptr)
    return "lacks {job}";
  if (strstr (last, "{suffix}") == nullptr)
    return "lacks {suffix} in the file's name";
  return nullptr;
}

bool
is_extension (string_view extension)
{
  return !extension.empty () && extension.size () <= 8
      && std::all_of (extension.begin (), extension.end (),
      [] (char c) { return g_ascii_isalnum (c); });
}

bool
is_audio_extension (const char *extension)
{
  return std::any_of (std::begin (audio_extensions),
      std::end (audio_extensions), [extension] (const char *known) {
        return g_ascii_strcasecmp (extension, known) == 0;
      });
}

/* Removes `-HHMMSS+hhmm` from the front of @rest, if it is there. */
bool
skip_time_suffix (string_view & rest)
{
  constexpr gsize length = 12;

  if (rest.size () < length || rest[0] != '-'
      || !is_digits (rest.substr (1, 6))
      || (rest[7] != '+' && rest[7] != '-')
      || !is_digits (rest.substr (8, 4)))
    return false;
  rest.remove_prefix (length);
  return true;
}

/* Removes `-<digits>` from the front of @rest; returns how many digits. */
gsize
skip_number (string_view & rest)
{
  if (rest.empty () || rest[0] != '-')
    return 0;
  gsize count = 0;
  while (1 + count < rest.size () && g_ascii_isdigit (rest[1 + count]))
    count++;
  if (count > 0)
    rest.remove_prefix (1 + count);
  return count;
}

/* Exactly @count digits, then a slash. */
bool
read_folder (const char *&at, int count, gint & value)
{
  const string_view digits (at, strnlen (at, count));
  if ((int) digits.size () != count || !is_digits (digits) || at[count] != '/')
    return false;
  value = atoi (at);
  at += count + 1;
  return true;
}

}

namespace genaudio {

bool
is_store_name (const char *name)
{
  const char *dot = strrchr (name, '.');
  return dot != nullptr && dot != name && is_audio_extension (dot + 1)
      && *name != '.' && *name != '-' && strpbrk (name, "/\\") == nullptr
      && strlen (name) <= 255 && g_utf8_validate (name, -1, nullptr);
}

}

/**
 * gst_genaudio_filing_timezone_new:
 * @name: (nullable): `local`, `utc` or an IANA name such as `Europe/Berlin`;
 *     %NULL is `local`
 * @error: return location for a %GST_RESOURCE_ERROR_SETTINGS
 *
 * Returns: (transfer full) (nullable): the time zone
 */
GTimeZone *
gst_genaudio_filing_timezone_new (const gchar * name, GError ** error)
{
  if (name == nullptr || *name == '\0'
      || g_ascii_strcasecmp (name, "local") == 0)
    return g_time_zone_new_local ();
  if (g_ascii_strcasecmp (name, "utc") == 0)
    return g_time_zone_new_utc ();

  /* GLib opens what it is given below the folder of zones */
  GTimeZone *zone = nullptr;
  if (name[0] != '/' && strstr (name, "..") == nullptr)
    zone = g_time_zone_new_identifier (name);
  if (zone == nullptr) {
    gchar *shown = g_strescape (name, nullptr);
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "Time zone \"%s\" is unknown; expected local, utc or an IANA name",
        shown);
    g_free (shown);
  }
  return zone;
}

/**
 * gst_genaudio_filing_parse_date:
 * @text: an ISO 8601 date, or date and time
 * @zone: where @text says no offset, it is of this zone
 * @error: return location for a %GST_RESOURCE_ERROR_SETTINGS
 *
 * Reads `2025-11-07`, `2025-11-07T14:00:00` and `2025-11-07T14:00:00+01:00`;
 * a date alone is its noon, which exists in every zone.
 *
 * Returns: (transfer full) (nullable): the instant, in @zone
 */
GDateTime *
gst_genaudio_filing_parse_date (const gchar * text, GTimeZone * zone,
    GError ** error)
{
  g_return_val_if_fail (text != nullptr && zone != nullptr, nullptr);

  const bool only_date = strpbrk (text, "Tt ") == nullptr;
  gchar *full = g_strconcat (text, only_date ? "T12:00:00" : "", nullptr);
  GDateTime *date = g_date_time_new_from_iso8601 (full, zone);
  g_free (full);
  if (date == nullptr) {
    gchar *shown = g_strescape (text, nullptr);
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "Date \"%s\" is not one of ISO 8601, as 2025-11-07 or "
        "2025-11-07T14:00:00+01:00", shown);
    g_free (shown);
    return nullptr;
  }
  GDateTime *there = g_date_time_to_timezone (date, zone);
  g_date_time_unref (date);
  return there;
}

/**
 * gst_genaudio_filing_time_suffix:
 * @start: the wall clock at a file's first sample
 *
 * Returns: (transfer full): `-HHMMSS+hhmm`, the suffix of a file cut by
 *     rotation. The offset keeps the two hours apart that autumn gives the
 *     same name.
 */
gchar *
gst_genaudio_filing_time_suffix (GDateTime * start)
{
  g_return_val_if_fail (start != nullptr, nullptr);

  std::string text ("-");
  append_number (text, g_date_time_get_hour (start), 2);
  append_number (text, g_date_time_get_minute (start), 2);
  append_number (text, g_date_time_get_second (start), 2);
  text += offset_text (start);
  return g_strdup (text.c_str ());
}

/**
 * gst_genaudio_filing_check_template:
 * @location_template: a template of paths, without extension
 * @error: return location for a %GST_RESOURCE_ERROR_SETTINGS
 *
 * Tells whether @location_template can be expanded for any job id: known
 * fields, `{job}` somewhere, `{suffix}` in the last part, nothing that leaves
 * the base directory or hides a file.
 *
 * Returns: %TRUE if it can
 */
gboolean
gst_genaudio_filing_check_template (const gchar * location_template,
    GError ** error)
{
  g_return_val_if_fail (location_template != nullptr, FALSE);

  const char *missing = find_missing_field (location_template);
  if (missing != nullptr)
    return fail_template (error, location_template, missing);

  GDateTime *date = g_date_time_new_utc (2000, 1, 1, 0, 0, 0);
  gchar *path = gst_genaudio_filing_expand (location_template, "job", "",
      "wav", date, error);
  const gboolean ok = path != nullptr;
  g_free (path);
  g_date_time_unref (date);
  return ok;
}

/**
 * gst_genaudio_filing_template_is_dated:
 * @location_template: a template of paths
 *
 * Returns: %TRUE if its files lie in the folders `YYYY/MM/DD` that listings
 *     by date, statistics and clean-up look at
 */
gboolean
gst_genaudio_filing_template_is_dated (const gchar * location_template)
{
  const char *const folders = "{year}/{month}/{day}/";

  g_return_val_if_fail (location_template != nullptr, FALSE);

  return g_str_has_prefix (location_template, folders)
      && strchr (location_template + strlen (folders), '/') == nullptr;
}

/**
 * gst_genaudio_filing_expand:
 * @location_template: (nullable): a template of paths, %NULL for
 *     %GST_GENAUDIO_FILING_TEMPLATE
 * @job_id: the job id
 * @suffix: (nullable): what `{suffix}` becomes
 * @extension: the extension, with or without its dot
 * @date: the filing date, in the store's time zone
 * @error: return location for a %GST_RESOURCE_ERROR_SETTINGS
 *
 * Makes the path of a file, relative to the base directory. The fields are
 * `{year}`, `{month}`, `{day}`, `{hour}`, `{minute}`, `{second}`, `{offset}`
 * (as `+0100`), `{job}` and `{suffix}`. No job id, suffix or template makes a
 * path that leaves the base directory: that is an error.
 *
 * Returns: (transfer full) (nullable): the relative path
 */
gchar *
gst_genaudio_filing_expand (const gchar * location_template,
    const gchar * job_id, const gchar * suffix, const gchar * extension,
    GDateTime * date, GError ** error)
{
  g_return_val_if_fail (job_id != nullptr && extension != nullptr, nullptr);
  g_return_val_if_fail (date != nullptr, nullptr);

  if (location_template == nullptr)
    location_template = GST_GENAUDIO_FILING_TEMPLATE;
  if (!gst_genaudio_job_id_validate (job_id, error))
    return nullptr;
  if (suffix != nullptr && strchr (suffix, '/') != nullptr) {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "Suffix \"%s\" contains a path separator", suffix);
    return nullptr;
  }
  if (*extension == '.')
    extension++;
  if (!is_extension (extension)) {
    gchar *shown = g_strescape (extension, nullptr);
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "Extension \"%s\" is not one to eight letters and digits", shown);
    g_free (shown);
    return nullptr;
  }

  /* two spellings of one name would be two files */
  gchar *composed = g_utf8_normalize (job_id, -1, G_NORMALIZE_NFC);
  const Values values = { composed, suffix != nullptr ? suffix : "", date };
  std::string path;
  const char *fault = nullptr;
  bool ok = expand_fields (location_template, values, path, error);
  g_free (composed);
  if (ok) {
    path += '.';
    path += extension;
    fault = find_path_fault (path);
    ok = fault == nullptr || fail_template (error, location_template, fault);
  }
  return ok ? g_strdup (path.c_str ()) : nullptr;
}

/**
 * gst_genaudio_filing_parse:
 * @path: a path relative to the base directory
 * @filed: (out) (optional): what it says
 *
 * Recognises the store's own files: `YYYY/MM/DD/<name>.<ext>` of a date that
 * exists, a name that a job id and suffix can make, and an extension of
 * audio. Sidecars and parts are not files of the store but belong to one.
 *
 * Returns: %TRUE if @path is one
 */
gboolean
gst_genaudio_filing_parse (const gchar * path, GstGenAudioFiledName * filed)
{
  g_return_val_if_fail (path != nullptr, FALSE);

  GstGenAudioFiledName found;
  const char *at = path;
  if (!read_folder (at, 4, found.year) || !read_folder (at, 2, found.month)
      || !read_folder (at, 2, found.day) || found.year < 1
      || !g_date_valid_dmy (found.day, (GDateMonth) found.month, found.year))
    return FALSE;

  if (!genaudio::is_store_name (at))
    return FALSE;
  const char *dot = strrchr (at, '.');
  found.name = at;
  found.stem_length = dot - at;
  found.extension = dot + 1;
  if (filed != nullptr)
    *filed = found;
  return TRUE;
}

/**
 * gst_genaudio_filing_name_is_of_job:
 * @name: a file's name without folders
 * @job_id: a job id
 *
 * Tells whether the file was made for @job_id: its name is the job id,
 * followed by nothing, by the time of a rotated file or by the number (of
 * four digits or more) of a further item. `cam-1.wav` is of the job `cam-1`,
 * not of `cam`: clean-up of one job must not take another's.
 *
 * Returns: %TRUE if it was
 */
gboolean
gst_genaudio_filing_name_is_of_job (const gchar * name, const gchar * job_id)
{
  g_return_val_if_fail (name != nullptr && job_id != nullptr, FALSE);

  const char *dot = strrchr (name, '.');
  string_view rest (name, dot != nullptr ? dot - name : strlen (name));
  const gsize length = strlen (job_id);

  if (rest.substr (0, length) != job_id)
    return FALSE;
  rest.remove_prefix (length);
  if (skip_time_suffix (rest))
    skip_number (rest);
  else if (!rest.empty () && skip_number (rest) < 4)
    return FALSE;
  skip_number (rest);
  return rest.empty ();
}
