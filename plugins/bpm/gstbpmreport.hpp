/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "beats.hpp"
#include "key.hpp"
#include "statistics.hpp"
#include "tempo.hpp"

#include <gst/genaudio/genaudio.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace genaudio::bpm {

struct AnalysisFree
{
  void operator() (GstGenAudioAnalysis * a) const
  {
    gst_genaudio_analysis_free (a);
  }
};
using Report = std::unique_ptr<GstGenAudioAnalysis, AnalysisFree>;

struct StructureFree
{
  void operator() (GstStructure * s) const { gst_structure_free (s); }
};
using Structure = std::unique_ptr<GstStructure, StructureFree>;

/* What is known of an item, or of one under way. */
struct Findings
{
  bool final = false;
  std::string job_id, stream_id;
  GstClockTime timestamp = GST_CLOCK_TIME_NONE;
  std::uint64_t frames = 0;
  int rate = 0, channels = 0;
  std::optional<StatisticsResult> statistics;
  Tempo tempo;
  Key key;
  Beats beats;             /* in seconds from... */
  double origin = 0;            /* ...here, which is a buffer time */
};

/* The report that says so, and its message's structure. */
Report make_report (const Findings &findings);
Structure make_structure (const Findings &findings,
    const GstGenAudioAnalysis *report);

/* Upstream's stream tags, if there are any, with tempo and key: a sticky TAG
 * event replaces the one before it. */
GstTagList *make_tags (const Findings &findings, const GstTagList *upstream);

} // namespace genaudio::bpm
