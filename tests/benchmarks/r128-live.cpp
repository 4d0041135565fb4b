/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* r128-live [OPTION...] [FILE|FOLDER...]: quality and speed of r128normalize's
 * live mode, by libebur128, beside ffmpeg's loudnorm on the same files.
 *
 *   --target LUFS     (-16)
 *   --ceiling dBTP    (-1.5)
 *   --latency SECONDS (1)
 *   --limiting DB     (8) see below
 *   --loudnorm        run ffmpeg's loudnorm (one pass, 3 s) too
 *   --speed           ns a frame of the live stage and of its parts, on the
 *                     first file; without any file on noise
 *
 * An item counts in the means if ceiling and max-gain allow it to reach the
 * target: the gain that is missing is no more than max-gain, and its true
 * peak would be no more than 8 dB over the ceiling. The means of all items are
 * printed as well. */

#include "livestage.hpp"

#include <ebur128.h>
#include <sndfile.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

using namespace genaudio::r128;

namespace {

struct Options
{
  double target = -16.0, ceiling = -1.5, latency = 1.0;
  /* dB by which a true peak may be over the ceiling if the target is to be
   * within reach of a limiter */
  double limiting = 8.0;
  bool loudnorm = false, speed = false;
  std::vector<std::string> files;
};

struct Audio
{
  unsigned rate = 48000, channels = 2;
  std::vector<float> samples;

  std::size_t frames () const { return samples.size () / channels; }
};

struct Reading
{
  double integrated, range, peak;
};

Audio
read_file (const std::string & name)
{
  SF_INFO info = {};
  SNDFILE *file = sf_open (name.c_str (), SFM_READ, &info);
  Audio audio;

  if (file == nullptr)
    return audio;
  audio.rate = static_cast<unsigned> (info.samplerate);
  audio.channels = static_cast<unsigned> (info.channels);
  audio.samples.resize (static_cast<std::size_t> (info.frames)
      * audio.channels);
  sf_readf_float (file, audio.samples.data (), info.frames);
  sf_close (file);
  return audio;
}

Reading
measure (const Audio & audio)
{
  ebur128_state *state = ebur128_init (audio.channels, audio.rate,
      EBUR128_MODE_I | EBUR128_MODE_LRA | EBUR128_MODE_TRUE_PEAK);
  Reading r{};

  ebur128_add_frames_float (state, audio.samples.data (), audio.frames ());
  ebur128_loudness_global (state, &r.integrated);
  ebur128_loudness_range (state, &r.range);
  for (unsigned c = 0; c < audio.channels; c++) {
    double peak;
    ebur128_true_peak (state, c, &peak);
    r.peak = std::max (r.peak, peak);
  }
  r.peak = decibels (r.peak);
  ebur128_destroy (&state);
  return r;
}

Format
format_of (const Audio & audio)
{
  Format format;

  format.rate = audio.rate;
  format.channels = audio.channels;
  format.weights.assign (audio.channels, 1.0);
  return format;
}

Audio
normalise (const Audio & in, const Options & o)
{
  Settings settings;
  settings.target = o.target;
  settings.max_true_peak = o.ceiling;
  settings.latency = static_cast<std::uint64_t> (std::llround (o.latency * 1e9));
  const std::unique_ptr<Stage> stage = make_live_stage (format_of (in),
      settings);
  Audio out = in;
  std::size_t done = 0;

  for (std::size_t at = 0; at <= in.frames (); at += 1024) {
    const std::size_t n = std::min<std::size_t> (1024, in.frames () - at);
    stage->write (&in.samples[at * in.channels], n);
    if (at + 1024 > in.frames ())
      stage->finish ();
    const std::size_t ready = stage->available ();
    if (ready > 0)
      stage->render (&out.samples[done * in.channels], ready);
    done += ready;
    Level level;
    while (stage->pop_level (level)) {
    }
  }
  return out;
}

/* What ffmpeg's loudnorm makes of the file, back at the file's rate. */
Audio
loudnorm (const std::string & name, const Audio & in, const Options & o)
{
  std::string quoted;
  for (const char c : name)
    quoted += c == '\'' ? std::string ("'\\''") : std::string (1, c);
  char command[4096];
  std::snprintf (command, sizeof command,
      "ffmpeg -v error -nostdin -i '%s' -af loudnorm=I=%g:TP=%g:LRA=11 "
      "-ar %u -f f32le -", quoted.c_str (), o.target, o.ceiling, in.rate);
  Audio out;
  out.rate = in.rate;
  out.channels = in.channels;
  FILE *pipe = popen (command, "r");
  float buffer[4096];
  std::size_t n;
  while ((n = std::fread (buffer, sizeof (float), 4096, pipe)) > 0)
    out.samples.insert (out.samples.end (), buffer, buffer + n);
  pclose (pipe);
  return out;
}

/* dB a second by which the gain moved between neighbouring blocks of 100 ms
 * that are above -60 LUFS, of K-weighted energies in and out. */
std::vector<double>
slews (const Audio & in, const Audio & out)
{
  LiveMeter a (in.rate, std::vector<double> (in.channels, 1.0));
  LiveMeter b (in.rate, std::vector<double> (in.channels, 1.0));
  const std::size_t block = in.rate / 10;
  std::vector<double> result;
  double last = not_a_number;

  for (std::size_t at = 0;
      at + block <= std::min (in.frames (), out.frames ()); at += block) {
    const double x = a.add (&in.samples[at * in.channels], block) / block;
    const double y = b.add (&out.samples[at * in.channels], block) / block;
    const double gain = energy_to_loudness (x) > -60.0 && y > 0.0
        ? 10.0 * std::log10 (y / x) : not_a_number;
    if (std::isfinite (gain) && std::isfinite (last))
      result.push_back (std::fabs (gain - last) * 10.0);
    last = gain;
  }
  return result;
}

double
percentile (std::vector<double> values, double p)
{
  if (values.empty ())
    return 0.0;
  const auto at = values.begin () + static_cast<std::ptrdiff_t> (
      p * static_cast<double> (values.size () - 1) + 0.5);
  std::nth_element (values.begin (), at, values.end ());
  return *at;
}

struct Means
{
  double error = 0.0, worst = 0.0, over = -99.0, range = 0.0, slew = 0.0;
  std::vector<double> slews;
  int n = 0;

  void add (double e, double peak, double d, const std::vector<double> & s)
  {
    over = std::max (over, peak);
    error += std::fabs (e);
    worst = std::max (worst, std::fabs (e));
    range += std::fabs (d);
    slew += percentile (s, 0.99);
    slews.insert (slews.end (), s.begin (), s.end ());
    n++;
  }

  void print (const char *name) const
  {
    if (n > 0)
      std::printf ("%-28s mean error %.3f LU, worst %.2f; true peak over the "
          "ceiling %+.2f dB at most; range changed by %.2f LU; slew p99 %.1f "
          "dB/s (mean of items %.1f)\n", name, error / n, worst, over,
          range / n, percentile (slews, 0.99), slew / n);
  }
};

/* Of the items that count, and of all of them. */
struct Table
{
  Means counted, all;

  void add (const Reading & in, const Reading & out, const Audio & x,
      const Audio & y, const Options & o, bool counts)
  {
    const std::vector<double> s = slews (x, y);
    const double e = out.integrated - o.target;
    const double d = out.range - in.range;
    const double peak = out.peak - o.ceiling;

    std::printf (" %7.2f %6.2f %6.2f %6.1f", e, peak, d, percentile (s, 0.99));
    all.add (e, peak, d, s);
    if (counts)
      counted.add (e, peak, d, s);
  }

  void print (const char *name) const
  {
    counted.print (name);
    all.print ("  with those marked *");
  }
};

void
quality (const Options & o)
{
  Table ours, theirs;

  std::printf ("%-28s %7s %6s %6s | %7s %6s %6s %6s%s\n", "item", "I in",
      "TP in", "LRA in", "error", "over", "dLRA", "slew",
      o.loudnorm ? " | the same of loudnorm" : "");
  for (const std::string & name : o.files) {
    const Audio in = read_file (name);
    if (in.frames () == 0)
      continue;
    const Reading a = measure (in);
    const double gain = o.target - a.integrated;
    const bool counts = gain <= Settings ().max_gain
        && a.peak + gain <= o.ceiling + o.limiting;
    std::printf ("%-28.28s %7.2f %6.2f %6.2f %c",
        std::filesystem::path (name).stem ().c_str (), a.integrated, a.peak,
        a.range, counts ? '|' : '*');
    const Audio out = normalise (in, o);
    ours.add (a, measure (out), in, out, o, counts);
    if (o.loudnorm) {
      std::fflush (stdout);
      const Audio other = loudnorm (name, in, o);
      std::printf (" |");
      theirs.add (a, measure (other), in, other, o, counts);
    }
    std::printf ("\n");
  }
  std::printf ("\n* not in the means: beyond what ceiling or max-gain allow\n");
  char label[64];
  std::snprintf (label, sizeof label, "r128normalize, %g s", o.latency);
  ours.print (label);
  theirs.print ("loudnorm, 3 s");
}

template <typename Work>
double
nanoseconds_a_frame (const Audio & audio, Work work)
{
  double best = 1e99;

  for (int run = 0; run < 5; run++) {
    const auto start = std::chrono::steady_clock::now ();
    work ();
    const std::chrono::duration<double, std::nano> time =
        std::chrono::steady_clock::now () - start;
    best = std::min (best, time.count () / static_cast<double> (audio.frames ()));
  }
  return best;
}

void
speed (const Options & o)
{
  Audio audio;

  if (!o.files.empty ())
    audio = read_file (o.files[0]);
  if (audio.frames () == 0) {
    std::mt19937 random (1);
    std::normal_distribution<float> noise (0.0f, 0.1f);
    audio.samples.resize (2 * 48000 * 30);
    std::generate (audio.samples.begin (), audio.samples.end (),
        [&] { return noise (random); });
  }
  audio.samples.resize (std::min<std::size_t> (audio.samples.size (),
          std::size_t{audio.channels} * audio.rate * 60));
  std::printf ("ns a frame, %u channels at %u Hz, 1024 frames a buffer:\n",
      audio.channels, audio.rate);
  std::printf ("  live stage, in all     %6.1f\n",
      nanoseconds_a_frame (audio, [&] { normalise (audio, o); }));
  std::printf ("  one meter of the two   %6.1f\n",
      nanoseconds_a_frame (audio, [&] {
        LiveMeter meter (audio.rate, std::vector<double> (audio.channels, 1.0));
        for (std::size_t at = 0; at + 1024 <= audio.frames (); at += 1024)
          meter.add (&audio.samples[at * audio.channels], 1024);
      }));
  const double peak = measure (audio).peak;
  std::printf ("  limiter, 6 dB into it  %6.1f\n",
      nanoseconds_a_frame (audio, [&] {
        Limiter<float> limiter (audio.rate, audio.channels, peak - 6.0);
        std::vector<float> out (1024 * audio.channels);
        for (std::size_t at = 0; at + 1024 <= audio.frames (); at += 1024)
          limiter.process (&audio.samples[at * audio.channels], out.data (), 64);
      }));
  std::printf ("  libebur128, I S LRA TP %6.1f\n",
      nanoseconds_a_frame (audio, [&] { measure (audio); }));
}

void
add_files (Options & o, const std::string & path)
{
  if (!std::filesystem::is_directory (path)) {
    o.files.push_back (path);
    return;
  }
  std::vector<std::string> files;
  for (const auto & entry : std::filesystem::directory_iterator (path)) {
    if (entry.is_regular_file ())
      files.push_back (entry.path ().string ());
  }
  std::sort (files.begin (), files.end ());
  o.files.insert (o.files.end (), files.begin (), files.end ());
}

}

int
main (int argc, char **argv)
{
  Options o;

  for (int i = 1; i < argc; i++) {
    const std::string a = argv[i];
    const double value = i + 1 < argc ? std::atof (argv[i + 1]) : 0.0;
    if (a == "--loudnorm")
      o.loudnorm = true;
    else if (a == "--speed")
      o.speed = true;
    else if (a == "--target")
      o.target = value, i++;
    else if (a == "--ceiling")
      o.ceiling = value, i++;
    else if (a == "--limiting")
      o.limiting = value, i++;
    else if (a == "--latency")
      o.latency = value, i++;
    else if (a[0] == '-') {
      std::fprintf (stderr, "unknown option %s\n", a.c_str ());
      return 2;
    } else
      add_files (o, a);
  }
  if (o.speed || o.files.empty ())
    speed (o);
  else
    quality (o);
  return 0;
}
