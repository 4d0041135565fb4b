/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef __GST_GENAUDIO_H__
#define __GST_GENAUDIO_H__

#include <gst/genaudio/genaudio-prelude.h>
#include <gst/genaudio/genaudio-analyzer.h>
#include <gst/genaudio/genaudio-dlpack.h>
#include <gst/genaudio/genaudio-environment.h>
#include <gst/genaudio/genaudio-filing.h>
#include <gst/genaudio/genaudio-exporter.h>
#include <gst/genaudio/genaudio-item.h>
#include <gst/genaudio/genaudio-job.h>
#include <gst/genaudio/genaudio-messages.h>
#include <gst/genaudio/genaudio-recovery.h>
#include <gst/genaudio/genaudio-result.h>
#include <gst/genaudio/genaudio-retention.h>
#include <gst/genaudio/genaudio-part.h>
#include <gst/genaudio/genaudio-push.h>
#include <gst/genaudio/genaudio-store.h>
#include <gst/genaudio/genaudio-tags.h>

#endif /* __GST_GENAUDIO_H__ */
