/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "analysis.hpp"
#include "denormals.hpp"

#include <algorithm>

namespace genaudio::bpm {

namespace {

/* A hole longer than this is a jump. */
constexpr std::uint64_t longest_hole_seconds = 60;

template <int channels>
void
mix_fixed (const float *in, std::size_t frames, float *out)
{
  for (std::size_t i = 0; i < frames; i++) {
    float sum = 0;
    for (int c = 0; c < channels; c++)
      sum += in[i * channels + c];
    out[i] = sum * (1.0f / channels);
  }
}

void
mix (const float *in, std::size_t frames, unsigned channels, float *out)
{
  switch (channels) {
    case 1:
      std::copy_n (in, frames, out);
      break;
    case 2:
      mix_fixed<2> (in, frames, out);
      break;
    case 3:
      mix_fixed<3> (in, frames, out);
      break;
    case 4:
      mix_fixed<4> (in, frames, out);
      break;
    case 5:
      mix_fixed<5> (in, frames, out);
      break;
    case 6:
      mix_fixed<6> (in, frames, out);
      break;
    case 7:
      mix_fixed<7> (in, frames, out);
      break;
    default:
      mix_fixed<8> (in, frames, out);
      break;
  }
}

} // namespace

Analysis::Analysis (SampleFormat format, unsigned channels, double rate,
    const AnalysisSettings &settings)
    : settings_ (settings), format_ (format), channels_ (channels),
      rate_ (rate)
{
  statistics_.reset (format, channels);
  if (settings.tempo || settings.key)
    front_end_ = std::make_unique<FrontEnd> (rate, settings.tempo,
        settings.key, settings.memory_seconds);
  if (settings.tempo && settings.beats)
    beat_tracker_ = std::make_unique<BeatTracker> (rate,
        settings.memory_seconds);
  samples_.resize (Statistics::max_block);
  mono_.resize (Statistics::max_block);
}

/* Hands on what is in mono_, up to the limit. */
void
Analysis::feed_mono (std::size_t frames)
{
  const std::uint64_t left = settings_.limit_frames
      - std::min (position_, settings_.limit_frames);
  const std::size_t n = std::min<std::uint64_t> (frames, left);

  position_ += frames;
  if (n == 0)
    return;
  front_end_->push (mono_.data (), n);
  if (beat_tracker_)
    beat_tracker_->push (mono_.data (), n);
}

void
Analysis::process (const void *data, std::size_t frames)
{
  const FlushDenormals flush;
  const std::size_t block = Statistics::max_block / channels_;
  const char *at = static_cast<const char *> (data);

  while (frames > 0) {
    const std::size_t n = std::min (frames, block);
    const float *samples = reinterpret_cast<const float *> (at);
    /* a sub-buffer may begin anywhere */
    if (format_ != SampleFormat::f32
        || reinterpret_cast<std::uintptr_t> (at) % alignof (float) != 0) {
      samples_to_float (format_, at, n * channels_, samples_.data ());
      samples = samples_.data ();
    }
    const bool finite = statistics_.add_block (samples, at, n);
    if (front_end_ && position_ >= settings_.limit_frames) {
      position_ += n;
    } else if (front_end_) {
      if (!finite) {
        zero_non_finite (samples, n * channels_, samples_.data ());
        samples = samples_.data ();
      }
      mix (samples, n, channels_, mono_.data ());
      feed_mono (n);
    }
    at += n * channels_ * sample_size (format_);
    frames -= n;
  }
}

void
Analysis::process_silence (std::uint64_t frames)
{
  statistics_.add_silence (frames);
  skip (frames);
}

void
Analysis::skip (std::uint64_t frames)
{
  if (!front_end_)
    return;
  if (frames > longest_hole_seconds * rate_) {
    restart ();
    return;
  }
  std::fill (mono_.begin (), mono_.end (), 0.0f);
  while (frames > 0) {
    const std::size_t n = std::min<std::uint64_t> (frames, mono_.size ());
    feed_mono (n);
    frames -= n;
  }
}

void
Analysis::finish ()
{
  if (front_end_)
    front_end_->finish ();
}

void
Analysis::restart ()
{
  if (front_end_)
    front_end_->reset ();
  if (beat_tracker_)
    beat_tracker_->reset ();
  position_ = 0;
}

} // namespace genaudio::bpm
