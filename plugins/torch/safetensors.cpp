/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "safetensors.hpp"
#include "error.hpp"
#include "json.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <iterator>

namespace genaudio {

namespace {

constexpr std::uint64_t max_header = 100'000'000;
constexpr std::size_t max_name = 4096;

struct Format
{
  const char *name;
  DType dtype;
  unsigned bits;
};

const Format formats[] = {
  {"F64", DType::f64, 64}, {"F32", DType::f32, 32}, {"F16", DType::f16, 16},
  {"BF16", DType::bf16, 16}, {"I32", DType::i32, 32}, {"I16", DType::i16, 16},
  {"BOOL", DType::other, 8}, {"U8", DType::other, 8}, {"I8", DType::other, 8},
  {"F8_E5M2", DType::other, 8}, {"F8_E4M3", DType::other, 8},
  {"F8_E8M0", DType::other, 8}, {"U16", DType::other, 16},
  {"U32", DType::other, 32}, {"I64", DType::other, 64},
  {"U64", DType::other, 64}, {"C64", DType::other, 64},
  {"F4", DType::other, 4}, {"F6_E2M3", DType::other, 6},
  {"F6_E3M2", DType::other, 6},
};

struct Extent
{
  std::uint64_t begin, end;
  std::string name;
};

std::uint64_t
read_length (const File & file)
{
  unsigned char bytes[8];
  std::uint64_t length = 0;

  file.read (0, bytes, sizeof bytes);
  for (int i = 7; i >= 0; i--)
    length = length << 8 | bytes[i];
  return length;
}

const json::Value &
member (const json::Value & object, const char *name, json::Kind kind,
    const std::string & tensor)
{
  const json::Value *value = object.find (name);

  if (value == nullptr || value->kind != kind)
    throw Error (Fault::decode, cat ("Tensor \"", tensor, "\" has no ", name,
            " that can be read"));
  return *value;
}

std::vector<std::uint64_t>
read_sizes (const json::Value & array, const std::string & tensor)
{
  std::vector<std::uint64_t> sizes;

  for (const json::Value & element : array.elements) {
    std::uint64_t size = 0;
    const char *end = element.text.data () + element.text.size ();
    const auto [at, fault] = std::from_chars (element.text.data (), end, size);
    if (element.kind != json::Kind::number || fault != std::errc () || at != end)
      throw Error (Fault::decode, cat ("Tensor \"", tensor, "\" has \"",
              element.text, "\" for a size or an offset"));
    sizes.push_back (size);
  }
  return sizes;
}

const Format &
find_format (const std::string & name, const std::string & tensor)
{
  const auto found = std::find_if (std::begin (formats), std::end (formats),
      [&name] (const Format & format) { return name == format.name; });

  if (found == std::end (formats))
    throw Error (Fault::format, cat ("Tensor \"", tensor, "\" has the unknown "
            "dtype \"", name, "\""));
  return *found;
}

/* @data and @length: where the data begin, and how long they are */
Tensor
read_tensor (const std::string & name, const json::Value & object,
    std::uint64_t data, std::uint64_t length, std::vector<Extent> & extents)
{
  Tensor tensor;

  if (name.size () > max_name)
    throw Error (Fault::decode, cat ("A tensor has a name of ", name.size (),
            " bytes; at most ", max_name, " are read"));
  if (object.kind != json::Kind::object)
    throw Error (Fault::decode, cat ("Tensor \"", name, "\" is described by "
            "something else than an object"));
  tensor.name = name;
  tensor.dtype_name = member (object, "dtype", json::Kind::string, name).text;
  const Format & format = find_format (tensor.dtype_name, name);
  tensor.dtype = format.dtype;
  tensor.shape =
      read_sizes (member (object, "shape", json::Kind::array, name), name);
  tensor.strides = c_strides (tensor.shape);
  const std::vector<std::uint64_t> range =
      read_sizes (member (object, "data_offsets", json::Kind::array, name), name);
  if (range.size () != 2 || range[0] > range[1])
    throw Error (Fault::decode, cat ("Tensor \"", name, "\" has data_offsets ",
            shape_text (range)));
  if (range[1] > length)
    throw Error (Fault::decode, cat ("Tensor \"", name, "\" ends at byte ",
            range[1], " of ", length, " bytes of data: the file is "
            "truncated"));
  const unsigned __int128 bits =
      static_cast<unsigned __int128> (count_elements (tensor.shape))
      * format.bits;
  if (bits != static_cast<unsigned __int128> (range[1] - range[0]) * 8)
    throw Error (Fault::decode, cat ("Tensor \"", name, "\" has ",
            range[1] - range[0], " bytes, which is not what ",
            tensor.dtype_name, " ", shape_text (tensor.shape), " takes"));
  tensor.offset = data + range[0];
  extents.push_back ({range[0], range[1], name});
  return tensor;
}

Metadata
read_metadata (const json::Value & object)
{
  Metadata metadata;

  if (object.kind != json::Kind::object)
    throw Error (Fault::decode, "Its __metadata__ is not an object");
  for (std::size_t i = 0; i < object.names.size (); i++) {
    const json::Value & value = object.elements[i];
    if (value.kind != json::Kind::string)
      throw Error (Fault::decode, cat ("Its __metadata__ \"",
              object.names[i], "\" is not a string"));
    metadata.emplace_back (object.names[i], value.text);
  }
  check_metadata_size (metadata);
  return metadata;
}

void
check_extents (std::vector<Extent> extents, std::uint64_t length)
{
  std::uint64_t at = 0;

  std::sort (extents.begin (), extents.end (),
      [] (const Extent & a, const Extent & b) {
        return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
      });
  for (const Extent & extent : extents) {
    if (extent.begin != at)
      throw Error (Fault::decode, cat ("Tensor \"", extent.name,
              "\" begins at byte ", extent.begin, " of the data where byte ",
              at, " comes next"));
    at = extent.end;
  }
  if (at != length)
    throw Error (Fault::decode, cat ("Its tensors end at byte ", at, " of ",
            length, " bytes of data"));
}

}

bool
is_safetensors (const File & file)
{
  char first = 0;

  if (file.size () < 10)
    return false;
  file.read (8, &first, 1);
  return first == '{' && read_length (file) >= 2;
}

Contents
read_safetensors (const File & file)
{
  const std::uint64_t header = read_length (file);
  Contents contents;
  std::vector<Extent> extents;

  static_assert (std::endian::native == std::endian::little);
  if (header > max_header)
    throw Error (Fault::decode, cat ("Its header is said to have ", header,
            " bytes; at most ", max_header, " are read"));
  if (header > file.size () - 8)
    throw Error (Fault::decode, cat ("Its header is said to have ", header,
            " bytes but the file has ", file.size (), ": it is truncated"));

  std::string text (header, '\0');
  file.read (8, text.data (), text.size ());
  const json::Value root = json::parse (text);
  const std::uint64_t data = 8 + header;
  const std::uint64_t length = file.size () - data;
  for (std::size_t i = 0; i < root.names.size (); i++) {
    if (root.names[i] == "__metadata__")
      contents.entries = read_metadata (root.elements[i]);
    else
      contents.tensors.push_back (read_tensor (root.names[i],
              root.elements[i], data, length, extents));
  }
  check_extents (std::move (extents), length);
  return contents;
}

}
