/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* From a tensor of the running process, handed over by DLPack, to buffers of
 * interleaved float samples. Shapes, types and strides are as the producer
 * says; nothing is assumed of them. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-exporter-tensor.hpp"

#include <gst/audio/audio.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>
#include <type_traits>

namespace genaudio {

namespace {

constexpr int max_channels = 8;
constexpr int64_t max_frames = int64_t (1) << 40;

/* IEEE 754 binary16; every value of it is one of binary32. */
float
from_half (uint16_t bits)
{
  const uint32_t sign = (bits & 0x8000u) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1f;
  const uint32_t mantissa = bits & 0x3ffu;

  if (exponent == 0) {
    const float value = std::ldexp (static_cast<float> (mantissa), -24);
    return sign ? -value : value;
  }
  const uint32_t widened = exponent == 0x1f ? 0xff : exponent + 112;
  return std::bit_cast<float> (sign | (widened << 23) | (mantissa << 13));
}

struct Half
{
  uint16_t bits;
  operator float () const { return from_half (bits); }
};

struct BFloat
{
  uint16_t bits;
  operator float () const
  {
    return std::bit_cast<float> (static_cast<uint32_t> (bits) << 16);
  }
};

/* Integers are scaled so that their full scale is 1.0. */
template <typename Out, typename In>
Out
to_sample (In value)
{
  if constexpr (std::is_same_v<In, uint8_t>)
    return (static_cast<Out> (value) - 128) / 128;
  else if constexpr (std::is_same_v<In, int8_t>)
    return static_cast<Out> (value) / 128;
  else if constexpr (std::is_same_v<In, int16_t>)
    return static_cast<Out> (value) / 32768;
  else if constexpr (std::is_same_v<In, int32_t>)
    return static_cast<Out> (value) / 2147483648.0;
  else
    return static_cast<Out> (value);
}

/* Storage need not be aligned. */
template <typename T>
T
load (const uint8_t *from)
{
  T value;
  memcpy (&value, from, sizeof (T));
  return value;
}

/* The usual tensor, two rows of floats: both at once, so that the compiler can
 * make vector code of it. */
void
interleave_pair (const uint8_t *left, const uint8_t *right, float *to,
    int64_t frames)
{
  for (int64_t i = 0; i < frames; i++) {
    to[2 * i] = load<float> (left + i * sizeof (float));
    to[2 * i + 1] = load<float> (right + i * sizeof (float));
  }
}

template <typename In, typename Out>
void
interleave (const uint8_t *from, Out *to, int64_t frames, int channels,
    int64_t channel_step, int64_t frame_step)
{
  if constexpr (std::is_same_v<In, float> && std::is_same_v<Out, float>) {
    if (channels == 2 && frame_step == sizeof (float)) {
      interleave_pair (from, from + channel_step, to, frames);
      return;
    }
  }
  for (int channel = 0; channel < channels; channel++) {
    const uint8_t *in = from + channel * channel_step;
    Out *out = to + channel;
    for (int64_t i = 0; i < frames; i++, in += frame_step, out += channels)
      *out = to_sample<Out> (load<In> (in));
  }
}

/* The type of @In's bits, and its exponent when it is NaN or infinite */
template <typename In> struct Bits;
template <> struct Bits<float>
{
  using type = uint32_t;
  static constexpr type exponent = 0x7f800000u;
};
template <> struct Bits<double>
{
  using type = uint64_t;
  static constexpr type exponent = 0x7ff0000000000000u;
};
template <> struct Bits<Half>
{
  using type = uint16_t;
  static constexpr type exponent = 0x7c00u;
};
template <> struct Bits<BFloat>
{
  using type = uint16_t;
  static constexpr type exponent = 0x7f80u;
};

/* By bits, which needs neither branches nor the order of float additions, so
 * that it becomes vector code. */
template <typename In>
bool
is_finite (const uint8_t *from, int64_t frames, int64_t step)
{
  using T = typename Bits<In>::type;
  constexpr T exponent = Bits<In>::exponent;
  T found = 0;

  if (step == sizeof (T)) {
    for (int64_t i = 0; i < frames; i++)
      found |= (load<T> (from + i * sizeof (T)) & exponent) == exponent;
  } else {
    for (int64_t i = 0; i < frames; i++, from += step)
      found |= (load<T> (from) & exponent) == exponent;
  }
  return found == 0;
}

void
release_tensor (gpointer data)
{
  delete static_cast<std::shared_ptr<const Tensor> *> (data);
}

}

bool
parse_layout (const char *nick, Layout & layout)
{
  if (strcmp (nick, "auto") == 0)
    layout = Layout::automatic;
  else if (strcmp (nick, "channels-first") == 0)
    layout = Layout::channels_first;
  else if (strcmp (nick, "channels-last") == 0)
    layout = Layout::channels_last;
  else
    return false;
  return true;
}

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

const GstGenAudioDLTensor &
Tensor::tensor () const
{
  if (versioned)
    return static_cast<GstGenAudioDLManagedTensorVersioned *> (managed)
        ->dl_tensor;
  return static_cast<GstGenAudioDLManagedTensor *> (managed)->dl_tensor;
}

std::string
Tensor::shape_text () const
{
  std::string text = "[";

  for (int i = 0; i < std::min (tensor ().ndim, 8); i++)
    text += (i > 0 ? ", " : "") + std::to_string (tensor ().shape[i]);
  return text + (tensor ().ndim > 8 ? ", ...]" : "]");
}

void
Tensor::read_type ()
{
  const GstGenAudioDLDataType & dtype = tensor ().dtype;
  const struct
  {
    int code, bits;
    Type type;
  } types[] = {
    {GST_GENAUDIO_DL_FLOAT, 32, Type::f32},
    {GST_GENAUDIO_DL_FLOAT, 64, Type::f64},
    {GST_GENAUDIO_DL_FLOAT, 16, Type::f16},
    {GST_GENAUDIO_DL_BFLOAT, 16, Type::bf16},
    {GST_GENAUDIO_DL_INT, 16, Type::i16},
    {GST_GENAUDIO_DL_INT, 32, Type::i32},
    {GST_GENAUDIO_DL_INT, 8, Type::i8},
    {GST_GENAUDIO_DL_UINT, 8, Type::u8},
  };

  for (const auto & t : types) {
    if (dtype.code == t.code && dtype.bits == t.bits && dtype.lanes == 1) {
      type = t.type;
      element_size = t.bits / 8;
      return;
    }
  }
  throw TensorError ("Unsupported tensor type (DLPack code "
      + std::to_string (dtype.code) + ", " + std::to_string (dtype.bits)
      + " bits, " + std::to_string (dtype.lanes) + " lanes): expected float of "
      "16, 32 or 64 bits, bfloat16, or integers of 8, 16 or 32 bits");
}

void
Tensor::read_shape (Layout layout)
{
  const GstGenAudioDLTensor & dl = tensor ();
  const int ndim = dl.ndim;

  if (ndim < 1 || ndim > 3 || (ndim == 3 && dl.shape[0] != 1))
    throw TensorError ("Invalid audio dimensions: shape " + shape_text ()
        + ", expected (samples), (channels, samples) or "
        "(1, channels, samples)");
  int64_t strides[3] = { 1, 1, 1 };
  for (int i = ndim - 1; i >= 0; i--) {
    if (dl.strides != nullptr)
      strides[i] = dl.strides[i];
    else if (i < ndim - 1)
      strides[i] = strides[i + 1] * std::max<int64_t> (dl.shape[i + 1], 1);
  }
  if (ndim == 1) {
    n_channels = 1;
    n_frames = dl.shape[0];
    frame_stride = strides[0];
    channel_stride = 0;
  } else {
    const int64_t rows = dl.shape[ndim - 2];
    const int64_t columns = dl.shape[ndim - 1];
    if (layout == Layout::automatic && rows > 2 && columns > 2 && rows <= 8)
      throw TensorError ("Shape " + shape_text () + " could be "
          + std::to_string (rows) + " channels or a batch of "
          + std::to_string (rows) + " mono items: say which by the layout");
    const bool first = layout == Layout::channels_first
        || (layout == Layout::automatic && (rows <= 2 || columns > 2));
    const int64_t channels = first ? rows : columns;
    if (channels < 1 || channels > max_channels)
      throw TensorError ("Expected max " + std::to_string (max_channels)
          + " channels, got " + std::to_string (channels) + " (shape "
          + shape_text () + ")");
    n_channels = static_cast<int> (channels);
    n_frames = first ? columns : rows;
    channel_stride = strides[first ? ndim - 2 : ndim - 1];
    frame_stride = strides[first ? ndim - 1 : ndim - 2];
  }
  if (n_frames < 1)
    throw TensorError ("Empty tensor: shape " + shape_text ());
  if (n_frames > max_frames)
    throw TensorError ("Tensor of shape " + shape_text () + " is too long");
}

void
Tensor::check_memory () const
{
  switch (tensor ().device.device_type) {
    case GST_GENAUDIO_DL_CPU:
    case GST_GENAUDIO_DL_CUDA_HOST:
    case GST_GENAUDIO_DL_ROCM_HOST:
    case GST_GENAUDIO_DL_CUDA_MANAGED:
      break;
    default:
      throw TensorError ("Tensor is in the memory of a device (DLPack device "
          "type " + std::to_string (tensor ().device.device_type)
          + "): copy it to the host first");
  }
  if (tensor ().data == nullptr)
    throw TensorError ("Tensor without data");
}

void
Tensor::interpret (Layout layout)
{
  if (versioned) {
    const auto *own =
        static_cast<GstGenAudioDLManagedTensorVersioned *> (managed);
    if (own->version_major != 1)
      throw TensorError ("DLPack version " + std::to_string (own->version_major)
          + " is not known, expected 1");
  }
  read_type ();
  read_shape (layout);
  check_memory ();
}

const uint8_t *
Tensor::at (int64_t frame) const
{
  return static_cast<const uint8_t *> (tensor ().data) + tensor ().byte_offset
      + frame * frame_stride * element_size;
}

void
Tensor::require_finite () const
{
  const int64_t step = frame_stride * element_size;

  for (int channel = 0; channel < n_channels; channel++) {
    const uint8_t *from = at (0) + channel * channel_stride * element_size;
    bool finite = true;
    if (type == Type::f32)
      finite = is_finite<float> (from, n_frames, step);
    else if (type == Type::f64)
      finite = is_finite<double> (from, n_frames, step);
    else if (type == Type::f16)
      finite = is_finite<Half> (from, n_frames, step);
    else if (type == Type::bf16)
      finite = is_finite<BFloat> (from, n_frames, step);
    if (!finite)
      throw TensorError ("Tensor holds samples that are NaN or infinite");
  }
}

GstCaps *
Tensor::caps (int rate) const
{
  GstAudioInfo info;
  GstAudioChannelPosition positions[max_channels];

  gst_audio_channel_positions_from_mask (n_channels,
      gst_audio_channel_get_fallback_mask (n_channels), positions);
  if (n_channels == 1)
    positions[0] = GST_AUDIO_CHANNEL_POSITION_MONO;
  gst_audio_info_set_format (&info,
      is_double () ? GST_AUDIO_FORMAT_F64 : GST_AUDIO_FORMAT_F32, rate,
      n_channels, positions);
  return gst_audio_info_to_caps (&info);
}

bool
Tensor::is_interleaved () const
{
  const auto address = reinterpret_cast<uintptr_t> (at (0));

  return (type == Type::f32 || type == Type::f64)
      && (n_frames == 1 || frame_stride == n_channels)
      && (n_channels == 1 || channel_stride == 1)
      && address % element_size == 0;
}

GstBuffer *
Tensor::buffer (int64_t first, int64_t count) const
{
  const gsize sample = is_double () ? 8 : 4;
  const gsize size = count * n_channels * sample;

  if (is_interleaved ())
    return gst_buffer_new_wrapped_full (GST_MEMORY_FLAG_READONLY,
        const_cast<uint8_t *> (at (first)), size, 0, size,
        new std::shared_ptr<const Tensor> (shared_from_this ()),
        release_tensor);

  GstBuffer *buffer = gst_buffer_new_allocate (nullptr, size, nullptr);
  GstMapInfo map;
  if (buffer == nullptr || !gst_buffer_map (buffer, &map, GST_MAP_WRITE))
    throw TensorError ("Out of memory");
  const int64_t channel_step = channel_stride * element_size;
  const int64_t frame_step = frame_stride * element_size;
  auto convert = [&]<typename In, typename Out> () {
    interleave<In, Out> (at (first), reinterpret_cast<Out *> (map.data), count,
        n_channels, channel_step, frame_step);
  };
  switch (type) {
    case Type::f16: convert.operator()<Half, float> (); break;
    case Type::bf16: convert.operator()<BFloat, float> (); break;
    case Type::f32: convert.operator()<float, float> (); break;
    case Type::f64: convert.operator()<double, double> (); break;
    case Type::i8: convert.operator()<int8_t, float> (); break;
    case Type::u8: convert.operator()<uint8_t, float> (); break;
    case Type::i16: convert.operator()<int16_t, float> (); break;
    case Type::i32: convert.operator()<int32_t, double> (); break;
  }
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

}
