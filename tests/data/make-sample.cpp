/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Writes a piece a music generator might have made, as a safetensors file:
 *
 *   make-sample OUT.safetensors [BPM [SECONDS [RATE]]]
 *
 * Stereo float32, planar, by default 16 s at 32 kHz and 120 BPM in A minor:
 * kick, snare and hats under a bass and the chords Am C E Am. */

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numbers>
#include <string>
#include <vector>

namespace {

constexpr double two_pi = 2 * std::numbers::pi;

struct Chord
{
  int root;                     /* MIDI note of the bass */
  int notes[3];
};

const Chord progression[] = {
  {45, {57, 60, 64}},           /* A minor */
  {48, {55, 60, 64}},           /* C major */
  {40, {56, 59, 64}},           /* E major */
  {45, {57, 60, 64}},           /* A minor */
};

double
frequency (int note)
{
  return 440 * std::exp2 ((note - 69) / 12.0);
}

class Piece
{
public:
  Piece (double rate, double seconds)
      : rate_ (rate), left_ (std::size_t (rate * seconds)),
        right_ (left_.size ())
  {
  }

  /* Mixes voice (t) for @length seconds from @start on, panned from -1 to 1. */
  template <typename Voice>
  void add (double start, double length, double pan, Voice voice)
  {
    const std::size_t first = std::size_t (start * rate_);
    const std::size_t n = std::size_t (length * rate_);

    for (std::size_t i = 0; i < n && first + i < left_.size (); i++) {
      const double sample = voice (i / rate_);
      left_[first + i] += float (sample * std::sqrt ((1 - pan) / 2));
      right_[first + i] += float (sample * std::sqrt ((1 + pan) / 2));
    }
  }

  const std::vector<float> &left () const { return left_; }
  const std::vector<float> &right () const { return right_; }

private:
  double rate_;
  std::vector<float> left_, right_;
};

double
noise ()
{
  static std::uint32_t state = 1;
  state = state * 1664525u + 1013904223u;
  return state / 2147483648.0 - 1;
}

void
add_drums (Piece & piece, double at, int beat, double period)
{
  piece.add (at, .25, 0, [](double t) {
    return .3 * std::exp (-t * 14) * std::sin (two_pi * (50 * t
            + 4 * (1 - std::exp (-t * 30))));
  });
  if (beat % 2 == 1)
    piece.add (at, .2, .1, [](double t) {
      return std::exp (-t * 22) * (.12 * noise ()
          + .1 * std::sin (two_pi * 190 * t));
    });
  for (double offset : { 0., .5 })
    piece.add (at + offset * period, .05, -.4, [](double t) {
      return .05 * noise () * std::exp (-t * 90);
    });
}

void
add_harmony (Piece & piece, double at, const Chord & chord, double period)
{
  for (double offset : { 0., .5 })
    piece.add (at + offset * period, .45 * period, 0,
        [f = frequency (chord.root)](double t) {
          return .22 * std::exp (-t * 3) * (std::sin (two_pi * f * t)
              + .3 * std::sin (two_pi * 2 * f * t));
        });
  double pan = -.6;
  for (int note : chord.notes) {
    piece.add (at, .95 * period, pan, [f = frequency (note)](double t) {
      double sum = 0;
      for (int h = 1; h <= 4; h++)
        sum += std::sin (two_pi * h * f * t) / (h * h);
      return .09 * std::exp (-t * 2) * sum;
    });
    pan += .6;
  }
}

bool
write_safetensors (const char *path, const Piece & piece, int rate, double bpm)
{
  const std::size_t n = piece.left ().size ();
  std::string header = "{\"__metadata__\":{\"sample_rate\":\""
      + std::to_string (rate) + "\",\"title\":\"Sample piece\",\"prompt\":\""
      "upbeat electronic piece in A minor at " + std::to_string (int (bpm))
      + " BPM\"},\"audio\":{\"dtype\":\"F32\",\"shape\":[2,"
      + std::to_string (n) + "],\"data_offsets\":[0,"
      + std::to_string (2 * n * sizeof (float)) + "]}}";
  header.resize ((header.size () + 7) / 8 * 8, ' ');

  std::FILE *file = std::fopen (path, "wb");
  if (file == nullptr)
    return false;
  unsigned char length[8];
  for (int i = 0; i < 8; i++)
    length[i] = (unsigned char) (std::uint64_t (header.size ()) >> (8 * i));
  bool ok = std::fwrite (length, 1, 8, file) == 8
      && std::fwrite (header.data (), 1, header.size (), file) == header.size ()
      && std::fwrite (piece.left ().data (), sizeof (float), n, file) == n
      && std::fwrite (piece.right ().data (), sizeof (float), n, file) == n;
  return std::fclose (file) == 0 && ok;
}

}

int
main (int argc, char **argv)
{
  const double bpm = argc > 2 ? std::atof (argv[2]) : 120;
  const double seconds = argc > 3 ? std::atof (argv[3]) : 16;
  const int rate = argc > 4 ? std::atoi (argv[4]) : 32000;

  if (argc < 2 || bpm <= 0 || seconds <= 0 || rate <= 0) {
    std::fprintf (stderr,
        "usage: make-sample OUT.safetensors [BPM [SECONDS [RATE]]]\n");
    return 2;
  }

  Piece piece (rate, seconds);
  const double period = 60 / bpm;
  for (int beat = 0; beat * period < seconds; beat++) {
    add_drums (piece, beat * period, beat, period);
    add_harmony (piece, beat * period, progression[beat / 4 % 4], period);
  }
  if (!write_safetensors (argv[1], piece, rate, bpm)) {
    std::perror (argv[1]);
    return 1;
  }
  return 0;
}
