/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

#include <cstdint>
#include <optional>
#include <string>

namespace genaudio::dated {

/* When the wall clock cuts a recording. */
struct RotateRule
{
  enum class Kind { none, hourly, daily, seconds };

  Kind kind = Kind::none;
  std::int64_t seconds = 0;

  /* `none`, `hourly`, `daily` or a number of seconds. */
  static std::optional<RotateRule> parse (const std::string & text);
};

/* The first instant after @wall (µs since 1970) at which @rule cuts, by the
 * clock on the wall of @zone; INT64_MAX if none does. */
std::int64_t next_boundary (const RotateRule & rule, std::int64_t wall,
    GTimeZone * zone);

/* How much earlier than the boundary the clock may say it is when the last
 * frame before it has been written, without the same boundary cutting twice:
 * a sound card's drift over the period, or a clock being slewed. */
std::int64_t boundary_tolerance (const RotateRule & rule);

}
