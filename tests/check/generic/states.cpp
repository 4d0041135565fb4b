/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* State changes of every element of the package, after the test of the same
 * name that every GStreamer module has: no element may crash or leak,
 * whatever the order, linked or not. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>

#include <vector>
#include <string>

static std::vector<std::string>
our_elements ()
{
  std::vector<std::string> names;
  GList *features = gst_registry_get_feature_list (gst_registry_get (),
      GST_TYPE_ELEMENT_FACTORY);

  for (GList *f = features; f != nullptr; f = f->next) {
    GstPluginFeature *feature = GST_PLUGIN_FEATURE (f->data);
    GstPlugin *plugin = gst_plugin_feature_get_plugin (feature);
    if (plugin == nullptr)
      continue;
    if (g_strcmp0 (gst_plugin_get_source (plugin), PACKAGE) == 0)
      names.emplace_back (gst_plugin_feature_get_name (feature));
    gst_object_unref (plugin);
  }
  gst_plugin_feature_list_free (features);
  return names;
}

static void
walk (const std::vector<GstState> & states)
{
  const std::vector<std::string> names = our_elements ();

  fail_if (names.empty (), "no element of %s in the registry", PACKAGE);
  for (const std::string & name : names) {
    GstElement *element = gst_element_factory_make (name.c_str (), nullptr);
    fail_unless (element != nullptr, "%s", name.c_str ());
    /* an asynchronous change, or one that fails for want of a file, is fine;
     * a crash or a leak is not */
    for (GstState state : states)
      gst_element_set_state (element, state);
    gst_element_set_state (element, GST_STATE_NULL);
    ASSERT_OBJECT_REFCOUNT (element, name.c_str (), 1);
    gst_object_unref (element);
  }
}

GST_START_TEST (test_up_and_down)
{
  walk ({GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_PLAYING,
          GST_STATE_PAUSED, GST_STATE_READY, GST_STATE_NULL});
}
GST_END_TEST;

GST_START_TEST (test_jumps)
{
  walk ({GST_STATE_PLAYING, GST_STATE_NULL, GST_STATE_PAUSED, GST_STATE_NULL,
          GST_STATE_READY, GST_STATE_PLAYING, GST_STATE_READY});
}
GST_END_TEST;

GST_START_TEST (test_never_started)
{
  walk ({});
}
GST_END_TEST;

static Suite *
states_suite (void)
{
  Suite *s = suite_create ("states");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_never_started);
  tcase_add_test (tc, test_up_and_down);
  tcase_add_test (tc, test_jumps);
  return s;
}

GST_CHECK_MAIN (states);
