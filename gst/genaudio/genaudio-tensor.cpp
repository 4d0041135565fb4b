/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-tensor.hpp"

namespace genaudio {

namespace {

constexpr guint32 known_version = 1;

}

struct Tensor::Loan
{
  GstGenAudioDLManagedTensorVersioned managed;
  std::shared_ptr<const Tensor> owner;
};

Tensor::Tensor (void *managed, bool versioned) :
  managed (managed), versioned (versioned)
{
}

Tensor::~Tensor ()
{
  if (versioned) {
    auto *own = static_cast<GstGenAudioDLManagedTensorVersioned *> (managed);
    if (own->deleter != nullptr)
      own->deleter (own);
  } else {
    auto *own = static_cast<GstGenAudioDLManagedTensor *> (managed);
    if (own->deleter != nullptr)
      own->deleter (own);
  }
}

/* Null for a version of which nothing but the deleter is known. */
const GstGenAudioDLTensor *
Tensor::described () const
{
  if (!versioned)
    return &static_cast<GstGenAudioDLManagedTensor *> (managed)->dl_tensor;
  const auto *own = static_cast<GstGenAudioDLManagedTensorVersioned *> (managed);
  return own->version_major == known_version ? &own->dl_tensor : nullptr;
}

gint64
Tensor::entries () const
{
  const GstGenAudioDLTensor *tensor = described ();

  return tensor != nullptr && tensor->ndim == 3 ? tensor->shape[0] : 1;
}

GstGenAudioDLManagedTensorVersioned *
Tensor::lend () const
{
  auto *loan = new Loan {{}, shared_from_this ()};
  const GstGenAudioDLTensor *tensor = described ();

  loan->managed.version_major = known_version;
  if (versioned) {
    const auto *own =
        static_cast<GstGenAudioDLManagedTensorVersioned *> (managed);
    loan->managed.version_major = own->version_major;
    loan->managed.version_minor = own->version_minor;
  }
  if (tensor != nullptr)
    loan->managed.dl_tensor = *tensor;
  loan->managed.manager_ctx = loan;
  loan->managed.deleter = [] (GstGenAudioDLManagedTensorVersioned * self) {
    delete static_cast<Loan *> (self->manager_ctx);
  };
  return &loan->managed;
}

}
