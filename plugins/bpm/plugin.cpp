/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstbpmanalyzer.h"

#include <gst/genaudio/genaudio.h>

static gboolean
plugin_init (GstPlugin * plugin)
{
  gst_genaudio_init ();
  return GST_ELEMENT_REGISTER (bpmanalyzer, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, bpm,
    "Tempo, key and statistics of audio", plugin_init, PACKAGE_VERSION,
    "GPL", GST_PACKAGE_NAME, GST_PACKAGE_ORIGIN)
