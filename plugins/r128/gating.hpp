/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What happens to K-weighted energies: channel weights, windows, gates and
 * range (ITU-R BS.1770-4, EBU Tech 3341 and 3342). */
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace genaudio::r128 {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN ();

/* Mean square to LUFS; silence is -infinity. */
inline double
energy_to_loudness (double energy)
{
  return 10.0 * std::log10 (energy) - 0.691;
}

inline double
loudness_to_energy (double loudness)
{
  return std::pow (10.0, (loudness + 0.691) / 10.0);
}

inline double
decibels (double amplitude)
{
  return 20.0 * std::log10 (amplitude);
}

inline double
amplitude (double decibels)
{
  return std::pow (10.0, decibels / 20.0);
}

/* Where a channel's loudspeaker stands, as far as the weights care. */
enum class Speaker
{
  unpositioned,
  front,                        /* within 60 degrees of the centre */
  wide,                         /* 60 degrees */
  side,                         /* 90 degrees */
  surround,                     /* 110 degrees */
  rear,                         /* one of a rear pair: 135 degrees where there
                                 * is a side pair too, else the surrounds */
  rear_centre,                  /* 180 degrees */
  elevated,                     /* 30 degrees and more up or down */
  low_frequency,
};

/* BS.1770-4 table 4: 1.41 between 60 and 120 degrees of azimuth, 1 elsewhere,
 * nothing for LFE. A mono item to be heard from two loudspeakers
 * (@dual_mono) counts twice. */
std::vector<double> channel_weights (std::span<const Speaker> speakers,
    bool dual_mono);

/* A time axis of 100 ms blocks, each cut into five sub-blocks of about 20 ms:
 * gating and range hop a block, maxima a sub-block (Tech 3341 case 13 fails
 * on a coarser grid). A block is what libebur128 makes it at every rate. */
struct Grid
{
  static constexpr unsigned subblocks = 5;

  explicit Grid (unsigned rate) : block ((rate + 5) / 10) {}

  /* First frame of sub-block @index, counted from the item's first frame. */
  std::uint64_t start (std::uint64_t index) const
  {
    return index / subblocks * block + index % subblocks * block / subblocks;
  }
  unsigned length (std::uint64_t index) const
  {
    return static_cast<unsigned> (start (index + 1) - start (index));
  }

  unsigned block;               /* frames in 100 ms */
};

/* Energies of gating blocks or of short-term windows, kept in bins a tenth of
 * a dB wide, so that the gates and percentiles of any number of them are
 * exact and cost the same. Everything below -70 LUFS is dropped. */
class EnergyStore
{
public:
  EnergyStore ();

  void add (double energy);
  void merge (const EnergyStore & other);
  void clear ();

  bool empty () const { return count_ == 0; }
  std::size_t count () const { return count_; }

  /* Mean energy of what passes both gates (-70 LUFS, 10 LU below the mean);
   * 0 if nothing does. */
  double gated_mean () const;
  /* Integrated loudness in LUFS, -infinity if nothing passes. */
  double integrated () const { return energy_to_loudness (gated_mean ()); }
  /* The relative gate in LUFS, -70 if there is nothing yet. */
  double relative_threshold () const;
  /* Tech 3342: 95th less 10th percentile above -70 LUFS and above 20 LU below
   * the mean, in LU; 0 if there is nothing. */
  double range () const;

private:
  /* The energies of a bin are a list through nodes_. */
  static constexpr std::uint32_t end_of_list = UINT32_MAX;
  struct Node
  {
    double energy;
    std::uint32_t next;
  };
  struct Bin
  {
    double sum = 0.0;
    std::uint32_t first = end_of_list;
    std::uint32_t count = 0;
  };

  void add_to_bin (Bin & bin, double energy);
  double mean () const { return sum_ / static_cast<double> (count_); }
  /* Sum and count of the energies that are at least @threshold. */
  std::pair<double, std::size_t> above (double threshold) const;
  /* The energy of rank @rank in ascending order. */
  double ranked (std::size_t rank) const;

  std::vector<Bin> bins_;
  std::vector<Node> nodes_;
  double sum_ = 0.0;
  std::size_t count_ = 0;
};

/* Everything that follows from the sums of weighted K-filtered squares of
 * consecutive sub-blocks. */
class LoudnessWindows
{
public:
  explicit LoudnessWindows (unsigned rate);

  /* @sum: of the next sub-block's squares, over all channels, weighted. */
  void add (double sum);
  void clear ();
  /* Forgets what the windows hold but not what was integrated. */
  void clear_windows ();

  /* Number of sub-blocks added. */
  std::uint64_t position () const { return n_; }
  const Grid & grid () const { return grid_; }

  /* Mean energies of the last 400 ms and 3 s; what came before the first
   * sub-block counts as silence. */
  double momentary_energy () const;
  double shortterm_energy () const;
  double momentary () const { return energy_to_loudness (momentary_energy ()); }
  double shortterm () const { return energy_to_loudness (shortterm_energy ()); }
  double integrated () const { return blocks_.integrated (); }
  double relative_threshold () const { return blocks_.relative_threshold (); }
  double range () const { return shortterms_.range (); }

  /* Over full windows; NaN if none was ever full, -infinity in silence. */
  double max_momentary () const { return maximum (max_momentary_); }
  double max_shortterm () const { return maximum (max_shortterm_); }

  /* Mean energy of all of it, no gate; NaN if nothing was added. */
  double ungated_energy () const;

  const EnergyStore & blocks () const { return blocks_; }
  const EnergyStore & shortterms () const { return shortterms_; }

private:
  static constexpr unsigned momentary_length = 4 * Grid::subblocks;
  static constexpr unsigned shortterm_length = 30 * Grid::subblocks;

  static double maximum (double energy)
  {
    return energy < 0.0 ? not_a_number : energy_to_loudness (energy);
  }
  double sum_of_last (unsigned subblocks) const;
  double & slot (std::uint64_t index) { return ring_[index % shortterm_length]; }

  Grid grid_;
  EnergyStore blocks_, shortterms_;
  std::array<double, shortterm_length> ring_{};
  std::uint64_t n_ = 0, windowed_ = 0;
  double momentary_sum_ = 0.0, shortterm_sum_ = 0.0;
  double total_ = 0.0;
  double max_momentary_ = -1.0, max_shortterm_ = -1.0;
};

}
