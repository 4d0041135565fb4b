/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttorchtensorsrc.h"

#include <gst/genaudio/genaudio.h>

static gboolean
plugin_init (GstPlugin * plugin)
{
  gst_genaudio_init ();
  return GST_ELEMENT_REGISTER (torchtensorsrc, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, torchtensor,
    "Plays tensors as audio", plugin_init, PACKAGE_VERSION, "LGPL",
    GST_PACKAGE_NAME, GST_PACKAGE_ORIGIN)
