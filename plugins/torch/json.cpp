/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* RFC 8259, for the headers of safetensors files. */

#include "json.hpp"
#include "error.hpp"
#include "utf8.hpp"

#include <cstdint>
#include <unordered_set>
#include <utility>

namespace genaudio::json {

namespace {

constexpr int max_depth = 32;
/* each takes some fifty times the byte it may have in the text */
constexpr std::size_t max_values = 1'000'000;

class Parser
{
public:
  explicit Parser (std::string_view text) : text_ (text) {}

  Value
  document ()
  {
    Value value = parse_value (0);
    skip_space ();
    if (at_ != text_.size ())
      fail ("there is more behind its end");
    return value;
  }

private:
  [[noreturn]] void
  fail (const std::string & what) const
  {
    throw Error (Fault::decode, cat ("Its JSON is broken at byte ", at_, ": ",
            what));
  }

  char
  peek () const
  {
    return at_ < text_.size () ? text_[at_] : '\0';
  }

  void
  skip_space ()
  {
    while (at_ < text_.size () && (text_[at_] == ' ' || text_[at_] == '\t'
            || text_[at_] == '\n' || text_[at_] == '\r'))
      at_++;
  }

  void
  expect (char c)
  {
    if (at_ >= text_.size () || text_[at_] != c)
      fail (cat ("expected '", c, "'"));
    at_++;
  }

  bool
  take (std::string_view word)
  {
    if (text_.substr (at_, word.size ()) != word)
      return false;
    at_ += word.size ();
    return true;
  }

  Value
  parse_value (int depth)
  {
    Value value;

    if (depth > max_depth)
      fail ("it is nested too deep");
    if (++n_values_ > max_values)
      fail (cat ("it has more than ", max_values, " values"));
    skip_space ();
    if (peek () == '{') {
      parse_object (value, depth);
    } else if (peek () == '[') {
      parse_array (value, depth);
    } else if (peek () == '"') {
      value.kind = Kind::string;
      value.text = parse_string ();
    } else if (take ("true")) {
      value.kind = Kind::boolean;
      value.truth = true;
    } else if (take ("false")) {
      value.kind = Kind::boolean;
    } else if (!take ("null")) {
      value.kind = Kind::number;
      value.text = parse_number ();
    }
    return value;
  }

  void
  parse_object (Value & value, int depth)
  {
    std::unordered_set<std::string> names;

    value.kind = Kind::object;
    expect ('{');
    skip_space ();
    if (peek () == '}') {
      at_++;
      return;
    }
    while (true) {
      skip_space ();
      std::string name = parse_string ();
      if (!names.insert (name).second)
        fail (cat ("the name \"", name, "\" occurs twice"));
      skip_space ();
      expect (':');
      value.names.push_back (std::move (name));
      value.elements.push_back (parse_value (depth + 1));
      skip_space ();
      if (peek () != ',')
        break;
      at_++;
    }
    expect ('}');
  }

  void
  parse_array (Value & value, int depth)
  {
    value.kind = Kind::array;
    expect ('[');
    skip_space ();
    if (peek () == ']') {
      at_++;
      return;
    }
    while (true) {
      value.elements.push_back (parse_value (depth + 1));
      skip_space ();
      if (peek () != ',')
        break;
      at_++;
    }
    expect (']');
  }

  std::string
  parse_string ()
  {
    std::string result;

    expect ('"');
    while (true) {
      const std::size_t n = utf8_length (text_, at_);
      if (n == 0)
        fail (at_ < text_.size () ? "a string is not UTF-8"
            : "a string does not end");
      if (text_[at_] == '"')
        break;
      if (static_cast<unsigned char> (text_[at_]) < 0x20)
        fail ("a control character in a string");
      if (text_[at_] == '\\') {
        parse_escape (result);
      } else {
        result.append (text_, at_, n);
        at_ += n;
      }
    }
    at_++;
    return result;
  }

  void
  parse_escape (std::string & result)
  {
    static constexpr std::string_view letters = "\"\\/bfnrt";
    static constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";

    at_++;
    if (peek () == 'u') {
      at_++;
      append_code_point (result, parse_code_point ());
      return;
    }
    const std::size_t i = letters.find (peek ());
    if (at_ >= text_.size () || i == std::string_view::npos)
      fail ("an unknown escape");
    result += meanings[i];
    at_++;
  }

  std::uint32_t
  parse_hex4 ()
  {
    std::uint32_t code = 0;

    for (int i = 0; i < 4; i++, at_++) {
      const char c = peek ();
      if (c >= '0' && c <= '9')
        code = code * 16 + static_cast<std::uint32_t> (c - '0');
      else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
        code = code * 16 + static_cast<std::uint32_t> ((c | 32) - 'a' + 10);
      else
        fail ("\\u without four hexadecimal digits");
    }
    return code;
  }

  std::uint32_t
  parse_code_point ()
  {
    const std::uint32_t high = parse_hex4 ();

    if (high < 0xd800 || high > 0xdfff)
      return high;
    if (high > 0xdbff || !take ("\\u"))
      fail ("half a surrogate pair");
    const std::uint32_t low = parse_hex4 ();
    if (low < 0xdc00 || low > 0xdfff)
      fail ("half a surrogate pair");
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
  }

  static void
  append_code_point (std::string & result, std::uint32_t code)
  {
    const auto put = [&result] (std::uint32_t byte) {
      result += static_cast<char> (byte);
    };

    if (code < 0x80) {
      put (code);
    } else if (code < 0x800) {
      put (0xc0 | code >> 6);
      put (0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
      put (0xe0 | code >> 12);
      put (0x80 | (code >> 6 & 0x3f));
      put (0x80 | (code & 0x3f));
    } else {
      put (0xf0 | code >> 18);
      put (0x80 | (code >> 12 & 0x3f));
      put (0x80 | (code >> 6 & 0x3f));
      put (0x80 | (code & 0x3f));
    }
  }

  std::size_t
  skip_digits ()
  {
    const std::size_t from = at_;

    while (peek () >= '0' && peek () <= '9')
      at_++;
    return at_ - from;
  }

  std::string
  parse_number ()
  {
    const std::size_t from = at_;

    if (peek () == '-')
      at_++;
    const bool zero = peek () == '0';
    const std::size_t whole = skip_digits ();
    if (whole == 0 || (zero && whole > 1))
      fail ("expected a value");
    if (peek () == '.') {
      at_++;
      if (skip_digits () == 0)
        fail ("a number ends in its point");
    }
    if ((peek () | 32) == 'e') {
      at_++;
      if (peek () == '+' || peek () == '-')
        at_++;
      if (skip_digits () == 0)
        fail ("a number ends in its exponent");
    }
    return std::string (text_.substr (from, at_ - from));
  }

  std::string_view text_;
  std::size_t at_ = 0, n_values_ = 0;
};

}

const Value *
Value::find (std::string_view name) const
{
  for (std::size_t i = 0; i < names.size (); i++) {
    if (names[i] == name)
      return &elements[i];
  }
  return nullptr;
}

Value
parse (std::string_view text)
{
  return Parser (text).document ();
}

}
