/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "convert.hpp"
#include "tags.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace genaudio::dated {

/* Whether this build can measure. */
bool meter_is_there ();

/* EBU R128 of one file, by libebur128, in constant memory. */
class Meter
{
public:
  /* @map as AudioSpec::channel_map: channels that are not named are left,
   * right, centre, LFE and surrounds as libebur128 assumes. */
  Meter (Sample sample, int rate, int channels, const std::vector<int> & map);
  ~Meter ();
  Meter (const Meter &) = delete;
  Meter & operator= (const Meter &) = delete;

  void add (const void *data, std::uint64_t n_frames);
  void add_silence (std::uint64_t n_frames);
  /* Sets what has been measured; silence has no loudness. */
  void read (Tags & tags) const;

private:
  struct State;
  std::unique_ptr<State> state;
};

}
