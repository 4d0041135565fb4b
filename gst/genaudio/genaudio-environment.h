/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef __GST_GENAUDIO_ENVIRONMENT_H__
#define __GST_GENAUDIO_ENVIRONMENT_H__

#include <gst/genaudio/genaudio-prelude.h>

G_BEGIN_DECLS

GST_GENAUDIO_API
gboolean gst_genaudio_environment_get_boolean (const gchar * name,
                                               gboolean fallback,
                                               gboolean * value,
                                               GError ** error);

GST_GENAUDIO_API
gboolean gst_genaudio_environment_get_double (const gchar * name,
                                              gdouble minimum,
                                              gdouble maximum,
                                              gdouble fallback,
                                              gdouble * value,
                                              GError ** error);

G_END_DECLS

#endif /* __GST_GENAUDIO_ENVIRONMENT_H__ */
