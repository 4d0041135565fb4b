/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* r128-meter [FILE...]: speed of the offline meter beside libebur128, in one
 * process, in turns, on 16 s at 32 kHz and 10 min at 48 kHz of music made here
 * (stereo), and on the files named. CPU time of the thread, the least of
 * several rounds. The readings of both are printed, too. */

#include <ebur128.h>
#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <numbers>
#include <random>
#include <string>
#include <vector>

#include "offlinemeter.hpp"

using namespace genaudio::r128;

namespace {

struct Audio
{
  std::string name;
  unsigned rate, channels;
  std::vector<float> samples;

  std::size_t frames () const { return samples.size () / channels; }
};

/* Chords with decaying notes over a drum of noise, in bars of rising and
 * falling level. */
Audio
make_music (const char *name, unsigned rate, double seconds)
{
  const std::size_t frames = static_cast<std::size_t> (rate * seconds);
  Audio audio = {name, rate, 2, std::vector<float> (2 * frames)};
  std::minstd_rand random (7);
  constexpr double scale = 2.0 / std::minstd_rand::max ();
  double phase[6] = {}, step[6] = {}, note = 0.0, drum = 0.0, level = 0.0;

  for (std::size_t i = 0; i < frames; i++) {
    if (i % (rate / 4) == 0) {
      for (double & s : step)
        s = 110.0 * std::exp2 (static_cast<double> (random () % 36) / 12.0)
            * 2.0 * std::numbers::pi / rate;
      note = 1.0;
      drum = i % (rate / 2) == 0 ? 1.0 : 0.3;
      level = 0.05 + 0.10 * std::pow (std::sin (
              0.2 * static_cast<double> (i) / rate), 2.0);
    }
    note *= 1.0 - 3.0 / rate;
    drum *= 1.0 - 25.0 / rate;
    for (unsigned c = 0; c < 2; c++) {
      double x = drum * (static_cast<double> (random ()) * scale - 1.0);
      for (unsigned n = 3 * c; n < 3 * c + 3; n++) {
        phase[n] += step[n];
        x += note * std::sin (phase[n]);
      }
      audio.samples[2 * i + c] = static_cast<float> (level * x);
    }
  }
  return audio;
}

Audio
read_file (const char *path)
{
  SF_INFO info = {};
  SNDFILE *file = sf_open (path, SFM_READ, &info);
  if (file == nullptr) {
    std::fprintf (stderr, "%s: %s\n", path, sf_strerror (nullptr));
    std::exit (1);
  }
  Audio audio = {path, static_cast<unsigned> (info.samplerate),
    static_cast<unsigned> (info.channels), {}};
  audio.samples.resize (static_cast<std::size_t> (info.frames * info.channels));
  const sf_count_t got =
      sf_readf_float (file, audio.samples.data (), info.frames);
  audio.samples.resize (static_cast<std::size_t> (got * info.channels));
  sf_close (file);
  return audio;
}

double
now ()
{
  timespec t;
  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double> (t.tv_sec) + 1e-9 * static_cast<double> (t.tv_nsec);
}

struct Reading
{
  double loudness, peak;
};

Reading
run_libebur128 (const Audio & audio, bool true_peak)
{
  ebur128_state *state = ebur128_init (audio.channels, audio.rate,
      EBUR128_MODE_I | (true_peak ? EBUR128_MODE_TRUE_PEAK : 0));
  Reading reading = {0.0, 0.0};

  ebur128_add_frames_float (state, audio.samples.data (), audio.frames ());
  ebur128_loudness_global (state, &reading.loudness);
  for (unsigned c = 0; true_peak && c < audio.channels; c++) {
    double peak;
    ebur128_true_peak (state, c, &peak);
    reading.peak = std::max (reading.peak, peak);
  }
  ebur128_destroy (&state);
  return reading;
}

Reading
run_ours (const Audio & audio, bool true_peak, const Kernels & kernels)
{
  const Format format = {audio.rate, audio.channels, false,
      std::vector<double> (audio.channels, 1.0)};
  OfflineMeter meter (format, kernels, true_peak);

  meter.add (audio.samples.data (), audio.frames ());
  meter.finish ();
  return {meter.windows ().integrated (), meter.true_peak ()};
}

struct Contestant
{
  std::string name;
  std::function<Reading ()> run;
  double best = 1e9;
  Reading reading = {};
};

/* Everyone in turn, so that a change of the processor's speed meets all. */
void
compare (const Audio & audio, bool true_peak)
{
  std::vector<Contestant> all;
  all.push_back ({"libebur128",
          [&] { return run_libebur128 (audio, true_peak); }});
  for (const Kernels *kernels : all_kernels ()) {
    if (kernels->supported ())
      all.push_back ({kernels->name, [&audio, true_peak, kernels] {
            return run_ours (audio, true_peak, *kernels);
          }});
  }

  const double seconds = static_cast<double> (audio.frames ()) / audio.rate;
  const int rounds = seconds < 60.0 ? 30 : 5;
  for (int i = 0; i < rounds; i++) {
    for (Contestant & c : all) {
      const double start = now ();
      c.reading = c.run ();
      c.best = std::min (c.best, now () - start);
    }
  }
  std::printf ("%s, %u Hz, %u channels, %.1f s: %s\n", audio.name.c_str (),
      audio.rate, audio.channels, seconds,
      true_peak ? "integrated and true peak" : "integrated");
  for (const Contestant & c : all) {
    std::printf ("  %-11s %9.3f ms %6.2f ns/frame %7.1f times libebur128   "
        "%.6f LUFS", c.name.c_str (), 1e3 * c.best,
        1e9 * c.best / static_cast<double> (audio.frames ()),
        all[0].best / c.best, c.reading.loudness);
    if (true_peak)
      std::printf ("  %.4f dBTP", decibels (c.reading.peak));
    std::printf ("\n");
  }
}

}

int
main (int argc, char **argv)
{
  std::vector<Audio> programmes;

  if (argc == 1) {
    programmes.push_back (make_music ("16 s", 32000, 16.0));
    programmes.push_back (make_music ("10 min", 48000, 600.0));
  }
  for (int i = 1; i < argc; i++)
    programmes.push_back (read_file (argv[i]));
  for (const Audio & audio : programmes) {
    compare (audio, false);
    compare (audio, true);
  }
  return 0;
}
