/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "store-output.hpp"

#include <json-glib/json-glib.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

#include <sys/ioctl.h>
#include <unistd.h>

namespace {

constexpr int default_columns = 80;
constexpr int min_path_columns = 20;
constexpr gint64 progress_interval = G_TIME_SPAN_SECOND / 5;

int
count_columns ()
{
  struct winsize size;
  return ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0
      ? size.ws_col : default_columns;
}

void
add_value (JsonBuilder * json, const JsonValue & value)
{
  if (const auto *truth = std::get_if<bool> (&value)) {
    json_builder_add_boolean_value (json, *truth);
  } else if (const auto *number = std::get_if<gint64> (&value)) {
    json_builder_add_int_value (json, *number);
  } else if (const auto *text = std::get_if<std::string> (&value)) {
    gchar *valid = g_utf8_make_valid (text->c_str (), text->size ());
    json_builder_add_string_value (json, valid);
    g_free (valid);
  } else {
    json_builder_add_null_value (json);
  }
}

}

std::string
format_size (guint64 bytes)
{
  gchar *text = g_format_size_full (bytes, G_FORMAT_SIZE_IEC_UNITS);
  /* a plain space between number and unit */
  gchar **parts = g_strsplit (text, "\xc2\xa0", 2);
  gchar *joined = g_strjoinv (" ", parts);
  const std::string size = joined;
  g_free (joined);
  g_strfreev (parts);
  g_free (text);
  return size;
}

bool
parse_size (const char *text, guint64 & bytes)
{
  static const char units[] = "KMGT";
  gchar *end;
  const double number = g_ascii_strtod (text, &end);
  double unit = 1;

  if (end == text || !std::isfinite (number) || number < 0)
    return false;
  const char *found =
      *end != '\0' ? strchr (units, g_ascii_toupper (*end)) : nullptr;
  if (found != nullptr) {
    unit = std::pow (1024., found - units + 1);
    end++;
    if (g_ascii_strcasecmp (end, "iB") == 0)
      end += 2;
  }
  if (g_ascii_strcasecmp (end, "B") == 0)
    end++;
  if (*end != '\0' || number * unit >= 9e18)
    return false;
  bytes = number * unit;
  return true;
}

std::string
format_count (guint64 count, const char *noun)
{
  return std::to_string (count) + " " + noun + (count == 1 ? "" : "s");
}

std::string
format_path (const std::string & path, int used)
{
  if (!isatty (STDOUT_FILENO))
    return path;

  gchar *valid = g_utf8_make_valid (path.c_str (), path.size ());
  for (gchar *at = valid; *at != '\0'; at++) {
    if (g_ascii_iscntrl (*at))
      *at = '?';
  }
  std::string shown = valid;
  const glong length = g_utf8_strlen (valid, -1);
  const glong room = std::max (min_path_columns, count_columns () - used);
  if (length > room) {
    const glong head = room / 3;
    shown = std::string (valid, g_utf8_offset_to_pointer (valid, head)) + "…"
        + g_utf8_offset_to_pointer (valid, length - (room - head - 1));
  }
  g_free (valid);
  return shown;
}

void
print_json (std::initializer_list<std::pair<const char *, JsonValue>> members)
{
  JsonBuilder *json = json_builder_new ();
  json_builder_begin_object (json);
  for (const auto & [name, value] : members) {
    json_builder_set_member_name (json, name);
    add_value (json, value);
  }
  json_builder_end_object (json);
  JsonNode *root = json_builder_get_root (json);
  gchar *text = json_to_string (root, FALSE);
  puts (text);
  g_free (text);
  json_node_unref (root);
  g_object_unref (json);
}

void
print_progress (const std::string & text)
{
  static gint64 last = 0;

  const gint64 now = g_get_monotonic_time ();
  if (!isatty (STDERR_FILENO) || (!text.empty () && now - last < progress_interval)
      || (text.empty () && last == 0))
    return;
  fprintf (stderr, "\r%s\x1b[K", text.c_str ());
  last = text.empty () ? 0 : now;
}
