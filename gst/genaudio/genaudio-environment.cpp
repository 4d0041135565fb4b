/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Reading of the AUDIO_* environment variables, the same for elements,
 * library and command: a value that cannot be read is an error, never
 * ignored. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-environment.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace {

bool
is_one_of (const char *text, std::initializer_list<const char *> words)
{
  return std::any_of (words.begin (), words.end (),
      [text] (const char *word) { return g_ascii_strcasecmp (word, text) == 0; });
}

void
set_unreadable (GError ** error, const char *name, const char *text,
    const char *expected)
{
  g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "Environment variable %s is \"%s\", expected %s", name, text, expected);
}

}

/**
 * gst_genaudio_environment_get_boolean:
 * @name: name of an environment variable
 * @fallback: what an unset or empty variable means
 * @value: (out): the value
 * @error: return location for a %GST_RESOURCE_ERROR_SETTINGS
 *
 * Reads 1, true, yes, on and 0, false, no, off, in any case of letters.
 *
 * Returns: %FALSE if the variable is set to anything else; @value is then
 *     @fallback.
 */
gboolean
gst_genaudio_environment_get_boolean (const gchar * name, gboolean fallback,
    gboolean * value, GError ** error)
{
  g_return_val_if_fail (name != nullptr && value != nullptr, FALSE);

  const char *text = g_getenv (name);
  *value = fallback;
  if (text == nullptr || *text == '\0')
    return TRUE;
  if (is_one_of (text, {"1", "true", "yes", "on"}))
    *value = TRUE;
  else if (is_one_of (text, {"0", "false", "no", "off"}))
    *value = FALSE;
  else {
    set_unreadable (error, name, text, "1/true/yes/on or 0/false/no/off");
    return FALSE;
  }
  return TRUE;
}

/**
 * gst_genaudio_environment_get_double:
 * @name: name of an environment variable
 * @minimum: least value allowed
 * @maximum: greatest value allowed
 * @fallback: what an unset or empty variable means
 * @value: (out): the value
 * @error: return location for a %GST_RESOURCE_ERROR_SETTINGS
 *
 * Reads a decimal number with a point, whatever the locale.
 *
 * Returns: %FALSE if the variable is not a number between @minimum and
 *     @maximum; @value is then @fallback.
 */
gboolean
gst_genaudio_environment_get_double (const gchar * name, gdouble minimum,
    gdouble maximum, gdouble fallback, gdouble * value, GError ** error)
{
  g_return_val_if_fail (name != nullptr && value != nullptr, FALSE);

  const char *text = g_getenv (name);
  *value = fallback;
  if (text == nullptr || *text == '\0')
    return TRUE;

  char *end = nullptr;
  const double number = g_ascii_strtod (text, &end);
  if (*end != '\0' || !std::isfinite (number) || number < minimum
      || number > maximum) {
    gchar *expected =
        g_strdup_printf ("a number from %g to %g", minimum, maximum);
    set_unreadable (error, name, text, expected);
    g_free (expected);
    return FALSE;
  }
  *value = number;
  return TRUE;
}
