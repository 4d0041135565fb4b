/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "itemmeter.hpp"

#include <cmath>

namespace genaudio::r128 {

void
ItemMeter::set_format (const Format & format)
{
  fold ();
  if (meter_ == nullptr || !(format == format_))
    meter_ = std::make_unique<OfflineMeter> (format);
  format_ = format;
}

void
ItemMeter::finish ()
{
  fold ();
}

void
ItemMeter::reset ()
{
  if (meter_ != nullptr)
    meter_->reset ();
  blocks_.clear ();
  shortterms_.clear ();
  max_momentary_ = max_shortterm_ = not_a_number;
  true_peak_ = sample_peak_ = 0.0;
  ungated_energy_ = seconds_ = 0.0;
}

void
ItemMeter::fold ()
{
  if (meter_ == nullptr || meter_->frames () == 0)
    return;
  meter_->finish ();
  const LoudnessWindows & windows = meter_->windows ();
  blocks_.merge (windows.blocks ());
  shortterms_.merge (windows.shortterms ());
  /* fmax ignores NaN */
  max_momentary_ = std::fmax (max_momentary_, windows.max_momentary ());
  max_shortterm_ = std::fmax (max_shortterm_, windows.max_shortterm ());
  true_peak_ = std::max (true_peak_, meter_->true_peak ());
  sample_peak_ = std::max (sample_peak_, meter_->sample_peak ());
  const double seconds =
      static_cast<double> (meter_->frames ()) / format_.rate;
  ungated_energy_ +=
      loudness_to_energy (meter_->ungated_loudness ()) * seconds;
  seconds_ += seconds;
  meter_->reset ();
}

Measurement
ItemMeter::measurement () const
{
  Measurement m;
  m.integrated = blocks_.integrated ();
  m.ungated = energy_to_loudness (ungated_energy_ / std::max (seconds_, 1e-9));
  m.true_peak = true_peak_;
  /* no window of 400 ms was ever full */
  m.too_short = std::isnan (max_momentary_);
  return m;
}

Loudness
ItemMeter::loudness () const
{
  return {blocks_.integrated (),
      shortterms_.empty () ? not_a_number : shortterms_.range (),
      max_momentary_, max_shortterm_, decibels (true_peak_),
      decibels (sample_peak_)};
}

}
