/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef __GST_GENAUDIO_PRELUDE_H__
#define __GST_GENAUDIO_PRELUDE_H__

#include <gst/gst.h>

#ifndef GST_GENAUDIO_API
#define GST_GENAUDIO_API __attribute__ ((visibility ("default"))) extern
#endif

#endif /* __GST_GENAUDIO_PRELUDE_H__ */
