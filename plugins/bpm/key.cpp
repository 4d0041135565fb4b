/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* Key: peaks of the spectrum, tuned, summed over their sub-harmonics (Gomez,
 * "Tonal Description of Polyphonic Audio for Music Content Processing",
 * INFORMS Journal on Computing 18, 2006) and compared with key profiles. */

#include "key.hpp"
#include "dispatch.hpp"
#include "fastmath.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace genaudio::bpm {

namespace {

constexpr double lowest = 50, highest = 1400;   /* Hz of peaks */
constexpr float silent_power = 1e-6f;
constexpr double middle_c = 261.6255653;
constexpr double segment_seconds = 2;
constexpr double intro_seconds = 12;            /* of a piece: says most about its key */
constexpr float intro_weight = 5;
constexpr int harmonics = 8;
constexpr double harmonic_weight = .8;
constexpr double spread_semitones = 2 / 3.0;
constexpr double least_fit = .945;
constexpr int least_classes = 3;
/* Minor has two sixths and two sevenths, so that its profile fits less. */
constexpr double minor_bonus = .02;

/* Major and minor, from the tonic up. */
struct Profile
{
  double weight;
  double of[2][12];
};

constexpr Profile profiles[] = {
  /* Albrecht and Shanahan, "The Use of Large Corpora to Train a New Type of
   * Key-Finding Algorithm", Music Perception 31 (2013) */
  { .4, { { .238, .006, .111, .006, .137, .094, .016, .214, .009, .080, .008, .081 },
            { .220, .006, .104, .123, .019, .103, .012, .214, .062, .022, .061, .052 } } },
  /* Temperley, Music and Probability (2007) */
  { .2, { { .748, .060, .488, .082, .67, .46, .096, .715, .104, .366, .057, .4 },
            { .712, .084, .474, .618, .049, .46, .105, .747, .404, .067, .133, .33 } } },
  /* Faraldo et al., "A Multi-Profile Method for Key Estimation in EDM" (2017) */
  { .2, { { 1, 0, .42, 0, .53, .37, 0, .77, 0, .38, .21, .30 },
            { 1, 0, .36, .39, 0, .38, 0, .74, .27, 0, .42, .23 } } },
  /* Krumhansl and Kessler (1982) */
  { .2, { { 6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88 },
            { 6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17 } } },
};

/* the circle in ten steps */
constexpr double tenths[10][2] = { { 1, 0 }, { .80901699, .58778525 }, { .30901699, .95105652 },
  { -.30901699, .95105652 }, { -.80901699, .58778525 }, { -1, 0 }, { -.80901699, -.58778525 },
  { -.30901699, -.95105652 }, { .30901699, -.95105652 }, { .80901699, -.58778525 } };

const char *const names[2][2][12] = {
  { { "C major", "C# major", "D major", "D# major", "E major", "F major", "F# major",
        "G major", "G# major", "A major", "A# major", "B major" },
    { "C minor", "C# minor", "D minor", "D# minor", "E minor", "F minor", "F# minor",
        "G minor", "G# minor", "A minor", "A# minor", "B minor" } },
  { { "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B" },
    { "Cm", "C#m", "Dm", "D#m", "Em", "Fm", "F#m", "Gm", "G#m", "Am", "A#m", "Bm" } },
};

/* What a peak @d semitones above a pitch class says about it: it may be that
 * note or any of its harmonics. */
double
kernel (double d)
{
  double weight = 1, sum = 0;
  for (int h = 1; h <= harmonics; h++) {
    double off = std::fmod (d - 12 * std::log2 (h), 12);
    if (off < -6)
      off += 12;
    if (off >= 6)
      off -= 12;
    if (std::fabs (off) < spread_semitones) {
      const double c = std::cos (std::numbers::pi / 2 * off / spread_semitones);
      sum += weight * c * c;
    }
    weight *= harmonic_weight;
  }
  return sum;
}

using Classes = std::array<double, 12>;

/* A histogram of peaks to pitch classes; @tuning in semitones. */
Classes
classes_of (const KeyEstimator::Chroma &histogram, double tuning)
{
  double row[KeyEstimator::bins];
  Classes classes = {};
  for (int b = 0; b < KeyEstimator::bins; b++)
    row[b] = kernel (b / 10.0 - tuning);
  for (int pc = 0; pc < 12; pc++)
    for (int b = 0; b < KeyEstimator::bins; b++)
      classes[pc] += histogram[b] * row[(b + KeyEstimator::bins - 10 * pc) % KeyEstimator::bins];
  return classes;
}

double
pearson (const Classes &x, const double *profile, int tonic)
{
  double mx = 0, my = 0;
  for (int i = 0; i < 12; i++) {
    mx += x[i] / 12;
    my += profile[i] / 12;
  }
  double xy = 0, xx = 0, yy = 0;
  for (int i = 0; i < 12; i++) {
    const double a = x[(i + tonic) % 12] - mx, b = profile[i] - my;
    xy += a * b;
    xx += a * a;
    yy += b * b;
  }
  return xx > 0 ? xy / std::sqrt (xx * yy) : 0;
}

GENAUDIO_BPM_CLONES void
apply_window (const float *in, const float *window, int n, float *out)
{
  for (int i = 0; i < n; i++)
    out[i] = in[i] * window[i];
}

GENAUDIO_BPM_CLONES void
powers (const float *bins, int n, float *out)
{
  for (int i = 0; i < n; i++)
    out[i] = bins[2 * i] * bins[2 * i] + bins[2 * i + 1] * bins[2 * i + 1];
}

/* On the bits, which sort as the powers do, and in vectors since no order
 * has to be kept. */
GENAUDIO_BPM_CLONES float
loudest (const float *power, int n)
{
  std::int32_t most = 0;
  for (int i = 0; i < n; i++)
    most = std::max (most, std::bit_cast<std::int32_t> (power[i]));
  return std::bit_cast<float> (most);
}

/* Bins @from to @to that are higher than their neighbours. Every bin is
 * written down and most are overwritten, since nobody can foretell which. */
int
collect_peaks (const float *power, int from, int to, float least,
    SpectralPeaks &peaks)
{
  int n = 0;
  for (int i = from; i <= to; i++) {
    const float left = power[i - 1], centre = power[i], right = power[i + 1];
    peaks.bin[n] = static_cast<float> (i);
    peaks.left[n] = left;
    peaks.centre[n] = centre;
    peaks.right[n] = right;
    n += (centre > left) & (centre >= right) & (centre >= least);
  }
  return n;
}

/* Puts a parabola through the logarithms of each peak and its neighbours. */
GENAUDIO_BPM_CLONES void
fit_peaks (const float *bin, const float *left_power, const float *centre_power,
    const float *right_power, int n, float to_c, float *place, float *magnitude)
{
  for (int i = 0; i < n; i++) {
    const float left = fast_log2 (left_power[i] + 1e-30f);
    const float centre = fast_log2 (centre_power[i]);
    const float right = fast_log2 (right_power[i] + 1e-30f);
    const float curve = left - 2 * centre + right;
    const float offset = curve < 0 ? .5f * (left - right) / curve : 0;
    const float above = -.125f * std::numbers::ln2_v<float> * (left - right) * offset;
    const float octaves = fast_log2 ((bin[i] + offset) * to_c);
    magnitude[i] = std::sqrt (centre_power[i]) * (1 + above + .5f * above * above);
    place[i] = (octaves - static_cast<float> (static_cast<int> (octaves))) * KeyEstimator::bins;
  }
}

void
place_peaks (int n, float to_c, SpectralPeaks &peaks)
{
  fit_peaks (peaks.bin.data (), peaks.left.data (), peaks.centre.data (),
      peaks.right.data (), n, to_c, peaks.place.data (), peaks.magnitude.data ());
}

/* Where between semitones a histogram lies, as a vector; returns the sum of
 * magnitudes. */
double
add_tuning (const KeyEstimator::Chroma &histogram, double &cosine, double &sine)
{
  double magnitude = 0;
  for (int k = 0; k < 10; k++) {
    float sum = 0.0f;
    for (int b = k; b < KeyEstimator::bins; b += 10)
      sum += histogram[b];
    cosine += sum * tenths[k][0];
    sine += sum * tenths[k][1];
    magnitude += sum;
  }
  return magnitude;
}

/* Pitch classes that sound, and do not only ring along as harmonics. */
int
count_classes (const KeyEstimator::Chroma &histogram, double tuning)
{
  float sums[12] = {};
  for (int b = 0; b < KeyEstimator::bins; b++)
    sums[static_cast<int> (std::lround (b / 10.0 - tuning) + 12) % 12] += histogram[b];
  const float most = *std::max_element (sums, sums + 12);
  return static_cast<int> (std::count_if (sums, sums + 12,
      [=] (float sum) { return sum > .05f * most; }));
}

/* The most any pitch class gets, tuning rounded to a tenth of a semitone. */
GENAUDIO_BPM_CLONES float
loudest_class (const float *twice, const float *row)
{
  float most = 0.0f;
  for (int pc = 0; pc < 12; pc++) {
    const float *from = twice + 10 * pc;
    float sum = 0.0f;
    for (int b = 0; b < KeyEstimator::bins; b++)
      sum += from[b] * row[b];
    most = sum > most ? sum : most;
  }
  return most;
}

} // namespace

const char *
key_long_name (KeyName key)
{
  return names[0][key.minor][key.tonic];
}

const char *
key_short_name (KeyName key)
{
  return names[1][key.minor][key.tonic];
}

KeyEstimator::KeyEstimator (double rate, double memory_seconds)
    : rate_ (rate), size_ (power_of_two (.2786 * rate)),
      hop_ (static_cast<int> (std::lround (.1858 * rate))), fft_ (size_), window_ (size_),
      input_ (size_), frame_ (size_), spectrum_ (size_ / 2 + 1), power_ (size_ / 2 + 1),
      peaks_ (size_ / 2 + 1),
      segment_frames_ (static_cast<int> (std::lround (segment_seconds * rate / hop_))),
      segments_ (static_cast<std::size_t> (memory_seconds / segment_seconds) + 2)
{
  for (int i = 0; i < size_; i++)
    window_[i] = static_cast<float> (.5 - .5 * std::cos (2 * std::numbers::pi * (i + .5) / size_));
  for (int b = 0; b < bins; b++)
    row_[b] = static_cast<float> (kernel (b / 10.0));
  reset ();
}

void
KeyEstimator::reset ()
{
  filled_ = 0;
  n_segments_ = 0;
  cosine_ = sine_ = 0;
}

double
KeyEstimator::seconds () const
{
  const std::size_t kept = std::min (n_segments_, segments_.size ());
  if (kept == 0)
    return 0;
  const Segment &last = segments_[(n_segments_ - 1) % segments_.size ()];
  return ((kept - 1.0) * segment_frames_ + last.elapsed) * hop_ / rate_;
}

void
KeyEstimator::push (const float *in, std::size_t n)
{
  while (n > 0) {
    const std::size_t take = std::min (n, input_.size () - filled_);
    std::copy (in, in + take, input_.begin () + filled_);
    filled_ += take;
    in += take;
    n -= take;
    if (filled_ == input_.size ()) {
      frame ();
      std::copy (input_.begin () + hop_, input_.end (), input_.begin ());
      filled_ -= hop_;
    }
  }
}

void
KeyEstimator::frame ()
{
  if (n_segments_ == 0
      || segments_[(n_segments_ - 1) % segments_.size ()].elapsed == segment_frames_)
    segments_[n_segments_++ % segments_.size ()] = Segment ();
  Segment &segment = segments_[(n_segments_ - 1) % segments_.size ()];
  segment.elapsed++;

  apply_window (input_.data (), window_.data (), size_, frame_.data ());
  fft_.forward (frame_.data (), spectrum_.data ());
  powers (reinterpret_cast<const float *> (spectrum_.data ()), size_ / 2 + 1, power_.data ());

  Chroma histogram = {};
  double cosine = 0, sine = 0;
  find_peaks (histogram);
  segment.magnitude += add_tuning (histogram, cosine, sine);
  segment.cosine += cosine;
  segment.sine += sine;
  cosine_ += cosine;
  sine_ += sine;

  /* each frame counts alike, however loud */
  const int tuning = static_cast<int> (std::lround (
      10 * std::atan2 (sine_, cosine_) / (2 * std::numbers::pi)));
  float twice[2 * bins];
  for (int b = 0; b < bins; b++)
    twice[b] = twice[b + bins] = histogram[(b + tuning + bins) % bins];
  const float most = loudest_class (twice, row_.data ());
  if (most > 0)
    for (int b = 0; b < bins; b++)
      segment.sum[b] += histogram[b] / most;
}

/* Peaks of the spectrum, each with its magnitude at its place in the octave;
 * C is at 0. */
void
KeyEstimator::find_peaks (Chroma &histogram)
{
  const int from = std::max (1, static_cast<int> (std::ceil (lowest * size_ / rate_)));
  const int to = std::min (size_ / 2 - 1, static_cast<int> (highest * size_ / rate_));
  const float to_c = static_cast<float> (rate_ / size_ / middle_c * 1024);       /* ten octaves up: above 0 */
  const float most = loudest (power_.data (), size_ / 2 + 1);

  if (most < silent_power)
    return;
  const int n = collect_peaks (power_.data (), from, to, 1e-8f * most, peaks_);
  place_peaks (n, to_c, peaks_);
  for (int i = 0; i < n; i++) {
    const float place = peaks_.place[i];
    const int b = static_cast<int> (place);
    const float part = place - b;
    histogram[b % bins] += (1 - part) * peaks_.magnitude[i];
    histogram[(b + 1) % bins] += part * peaks_.magnitude[i];
  }
}

Key
KeyEstimator::estimate (double window_seconds) const
{
  Key answer;
  const std::size_t kept = std::min (n_segments_, segments_.size ());
  std::size_t first = n_segments_ - kept;
  if (window_seconds > 0)
    first = std::max (first, n_segments_ - std::min (n_segments_,
        static_cast<std::size_t> (std::ceil (window_seconds / segment_seconds)) + 1));

  Chroma sum = {};
  double cosine = 0, sine = 0, magnitude = 0;
  for (std::size_t i = first; i < n_segments_; i++) {
    const Segment &segment = segments_[i % segments_.size ()];
    const float weight = window_seconds == 0 && i < intro_seconds / segment_seconds ? intro_weight : 1;
    for (int b = 0; b < bins; b++)
      sum[b] += weight * segment.sum[b];
    cosine += segment.cosine;
    sine += segment.sine;
    magnitude += segment.magnitude;
  }
  const double tuning = std::atan2 (sine, cosine) / (2 * std::numbers::pi);
  const Classes classes = classes_of (sum, tuning);

  double best = -2, second = -2;
  for (int minor = 0; minor < 2; minor++) {
    for (int tonic = 0; tonic < 12; tonic++) {
      double r = minor ? minor_bonus : 0;
      for (const Profile &profile : profiles)
        r += profile.weight * pearson (classes, profile.of[minor], tonic);
      if (r > best) {
        second = best;
        answer.second = answer.best;
        best = r;
        answer.best = { tonic, minor != 0 };
      } else if (r > second) {
        second = r;
        answer.second = { tonic, minor != 0 };
      }
    }
  }
  /* music keeps to semitones, speech, noise and drums do not */
  const double in_tune = magnitude > 0 ? std::hypot (cosine, sine) / magnitude : 0;
  answer.valid = best + 3 * std::min (in_tune, .12) > least_fit
      && count_classes (sum, tuning) >= least_classes;
  answer.tuning_hz = 440 * std::exp2 (tuning / 12);
  answer.confidence = std::clamp ((best - second) / .15, 0.0, 1.0);
  return answer;
}

} // namespace genaudio::bpm
