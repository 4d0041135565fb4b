/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "torchsave.hpp"
#include "error.hpp"
#include "pickle.hpp"
#include "zip.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstddef>
#include <iterator>
#include <string_view>

namespace genaudio {

namespace {

using pickle::Graph;
using pickle::Index;
using pickle::Kind;
using pickle::Node;

constexpr std::uint64_t max_pickle = 16 << 20;
constexpr int max_depth = 32;
constexpr std::size_t max_visits = 1'000'000;

struct Format
{
  std::string_view storage;
  DType dtype;
  const char *name;
  unsigned size;
};

const Format formats[] = {
  {"torch.FloatStorage", DType::f32, "F32", 4},
  {"torch.DoubleStorage", DType::f64, "F64", 8},
  {"torch.HalfStorage", DType::f16, "F16", 2},
  {"torch.BFloat16Storage", DType::bf16, "BF16", 2},
  {"torch.ShortStorage", DType::i16, "I16", 2},
  {"torch.IntStorage", DType::i32, "I32", 4},
  {"torch.LongStorage", DType::other, "I64", 8},
  {"torch.CharStorage", DType::other, "I8", 1},
  {"torch.ByteStorage", DType::other, "U8", 1},
  {"torch.BoolStorage", DType::other, "BOOL", 1},
  {"torch.ComplexFloatStorage", DType::other, "C64", 8},
  {"torch.ComplexDoubleStorage", DType::other, "C128", 16},
};

std::string
integer_text (__int128 value)
{
  char digits[48];
  char *at = std::end (digits);
  unsigned __int128 rest = value < 0 ? -static_cast<unsigned __int128> (value)
      : static_cast<unsigned __int128> (value);

  do {
    *--at = static_cast<char> ('0' + static_cast<int> (rest % 10));
    rest /= 10;
  } while (rest != 0);
  if (value < 0)
    *--at = '-';
  return std::string (at, std::end (digits));
}

std::string
number_text (double value)
{
  char digits[64];
  const auto end = std::to_chars (std::begin (digits), std::end (digits), value);

  return std::string (digits, end.ptr);
}

/* Walks the graph of a pickle and collects tensors, strings and numbers. */
class Collector
{
public:
  Collector (const File & file, const ZipArchive & zip,
      const std::string & folder, const Graph & graph)
      : file_ (file), zip_ (zip), folder_ (folder), graph_ (graph),
      swapped_ (read_byte_order ()) {}

  Contents
  collect ()
  {
    if (!collect_pair (graph_[graph_.root])) {
      visit (graph_.root, "", 0);
      contents_.list = is_list_of_tensors (graph_[graph_.root]);
    }
    check_metadata_size (contents_.entries);
    return std::move (contents_);
  }

private:
  /* The archives of PyTorch 2.1 and later say it; older ones are of the
   * machine's, which was little-endian. */
  bool
  read_byte_order () const
  {
    const std::string name = folder_ + "/byteorder";
    const auto found = zip_.records ().find (name);
    std::string order = "little";

    if (found != zip_.records ().end ()) {
      if (found->second.size > 16)
        throw Error (Fault::decode, "Its byte order cannot be read");
      order.resize (found->second.size);
      file_.read (zip_.locate (name, found->second), order.data (),
          order.size ());
    }
    if (order != "little" && order != "big")
      throw Error (Fault::decode, "Its byte order cannot be read");
    return (order == "little") != (std::endian::native == std::endian::little);
  }

  bool
  is_number (const Node & node) const
  {
    return node.kind == Kind::integer || node.kind == Kind::number;
  }

  /* (tensor, rate), in either order */
  bool
  collect_pair (const Node & node)
  {
    if ((node.kind != Kind::tuple && node.kind != Kind::list)
        || node.items.size () != 2)
      return false;
    const bool first = graph_[node.items[0]].kind == Kind::tensor;
    const Node & rate = graph_[node.items[first ? 1 : 0]];
    const Node & tensor = graph_[node.items[first ? 0 : 1]];
    if (tensor.kind != Kind::tensor || !is_number (rate))
      return false;
    contents_.tensors.push_back (read_tensor (tensor, ""));
    contents_.paired_rate = rate.kind == Kind::integer
        ? integer_text (rate.integer) : number_text (rate.number);
    return true;
  }

  bool
  is_list_of_tensors (const Node & node) const
  {
    return (node.kind == Kind::tuple || node.kind == Kind::list)
        && std::all_of (node.items.begin (), node.items.end (),
            [this] (Index i) { return graph_[i].kind == Kind::tensor; });
  }

  void
  visit (Index index, const std::string & name, int depth)
  {
    const Node & node = graph_[index];

    if (depth > max_depth)
      throw Error (Fault::decode, cat ("It is nested deeper than ", max_depth));
    if (++visits_ > max_visits)
      throw Error (Fault::decode, cat ("It refers to more than ", max_visits,
              " values"));
    switch (node.kind) {
      case Kind::tensor:
        contents_.tensors.push_back (read_tensor (node, name));
        break;
      case Kind::tuple:
      case Kind::list:
        for (std::size_t i = 0; i < node.items.size (); i++)
          visit (node.items[i], inner_name (name, std::to_string (i)),
              depth + 1);
        break;
      case Kind::dict:
        for (std::size_t i = 0; i < node.items.size (); i += 2)
          visit (node.items[i + 1], inner_name (name,
                  key_text (graph_[node.items[i]])), depth + 1);
        break;
      case Kind::string:
        add_entry (name, node.text);
        break;
      case Kind::integer:
        add_entry (name, integer_text (node.integer));
        break;
      case Kind::number:
        add_entry (name, number_text (node.number));
        break;
      case Kind::boolean:
        add_entry (name, node.truth ? "true" : "false");
        break;
      case Kind::none:
      case Kind::global:
      case Kind::storage:
        break;
    }
  }

  static std::string
  inner_name (const std::string & outer, const std::string & name)
  {
    if (outer.size () + name.size () > 4096)
      throw Error (Fault::decode, "It has a name longer than 4096 bytes");
    return outer.empty () ? name : outer + "." + name;
  }

  static std::string
  key_text (const Node & key)
  {
    if (key.kind == Kind::string)
      return key.text;
    if (key.kind == Kind::integer)
      return integer_text (key.integer);
    throw Error (Fault::format, "It has a dict whose keys are neither strings "
        "nor whole numbers");
  }

  void
  add_entry (const std::string & name, const std::string & text)
  {
    contents_.entries.emplace_back (name, text);
    entry_bytes_ += name.size () + text.size ();
    if (contents_.entries.size () % 1024 == 0 || entry_bytes_ > (8 << 20))
      check_metadata_size (contents_.entries);
  }

  /* -- tensors */

  const Node &
  argument (const Node & tuple, std::size_t i, Kind kind, const char *what)
  {
    if (i >= tuple.items.size () || graph_[tuple.items[i]].kind != kind)
      throw Error (Fault::decode, cat ("It has a tensor without ", what));
    return graph_[tuple.items[i]];
  }

  static std::uint64_t
  size_of (const Node & node, const char *what)
  {
    if (node.kind != Kind::integer)
      throw Error (Fault::decode, cat ("It has a tensor whose ", what,
              " is not a number"));
    if (node.integer < 0 || node.integer > INT64_MAX)
      throw Error (Fault::decode, cat ("It has a tensor of ", what, " ",
              integer_text (node.integer)));
    return static_cast<std::uint64_t> (node.integer);
  }

  std::vector<std::uint64_t>
  sizes_of (const Node & tuple, const char *what)
  {
    std::vector<std::uint64_t> sizes;

    for (const Index i : tuple.items)
      sizes.push_back (size_of (graph_[i], what));
    return sizes;
  }

  /* ('storage', class, key, device, elements), the arguments of the
   * persistent id. The device says where it was; the bytes are here. */
  void
  read_storage (const Node & storage, Tensor & tensor,
      std::uint64_t & elements, unsigned & size)
  {
    const Node & id = argument (storage, 0, Kind::tuple, "a storage");
    const std::string & type = argument (id, 1, Kind::global,
        "the type of its storage").text;
    const std::string & key = argument (id, 2, Kind::string,
        "the key of its storage").text;
    const std::uint64_t count = size_of (argument (id, 4, Kind::integer,
            "the size of its storage"), "storage size");
    const auto format = std::find_if (std::begin (formats), std::end (formats),
        [&type] (const Format & f) { return f.storage == type; });
    if (format == std::end (formats))
      throw Error (Fault::wrong_type, cat ("A tensor in a ", type, " is not "
              "audio"));

    const std::string name = folder_ + "/data/" + key;
    const auto record = zip_.records ().find (name);
    if (record == zip_.records ().end ())
      throw Error (Fault::decode, cat ("It lacks the record \"", name, "\" of "
              "a tensor"));
    tensor.offset = zip_.locate (name, record->second);
    tensor.dtype = format->dtype;
    tensor.dtype_name = format->name;
    tensor.swapped = swapped_;
    size = format->size;
    elements = record->second.size / size;
    if (count > elements)
      throw Error (Fault::decode, cat ("A storage of ", count, " ",
              format->name, " has only ", record->second.size, " bytes in "
              "record \"", name, "\""));
  }

  Tensor
  read_tensor (const Node & node, const std::string & name)
  {
    const Node & arguments = graph_[node.items[0]];
    Tensor tensor;
    std::uint64_t elements = 0;
    unsigned size = 0;

    tensor.name = name;
    read_storage (argument (arguments, 0, Kind::storage, "a storage"), tensor,
        elements, size);
    const std::uint64_t first = size_of (argument (arguments, 1, Kind::integer,
            "an offset"), "offset");
    tensor.shape = sizes_of (argument (arguments, 2, Kind::tuple, "a shape"),
        "size");
    const std::vector<std::uint64_t> strides = sizes_of (argument (arguments,
            3, Kind::tuple, "strides"), "stride");
    tensor.strides.assign (strides.begin (), strides.end ());
    if (arguments.items.size () > 6)
      check_flags (graph_[arguments.items[6]]);
    check_bounds (tensor.shape, strides, first, elements);
    if (count_elements (tensor.shape) > 0)
      tensor.offset += first * size;
    return tensor;
  }

  /* {"neg": True} and {"conj": True}: the stored numbers are not the
   * tensor's */
  void
  check_flags (const Node & flags)
  {
    if (flags.kind == Kind::dict && !flags.items.empty ())
      throw Error (Fault::format, "It has a tensor that is negated or "
          "conjugated when it is read: save tensor.resolve_neg()");
  }

  const File & file_;
  const ZipArchive & zip_;
  const std::string folder_;
  const Graph & graph_;
  const bool swapped_;
  std::size_t visits_ = 0, entry_bytes_ = 0;
  Contents contents_;
};

bool
has_record (const ZipArchive & zip, std::string_view end)
{
  return std::any_of (zip.records ().begin (), zip.records ().end (),
      [end] (const auto & record) { return record.first.ends_with (end); });
}

/* "archive/data.pkl" -> "archive"; says what else it is. */
std::string
find_folder (const ZipArchive & zip)
{
  constexpr std::string_view end = "/data.pkl";
  std::string folder;

  if (has_record (zip, "/constants.pkl"))
    throw Error (Fault::format, "It is a TorchScript archive, a model and not "
        "a tensor: play it with the property `model` instead of `location`");
  for (const auto & [name, record] : zip.records ()) {
    if (name.ends_with (end)
        && name.find ('/') == name.size () - end.size ()) {
      if (!folder.empty ())
        throw Error (Fault::decode, "It has two data.pkl");
      folder = name.substr (0, name.size () - end.size ());
    }
  }
  if (folder.empty () && has_record (zip, ".npy"))
    throw Error (Fault::format, "It is an archive of NumPy arrays (.npz): "
        "save the one to play with numpy.save");
  if (folder.empty ())
    throw Error (Fault::format, "It is a zip archive but not one of "
        "torch.save: it has no data.pkl");
  return folder;
}

/* A pickle that is no archive: what torch.save wrote before PyTorch 1.6, or
 * what pickle.dump writes. */
[[noreturn]] void
refuse_pickle (const File & file)
{
  constexpr std::string_view legacy =
      "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
  std::string start (std::min<std::uint64_t> (file.size (), legacy.size ()),
      '\0');

  file.read (0, start.data (), start.size ());
  if (start == legacy)
    throw Error (Fault::format, "It is of the old format of torch.save, before "
        "PyTorch 1.6: load it and save it again");
  throw Error (Fault::format, "It is a pickled object, which is not executed: "
      "save the tensor with torch.save; a model is played by the property "
      "`model`, as TorchScript");
}

}

bool
is_torch_save (const File & file)
{
  unsigned char start[2];

  if (is_zip (file))
    return true;
  if (file.size () < sizeof start)
    return false;
  file.read (0, start, sizeof start);
  return start[0] == 0x80 && start[1] >= 2 && start[1] <= 5;
}

Contents
read_torch_save (const File & file)
{
  if (!is_zip (file))
    refuse_pickle (file);

  const ZipArchive zip (file);
  const std::string folder = find_folder (zip);
  const std::string name = folder + "/data.pkl";
  const ZipArchive::Record & record = zip.records ().at (name);
  const std::uint64_t offset = zip.locate (name, record);
  if (record.size > max_pickle)
    throw Error (Fault::decode, cat ("Its pickle has ", record.size,
            " bytes; at most ", max_pickle, " are read"));
  std::string bytes (record.size, '\0');
  file.read (offset, bytes.data (), bytes.size ());
  const Graph graph = pickle::read (bytes);
  return Collector (file, zip, folder, graph).collect ();
}

}
