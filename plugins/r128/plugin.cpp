/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/genaudio/genaudio.h>

#include "gstr128normalize.h"

static gboolean
plugin_init (GstPlugin * plugin)
{
  gst_genaudio_init ();
  return GST_ELEMENT_REGISTER (r128normalize, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, r128,
    "EBU R128 loudness normalisation", plugin_init, PACKAGE_VERSION, "LGPL",
    GST_PACKAGE_NAME, GST_PACKAGE_ORIGIN)
