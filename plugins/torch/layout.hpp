/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tensor.hpp"

namespace genaudio {

enum class Layout { automatic, channels_first, channels_last };

constexpr unsigned max_channels = 8;

/* A tensor, or an entry of a batch, seen as audio. Strides in elements. */
struct AudioView
{
  DType dtype = DType::other;
  bool swapped = false;
  unsigned channels = 0;
  std::uint64_t frames = 0;
  std::int64_t channel_stride = 0;
  std::int64_t frame_stride = 0;
  std::uint64_t offset = 0;     /* of the first sample, in bytes */

  /* Whether its samples lie in memory as they are played. */
  bool is_interleaved () const
  {
    return frame_stride == static_cast<std::int64_t> (channels)
        && (channels == 1 || channel_stride == 1);
  }
};

/* A tensor as audio: one entry for (T), (C, T) and (T, C), one each for
 * (B, C, T). */
struct AudioBatch
{
  AudioView first;
  std::uint64_t entries = 1;
  std::int64_t entry_bytes = 0; /* from one entry to the next */

  AudioView entry (std::uint64_t index) const;
};

/* Throws where the shape is none of these, is empty, or, with
 * Layout::automatic, could be more than one. */
AudioBatch view_as_audio (const Tensor & tensor, Layout layout);

}
