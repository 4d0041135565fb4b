/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tensorfile.hpp"
#include "error.hpp"
#include "npy.hpp"
#include "safetensors.hpp"
#include "torchsave.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string_view>

namespace genaudio {

namespace {

const char *const audio_names[] = {
  "audio", "audio_values", "waveform", "wav",
};

const char *const rate_names[] = {"sample_rate", "sampling_rate", "sr"};

const char *const extensions[] = {".safetensors", ".npy", ".pt", ".pth"};

/* "outer.inner.wav" -> "wav" */
std::string_view
last_part (std::string_view name)
{
  const std::size_t dot = name.rfind ('.');

  return dot == std::string_view::npos ? name : name.substr (dot + 1);
}

/* "outer.inner.wav" -> "outer.inner", "wav" -> nothing */
std::optional<std::string_view>
outer_part (std::string_view name)
{
  const std::size_t dot = name.rfind ('.');

  if (dot == std::string_view::npos)
    return std::nullopt;
  return name.substr (0, dot);
}

bool
is_rate_name (std::string_view name)
{
  return std::find (std::begin (rate_names), std::end (rate_names),
      last_part (name)) != std::end (rate_names);
}

/* The tensor of that very name, or the only one whose name ends in it. */
const Tensor *
find_tensor (const Contents & contents, std::string_view name)
{
  const Tensor *found = nullptr;
  bool several = false;

  for (const Tensor & tensor : contents.tensors) {
    if (tensor.name == name)
      return &tensor;
    if (last_part (tensor.name) == name) {
      several = found != nullptr;
      found = &tensor;
    }
  }
  return several ? nullptr : found;
}

std::string
list_names (const Contents & contents)
{
  std::string names;
  std::size_t n = 0;

  for (const Tensor & tensor : contents.tensors) {
    if (n++ == 20) {
      names += ", ...";
      break;
    }
    names += cat (names.empty () ? "" : ", ", "\"", tensor.name, "\" ",
        tensor.dtype_name, " ", shape_text (tensor.shape));
  }
  return names;
}

const std::string *
find_entry (const Contents & contents, std::string_view name)
{
  for (const auto & [key, value] : contents.entries) {
    if (key == name)
      return &value;
  }
  return nullptr;
}

int
parse_rate (const std::string & name, const std::string & text)
{
  double rate = 0;
  const char *end = text.data () + text.size ();
  const auto [at, fault] = std::from_chars (text.data (), end, rate);

  if (fault != std::errc () || at != end || !(rate >= 1)
      || rate > INT32_MAX || std::floor (rate) != rate)
    throw Error (Fault::format, cat ("Its ", name, " is \"", text,
            "\", which is not a sample rate in Hz"));
  return static_cast<int> (rate);
}

}

bool
has_tensor_extension (const std::string & path)
{
  return std::any_of (std::begin (extensions), std::end (extensions),
      [&path] (std::string_view extension) {
        return std::string_view (path).ends_with (extension);
      });
}

static Contents
read_container (const File & file)
{
  if (file.size () == 0)
    throw Error (Fault::decode, "The file is empty");
  if (is_npy (file))
    return read_npy (file);
  if (is_torch_save (file))
    return read_torch_save (file);
  if (is_safetensors (file))
    return read_safetensors (file);
  throw Error (Fault::format, "It is not a tensor file; .safetensors, .npy and "
      ".pt as written by torch.save are read");
}

/* A whole number in a tensor of one element. */
static std::optional<std::int64_t>
read_scalar (const File & file, const Tensor & tensor)
{
  unsigned char bytes[8];

  if (tensor.swapped || count_elements (tensor.shape) != 1)
    return std::nullopt;
  if (tensor.dtype_name == "I64") {
    std::int64_t value;
    file.read (tensor.offset, bytes, sizeof value);
    std::memcpy (&value, bytes, sizeof value);
    return value;
  }
  if (tensor.dtype_name == "I32") {
    std::int32_t value;
    file.read (tensor.offset, bytes, sizeof value);
    std::memcpy (&value, bytes, sizeof value);
    return value;
  }
  return std::nullopt;
}

/* {"audio": ..., "sample_rate": torch.tensor (32000)} */
static void
take_scalar_rates (const File & file, Contents & contents)
{
  std::erase_if (contents.tensors, [&] (const Tensor & tensor) {
    if (!is_rate_name (tensor.name))
      return false;
    const std::optional<std::int64_t> rate = read_scalar (file, tensor);
    if (rate)
      contents.entries.emplace_back (tensor.name, std::to_string (*rate));
    return rate.has_value ();
  });
}

Contents
read_tensor_file (const File & file)
{
  Contents contents = read_container (file);

  take_scalar_rates (file, contents);
  return contents;
}

const Tensor &
select_tensor (const Contents & contents, const std::string & name)
{
  const Tensor *found = nullptr;

  if (contents.tensors.empty ())
    throw Error (Fault::format, "It holds no tensor");
  if (!name.empty ()) {
    found = find_tensor (contents, name);
    if (found == nullptr)
      throw Error (Fault::settings, cat ("It has no tensor of the name \"",
              name, "\", or several; it holds ", list_names (contents)));
    return *found;
  }
  if (contents.tensors.size () == 1)
    return contents.tensors.front ();
  for (const char *usual : audio_names) {
    found = find_tensor (contents, usual);
    if (found != nullptr)
      return *found;
  }
  throw Error (Fault::settings, cat ("It holds several tensors and none has a "
          "usual name: choose one with tensor-name: ", list_names (contents)));
}

std::optional<int>
find_rate (const Contents & contents, const Tensor & tensor)
{
  if (!contents.paired_rate.empty ())
    return parse_rate ("rate", contents.paired_rate);

  std::optional<std::string_view> outer = outer_part (tensor.name);
  while (true) {
    for (const char *name : rate_names) {
      const std::string key = outer ? cat (*outer, ".", name) : name;
      const std::string *text = find_entry (contents, key);
      if (text != nullptr)
        return parse_rate (key, *text);
    }
    if (!outer)
      return std::nullopt;
    outer = outer_part (*outer);
  }
}

Metadata
free_metadata (const Contents & contents)
{
  Metadata metadata;

  for (const auto & entry : contents.entries) {
    if (!is_rate_name (entry.first))
      metadata.push_back (entry);
  }
  return metadata;
}

}
