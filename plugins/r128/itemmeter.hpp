/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* An item's measurement, also where its format changes in the middle: gates
 * and percentiles are then those of all parts together. */
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "decision.hpp"
#include "offlinemeter.hpp"

namespace genaudio::r128 {

class ItemMeter
{
public:
  /* Audio of this format comes next. */
  void set_format (const Format & format);
  void add (const void *samples, std::size_t frames)
  {
    meter_->add (samples, frames);
  }
  /* The end of the item; then the results. */
  void finish ();
  void reset ();

  Measurement measurement () const;
  Loudness loudness () const;
  const EnergyStore & blocks () const { return blocks_; }

private:
  void fold ();

  Format format_;
  std::unique_ptr<OfflineMeter> meter_;
  EnergyStore blocks_, shortterms_;
  double max_momentary_ = not_a_number, max_shortterm_ = not_a_number;
  double true_peak_ = 0.0, sample_peak_ = 0.0;
  double ungated_energy_ = 0.0;         /* energy times seconds */
  double seconds_ = 0.0;
};

}
