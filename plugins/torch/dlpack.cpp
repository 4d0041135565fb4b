/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dlpack.hpp"
#include "error.hpp"

#include <cstring>

namespace genaudio {

namespace {

/* More dimensions than any audio tensor, and far from any allocation. */
constexpr int max_dimensions = 16;

DType
dtype_of (const GstGenAudioDLDataType & type)
{
  if (type.lanes != 1)
    return DType::other;
  if (type.code == GST_GENAUDIO_DL_FLOAT)
    return type.bits == 32 ? DType::f32 : type.bits == 64 ? DType::f64
        : type.bits == 16 ? DType::f16 : DType::other;
  if (type.code == GST_GENAUDIO_DL_BFLOAT && type.bits == 16)
    return DType::bf16;
  if (type.code == GST_GENAUDIO_DL_INT)
    return type.bits == 16 ? DType::i16 : type.bits == 32 ? DType::i32
        : type.bits == 8 ? DType::i8 : DType::other;
  if (type.code == GST_GENAUDIO_DL_UINT && type.bits == 8)
    return DType::u8;
  return DType::other;
}

void
check_device (const GstGenAudioDLDevice & device)
{
  switch (device.device_type) {
    case GST_GENAUDIO_DL_CPU:
    case GST_GENAUDIO_DL_CUDA_HOST:
    case GST_GENAUDIO_DL_ROCM_HOST:
    case GST_GENAUDIO_DL_CUDA_MANAGED:
      return;
    default:
      throw Error (Fault::format, cat ("A tensor on device type ",
              device.device_type, " cannot be read here: copy it to the host "
              "first, in Python with tensor.cpu()"));
  }
}

}

DLPackTensor::DLPackTensor (void *managed, bool versioned)
    : managed_ (managed), versioned_ (versioned)
{
  try {
    if (managed == nullptr)
      throw Error (Fault::settings, "There is no tensor at address 0");
    if (versioned) {
      auto *v = static_cast<GstGenAudioDLManagedTensorVersioned *> (managed);
      if (v->version_major != 1)
        throw Error (Fault::format, cat ("DLPack version ", v->version_major,
                ".", v->version_minor, " is not known; 1.x is read"));
      describe (v->dl_tensor);
    } else {
      describe (static_cast<GstGenAudioDLManagedTensor *> (managed)->dl_tensor);
    }
  } catch (...) {
    release ();
    throw;
  }
}

DLPackTensor::~DLPackTensor ()
{
  release ();
}

void
DLPackTensor::release ()
{
  if (managed_ == nullptr)
    return;
  if (versioned_) {
    auto *v = static_cast<GstGenAudioDLManagedTensorVersioned *> (managed_);
    if (v->deleter != nullptr)
      v->deleter (v);
  } else {
    auto *m = static_cast<GstGenAudioDLManagedTensor *> (managed_);
    if (m->deleter != nullptr)
      m->deleter (m);
  }
  managed_ = nullptr;
}

void
DLPackTensor::describe (const GstGenAudioDLTensor & source)
{
  if (source.ndim < 0 || source.ndim > max_dimensions)
    throw Error (Fault::format, cat ("Invalid audio dimensions: a tensor of ",
            source.ndim, " dimensions"));
  tensor_.dtype = dtype_of (source.dtype);
  tensor_.dtype_name = tensor_.dtype != DType::other
      ? dtype_name (tensor_.dtype)
      : cat ("DLPack ", unsigned {source.dtype.code}, "/",
          unsigned {source.dtype.bits}, "x", source.dtype.lanes);
  for (int i = 0; i < source.ndim; i++) {
    if (source.shape[i] < 0)
      throw Error (Fault::format, cat ("A dimension of a tensor is ",
              source.shape[i]));
    tensor_.shape.push_back (static_cast<std::uint64_t> (source.shape[i]));
  }
  const std::uint64_t n = count_elements (tensor_.shape);
  if (source.strides == nullptr) {
    tensor_.strides = c_strides (tensor_.shape);
  } else {
    for (int i = 0; i < source.ndim; i++)
      tensor_.strides.push_back (source.shape[i] > 1 ? source.strides[i] : 0);
  }
  if (n > 0 && source.data == nullptr)
    throw Error (Fault::format, "A tensor has elements but no memory");
  check_device (source.device);
  /* a stride may be negative: the first element need not be the lowest */
  tensor_.offset = elements_before (tensor_.shape, tensor_.strides)
      * item_size (tensor_.dtype);
  lowest_ = static_cast<const std::byte *> (source.data) + source.byte_offset
      - tensor_.offset;
}

void
DLPackTensor::read (std::uint64_t offset, void *out, std::size_t bytes) const
{
  std::memcpy (out, lowest_ + offset, bytes);
}

}
