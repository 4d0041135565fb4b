/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The whole analysis without GStreamer: tempo of click tracks and loops at
 * every tempo, rate and size of buffers, nothing allocated once it runs, and
 * nothing that grows. */

#include "analysis.hpp"
#include "tracker.hpp"

#include <glib.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

using namespace genaudio::bpm;

/* Every allocation of the process is counted, FFTW's and aubio's too. A
 * sanitizer has its own malloc, which must stay. */
#if defined (__GLIBC__) && !defined (__SANITIZE_ADDRESS__)
#define COUNTS_ALLOCATIONS 1
static std::atomic<unsigned> allocations;

extern "C" {
void *__libc_malloc (size_t size);
void *__libc_calloc (size_t n, size_t size);
void *__libc_realloc (void *memory, size_t size);
void *__libc_memalign (size_t alignment, size_t size);

void *
malloc (size_t size)
{
  allocations++;
  return __libc_malloc (size);
}

void *
calloc (size_t n, size_t size)
{
  allocations++;
  return __libc_calloc (n, size);
}

void *
realloc (void *memory, size_t size)
{
  allocations++;
  return __libc_realloc (memory, size);
}

int
posix_memalign (void **memory, size_t alignment, size_t size)
{
  allocations++;
  *memory = __libc_memalign (alignment, size);
  return *memory != nullptr ? 0 : ENOMEM;
}

void *
memalign (size_t alignment, size_t size)
{
  allocations++;
  return __libc_memalign (alignment, size);
}
}
#endif

namespace {

constexpr double tolerance = 0.003;

/* Sounds at places, mixed into silence. */
class Track
{
public:
  Track (int rate, double seconds)
      : rate_ (rate), samples_ ((std::size_t) (rate * seconds))
  {
  }

  void add (double at, double hz, double decay, double level, double noise)
  {
    const std::size_t begin = (std::size_t) std::llround (at * rate_);
    const std::size_t n = (std::size_t) (rate_ * 6 / decay);

    for (std::size_t i = 0; i < n && begin + i < samples_.size (); i++) {
      const double t = (double) i / rate_;
      random_ = random_ * 1664525 + 1013904223;
      const double x = (1 - noise) * std::sin (2 * G_PI * hz * t)
          + noise * (std::int32_t) random_ / 2147483648.0;
      samples_[begin + i] += (float) (level * std::exp (-decay * t) * x);
    }
  }

  std::vector<float> interleaved (unsigned channels) const
  {
    std::vector<float> out (samples_.size () * channels);
    for (std::size_t i = 0; i < out.size (); i++)
      out[i] = samples_[i / channels];
    return out;
  }

private:
  int rate_;
  std::vector<float> samples_;
  std::uint32_t random_ = 1;
};

Track
make_clicks (double bpm, int rate, double seconds)
{
  Track track (rate, seconds);
  for (double at = 0; at < seconds; at += 60 / bpm)
    track.add (at, 1000, 60, 0.8, 0);
  return track;
}

/* Kick on every beat, snare on the second and fourth, hats on the eighths. */
Track
make_loop (double bpm, int rate, double seconds)
{
  Track track (rate, seconds);
  const double beat = 60 / bpm;

  for (int i = 0; i * beat / 2 < seconds; i++) {
    track.add (i * beat / 2, 3000, 120, 0.15, 0.9);
    if (i % 2 == 0)
      track.add (i * beat / 2, 60, 15, 0.7, 0);
    if (i % 4 == 2)
      track.add (i * beat / 2, 200, 30, 0.4, 0.7);
  }
  return track;
}

Tempo
analyse (const std::vector<float> &samples, unsigned channels, int rate,
    std::size_t block)
{
  AnalysisSettings settings;
  settings.memory_seconds = 60;
  Analysis analysis (SampleFormat::f32, channels, rate, settings);
  const std::size_t frames = samples.size () / channels;

  for (std::size_t i = 0; i < frames; i += block)
    analysis.process (&samples[i * channels], std::min (block, frames - i));
  analysis.finish ();
  g_assert_cmpuint (analysis.frames (), ==, frames);
  return analysis.front_end ()->tempo ()->estimate (settings.min_bpm,
      settings.max_bpm);
}

bool
is_near (double bpm, double expected)
{
  return std::abs (bpm / expected - 1) < tolerance;
}

const int rates[] = { 8000, 11025, 16000, 22050, 32000, 44100, 48000, 8000,
  96000 };

} // namespace

static void
test_clicks (void)
{
  GRand *random = g_rand_new_with_seed (7);

  for (int bpm = 60; bpm <= 200; bpm++) {
    const int rate = rates[bpm % G_N_ELEMENTS (rates)];
    const unsigned channels = 1 + bpm / 8 % 2;
    const std::size_t block = g_rand_int_range (random, 1, 65537);
    const Tempo tempo = analyse (make_clicks (bpm, rate, 14)
        .interleaved (channels), channels, rate, block);
    g_assert_true (tempo.valid);
    if (!is_near (tempo.bpm, bpm))
      g_error ("%d BPM at %d Hz read as %f", bpm, rate, tempo.bpm);
  }
  g_rand_free (random);
}

/* A loop's octave is a matter of taste at the slow end and at the fast one;
 * its period is not. */
static void
test_loops (void)
{
  GRand *random = g_rand_new_with_seed (8);

  for (int bpm = 60; bpm <= 200; bpm++) {
    const int rate = rates[bpm % G_N_ELEMENTS (rates)];
    const std::size_t block = g_rand_int_range (random, 1, 65537);
    const Tempo tempo = analyse (make_loop (bpm, rate, 16).interleaved (2), 2,
        rate, block);
    g_assert_true (tempo.valid);
    const bool right = is_near (tempo.bpm, bpm);
    const bool octave = is_near (tempo.bpm, 2 * bpm)
        || is_near (tempo.bpm, bpm / 2.0);
    if (!right && !(octave && (bpm < 85 || bpm > 150)))
      g_error ("%d BPM at %d Hz read as %f", bpm, rate, tempo.bpm);
  }
  g_rand_free (random);
}

/* However the samples come, the same comes out, to the last bit. */
static void
test_blocks (void)
{
  const std::vector<float> samples = make_loop (117, 44100, 12).interleaved (2);
  const Tempo whole = analyse (samples, 2, 44100, samples.size () / 2);

  g_assert_true (whole.valid);
  for (std::size_t block : { 1, 2, 63, 441, 1000, 4095, 4096, 4097, 65536 }) {
    const Tempo tempo = analyse (samples, 2, 44100, block);
    g_assert_true (tempo.bpm == whole.bpm);
    g_assert_true (tempo.confidence == whole.confidence);
  }
}

static void
test_formats (void)
{
  const std::vector<float> samples = make_loop (117, 44100, 16).interleaved (1);
  std::vector<std::int16_t> s16;
  std::vector<double> f64;
  AnalysisSettings settings;

  for (float x : samples) {
    s16.push_back ((std::int16_t) std::lrint (x * 16384));
    f64.push_back (x);
  }
  settings.memory_seconds = 60;
  Analysis a (SampleFormat::s16, 1, 44100, settings);
  a.process (s16.data (), s16.size ());
  Analysis b (SampleFormat::f64, 1, 44100, settings);
  b.process (f64.data (), f64.size ());
  g_assert_true (is_near (a.front_end ()->tempo ()->estimate (40, 220).bpm, 117));
  g_assert_true (is_near (b.front_end ()->tempo ()->estimate (40, 220).bpm, 117));
}

/* More than a minute of a live stream after its first seconds: not one allocation in
 * the streaming thread, with everything switched on. */
static void
test_no_allocation (void)
{
#ifdef COUNTS_ALLOCATIONS
  const std::vector<float> samples = make_loop (124, 48000, 4).interleaved (2);
  AnalysisSettings settings;
  settings.key = settings.beats = true;
  settings.memory_seconds = live_memory_seconds;
  Analysis analysis (SampleFormat::f32, 2, 48000, settings);

  analysis.process (samples.data (), samples.size () / 2);
  const unsigned before = allocations;
  g_assert_cmpuint (before, >, 100);
  for (int i = 0; i < 20; i++)
    for (std::size_t at = 0; at < samples.size (); at += 960)
      analysis.process (&samples[at], 480);
  g_assert_cmpuint (allocations - before, ==, 0);
#else
  g_test_skip ("this process's malloc is not ours to count");
#endif
}

/* Of an item that is not live what is remembered is bounded too. */
static void
test_long_item (void)
{
  const std::vector<float> samples = make_loop (124, 8000, 60).interleaved (1);
  AnalysisSettings settings;
  settings.key = true;
  settings.memory_seconds = 120;
  Analysis analysis (SampleFormat::f32, 1, 8000, settings);

  for (int minute = 0; minute < 20; minute++)
    analysis.process (samples.data (), samples.size ());
  g_assert_cmpuint (analysis.frames (), ==, 1200 * 8000);
  g_assert_cmpfloat (analysis.front_end ()->tempo ()->seconds (), <=, 130);
  g_assert_true (is_near (analysis.front_end ()->tempo ()->estimate (40,
              220).bpm, 124));
}

static void
test_holes (void)
{
  const std::vector<float> samples = make_clicks (120, 44100, 10).interleaved (1);
  AnalysisSettings settings;
  settings.memory_seconds = 60;
  Analysis analysis (SampleFormat::f32, 1, 44100, settings);

  analysis.process (samples.data (), samples.size ());
  analysis.skip (44100);
  analysis.process (samples.data (), samples.size ());
  g_assert_cmpuint (analysis.frames (), ==, 20 * 44100);
  g_assert_cmpuint (analysis.position (), ==, 21 * 44100);
  g_assert_cmpfloat (analysis.front_end ()->tempo ()->seconds (), >, 20);
  /* an hour is not a hole */
  analysis.skip (3600u * 44100);
  g_assert_cmpuint (analysis.position (), ==, 0);
  g_assert_cmpfloat (analysis.front_end ()->tempo ()->seconds (), <, 1);
  g_assert_cmpuint (analysis.frames (), ==, 20 * 44100);
}

/* A fade-out that ends next to zero: zero to us, and only to us. */
static void
test_denormals (void)
{
  std::vector<float> samples;
  for (int i = 0; i < 44100; i++)
    samples.push_back (std::exp (-i / 300.0f));
  AnalysisSettings settings;
  settings.memory_seconds = 60;
  Analysis analysis (SampleFormat::f32, 1, 44100, settings);
  analysis.process (samples.data (), samples.size ());
  g_assert_cmpfloat (analysis.statistics ().result ().overall.peak, ==, 1);
  volatile float tiny = 1e-30f;
  tiny = tiny * 1e-12f;
  g_assert_cmpfloat (tiny, >, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/analysis/clicks", test_clicks);
  g_test_add_func ("/analysis/loops", test_loops);
  g_test_add_func ("/analysis/blocks", test_blocks);
  g_test_add_func ("/analysis/formats", test_formats);
  g_test_add_func ("/analysis/no-allocation", test_no_allocation);
  g_test_add_func ("/analysis/long-item", test_long_item);
  g_test_add_func ("/analysis/holes", test_holes);
  g_test_add_func ("/analysis/denormals", test_denormals);
  return g_test_run ();
}
