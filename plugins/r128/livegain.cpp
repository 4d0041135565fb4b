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
constexpr std::size_t second = 10;

/* The constants below were found by search, on music, speech and hard joints of
 * them: tests/benchmarks/r128-live.cpp shows what they reach. */

/* The programme: 14 s of memory, twice that where the look-ahead is long
 * enough not to be taken by surprise. */
constexpr double programme_memory = 14.0;       /* s */
constexpr unsigned long_look_ahead = 25;        /* blocks */
constexpr double emitted_memory = 120.0;        /* s */

/* What surrounds a block: 21 blocks with 1 s of look-ahead. */
constexpr std::size_t blocks_behind = 11;
constexpr std::size_t blocks_ahead = 15;

/* What is to be made good within the next seconds, a share of the time
 * played. */
constexpr double servo_share = 0.16;
constexpr double servo_shortest = 7.0;          /* s */
constexpr double servo_longest = 10.0;          /* s */
constexpr double servo_down = -5.0;             /* dB */
constexpr double servo_up = 5.0;                /* dB */

/* What the limiter takes is given back, and more, since it will take of that
 * too, less so the louder the output is already. */
constexpr double refill_share = 2.2;
constexpr double refill_loss = 4.25;            /* dB, at most */
constexpr double refill_room = 12.0;            /* dB over the target */

/* The first second or two say little about a programme: no large boost yet.
 * It must not last: what a sparse programme misses then it misses for good. */
constexpr double boost_at_first = 9.25;         /* dB */
constexpr double boost_growth = 4.0;            /* dB a second */

/* Below these it is background, and the gain is held. */
constexpr double background = -55.0;            /* LUFS */
constexpr double faint = -66.0;                 /* LUFS: a programme below that */
constexpr double patience = 10.0;               /* s, until it is believed */
constexpr double background_below = 10.0;       /* LU below the programme */

/* How the gain moves, each block. */
constexpr double approach = 0.04;
constexpr double approach_at_first = 0.41;
constexpr double settling = 5.0;                /* s */
constexpr double hurry_from = 1.0;              /* dB too loud */
constexpr double hurry = 0.45;
constexpr double slew_down = 0.6;               /* dB */
constexpr double slew_down_in_haste = 0.9;      /* dB, if the look-ahead is short */
constexpr unsigned short_look_ahead = 7;        /* blocks */
constexpr double slew_up = 0.24;                /* dB */

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
FadingLoudness::shift (double decibels)
{
  const double factor = std::pow (10.0, decibels / 10.0);
  const auto by = static_cast<std::ptrdiff_t> (
      std::lround (decibels * bins_a_decibel));
  std::vector<Bin> shifted (n_bins);

  for (std::size_t i = 0; i < n_bins; i++) {
    const std::ptrdiff_t to = static_cast<std::ptrdiff_t> (i) + by;
    if (to < 0)
      continue;
    Bin & bin = shifted[std::min<std::size_t> (static_cast<std::size_t> (to),
            n_bins - 1)];
    bin.weight += bins_[i].weight;
    bin.sum += bins_[i].sum * factor;
  }
  bins_ = std::move (shifted);
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
  /* what went out was right at its time: seen from the new target it is as
   * far from that as it was from the old */
  if (target != target_ && out_.size () > 0)
    emitted_.shift (target - target_);
  target_ = target;
}

void
LiveGain::add_input (double energy)
{
  in_.add (energy);
  if (in_.size () >= momentary)
    programme_.add (mean_of_last (in_, momentary));
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
  const double horizon = std::clamp (servo_share * t, servo_shortest,
      servo_longest);
  const double off = emitted_.mean () / loudness_to_energy (target_);
  const double energy = (t + horizon - t * off) / horizon;

  return energy <= 0.0 ? servo_down
      : std::clamp (10.0 * std::log10 (energy), servo_down, servo_up);
}

double
LiveGain::raw_gain () const
{
  const double programme = energy_to_loudness (programme_.mean ());
  double refill = 0.0;
  if (out_.size () > 0) {
    const double out = energy_to_loudness (out_.mean (
            out_.size () > second ? out_.size () - second : 0, out_.size ()));
    refill = refill_share * std::min (loss_, refill_loss)
        * std::clamp ((target_ + refill_room - out) / refill_room, 0.0, 1.0);
  }

  return std::min ({target_ - programme + servo () + refill, max_gain_,
          boost_at_first + boost_growth * played_});
}

/* The loudness from which on it is the programme, and no background. */
double
LiveGain::gate () const
{
  const double programme = energy_to_loudness (programme_.mean ());
  const double relative = programme - background_below;

  if (faint_)
    return programme > faint ? relative : background;
  return std::max (background, relative);
}

/* What is all there is for long enough is the programme, however faint; its
 * gain begins at 0 dB. Once something louder comes, all begins anew. */
void
LiveGain::wait_for_programme (double foreground)
{
  const double programme = energy_to_loudness (programme_.mean ());

  if (faint_ && foreground > background) {
    faint_ = false;
    played_ = settled_ = 0.0;
  } else if (!known_ && programme > faint && foreground <= background
      && foreground > programme - background_below) {
    waited_ += block_;
    faint_ = known_ = waited_ >= patience;
  }
}

double
LiveGain::decide ()
{
  const double s = foreground ();

  wait_for_programme (s);
  if (programme_.weight () > 0.0 && s > gate ()) {
    const double raw = raw_gain ();
    if (!known_) {
      gain_ = raw;
      known_ = true;
    } else if (next_ > 0) {
      const double d = raw - gain_;
      double step = d * (approach + approach_at_first * std::exp (-settled_ / settling));
      if (d < -hurry_from)
        step += hurry * (d + hurry_from);
      gain_ += std::clamp (step, -slew_down_, slew_up);
    }
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
  if (!servo)
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
