/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "fft.hpp"

#include <array>
#include <cstddef>
#include <vector>

namespace genaudio::bpm {

/* A key: the pitch class of its tonic, 0 = C, and its mode. */
struct KeyName
{
  int tonic = 0;
  bool minor = false;
};

/* "A minor", "F# major" */
const char *key_long_name (KeyName key);
/* "Am", "F#" as DJ software and the tag musical-key write it */
const char *key_short_name (KeyName key);

struct Key
{
  bool valid = false;
  KeyName best;
  KeyName second;
  double confidence = 0;        /* 0..1 */
  double tuning_hz = 440;       /* of A4 */
};

/* Peaks of a power spectrum, as they are worked on: side by side. */
struct SpectralPeaks
{
  explicit SpectralPeaks (std::size_t most)
      : bin (most), left (most), centre (most), right (most), place (most), magnitude (most)
  {
  }

  Floats bin, left, centre, right;      /* number, power and its neighbours' */
  Floats place, magnitude;              /* in the octave of C, in bins of the chroma */
};

/* Key of a mono signal at @rate, 5 to 16 kHz. Pushing allocates nothing after
 * construction. */
class KeyEstimator
{
public:
  static constexpr int bins = 120;      /* of an octave */
  using Chroma = std::array<float, bins>;

  KeyEstimator (double rate, double memory_seconds);

  void push (const float *in, std::size_t n);
  void reset ();

  /* How much is remembered. */
  double seconds () const;

  /* Over the last @window_seconds; 0 is all that is remembered. */
  Key estimate (double window_seconds = 0) const;

private:
  /* a few seconds of frames, each over its maximum */
  struct Segment
  {
    Chroma sum = {};
    double cosine = 0, sine = 0;        /* of the tuning, weighted by magnitude */
    double magnitude = 0;
    int elapsed = 0;            /* frames, silent ones too */
  };

  void frame ();
  void find_peaks (Chroma &histogram);

  double rate_;
  int size_;
  int hop_;
  RealFft fft_;
  Floats window_;
  Floats input_;
  std::size_t filled_;
  Floats frame_;
  Complexes spectrum_;
  Floats power_;
  SpectralPeaks peaks_;
  Chroma row_;                  /* what a peak says about a pitch class */
  int segment_frames_;
  std::vector<Segment> segments_;       /* ring */
  std::size_t n_segments_;              /* begun since reset () */
  double cosine_, sine_;                /* of all that was heard */
};

} // namespace genaudio::bpm
