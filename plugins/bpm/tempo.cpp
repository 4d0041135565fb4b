/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Tempo. The period is found as Percival and Tzanetakis do ("Streamlined
 * Tempo Estimation Based on Autocorrelation and Cross-correlation With
 * Pulses", IEEE/ACM TASLP 22, 2014): a generalised autocorrelation of each
 * window of 6 s names candidates, pulse trains choose among them, a histogram
 * counts the choices. The autocorrelation of all that is remembered then
 * refines it, and decides between the octaves. docs/tempo-key.md says how the
 * constants came about. */

#include "tempo.hpp"
#include "dispatch.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace genaudio::bpm {

namespace {

constexpr int vote_window = 1024;       /* 5.9 s */
constexpr int vote_step = 128;
constexpr int vote_least = vote_window / 4;
constexpr int vote_fft = 2048;
constexpr int max_candidates = 10;
constexpr double vote_min_bpm = 50, vote_max_bpm = 210;
constexpr int max_lag_bins = 256;
constexpr double least_spread = 1.2;    /* of onset strengths: below are hum and steady tones */

/* The spectrum's square roots take the place of its squares: a compressed
 * autocorrelation has sharper peaks. */
GENAUDIO_BPM_CLONES void
compress (float *bins, int n)
{
  for (int i = 0; i < n; i++) {
    const float re = bins[2 * i], im = bins[2 * i + 1];
    bins[2 * i] = std::sqrt (std::sqrt (re * re + im * im));
    bins[2 * i + 1] = 0.0f;
  }
}

GENAUDIO_BPM_CLONES void
square (float *bins, int n)
{
  for (int i = 0; i < n; i++) {
    const float re = bins[2 * i], im = bins[2 * i + 1];
    bins[2 * i] = re * re + im * im;
    bins[2 * i + 1] = 0.0f;
  }
}

/* How well pulse trains of a period fit: maximum and variance over their
 * phases. @w is followed by zeros as far as the pulses reach. */
GENAUDIO_BPM_CLONES void
pulse_scores (const float *w, int period, float *maximum, float *variance)
{
  float most = 0.0f, sum = 0.0f, squares = 0.0f;
  const float *p1 = w + period, *p15 = w + period * 3 / 2, *p2 = w + 2 * period,
      *p3 = w + 3 * period, *p4 = w + 4 * period, *p45 = w + period * 9 / 2,
      *p6 = w + 6 * period;

  for (int i = 0; i < period; i++) {
    const float s = 2.0f * w[i] + p1[i] + 1.5f * (p2[i] + p3[i])
        + 0.5f * (p4[i] + p6[i] + p15[i] + p45[i]);
    most = s > most ? s : most;
    sum += s;
    squares += s * s;
  }
  const float mean = sum / period;
  *maximum = most;
  *variance = squares / period - mean * mean;
}

} // namespace

/* One window's vote: the lag of its beat, 0 if it has none. @padded holds
 * vote_fft values, the first @n of them of interest. */
static int
vote_for (const float *window, int n, double rate, const RealFft &fft, float *padded,
    std::complex<float> *bins, float *acf)
{
  double mean = 0;
  for (int i = 0; i < n; i++)
    mean += window[i];
  mean /= n;
  for (int i = 0; i < n; i++)
    padded[i] = static_cast<float> (window[i] - mean);
  std::fill (padded + n, padded + vote_fft, 0.0f);
  fft.forward (padded, bins);
  compress (reinterpret_cast<float *> (bins), vote_fft / 2 + 1);
  fft.inverse (bins, acf);

  const int first = std::max (2, static_cast<int> (std::ceil (60 * rate / vote_max_bpm)));
  const int last = std::min (max_lag_bins - 2, static_cast<int> (60 * rate / vote_min_bpm));
  float enhanced[max_lag_bins];
  for (int lag = first - 1; lag <= last + 1; lag++)
    enhanced[lag] = acf[lag] + acf[2 * lag] + acf[4 * lag];

  /* the highest peaks */
  int candidates[max_candidates];
  int n_candidates = 0;
  for (int lag = first; lag <= last; lag++) {
    const float height = enhanced[lag];
    if (height <= enhanced[lag - 1] || height < enhanced[lag + 1])
      continue;
    int at = n_candidates;
    while (at > 0 && enhanced[candidates[at - 1]] < height)
      at--;
    if (at == max_candidates)
      continue;
    n_candidates = std::min (n_candidates + 1, max_candidates);
    for (int i = n_candidates - 1; i > at; i--)
      candidates[i] = candidates[i - 1];
    candidates[at] = lag;
  }

  std::copy (window, window + n, padded);
  float maxima[max_candidates], variances[max_candidates];
  float all_maxima = 0, all_variances = 0;
  for (int i = 0; i < n_candidates; i++) {
    pulse_scores (padded, candidates[i], &maxima[i], &variances[i]);
    all_maxima += maxima[i];
    all_variances += variances[i];
  }
  if (!(all_maxima > 0) || !(all_variances > 0))
    return 0;
  int best = 0;
  float best_score = 0;
  for (int i = 0; i < n_candidates; i++) {
    const float score = maxima[i] / all_maxima + variances[i] / all_variances;
    if (score > best_score) {
      best_score = score;
      best = candidates[i];
    }
  }
  return best;
}

TempoEstimator::TempoEstimator (double rate, double memory_seconds)
    : rate_ (rate), memory_ (static_cast<std::size_t> (memory_seconds * rate) + vote_window),
      bass_ (2 * memory_), onsets_ (2 * memory_), votes_ (memory_ / vote_step + 2), fft_ (vote_fft),
      padded_ (vote_fft), bins_ (vote_fft / 2 + 1), acf_ (vote_fft)
{
  reset ();
}

void
TempoEstimator::reset ()
{
  begin_ = count_ = total_ = n_votes_ = 0;
}

void
TempoEstimator::push (float onset, float bass)
{
  if (begin_ + count_ == onsets_.size ()) {
    std::memmove (onsets_.data (), &onsets_[begin_], count_ * sizeof (float));
    std::memmove (bass_.data (), &bass_[begin_], count_ * sizeof (float));
    begin_ = 0;
  }
  onsets_[begin_ + count_] = onset;
  bass_[begin_ + count_] = bass;
  if (count_ == memory_)
    begin_++;
  else
    count_++;
  total_++;
  if (total_ >= vote_window && (total_ - vote_window) % vote_step == 0)
    votes_[n_votes_++ % votes_.size ()] = static_cast<short> (vote_for (
        &onsets_[begin_ + count_ - vote_window], vote_window, rate_, fft_, padded_.data (),
        bins_.data (), acf_.data ()));
}

/* The work of one estimate. */
class TempoAnalysis
{
public:
  TempoAnalysis (const TempoEstimator &estimator, double window_seconds);

  bool run ();
  bool convincing () const;

  double lag = 0;               /* the beat's period, folded to 57..114 BPM */
  double z = 0;                 /* > 0: twice as fast */
  double share = 0, clarity = 0, spread = 0, variation = 0;

  double rate;
  double around (const Floats &r, double l) const;
  double around (double l) const { return around (r_, l); }
  double bass_around (double l) const { return around (bass_r_, l); }
  double refined (double l) const;

private:
  void count_votes ();
  void autocorrelate (const float *onsets, Floats &r, double *mean, double *spread) const;
  static double interpolated (const Floats &r, double l);
  double combed (double l, double range, double step, int first, int last) const;
  void fold ();

  const TempoEstimator &est_;
  const float *o_;
  const float *bass_;
  std::size_t n_;
  Floats r_;                    /* autocorrelation over that at 0 */
  Floats bass_r_;
  int max_lag_ = 0;
};

TempoAnalysis::TempoAnalysis (const TempoEstimator &estimator, double window_seconds)
    : rate (estimator.rate_), est_ (estimator)
{
  n_ = est_.count_;
  if (window_seconds > 0)
    n_ = std::min (n_, static_cast<std::size_t> (window_seconds * rate));
  o_ = est_.onsets_.data () + est_.begin_ + est_.count_ - n_;
  bass_ = est_.bass_.data () + est_.begin_ + est_.count_ - n_;
}

void
TempoAnalysis::count_votes ()
{
  double histogram[max_lag_bins] = {};
  const std::size_t start = est_.total_ - n_;
  std::size_t first = (start + vote_step - 1) / vote_step;
  std::size_t n_votes = 0;

  auto add = [&] (int lag) {
    if (lag > 0) {
      histogram[lag]++;
      n_votes++;
    }
  };
  if (est_.n_votes_ > est_.votes_.size ())
    first = std::max (first, est_.n_votes_ - est_.votes_.size ());
  std::size_t i = first;
  for (; i < est_.n_votes_; i++)
    add (est_.votes_[i % est_.votes_.size ()]);

  /* what is too short for a window */
  Floats padded (vote_fft), acf (vote_fft);
  Complexes bins (vote_fft / 2 + 1);
  for (; i * vote_step + vote_least <= est_.total_; i++) {
    const std::size_t at = i * vote_step - start;
    add (vote_for (o_ + at, static_cast<int> (n_ - at), rate, est_.fft_, padded.data (),
        bins.data (), acf.data ()));
  }

  double best = 0;
  for (int l = 1; l < max_lag_bins; l++) {
    double smooth = 0;
    for (int k = std::max (0, l - 20); k <= std::min (max_lag_bins - 1, l + 20); k++)
      if (histogram[k] > 0)
        smooth += histogram[k] * std::exp (-.5 * (k - l) * (k - l) / 25.0);
    if (smooth > best) {
      best = smooth;
      lag = l;
    }
  }
  double agree = 0;
  for (int k = 1; k < max_lag_bins; k++) {
    for (double factor : { 1 / 3.0, .5, 1.0, 2.0, 3.0 }) {
      const double at = factor * lag;
      if (std::fabs (k - at) <= .04 * at + .5) {
        agree += histogram[k];
        break;
      }
    }
  }
  share = n_votes > 0 ? agree / n_votes : 0;
}

void
TempoAnalysis::autocorrelate (const float *onsets, Floats &r, double *mean, double *spread) const
{
  const int size = power_of_two (static_cast<double> (n_) + max_lag_ + 1);
  Floats padded (size);
  Complexes bins (size / 2 + 1);
  const RealFft fft (size);

  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < n_; i++)
    sum += onsets[i];
  *mean = sum / n_;
  for (std::size_t i = 0; i < n_; i++) {
    padded[i] = static_cast<float> (onsets[i] - *mean);
    squares += static_cast<double> (padded[i]) * padded[i];
  }
  *spread = std::sqrt (squares / n_);
  fft.forward (padded.data (), bins.data ());
  square (reinterpret_cast<float *> (bins.data ()), size / 2 + 1);
  fft.inverse (bins.data (), padded.data ());
  r.resize (max_lag_ + 1);
  const double zero = padded[0] > 0 ? padded[0] / n_ : 1;
  for (int l = 0; l <= max_lag_; l++)
    r[l] = static_cast<float> (padded[l] / (n_ - l) / zero);
}

/* Within @range of @l, the lag whose multiples from @first to @last together
 * have the most autocorrelation. */
double
TempoAnalysis::combed (double l, double range, double step, int first, int last) const
{
  const int steps = static_cast<int> (std::lround (range / step));
  last = std::min (last, static_cast<int> ((max_lag_ - 2) / (l * (1 + range))));
  double best = l, most = -1e9;

  for (int i = -steps; i <= steps && first <= last; i++) {
    const double at = l * (1 + i * step);
    double sum = 0;
    for (int k = first; k <= last; k++)
      sum += interpolated (r_, k * at);
    if (sum > most) {
      most = sum;
      best = at;
    }
  }
  return best;
}

/* Many beats pin a period down, each of them little: one beat's peak alone is
 * off by a percent where drummers swing. */
double
TempoAnalysis::refined (double l) const
{
  l = combed (l, .04, .0005, 1, 8);
  l = combed (l, .006, .0002, 2, 16);
  return combed (l, .003, .00005, 4, 32);
}

double
TempoAnalysis::interpolated (const Floats &r, double l)
{
  const int k = static_cast<int> (l);
  const double part = l - k;
  return (1 - part) * r[k] + part * r[k + 1];
}

/* An autocorrelation at about @l: the most within 2 %. */
double
TempoAnalysis::around (const Floats &r, double l) const
{
  double most = -1;
  for (int i = -4; i <= 4; i++) {
    const double at = l * (1 + .005 * i);
    if (at + 1 <= max_lag_)
      most = std::max (most, interpolated (r, at));
  }
  return most < -.9 ? 0 : most;
}

void
TempoAnalysis::fold ()
{
  while (60 * rate / lag < 57)
    lag /= 2;
  while (60 * rate / lag >= 114)
    lag *= 2;
}

bool
TempoAnalysis::run ()
{
  if (n_ < vote_least)
    return false;
  count_votes ();
  if (lag <= 0)
    return false;
  double mean = 0, bass_mean = 0, bass_spread = 0;
  max_lag_ = static_cast<int> (std::min (30 * rate, n_ / 2.0));
  autocorrelate (o_, r_, &mean, &spread);
  autocorrelate (bass_, bass_r_, &bass_mean, &bass_spread);
  variation = mean > 0 ? spread / mean : 0;
  lag = refined (lag);
  fold ();
  const auto strength = [this] (double l) {
    return around (l / 4) + around (l / 2) + around (l) + around (2 * l);
  };
  double best = std::max (strength (lag) + .5, 1.5), other = 0;
  for (double factor : { 3 / 2.0, 2 / 3.0, 3 / 4.0, 4 / 3.0 }) {
    const double s = strength (lag * factor);
    if (s > best) {
      best = s;
      other = lag * factor;
    }
  }
  if (other > 0) {
    lag = refined (other);
    fold ();
  }

  const double quarter = around (lag / 4), half = around (lag / 2), one = around (lag),
      two = around (2 * lag);
  const double s = 60 * rate / lag;
  z = -3.65 - 9.35 * std::log2 (s / 90) + 4.1 * std::max (0.0, quarter) + 2.7 * two
      + 3.5 * bass_around (lag / 2) - 1.6 * variation;
  if (half < .03)
    z = std::min (z, -3.0);
  else if (quarter < .15 && half > .8 && half >= .9 * std::max (one, two) && 2 * s <= 210)
    z = std::max (z, 3.0);
  if (2 * s > 215)
    z = std::min (z, -3.0);
  clarity = std::max ({ half, one, two });
  return true;
}

/* Noise, speech and tones have a strongest period too. The longer one
 * listens, the less clear a real one may be. */
bool
TempoAnalysis::convincing () const
{
  return spread > least_spread
      && clarity > std::max (.13, .02 + .85 / std::sqrt (n_ / rate))
      && share > (clarity > .3 ? .4 : .5) && clarity * share > .1;
}

Tempo
TempoEstimator::estimate (double min_bpm, double max_bpm, double window_seconds) const
{
  Tempo answer;
  TempoAnalysis analysis (*this, window_seconds);

  if (!analysis.run ())
    return answer;
  if (!analysis.convincing ())
    return answer;
  const double slow = 60 * rate_ / analysis.lag;
  double bpm = analysis.z > 0 ? 2 * slow : slow;
  double other = analysis.z > 0 ? slow : 2 * slow;
  double certainty = 1 / (1 + std::exp (-std::fabs (analysis.z)));
  const auto allowed = [=] (double b) { return b >= min_bpm && b <= max_bpm; };
  if (!allowed (bpm)) {
    certainty = 1;
    if (allowed (other)) {
      bpm = other;
    } else {
      while (bpm > max_bpm)
        bpm /= 2;
      while (bpm < min_bpm)
        bpm *= 2;
      if (!allowed (bpm))
        return answer;
    }
    other = 0;
  }
  answer.valid = true;
  answer.bpm = bpm;
  answer.alternative = allowed (other) ? other : 0;
  answer.confidence = certainty * std::clamp (analysis.clarity / .6, .3, 1.0)
      * std::clamp (analysis.share / .8, .3, 1.0);
  return answer;
}

} // namespace genaudio::bpm
