/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* For applications that have LibTorch: hands an at::Tensor of theirs to a
 * torchtensorsrc. Header only, so that the library itself never links
 * LibTorch; works with LibTorch 1.13 and later. */

#pragma once

#include <gst/genaudio/genaudio-dlpack.h>
#include <gst/genaudio/genaudio-push.h>

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace genaudio {

namespace detail {

/* What a DLManagedTensor points to; the tensor keeps its memory alive. */
struct Exported
{
  at::Tensor tensor;
  std::vector<gint64> shape, strides;
  GstGenAudioDLManagedTensor managed = {};
};

/* Types that are no audio, booleans among them, have DLPack's code for what
 * only its producer understands, which the element refuses. */
inline GstGenAudioDLDataType
dl_type (const at::Tensor & tensor)
{
  constexpr guint8 opaque = 3;
  const auto bits = static_cast<guint8> (tensor.element_size () * 8);

  switch (tensor.scalar_type ()) {
    case at::kFloat:
    case at::kDouble:
    case at::kHalf:
      return {GST_GENAUDIO_DL_FLOAT, bits, 1};
    case at::kBFloat16:
      return {GST_GENAUDIO_DL_BFLOAT, bits, 1};
    case at::kByte:
      return {GST_GENAUDIO_DL_UINT, bits, 1};
    case at::kChar:
    case at::kShort:
    case at::kInt:
    case at::kLong:
      return {GST_GENAUDIO_DL_INT, bits, 1};
    default:
      return {opaque, bits, 1};
  }
}

}

/* Makes a DLPack tensor of @tensor, for gst_genaudio_push_dlpack () or the
 * exporter: gradients are detached, CUDA tensors copied to the host; strides
 * are kept, and CPU memory is shared, not copied. Free it by its deleter. */
inline GstGenAudioDLManagedTensor *
to_dlpack (const at::Tensor & tensor)
{
  auto exported = std::make_unique<detail::Exported> ();

  /* a lazily negated tensor's memory is not what it says */
  exported->tensor = tensor.detach ().resolve_neg ();
  if (!exported->tensor.device ().is_cpu ())
    exported->tensor = exported->tensor.to (at::kCPU);
  const at::Tensor & held = exported->tensor;
  exported->shape.assign (held.sizes ().begin (), held.sizes ().end ());
  exported->strides.assign (held.strides ().begin (), held.strides ().end ());

  GstGenAudioDLTensor & dl = exported->managed.dl_tensor;
  dl.data = held.data_ptr ();
  dl.device = {GST_GENAUDIO_DL_CPU, 0};
  dl.ndim = static_cast<gint32> (held.dim ());
  dl.dtype = detail::dl_type (held);
  dl.shape = exported->shape.data ();
  dl.strides = exported->strides.data ();
  exported->managed.manager_ctx = exported.get ();
  exported->managed.deleter = [] (GstGenAudioDLManagedTensor * self) {
    delete static_cast<detail::Exported *> (self->manager_ctx);
  };
  return &exported.release ()->managed;
}

/* Plays @tensor as (part of) the item @job_id; see
 * gst_genaudio_push_dlpack (). @rate in Hz. */
inline GstFlowReturn
push_tensor (GstElement * element, const at::Tensor & tensor, int rate,
    const std::string & job_id)
{
  return gst_genaudio_push_dlpack (element, to_dlpack (tensor), FALSE, rate,
      job_id.c_str ());
}

}
