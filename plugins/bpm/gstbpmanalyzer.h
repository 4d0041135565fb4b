/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef __GST_BPM_ANALYZER_H__
#define __GST_BPM_ANALYZER_H__

#include <gst/gst.h>
#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_BPM_ANALYZER (gst_bpm_analyzer_get_type ())
G_DECLARE_FINAL_TYPE (GstBpmAnalyzer, gst_bpm_analyzer, GST, BPM_ANALYZER,
    GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE (bpmanalyzer);

G_END_DECLS

#endif /* __GST_BPM_ANALYZER_H__ */
