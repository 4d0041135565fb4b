/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The recorder with a cabinet of the test's own: files in a temporary
 * folder, a clock that the test sets. */

#include "recorder.hpp"

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sndfile.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

using namespace genaudio::dated;

constexpr std::uint64_t second = 1000000000;
constexpr std::int64_t second_us = 1000000;

class TestPart : public Part
{
public:
  TestPart (const std::string & path) : path (path)
  {
    descriptor = open ((path + ".part").c_str (),
        O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    g_assert_cmpint (descriptor, >=, 0);
  }
  ~TestPart () override { close (descriptor); }

  int fd () override { return descriptor; }
  std::string final_path () override { return path; }
  void publish (Fragment & fragment) override
  {
    g_assert_cmpint (rename ((path + ".part").c_str (), path.c_str ()), ==, 0);
    fragment.location = path;
  }
  std::string keep () override { return path + ".part"; }
  void discard () override { g_unlink ((path + ".part").c_str ()); }

private:
  std::string path;
  int descriptor;
};

class TestCabinet : public Cabinet
{
public:
  TestCabinet ()
  {
    gchar *made = g_dir_make_tmp ("recorder-XXXXXX", nullptr);
    folder = made;
    g_free (made);
  }
  ~TestCabinet () override
  {
    GDir *dir = g_dir_open (folder.c_str (), 0, nullptr);
    while (const gchar * name = g_dir_read_name (dir))
      g_unlink ((folder + "/" + name).c_str ());
    g_dir_close (dir);
    g_rmdir (folder.c_str ());
  }

  std::unique_ptr<Part> create (const Fragment & fragment) override
  {
    if (refuse)
      throw FileError (ENOSPC, "no space for the test");
    return std::make_unique<TestPart> (folder + "/"
        + std::to_string (fragment.id));
  }
  void opened (const Fragment & fragment) override { n_opened++; }
  void closed (const Fragment & fragment) override
  {
    files.push_back (fragment);
  }
  std::int64_t now () override { return clock; }

  std::string folder;
  std::int64_t clock = 0;
  bool refuse = false;
  unsigned n_opened = 0;
  std::vector<Fragment> files;
};

static GTimeZone *berlin;

static AudioSpec
mono_spec (int rate)
{
  AudioSpec spec;
  spec.rate = rate;
  spec.channels = 1;
  return spec;
}

static RecorderSettings
settings_with (const char *rotate)
{
  RecorderSettings settings;
  settings.rotate = *RotateRule::parse (rotate);
  settings.zone = berlin;
  return settings;
}

static std::int64_t
instant (const char *iso)
{
  GDateTime *when = g_date_time_new_from_iso8601 (iso, nullptr);
  const std::int64_t us = g_date_time_to_unix (when) * second_us;
  g_date_time_unref (when);
  return us;
}

static std::vector<std::int16_t>
read_file (const Fragment & fragment)
{
  SF_INFO info {};
  SNDFILE *file = sf_open (fragment.location.c_str (), SFM_READ, &info);
  g_assert_nonnull (file);
  std::vector<std::int16_t> samples ((std::size_t) (info.frames
          * info.channels));
  g_assert_cmpint (sf_readf_short (file, samples.data (), info.frames), ==,
      info.frames);
  sf_close (file);
  g_assert_cmpuint (fragment.frames, ==, (std::uint64_t) info.frames);
  return samples;
}

/* A source whose samples count up, so that one that is lost or doubled
 * shows. */
class Source
{
public:
  Source (Recorder & recorder, int rate) : recorder (recorder), rate (rate) {}

  void push (std::uint64_t n, bool live = false, std::int64_t wall = 0)
  {
    std::vector<std::int16_t> data (n);
    for (auto & sample : data)
      sample = (std::int16_t) (sent++ & 0x7fff);
    recorder.write (data.data (), n, {time (), live ? wall : no_wall});
    frames += n;
  }
  void skip (std::uint64_t n) { frames += n; }
  std::uint64_t time () const { return frames * second / rate; }

  Recorder & recorder;
  std::uint64_t rate;
  std::uint64_t frames = 0;     /* on the time line */
  std::uint64_t sent = 0;
};

static void
check_all_there (const TestCabinet & cabinet, std::uint64_t sent)
{
  std::uint64_t at = 0;

  for (const Fragment & fragment : cabinet.files) {
    g_assert_true (fragment.complete);
    for (std::int16_t sample : read_file (fragment))
      g_assert_cmpint (sample, ==, (std::int16_t) (at++ & 0x7fff));
  }
  g_assert_cmpuint (at, ==, sent);
}

static void
test_one_item_one_file (void)
{
  TestCabinet cabinet;
  Recorder recorder (settings_with ("none"), cabinet);
  Source source (recorder, 8000);

  recorder.set_spec (mono_spec (8000));
  recorder.begin_item ({"a", false});
  for (int i = 0; i < 10; i++)
    source.push (123);
  recorder.end_item (Ending::publish);
  g_assert_cmpuint (cabinet.files.size (), ==, 1);
  g_assert_true (cabinet.files[0].whole_item);
  g_assert_cmpuint (cabinet.files[0].clipped, ==, 0);
  check_all_there (cabinet, 1230);
}

static void
test_items_without_audio (void)
{
  TestCabinet cabinet;
  Recorder recorder (settings_with ("none"), cabinet);

  recorder.set_spec (mono_spec (8000));
  recorder.begin_item ({"a", false});
  recorder.end_item (Ending::publish);
  g_assert_cmpuint (cabinet.n_opened, ==, 0);
}

static void
test_max_time_is_exact (void)
{
  TestCabinet cabinet;
  RecorderSettings settings = settings_with ("none");
  settings.max_time = second;
  Recorder recorder (settings, cabinet);
  Source source (recorder, 44100);

  recorder.set_spec (mono_spec (44100));
  recorder.begin_item ({"a", false});
  for (int i = 0; i < 150; i++)
    source.push (1023);
  recorder.end_item (Ending::publish);
  g_assert_cmpuint (cabinet.files.size (), ==, 4);
  for (int i = 0; i < 3; i++)
    g_assert_cmpuint (cabinet.files[i].frames, ==, 44100);
  /* time stamps are rounded down */
  g_assert_cmpuint (2 * second - cabinet.files[2].running_time, <, 10);
  check_all_there (cabinet, 150 * 1023);
}

static void
test_max_bytes_is_a_maximum (void)
{
  TestCabinet cabinet;
  RecorderSettings settings = settings_with ("none");
  settings.max_bytes = 20000;
  Recorder recorder (settings, cabinet);
  Source source (recorder, 44100);

  recorder.set_spec (mono_spec (44100));
  recorder.begin_item ({"a", false});
  for (int i = 0; i < 50; i++)
    source.push (1000);
  recorder.end_item (Ending::publish);
  g_assert_cmpuint (cabinet.files.size (), >, 4);
  for (std::size_t i = 0; i < cabinet.files.size (); i++) {
    g_assert_cmpuint (cabinet.files[i].bytes, <=, 20000);
    if (i + 1 < cabinet.files.size ())
      g_assert_cmpuint (cabinet.files[i].bytes, >, 18000);
  }
  check_all_there (cabinet, 50000);
}

/* As a plain WAV at 4 GiB, with a limit that a test can reach. */
static void
test_container_limit (void)
{
  for (const bool rotating : {false, true}) {
    TestCabinet cabinet;
    RecorderSettings settings = settings_with (rotating ? "hourly" : "none");
    settings.container_limit = 50000;
    Recorder recorder (settings, cabinet);
    Source source (recorder, 44100);
    bool refused = false;

    recorder.set_spec (mono_spec (44100));
    recorder.begin_item ({"a", false});
    try {
      for (int i = 0; i < 60; i++)
        source.push (1000);
      recorder.end_item (Ending::publish);
    } catch (const FileError & error) {
      refused = true;
      g_assert_cmpint (error.code, ==, EFBIG);
      g_assert_nonnull (g_strstr_len (error.what (), -1, "rf64"));
    }
    g_assert_true (refused != rotating);
    if (rotating)
      check_all_there (cabinet, 60000);
    else
      g_assert_false (cabinet.files.at (0).complete);
    for (const Fragment & fragment : cabinet.files)
      g_assert_cmpuint (fragment.bytes, <=, 50000);
  }
}

/* A day in seconds: the first of the rate is small, the frames are exact. */
static void
test_a_day_by_the_hour (void)
{
  TestCabinet cabinet;
  Recorder recorder (settings_with ("hourly"), cabinet);
  Source source (recorder, 100);

  cabinet.clock = instant ("2025-11-07T00:00:00+01:00");
  recorder.set_spec (mono_spec (100));
  recorder.begin_item ({"day", true});
  const std::uint64_t day = 24 * 3600 * 100;
  const auto resident = [] {
    std::uint64_t size = 0, pages = 0;
    std::ifstream ("/proc/self/statm") >> size >> pages;
    return pages * (std::uint64_t) sysconf (_SC_PAGESIZE);
  };
  std::uint64_t early = 0;
  while (source.sent < day) {
    source.push (std::min<std::uint64_t> (7777, day - source.sent));
    if (early == 0 && source.sent > day / 10)
      early = resident ();
  }
#ifndef __SANITIZE_ADDRESS__      /* which keeps what is freed */
  g_assert_cmpuint (resident (), <, early + (4 << 20));
#endif
  recorder.end_item (Ending::publish);

  g_assert_cmpuint (cabinet.files.size (), ==, 24);
  for (int hour = 0; hour < 24; hour++) {
    const Fragment & fragment = cabinet.files[hour];
    g_assert_cmpuint (fragment.frames, ==, 360000);
    g_assert_cmpint (fragment.wall, ==,
        cabinet.clock + hour * 3600 * second_us);
    g_assert_true (fragment.rotated);
  }
  check_all_there (cabinet, day);
}

static std::vector<std::uint64_t>
frames_of_days (const char *start, const char *rotate, std::uint64_t seconds)
{
  TestCabinet cabinet;
  Recorder recorder (settings_with (rotate), cabinet);
  Source source (recorder, 10);
  std::vector<std::uint64_t> lengths;

  cabinet.clock = instant (start);
  recorder.set_spec (mono_spec (10));
  recorder.begin_item ({"dst", true});
  while (source.sent < seconds * 10)
    source.push (std::min<std::uint64_t> (999, seconds * 10 - source.sent));
  recorder.end_item (Ending::publish);
  check_all_there (cabinet, seconds * 10);
  for (const Fragment & fragment : cabinet.files)
    lengths.push_back (fragment.frames / 10);
  return lengths;
}

static void
test_midnight_and_daylight_saving (void)
{
  const std::uint64_t hour = 3600;

  g_assert_true (frames_of_days ("2025-11-07T23:00:00+01:00", "daily",
          3 * hour) == (std::vector<std::uint64_t> {hour, 2 * hour}));
  /* the days of 23 and of 25 hours */
  g_assert_true (frames_of_days ("2025-03-30T00:00:00+01:00", "daily",
          24 * hour) == (std::vector<std::uint64_t> {23 * hour, hour}));
  g_assert_true (frames_of_days ("2025-10-26T00:00:00+02:00", "daily",
          26 * hour) == (std::vector<std::uint64_t> {25 * hour, hour}));
  /* their hours are hours */
  g_assert_true (frames_of_days ("2025-03-30T01:30:00+01:00", "hourly",
          2 * hour) == (std::vector<std::uint64_t> {hour / 2, hour,
          hour / 2}));
  g_assert_true (frames_of_days ("2025-10-26T02:30:00+02:00", "hourly",
          2 * hour) == (std::vector<std::uint64_t> {hour / 2, hour,
          hour / 2}));
}

/* Live audio, hour after hour, with a wall clock of the test's: @wall says
 * what it shows @seconds after the start. */
template <typename Wall>
static std::vector<Fragment>
record_live (TestCabinet & cabinet, std::uint64_t seconds, Wall wall)
{
  Recorder recorder (settings_with ("hourly"), cabinet);
  Source source (recorder, 10);

  recorder.set_spec (mono_spec (10));
  recorder.begin_item ({"live", true});
  while (source.sent < seconds * 10)
    source.push (10, true, wall (source.sent / 10));
  recorder.end_item (Ending::publish);
  check_all_there (cabinet, seconds * 10);
  return cabinet.files;
}

/* A sound card that is a little fast or slow: each cut is anchored anew, so
 * that the error does not add up, and no boundary cuts twice. */
static void
test_drift_is_anchored_anew (void)
{
  const std::int64_t start = instant ("2025-11-07T10:30:00+01:00");

  for (const double speed : {0.9998, 1.0002}) {
    TestCabinet cabinet;
    const auto files = record_live (cabinet, 6 * 3600,
        [&] (std::uint64_t s) {
          return start + (std::int64_t) (s * 1e6 * speed);
        });
    g_assert_cmpuint (files.size (), ==, 7);
    for (std::size_t i = 1; i < files.size (); i++) {
      const std::int64_t boundary =
          instant ("2025-11-07T11:00:00+01:00")
          + (std::int64_t) (i - 1) * 3600 * second_us;
      /* one hour's drift, not six */
      g_assert_cmpint (ABS (files[i].wall - boundary), <, second_us);
    }
  }
}

/* The clock is set while recording: frames go on, the file in hand ends
 * where it would have, the next follows the clock. */
static void
test_clock_steps (void)
{
  const std::int64_t start = instant ("2025-11-07T10:30:00+01:00");

  TestCabinet back;
  auto files = record_live (back, 2 * 3600, [&] (std::uint64_t s) {
    return start + (std::int64_t) s * second_us
        - (s >= 600 ? 7200 * second_us : 0);
  });
  g_assert_cmpuint (files.size (), ==, 3);
  g_assert_cmpuint (files[0].frames, ==, 18000);
  g_assert_cmpint (files[1].wall, ==, instant ("2025-11-07T09:00:00+01:00"));
  g_assert_cmpint (files[2].wall, ==, instant ("2025-11-07T10:00:00+01:00"));

  TestCabinet ahead;
  files = record_live (ahead, 2 * 3600, [&] (std::uint64_t s) {
    return start + (std::int64_t) s * second_us
        + (s >= 600 ? 5000 * second_us : 0);
  });
  g_assert_cmpuint (files[0].frames, ==, 18000);
  g_assert_cmpint (files[1].wall, ==, start + 6800 * second_us);
  g_assert_cmpint (files[2].wall, ==, instant ("2025-11-07T13:00:00+01:00"));
}

static void
test_gaps (void)
{
  for (const Gaps gaps : {Gaps::silence, Gaps::skip, Gaps::split}) {
    TestCabinet cabinet;
    RecorderSettings settings = settings_with ("none");
    settings.gaps = gaps;
    Recorder recorder (settings, cabinet);
    Source source (recorder, 8000);

    recorder.set_spec (mono_spec (8000));
    recorder.begin_item ({"a", false});
    source.push (800);
    source.skip (100);          /* 12.5 ms are jitter */
    source.push (800);
    source.skip (4000);
    source.push (800);
    recorder.end_item (Ending::publish);
    if (gaps == Gaps::split) {
      g_assert_cmpuint (cabinet.files.size (), ==, 2);
      check_all_there (cabinet, 2400);
      continue;
    }
    g_assert_cmpuint (cabinet.files.size (), ==, 1);
    g_assert_cmpuint (cabinet.files[0].gaps, ==, 1);
    const auto samples = read_file (cabinet.files[0]);
    if (gaps == Gaps::skip) {
      g_assert_cmpuint (samples.size (), ==, 2400);
      continue;
    }
    g_assert_cmpuint (samples.size (), ==, 6400);
    g_assert_cmpint (samples[1599], ==, 1599);
    for (int i = 1600; i < 5600; i++)
      g_assert_cmpint (samples[i], ==, 0);
    g_assert_cmpint (samples[5600], ==, 1600);
  }
}

/* Drift between time stamps and samples is no hole, however far it goes. */
static void
test_slow_drift_is_no_gap (void)
{
  TestCabinet cabinet;
  Recorder recorder (settings_with ("none"), cabinet);
  std::vector<std::int16_t> data (800);

  recorder.set_spec (mono_spec (8000));
  recorder.begin_item ({"a", false});
  for (std::uint64_t i = 0; i < 1000; i++)
    recorder.write (data.data (), 800, {i * (second / 10 + 100000), no_wall});
  recorder.end_item (Ending::publish);
  g_assert_cmpuint (cabinet.files.at (0).gaps, ==, 0);
  g_assert_cmpuint (cabinet.files.at (0).frames, ==, 800000);
}

/* Time stamps of arrival: buffers come late and the next on time. */
static void
test_jitter_is_made_up_for_once (void)
{
  TestCabinet cabinet;
  Recorder recorder (settings_with ("none"), cabinet);
  std::vector<std::int16_t> data (800);

  recorder.set_spec (mono_spec (8000));
  recorder.begin_item ({"a", false});
  for (std::uint64_t i = 0; i < 100; i++)
    recorder.write (data.data (), 800, {i * second / 10
            + (i % 3 == 1 ? second * 6 / 100 : 0), no_wall});
  recorder.end_item (Ending::publish);
  g_assert_cmpuint (cabinet.files.at (0).gaps, ==, 1);
  g_assert_cmpuint (cabinet.files.at (0).frames, ==, 80000 + 480);
}

static void
test_gap_event (void)
{
  TestCabinet cabinet;
  Recorder recorder (settings_with ("none"), cabinet);
  Source source (recorder, 8000);

  recorder.set_spec (mono_spec (8000));
  recorder.begin_item ({"a", false});
  source.push (800);
  recorder.gap ({source.time (), no_wall}, second);
  source.skip (8000);
  source.push (800);
  recorder.end_item (Ending::publish);
  g_assert_cmpuint (read_file (cabinet.files.at (0)).size (), ==, 9600);
}

static void
test_silence_is_cut_too (void)
{
  TestCabinet cabinet;
  RecorderSettings settings = settings_with ("none");
  settings.max_time = second;
  Recorder recorder (settings, cabinet);
  Source source (recorder, 8000);

  recorder.set_spec (mono_spec (8000));
  recorder.begin_item ({"a", false});
  source.push (800);
  source.skip (5 * 8000);
  source.push (800);
  recorder.end_item (Ending::publish);
  g_assert_cmpuint (cabinet.files.size (), ==, 6);
  std::uint64_t sum = 0;
  for (const Fragment & fragment : cabinet.files)
    sum += fragment.frames;
  g_assert_cmpuint (sum, ==, 41600);
}

static void
test_names (void)
{
  TestCabinet cabinet;
  Recorder recorder (settings_with ("none"), cabinet);
  Source source (recorder, 8000);

  recorder.set_spec (mono_spec (8000));
  for (const char *id : {"fixed", "fixed"}) {
    recorder.begin_item ({id, true});
    source.push (10);
    recorder.end_item (Ending::publish);
  }
  recorder.begin_item ({"own", false});
  source.push (10);
  recorder.split ();
  source.push (10);
  recorder.end_item (Ending::publish);
  recorder.begin_item ({"own", false});
  source.push (10);
  recorder.end_item (Ending::publish);

  const std::vector<unsigned> expected = {0, 1, 0, 1, 0};
  g_assert_cmpuint (cabinet.files.size (), ==, expected.size ());
  for (std::size_t i = 0; i < expected.size (); i++) {
    g_assert_cmpuint (cabinet.files[i].index, ==, expected[i]);
    g_assert_cmpuint (cabinet.files[i].id, ==, i);
  }
}

static void
test_other_caps_begin_another_file (void)
{
  TestCabinet cabinet;
  Recorder recorder (settings_with ("none"), cabinet);
  const std::vector<std::int16_t> data (2000);

  recorder.begin_item ({"a", false});
  recorder.set_spec (mono_spec (8000));
  recorder.write (data.data (), 500, {0, no_wall});
  AudioSpec stereo = mono_spec (16000);
  stereo.channels = 2;
  recorder.set_spec (stereo);
  recorder.write (data.data (), 500, {second, no_wall});
  recorder.end_item (Ending::publish);
  g_assert_cmpuint (cabinet.files.size (), ==, 2);
  g_assert_cmpint (cabinet.files[1].spec.channels, ==, 2);
  g_assert_cmpuint (read_file (cabinet.files[1]).size (), ==, 1000);
  g_assert_false (cabinet.files[1].whole_item);
}

static void
test_endings (void)
{
  TestCabinet cabinet;
  Recorder recorder (settings_with ("none"), cabinet);
  Source source (recorder, 8000);

  recorder.set_spec (mono_spec (8000));
  recorder.begin_item ({"kept", false});
  source.push (100);
  recorder.end_item (Ending::keep);
  recorder.begin_item ({"dropped", false});
  source.push (100);
  recorder.end_item (Ending::discard);
  g_assert_false (cabinet.files[0].complete);
  g_assert_cmpuint (read_file (cabinet.files[0]).size (), ==, 100);
  g_assert_false (cabinet.files[1].complete);
  g_assert_false (g_file_test ((cabinet.folder + "/1.part").c_str (),
          G_FILE_TEST_EXISTS));
}

static void
test_refused_part (void)
{
  TestCabinet cabinet;
  Recorder recorder (settings_with ("none"), cabinet);
  Source source (recorder, 8000);
  bool refused = false;

  cabinet.refuse = true;
  recorder.set_spec (mono_spec (8000));
  recorder.begin_item ({"a", false});
  try {
    source.push (100);
  } catch (const FileError & error) {
    refused = true;
    g_assert_cmpint (error.code, ==, ENOSPC);
  }
  g_assert_true (refused);
  recorder.end_item (Ending::publish);
  g_assert_cmpuint (cabinet.files.size (), ==, 0);
}

/* A 1 kHz sine at -20 dBFS in both channels is -20 LUFS (EBU Tech 3341), and
 * what one file measures is not in the next. */
static void
test_measured (void)
{
  TestCabinet cabinet;
  RecorderSettings settings = settings_with ("none");
  AudioSpec spec = mono_spec (48000);
  std::vector<std::int16_t> loud (48000 * 2 * 5), silence (48000 * 2 * 5);

  if (!meter_is_there ()) {
    g_test_skip ("built without libebur128");
    return;
  }
  for (std::size_t i = 0; i < loud.size (); i++)
    loud[i] = (std::int16_t) std::lrint (3276.8
        * std::sin (2 * G_PI * 1000 * (double) (i / 2) / 48000));
  settings.measure = true;
  settings.max_time = 5 * second;
  spec.channels = 2;
  Recorder recorder (settings, cabinet);
  recorder.set_spec (spec);
  recorder.begin_item ({"a", true});
  recorder.write (loud.data (), 48000 * 5, {0, no_wall});
  recorder.write (silence.data (), 48000 * 5, {5 * second, no_wall});
  recorder.end_item (Ending::publish);

  g_assert_cmpuint (cabinet.files.size (), ==, 2);
  const Tags & tone = cabinet.files[0].measured.value ();
  g_assert_cmpfloat (std::fabs (tone.integrated.value () + 20.0), <, 0.1);
  g_assert_cmpfloat (std::fabs (tone.max_momentary.value () + 20.0), <, 0.1);
  g_assert_cmpfloat (std::fabs (tone.max_shortterm.value () + 20.0), <, 0.1);
  g_assert_cmpfloat (std::fabs (tone.true_peak.value () + 20.0), <, 0.1);
  g_assert_false (cabinet.files[1].measured.value ().integrated.has_value ());
}

static void
test_date_given (void)
{
  TestCabinet cabinet;
  RecorderSettings settings = settings_with ("none");
  settings.date = instant ("2001-02-03T12:00:00+01:00");
  Recorder recorder (settings, cabinet);
  Source source (recorder, 8000);

  cabinet.clock = instant ("2025-11-07T10:30:00+01:00");
  recorder.set_spec (mono_spec (8000));
  recorder.begin_item ({"a", false});
  source.push (100, true, cabinet.clock);
  recorder.end_item (Ending::publish);
  g_assert_cmpint (cabinet.files.at (0).wall, ==, settings.date);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  berlin = g_time_zone_new_identifier ("Europe/Berlin");
  g_test_add_func ("/recorder/one-item", test_one_item_one_file);
  g_test_add_func ("/recorder/no-audio", test_items_without_audio);
  g_test_add_func ("/recorder/max-time", test_max_time_is_exact);
  g_test_add_func ("/recorder/max-bytes", test_max_bytes_is_a_maximum);
  g_test_add_func ("/recorder/container-limit", test_container_limit);
  g_test_add_func ("/recorder/a-day-by-the-hour", test_a_day_by_the_hour);
  g_test_add_func ("/recorder/midnight-and-dst",
      test_midnight_and_daylight_saving);
  g_test_add_func ("/recorder/drift", test_drift_is_anchored_anew);
  g_test_add_func ("/recorder/clock-steps", test_clock_steps);
  g_test_add_func ("/recorder/gaps", test_gaps);
  g_test_add_func ("/recorder/slow-drift", test_slow_drift_is_no_gap);
  g_test_add_func ("/recorder/jitter", test_jitter_is_made_up_for_once);
  g_test_add_func ("/recorder/gap-event", test_gap_event);
  g_test_add_func ("/recorder/silence-is-cut", test_silence_is_cut_too);
  g_test_add_func ("/recorder/names", test_names);
  g_test_add_func ("/recorder/other-caps", test_other_caps_begin_another_file);
  g_test_add_func ("/recorder/endings", test_endings);
  g_test_add_func ("/recorder/refused", test_refused_part);
  g_test_add_func ("/recorder/measured", test_measured);
  g_test_add_func ("/recorder/date", test_date_given);
  const int result = g_test_run ();
  g_time_zone_unref (berlin);
  return result;
}
