/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "file.hpp"
#include "tensor.hpp"

#include <gst/genaudio/genaudio-dlpack.h>

namespace genaudio {

/* A tensor of this process, handed over by DLPack. Owned from the constructor
 * on, even if that throws: the producer's deleter runs exactly once. */
class DLPackTensor : public ByteSource
{
public:
  /* @managed: a GstGenAudioDLManagedTensor, or, if @versioned, a
   * GstGenAudioDLManagedTensorVersioned. Throws if its samples cannot be
   * read on the host. */
  DLPackTensor (void *managed, bool versioned);
  ~DLPackTensor () override;
  DLPackTensor (const DLPackTensor &) = delete;
  DLPackTensor &operator= (const DLPackTensor &) = delete;

  const Tensor &tensor () const { return tensor_; }

  void read (std::uint64_t offset, void *out, std::size_t bytes) const
      override;
  const std::byte *memory () const override { return lowest_; }

private:
  void describe (const GstGenAudioDLTensor & source);
  void release ();

  void *managed_;
  const bool versioned_;
  Tensor tensor_;
  const std::byte *lowest_ = nullptr;   /* of its elements in memory */
};

}
