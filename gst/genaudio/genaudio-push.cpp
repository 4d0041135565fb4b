/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-push.h"

/**
 * gst_genaudio_push_dlpack:
 * @element: a torchtensorsrc
 * @tensor: a #GstGenAudioDLManagedTensor, or, if @versioned, a
 *     #GstGenAudioDLManagedTensorVersioned; the original structures of DLPack
 *     have the same layout
 * @versioned: which of the two @tensor is
 * @rate: sample rate in Hz, 0 if it is not known
 * @job_id: (nullable): job id; consecutive tensors of one are one item
 *
 * Plays a tensor of this process, for those who have a pointer; the same as
 * the action signal `push-dlpack`. The tensor is the element's from the call
 * on, whatever is returned.
 *
 * Returns: %GST_FLOW_OK, %GST_FLOW_FLUSHING if @element is not started or
 *     flushes, %GST_FLOW_EOS after `end-of-stream`, %GST_FLOW_ERROR if the
 *     tensor cannot be played
 */
GstFlowReturn
gst_genaudio_push_dlpack (GstElement * element, gpointer tensor,
    gboolean versioned, gint rate, const gchar * job_id)
{
  GstFlowReturn flow = GST_FLOW_ERROR;

  g_return_val_if_fail (GST_IS_ELEMENT (element), GST_FLOW_ERROR);
  g_return_val_if_fail (tensor != nullptr, GST_FLOW_ERROR);

  g_signal_emit_by_name (element, "push-dlpack",
      static_cast<guint64> (reinterpret_cast<guintptr> (tensor)), versioned,
      rate, job_id, &flow);
  return flow;
}
