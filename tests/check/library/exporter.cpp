/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* GstGenAudioExporter: tensors and tensor files to audio files. */

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <thread>

#include "tensors.hpp"

#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>
#include <gst/genaudio/genaudio.h>

static std::string folder;

static void
setup (void)
{
  gchar *made = g_dir_make_tmp ("genaudio-exporter-XXXXXX", nullptr);
  folder = made;
  g_free (made);
}

static void
remove_tree (const std::string & path)
{
  if (GDir *dir = g_dir_open (path.c_str (), 0, nullptr)) {
    while (const gchar * name = g_dir_read_name (dir))
      remove_tree (path + "/" + name);
    g_dir_close (dir);
  }
  g_remove (path.c_str ());
}

static void
teardown (void)
{
  remove_tree (folder);
}

static guint
count_files (const std::string & path)
{
  guint n = 0;
  GDir *dir = g_dir_open (path.c_str (), 0, nullptr);

  while (dir != nullptr && g_dir_read_name (dir) != nullptr)
    n++;
  if (dir != nullptr)
    g_dir_close (dir);
  return n;
}

/* fail_unless_equals_string() keeps the pointer of a string that is gone */
static void
check_path (const gchar * path, const std::string & expected)
{
  fail_unless (path != nullptr && expected == path, "\"%s\" is not \"%s\"",
      path, expected.c_str ());
}

static GstGenAudioExporter *
new_exporter (void)
{
  GstGenAudioExporter *exporter = gst_genaudio_exporter_new ();
  g_object_set (exporter, "durable", FALSE, nullptr);
  return exporter;
}

static GstGenAudioResult *
export_to (GstGenAudioExporter * exporter, TestTensor & tensor,
    const std::string & path, GError ** error, gint rate = 32000)
{
  return gst_genaudio_exporter_export_dlpack (exporter, tensor.give (), FALSE,
      rate, path.c_str (), nullptr, error);
}

/* Analyses a file that was written, with all that there is. */
static GstGenAudioResult *
read_back (const std::string & path)
{
  GError *error = nullptr;
  GstGenAudioAnalyzer *analyzer = gst_genaudio_analyzer_new ();
  GstGenAudioResult *result = gst_genaudio_analyzer_analyze_file (analyzer,
      path.c_str (), nullptr, &error);
  fail_unless (result != nullptr, "%s", error != nullptr ? error->message : "");
  g_object_unref (analyzer);
  return result;
}

GST_START_TEST (test_dlpack)
{
  GError *error = nullptr;
  TestTensor tensor (make_music (32000, 8), {2, 8 * 32000});
  GstGenAudioExporter *exporter = new_exporter ();
  g_object_set (exporter, "key", TRUE, "beats", TRUE, nullptr);
  GstGenAudioResult *result =
      export_to (exporter, tensor, folder + "/new/take.wav", &error);

  fail_unless (result != nullptr, "%s", error != nullptr ? error->message : "");
  fail_unless_equals_int (result->status, GST_GENAUDIO_STATUS_PUBLISHED);
  check_path (result->path, folder + "/new/take.wav");
  fail_unless_equals_string (result->job_id, "take");
  fail_unless_equals_uint64 (result->bytes, result->fragment->bytes);
  fail_unless_equals_uint64 (result->frames, 8 * 32000);
  fail_unless_equals_int (result->rate, 32000);
  fail_unless_equals_int (result->channels, 2);
  fail_unless_equals_string (result->bit_depth, "PCM_16");
  fail_unless (std::fabs (result->loudness->output.integrated_loudness + 16)
      < 0.02);
  fail_unless (std::fabs (result->analysis->bpm - 120) < 1);
  fail_unless_equals_string (result->analysis->musical_key, "A minor");
  fail_unless (result->analysis->beats->len > 8);

  GstGenAudioResult *read = read_back (result->path);
  fail_unless (std::fabs (read->loudness->output.integrated_loudness + 16)
      < 0.05);
  fail_unless_equals_uint64 (read->frames, result->frames);
  fail_unless_equals_uint64 (read->bytes, result->bytes);

  gst_genaudio_result_free (read);
  gst_genaudio_result_free (result);
  g_object_unref (exporter);
  fail_unless_equals_int (tensor.deleted, 1);
  fail_unless_equals_int (count_files (folder + "/new"), 1);
}
GST_END_TEST;

template <typename T>
static void
check_levels (const std::vector<T> & samples, int code, double left,
    double right)
{
  GError *error = nullptr;
  TestTensor tensor (samples,
      {2, static_cast<int64_t> (samples.size () / 2)}, code);
  GstGenAudioExporter *exporter = new_exporter ();
  g_object_set (exporter, "normalize", FALSE, "bit-depth", "FLOAT", nullptr);
  GstGenAudioResult *result =
      export_to (exporter, tensor, folder + "/levels.wav", &error);
  fail_unless (result != nullptr, "%s", error != nullptr ? error->message : "");
  const GArray *peaks = result->analysis->channel_peak_amplitude;
  fail_unless (std::fabs (g_array_index (peaks, gdouble, 0) - left) < 1e-3);
  fail_unless (std::fabs (g_array_index (peaks, gdouble, 1) - right) < 1e-3);
  gst_genaudio_result_free (result);
  g_object_unref (exporter);
  fail_unless_equals_int (tensor.deleted, 1);
  g_remove ((folder + "/levels.wav").c_str ());
}

/* Every type is scaled to full scale, and channels are not mixed up. */
GST_START_TEST (test_types)
{
  const int n = 20000;
  auto fill = [n] (auto left, auto right) {
    std::vector<decltype (left)> samples (2 * n, left);
    std::fill (samples.begin () + n, samples.end (), right);
    return samples;
  };

  check_levels (fill (0.5f, 0.25f), GST_GENAUDIO_DL_FLOAT, 0.5, 0.25);
  check_levels (fill (0.5, 0.25), GST_GENAUDIO_DL_FLOAT, 0.5, 0.25);
  check_levels (fill (uint16_t (0x3800), uint16_t (0xb400)),
      GST_GENAUDIO_DL_FLOAT, 0.5, 0.25);
  check_levels (fill (uint16_t (0x3f00), uint16_t (0xbe80)),
      GST_GENAUDIO_DL_BFLOAT, 0.5, 0.25);
  check_levels (fill (int8_t (64), int8_t (-32)), GST_GENAUDIO_DL_INT, 0.5,
      0.25);
  check_levels (fill (uint8_t (192), uint8_t (96)), GST_GENAUDIO_DL_UINT, 0.5,
      0.25);
  check_levels (fill (int16_t (16384), int16_t (-8192)), GST_GENAUDIO_DL_INT,
      0.5, 0.25);
  check_levels (fill (int32_t (1 << 30), int32_t (-(1 << 29))),
      GST_GENAUDIO_DL_INT, 0.5, 0.25);
}
GST_END_TEST;

/* Views with strides, an offset, a dimension of one in front, interleaved
 * ones that are wrapped, and the versioned structure. */
GST_START_TEST (test_layouts)
{
  const int n = 20000;
  std::vector<float> samples (2 * n + 4);
  for (int i = 0; i < n; i++) {
    samples[4 + 2 * i] = 0.5f;
    samples[4 + 2 * i + 1] = 0.25f;
  }
  GError *error = nullptr;
  GstGenAudioExporter *exporter = new_exporter ();
  g_object_set (exporter, "normalize", FALSE, "bit-depth", "float",
      "if-exists", "replace", nullptr);

  for (const char *layout : {"transposed", "interleaved", "batch"}) {
    const bool last = strcmp (layout, "interleaved") == 0;
    const bool batch = strcmp (layout, "batch") == 0;
    std::vector<int64_t> dims = last ? std::vector<int64_t> {n, 2}
        : std::vector<int64_t> {2, n};
    std::vector<int64_t> strides = last ? std::vector<int64_t> {2, 1}
        : std::vector<int64_t> {1, 2};
    if (batch) {
      dims.insert (dims.begin (), 1);
      strides.insert (strides.begin (), 1);
    }
    TestTensor tensor (samples, dims);
    tensor.managed.dl_tensor.strides = strides.data ();
    tensor.managed.dl_tensor.byte_offset = 4 * sizeof (float);
    GstGenAudioResult *result =
        gst_genaudio_exporter_export_dlpack (exporter,
        tensor.give_versioned (), TRUE, 32000,
        (folder + "/layout.wav").c_str (), nullptr, &error);
    fail_unless (result != nullptr, "%s: %s", layout,
        error != nullptr ? error->message : "");
    const GArray *peaks = result->analysis->channel_peak_amplitude;
    fail_unless_equals_int (peaks->len, 2);
    fail_unless_equals_float (g_array_index (peaks, gdouble, 0), 0.5);
    fail_unless_equals_float (g_array_index (peaks, gdouble, 1), 0.25);
    fail_unless_equals_uint64 (result->frames, n);
    gst_genaudio_result_free (result);
    fail_unless_equals_int (tensor.deleted, 1);
  }
  g_object_unref (exporter);
}
GST_END_TEST;

/* What a program may have at hand: a view that runs backwards. */
GST_START_TEST (test_backwards)
{
  const int n = 20000;
  GError *error = nullptr;
  std::vector<float> samples (2 * n);
  for (int i = 0; i < n; i++) {
    samples[i] = i < n / 2 ? 0.125f : 0.5f;
    samples[n + i] = 0.25f;
  }
  TestTensor tensor (samples, {2, n / 2});
  const std::vector<int64_t> strides = {n, -1};
  tensor.managed.dl_tensor.strides = const_cast<int64_t *> (strides.data ());
  tensor.managed.dl_tensor.byte_offset = (n - 1) * sizeof (float);
  GstGenAudioExporter *exporter = new_exporter ();
  g_object_set (exporter, "normalize", FALSE, "bit-depth", "float", nullptr);
  GstGenAudioResult *result =
      export_to (exporter, tensor, folder + "/back.wav", &error);

  fail_unless (result != nullptr, "%s", error != nullptr ? error->message : "");
  fail_unless_equals_uint64 (result->frames, n / 2);
  const GArray *peaks = result->analysis->channel_peak_amplitude;
  fail_unless_equals_float (g_array_index (peaks, gdouble, 0), 0.5);
  fail_unless_equals_float (g_array_index (peaks, gdouble, 1), 0.25);
  fail_unless_equals_float (result->analysis->peak_amplitude, 0.5);
  fail_unless (std::fabs (result->analysis->rms_energy
          - std::sqrt ((0.25 + 0.0625) / 2)) < 1e-6);
  fail_unless_equals_string (result->tensor->dtype, "F32");
  fail_unless_equals_string (result->tensor->shape, "[2, 10000]");
  gst_genaudio_result_free (result);
  g_object_unref (exporter);
  fail_unless_equals_int (tensor.deleted, 1);
}
GST_END_TEST;

/* A job is not used up: its tensor is let go with the last reference. */
GST_START_TEST (test_job_twice)
{
  TestTensor tensor (make_music (32000, 1), {2, 32000});
  GstGenAudioExporter *exporter = new_exporter ();
  GstGenAudioAnalyzer *analyzer = gst_genaudio_analyzer_new ();
  GstGenAudioJob *job = gst_genaudio_job_new_dlpack (tensor.give_versioned (),
      TRUE, 32000);
  g_object_set (exporter, "if-exists", "replace", nullptr);
  gst_genaudio_job_set_path (job, (folder + "/twice.wav").c_str ());

  std::vector<std::thread> threads;
  std::atomic<int> good {0};
  for (int i = 0; i < 4; i++) {
    threads.emplace_back ([&, i] () {
      GstGenAudioResult *result = i < 2
          ? gst_genaudio_exporter_export (exporter, job, nullptr, nullptr)
          : gst_genaudio_analyzer_analyze (analyzer, job, nullptr, nullptr);
      /* of two writers of one name at once, one may be told so */
      good += result == nullptr ? i < 2 : result->frames == 32000;
      gst_genaudio_result_free (result);
    });
  }
  for (std::thread & thread : threads)
    thread.join ();
  fail_unless_equals_int (good, 4);
  fail_unless_equals_int (tensor.deleted, 0);
  GstGenAudioResult *result =
      gst_genaudio_exporter_export (exporter, job, nullptr, nullptr);
  fail_unless (result != nullptr);
  gst_genaudio_result_free (result);
  fail_unless_equals_int (tensor.deleted, 0);
  gst_genaudio_job_unref (job);
  fail_unless_equals_int (tensor.deleted, 1);
  g_object_unref (analyzer);
  g_object_unref (exporter);
}
GST_END_TEST;

/* A job that was never run lets its tensor go, too. */
GST_START_TEST (test_job_unused)
{
  TestTensor tensor (make_music (32000, 1), {2, 32000});

  gst_genaudio_job_unref (gst_genaudio_job_new_dlpack (tensor.give (), FALSE,
          32000));
  fail_unless_equals_int (tensor.deleted, 1);
}
GST_END_TEST;

static void
check_refused (TestTensor & tensor, const char *words, gint rate = 32000)
{
  GError *error = nullptr;
  GstGenAudioExporter *exporter = new_exporter ();

  fail_unless (export_to (exporter, tensor, folder + "/bad.wav", &error, rate)
      == nullptr);
  fail_unless (error != nullptr && strstr (error->message, words) != nullptr,
      "\"%s\" lacks \"%s\"", error->message, words);
  fail_unless (error->domain == GST_STREAM_ERROR
      || error->domain == GST_LIBRARY_ERROR);
  g_error_free (error);
  g_object_unref (exporter);
  fail_unless_equals_int (tensor.deleted, 1);
  fail_unless_equals_int (count_files (folder), 0);
}

GST_START_TEST (test_bad_tensors)
{
  const std::vector<float> samples (64, 0.1f);
  TestTensor flat (samples, {});
  check_refused (flat, "Invalid audio dimensions");
  TestTensor batch (samples, {2, 2, 16});
  check_refused (batch, "Invalid audio dimensions");
  TestTensor deep (samples, {1, 1, 2, 32});
  check_refused (deep, "Invalid audio dimensions");
  TestTensor ambiguous (samples, {4, 16});
  check_refused (ambiguous, "a batch of 4 mono items");
  TestTensor empty (std::vector<float> (), {2, 0});
  check_refused (empty, "Empty tensor");
  TestTensor many (std::vector<float> (400), {20, 20});
  check_refused (many, "Expected max 8 channels");
  TestTensor integers (std::vector<int64_t> (64), {64}, GST_GENAUDIO_DL_INT);
  check_refused (integers, "Unsupported tensor type");
  TestTensor gpu (samples, {64});
  gpu.managed.dl_tensor.device.device_type = GST_GENAUDIO_DL_CUDA;
  check_refused (gpu, "copy it to the host");
  TestTensor nothing (samples, {64});
  nothing.managed.dl_tensor.data = nullptr;
  check_refused (nothing, "no memory");
  for (float bad : {NAN, INFINITY, -INFINITY}) {
    std::vector<float> poisoned (samples);
    poisoned[63] = bad;
    TestTensor tensor (poisoned, {64});
    check_refused (tensor, "NaN or infinite");
  }
  /* however far into it, and whether a file has been begun or not */
  for (bool normalize : {true, false}) {
    GError *error = nullptr;
    std::vector<float> late (200000, 0.1f);
    late[199999] = NAN;
    TestTensor tensor (late, {200000});
    GstGenAudioExporter *exporter = new_exporter ();
    g_object_set (exporter, "normalize", gboolean (normalize), nullptr);
    fail_unless (export_to (exporter, tensor, folder + "/bad.wav", &error)
        == nullptr);
    fail_unless (g_error_matches (error, GST_STREAM_ERROR,
            GST_STREAM_ERROR_WRONG_TYPE), "%s", error->message);
    fail_unless (strstr (error->message, "Sample 199999") != nullptr, "%s",
        error->message);
    g_error_free (error);
    g_object_unref (exporter);
    fail_unless_equals_int (tensor.deleted, 1);
    fail_unless_equals_int (count_files (folder), 0);
  }
  TestTensor half (std::vector<uint16_t> (64, 0x7c00), {64});
  check_refused (half, "NaN or infinite");
  TestTensor rate (samples, {64});
  check_refused (rate, "Sample rate is 0", 0);
}
GST_END_TEST;

GST_START_TEST (test_bad_version)
{
  GError *error = nullptr;
  TestTensor tensor (std::vector<float> (64), {64});
  GstGenAudioExporter *exporter = new_exporter ();

  tensor.versioned.version_major = 2;
  fail_unless (gst_genaudio_exporter_export_dlpack (exporter,
          tensor.give_versioned (), TRUE, 32000,
          (folder + "/bad.wav").c_str (), nullptr, &error) == nullptr);
  fail_unless (strstr (error->message, "DLPack version 2") != nullptr);
  g_error_free (error);
  g_object_unref (exporter);
  fail_unless_equals_int (tensor.deleted, 1);
}
GST_END_TEST;

static void
check_setting_refused (const char *property, const char *value,
    const std::string & path, const char *words)
{
  GError *error = nullptr;
  TestTensor tensor (make_music (32000, 1), {2, 32000});
  GstGenAudioExporter *exporter = new_exporter ();

  if (property != nullptr)
    g_object_set (exporter, property, value, nullptr);
  fail_unless (export_to (exporter, tensor, path, &error) == nullptr);
  fail_unless (strstr (error->message, words) != nullptr,
      "\"%s\" lacks \"%s\"", error->message, words);
  g_error_free (error);
  g_object_unref (exporter);
  fail_unless_equals_int (tensor.deleted, 1);
  fail_unless_equals_int (count_files (folder), 0);
}

GST_START_TEST (test_bad_settings)
{
  const std::string path = folder + "/bad.wav";

  check_setting_refused ("bit-depth", "PCM_12", path,
      "Unsupported bit depth \"PCM_12\"");
  check_setting_refused ("if-exists", "maybe", path,
      "Unsupported if-exists \"maybe\"");
  check_setting_refused ("filter", "nosuchelement", path, "nosuchelement");
  check_setting_refused (nullptr, nullptr, folder + "/bad",
      "Cannot tell the format");
  check_setting_refused (nullptr, nullptr, folder + "/bad.xyz",
      "Cannot tell the format");
  check_setting_refused (nullptr, nullptr, "/proc/nowhere/bad.wav", "/proc");
}
GST_END_TEST;

/* Names the store would never make are still what the caller asked for. */
GST_START_TEST (test_odd_names)
{
  GError *error = nullptr;
  GstGenAudioExporter *exporter = new_exporter ();
  g_object_set (exporter, "if-exists", "replace", nullptr);

  for (const char *name : {".hidden.wav", "-dash.wav", "SHOUT.WAV",
          "curly{job}.wav", "e\xcc\x81.wav", "a.b.c.wav", "space .wav",
          "long.wave", "big.rf64"}) {
    TestTensor tensor (make_music (32000, 1), {2, 32000});
    const std::string path = folder + "/" + name;
    GstGenAudioResult *result = export_to (exporter, tensor, path, &error);
    fail_unless (result != nullptr, "%s: %s", name,
        error != nullptr ? error->message : "");
    fail_unless_equals_string (result->path, path.c_str ());
    fail_unless (g_file_test (path.c_str (), G_FILE_TEST_IS_REGULAR));
    gst_genaudio_result_free (result);
    g_remove (path.c_str ());
    fail_unless_equals_int (count_files (folder), 0);
  }
  g_object_unref (exporter);
}
GST_END_TEST;

/* What there is of such a name is not replaced without being asked for. */
GST_START_TEST (test_odd_names_that_exist)
{
  GError *error = nullptr;
  GstGenAudioExporter *exporter = new_exporter ();
  const std::string path = folder + "/TAKE.WAV";
  const auto once = [&] () {
    TestTensor tensor (make_music (32000, 1), {2, 32000});
    return export_to (exporter, tensor, path, &error);
  };

  fail_unless (g_file_set_contents (path.c_str (), "mine", 4, nullptr));
  fail_unless (once () == nullptr);
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_OPEN_WRITE), "%s", error->message);
  g_clear_error (&error);
  g_object_set (exporter, "if-exists", "suffix", nullptr);
  fail_unless (once () == nullptr);
  g_clear_error (&error);
  g_object_set (exporter, "if-exists", "skip", nullptr);
  GstGenAudioResult *result = once ();
  fail_unless (result != nullptr, "%s", error != nullptr ? error->message : "");
  fail_unless_equals_int (result->status, GST_GENAUDIO_STATUS_SKIPPED);
  check_path (result->path, path);
  gst_genaudio_result_free (result);
  gchar *text = nullptr;
  fail_unless (g_file_get_contents (path.c_str (), &text, nullptr, nullptr));
  fail_unless_equals_string (text, "mine");
  g_free (text);
  fail_unless_equals_int (count_files (folder), 1);
  g_object_unref (exporter);
}
GST_END_TEST;

GST_START_TEST (test_suffix)
{
  GError *error = nullptr;
  GstGenAudioExporter *exporter = new_exporter ();
  g_object_set (exporter, "if-exists", "suffix", nullptr);

  for (const char *name : {"take.wav", "take-1.wav"}) {
    TestTensor tensor (make_music (32000, 1), {2, 32000});
    GstGenAudioResult *result =
        export_to (exporter, tensor, folder + "/take.wav", &error);
    fail_unless (result != nullptr, "%s", error ? error->message : "");
    check_path (result->path, folder + "/" + name);
    gst_genaudio_result_free (result);
  }
  fail_unless_equals_int (count_files (folder), 2);
  g_object_unref (exporter);
}
GST_END_TEST;

GST_START_TEST (test_formats)
{
  const struct
  {
    const char *extension, *bit_depth;
  } cases[] = {
    {"flac", "PCM_16"}, {"ogg", "VORBIS"}, {"opus", "OPUS"},
    {"aiff", "PCM_16"},
  };
  GError *error = nullptr;
  GstGenAudioExporter *exporter = new_exporter ();

  for (const auto & c : cases) {
    TestTensor tensor (make_music (44100, 2), {2, 88200});
    const std::string path = folder + "/take." + c.extension;
    GstGenAudioResult *result =
        export_to (exporter, tensor, path, &error, 44100);
    fail_unless (result != nullptr, "%s: %s", c.extension,
        error != nullptr ? error->message : "");
    fail_unless_equals_string (result->path, path.c_str ());
    fail_unless_equals_string (result->bit_depth, c.bit_depth);
    GstGenAudioResult *read = read_back (path);
    fail_unless_equals_string (read->bit_depth, c.bit_depth);
    fail_unless_equals_string (read->format, c.extension);
    fail_unless (std::fabs (read->loudness->output.integrated_loudness
            - result->loudness->output.integrated_loudness) < 0.3);
    gst_genaudio_result_free (read);
    gst_genaudio_result_free (result);
  }
  g_object_unref (exporter);
}
GST_END_TEST;

GST_START_TEST (test_if_exists)
{
  GError *error = nullptr;
  const std::string path = folder + "/take.wav";
  GstGenAudioExporter *exporter = new_exporter ();
  const auto once = [&] (double seconds) {
    TestTensor tensor (make_music (32000, seconds),
        {2, static_cast<int64_t> (seconds * 32000)});
    GstGenAudioResult *result = export_to (exporter, tensor, path, &error);
    fail_unless_equals_int (tensor.deleted, 1);
    return result;
  };

  gst_genaudio_result_free (once (1));
  fail_unless (once (2) == nullptr && error != nullptr);
  g_clear_error (&error);
  g_object_set (exporter, "if-exists", "skip", nullptr);
  GstGenAudioResult *result = once (2);
  fail_unless (result != nullptr, "%s", error != nullptr ? error->message : "");
  fail_unless_equals_int (result->status, GST_GENAUDIO_STATUS_SKIPPED);
  gst_genaudio_result_free (result);
  g_object_set (exporter, "if-exists", "replace", nullptr);
  result = once (2);
  fail_unless_equals_int (result->status, GST_GENAUDIO_STATUS_PUBLISHED);
  gst_genaudio_result_free (result);
  result = read_back (path);
  fail_unless_equals_uint64 (result->frames, 64000);
  gst_genaudio_result_free (result);
  fail_unless_equals_int (count_files (folder), 1);
  g_object_unref (exporter);
}
GST_END_TEST;

/* By date, with a job id, metadata and a target of the item's own. */
GST_START_TEST (test_filed_job)
{
  GError *error = nullptr;
  TestTensor tensor (make_music (32000, 2), {2, 64000});
  GstGenAudioExporter *exporter = new_exporter ();
  g_object_set (exporter, "base-dir", folder.c_str (), "date", "2026-03-04",
      "sidecar", "json", nullptr);
  GstGenAudioJob *job =
      gst_genaudio_job_new_dlpack (tensor.give (), FALSE, 32000);
  GstStructure *metadata = gst_structure_new ("metadata", "prompt",
      G_TYPE_STRING, "rain", nullptr);
  gst_genaudio_job_set_job_id (job, "gen_1");
  gst_genaudio_job_set_metadata (job, metadata);
  gst_genaudio_job_set_loudness_target (job, -23);
  gst_structure_free (metadata);
  GstGenAudioResult *result =
      gst_genaudio_exporter_export (exporter, job, nullptr, &error);
  gst_genaudio_job_unref (job);

  fail_unless (result != nullptr, "%s", error != nullptr ? error->message : "");
  check_path (result->path, folder + "/2026/03/04/gen_1.wav");
  fail_unless_equals_string (result->job_id, "gen_1");
  fail_unless (std::fabs (result->loudness->output.integrated_loudness + 23)
      < 0.02);
  gchar *text = nullptr;
  fail_unless (g_file_get_contents ((std::string (result->path)
              + ".json").c_str (), &text, nullptr, nullptr));
  GstGenAudioResult *sidecar = gst_genaudio_result_from_json (text, &error);
  fail_unless (sidecar != nullptr, "%s", error != nullptr ? error->message : "");
  fail_unless_equals_string (sidecar->job_id, "gen_1");
  fail_unless_equals_string (gst_structure_get_string (sidecar->metadata,
          "prompt"), "rain");
  fail_unless_equals_float (sidecar->loudness->gain, result->loudness->gain);
  gst_genaudio_result_free (sidecar);
  g_free (text);
  gst_genaudio_result_free (result);

  /* the next item has the exporter's own target again */
  TestTensor next (make_music (32000, 2), {2, 64000});
  result = export_to (exporter, next, folder + "/next.wav", &error);
  fail_unless (std::fabs (result->loudness->output.integrated_loudness + 16)
      < 0.02);
  gst_genaudio_result_free (result);
  g_object_unref (exporter);
}
GST_END_TEST;

struct Seen
{
  guint done = 0;
  guint failed = 0;
  guint messages = 0;
  gdouble fraction = 0;
};

static void
on_item_done (GstGenAudioExporter *, guint index, GstGenAudioResult * result,
    Seen * seen)
{
  fail_unless_equals_int (index, seen->done);
  seen->done++;
  seen->failed += result->status == GST_GENAUDIO_STATUS_FAILED;
}

static void
on_message (GstGenAudioExporter *, GstMessage * message, Seen * seen)
{
  fail_if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_STATE_CHANGED);
  seen->messages++;
}

static void
on_progress (GstGenAudioExporter *, guint, guint n, gdouble fraction,
    Seen * seen)
{
  fail_unless_equals_int (n, 5);
  fail_unless (fraction >= 0 && fraction <= 1);
  seen->fraction = fraction;
}

/* One bad item fails alone, and the order stays. */
GST_START_TEST (test_batch)
{
  std::vector<std::unique_ptr<TestTensor>> tensors;
  GPtrArray *jobs = g_ptr_array_new_with_free_func (
      (GDestroyNotify) gst_genaudio_job_unref);
  for (int i = 0; i < 5; i++) {
    const int frames = 32000 + i * 100;
    std::vector<float> samples (make_music (32000, frames / 32000.0));
    if (i == 2)
      samples[5] = NAN;
    tensors.push_back (std::make_unique<TestTensor> (samples,
        std::vector<int64_t> {2, frames}));
    GstGenAudioJob *job =
        gst_genaudio_job_new_dlpack (tensors.back ()->give (), FALSE, 32000);
    const std::string path =
        i == 3 ? "/proc/nowhere/3.wav" : folder + "/" + std::to_string (i) + ".wav";
    gst_genaudio_job_set_path (job, path.c_str ());
    g_ptr_array_add (jobs, job);
  }
  Seen seen;
  GstGenAudioExporter *exporter = new_exporter ();
  g_signal_connect (exporter, "item-done", G_CALLBACK (on_item_done), &seen);
  g_signal_connect (exporter, "message", G_CALLBACK (on_message), &seen);
  g_signal_connect (exporter, "progress", G_CALLBACK (on_progress), &seen);
  GPtrArray *results =
      gst_genaudio_exporter_export_batch (exporter, jobs, nullptr, nullptr);

  fail_unless_equals_int (results->len, 5);
  for (guint i = 0; i < 5; i++) {
    auto *result = (GstGenAudioResult *) g_ptr_array_index (results, i);
    if (i == 2 || i == 3) {
      fail_unless_equals_int (result->status, GST_GENAUDIO_STATUS_FAILED);
      fail_unless (result->error != nullptr);
      continue;
    }
    fail_unless_equals_int (result->status, GST_GENAUDIO_STATUS_PUBLISHED);
    fail_unless_equals_uint64 (result->frames, 32000 + i * 100);
    check_path (result->job_id, std::to_string (i));
  }
  fail_unless_equals_int (seen.done, 5);
  fail_unless_equals_int (seen.failed, 2);
  fail_unless (seen.messages > 5);
  fail_unless_equals_float (seen.fraction, 1);
  fail_unless_equals_int (count_files (folder), 3);

  g_ptr_array_unref (results);
  g_ptr_array_unref (jobs);
  g_object_unref (exporter);
  for (const auto & tensor : tensors)
    fail_unless_equals_int (tensor->deleted, 1);
}
GST_END_TEST;

static void
collect_fraction (GstGenAudioExporter *, guint, guint, gdouble fraction,
    std::vector<double> * fractions)
{
  fractions->push_back (fraction);
}

/* How far a tensor in memory has come is known while it plays. */
GST_START_TEST (test_progress)
{
  GError *error = nullptr;
  std::vector<double> fractions;
  TestTensor tensor (std::vector<float> (163840, 0.1f), {163840});
  GstGenAudioExporter *exporter = new_exporter ();
  g_object_set (exporter, "normalize", FALSE, "filter",
      "identity sleep-time=60000", nullptr);
  g_signal_connect (exporter, "progress", G_CALLBACK (collect_fraction),
      &fractions);
  GstGenAudioResult *result =
      export_to (exporter, tensor, folder + "/slow.wav", &error);

  fail_unless (result != nullptr, "%s", error != nullptr ? error->message : "");
  fail_unless (fractions.size () > 2);
  fail_unless (std::is_sorted (fractions.begin (), fractions.end ()));
  const double middle = fractions[fractions.size () / 2];
  fail_unless (middle > 0 && middle < 1, "%f", middle);
  fail_unless_equals_float (fractions.back (), 1);
  gst_genaudio_result_free (result);
  g_object_unref (exporter);
}
GST_END_TEST;

static std::string
write_safetensors (const std::string & name, const std::vector<float> & samples,
    const char *shape)
{
  const std::string path = folder + "/" + name;
  std::string header = std::string ("{\"audio\":{\"dtype\":\"F32\",\"shape\":")
      + shape + ",\"data_offsets\":[0," + std::to_string (samples.size () * 4)
      + "]}}";
  header.resize ((header.size () + 7) / 8 * 8, ' ');
  const uint64_t size = header.size ();
  std::string bytes (reinterpret_cast<const char *> (&size), 8);
  bytes += header;
  bytes.append (reinterpret_cast<const char *> (samples.data ()),
      samples.size () * 4);
  fail_unless (g_file_set_contents (path.c_str (), bytes.data (),
          bytes.size (), nullptr));
  return path;
}

GST_START_TEST (test_file)
{
  GError *error = nullptr;
  const std::string source =
      write_safetensors ("tune.safetensors", make_music (32000, 2), "[2,64000]");
  GstGenAudioExporter *exporter = new_exporter ();
  GstGenAudioResult *result = gst_genaudio_exporter_export_file (exporter,
      source.c_str (), (folder + "/out/other.flac").c_str (), nullptr, &error);

  fail_unless (result != nullptr, "%s", error != nullptr ? error->message : "");
  fail_unless_equals_string (result->location, source.c_str ());
  check_path (result->path, folder + "/out/other.flac");
  fail_unless_equals_string (result->tensor->dtype, "F32");
  fail_unless_equals_uint64 (result->frames, 64000);
  gst_genaudio_result_free (result);

  fail_unless (gst_genaudio_exporter_export_file (exporter,
          (folder + "/missing.safetensors").c_str (), nullptr, nullptr, &error)
      == nullptr);
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_NOT_FOUND), "%s", error->message);
  g_clear_error (&error);
  g_object_unref (exporter);
}
GST_END_TEST;

/* What a job says of its item goes with what its file says. */
GST_START_TEST (test_metadata)
{
  GError *error = nullptr;
  const std::string source = folder + "/song.safetensors";
  std::string header = "{\"__metadata__\":{\"prompt\":\"rain\",\"seed\":\"7\"},"
      "\"audio\":{\"dtype\":\"F32\",\"shape\":[32000],"
      "\"data_offsets\":[0,128000]}}";
  header.resize ((header.size () + 7) / 8 * 8, ' ');
  const uint64_t size = header.size ();
  const std::string bytes = std::string (
      reinterpret_cast<const char *> (&size), 8) + header
      + std::string (128000, '\0');
  fail_unless (g_file_set_contents (source.c_str (), bytes.data (),
          static_cast<gssize> (bytes.size ()), nullptr));
  TestTensor tensor (make_music (32000, 1), {2, 32000});
  GstStructure *metadata = gst_structure_new ("metadata", "prompt",
      G_TYPE_STRING, "snow", "title", G_TYPE_STRING, "Winter", nullptr);
  GstGenAudioExporter *exporter = new_exporter ();
  g_object_set (exporter, "sidecar", "json", nullptr);

  for (bool file : {true, false, true}) {
    const std::string path = folder + "/out.wav";
    GstGenAudioJob *job = file ? gst_genaudio_job_new_file (source.c_str ())
        : gst_genaudio_job_new_dlpack (tensor.give (), FALSE, 32000);
    gst_genaudio_job_set_path (job, path.c_str ());
    gst_genaudio_job_set_metadata (job, metadata);
    GstGenAudioResult *result =
        gst_genaudio_exporter_export (exporter, job, nullptr, &error);
    gst_genaudio_job_unref (job);
    fail_unless (result != nullptr, "%s", error ? error->message : "");
    gst_genaudio_result_free (result);

    gchar *text = nullptr;
    fail_unless (g_file_get_contents ((path + ".json").c_str (), &text,
            nullptr, nullptr));
    result = gst_genaudio_result_from_json (text, &error);
    fail_unless (result != nullptr && result->metadata != nullptr, "%s", text);
    fail_unless_equals_string (gst_structure_get_string (result->metadata,
            "prompt"), "snow");
    fail_unless_equals_string (gst_structure_get_string (result->metadata,
            "title"), "Winter");
    fail_unless_equals_string (gst_structure_get_string (result->metadata,
            "seed"), file ? "7" : nullptr);
    gst_genaudio_result_free (result);
    g_free (text);
    g_remove (path.c_str ());
    g_remove ((path + ".json").c_str ());
  }
  gst_structure_free (metadata);
  g_object_unref (exporter);
}
GST_END_TEST;

/* A file with three entries gives three results, filed by themselves. */
GST_START_TEST (test_file_of_several)
{
  GError *error = nullptr;
  const std::string source = write_safetensors ("speech.safetensors",
      make_music (32000, 1.5), "[3,1,32000]");
  GstGenAudioExporter *exporter = new_exporter ();
  GPtrArray *jobs = g_ptr_array_new_with_free_func (
      (GDestroyNotify) gst_genaudio_job_unref);
  g_object_set (exporter, "base-dir", (folder + "/out").c_str (), "date",
      "2026-03-04", nullptr);
  g_ptr_array_add (jobs, gst_genaudio_job_new_file (source.c_str ()));
  GPtrArray *results =
      gst_genaudio_exporter_export_batch (exporter, jobs, nullptr, &error);

  fail_unless_equals_int (results->len, 3);
  for (guint i = 0; i < 3; i++) {
    auto *result = (GstGenAudioResult *) g_ptr_array_index (results, i);
    const std::string job_id = "speech-00" + std::to_string (i);
    fail_unless_equals_int (result->status, GST_GENAUDIO_STATUS_PUBLISHED);
    fail_unless_equals_string (result->job_id, job_id.c_str ());
    check_path (result->path, folder + "/out/2026/03/04/" + job_id + ".wav");
    fail_unless_equals_uint64 (result->frames, 32000);
    fail_unless (result->tensor != nullptr && result->loudness != nullptr
        && result->analysis != nullptr && result->fragment != nullptr);
  }
  g_ptr_array_unref (results);

  fail_unless (gst_genaudio_exporter_export_file (exporter, source.c_str (),
          (folder + "/one.wav").c_str (), nullptr, &error) == nullptr);
  fail_unless (strstr (error->message, "several items") != nullptr, "%s",
      error->message);
  g_clear_error (&error);
  fail_if (g_file_test ((folder + "/one.wav").c_str (), G_FILE_TEST_EXISTS));
  /* also where nothing holds the first of them back */
  g_object_set (exporter, "normalize", FALSE, nullptr);
  fail_unless (gst_genaudio_exporter_export_file (exporter, source.c_str (),
          (folder + "/two/one.wav").c_str (), nullptr, &error) == nullptr);
  g_error_free (error);
  fail_unless_equals_int (count_files (folder + "/two"), 0);
  g_ptr_array_unref (jobs);
  g_object_unref (exporter);
}
GST_END_TEST;

GST_START_TEST (test_cancelled)
{
  GError *error = nullptr;
  TestTensor tensor (make_music (32000, 2), {2, 64000});
  GstGenAudioExporter *exporter = new_exporter ();
  GCancellable *cancellable = g_cancellable_new ();

  g_cancellable_cancel (cancellable);
  fail_unless (gst_genaudio_exporter_export_dlpack (exporter, tensor.give (),
          FALSE, 32000, (folder + "/never.wav").c_str (), cancellable, &error)
      == nullptr);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  g_error_free (error);
  g_object_unref (cancellable);
  g_object_unref (exporter);
  fail_unless_equals_int (tensor.deleted, 1);
  fail_unless_equals_int (count_files (folder), 0);
}
GST_END_TEST;

/* identity blocks for ever; nothing stays behind. */
GST_START_TEST (test_cancelled_in_the_middle)
{
  GError *error = nullptr;
  TestTensor tensor (make_music (32000, 2), {2, 64000});
  GstGenAudioExporter *exporter = new_exporter ();
  GCancellable *cancellable = g_cancellable_new ();
  g_object_set (exporter, "normalize", FALSE, "filter",
      "identity sleep-time=100000", nullptr);
  std::thread canceller ([cancellable] () {
    g_usleep (250000);
    g_cancellable_cancel (cancellable);
  });

  fail_unless (gst_genaudio_exporter_export_dlpack (exporter, tensor.give (),
          FALSE, 32000, (folder + "/never.wav").c_str (), cancellable, &error)
      == nullptr);
  canceller.join ();
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  g_error_free (error);
  g_object_unref (cancellable);
  g_object_unref (exporter);
  fail_unless_equals_int (tensor.deleted, 1);
  fail_unless_equals_int (count_files (folder), 0);
}
GST_END_TEST;

static void
on_finished (GObject * source, GAsyncResult * async, gpointer data)
{
  auto **results = static_cast<GPtrArray **> (data);
  *results = gst_genaudio_exporter_export_batch_finish (
      GST_GENAUDIO_EXPORTER (source), async, nullptr);
}

GST_START_TEST (test_async)
{
  TestTensor tensor (make_music (32000, 1), {2, 32000});
  GstGenAudioExporter *exporter = new_exporter ();
  GPtrArray *jobs = g_ptr_array_new_with_free_func (
      (GDestroyNotify) gst_genaudio_job_unref);
  GstGenAudioJob *job =
      gst_genaudio_job_new_dlpack (tensor.give (), FALSE, 32000);
  gst_genaudio_job_set_path (job, (folder + "/async.wav").c_str ());
  g_ptr_array_add (jobs, job);
  GPtrArray *results = nullptr;
  gst_genaudio_exporter_export_batch_async (exporter, jobs, nullptr,
      on_finished, &results);
  while (results == nullptr)
    g_main_context_iteration (nullptr, TRUE);

  auto *result = (GstGenAudioResult *) g_ptr_array_index (results, 0);
  fail_unless_equals_int (result->status, GST_GENAUDIO_STATUS_PUBLISHED);
  g_ptr_array_unref (results);
  g_ptr_array_unref (jobs);
  g_object_unref (exporter);
  /* the task's thread lets go last */
  for (int i = 0; i < 5000 && tensor.deleted == 0; i++) {
    g_main_context_iteration (nullptr, FALSE);
    g_usleep (1000);
  }
  fail_unless_equals_int (tensor.deleted, 1);
}
GST_END_TEST;

/* Any number of threads, one exporter. */
GST_START_TEST (test_threads)
{
  GstGenAudioExporter *exporter = new_exporter ();
  std::vector<std::thread> threads;
  std::atomic<int> good {0};

  for (int i = 0; i < 4; i++) {
    threads.emplace_back ([&, i] () {
      for (int k = 0; k < 5; k++) {
        TestTensor tensor (make_music (32000, 1), {2, 32000});
        const std::string path = folder + "/" + std::to_string (i) + "-"
            + std::to_string (k) + ".wav";
        GstGenAudioResult *result =
            export_to (exporter, tensor, path, nullptr);
        good += result != nullptr && tensor.deleted == 1;
        gst_genaudio_result_free (result);
      }
    });
  }
  for (std::thread & thread : threads)
    thread.join ();
  fail_unless_equals_int (good, 20);
  fail_unless_equals_int (count_files (folder), 20);
  g_object_unref (exporter);
}
GST_END_TEST;

GST_START_TEST (test_resampled_and_filtered)
{
  GError *error = nullptr;
  TestTensor tensor (make_music (32000, 2), {2, 64000});
  GstGenAudioExporter *exporter = new_exporter ();
  g_object_set (exporter, "output-rate", 44100, "filter",
      "audioconvert ! capsfilter caps=audio/x-raw,channels=1", nullptr);
  GstGenAudioResult *result =
      export_to (exporter, tensor, folder + "/mono.wav", &error);

  fail_unless (result != nullptr, "%s", error != nullptr ? error->message : "");
  fail_unless_equals_int (result->rate, 44100);
  fail_unless_equals_int (result->channels, 1);
  fail_unless (std::fabs (result->loudness->output.integrated_loudness + 16)
      < 0.02);
  gst_genaudio_result_free (result);
  g_object_unref (exporter);
}
GST_END_TEST;

/* Rates that nobody can measure at are written all the same. */
GST_START_TEST (test_rates)
{
  GError *error = nullptr;
  GstGenAudioExporter *exporter = new_exporter ();

  for (gint rate : {1, 100, 8000, 192000, 384000}) {
    TestTensor tensor (make_music (8000, 1), {2, 8000});
    const std::string path = folder + "/" + std::to_string (rate) + ".wav";
    GstGenAudioResult *result =
        export_to (exporter, tensor, path, &error, rate);
    fail_unless (result != nullptr, "%d Hz: %s", rate,
        error != nullptr ? error->message : "");
    fail_unless_equals_uint64 (result->frames, 8000);
    fail_unless_equals_int (result->rate, rate);
    gst_genaudio_result_free (result);
  }
  g_object_unref (exporter);
}
GST_END_TEST;

GST_START_TEST (test_info)
{
  GstGenAudioExporter *exporter = new_exporter ();
  g_object_set (exporter, "loudness-target", -14.0, nullptr);
  GstStructure *info = gst_genaudio_exporter_get_info (exporter);
  gdouble target = 0;
  gboolean available = FALSE;

  fail_unless (gst_structure_get (info, "loudness-target", G_TYPE_DOUBLE,
          &target, "normalization-available", G_TYPE_BOOLEAN, &available,
          nullptr));
  fail_unless_equals_float (target, -14);
  fail_unless (available);
  gst_structure_free (info);
  g_object_unref (exporter);
}
GST_END_TEST;

/* docs/library.md names every property there is. */
GST_START_TEST (test_docs)
{
  gchar *text = nullptr;
  gchar *path = g_build_filename (g_getenv ("GENAUDIO_DOCS_DIR"), "library.md",
      nullptr);
  fail_unless (g_file_get_contents (path, &text, nullptr, nullptr));
  for (GType type : {GST_TYPE_GENAUDIO_EXPORTER, GST_TYPE_GENAUDIO_ANALYZER}) {
    guint n = 0;
    auto *klass = static_cast<GObjectClass *> (g_type_class_ref (type));
    GParamSpec **specs = g_object_class_list_properties (klass, &n);
    for (guint i = 0; i < n; i++) {
      const std::string name = std::string ("`") + specs[i]->name + "`";
      fail_unless (strstr (text, name.c_str ()) != nullptr, "%s is missing",
          name.c_str ());
    }
    g_free (specs);
    g_type_class_unref (klass);
  }
  g_free (text);
  g_free (path);
}
GST_END_TEST;

static Suite *
exporter_suite (void)
{
  Suite *s = suite_create ("exporter");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_dlpack);
  tcase_add_test (tc, test_types);
  tcase_add_test (tc, test_layouts);
  tcase_add_test (tc, test_backwards);
  tcase_add_test (tc, test_job_twice);
  tcase_add_test (tc, test_job_unused);
  tcase_add_test (tc, test_bad_tensors);
  tcase_add_test (tc, test_bad_version);
  tcase_add_test (tc, test_bad_settings);
  tcase_add_test (tc, test_odd_names);
  tcase_add_test (tc, test_odd_names_that_exist);
  tcase_add_test (tc, test_suffix);
  tcase_add_test (tc, test_formats);
  tcase_add_test (tc, test_if_exists);
  tcase_add_test (tc, test_filed_job);
  tcase_add_test (tc, test_batch);
  tcase_add_test (tc, test_progress);
  tcase_add_test (tc, test_file);
  tcase_add_test (tc, test_metadata);
  tcase_add_test (tc, test_file_of_several);
  tcase_add_test (tc, test_cancelled);
  tcase_add_test (tc, test_cancelled_in_the_middle);
  tcase_add_test (tc, test_async);
  tcase_add_test (tc, test_threads);
  tcase_add_test (tc, test_resampled_and_filtered);
  tcase_add_test (tc, test_rates);
  tcase_add_test (tc, test_info);
  tcase_add_test (tc, test_docs);
  return s;
}

GST_CHECK_MAIN (exporter);
