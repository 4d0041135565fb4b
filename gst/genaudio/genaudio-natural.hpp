/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <cstddef>
#include <string_view>

/* The order in which people number files, for whoever lists some. Not
 * installed. */

namespace genaudio {

namespace detail {

inline bool
is_digit (char c)
{
  return c >= '0' && c <= '9';
}

/* The run of digits at @at, without its leading zeros. */
inline std::string_view
number_at (std::string_view text, std::size_t at, std::size_t & end)
{
  end = at;
  while (end < text.size () && is_digit (text[end]))
    end++;
  while (at + 1 < end && text[at] == '0')
    at++;
  return text.substr (at, end - at);
}

}

/* Whether @a comes before @b: runs of digits compare as numbers. */
inline bool
natural_less (std::string_view a, std::string_view b)
{
  std::size_t i = 0, j = 0;

  while (i < a.size () && j < b.size ()) {
    if (detail::is_digit (a[i]) && detail::is_digit (b[j])) {
      std::size_t i_end, j_end;
      const std::string_view x = detail::number_at (a, i, i_end);
      const std::string_view y = detail::number_at (b, j, j_end);
      if (x.size () != y.size ())
        return x.size () < y.size ();
      if (x != y)
        return x < y;
      i = i_end;
      j = j_end;
    } else if (a[i] != b[j]) {
      return static_cast<unsigned char> (a[i])
          < static_cast<unsigned char> (b[j]);
    } else {
      i++;
      j++;
    }
  }
  if (a.size () - i != b.size () - j)
    return a.size () - i < b.size () - j;
  return a < b;         /* they differ in leading zeros, or not at all */
}

}
