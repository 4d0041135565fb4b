/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "decimate.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace genaudio::bpm {

/* Where the beats are, in seconds since the beginning. */
struct Beats
{
  std::vector<double> times;
  double downbeat = -1;         /* the first beat that may begin a bar; -1 = none */
};

/* What was heard of the onsets, hop by hop. A copy is a snapshot that another
 * thread may ask. */
class BeatHistory
{
public:
  BeatHistory (double hops_per_second, double memory_seconds);

  /* @strength: of the onset; @low: level below 150 Hz; @onset: where an onset
   * is, in hops since the beginning, or less than 0. */
  void push (float strength, float low, double onset);
  void reset ();

  /* The beats at @bpm in the last @window_seconds; 0 is all that is
   * remembered. */
  Beats find (double bpm, double window_seconds = 0) const;

private:
  friend class BeatSearch;

  double rate_;
  std::size_t memory_;
  std::uint64_t first_ = 0;     /* hop number of strength_[0] */
  std::vector<float> strength_;
  std::vector<float> low_;
  std::vector<double> onsets_;  /* their places in hops */
};

/* Feeds a mono signal at any rate to aubio's onset detector. */
class BeatTracker
{
public:
  BeatTracker (double rate, double memory_seconds);
  ~BeatTracker ();

  void push (const float *mono, std::size_t frames);
  void reset ();

  const BeatHistory &history () const { return history_; }

private:
  struct Detector;

  void hop ();

  double rate_;                 /* aubio's, after halving */
  unsigned hop_;
  std::vector<Halver> halvers_;
  std::vector<float> work_[2];
  std::size_t filled_ = 0;
  std::uint64_t frames_ = 0;
  float smooth_[2] = { };
  float previous_energy_ = 0;
  BeatHistory history_;
  std::unique_ptr<Detector> detector_;
};

} // namespace genaudio::bpm
