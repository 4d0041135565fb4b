/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "offlinemeter.hpp"

#include <algorithm>
#include <cstring>

namespace genaudio::r128 {

namespace {

/* A batch: long enough that the segments' head starts do not count, small
 * enough for the caches. */
constexpr std::size_t batch_bytes = 2 << 20;
constexpr std::size_t batch_blocks = 160;
/* of which a batch is a multiple: a segment each for the widest vectors */
constexpr std::size_t segments = 16;
/* From so many on, samples are not gathered first. */
constexpr std::size_t direct_blocks = 2 * segments;

std::size_t
choose_batch (const Format & format, const Grid & grid)
{
  const std::size_t fitting =
      batch_bytes / (grid.block * format.frame_bytes ());
  const std::size_t blocks =
      std::clamp<std::size_t> (fitting, segments, batch_blocks);
  return blocks / segments * segments * grid.block;
}

}

OfflineMeter::OfflineMeter (const Format & format, const Kernels & kernels,
    bool true_peak)
    : format_ (format), kernels_ (kernels), true_peak_wanted_ (true_peak),
    filter_ (KWeighting (format.rate)), windows_ (format.rate),
    peaks_ (format.rate, format.channels, kernels), states_ (format.channels),
    batch_frames_ (choose_batch (format, windows_.grid ()))
{
}

void
OfflineMeter::reset ()
{
  windows_.clear ();
  peaks_.reset ();
  std::fill (states_.begin (), states_.end (), FilterState ());
  held_ = 0;
  frames_ = 0;
  tail_sum_ = 0.0;
}

void
OfflineMeter::add (const void *samples, std::size_t frames)
{
  if (format_.is_double)
    add_samples (static_cast<const double *> (samples), frames);
  else
    add_samples (static_cast<const float *> (samples), frames);
}

template <typename T>
void
OfflineMeter::add_samples (const T *samples, std::size_t frames)
{
  const unsigned channels = format_.channels;
  const std::size_t block = windows_.grid ().block;

  frames_ += frames;
  while (frames > 0) {
    std::size_t n;
    if (held_ == 0 && frames >= direct_blocks * block) {
      /* where they lie: batch by batch where the true peak has to find them
       * in the cache, the rest or all of it at once */
      const bool rest = !true_peak_wanted_ || frames < 2 * batch_frames_;
      n = rest ? frames / block * block : batch_frames_;
      measure (samples, n, n / block * Grid::subblocks);
    } else {
      n = std::min (frames, batch_frames_ - held_);
      T *batch = gathered_samples<T> ();
      std::memcpy (batch + held_ * channels, samples,
          n * channels * sizeof (T));
      held_ += n;
      if (held_ == batch_frames_) {
        measure (batch, held_, held_ / block * Grid::subblocks);
        held_ = 0;
      }
    }
    samples += n * channels;
    frames -= n;
  }
}

/* Where samples are gathered: made once, and not cleared. */
template <typename T>
T *
OfflineMeter::gathered_samples ()
{
  if (gathered_ == nullptr)
    gathered_ = std::make_unique_for_overwrite<double[]> (
        (batch_frames_ * format_.frame_bytes () + sizeof (double) - 1)
        / sizeof (double));
  return reinterpret_cast<T *> (gathered_.get ());
}

/* Measures @frames frames from the beginning of a block on, of which the
 * first @subblocks sub-blocks count for loudness. */
template <typename T>
void
OfflineMeter::measure (const T *samples, std::size_t frames,
    std::size_t subblocks)
{
  sums_.assign (subblocks, 0.0);
  for (unsigned c = 0; c < format_.channels;) {
    if (format_.weights[c] == 0.0) {
      c++;
      continue;
    }
    const unsigned width =
        c + 1 < format_.channels && format_.weights[c + 1] != 0.0 ? 2 : 1;
    kernels_.weigh (WeightingJob<T>{&filter_, &windows_.grid (), samples + c,
            format_.channels, width,
            {format_.weights[c], width == 2 ? format_.weights[c + 1] : 0.0},
            &states_[c], subblocks, sums_.data ()});
    c += width;
  }
  for (const double sum : sums_)
    windows_.add (sum);
  if (true_peak_wanted_)
    peaks_.add (samples, frames);
}

void
OfflineMeter::finish ()
{
  if (held_ == 0)
    return;
  if (format_.is_double)
    measure_tail<double> ();
  else
    measure_tail<float> ();
  held_ = 0;
}

/* What is left is no whole batch, and its last sub-block may be incomplete:
 * that counts for the ungated loudness of very short items only. */
template <typename T>
void
OfflineMeter::measure_tail ()
{
  const Grid & grid = windows_.grid ();
  const std::size_t block_samples = grid.block * format_.channels;
  T *batch = gathered_samples<T> ();
  const std::size_t whole = held_ / grid.block;
  const std::size_t rest = held_ - whole * grid.block;
  std::size_t complete = 0;

  while (complete < Grid::subblocks && grid.start (complete + 1) <= rest)
    complete++;
  measure (batch, whole * grid.block, whole * Grid::subblocks);
  T *const tail = batch + whole * block_samples;
  measure (tail, rest, complete);

  /* a grid whose sub-blocks have just the length of what is left */
  Grid left = grid;
  left.block = Grid::subblocks
      * static_cast<unsigned> (rest - grid.start (complete));
  sums_.assign (1, 0.0);
  for (unsigned c = 0; c < format_.channels; c++)
    kernels_.weigh (WeightingJob<T>{&filter_, &left,
            tail + grid.start (complete) * format_.channels + c,
            format_.channels, 1, {format_.weights[c], 0.0}, &states_[c], 1,
            sums_.data ()});
  tail_sum_ = sums_[0];
}

double
OfflineMeter::true_peak () const
{
  const auto peaks = peaks_.true_peaks ();
  return *std::max_element (peaks.begin (), peaks.end ());
}

double
OfflineMeter::sample_peak () const
{
  const auto peaks = peaks_.sample_peaks ();
  return *std::max_element (peaks.begin (), peaks.end ());
}

double
OfflineMeter::ungated_loudness () const
{
  const std::uint64_t n = windows_.position ();
  const double sum = n == 0 ? 0.0 : windows_.ungated_energy ()
      * static_cast<double> (windows_.grid ().start (n));
  return frames_ == 0 ? energy_to_loudness (0.0)
      : energy_to_loudness ((sum + tail_sum_) / static_cast<double> (frames_));
}

Loudness
OfflineMeter::loudness () const
{
  return {windows_.integrated (),
      windows_.shortterms ().empty () ? not_a_number : windows_.range (),
      windows_.max_momentary (), windows_.max_shortterm (),
      decibels (true_peak ()), decibels (sample_peak ())};
}

}
