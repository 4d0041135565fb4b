/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The signals of torchtensorsrc, by which an application pushes tensors. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttorchtensorsrc-private.hpp"

#include <exception>
#include <memory>

#define GST_CAT_DEFAULT gst_torch_tensor_src_debug

namespace gst_torch_tensor_src {

enum
{
  SIGNAL_PUSH_DLPACK,
  SIGNAL_END_ITEM,
  SIGNAL_END_OF_STREAM,
  SIGNAL_NEED_DATA,
  SIGNAL_ENOUGH_DATA,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

std::shared_ptr<genaudio::PushItems>
make_push (GstTorchTensorSrc * self, const Settings & settings)
{
  genaudio::PushSettings push = settings.push;

  push.layout = settings.file.layout;
  push.non_finite = settings.file.non_finite;
  push.rate = settings.file.rate;
  push.require_rate = settings.file.require_rate;
  auto items = std::make_shared<genaudio::PushItems> (push);
  items->need_data = [self] {
    g_signal_emit (self, signals[SIGNAL_NEED_DATA], 0, G_MAXUINT);
  };
  items->enough_data = [self] {
    g_signal_emit (self, signals[SIGNAL_ENOUGH_DATA], 0);
  };
  return items;
}

std::shared_ptr<genaudio::PushItems>
get_push (GstTorchTensorSrc * self)
{
  GST_OBJECT_LOCK (self);
  const auto push = self->priv->push;
  GST_OBJECT_UNLOCK (self);
  return push;
}

static GstFlowReturn
gst_torch_tensor_src_push_dlpack (GstTorchTensorSrc * self, guint64 address,
    gboolean versioned, gint rate, const gchar * job_id)
{
  void *managed = reinterpret_cast<void *> (static_cast<guintptr> (address));
  const auto push = get_push (self);

  try {
    if (push == nullptr) {
      /* not started: the tensor is ours all the same, and goes */
      const genaudio::DLPackTensor unwanted (managed, versioned);
      return GST_FLOW_FLUSHING;
    }
    switch (push->push (managed, versioned, rate,
            job_id != nullptr ? job_id : "")) {
      case genaudio::PushItems::Pushed::ok:
        return GST_FLOW_OK;
      case genaudio::PushItems::Pushed::ended:
        return GST_FLOW_EOS;
      case genaudio::PushItems::Pushed::flushing:
        return GST_FLOW_FLUSHING;
      case genaudio::PushItems::Pushed::refused:
        break;
    }
  } catch (const std::exception & error) {
    GST_WARNING_OBJECT (self, "tensor not taken: %s", error.what ());
  }
  return push == nullptr ? GST_FLOW_FLUSHING : GST_FLOW_ERROR;
}

static GstFlowReturn
gst_torch_tensor_src_end_item (GstTorchTensorSrc * self)
{
  const auto push = get_push (self);

  if (push == nullptr)
    return GST_FLOW_FLUSHING;
  push->end_item ();
  return GST_FLOW_OK;
}

static GstFlowReturn
gst_torch_tensor_src_end_of_stream (GstTorchTensorSrc * self)
{
  const auto push = get_push (self);

  if (push == nullptr)
    return GST_FLOW_FLUSHING;
  push->end_of_stream ();
  return GST_FLOW_OK;
}

void
install_signals (GType type)
{
  const auto action =
      static_cast<GSignalFlags> (G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION);

  /**
   * GstTorchTensorSrc::push-dlpack:
   * @element: the element
   * @address: address of a DLManagedTensor, or DLManagedTensorVersioned
   * @versioned: whether it is the latter
   * @rate: sample rate in Hz; 0: not known
   * @job_id: (nullable): job id; consecutive tensors of one are one item
   *
   * Plays a tensor of this process. It belongs to the element from the call
   * on, whatever is returned.
   *
   * Returns: %GST_FLOW_OK, %GST_FLOW_FLUSHING if the element is not started or
   *     flushes, %GST_FLOW_EOS after end-of-stream, %GST_FLOW_ERROR if it
   *     cannot be played
   */
  signals[SIGNAL_PUSH_DLPACK] = g_signal_new_class_handler ("push-dlpack",
      type, action, G_CALLBACK (gst_torch_tensor_src_push_dlpack), nullptr,
      nullptr, nullptr, GST_TYPE_FLOW_RETURN, 4, G_TYPE_UINT64,
      G_TYPE_BOOLEAN, G_TYPE_INT, G_TYPE_STRING);
  /**
   * GstTorchTensorSrc::end-item:
   * @element: the element
   *
   * Ends the item that was pushed to last.
   *
   * Returns: %GST_FLOW_OK, or %GST_FLOW_FLUSHING if the element is not started
   */
  signals[SIGNAL_END_ITEM] = g_signal_new_class_handler ("end-item", type,
      action, G_CALLBACK (gst_torch_tensor_src_end_item), nullptr, nullptr,
      nullptr, GST_TYPE_FLOW_RETURN, 0);
  /**
   * GstTorchTensorSrc::end-of-stream:
   * @element: the element
   *
   * Ends the stream once all that was pushed has been played.
   *
   * Returns: %GST_FLOW_OK, or %GST_FLOW_FLUSHING if the element is not started
   */
  signals[SIGNAL_END_OF_STREAM] = g_signal_new_class_handler ("end-of-stream",
      type, action, G_CALLBACK (gst_torch_tensor_src_end_of_stream), nullptr,
      nullptr, nullptr, GST_TYPE_FLOW_RETURN, 0);
  /**
   * GstTorchTensorSrc::need-data:
   * @element: the element
   * @length: not used, as of #GstAppSrc
   *
   * The element waits for a tensor. Emitted from the streaming thread.
   */
  signals[SIGNAL_NEED_DATA] = g_signal_new ("need-data", type,
      G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr, G_TYPE_NONE, 1,
      G_TYPE_UINT);
  /**
   * GstTorchTensorSrc::enough-data:
   * @element: the element
   *
   * More waits than max-items or max-bytes say. Emitted from within
   * push-dlpack.
   */
  signals[SIGNAL_ENOUGH_DATA] = g_signal_new ("enough-data", type,
      G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr, G_TYPE_NONE, 0);
}

}
