/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What r128normalize does to audio, seen from its GStreamer part. Offline,
 * live and measure mode differ only in the Stage that the audio of an item
 * runs through; buffers, events, timestamps and messages are the element's.
 *
 *   per item:   stage = make_..._stage (format, settings)
 *   per buffer: write (), then render () up to available () frames
 *   at its end: finish (), render () the rest, report ()
 *
 * The element measures a whole item first in offline mode and then runs what
 * it held through a gain or a limiter stage; in live mode the stage decides
 * as it goes. Output frame n is input frame n: a stage that looks ahead gives
 * it later, never elsewhere.
 *
 * Everything here runs in the streaming thread. Samples are interleaved,
 * finite (the element zeroes and counts others), float or double as the
 * format says. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "gating.hpp"

namespace genaudio::r128 {

struct Format
{
  unsigned rate = 0;
  unsigned channels = 0;
  bool is_double = false;
  std::vector<double> weights;          /* of channel_weights () */

  std::size_t frame_bytes () const
  {
    return channels * (is_double ? sizeof (double) : sizeof (float));
  }
  bool operator== (const Format &) const = default;
};

/* Copied from the properties once a buffer. */
struct Settings
{
  double target = -16.0;                /* LUFS */
  double max_true_peak = -1.0;          /* dBTP */
  double max_gain = 30.0;               /* dB */
  bool enabled = true;
  std::uint64_t latency = 1000000000;   /* ns */
  std::uint64_t interval = 100000000;   /* ns, 0: no levels */
};

/* A value that does not exist is NaN or -infinity. */
struct Loudness
{
  double integrated = not_a_number;     /* LUFS */
  double range = not_a_number;          /* LU */
  double max_momentary = not_a_number;  /* LUFS */
  double max_shortterm = not_a_number;  /* LUFS */
  double max_true_peak = not_a_number;  /* dBTP, loudest channel */
  double max_sample_peak = not_a_number;        /* dBFS, loudest channel */
};

/* One ebur128-level message, of the audio as it leaves. */
struct Level
{
  std::uint64_t position = 0;           /* frames of the item up to its end */
  double momentary = not_a_number, shortterm = not_a_number;
  double integrated = not_a_number, relative_threshold = not_a_number;
  double range = not_a_number;
  std::vector<double> sample_peaks, true_peaks; /* linear, a channel each */
  double input_momentary = not_a_number, input_shortterm = not_a_number;
  double input_integrated = not_a_number;
  double gain = 0.0;                    /* dB */
};

enum class Method
{
  loudness, peak_limited, limited, live, measured, silent, too_short, disabled,
};

/* What was done to an item. */
struct Report
{
  Method method = Method::disabled;
  double gain = 0.0;                    /* dB; live: energy mean */
  Loudness input, output;
  /* live: what kept the output more than 1 LU below the target, "true-peak"
   * or "max-gain" */
  const char *limited_by = nullptr;
};

class Stage
{
public:
  virtual ~Stage () = default;

  /* Audio leaves as it came, at once, in the same buffers: the element calls
   * write () and never render (). */
  virtual bool passthrough () const { return false; }

  /* Frames by which the output may lag behind the input. */
  virtual std::uint64_t latency () const = 0;

  /* The same item in another format: takes over what the stage before, which
   * has finished, learnt and measured. Right after it was made. */
  virtual void succeed (const Stage &) {}

  /* New settings, before the next write (). */
  virtual void configure (const Settings &) {}

  virtual void write (const void *samples, std::size_t frames) = 0;
  /* No more input in this item: everything becomes available. */
  virtual void finish () = 0;
  virtual std::size_t available () const = 0;
  /* Gives the next @frames (at most available ()) of output. */
  virtual void render (void *samples, std::size_t frames) = 0;

  /* A flush or a jump: drops the audio inside and empties the windows, keeps
   * the gain. */
  virtual void flush () = 0;
  /* The action signal `reset`: measuring starts anew. */
  virtual void reset_measurement () {}

  /* Levels whose position has been rendered, oldest first. */
  virtual bool pop_level (Level &) { return false; }

  /* After finish () and the last render (). */
  virtual Report report () const = 0;
};

/* The latency that live mode will report for these, before there is a stage:
 * LATENCY may be asked for before any data. In frames. */
std::uint64_t live_latency (unsigned rate, const Settings & settings);

std::unique_ptr<Stage> make_live_stage (const Format & format,
    const Settings & settings);
std::unique_ptr<Stage> make_measure_stage (const Format & format,
    const Settings & settings);
/* One gain, then the true-peak limiter with settings.max_true_peak. */
std::unique_ptr<Stage> make_limiter_stage (const Format & format,
    const Settings & settings, double gain_db);

}
