/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tensor.hpp"
#include "error.hpp"

#include <cstddef>

namespace genaudio {

namespace {

constexpr std::size_t max_dimensions = 64;
constexpr std::size_t max_entries = 4096;
constexpr std::size_t max_entry_bytes = 4 << 20;

using wide = unsigned __int128;
using signed_wide = __int128;

}

const char *
dtype_name (DType dtype)
{
  switch (dtype) {
    case DType::f32:
      return "F32";
    case DType::f64:
      return "F64";
    case DType::f16:
      return "F16";
    case DType::bf16:
      return "BF16";
    case DType::i8:
      return "I8";
    case DType::u8:
      return "U8";
    case DType::i16:
      return "I16";
    case DType::i32:
      return "I32";
    case DType::other:
      break;
  }
  return "other";
}

std::string
shape_text (const std::vector<std::uint64_t> & shape)
{
  std::string text = "[";

  for (std::size_t i = 0; i < shape.size (); i++)
    text += (i > 0 ? ", " : "") + std::to_string (shape[i]);
  return text + "]";
}

Strides
c_strides (const std::vector<std::uint64_t> & shape)
{
  Strides strides (shape.size ());
  std::uint64_t stride = 1;

  count_elements (shape);
  for (std::size_t i = shape.size (); i-- > 0; ) {
    strides[i] = static_cast<std::int64_t> (stride);
    stride *= shape[i];
  }
  return strides;
}

Strides
fortran_strides (const std::vector<std::uint64_t> & shape)
{
  Strides strides (shape.size ());
  std::uint64_t stride = 1;

  count_elements (shape);
  for (std::size_t i = 0; i < shape.size (); i++) {
    strides[i] = static_cast<std::int64_t> (stride);
    stride *= shape[i];
  }
  return strides;
}

std::uint64_t
count_elements (const std::vector<std::uint64_t> & shape)
{
  wide count = 1;
  bool empty = false;

  if (shape.size () > max_dimensions)
    throw Error (Fault::decode, cat ("A tensor has ", shape.size (),
            " dimensions; at most ", max_dimensions, " are read"));
  /* a zero hides no overflow: every partial product must fit */
  for (std::uint64_t size : shape) {
    if (size == 0)
      empty = true;
    else
      count *= size;
    if (count >> 62 != 0)
      throw Error (Fault::decode, cat ("Shape ", shape_text (shape),
              " has more elements than can be counted"));
  }
  return empty ? 0 : static_cast<std::uint64_t> (count);
}

void
check_bounds (const std::vector<std::uint64_t> & shape,
    const std::vector<std::uint64_t> & strides, std::uint64_t first,
    std::uint64_t elements)
{
  wide last = first;
  const std::uint64_t count = count_elements (shape);

  if (shape.size () != strides.size ())
    throw Error (Fault::decode, cat ("A tensor has ", shape.size (),
            " dimensions and ", strides.size (), " strides"));
  if (count == 0)
    return;
  for (std::size_t i = 0; i < shape.size (); i++) {
    last += static_cast<wide> (shape[i] - 1) * strides[i];
    if (last >> 64 != 0)
      break;
  }
  if (last >= elements)
    throw Error (Fault::decode, cat ("A tensor of shape ", shape_text (shape),
            ", strides ", shape_text (strides), " and offset ", first,
            " reaches beyond its ", elements, " stored elements"));
}

std::uint64_t
elements_before (const std::vector<std::uint64_t> & shape,
    const Strides & strides)
{
  signed_wide low = 0, high = 0;

  if (count_elements (shape) == 0)
    return 0;
  for (std::size_t i = 0; i < shape.size (); i++) {
    const signed_wide span =
        static_cast<signed_wide> (shape[i] - 1) * strides[i];
    (span < 0 ? low : high) += span;
    if ((high - low) >> 59 != 0)
      throw Error (Fault::format, cat ("The strides of a tensor of shape ",
              shape_text (shape), " reach beyond all memory"));
  }
  return static_cast<std::uint64_t> (-low);
}

void
check_metadata_size (const Metadata & entries)
{
  std::size_t bytes = 0;

  for (const auto & [key, value] : entries)
    bytes += key.size () + value.size ();
  if (entries.size () > max_entries || bytes > max_entry_bytes)
    throw Error (Fault::format, cat ("The file has ", entries.size (),
            " entries of ", bytes, " bytes beside its tensors; at most ",
            max_entries, " of 4 MiB are read"));
}

}
