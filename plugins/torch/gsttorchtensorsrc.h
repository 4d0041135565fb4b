/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef __GST_TORCH_TENSOR_SRC_H__
#define __GST_TORCH_TENSOR_SRC_H__

#include <gst/base/gstpushsrc.h>

G_BEGIN_DECLS

#define GST_TYPE_TORCH_TENSOR_SRC (gst_torch_tensor_src_get_type ())
G_DECLARE_FINAL_TYPE (GstTorchTensorSrc, gst_torch_tensor_src, GST,
    TORCH_TENSOR_SRC, GstPushSrc)

GST_ELEMENT_REGISTER_DECLARE (torchtensorsrc);

G_END_DECLS

#endif /* __GST_TORCH_TENSOR_SRC_H__ */
