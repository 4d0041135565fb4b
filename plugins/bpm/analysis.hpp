/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "beats.hpp"
#include "frontend.hpp"
#include "key.hpp"
#include "statistics.hpp"
#include "tempo.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace genaudio::bpm {

struct AnalysisSettings
{
  bool tempo = true;
  bool key = false;
  bool beats = false;           /* of the tempo */
  bool statistics = true;
  double min_bpm = 40;
  double max_bpm = 220;
  std::uint64_t limit_frames = UINT64_MAX;      /* of tempo and key */
  double memory_seconds = 0;    /* how much of the past is remembered */
};

/* Everything that is found out about one item: feeds the samples to the
 * statistics and, mixed to mono, to the front end of tempo and key. Work and
 * memory are bounded; after construction nothing is allocated. */
class Analysis
{
public:
  Analysis (SampleFormat format, unsigned channels, double rate,
      const AnalysisSettings &settings);

  void process (const void *data, std::size_t frames);
  /* Silence that is part of the item. */
  void process_silence (std::uint64_t frames);
  /* A hole in the time of the item: moves tempo and key on, without frames. */
  void skip (std::uint64_t frames);
  /* The item has ended: what waits for a full block is worked off. */
  void finish ();

  /* Forgets tempo and key but not the statistics: time jumped. */
  void restart ();

  const AnalysisSettings &settings () const { return settings_; }
  const Statistics &statistics () const { return statistics_; }
  const FrontEnd *front_end () const { return front_end_.get (); }
  /* nullptr if not wanted */
  const BeatHistory *beats () const
  { return beat_tracker_ ? &beat_tracker_->history () : nullptr; }
  std::uint64_t frames () const { return statistics_.frames (); }
  /* Frames since the time that beats count from, holes included. */
  std::uint64_t position () const { return position_; }

private:
  void feed_mono (std::size_t frames);

  AnalysisSettings settings_;
  SampleFormat format_;
  unsigned channels_;
  double rate_;
  Statistics statistics_;
  std::unique_ptr<FrontEnd> front_end_;
  std::unique_ptr<BeatTracker> beat_tracker_;
  std::uint64_t position_ = 0;
  std::vector<float> samples_;
  std::vector<float> mono_;
};

} // namespace genaudio::bpm
