/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Targets of broadcasters and services; docs/r128normalize.md says where each
 * comes from. */
#pragma once

#include <span>

namespace genaudio::r128 {

struct Preset
{
  int id;                       /* from 1; 0 is "none" */
  const char *nick;
  const char *description;
  double target;                /* LUFS */
  double max_true_peak;         /* dBTP */
};

std::span<const Preset> presets ();
/* nullptr if there is none of that id. */
const Preset *find_preset (int id);

}
