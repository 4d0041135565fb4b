/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The main job, all four elements in one pipeline: a tensor file becomes a
 * filed, normalised, analysed WAV; whatever goes wrong gives one error and
 * no file under a final name. */

/* GstCheck has a macro fail, so the standard library goes first */
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <vector>

#include <gst/check/gstcheck.h>
#include <gst/genaudio/genaudio.h>

#include <ebur128.h>
#include <glib/gstdio.h>
#include <sndfile.h>

namespace fs = std::filesystem;

static fs::path work_dir;

static void
setup ()
{
  gst_genaudio_init ();
  gchar *dir = g_dir_make_tmp ("mainjob-XXXXXX", nullptr);
  work_dir = dir;
  g_free (dir);
}

static void
teardown ()
{
  fs::remove_all (work_dir);
}

/* -- material */

static void
write_file (const fs::path & path, const std::string & header,
    const std::string & data)
{
  std::ofstream file (path, std::ios::binary);
  const guint64 length = GUINT64_TO_LE (header.size ());

  file.write (reinterpret_cast<const char *> (&length), sizeof length);
  file << header << data;
}

static std::string
header_of (const std::string & dtype, const std::string & shape,
    std::size_t bytes, int rate)
{
  return "{\"__metadata__\":{\"sample_rate\":\"" + std::to_string (rate)
      + "\"},\"audio\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape
      + ",\"data_offsets\":[0," + std::to_string (bytes) + "]}}";
}

/* Planar float32: pulses of a chord, a little louder in each channel. */
static fs::path
write_tensor (const std::string & name, int rate, int channels, double seconds,
    double amplitude = .05, float poison = 0)
{
  const std::size_t n = std::size_t (rate * seconds);
  std::string data (n * channels * sizeof (float), '\0');
  float *samples = reinterpret_cast<float *> (data.data ());

  for (int c = 0; c < channels; c++) {
    for (std::size_t i = 0; i < n; i++) {
      const double t = double (i) / rate;
      const double beat = std::fmod (t, .5);
      samples[c * n + i] = float (amplitude * (c + 1) * std::exp (-6 * beat)
          * (std::sin (2 * M_PI * 220 * t) + std::sin (2 * M_PI * 330 * t)));
    }
  }
  if (poison != 0)
    samples[n / 2] = poison;
  const fs::path path = work_dir / (name + ".safetensors");
  write_file (path, header_of ("F32", "[" + std::to_string (channels) + ","
          + std::to_string (n) + "]", data.size (), rate), data);
  return path;
}

/* -- running */

struct Outcome
{
  bool eos = false;
  int n_errors = 0;
  GQuark domain = 0;
  int code = 0;
  std::string text;
  std::vector<GstStructure *> messages;

  Outcome () = default;
  Outcome (Outcome && other) = default;
  ~Outcome ()
  {
    for (GstStructure *s : messages)
      gst_structure_free (s);
  }
  std::vector<const GstStructure *> named (const char *name) const
  {
    std::vector<const GstStructure *> found;
    for (const GstStructure *s : messages)
      if (gst_structure_has_name (s, name))
        found.push_back (s);
    return found;
  }
};

/* Runs until EOS, or until an error and what follows it, as gst-launch does. */
static Outcome
run (const std::string & source, const std::string & sink)
{
  Outcome outcome;
  GError *error = nullptr;
  const std::string line = source + " ! r128normalize ! bpmanalyzer ! " + sink;
  GstElement *pipeline = gst_parse_launch (line.c_str (), &error);

  g_assert_no_error (error);
  GstBus *bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  bool done = false;
  while (!done) {
    GstMessage *message = gst_bus_timed_pop (bus, 20 * GST_SECOND);
    fail_unless (message != nullptr, "%s: nothing for 20 s", line.c_str ());
    switch (GST_MESSAGE_TYPE (message)) {
      case GST_MESSAGE_EOS:
        outcome.eos = done = true;
        break;
      case GST_MESSAGE_ERROR:{
        GError *reported = nullptr;
        gst_message_parse_error (message, &reported, nullptr);
        outcome.n_errors++;
        outcome.domain = reported->domain;
        outcome.code = reported->code;
        outcome.text = reported->message;
        g_error_free (reported);
        done = true;
        break;
      }
      case GST_MESSAGE_ELEMENT:
        outcome.messages.push_back (gst_structure_copy
            (gst_message_get_structure (message)));
        break;
      default:
        break;
    }
    gst_message_unref (message);
  }
  /* let the EOS that GstBaseSrc pushes after an error arrive first */
  if (outcome.n_errors > 0)
    g_usleep (50000);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  while (GstMessage *message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR)) {
    outcome.n_errors++;
    gst_message_unref (message);
  }
  gst_object_unref (bus);
  gst_object_unref (pipeline);
  return outcome;
}

static std::vector<fs::path>
published (const fs::path & base)
{
  std::vector<fs::path> files;

  if (!fs::is_directory (base))
    return files;
  for (const auto & entry : fs::recursive_directory_iterator (base)) {
    if (entry.is_regular_file ()
        && entry.path ().filename ().string ()[0] != '.')
      files.push_back (entry.path ());
  }
  return files;
}

static double
measure (const fs::path & path, SF_INFO * info)
{
  *info = { };
  SNDFILE *file = sf_open (path.c_str (), SFM_READ, info);
  fail_unless (file != nullptr, "%s", sf_strerror (nullptr));
  std::vector<float> samples (info->frames * info->channels);
  fail_unless_equals_uint64 (sf_readf_float (file, samples.data (),
          info->frames), info->frames);
  sf_close (file);

  ebur128_state *state = ebur128_init (info->channels, info->samplerate,
      EBUR128_MODE_I);
  double loudness = 0;
  ebur128_add_frames_float (state, samples.data (), info->frames);
  ebur128_loudness_global (state, &loudness);
  ebur128_destroy (&state);
  return loudness;
}

static std::string
source_of (const fs::path & location)
{
  return "torchtensorsrc location=\"" + location.string () + "\"";
}

static std::string
sink_of (const fs::path & base, const std::string & more = "")
{
  return "datedsink base-dir=\"" + base.string () + "\" " + more;
}

/* -- tests */

GST_START_TEST (test_one_tensor)
{
  const fs::path tensor = write_tensor ("track", 32000, 2, 16);
  const fs::path base = work_dir / "outputs";
  GDateTime *now = g_date_time_new_now_local ();
  gchar *day = g_date_time_format (now, "%Y/%m/%d");
  Outcome outcome = run (source_of (tensor), sink_of (base,
          "job-id=gen_abc123"));

  fail_unless (outcome.eos, "%s", outcome.text.c_str ());
  fail_unless_equals_int (outcome.n_errors, 0);
  const fs::path path = base / day / "gen_abc123.wav";
  fail_unless_equals_int (published (base).size (), 1);
  fail_unless (fs::exists (path), "%s", path.c_str ());

  SF_INFO info;
  const double loudness = measure (path, &info);
  fail_unless (std::fabs (loudness + 16) < .1, "%f LUFS", loudness);
  fail_unless_equals_int (info.samplerate, 32000);
  fail_unless_equals_int (info.channels, 2);
  fail_unless_equals_uint64 (info.frames, 512000);
  fail_unless_equals_int (info.format, SF_FORMAT_WAV | SF_FORMAT_PCM_16);

  for (const char *name : { "torchtensorsrc", "r128normalize",
        "bpmanalyzer", "datedsink-fragment-opened",
        "datedsink-fragment-closed" })
    fail_unless (!outcome.named (name).empty (), "no %s message", name);
  fail_unless_equals_int (outcome.named ("r128normalize").size (), 1);
  GstGenAudioFragment *fragment = gst_genaudio_fragment_from_structure (
      outcome.named ("datedsink-fragment-closed")[0]);
  fail_unless_equals_string (fragment->location, path.c_str ());
  fail_unless_equals_uint64 (fragment->bytes, fs::file_size (path));
  fail_unless_equals_uint64 (fragment->frames, 512000);
  fail_unless_equals_uint64 (fragment->duration, 16 * GST_SECOND);
  fail_unless (fragment->complete);
  gst_genaudio_fragment_free (fragment);
  GstGenAudioAnalysis *analysis = gst_genaudio_analysis_from_structure (
      outcome.named ("bpmanalyzer").back ());
  fail_unless (analysis->final);
  fail_unless (std::fabs (analysis->bpm - 120) < .5, "%f", analysis->bpm);
  gst_genaudio_analysis_free (analysis);
  g_free (day);
  g_date_time_unref (now);
}
GST_END_TEST;

/* Three tensors of different rates and channel counts in, three right files
 * out, each normalised by itself. */
GST_START_TEST (test_many_tensors)
{
  const struct { const char *name; int rate, channels; double amplitude; }
  items[] = {
    {"take-2", 48000, 1, .3}, {"take-10", 44100, 2, .01}, {"take-11", 32000,
          2, .1},
  };
  const fs::path base = work_dir / "outputs";

  for (const auto & item : items)
    write_tensor (item.name, item.rate, item.channels, 5, item.amplitude);
  Outcome outcome = run (source_of (work_dir / "take-*.safetensors"),
      sink_of (base));

  fail_unless (outcome.eos, "%s", outcome.text.c_str ());
  fail_unless_equals_int (published (base).size (), 3);
  const auto reports = outcome.named ("r128normalize");
  const auto closed = outcome.named ("datedsink-fragment-closed");
  fail_unless_equals_int (reports.size (), 3);
  fail_unless_equals_int (closed.size (), 3);
  for (int i = 0; i < 3; i++) {
    SF_INFO info;
    const fs::path path = gst_structure_get_string (closed[i], "location");
    const double loudness = measure (path, &info);
    const std::string stem = path.stem ();
    fail_unless_equals_string (stem.c_str (), items[i].name);
    fail_unless_equals_string (gst_structure_get_string (reports[i],
            "job-id"), items[i].name);
    fail_unless (std::fabs (loudness + 16) < .1, "%s: %f LUFS",
        items[i].name, loudness);
    fail_unless_equals_int (info.samplerate, items[i].rate);
    fail_unless_equals_int (info.channels, items[i].channels);
    fail_unless_equals_uint64 (info.frames, 5 * items[i].rate);
  }
}
GST_END_TEST;

static void
expect_failure (const std::string & source, const std::string & sink,
    const fs::path & base, GQuark domain, std::initializer_list<int> codes,
    const std::string & value)
{
  Outcome outcome = run (source, sink);

  fail_unless_equals_int (outcome.n_errors, 1);
  fail_unless (outcome.domain == domain, "%s: %s",
      g_quark_to_string (outcome.domain), outcome.text.c_str ());
  bool expected = false;
  for (int code : codes)
    expected |= outcome.code == code;
  fail_unless (expected, "code %d: %s", outcome.code, outcome.text.c_str ());
  fail_unless (outcome.text.find (value) != std::string::npos,
      "\"%s\" does not name \"%s\"", outcome.text.c_str (), value.c_str ());
  fail_unless (published (base).empty (), "%s was published",
      published (base).empty () ? "" : published (base)[0].c_str ());
}

GST_START_TEST (test_bad_tensors)
{
  const fs::path base = work_dir / "outputs";
  const fs::path good = write_tensor ("good", 32000, 2, 1);
  const fs::path truncated = work_dir / "truncated.safetensors";
  const fs::path hostile = work_dir / "hostile.safetensors";
  const fs::path strange = work_dir / "strange.safetensors";
  const fs::path deep = work_dir / "deep.safetensors";

  fs::copy (good, truncated);
  fs::resize_file (truncated, fs::file_size (good) - 1000);
  write_file (hostile, header_of ("F32",
          "[2,9223372036854775807]", 16, 32000), std::string (16, 'x'));
  write_file (strange, header_of ("C64", "[2,100]", 1600, 32000),
      std::string (1600, '\0'));
  write_file (deep, header_of ("F32", "[2,2,2,100]", 3200, 32000),
      std::string (3200, '\0'));

  expect_failure (source_of (work_dir / "missing.safetensors"), sink_of (base),
      base, GST_RESOURCE_ERROR, {GST_RESOURCE_ERROR_NOT_FOUND},
      "missing.safetensors");
  expect_failure (source_of (truncated), sink_of (base), base,
      GST_STREAM_ERROR, {GST_STREAM_ERROR_DECODE, GST_STREAM_ERROR_FORMAT},
      "truncated.safetensors");
  expect_failure (source_of (hostile), sink_of (base), base,
      GST_STREAM_ERROR, {GST_STREAM_ERROR_DECODE, GST_STREAM_ERROR_FORMAT},
      "hostile.safetensors");
  expect_failure (source_of (strange), sink_of (base), base, GST_STREAM_ERROR,
      {GST_STREAM_ERROR_WRONG_TYPE, GST_STREAM_ERROR_FORMAT}, "C64");
  expect_failure (source_of (deep), sink_of (base), base, GST_STREAM_ERROR,
      {GST_STREAM_ERROR_WRONG_TYPE, GST_STREAM_ERROR_FORMAT}, "[2, 2, 2, 100]");
  expect_failure (source_of (write_tensor ("nan", 32000, 2, 1, .1, NAN)),
      sink_of (base), base, GST_STREAM_ERROR,
      {GST_STREAM_ERROR_DECODE, GST_STREAM_ERROR_FORMAT,
            GST_STREAM_ERROR_WRONG_TYPE}, "nan.safetensors");
}
GST_END_TEST;

GST_START_TEST (test_bad_places)
{
  const fs::path tensor = write_tensor ("track", 32000, 2, 1);
  const fs::path base = work_dir / "outputs";
  const fs::path file = work_dir / "a-file";

  for (const char *job_id : { "../escape", "a/b", "..", ".hidden" })
    expect_failure (source_of (tensor), sink_of (base,
            "job-id=" + std::string (job_id)), base, GST_RESOURCE_ERROR,
        {GST_RESOURCE_ERROR_SETTINGS}, job_id);
  fail_if (fs::exists (work_dir / "escape.wav"));

  std::ofstream (file) << "not a directory";
  expect_failure (source_of (tensor), sink_of (file), file,
      GST_RESOURCE_ERROR, {GST_RESOURCE_ERROR_OPEN_WRITE,
            GST_RESOURCE_ERROR_NOT_FOUND, GST_RESOURCE_ERROR_NOT_AUTHORIZED},
      file.string ());
  expect_failure (source_of (tensor), sink_of ("/proc/no-such-place"),
      "/proc/no-such-place", GST_RESOURCE_ERROR,
      {GST_RESOURCE_ERROR_OPEN_WRITE, GST_RESOURCE_ERROR_NOT_FOUND,
            GST_RESOURCE_ERROR_NOT_AUTHORIZED}, "/proc/no-such-place");
}
GST_END_TEST;

/* Publishing twice under one name is refused, and the first file stays. */
GST_START_TEST (test_name_taken)
{
  const fs::path base = work_dir / "outputs";
  const fs::path tensor = write_tensor ("track", 32000, 2, 1);

  fail_unless (run (source_of (tensor), sink_of (base, "job-id=a")).eos);
  const fs::path path = published (base).at (0);
  const auto time = fs::last_write_time (path);
  Outcome outcome = run (source_of (tensor), sink_of (base, "job-id=a"));
  fail_unless_equals_int (outcome.n_errors, 1);
  fail_unless_equals_int (published (base).size (), 1);
  fail_unless (fs::last_write_time (path) == time);
}
GST_END_TEST;

/* The environment sets defaults, a property set by hand wins, and a value
 * that cannot be read is an error. */
GST_START_TEST (test_environment)
{
  const fs::path base = work_dir / "from-environment";
  const fs::path tensor = write_tensor ("track", 32000, 2, 4);
  SF_INFO info;

  g_setenv ("AUDIO_OUTPUT_DIR", base.c_str (), TRUE);
  g_setenv ("AUDIO_TARGET_LUFS", "-20", TRUE);
  fail_unless (run (source_of (tensor), "datedsink").eos);
  fail_unless_equals_int (published (base).size (), 1);
  const double loudness = measure (published (base)[0], &info);
  fail_unless (std::fabs (loudness + 20) < .1, "%f LUFS", loudness);

  g_setenv ("AUDIO_NORMALIZE", "off", TRUE);
  Outcome off = run (source_of (tensor), sink_of (work_dir / "off"));
  fail_unless (off.eos, "%s", off.text.c_str ());
  fail_unless_equals_string (gst_structure_get_string (off.named
          ("r128normalize").at (0), "method"), "disabled");

  g_setenv ("AUDIO_NORMALIZE", "perhaps", TRUE);
  expect_failure (source_of (tensor), sink_of (work_dir / "bad"),
      work_dir / "bad", GST_RESOURCE_ERROR, {GST_RESOURCE_ERROR_SETTINGS},
      "perhaps");
}
GST_END_TEST;

static Suite *
mainjob_suite (void)
{
  Suite *s = suite_create ("mainjob");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_one_tensor);
  tcase_add_test (tc, test_many_tensors);
  tcase_add_test (tc, test_bad_tensors);
  tcase_add_test (tc, test_bad_places);
  tcase_add_test (tc, test_name_taken);
  tcase_add_test (tc, test_environment);
  return s;
}

GST_CHECK_MAIN (mainjob);
