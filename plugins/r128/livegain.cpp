/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "livegain.hpp"

#include "gating.hpp"

#include <algorithm>
#include <cmath>

namespace genaudio::r128 {

namespace {

constexpr double lowest = -70.0;        /* LUFS: the absolute gate */
constexpr double bins_a_decibel = 10.0;
constexpr std::size_t n_bins = 1000;

constexpr std::size_t momentary = 4;    /* blocks */

/* The constants below were found by search, on music, speech and hard joints of
 * them at several levels and beginnings: tests/benchmarks/r128-live.cpp shows
 * what they reach, docs/r128-live.md on what. */

/* The programme: 12 s of memory, twice that where the look-ahead is long
 * enough not to be taken by surprise. */
constexpr double programme_memory = 12.0;       /* s */
constexpr unsigned long_look_ahead = 25;        /* blocks */
constexpr double emitted_memory = 240.0;        /* s */

/* What surrounds a block: 17 blocks with 1 s of look-ahead. */
constexpr std::size_t blocks_behind = 7;
constexpr std::size_t blocks_ahead = 15;

/* Within which time what is missing, or too much, is to be made good. Not by
 * more than 5 dB: what leaves would fall below the gate. */
constexpr double servo_horizon = 3.0;           /* s */
constexpr double servo_down = -4.8;             /* dB */
constexpr double servo_up = 3.2;                /* dB */

/* What the limiter takes is given back, and more, since it will take of that
 * too. */
constexpr double refill_share = 3.0;
constexpr double refill_loss = 1.45;            /* dB, at most */

/* The first second or two say little about a programme: it is not believed to
 * be quieter than this yet. That must not last: what a sparse programme misses
 * then it misses for good. */
constexpr double quietest_at_first = -25.0;     /* LUFS */
constexpr double boost_growth = 3.5;            /* dB a second */

/* Below these it is background, and the gain is held. */
constexpr double background = -55.0;            /* LUFS */
constexpr double background_below = 10.0;       /* LU below the programme */

/* A quiet programme may be below that: where nothing has been louder, what
 * varies as programmes do, for long enough, is no hiss. */
constexpr double quiet = -45.0;                 /* LUFS, never exceeded */
constexpr double quiet_spread = 4.0;            /* LU, of momentary loudness */
constexpr double quiet_heard = 1.5;             /* s of it, above -70 LUFS */
constexpr double quiet_slew_up = 0.8;           /* dB a block, at first */
constexpr double quiet_slew_down = 4.0;         /* dB a block, at its end */
constexpr unsigned quiet_end = 10;              /* blocks that takes */

/* How the gain moves, each block. */
constexpr double approach = 0.01;
constexpr double approach_at_first = 0.85;
constexpr double settling = 5.5;                /* s */
constexpr double hurry_from = 2.0;              /* dB too loud */
constexpr double slew_down = 0.6;               /* dB */
constexpr double slew_down_in_haste = 0.9;      /* dB, if the look-ahead is short */
constexpr unsigned short_look_ahead = 7;        /* blocks */
constexpr double slew_up = 0.27;                /* dB */

double
mean_of_last (const History & h, std::size_t n)
{
  return h.mean (h.size () - n, h.size ());
}

}

FadingLoudness::FadingLoudness (double memory)
    : growth_ (std::exp (1.0 / memory)), bins_ (n_bins)
{
}

void
FadingLoudness::clear ()
{
  std::fill (bins_.begin (), bins_.end (), Bin{});
  newest_ = 1.0;
  mean_ = weight_ = 0.0;
}

void
FadingLoudness::add (double energy)
{
  newest_ *= growth_;
  const double above = energy_to_loudness (energy) - lowest;
  if (above >= 0.0) {
    const std::size_t bin = std::min (n_bins - 1,
        static_cast<std::size_t> (above * bins_a_decibel));
    bins_[bin].weight += newest_;
    bins_[bin].sum += newest_ * energy;
  }
  update ();
}

void
FadingLoudness::skip ()
{
  newest_ *= growth_;
  update ();
}

void
FadingLoudness::update ()
{
  if (newest_ > 1e60) {
    for (Bin & bin : bins_) {
      bin.weight /= newest_;
      bin.sum /= newest_;
    }
    newest_ = 1.0;
  }

  double weight = 0.0, sum = 0.0;
  for (const Bin & bin : bins_) {
    weight += bin.weight;
    sum += bin.sum;
  }
  mean_ = weight_ = 0.0;
  if (weight <= 0.0)
    return;
  const double gate =
      energy_to_loudness (sum / weight) - 10.0 - lowest;
  const std::size_t first = gate <= 0.0 ? 0
      : std::min (n_bins - 1,
          static_cast<std::size_t> (gate * bins_a_decibel));
  weight = sum = 0.0;
  for (std::size_t i = first; i < n_bins; i++) {
    weight += bins_[i].weight;
    sum += bins_[i].sum;
  }
  mean_ = sum / weight;
  weight_ = weight / newest_;
}

double
FadingLoudness::spread () const
{
  double all = 0.0, sum = 0.0;
  for (const Bin & bin : bins_)
    all += bin.weight;

  std::size_t low = 0, high = 0;
  for (std::size_t i = 0; i < n_bins && sum < 0.9 * all; i++) {
    if (sum < 0.2 * all)
      low = i;
    sum += bins_[i].weight;
    high = i;
  }
  return static_cast<double> (high - low) / bins_a_decibel;
}

void
History::add (double value)
{
  if (values_.size () >= 2 * kept) {
    values_.erase (values_.begin (), values_.begin () + kept);
    first_ += kept;
  }
  values_.push_back (value);
}

double
History::mean (std::size_t from, std::size_t to) const
{
  from = std::max (from, first_);
  to = std::min (to, size ());
  double sum = 0.0;
  for (std::size_t i = from; i < to; i++)
    sum += (*this)[i];
  return to > from ? sum / static_cast<double> (to - from) : 0.0;
}

LiveGain::LiveGain (double block, unsigned ahead)
    : block_ (block),
    programme_ ((ahead >= long_look_ahead ? 2.0 : 1.0)
        * programme_memory / block), emitted_ (emitted_memory / block),
    slew_down_ (ahead < short_look_ahead ? slew_down_in_haste : slew_down)
{
}

void
LiveGain::set_target (double target)
{
  /* what went out was right at its time; the way to the new target is nobody's
   * error either */
  if (target != target_ && out_.size () > 0) {
    emitted_.clear ();
    moving_ = true;
    settled_ = 0.0;
  }
  target_ = target;
}

void
LiveGain::add_input (double energy)
{
  in_.add (energy);
  if (in_.size () < momentary)
    return;
  const double last = mean_of_last (in_, momentary);
  programme_.add (last);
  if (last >= loudness_to_energy (lowest))
    heard_ += block_;
}

/* Loudness of what surrounds the node, as far as it is known. */
double
LiveGain::foreground () const
{
  const std::size_t from = next_ > blocks_behind ? next_ - blocks_behind - 1 : 0;

  return energy_to_loudness (in_.mean (from, next_ + blocks_ahead));
}

/* dB by which what goes out now should be off the target, for what has gone
 * out so far to come right within the next seconds. */
double
LiveGain::servo () const
{
  const double t = emitted_.weight () * block_;
  if (t <= 0.0)
    return 0.0;
  const double off = emitted_.mean () / loudness_to_energy (target_);
  const double energy = 1.0 + t * (1.0 - off) / servo_horizon;

  return energy <= 0.0 ? servo_down
      : std::clamp (10.0 * std::log10 (energy), servo_down, servo_up);
}

double
LiveGain::raw_gain () const
{
  const double programme = energy_to_loudness (programme_.mean ());
  const double refill = refill_share * std::min (loss_, refill_loss);
  const double most = quiet_ ? max_gain_
      : target_ - quietest_at_first + boost_growth * played_;

  return std::min ({target_ - programme + servo () + refill, max_gain_, most});
}

/* The loudness from which on it is the programme, and no background. */
double
LiveGain::gate () const
{
  const double relative =
      energy_to_loudness (programme_.mean ()) - background_below;

  return quiet_ ? relative : std::max (background, relative);
}

/* Whether all there has been is a quiet programme. Its gain begins where it
 * is, usually at 0 dB, and may not stay when something louder comes. */
void
LiveGain::look_for_quiet (double foreground)
{
  loudest_ = std::max (loudest_, foreground);
  if (quiet_ && loudest_ > quiet) {
    quiet_ = rising_ = false;
    falling_ = quiet_end;
    played_ = settled_ = 0.0;
  } else if (!quiet_ && loudest_ <= quiet && heard_ >= quiet_heard
      && programme_.spread () >= quiet_spread) {
    quiet_ = rising_ = known_ = true;
  }
}

/* The gain's way to @raw, in dB a block. */
double
LiveGain::step (double raw)
{
  const double d = raw - gain_;

  if (std::fabs (d) < hurry_from)
    moving_ = false;
  if (falling_ > 0) {
    falling_--;
    return std::clamp (d, -quiet_slew_down, slew_up);
  }
  if (rising_ && d > quiet_slew_up)
    return quiet_slew_up;
  rising_ = false;

  const double wanted = d < -hurry_from || gain_ > max_gain_ ? d
      : d * (approach + approach_at_first * std::exp (-settled_ / settling));
  return std::clamp (wanted, -slew_down_, slew_up);
}

double
LiveGain::decide ()
{
  const double s = foreground ();

  look_for_quiet (s);
  if (programme_.weight () > 0.0 && (rising_ || s > gate ())) {
    const double raw = raw_gain ();
    if (!known_)
      gain_ = raw;
    else if (next_ > 0)
      gain_ += step (raw);
    known_ = true;
    played_ += block_;
    settled_ += block_;
  }
  next_++;
  return gain_;
}

void
LiveGain::add_output (double energy, double gain, bool servo)
{
  const std::size_t i = out_.size ();
  const double given = energy_to_loudness (in_[i]) + gain;

  out_.add (energy);
  if (in_[i] > loudness_to_energy (-60.0)) {
    const double loss = std::clamp (
        given - energy_to_loudness (energy), 0.0, 6.0);
    loss_ += (loss - loss_) * (1.0 - std::exp (-block_ / 1.0));
  }
  if (!servo || moving_)
    emitted_.skip ();
  else if (out_.size () >= momentary)
    emitted_.add (mean_of_last (out_, momentary));
}

void
LiveGain::flush ()
{
  in_.clear ();
  out_.clear ();
  programme_.clear ();
  emitted_.clear ();
  next_ = 0;
  settled_ = 0.0;
}

}
