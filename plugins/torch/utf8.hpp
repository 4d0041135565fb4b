/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <cstddef>
#include <string_view>

namespace genaudio {

/* Number of bytes of the character that begins at @at, or 0 if what stands
 * there is no valid UTF-8 (RFC 3629: no overlong form, no surrogate). */
inline std::size_t
utf8_length (std::string_view text, std::size_t at)
{
  const auto byte = [&] (std::size_t i) {
    return at + i < text.size () ? static_cast<unsigned char> (text[at + i])
        : 0u;
  };
  const auto tail = [&] (std::size_t i) { return (byte (i) & 0xc0) == 0x80; };
  const unsigned c = byte (0);

  if (at >= text.size ())
    return 0;
  if (c < 0x80)
    return 1;
  if (c >= 0xc2 && c < 0xe0)
    return tail (1) ? 2 : 0;
  if (c >= 0xe0 && c < 0xf0) {
    const bool fits = !(c == 0xe0 && byte (1) < 0xa0)
        && !(c == 0xed && byte (1) >= 0xa0);
    return fits && tail (1) && tail (2) ? 3 : 0;
  }
  if (c >= 0xf0 && c < 0xf5) {
    const bool fits = !(c == 0xf0 && byte (1) < 0x90)
        && !(c == 0xf4 && byte (1) >= 0x90);
    return fits && tail (1) && tail (2) && tail (3) ? 4 : 0;
  }
  return 0;
}

}
