/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace genaudio::json {

enum class Kind { null, boolean, number, string, array, object };

struct Value
{
  Kind kind = Kind::null;
  bool truth = false;
  /* of a string: unescaped, valid UTF-8; of a number: as it is written */
  std::string text;
  std::vector<Value> elements;
  std::vector<std::string> names;       /* of an object's elements */

  /* the element of that name, or nullptr */
  const Value *find (std::string_view name) const;
};

/* Parses one document. Throws Error (decode) on anything RFC 8259 does not
 * allow, on a name that occurs twice in an object, on bytes that are not
 * UTF-8 and on nesting deeper than 32. */
Value parse (std::string_view text);

}
