/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstdatedsink.h"

#include <gst/genaudio/genaudio.h>

static gboolean
plugin_init (GstPlugin * plugin)
{
  gst_genaudio_init ();
  return GST_ELEMENT_REGISTER (datedsink, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, dated,
    "Files audio by date, complete or not at all", plugin_init,
    PACKAGE_VERSION, "LGPL", GST_PACKAGE_NAME, GST_PACKAGE_ORIGIN)
