/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Which gain an item gets, once it is measured. */
#pragma once

#include "stage.hpp"

namespace genaudio::r128 {

enum class PeakPolicy { gain, limit };
enum class ShortPolicy { none, ungated, peak };

/* What the decision is made of: an item, or a whole album. */
struct Measurement
{
  double integrated = not_a_number;     /* LUFS, -infinity: nothing counts */
  double ungated = not_a_number;        /* LUFS */
  double true_peak = 0.0;               /* linear */
  bool too_short = false;               /* under 400 ms */
};

struct Decision
{
  Method method = Method::disabled;
  double gain = 0.0;                    /* dB */

  /* Whether the audio leaves otherwise than it came. */
  bool applies () const
  {
    return method == Method::loudness || method == Method::peak_limited
        || method == Method::limited;
  }
};

Decision decide (const Measurement & measurement, const Settings & settings,
    PeakPolicy peak_policy, ShortPolicy short_policy);

const char *method_nick (Method method);

}
