/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "frontend.hpp"
#include "dispatch.hpp"

#include <algorithm>
#include <cmath>

namespace genaudio::bpm {

namespace {

constexpr std::size_t block_frames = 4096;
constexpr double onset_max_rate = 31972;        /* halved above */
constexpr double key_min_rate = 5000;           /* not halved to below */

/* half-band filters: flat to a quarter of the rate they give; gentle where
 * more halving follows, steep at the end */
constexpr float onset_filter[] = { .310863f, -.086316f, .03515f, -.013056f, .003359f };
constexpr float key_filter[] = { .3113f, -.083004f, .030523f, -.008819f };
constexpr float key_last_filter[] = { .315044f, -.096332f, .048451f, -.026282f,
  .013841f, -.006639f, .002683f, -.000766f };

/* A loudness beyond this is a broken sample and would overflow squares. */
constexpr float absurd = 1e9f;

GENAUDIO_BPM_CLONES void
copy_finite (const float *in, std::size_t n, float *out)
{
  for (std::size_t i = 0; i < n; i++)
    out[i] = std::fabs (in[i]) < absurd ? in[i] : 0.0f;
}

} // namespace

FrontEnd::FrontEnd (double rate, bool want_tempo, bool want_key, double memory_seconds)
    : input_ (block_frames)
{
  for (auto &work : work_)
    work.resize (block_frames + 16);
  while (rate > onset_max_rate) {
    halvers_.emplace_back (onset_filter, 5, block_frames + 16);
    rate /= 2;
  }
  if (want_tempo) {
    onset_ = std::make_unique<OnsetStrength> (rate);
    tempo_ = std::make_unique<TempoEstimator> (onset_->rate (), memory_seconds);
  }
  if (want_key) {
    while (rate / 2 >= key_min_rate) {
      rate /= 2;
      if (rate / 2 >= key_min_rate)
        key_halvers_.emplace_back (key_filter, 4, block_frames + 16);
      else
        key_halvers_.emplace_back (key_last_filter, 8, block_frames + 16);
    }
    key_ = std::make_unique<KeyEstimator> (rate, memory_seconds);
  }
}

FrontEnd::~FrontEnd () = default;

void
FrontEnd::push (const float *mono, std::size_t frames)
{
  while (frames > 0) {
    const std::size_t take = std::min (frames, block_frames - filled_);
    copy_finite (mono, take, &input_[filled_]);
    filled_ += take;
    mono += take;
    frames -= take;
    if (filled_ == block_frames)
      block ();
  }
}

void
FrontEnd::finish ()
{
  if (filled_ > 0)
    block ();
}

void
FrontEnd::block ()
{
  const float *data = input_.data ();
  std::size_t n = filled_;
  int turn = 0;

  for (Halver &halver : halvers_) {
    n = halver.process (data, n, work_[turn].data ());
    data = work_[turn].data ();
    turn = 1 - turn;
  }
  if (tempo_ != nullptr)
    onset_->push (data, n, [this] (const Onset &onset) { tempo_->push (onset.all, onset.bass); });
  if (key_ != nullptr) {
    for (Halver &halver : key_halvers_) {
      n = halver.process (data, n, work_[turn].data ());
      data = work_[turn].data ();
      turn = 1 - turn;
    }
    key_->push (data, n);
  }
  filled_ = 0;
}

void
FrontEnd::reset ()
{
  filled_ = 0;
  for (Halver &halver : halvers_)
    halver.reset ();
  for (Halver &halver : key_halvers_)
    halver.reset ();
  if (tempo_ != nullptr) {
    onset_->reset ();
    tempo_->reset ();
  }
  if (key_ != nullptr)
    key_->reset ();
}

} // namespace genaudio::bpm
