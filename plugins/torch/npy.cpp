/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "npy.hpp"
#include "error.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <string_view>

namespace genaudio {

namespace {

constexpr char magic[] = "\x93NUMPY";
constexpr std::size_t magic_size = 6;
/* a header is a hundred bytes; one of a structured dtype may be a few kB */
constexpr std::uint64_t max_header = 1 << 20;

struct Format
{
  std::string_view code;
  DType dtype;
  const char *name;
};

const Format formats[] = {
  {"f4", DType::f32, "F32"}, {"f8", DType::f64, "F64"},
  {"f2", DType::f16, "F16"}, {"i2", DType::i16, "I16"},
  {"i4", DType::i32, "I32"},
};

struct Header
{
  std::string descr;
  std::vector<std::uint64_t> shape;
  bool fortran = false;
};

/* The header is the text of a Python dict with three keys. */
class Parser
{
public:
  explicit Parser (std::string_view text) : text_ (text) {}

  Header
  parse ()
  {
    Header header;
    bool descr = false, order = false, shape = false;

    expect ('{');
    while (!take ('}')) {
      const std::string key = parse_string ();
      expect (':');
      if (key == "descr" && !descr) {
        header.descr = parse_descr ();
        descr = true;
      } else if (key == "fortran_order" && !order) {
        header.fortran = parse_truth ();
        order = true;
      } else if (key == "shape" && !shape) {
        header.shape = parse_shape ();
        shape = true;
      } else {
        fail (cat ("unexpected key '", key, "'"));
      }
      if (!take (',') && peek () != '}')
        fail ("expected ',' or '}'");
    }
    skip_space ();
    if (at_ != text_.size ())
      fail ("there is more behind its end");
    if (!descr || !order || !shape)
      fail ("it lacks descr, fortran_order or shape");
    return header;
  }

private:
  [[noreturn]] void
  fail (const std::string & what) const
  {
    throw Error (Fault::decode, cat ("Its NumPy header is broken at byte ",
            at_, ": ", what));
  }

  void
  skip_space ()
  {
    while (at_ < text_.size () && std::strchr (" \t\r\n", text_[at_])
        && text_[at_] != '\0')
      at_++;
  }

  char
  peek ()
  {
    skip_space ();
    return at_ < text_.size () ? text_[at_] : '\0';
  }

  bool
  take (char c)
  {
    if (peek () != c || at_ >= text_.size ())
      return false;
    at_++;
    return true;
  }

  void
  expect (char c)
  {
    if (!take (c))
      fail (cat ("expected '", c, "'"));
  }

  std::string
  parse_string ()
  {
    const char quote = peek ();

    if (quote != '\'' && quote != '"')
      fail ("expected a string");
    const std::size_t end = text_.find (quote, at_ + 1);
    if (end == std::string_view::npos)
      fail ("a string does not end");
    const std::string_view string = text_.substr (at_ + 1, end - at_ - 1);
    if (string.find ('\\') != std::string_view::npos)
      fail ("an escape in a string");
    at_ = end + 1;
    return std::string (string);
  }

  std::string
  parse_descr ()
  {
    if (peek () == '[' || peek () == '(')
      throw Error (Fault::wrong_type, "An array of records is not audio");
    return parse_string ();
  }

  bool
  parse_truth ()
  {
    skip_space ();
    for (const std::string_view word : {"True", "False"}) {
      if (text_.substr (at_, word.size ()) == word) {
        at_ += word.size ();
        return word == "True";
      }
    }
    fail ("expected True or False");
  }

  std::vector<std::uint64_t>
  parse_shape ()
  {
    std::vector<std::uint64_t> shape;

    expect ('(');
    while (!take (')')) {
      std::uint64_t size = 0;
      skip_space ();
      const char *from = text_.data () + at_;
      const auto [end, fault] =
          std::from_chars (from, text_.data () + text_.size (), size);
      if (fault != std::errc ())
        fail ("a size of its shape cannot be read");
      at_ += static_cast<std::size_t> (end - from);
      take ('L');               /* Python 2 wrote 2L */
      shape.push_back (size);
      if (!take (',') && peek () != ')')
        fail ("expected ',' or ')'");
    }
    return shape;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string
read_header (const File & file, std::uint64_t & data)
{
  unsigned char start[magic_size + 2 + 4] = {};
  const std::size_t n = static_cast<std::size_t> (
      std::min<std::uint64_t> (file.size (), sizeof start));

  file.read (0, start, n);
  const unsigned version = start[6];
  if (version < 1 || version > 3)
    throw Error (Fault::format, cat ("It is a NumPy file of version ", version,
            ".", unsigned {start[7]}, "; 1 to 3 are read"));
  const unsigned width = version == 1 ? 2 : 4;
  std::uint64_t length = 0;
  for (unsigned i = width; i-- > 0; )
    length = length << 8 | start[8 + i];
  data = 8 + width + length;
  if (length > max_header)
    throw Error (Fault::decode, cat ("Its NumPy header is said to have ",
            length, " bytes; at most ", max_header, " are read"));
  if (data > file.size ())
    throw Error (Fault::decode, cat ("It ends within its NumPy header of ",
            length, " bytes: it is truncated"));

  std::string text (length, '\0');
  file.read (8 + width, text.data (), text.size ());
  return text;
}

void
set_dtype (Tensor & tensor, const std::string & descr)
{
  const std::string_view code =
      std::string_view (descr).substr (std::min<std::size_t> (1, descr.size ()));
  const auto found = std::find_if (std::begin (formats), std::end (formats),
      [code] (const Format & format) { return format.code == code; });
  constexpr char other_order =
      std::endian::native == std::endian::little ? '>' : '<';

  if (code == "O")
    throw Error (Fault::wrong_type, "It holds pickled Python objects; save an "
        "array of numbers");
  tensor.dtype_name = descr;
  if (found != std::end (formats)) {
    tensor.dtype = found->dtype;
    tensor.dtype_name = found->name;
  }
  tensor.swapped = descr[0] == other_order;
}

}

bool
is_npy (const File & file)
{
  char start[magic_size];

  if (file.size () < magic_size + 4)
    return false;
  file.read (0, start, sizeof start);
  return std::memcmp (start, magic, magic_size) == 0;
}

Contents
read_npy (const File & file)
{
  std::uint64_t data = 0;
  const Header header = Parser (read_header (file, data)).parse ();
  Contents contents;
  Tensor tensor;

  set_dtype (tensor, header.descr);
  tensor.shape = header.shape;
  tensor.strides = header.fortran ? fortran_strides (header.shape)
      : c_strides (header.shape);
  tensor.offset = data;
  const unsigned size = item_size (tensor.dtype);
  if (size > 0 && count_elements (tensor.shape) > (file.size () - data) / size)
    throw Error (Fault::decode, cat ("It has ", file.size () - data,
            " bytes of data where ", tensor.dtype_name, " ",
            shape_text (tensor.shape), " takes more: it is truncated"));
  contents.tensors.push_back (std::move (tensor));
  return contents;
}

}
