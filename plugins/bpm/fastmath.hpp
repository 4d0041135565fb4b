/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <bit>
#include <cstdint>

namespace genaudio::bpm {

/* log2 to 1e-4, of positive finite numbers; compilers vectorise it */
inline float
fast_log2 (float x)
{
  const std::uint32_t bits = std::bit_cast<std::uint32_t> (x);
  const float e = static_cast<float> (static_cast<std::int32_t> (bits >> 23) - 127);
  const float m = std::bit_cast<float> ((bits & 0x7fffffu) | 0x3f800000u) - 1.0f;
  return e + m * (1.44179f + m * (-.70868f + m * (.41509f + m * (-.19435f + .04617f * m))));
}

} // namespace genaudio::bpm
