/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "gating.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace genaudio::r128 {

namespace {

/* Bins follow the bits of a double: 32 to an octave, which sorts energies
 * without a logarithm. */
constexpr int bin_shift = 52 - 5;
const double absolute_gate = loudness_to_energy (-70.0);
const std::uint64_t first_bin =
    std::bit_cast<std::uint64_t> (absolute_gate) >> bin_shift;
/* up to +70 LUFS; louder than that lands in the last bin */
constexpr std::size_t n_bins = 47 * 32;

std::size_t
bin_of (double energy)
{
  const std::uint64_t bin = std::bit_cast<std::uint64_t> (energy) >> bin_shift;
  return std::min<std::uint64_t> (bin - first_bin, n_bins - 1);
}

}

std::vector<double>
channel_weights (std::span<const Speaker> speakers, bool dual_mono)
{
  const bool has_side = std::find (speakers.begin (), speakers.end (),
      Speaker::side) != speakers.end ();
  std::vector<double> weights;

  for (const Speaker speaker : speakers) {
    switch (speaker) {
      case Speaker::wide:
      case Speaker::side:
      case Speaker::surround:
        weights.push_back (1.41);
        break;
      case Speaker::rear:
        weights.push_back (has_side ? 1.0 : 1.41);
        break;
      case Speaker::low_frequency:
        weights.push_back (0.0);
        break;
      default:
        weights.push_back (1.0);
        break;
    }
  }
  if (weights.size () == 1 && dual_mono)
    weights[0] = 2.0;
  return weights;
}

EnergyStore::EnergyStore () : bins_ (n_bins)
{
}

void
EnergyStore::add (double energy)
{
  if (!(energy >= absolute_gate))
    return;
  add_to_bin (bins_[bin_of (energy)], energy);
  sum_ += energy;
  count_++;
}

void
EnergyStore::add_to_bin (Bin & bin, double energy)
{
  nodes_.push_back ({energy, bin.first});
  bin.first = static_cast<std::uint32_t> (nodes_.size () - 1);
  bin.sum += energy;
  bin.count++;
}

void
EnergyStore::merge (const EnergyStore & other)
{
  for (const Node & node : other.nodes_)
    add_to_bin (bins_[bin_of (node.energy)], node.energy);
  sum_ += other.sum_;
  count_ += other.count_;
}

void
EnergyStore::clear ()
{
  std::fill (bins_.begin (), bins_.end (), Bin ());
  nodes_.clear ();
  sum_ = 0.0;
  count_ = 0;
}

std::pair<double, std::size_t>
EnergyStore::above (double threshold) const
{
  threshold = std::max (threshold, absolute_gate);
  const std::size_t edge = bin_of (threshold);
  double sum = 0.0;
  std::size_t count = 0;

  for (std::uint32_t i = bins_[edge].first; i != end_of_list;
      i = nodes_[i].next) {
    if (nodes_[i].energy >= threshold) {
      sum += nodes_[i].energy;
      count++;
    }
  }
  for (std::size_t i = edge + 1; i < n_bins; i++) {
    sum += bins_[i].sum;
    count += bins_[i].count;
  }
  return {sum, count};
}

double
EnergyStore::gated_mean () const
{
  if (count_ == 0)
    return 0.0;
  const auto [sum, count] = above (mean () * 0.1);
  return sum / static_cast<double> (count);
}

double
EnergyStore::relative_threshold () const
{
  return count_ == 0 ? -70.0 : energy_to_loudness (mean () * 0.1);
}

double
EnergyStore::ranked (std::size_t rank) const
{
  for (const Bin & bin : bins_) {
    if (rank < bin.count) {
      std::vector<double> energies;
      for (std::uint32_t i = bin.first; i != end_of_list; i = nodes_[i].next)
        energies.push_back (nodes_[i].energy);
      const auto at = energies.begin () + static_cast<std::ptrdiff_t> (rank);
      std::nth_element (energies.begin (), at, energies.end ());
      return *at;
    }
    rank -= bin.count;
  }
  return 0.0;
}

double
EnergyStore::range () const
{
  if (count_ == 0)
    return 0.0;
  const std::size_t n = above (mean () * 0.01).second;
  const std::size_t below = count_ - n;
  const auto percentile = [&] (double p) {
    return ranked (below
        + static_cast<std::size_t> (static_cast<double> (n - 1) * p + 0.5));
  };
  return energy_to_loudness (percentile (0.95))
      - energy_to_loudness (percentile (0.10));
}

LoudnessWindows::LoudnessWindows (unsigned rate) : grid_ (rate)
{
}

void
LoudnessWindows::clear ()
{
  clear_windows ();
  blocks_.clear ();
  shortterms_.clear ();
  n_ = 0;
  total_ = 0.0;
  max_momentary_ = max_shortterm_ = -1.0;
}

void
LoudnessWindows::clear_windows ()
{
  ring_.fill (0.0);
  momentary_sum_ = shortterm_sum_ = 0.0;
  windowed_ = 0;
  /* the next sub-block begins a block */
  n_ = (n_ + Grid::subblocks - 1) / Grid::subblocks * Grid::subblocks;
}

double
LoudnessWindows::sum_of_last (unsigned subblocks) const
{
  double sum = 0.0;

  const std::uint64_t end = n_ % shortterm_length;
  const std::uint64_t upper = std::min<std::uint64_t> (subblocks, end);

  for (std::uint64_t i = end - upper; i < end; i++)
    sum += ring_[i];
  for (std::uint64_t i = shortterm_length - (subblocks - upper);
      i < shortterm_length; i++)
    sum += ring_[i];
  return sum;
}

double
LoudnessWindows::momentary_energy () const
{
  return std::max (momentary_sum_, 0.0) / (4.0 * grid_.block);
}

double
LoudnessWindows::shortterm_energy () const
{
  return std::max (shortterm_sum_, 0.0) / (30.0 * grid_.block);
}

double
LoudnessWindows::ungated_energy () const
{
  return n_ == 0 ? not_a_number
      : total_ / static_cast<double> (grid_.start (n_));
}

void
LoudnessWindows::add (double sum)
{
  /* the ring begins with silence */
  shortterm_sum_ += sum - slot (n_);
  momentary_sum_ += sum - slot (n_ + shortterm_length - momentary_length);
  slot (n_) = sum;
  total_ += sum;
  n_++;
  windowed_++;

  /* running sums would keep the rounding errors of loud passages for ever */
  const bool block_ends = n_ % Grid::subblocks == 0;
  if (block_ends) {
    momentary_sum_ = sum_of_last (momentary_length);
    shortterm_sum_ = sum_of_last (shortterm_length);
  }

  if (windowed_ >= momentary_length) {
    const double energy = momentary_energy ();
    max_momentary_ = std::max (max_momentary_, energy);
    if (block_ends)
      blocks_.add (energy);
  }
  if (windowed_ >= shortterm_length) {
    const double energy = shortterm_energy ();
    max_shortterm_ = std::max (max_shortterm_, energy);
    if (block_ends)
      shortterms_.add (energy);
  }
}

}
