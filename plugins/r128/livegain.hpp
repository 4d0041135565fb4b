/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Which gain a stream gets, decided every block (about 100 ms) from the
 * K-weighted energies of what came in and of what went out. No audio here. */
#pragma once

#include <cstddef>
#include <vector>

namespace genaudio::r128 {

/* The gated mean (-70 LUFS, 10 LU below the mean) of energies of which the
 * older count less and less. */
class FadingLoudness
{
public:
  /* @memory: number of energies until one counts 1/e. */
  explicit FadingLoudness (double memory);

  void add (double energy);
  /* Time passes with nothing to add. */
  void skip ();
  void clear ();

  /* 0 if there is nothing. */
  double mean () const { return mean_; }
  /* The weight behind the mean; the newest energy counts 1. */
  double weight () const { return weight_; }
  /* LU between the 20th and the 90th percentile of all above -70 LUFS. */
  double spread () const;

private:
  struct Bin
  {
    double weight = 0.0, sum = 0.0;
  };

  void update ();

  double growth_;
  double newest_ = 1.0;         /* weight of the next energy */
  std::vector<Bin> bins_;
  double mean_ = 0.0, weight_ = 0.0;
};

/* Values by absolute number, of which the last are kept. */
class History
{
public:
  void add (double value);
  void clear () { values_.clear (); first_ = 0; }
  std::size_t size () const { return first_ + values_.size (); }
  double operator[] (std::size_t i) const { return values_[i - first_]; }
  /* Mean of [@from, @to), as far as that exists; 0 if not at all. */
  double mean (std::size_t from, std::size_t to) const;

private:
  static constexpr std::size_t kept = 512;

  std::vector<double> values_;
  std::size_t first_ = 0;
};

class LiveGain
{
public:
  /* @block: its length in seconds. @ahead: blocks of look-ahead. */
  LiveGain (double block, unsigned ahead);

  void set_target (double target);
  void set_max_gain (double max_gain) { max_gain_ = max_gain; }

  /* The mean weighted square of the next block that came in. */
  void add_input (double energy);
  /* The gain in dB at the end of the next block that is to go out; the first
   * call answers for the beginning of the first block. */
  double decide ();
  /* The mean weighted square of the next block that went out, and the mean
   * gain in dB it was given before the limiter; not @servo: nobody wants it
   * to be at the target. */
  void add_output (double energy, double gain, bool servo);

  /* The stream jumped: the gain stays and the rest is learnt anew. */
  void flush ();

private:
  double raw_gain () const;
  double servo () const;
  double foreground () const;
  double gate () const;
  void look_for_quiet (double foreground);
  double step (double raw);

  double block_;
  double target_ = -16.0, max_gain_ = 30.0;

  History in_, out_;
  FadingLoudness programme_, emitted_;
  double slew_down_;            /* dB a block */
  std::size_t next_ = 0;        /* block after the node to be decided */
  double loss_ = 0.0;           /* dB the limiter takes away, smoothed */
  double gain_ = 0.0;
  bool known_ = false;
  double heard_ = 0.0;          /* seconds above -70 LUFS */
  double loudest_ = -200.0;     /* LUFS, of what surrounded a block */
  bool quiet_ = false;          /* all of it was a quiet programme */
  bool rising_ = false;         /* on the way to the gain of that */
  unsigned falling_ = 0;        /* blocks left of the way from it */
  bool moving_ = false;         /* on the way to another target */
  double played_ = 0.0;         /* seconds of foreground so far */
  double settled_ = 0.0;        /* the same since the stream jumped */
};

}
