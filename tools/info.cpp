/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* genaudio info: versions, and which elements are there. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "cli.hpp"
#include "item-commands.hpp"

#include <gst/genaudio/genaudio.h>
#include <json-glib/json-glib.h>

#include <cstdio>

using namespace genaudio::cli;

namespace {

const char *const element_names[] = {
  "torchtensorsrc", "r128normalize", "bpmanalyzer", "datedsink",
};

/* File of the plugin that has @element; NULL if there is none. */
gchar *
find_plugin (const char *element)
{
  GstElementFactory *factory = gst_element_factory_find (element);
  gchar *file = nullptr;

  if (factory == nullptr)
    return nullptr;
  GstPlugin *plugin =
      gst_plugin_feature_get_plugin (GST_PLUGIN_FEATURE (factory));
  if (plugin != nullptr) {
    file = g_strdup (gst_plugin_get_filename (plugin));
    gst_object_unref (plugin);
  }
  gst_object_unref (factory);
  return file;
}

void
print_text (const char *base_dir)
{
  gchar *gstreamer = gst_version_string ();

  std::printf ("genaudio %s, %s\n", PACKAGE_VERSION, gstreamer);
  for (const char *element : element_names) {
    gchar *file = find_plugin (element);
    std::printf ("  %-15s %s\n", element,
        file != nullptr ? file : "not installed");
    g_free (file);
  }
  std::printf ("store: %s\n", base_dir);
  std::printf ("processors: %u\n", available_processors ());
  g_free (gstreamer);
}

void
print_json (const char *base_dir)
{
  JsonObject *object = json_object_new ();
  JsonObject *elements = json_object_new ();
  gchar *gstreamer = gst_version_string ();

  json_object_set_string_member (object, "version", PACKAGE_VERSION);
  json_object_set_string_member (object, "gstreamer", gstreamer);
  for (const char *element : element_names) {
    gchar *file = find_plugin (element);
    if (file != nullptr)
      json_object_set_string_member (elements, element, file);
    else
      json_object_set_null_member (elements, element);
    g_free (file);
  }
  json_object_set_object_member (object, "elements", elements);
  json_object_set_string_member (object, "base_dir", base_dir);
  json_object_set_int_member (object, "processors", available_processors ());
  JsonNode *node = json_node_init_object (json_node_alloc (), object);
  gchar *text = json_to_string (node, FALSE);
  std::printf ("%s\n", text);
  g_free (text);
  g_free (gstreamer);
  json_node_unref (node);
  json_object_unref (object);
}

}

int
genaudio_cmd_info (int argc, char **argv)
{
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    {"json", 0, 0, G_OPTION_ARG_NONE, &json, "one JSON object", nullptr},
    {},
  };
  OptionContext context (g_option_context_new ("- what this installation can "
          "do"));

  g_option_context_add_main_entries (context.get (), entries, nullptr);
  if (!parse_options (context.get (), &argc, &argv))
    return exit_usage;
  start_gstreamer ();
  const char *environment = g_getenv ("AUDIO_OUTPUT_DIR");
  const char *base_dir = environment != nullptr && *environment != '\0'
      ? environment : "data/outputs";
  if (json)
    print_json (base_dir);
  else
    print_text (base_dir);
  return exit_ok;
}
