/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef __GST_R128_NORMALIZE_H__
#define __GST_R128_NORMALIZE_H__

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_R128_NORMALIZE (gst_r128_normalize_get_type ())
G_DECLARE_FINAL_TYPE (GstR128Normalize, gst_r128_normalize, GST,
    R128_NORMALIZE, GstElement)

GST_ELEMENT_REGISTER_DECLARE (r128normalize);

G_END_DECLS

#endif /* __GST_R128_NORMALIZE_H__ */
