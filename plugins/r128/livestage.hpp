/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The stages of live and of measure mode, and the one offline mode limits
 * with. Made by make_live_stage (), make_measure_stage () and
 * make_limiter_stage (). */
#pragma once

#include "limiter.hpp"
#include "livegain.hpp"
#include "livemeter.hpp"
#include "stage.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace genaudio::r128 {

/* A meter that notes its readings at every multiple of an interval, to the
 * frame. */
class LevelMeter
{
public:
  LevelMeter (const Format & format, std::uint64_t interval);

  void set_interval (std::uint64_t interval);
  template <typename T> double add (const T * frames, std::size_t n);
  void clear () { meter_.clear (); }
  void flush ();

  const LiveMeter & meter () const { return meter_; }
  void succeed (const LevelMeter & before);
  std::deque<Level> & levels () { return levels_; }

private:
  std::uint64_t edge (std::uint64_t index) const;
  Level read ();

  unsigned rate_;
  unsigned channels_;
  std::uint64_t interval_ = 0;  /* ns */
  std::uint64_t position_ = 0;
  std::uint64_t index_ = 0, next_ = 0;  /* of the next edge, and where */
  LiveMeter meter_;
  std::deque<Level> levels_;
};

/* Frames in their order, taken from the front. */
template <typename T>
class Frames
{
public:
  explicit Frames (unsigned channels) : channels_ (channels) {}

  std::size_t size () const { return (data_.size () - start_) / channels_; }
  const T *front () const { return data_.data () + start_; }
  void add (const T * frames, std::size_t n);
  void drop (std::size_t n);
  void clear () { data_.clear (); start_ = 0; }

private:
  unsigned channels_;
  std::vector<T> data_;
  std::size_t start_ = 0;
};

class MeasureStage : public Stage
{
public:
  MeasureStage (const Format & format, const Settings & settings);

  bool passthrough () const override { return true; }
  std::uint64_t latency () const override { return 0; }
  void succeed (const Stage & before) override;
  void configure (const Settings & settings) override;
  void write (const void *samples, std::size_t frames) override;
  void finish () override {}
  std::size_t available () const override { return 0; }
  void render (void *, std::size_t) override {}
  void flush () override { meter_.flush (); }
  void reset_measurement () override { meter_.clear (); }
  bool pop_level (Level & level) override;
  Report report () const override;

private:
  bool is_double_;
  LevelMeter meter_;
};

/* What a live stage has that is the same for either sample format. */
class LiveStageBase : public Stage
{
public:
  LiveStageBase (const Format & format, const Settings & settings);

  std::uint64_t latency () const override { return latency_; }
  void succeed (const Stage & before) override;
  void configure (const Settings & settings) override;
  void reset_measurement () override;
  bool pop_level (Level & level) override;
  Report report () const override;

protected:
  unsigned rate_;
  std::size_t block_;           /* frames; a multiple of a limiter's cell */
  std::uint64_t latency_;
  std::size_t ahead_;           /* blocks */
  Settings settings_;

  LevelMeter input_, output_;
  LiveGain control_;
  double mix_;                  /* 0: disabled, 1: enabled, between: ramp */
  Method method_ = Method::live;
  double power_ = 0.0;          /* of the gain, a frame each */
  std::uint64_t powered_ = 0;

  /* frames since the item began or the stream jumped */
  std::uint64_t written_ = 0, metered_ = 0, limited_ = 0, emitted_ = 0;
  std::uint64_t rendered_ = 0;
};

template <typename T>
class LiveStage : public LiveStageBase
{
public:
  LiveStage (const Format & format, const Settings & settings);

  void write (const void *samples, std::size_t frames) override;
  void finish () override;
  std::size_t available () const override { return out_.size (); }
  void render (void *samples, std::size_t frames) override;
  void flush () override;

private:
  void take_block (std::size_t frames);
  void emit_block ();
  void emit (double from, double to);
  void feed (std::size_t cells, double & gain, double factor);
  void settle ();
  double mixed (double gain);

  unsigned channels_;
  Limiter<T> limiter_;
  Frames<T> in_, out_;          /* not yet through the limiter; to be rendered */
  std::vector<T> scratch_;
  double gain_ = 0.0;           /* dB at the last border, as applied */
  bool decided_ = false;
};

/* One gain, then the limiter. Measures nothing: who holds an item does. */
template <typename T>
class LimiterStage : public Stage
{
public:
  LimiterStage (const Format & format, const Settings & settings,
      double gain_db);

  std::uint64_t latency () const override;
  void write (const void *samples, std::size_t frames) override;
  void finish () override;
  std::size_t available () const override { return out_.size (); }
  void render (void *samples, std::size_t frames) override;
  void flush () override;
  Report report () const override;

private:
  void limit (std::size_t cells);

  unsigned channels_;
  double gain_db_;
  Limiter<T> limiter_;
  Frames<T> in_, out_;
  std::vector<T> scratch_;
  std::uint64_t written_ = 0, limited_ = 0, emitted_ = 0;
};

}
