/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "decision.hpp"

#include <cmath>

namespace genaudio::r128 {

namespace {

/* Keeps the rounding of single-precision samples from crossing the ceiling. */
constexpr double rounding_margin_db = 1e-5;

/* The gain that brings the peak just to the ceiling. */
double
fitting_gain (double true_peak, double ceiling)
{
  return ceiling - rounding_margin_db - decibels (true_peak);
}

}

Decision
decide (const Measurement & m, const Settings & settings,
    PeakPolicy peak_policy, ShortPolicy short_policy)
{
  if (!settings.enabled)
    return {Method::disabled, 0.0};
  if (m.too_short && short_policy == ShortPolicy::none)
    return {Method::too_short, 0.0};

  const double fitting = fitting_gain (m.true_peak, settings.max_true_peak);
  if (m.too_short && short_policy == ShortPolicy::peak)
    return std::isfinite (fitting) ? Decision{Method::peak_limited, fitting}
        : Decision{Method::silent, 0.0};

  const double loudness = m.too_short ? m.ungated : m.integrated;
  if (!std::isfinite (loudness) || loudness < -70.0)
    return {Method::silent, 0.0};

  const double gain = settings.target - loudness;
  if (gain <= fitting)
    return {Method::loudness, gain};
  if (peak_policy == PeakPolicy::limit)
    return {Method::limited, gain};
  return {Method::peak_limited, fitting};
}

const char *
method_nick (Method method)
{
  switch (method) {
    case Method::loudness:
      return "loudness";
    case Method::peak_limited:
      return "peak-limited";
    case Method::limited:
      return "limited";
    case Method::live:
      return "live";
    case Method::measured:
      return "measured";
    case Method::silent:
      return "silent";
    case Method::too_short:
      return "too-short";
    case Method::disabled:
      break;
  }
  return "disabled";
}

}
