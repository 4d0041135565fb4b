/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* AUDIO_* environment variables: what can be read, and what is an error. */

#include <gst/check/gstcheck.h>
#include <gst/genaudio/genaudio.h>

#include <cstring>
#include <initializer_list>

#define VARIABLE "GENAUDIO_TEST_VALUE"

static gboolean
read_boolean (const char *text, gboolean fallback, gboolean * value)
{
  if (text != nullptr)
    g_setenv (VARIABLE, text, TRUE);
  else
    g_unsetenv (VARIABLE);
  GError *error = nullptr;
  const gboolean ok = gst_genaudio_environment_get_boolean (VARIABLE, fallback,
      value, &error);
  fail_unless (ok == (error == nullptr));
  if (error != nullptr)
    fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
            GST_RESOURCE_ERROR_SETTINGS));
  g_clear_error (&error);
  return ok;
}

GST_START_TEST (test_booleans)
{
  gboolean value = FALSE;

  for (const char *text : { "1", "true", "YES", "On" })
    fail_unless (read_boolean (text, FALSE, &value) && value, "%s", text);
  for (const char *text : { "0", "False", "no", "OFF" })
    fail_unless (read_boolean (text, TRUE, &value) && !value, "%s", text);
  fail_unless (read_boolean (nullptr, TRUE, &value) && value);
  fail_unless (read_boolean ("", TRUE, &value) && value);
  fail_if (read_boolean ("maybe", TRUE, &value));
  fail_unless (value);
}
GST_END_TEST;

GST_START_TEST (test_doubles)
{
  gdouble value = 0;

  g_setenv (VARIABLE, "-23.5", TRUE);
  fail_unless (gst_genaudio_environment_get_double (VARIABLE, -70, -5, -16,
          &value, nullptr));
  fail_unless_equals_float (value, -23.5);
  g_unsetenv (VARIABLE);
  fail_unless (gst_genaudio_environment_get_double (VARIABLE, -70, -5, -16,
          &value, nullptr));
  fail_unless_equals_float (value, -16);
  for (const char *text : { "loud", "-16 LUFS", "-71", "0", "nan", "-16,5" }) {
    GError *error = nullptr;
    g_setenv (VARIABLE, text, TRUE);
    fail_if (gst_genaudio_environment_get_double (VARIABLE, -70, -5, -16,
            &value, &error), "%s", text);
    fail_unless (strstr (error->message, text) != nullptr);
    fail_unless_equals_float (value, -16);
    g_error_free (error);
  }
}
GST_END_TEST;

static Suite *
environment_suite (void)
{
  Suite *s = suite_create ("environment");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_booleans);
  tcase_add_test (tc, test_doubles);
  return s;
}

GST_CHECK_MAIN (environment);
