/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Beat times: onsets and their strength by aubio (P. Brossier, "Automatic
 * annotation of musical audio for interactive applications", 2006), placed by
 * dynamic programming (D. Ellis, "Beat tracking by dynamic programming", JNMR
 * 36, 2007) at the period that the tempo estimator has found. aubio's own
 * period is biased by most of a hop, and is not used. */

#include "beats.hpp"
#include "aubioloader.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace genaudio::bpm {

namespace {

constexpr double max_rate = 31972;      /* halved above */
constexpr double hops_per_second = 86;
constexpr std::size_t max_block = 4096;
constexpr double low_hz = 150;

/* a half-band filter, as of the front end */
constexpr float half_band[] = { .310863f, -.086316f, .03515f, -.013056f, .003359f };

/* Ellis's weight of an even spacing against strong onsets. The period is
 * known, so it may be high. */
constexpr float tightness = 400;

/* aubio takes an onset for earlier than it is by so many hops; measured with
 * clicks at many places in a hop. */
constexpr double onset_lead = 0.46;

/* An onset so near a beat is the beat, in seconds. */
constexpr double snap_seconds = 0.03;
/* Beats that lie so near a regular grid lie on it: sequenced music. */
constexpr double grid_seconds = 0.012;

unsigned
power_of_two_near (double x)
{
  return 1u << std::max (4, (int) std::lround (std::log2 (x)));
}

double
median (std::vector<double> values)
{
  if (values.empty ())
    return 0;
  std::nth_element (values.begin (), values.begin () + values.size () / 2,
      values.end ());
  return values[values.size () / 2];
}

/* Rises of @in over its own local mean, of unit deviation. */
std::vector<float>
accents (const float *in, std::size_t n, int half_window)
{
  std::vector<double> sums (n + 1);
  std::vector<float> out (n);
  double squares = 0;

  for (std::size_t i = 0; i < n; i++)
    sums[i + 1] = sums[i] + in[i];
  for (std::size_t i = 0; i < n; i++) {
    const std::size_t begin = i > (std::size_t) half_window ? i - half_window : 0;
    const std::size_t end = std::min (n, i + half_window + 1);
    const double mean = (sums[end] - sums[begin]) / (double) (end - begin);
    out[i] = (float) std::max (0.0, in[i] - mean);
    squares += out[i] * out[i];
  }
  const float scale = squares > 0 ? (float) (1 / std::sqrt (squares / n)) : 0;
  for (float &x : out)
    x *= scale;
  return out;
}

} // namespace

/* One search of a stretch of the history. Works in hops from its begin. */
class BeatSearch
{
public:
  BeatSearch (const BeatHistory &history, double bpm, std::size_t begin);
  Beats run ();

private:
  std::vector<std::size_t> place () const;
  std::vector<double> refine (const std::vector<std::size_t> &hops) const;
  void even_out (std::vector<double> &beats) const;
  void trim (std::vector<double> &beats) const;
  int find_downbeat (const std::vector<double> &beats) const;
  float peak_near (const std::vector<float> &values, double hop) const;

  const BeatHistory &history_;
  std::size_t begin_;
  std::size_t n_;
  double period_;
  std::vector<float> strength_;
  std::vector<float> low_;
  std::vector<float> score_;
};

BeatSearch::BeatSearch (const BeatHistory &history, double bpm,
    std::size_t begin)
    : history_ (history), begin_ (begin),
      n_ (history.strength_.size () - begin), period_ (60 * history.rate_ / bpm)
{
  const int half_window = (int) history.rate_;
  std::vector<float> rises (n_);

  strength_ = accents (&history.strength_[begin], n_, half_window);
  for (std::size_t i = 1; i < n_; i++)
    rises[i] = std::max (0.0f,
        history.low_[begin + i] - history.low_[begin + i - 1]);
  low_ = accents (rises.data (), n_, half_window);
  score_.resize (n_);
  /* hi-hats between the beats are strong onsets; bass is on the beat */
  for (std::size_t i = 0; i < n_; i++)
    score_[i] = strength_[i] + low_[i];
}

std::vector<std::size_t>
BeatSearch::place () const
{
  const int shortest = std::max (1, (int) std::floor (0.8 * period_));
  const int longest = (int) std::ceil (1.25 * period_);
  std::vector<float> penalty (longest + 1);
  std::vector<float> best (n_);
  std::vector<int> back (n_, 0);
  std::vector<std::size_t> hops;

  for (int lag = shortest; lag <= longest; lag++) {
    const double stretch = std::log (lag / period_);
    penalty[lag] = (float) (tightness * stretch * stretch);
  }
  for (std::size_t t = 0; t < n_; t++) {
    float top = 0;
    for (int lag = shortest; lag <= longest && (std::size_t) lag <= t; lag++) {
      if (best[t - lag] - penalty[lag] > top) {
        top = best[t - lag] - penalty[lag];
        back[t] = lag;
      }
    }
    best[t] = score_[t] + top;
  }

  const std::size_t last_period = n_ > (std::size_t) longest ? n_ - longest : 0;
  std::size_t t = std::max_element (best.begin () + last_period, best.end ())
      - best.begin ();
  for (;;) {
    hops.push_back (t);
    if (back[t] == 0)
      break;
    t -= back[t];
  }
  std::reverse (hops.begin (), hops.end ());
  return hops;
}

/* From hops to times between them: the onset that is meant, if there is one. */
std::vector<double>
BeatSearch::refine (const std::vector<std::size_t> &hops) const
{
  const double reach = snap_seconds * history_.rate_;
  std::vector<double> beats;
  auto onset = history_.onsets_.begin ();

  for (std::size_t hop : hops) {
    const double at = (double) (history_.first_ + begin_ + hop);
    double nearest = at;
    while (onset != history_.onsets_.end () && *onset < at - reach)
      ++onset;
    double distance = reach;
    for (auto o = onset; o != history_.onsets_.end () && *o < at + reach; ++o) {
      if (std::abs (*o - at) < distance) {
        distance = std::abs (*o - at);
        nearest = *o;
      }
    }
    beats.push_back (nearest);
  }
  return beats;
}

/* Least squares through the beats; kept if nearly all of them lie on it. */
void
BeatSearch::even_out (std::vector<double> &beats) const
{
  const std::size_t n = beats.size ();
  double sum_k = 0, sum_t = 0, sum_kk = 0, sum_kt = 0;

  if (n < 8)
    return;
  std::vector<double> k (n);
  for (std::size_t i = 0; i < n; i++) {
    /* beats that the search skipped keep their numbers */
    k[i] = i == 0 ? 0 : k[i - 1] + std::max (1.0,
        std::round ((beats[i] - beats[i - 1]) / period_));
    sum_k += k[i];
    sum_t += beats[i] - beats[0];
    sum_kk += k[i] * k[i];
    sum_kt += k[i] * (beats[i] - beats[0]);
  }
  const double slope = (n * sum_kt - sum_k * sum_t)
      / (n * sum_kk - sum_k * sum_k);
  const double intercept = beats[0] + (sum_t - slope * sum_k) / n;
  std::vector<double> off (n);
  for (std::size_t i = 0; i < n; i++)
    off[i] = std::abs (beats[i] - (intercept + slope * k[i]));
  std::vector<double> sorted = off;
  std::sort (sorted.begin (), sorted.end ());
  if (sorted[n * 9 / 10] > grid_seconds * history_.rate_
      || std::abs (slope / period_ - 1) > 0.01)
    return;
  /* the mean of the deviations is pulled by the few that are off */
  std::vector<double> signed_off (n);
  for (std::size_t i = 0; i < n; i++)
    signed_off[i] = beats[i] - (intercept + slope * k[i]);
  const double shift = median (signed_off);
  std::vector<double> grid;
  for (double i = 0; i <= k[n - 1]; i++)
    grid.push_back (intercept + shift + slope * i);
  beats = grid;
}

/* No beats where nothing is heard yet, or any more. */
void
BeatSearch::trim (std::vector<double> &beats) const
{
  std::vector<float> peaks;

  for (double at : beats)
    peaks.push_back (peak_near (score_, at));
  std::vector<float> sorted = peaks;
  std::sort (sorted.begin (), sorted.end ());
  if (sorted.empty () || sorted.back () <= 0) {
    beats.clear ();
    return;
  }
  const float usual = sorted[sorted.size () * 9 / 10];
  const float threshold = 0.2f * (usual > 0 ? usual : sorted.back ());
  std::size_t begin = 0, end = beats.size ();
  while (begin < end && peaks[begin] < threshold)
    begin++;
  while (end > begin && peaks[end - 1] < threshold)
    end--;
  beats = std::vector<double> (beats.begin () + begin, beats.begin () + end);
}

float
BeatSearch::peak_near (const std::vector<float> &values, double hop) const
{
  const auto at = (std::ptrdiff_t) std::lround (hop
      - (double) (history_.first_ + begin_));
  float peak = 0;

  for (std::ptrdiff_t i = at - 2; i <= at + 3; i++) {
    if (i >= 0 && i < (std::ptrdiff_t) n_)
      peak = std::max (peak, values[i]);
  }
  return peak;
}

/* Which of four beats has the bass, the snare being on the second and fourth:
 * the number of the first, or -1. */
int
BeatSearch::find_downbeat (const std::vector<double> &beats) const
{
  double bass[4] = { };
  int count[4] = { };

  if (beats.size () < 8)
    return -1;
  for (std::size_t i = 0; i < beats.size (); i++) {
    bass[i % 4] += peak_near (low_, beats[i]);
    count[i % 4]++;
  }
  int best = 0;
  for (int i = 1; i < 4; i++) {
    /* among equals the first comes first */
    if (bass[i] / count[i] > 1.2 * bass[best] / count[best])
      best = i;
  }
  return best;
}

Beats
BeatSearch::run ()
{
  Beats found;

  if (n_ < 2 * period_)
    return found;
  std::vector<double> beats = refine (place ());
  even_out (beats);
  trim (beats);
  const int downbeat = find_downbeat (beats);
  for (double at : beats)
    found.times.push_back (std::max (0.0, at / history_.rate_));
  if (downbeat >= 0)
    found.downbeat = found.times[downbeat];
  return found;
}

BeatHistory::BeatHistory (double rate, double memory_seconds)
    : rate_ (rate), memory_ ((std::size_t) (rate * memory_seconds) + 1)
{
  /* what is short is made at once, so that nothing is allocated later */
  const std::size_t reserve = 2 * std::min (memory_,
      (std::size_t) (rate * 60));
  strength_.reserve (reserve);
  low_.reserve (reserve);
  onsets_.reserve (reserve / 2);
}

void
BeatHistory::push (float strength, float low, double onset)
{
  if (strength_.size () >= 2 * memory_) {
    strength_.erase (strength_.begin (), strength_.end () - memory_);
    low_.erase (low_.begin (), low_.end () - memory_);
    first_ += memory_;
    onsets_.erase (onsets_.begin (), std::lower_bound (onsets_.begin (),
            onsets_.end (), (double) first_));
  }
  strength_.push_back (strength);
  low_.push_back (low);
  if (onset >= 0)
    onsets_.push_back (onset);
}

void
BeatHistory::reset ()
{
  strength_.clear ();
  low_.clear ();
  onsets_.clear ();
  first_ = 0;
}

Beats
BeatHistory::find (double bpm, double window_seconds) const
{
  std::size_t window = std::min (strength_.size (), memory_);

  if (window_seconds > 0)
    window = std::min (window, (std::size_t) (window_seconds * rate_));
  if (window == 0 || !(bpm > 0))
    return Beats ();
  return BeatSearch (*this, bpm, strength_.size () - window).run ();
}

struct BeatTracker::Detector
{
  const Aubio &aubio = load_aubio ();
  aubio_onset_t *onset;
  fvec_t *input;
  fvec_t *output;
  std::uint32_t frames = 0;     /* wraps as aubio's own count does */

  Detector (double rate, unsigned hop)
  {
    onset = aubio.new_aubio_onset ("default", 4 * hop, hop,
        (uint_t) std::lround (rate));
    input = aubio.new_fvec (hop);
    output = aubio.new_fvec (1);
    if (onset == nullptr || input == nullptr || output == nullptr) {
      free ();
      throw std::runtime_error ("aubio cannot make an onset detector");
    }
  }
  ~Detector () { free (); }
  Detector (const Detector &) = delete;
  Detector &operator= (const Detector &) = delete;

  void free ()
  {
    if (onset != nullptr)
      aubio.del_aubio_onset (onset);
    if (input != nullptr)
      aubio.del_fvec (input);
    if (output != nullptr)
      aubio.del_fvec (output);
  }
};

namespace {

double
halved_rate (double rate)
{
  while (rate > max_rate)
    rate /= 2;
  return rate;
}

} // namespace

BeatTracker::BeatTracker (double rate, double memory_seconds)
    : rate_ (halved_rate (rate)),
      hop_ (power_of_two_near (rate_ / hops_per_second)),
      history_ (rate_ / hop_, memory_seconds)
{
  for (; rate > max_rate; rate /= 2)
    halvers_.emplace_back (half_band, 5, max_block + 16);
  for (auto &work : work_)
    work.resize (max_block + 16);
  detector_ = std::make_unique<Detector> (rate_, hop_);
}

BeatTracker::~BeatTracker () = default;

void
BeatTracker::reset ()
{
  for (Halver &halver : halvers_)
    halver.reset ();
  filled_ = 0;
  frames_ = 0;
  smooth_[0] = smooth_[1] = 0;
  previous_energy_ = 0;
  history_.reset ();
  detector_ = std::make_unique<Detector> (rate_, hop_);
}

void
BeatTracker::hop ()
{
  Detector &d = *detector_;
  const float keep = (float) std::exp (-2 * M_PI * low_hz / rate_);
  float energy = 0;

  for (unsigned i = 0; i < hop_; i++) {
    smooth_[0] += (1 - keep) * (d.input->data[i] - smooth_[0]);
    smooth_[1] += (1 - keep) * (smooth_[0] - smooth_[1]);
    energy += smooth_[1] * smooth_[1];
  }
  d.aubio.aubio_onset_do (d.onset, d.input, d.output);
  d.frames += hop_;
  frames_ += hop_;
  double onset = -1;
  if (d.output->data[0] > 0) {
    /* counted back from here, since aubio's count of frames wraps */
    const auto ago =
        (std::int32_t) (d.frames - d.aubio.aubio_onset_get_last (d.onset));
    onset = std::max (0.0, ((double) frames_ - ago) / hop_ + onset_lead);
  }
  /* over two hops, so that it matters less where in a hop a note begins */
  const float low = (energy + previous_energy_) / (2 * hop_);
  previous_energy_ = energy;
  history_.push (std::log1p (d.aubio.aubio_onset_get_descriptor (d.onset)),
      std::log1p (1e4f * low), onset);
}

void
BeatTracker::push (const float *mono, std::size_t frames)
{
  while (frames > 0) {
    const std::size_t take = std::min (frames, max_block);
    const float *data = mono;
    std::size_t n = take;
    int turn = 0;
    for (Halver &halver : halvers_) {
      n = halver.process (data, n, work_[turn].data ());
      data = work_[turn].data ();
      turn = 1 - turn;
    }
    for (std::size_t i = 0; i < n; i++) {
      detector_->input->data[filled_++] = data[i];
      if (filled_ == hop_) {
        hop ();
        filled_ = 0;
      }
    }
    mono += take;
    frames -= take;
  }
}

} // namespace genaudio::bpm
