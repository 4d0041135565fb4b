/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "genaudio-dlpack.h"

#include <gst/gst.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

namespace genaudio {

/* A tensor that cannot be audio, and why. */
struct TensorError : std::runtime_error
{
  using std::runtime_error::runtime_error;
};

enum class Layout
{
  automatic, channels_first, channels_last,
};

/* Reads @nick ("auto", "channels-first", "channels-last"). */
bool parse_layout (const char *nick, Layout & layout);

/* A tensor handed over by DLPack, owned from the constructor on: its deleter
 * runs once, when the object and the last buffer that wraps its memory are
 * gone. */
class Tensor : public std::enable_shared_from_this<Tensor>
{
public:
  Tensor (void *managed, bool versioned);
  ~Tensor ();
  Tensor (const Tensor &) = delete;
  Tensor & operator= (const Tensor &) = delete;

  /* Throw TensorError; to be called in this order, before the rest. */
  void interpret (Layout layout);
  void require_finite () const;

  int channels () const { return n_channels; }
  int64_t frames () const { return n_frames; }

  /* (transfer full) */
  GstCaps *caps (int rate) const;
  /* Frames @first to @first + @count as interleaved samples of those caps:
   * wrapped where they lie so in memory, else converted. (transfer full) */
  GstBuffer *buffer (int64_t first, int64_t count) const;

private:
  enum class Type
  {
    f16, bf16, f32, f64, i8, u8, i16, i32,
  };

  const GstGenAudioDLTensor & tensor () const;
  const uint8_t *at (int64_t frame) const;
  bool is_double () const { return type == Type::f64 || type == Type::i32; }
  bool is_interleaved () const;
  void read_type ();
  void read_shape (Layout layout);
  void check_memory () const;
  std::string shape_text () const;

  void *managed;
  bool versioned;
  Type type = Type::f32;
  int element_size = 4;
  int n_channels = 0;
  int64_t n_frames = 0;
  int64_t channel_stride = 0;
  int64_t frame_stride = 0;
};

}
