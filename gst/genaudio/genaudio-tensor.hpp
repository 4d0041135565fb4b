/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "genaudio-dlpack.h"

#include <memory>

namespace genaudio {

/* A tensor handed over by DLPack, owned from the constructor on: its deleter
 * runs once, when the object and everything that was lent of it are gone. Its
 * samples are torchtensorsrc's to read. */
class Tensor : public std::enable_shared_from_this<Tensor>
{
public:
  Tensor (void *managed, bool versioned);
  ~Tensor ();
  Tensor (const Tensor &) = delete;
  Tensor & operator= (const Tensor &) = delete;

  /* How many entries its shape (batch, channels, samples) says there are; 1
   * for every other shape. */
  gint64 entries () const;

  /* The same memory as a tensor of its own, to be handed on: a job can be run
   * more than once. (transfer full), to be freed by its deleter */
  GstGenAudioDLManagedTensorVersioned *lend () const;

private:
  struct Loan;

  const GstGenAudioDLTensor *described () const;

  void *managed;
  bool versioned;
};

}
