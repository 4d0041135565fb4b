/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Keeps docs/<element>.md true: its property table has a row for every
 * property of the element's own, and each row says the type, default and
 * access that are registered.
 *
 *   | property | type | default | access | meaning |
 *
 * type: boolean, int, uint, int64, uint64, double, float, string, enum or
 * structure. default: as below. access: read-only, ready, paused or playing
 * (the highest state in which it may be set), construct. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>

#include <map>
#include <cmath>
#include <string>
#include <vector>

struct Row
{
  std::string type, default_value, access;
};

static std::string
trim (const std::string & text)
{
  const auto first = text.find_first_not_of (" `");
  const auto last = text.find_last_not_of (" `");
  return first == std::string::npos ? "" : text.substr (first,
      last - first + 1);
}

static std::vector<std::string>
split_row (const std::string & line)
{
  std::vector<std::string> cells;
  std::string cell;

  for (std::size_t i = 1; i < line.size (); i++) {
    if (line[i] == '|' && line[i - 1] != '\\') {
      cells.push_back (trim (cell));
      cell.clear ();
    } else {
      cell += line[i];
    }
  }
  return cells;
}

/* The rows of the table below "## Properties". */
static std::map<std::string, Row>
read_table (const std::string & path)
{
  std::map<std::string, Row> rows;
  gchar *text = nullptr;

  fail_unless (g_file_get_contents (path.c_str (), &text, nullptr, nullptr),
      "no page %s", path.c_str ());
  gchar **lines = g_strsplit (text, "\n", -1);
  bool inside = false;
  for (gchar **line = lines; *line != nullptr; line++) {
    if (g_str_has_prefix (*line, "## "))
      inside = g_str_equal (*line, "## Properties");
    if (!inside || !g_str_has_prefix (*line, "| `"))
      continue;
    const std::vector<std::string> cells = split_row (*line);
    fail_unless (cells.size () >= 5, "%s: short row: %s", path.c_str (), *line);
    rows[cells[0]] = {cells[1], cells[2], cells[3]};
  }
  g_strfreev (lines);
  g_free (text);
  return rows;
}

static std::string
type_name (const GParamSpec * spec)
{
  const GType type = G_PARAM_SPEC_VALUE_TYPE (spec);

  if (G_TYPE_IS_ENUM (type))
    return "enum";
  if (type == GST_TYPE_STRUCTURE)
    return "structure";
  static const std::map<GType, const char *> names = {
    {G_TYPE_BOOLEAN, "boolean"}, {G_TYPE_INT, "int"}, {G_TYPE_UINT, "uint"},
    {G_TYPE_INT64, "int64"}, {G_TYPE_UINT64, "uint64"},
    {G_TYPE_DOUBLE, "double"}, {G_TYPE_FLOAT, "float"},
    {G_TYPE_STRING, "string"},
  };
  const auto found = names.find (type);
  return found != names.end () ? found->second : g_type_name (type);
}

/* Numbers in full, times in ns, the greatest uint64 as "none", nicks of
 * enums, strings bare; a dash where there is none. */
static std::string
default_text (GParamSpec * spec)
{
  const GValue *value = g_param_spec_get_default_value (spec);
  const GType type = G_PARAM_SPEC_VALUE_TYPE (spec);

  if (!(spec->flags & G_PARAM_WRITABLE))
    return "-";
  if (G_TYPE_IS_ENUM (type)) {
    GEnumClass *klass = G_ENUM_CLASS (g_type_class_ref (type));
    const GEnumValue *v = g_enum_get_value (klass, g_value_get_enum (value));
    const std::string nick = v->value_nick;
    g_type_class_unref (klass);
    return nick;
  }
  if (type == G_TYPE_STRING) {
    const gchar *text = g_value_get_string (value);
    return text == nullptr || *text == '\0' ? "-" : text;
  }
  if (type == G_TYPE_BOOLEAN)
    return g_value_get_boolean (value) ? "true" : "false";
  if (type == G_TYPE_UINT64 && g_value_get_uint64 (value) == G_MAXUINT64)
    return "none";
  if (type == G_TYPE_DOUBLE) {
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];
    if (std::isnan (g_value_get_double (value)))
      return "NaN";
    return g_ascii_formatd (buffer, sizeof buffer, "%g",
        g_value_get_double (value));
  }
  if (type == GST_TYPE_STRUCTURE || !g_type_is_a (type, G_TYPE_INT)) {
    GValue text = G_VALUE_INIT;
    g_value_init (&text, G_TYPE_STRING);
    std::string result = "-";
    if (type != GST_TYPE_STRUCTURE && g_value_transform (value, &text)
        && g_value_get_string (&text) != nullptr)
      result = g_value_get_string (&text);
    g_value_unset (&text);
    return result;
  }
  return std::to_string (g_value_get_int (value));
}

static std::string
access_text (const GParamSpec * spec)
{
  if (!(spec->flags & G_PARAM_WRITABLE))
    return "read-only";
  if (spec->flags & G_PARAM_CONSTRUCT_ONLY)
    return "construct";
  if (spec->flags & GST_PARAM_MUTABLE_PLAYING)
    return "playing";
  if (spec->flags & GST_PARAM_MUTABLE_PAUSED)
    return "paused";
  return "ready";
}

static void
check_element (GstElementFactory * factory, const std::string & docs)
{
  const std::string name = GST_OBJECT_NAME (factory);
  const std::string page = docs + "/" + name + ".md";
  std::map<std::string, Row> rows = read_table (page);
  GstElement *element = gst_element_factory_create (factory, nullptr);
  guint n = 0;
  GParamSpec **specs =
      g_object_class_list_properties (G_OBJECT_GET_CLASS (element), &n);

  for (guint i = 0; i < n; i++) {
    const std::string property = specs[i]->name;
    const bool own = specs[i]->owner_type == G_OBJECT_TYPE (element);
    const auto row = rows.find (property);
    if (row == rows.end ()) {
      fail_if (own, "%s does not list `%s`", page.c_str (), property.c_str ());
      continue;
    }
    const char *at = property.c_str ();
    fail_unless (row->second.type == type_name (specs[i]),
        "%s `%s`: type is %s, the page says %s", page.c_str (), at,
        type_name (specs[i]).c_str (), row->second.type.c_str ());
    fail_unless (row->second.default_value == default_text (specs[i]),
        "%s `%s`: default is %s, the page says %s", page.c_str (), at,
        default_text (specs[i]).c_str (), row->second.default_value.c_str ());
    fail_unless (row->second.access == access_text (specs[i]),
        "%s `%s`: access is %s, the page says %s", page.c_str (), at,
        access_text (specs[i]).c_str (), row->second.access.c_str ());
    rows.erase (row);
  }
  for (const auto & row : rows)
    fail ("%s lists `%s`, which does not exist", page.c_str (),
        row.first.c_str ());
  g_free (specs);
  gst_object_unref (element);
}

GST_START_TEST (test_property_tables)
{
  const char *docs = g_getenv ("GENAUDIO_DOCS_DIR");
  GList *features = gst_registry_get_feature_list (gst_registry_get (),
      GST_TYPE_ELEMENT_FACTORY);
  int checked = 0;

  fail_unless (docs != nullptr, "GENAUDIO_DOCS_DIR is not set");
  for (GList *f = features; f != nullptr; f = f->next) {
    GstPlugin *plugin =
        gst_plugin_feature_get_plugin (GST_PLUGIN_FEATURE (f->data));
    if (plugin == nullptr)
      continue;
    if (g_strcmp0 (gst_plugin_get_source (plugin), PACKAGE) == 0) {
      GstPluginFeature *loaded =
          gst_plugin_feature_load (GST_PLUGIN_FEATURE (f->data));
      check_element (GST_ELEMENT_FACTORY (loaded), docs);
      gst_object_unref (loaded);
      checked++;
    }
    gst_object_unref (plugin);
  }
  gst_plugin_feature_list_free (features);
  fail_unless (checked > 0, "no element of %s in the registry", PACKAGE);
}
GST_END_TEST;

static Suite *
docs_suite (void)
{
  Suite *s = suite_create ("docs");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_property_tables);
  return s;
}

GST_CHECK_MAIN (docs);
