/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "livestage.hpp"

#include <algorithm>
#include <cmath>

namespace genaudio::r128 {

namespace {

constexpr std::uint64_t second = 1000000000;
constexpr double infinity = std::numeric_limits<double>::infinity ();
/* blocks a ramp takes when the element is switched on or off */
constexpr double switch_blocks = 5.0;

std::uint64_t
to_frames (std::uint64_t ns, unsigned rate)
{
  return ns / second * rate + ns % second * rate / second;
}

/* Control works in blocks of 100 ms or a little less, whole cells of the
 * limiter. */
std::size_t
block_frames (unsigned rate)
{
  constexpr unsigned cell = Limiter<float>::cell;

  return std::max (1u, rate / (10 * cell)) * cell;
}

std::size_t
round_up (std::size_t frames)
{
  constexpr std::size_t cell = Limiter<float>::cell;

  return (frames + cell - 1) / cell * cell;
}

/* What kept an item from the target. */
const char *
limit_of (const Loudness & input, const Loudness & output,
    const Settings & settings)
{
  const double wanted = settings.target - input.integrated;

  if (!(output.integrated < settings.target - 1.0))
    return nullptr;
  if (wanted > settings.max_gain)
    return "max-gain";
  return input.max_true_peak + wanted > settings.max_true_peak ? "true-peak"
      : nullptr;
}

/* An item's loudness, unless it has none. */
Method
method_of (const Loudness & input, std::uint64_t frames, unsigned rate,
    Method otherwise)
{
  if (std::isfinite (input.integrated))
    return otherwise;
  return frames * 10 < std::uint64_t{rate} * 4 ? Method::too_short
      : Method::silent;
}

}

LevelMeter::LevelMeter (const Format & format, std::uint64_t interval)
    : rate_ (format.rate), channels_ (format.channels),
    meter_ (format.rate, format.weights)
{
  set_interval (interval);
}

std::uint64_t
LevelMeter::edge (std::uint64_t index) const
{
  /* in two steps, since index * interval * rate does not fit */
  return to_frames (index * interval_, rate_);
}

void
LevelMeter::set_interval (std::uint64_t interval)
{
  if (interval == interval_)
    return;
  interval_ = interval;
  if (interval_ == 0)
    return;
  /* the first multiple of it that is yet to come */
  index_ = position_ * second / rate_ / interval_;
  while (edge (index_) <= position_)
    index_++;
  next_ = edge (index_);
}

Level
LevelMeter::read ()
{
  const LoudnessWindows & l = meter_.loudness ();
  Level level;

  level.position = position_;
  level.momentary = l.momentary ();
  level.shortterm = l.shortterm ();
  level.integrated = l.integrated ();
  level.relative_threshold = l.relative_threshold ();
  level.range = l.range ();
  const auto sample_peaks = meter_.peaks ().sample_peaks ();
  const auto true_peaks = meter_.peaks ().true_peaks ();
  level.sample_peaks.assign (sample_peaks.begin (), sample_peaks.end ());
  level.true_peaks.assign (true_peaks.begin (), true_peaks.end ());
  return level;
}

template <typename T>
double
LevelMeter::add (const T * frames, std::size_t n)
{
  double sum = 0.0;

  while (n > 0) {
    std::size_t part = n;
    if (interval_ > 0)
      part = static_cast<std::size_t> (
          std::min<std::uint64_t> (n, next_ - position_));
    sum += meter_.add (frames, part);
    frames += part * channels_;
    position_ += part;
    n -= part;
    if (interval_ == 0 || position_ < next_)
      continue;
    levels_.push_back (read ());
    while (edge (index_) <= position_)
      index_++;
    next_ = edge (index_);
  }
  return sum;
}

void
LevelMeter::flush ()
{
  const std::uint64_t interval = interval_;

  meter_.clear_windows ();
  levels_.clear ();
  position_ = 0;
  interval_ = 0;
  set_interval (interval);
}

void
LevelMeter::succeed (const LevelMeter & before)
{
  meter_.set_past (before.meter_.tally ());
}

template <typename T>
void
Frames<T>::add (const T * frames, std::size_t n)
{
  if (start_ > 0 && start_ * 2 >= data_.size ()) {
    data_.erase (data_.begin (),
        data_.begin () + static_cast<std::ptrdiff_t> (start_));
    start_ = 0;
  }
  data_.insert (data_.end (), frames, frames + n * channels_);
}

template <typename T>
void
Frames<T>::drop (std::size_t n)
{
  start_ += n * channels_;
  if (start_ == data_.size ())
    clear ();
}

MeasureStage::MeasureStage (const Format & format, const Settings & settings)
    : is_double_ (format.is_double), meter_ (format, settings.interval)
{
}

void
MeasureStage::succeed (const Stage & before)
{
  if (const auto *same = dynamic_cast<const MeasureStage *> (&before))
    meter_.succeed (same->meter_);
}

void
MeasureStage::configure (const Settings & settings)
{
  meter_.set_interval (settings.interval);
}

void
MeasureStage::write (const void *samples, std::size_t frames)
{
  if (is_double_)
    meter_.add (static_cast<const double *> (samples), frames);
  else
    meter_.add (static_cast<const float *> (samples), frames);
}

bool
MeasureStage::pop_level (Level & level)
{
  if (meter_.levels ().empty ())
    return false;
  level = std::move (meter_.levels ().front ());
  meter_.levels ().pop_front ();
  level.input_momentary = level.momentary;
  level.input_shortterm = level.shortterm;
  level.input_integrated = level.integrated;
  return true;
}

Report
MeasureStage::report () const
{
  Report report;

  report.method = Method::measured;
  report.input = report.output = meter_.meter ().summary ();
  return report;
}

std::uint64_t
live_latency (unsigned rate, const Settings & settings)
{
  return to_frames (settings.latency, rate);
}

LiveStageBase::LiveStageBase (const Format & format, const Settings & settings)
    : rate_ (format.rate), block_ (block_frames (format.rate)),
    latency_ (live_latency (format.rate, settings)),
    ahead_ (static_cast<std::size_t> (latency_ / block_)),
    settings_ (settings), input_ (format, settings.interval),
    output_ (format, settings.interval),
    control_ (static_cast<double> (block_) / format.rate,
        static_cast<unsigned> (ahead_)),
    mix_ (settings.enabled ? 1.0 : 0.0)
{
  configure (settings);
}

void
LiveStageBase::succeed (const Stage & before)
{
  const auto *other = dynamic_cast<const LiveStageBase *> (&before);

  if (other == nullptr)
    return;
  input_.succeed (other->input_);
  output_.succeed (other->output_);
  control_ = other->control_;
  control_.flush ();
  mix_ = other->mix_;
  power_ = other->power_;
  powered_ = other->powered_;
}

void
LiveStageBase::configure (const Settings & settings)
{
  settings_ = settings;
  input_.set_interval (settings.interval);
  output_.set_interval (settings.interval);
  control_.set_target (settings.target);
  control_.set_max_gain (settings.max_gain);
}

void
LiveStageBase::reset_measurement ()
{
  input_.clear ();
  output_.clear ();
  power_ = 0.0;
  powered_ = 0;
}

bool
LiveStageBase::pop_level (Level & level)
{
  std::deque<Level> & levels = output_.levels ();
  std::deque<Level> & inputs = input_.levels ();

  if (levels.empty () || levels.front ().position > rendered_)
    return false;
  level = std::move (levels.front ());
  levels.pop_front ();
  while (!inputs.empty () && inputs.front ().position < level.position)
    inputs.pop_front ();
  if (!inputs.empty () && inputs.front ().position == level.position) {
    level.input_momentary = inputs.front ().momentary;
    level.input_shortterm = inputs.front ().shortterm;
    level.input_integrated = inputs.front ().integrated;
    inputs.pop_front ();
  }
  return true;
}

Report
LiveStageBase::report () const
{
  Report report;

  report.input = input_.meter ().summary ();
  report.output = output_.meter ().summary ();
  report.method = !settings_.enabled ? Method::disabled
      : method_of (report.input, input_.meter ().frames (), rate_, method_);
  report.gain = powered_ > 0
      ? 10.0 * std::log10 (power_ / static_cast<double> (powered_)) : 0.0;
  if (report.method == Method::live)
    report.limited_by = limit_of (report.input, report.output, settings_);
  return report;
}

template <typename T>
LiveStage<T>::LiveStage (const Format & format, const Settings & settings)
    : LiveStageBase (format, settings), channels_ (format.channels),
    limiter_ (format.rate, format.channels,
        settings.enabled ? settings.max_true_peak : infinity),
    in_ (format.channels), out_ (format.channels)
{
}

template <typename T>
void
LiveStage<T>::write (const void *samples, std::size_t frames)
{
  in_.add (static_cast<const T *> (samples), frames);
  written_ += frames;
  while (written_ - metered_ >= block_) {
    take_block (block_);
    if (metered_ >= ahead_ * block_)
      emit_block ();
  }
}

/* The next block of input is complete. */
template <typename T>
void
LiveStage<T>::take_block (std::size_t frames)
{
  const T *block = in_.front () + (metered_ - limited_) * channels_;
  const double energy = input_.add (block, frames);

  metered_ += frames;
  control_.add_input (energy / static_cast<double> (frames));
}

/* The gain as applied: none of it while switched off. */
template <typename T>
double
LiveStage<T>::mixed (double gain)
{
  const double wanted = settings_.enabled ? 1.0 : 0.0;

  mix_ += std::clamp (wanted - mix_, -1.0 / switch_blocks, 1.0 / switch_blocks);
  if (std::fabs (mix_ - wanted) < 1e-9)
    mix_ = wanted;
  limiter_.set_ceiling (mix_ > 0.0 ? settings_.max_true_peak : infinity);
  return gain * mix_;
}

template <typename T>
void
LiveStage<T>::emit_block ()
{
  if (!decided_) {
    gain_ = mixed (control_.decide ());
    decided_ = true;
  }
  const double from = gain_;
  gain_ = mixed (control_.decide ());
  emit (from, gain_);
}

/* Sends the next cells through the limiter, into scratch_. The gain begins
 * with @gain and runs straight within a cell; from cell to cell it grows by
 * @factor. */
template <typename T>
void
LiveStage<T>::feed (std::size_t cells, double & gain, double factor)
{
  constexpr unsigned cell = Limiter<T>::cell;
  const std::size_t wanted = cells * cell;
  const std::size_t there = std::min (wanted, in_.size ());

  scratch_.assign (wanted * channels_, T{0});
  const T *in = in_.front ();
  T *out = scratch_.data ();
  for (std::size_t at = 0; at < there; at += cell) {
    const std::size_t n = std::min<std::size_t> (cell, there - at);
    const double next = gain * factor;
    const T first = static_cast<T> (gain);
    const T slope = static_cast<T> ((next - gain) / cell);

    for (std::size_t i = 0; i < n; i++) {
      const T g = first + slope * static_cast<T> (i);
      for (unsigned c = 0; c < channels_; c++)
        *out++ = *in++ * g;
    }
    gain = next;
  }
  in_.drop (there);
  limited_ += there;
  limiter_.process (scratch_.data (), scratch_.data (), cells);
}

/* The next block, whose gain in dB runs straight. The limiter's input is its
 * delay ahead of its output. */
template <typename T>
void
LiveStage<T>::emit (double from, double to)
{
  const std::size_t cells = block_ / Limiter<T>::cell;
  double gain = amplitude (from);

  if (emitted_ == 0)
    feed (limiter_.delay () / Limiter<T>::cell, gain, 1.0);
  feed (cells, gain, amplitude ((to - from) / static_cast<double> (cells)));

  const std::size_t frames = static_cast<std::size_t> (
      std::min<std::uint64_t> (block_, written_ - emitted_));
  const double energy = output_.add (scratch_.data (), frames);
  control_.add_output (energy / static_cast<double> (frames),
      0.5 * (from + to), mix_ == 1.0);
  for (Level & level : output_.levels ()) {
    if (level.position > emitted_)
      level.gain = from + (to - from)
          * static_cast<double> (level.position - emitted_)
          / static_cast<double> (block_);
  }
  out_.add (scratch_.data (), frames);
  emitted_ += frames;
  power_ += static_cast<double> (frames) * std::pow (10.0, (from + to) / 20.0);
  powered_ += frames;
}

/* All of the item came before any of it had to go out: it gets one gain,
 * exact, as offline. */
template <typename T>
void
LiveStage<T>::settle ()
{
  const Loudness input = input_.meter ().summary ();
  double gain = 0.0;

  method_ = method_of (input, written_, rate_, Method::loudness);
  if (method_ == Method::loudness && settings_.enabled) {
    gain = std::min (settings_.target - input.integrated, settings_.max_gain);
    const double most = settings_.max_true_peak - input.max_true_peak;
    if (gain > most) {
      gain = most;
      method_ = Method::peak_limited;
    }
    /* the limiter would keep its margin of what just fits */
    limiter_.set_ceiling (infinity);
  }
  gain_ = gain;
}

template <typename T>
void
LiveStage<T>::finish ()
{
  const std::size_t rest = static_cast<std::size_t> (written_ - metered_);

  if (rest > 0)
    take_block (rest);
  if (emitted_ == 0 && !decided_) {
    settle ();
    while (emitted_ < written_)
      emit (gain_, gain_);
  }
  while (emitted_ < written_)
    emit_block ();
}

template <typename T>
void
LiveStage<T>::render (void *samples, std::size_t frames)
{
  std::copy_n (out_.front (), frames * channels_, static_cast<T *> (samples));
  out_.drop (frames);
  rendered_ += frames;
}

template <typename T>
void
LiveStage<T>::flush ()
{
  in_.clear ();
  out_.clear ();
  input_.flush ();
  output_.flush ();
  control_.flush ();
  limiter_.flush ();
  written_ = metered_ = limited_ = emitted_ = rendered_ = 0;
  decided_ = false;
}

template <typename T>
LimiterStage<T>::LimiterStage (const Format & format,
    const Settings & settings, double gain_db)
    : channels_ (format.channels), gain_db_ (gain_db),
    limiter_ (format.rate, format.channels, settings.max_true_peak),
    in_ (format.channels), out_ (format.channels)
{
}

template <typename T>
std::uint64_t
LimiterStage<T>::latency () const
{
  /* and what does not fill a cell */
  return limiter_.delay () + Limiter<T>::cell;
}

template <typename T>
void
LimiterStage<T>::limit (std::size_t cells)
{
  const std::size_t wanted = cells * Limiter<T>::cell;
  const std::size_t there = std::min (wanted, in_.size ());
  const T gain = static_cast<T> (amplitude (gain_db_));

  scratch_.assign (wanted * channels_, T{0});
  std::transform (in_.front (), in_.front () + there * channels_,
      scratch_.begin (), [gain] (T sample) { return sample * gain; });
  in_.drop (there);
  limiter_.process (scratch_.data (), scratch_.data (), cells);

  /* the limiter begins with its delay of silence */
  const std::uint64_t delay = limiter_.delay ();
  const std::size_t skip = static_cast<std::size_t> (
      std::min<std::uint64_t> (wanted, limited_ < delay ? delay - limited_ : 0));
  limited_ += wanted;
  const std::size_t frames = static_cast<std::size_t> (
      std::min<std::uint64_t> (wanted - skip, written_ - emitted_));
  const T *out = scratch_.data () + skip * channels_;
  out_.add (out, frames);
  emitted_ += frames;
}

template <typename T>
void
LimiterStage<T>::write (const void *samples, std::size_t frames)
{
  in_.add (static_cast<const T *> (samples), frames);
  written_ += frames;
  if (in_.size () >= Limiter<T>::cell)
    limit (in_.size () / Limiter<T>::cell);
}

template <typename T>
void
LimiterStage<T>::finish ()
{
  const std::size_t missing = static_cast<std::size_t> (written_ - emitted_);

  if (missing > 0)
    limit (round_up (in_.size () + limiter_.delay ()) / Limiter<T>::cell);
}

template <typename T>
void
LimiterStage<T>::render (void *samples, std::size_t frames)
{
  std::copy_n (out_.front (), frames * channels_, static_cast<T *> (samples));
  out_.drop (frames);
}

template <typename T>
void
LimiterStage<T>::flush ()
{
  in_.clear ();
  out_.clear ();
  limiter_.flush ();
  written_ = limited_ = emitted_ = 0;
}

template <typename T>
Report
LimiterStage<T>::report () const
{
  Report report;

  report.method = Method::limited;
  report.gain = gain_db_;
  return report;
}

std::unique_ptr<Stage>
make_measure_stage (const Format & format, const Settings & settings)
{
  return std::make_unique<MeasureStage> (format, settings);
}

std::unique_ptr<Stage>
make_live_stage (const Format & format, const Settings & settings)
{
  if (format.is_double)
    return std::make_unique<LiveStage<double>> (format, settings);
  return std::make_unique<LiveStage<float>> (format, settings);
}

std::unique_ptr<Stage>
make_limiter_stage (const Format & format, const Settings & settings,
    double gain_db)
{
  if (format.is_double)
    return std::make_unique<LimiterStage<double>> (format, settings, gain_db);
  return std::make_unique<LimiterStage<float>> (format, settings, gain_db);
}

}
