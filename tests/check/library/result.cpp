/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* An item's result: collected from the elements' reports, and to JSON and
 * back. */

#include <gst/check/gstcheck.h>
#include <gst/genaudio/genaudio.h>

#include <cmath>
#include <cstring>

static GstStructure *
loudness_structure (void)
{
  GstGenAudioLoudnessReport *report = gst_genaudio_loudness_report_new ();
  report->job_id = g_strdup ("take");
  report->method = g_strdup ("loudness");
  report->loudness_target = -16;
  report->gain = 4.25;
  report->input.integrated_loudness = -20.25;
  report->input.max_true_peak = -9.5;
  report->output.integrated_loudness = -16;
  report->output.loudness_range = 3.5;
  report->output.max_true_peak = -5.25;
  report->output.max_momentary_loudness = -12.5;
  report->output.max_shortterm_loudness = -14.5;
  report->frames = 32000;
  report->duration = GST_SECOND;
  GstStructure *s = gst_genaudio_loudness_report_to_structure (report);
  gst_genaudio_loudness_report_free (report);
  return s;
}

static GstStructure *
analysis_structure (gboolean final)
{
  const guint64 beats[] = { 0, GST_SECOND / 2 };
  GstGenAudioAnalysis *analysis = gst_genaudio_analysis_new ();
  analysis->job_id = g_strdup ("take");
  analysis->final = final;
  analysis->bpm = 120;
  analysis->bpm_confidence = 0.75;
  analysis->beats = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_array_append_vals (analysis->beats, beats, 2);
  analysis->musical_key = g_strdup ("A minor");
  analysis->tuning = 440.5;
  analysis->peak_amplitude = 0.5;
  analysis->rms_energy = 0.125;
  analysis->dynamic_range = 12;
  analysis->frames = 32000;
  analysis->duration = GST_SECOND;
  analysis->rate = 32000;
  analysis->channels = 2;
  GstStructure *s = gst_genaudio_analysis_to_structure (analysis);
  gst_genaudio_analysis_free (analysis);
  return s;
}

static GstStructure *
closed_structure (const gchar * format, const gchar * bit_depth)
{
  GstGenAudioFragment *fragment = gst_genaudio_fragment_new ();
  fragment->location = g_strdup ("/out/2026/11/22/take.wav");
  fragment->job_id = g_strdup ("take");
  fragment->start = g_strdup ("2026-11-22T20:00:00+00:00");
  fragment->frames = 32000;
  fragment->bytes = 128044;
  fragment->duration = GST_SECOND;
  fragment->rate = 32000;
  fragment->channels = 2;
  fragment->format = g_strdup (format);
  fragment->bit_depth = g_strdup (bit_depth);
  fragment->complete = TRUE;
  GstStructure *s = gst_genaudio_fragment_to_structure (fragment,
      GST_GENAUDIO_MESSAGE_FRAGMENT_CLOSED);
  gst_genaudio_fragment_free (fragment);
  return s;
}

static void
add (GstGenAudioResult * result, GstStructure * structure)
{
  fail_unless (gst_genaudio_result_add_structure (result, structure));
  gst_structure_free (structure);
}

static GstGenAudioResult *
full_result (void)
{
  GstGenAudioResult *result = gst_genaudio_result_new ();
  GstGenAudioTensor *tensor = gst_genaudio_tensor_new ();

  tensor->location = g_strdup ("/in/take.safetensors");
  tensor->job_id = g_strdup ("take");
  tensor->rate = 32000;
  tensor->channels = 2;
  add (result, gst_genaudio_tensor_to_structure (tensor));
  gst_genaudio_tensor_free (tensor);
  add (result, loudness_structure ());
  add (result, analysis_structure (TRUE));
  add (result, closed_structure ("wav", "pcm-16"));
  GstStructure *metadata = gst_structure_new ("metadata", "prompt",
      G_TYPE_STRING, "a \"happy\" tune\n", nullptr);
  gst_genaudio_result_set_metadata (result, metadata);
  gst_structure_free (metadata);
  return result;
}

static void
check_full (const GstGenAudioResult * result)
{
  fail_unless_equals_int (result->status, GST_GENAUDIO_STATUS_PUBLISHED);
  fail_unless (result->error == nullptr);
  fail_unless_equals_string (result->job_id, "take");
  fail_unless_equals_string (result->path, "/out/2026/11/22/take.wav");
  fail_unless_equals_string (result->location, "/in/take.safetensors");
  fail_unless_equals_string (result->start, "2026-11-22T20:00:00+00:00");
  fail_unless_equals_string (result->format, "wav");
  fail_unless_equals_string (result->bit_depth, "PCM_16");
  fail_unless_equals_uint64 (result->bytes, 128044);
  fail_unless_equals_uint64 (result->frames, 32000);
  fail_unless_equals_uint64 (result->duration, GST_SECOND);
  fail_unless_equals_int (result->rate, 32000);
  fail_unless_equals_int (result->channels, 2);
  fail_unless_equals_float (result->loudness->gain, 4.25);
  fail_unless_equals_float (result->loudness->output.max_true_peak, -5.25);
  fail_unless_equals_string (result->loudness->method, "loudness");
  fail_unless_equals_float (result->analysis->bpm, 120);
  fail_unless (std::isnan (result->analysis->bpm_alternative));
  fail_unless_equals_string (result->analysis->musical_key, "A minor");
  fail_unless_equals_int (result->analysis->beats->len, 2);
  fail_unless_equals_uint64 (g_array_index (result->analysis->beats, guint64,
          1), GST_SECOND / 2);
  fail_unless_equals_string (gst_structure_get_string (result->metadata,
          "prompt"), "a \"happy\" tune\n");
}

GST_START_TEST (test_collect)
{
  GstGenAudioResult *result = full_result ();
  GstGenAudioResult *copy = gst_genaudio_result_copy (result);

  check_full (result);
  gst_genaudio_result_free (result);
  check_full (copy);
  gst_genaudio_result_free (copy);
}
GST_END_TEST;

GST_START_TEST (test_foreign_structures)
{
  GstGenAudioResult *result = gst_genaudio_result_new ();
  GstStructure *foreign = gst_structure_new_empty ("level");
  GstStructure *update = analysis_structure (FALSE);

  fail_if (gst_genaudio_result_add_structure (result, foreign));
  fail_if (gst_genaudio_result_add_structure (result, update));
  fail_unless (result->analysis == nullptr);
  gst_structure_free (foreign);
  gst_structure_free (update);
  gst_genaudio_result_free (result);
}
GST_END_TEST;

GST_START_TEST (test_bit_depths)
{
  const struct
  {
    const char *format, *bit_depth, *name;
  } cases[] = {
    {"wav", "pcm-24", "PCM_24"}, {"rf64", "float", "FLOAT"},
    {"ogg", "pcm-16", "VORBIS"}, {"opus", nullptr, "OPUS"},
    {"mp3", "pcm-16", "MPEG_LAYER_III"},
  };

  for (const auto & c : cases) {
    GstGenAudioResult *result = gst_genaudio_result_new ();
    add (result, closed_structure (c.format, c.bit_depth));
    fail_unless_equals_string (result->bit_depth, c.name);
    gst_genaudio_result_free (result);
  }
}
GST_END_TEST;

/* The first error is the cause; what is published after it does not count. */
GST_START_TEST (test_failure)
{
  GstGenAudioResult *result = gst_genaudio_result_new ();
  GError *error = g_error_new_literal (GST_RESOURCE_ERROR,
      GST_RESOURCE_ERROR_NO_SPACE_LEFT, "disk full");
  GstMessage *message = gst_message_new_error (nullptr, error, "details");

  fail_unless (gst_genaudio_result_add_message (result, message));
  gst_message_unref (message);
  g_error_free (error);
  error = g_error_new_literal (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
      "Internal data stream error.");
  gst_genaudio_result_fail (result, error);
  g_error_free (error);
  add (result, closed_structure ("wav", "pcm-16"));

  fail_unless_equals_int (result->status, GST_GENAUDIO_STATUS_FAILED);
  fail_unless (g_error_matches (result->error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_NO_SPACE_LEFT));
  gchar *json = gst_genaudio_result_to_json (result);
  fail_unless (strstr (json, "\"status\":\"failed\"") != nullptr);
  fail_unless (strstr (json, "\"error\":\"disk full\"") != nullptr);
  g_free (json);

  message = gst_message_new_eos (nullptr);
  fail_if (gst_genaudio_result_add_message (result, message));
  gst_message_unref (message);
  gst_genaudio_result_free (result);
}
GST_END_TEST;

GST_START_TEST (test_json_round_trip)
{
  GstGenAudioResult *result = full_result ();
  GError *error = nullptr;
  gchar *json = gst_genaudio_result_to_json (result);

  fail_unless (strchr (json, '\n') == nullptr);
  fail_unless (g_str_has_prefix (json, "{\"job_id\":\"take\","));
  fail_unless (strstr (json, "\"schema\":1}") != nullptr);
  GstGenAudioResult *read = gst_genaudio_result_from_json (json, &error);
  fail_unless (read != nullptr && error == nullptr);
  check_full (read);
  gchar *again = gst_genaudio_result_to_json (read);
  fail_unless_equals_string (json, again);

  g_free (again);
  g_free (json);
  gst_genaudio_result_free (read);
  gst_genaudio_result_free (result);
}
GST_END_TEST;

/* Every key is there, and what is not known is null. */
GST_START_TEST (test_json_of_nothing)
{
  GstGenAudioResult *result = gst_genaudio_result_new ();
  gchar *json = gst_genaudio_result_to_json (result);

  fail_unless_equals_string (json,
      "{\"job_id\":null,\"path\":null,\"location\":null,\"start\":null,"
      "\"duration_seconds\":null,\"sample_rate\":null,\"channels\":null,"
      "\"frames\":null,\"file_size_bytes\":null,\"format\":null,"
      "\"bit_depth\":null,\"bpm\":null,\"bpm_alternative\":null,"
      "\"bpm_confidence\":null,\"beats\":null,\"key\":null,"
      "\"key_alternative\":null,\"key_confidence\":null,\"tuning_hz\":null,"
      "\"peak_amplitude\":null,\"rms_energy\":null,\"dynamic_range_db\":null,"
      "\"integrated_loudness_lufs\":null,\"loudness_range_lu\":null,"
      "\"true_peak_dbtp\":null,\"max_momentary_lufs\":null,"
      "\"max_shortterm_lufs\":null,\"input_integrated_loudness_lufs\":null,"
      "\"input_true_peak_dbtp\":null,\"gain_db\":null,\"method\":null,"
      "\"target_lufs\":null,\"metadata\":null,\"status\":null,"
      "\"error\":null,\"schema\":1}");
  GstGenAudioResult *read = gst_genaudio_result_from_json (json, nullptr);
  fail_unless (read->loudness == nullptr && read->analysis == nullptr);
  fail_if (GST_CLOCK_TIME_IS_VALID (read->duration));

  gst_genaudio_result_free (read);
  g_free (json);
  gst_genaudio_result_free (result);
}
GST_END_TEST;

GST_START_TEST (test_json_is_json)
{
  GstGenAudioResult *result = full_result ();

  result->analysis->bpm = INFINITY;
  result->loudness->output.integrated_loudness = -INFINITY;
  g_free (result->path);
  result->path = g_strdup ("/out/\xff.wav");
  gchar *json = gst_genaudio_result_to_json (result);
  fail_unless (strstr (json, "\"bpm\":null") != nullptr);
  fail_unless (strstr (json, "\"integrated_loudness_lufs\":null") != nullptr);
  fail_unless (g_utf8_validate (json, -1, nullptr));
  g_free (json);
  gst_genaudio_result_free (result);
}
GST_END_TEST;

GST_START_TEST (test_json_unreadable)
{
  const char *const texts[] = {
    "", "null", "[]", "{", "{\"bpm\":\"fast\"}", "{\"path\":1}",
    "{\"channels\":-1}", "{\"channels\":4294967296}", "{\"frames\":1.5}",
    "{\"beats\":3}", "{\"beats\":[\"a\"]}", "{\"duration_seconds\":-1}",
    "{\"duration_seconds\":1e300}", "{\"metadata\":[]}",
    "{\"metadata\":{\"seed\":1}}", "{\"status\":\"done\"}", "{\"schema\":2}",
  };

  for (const char *text : texts) {
    GError *error = nullptr;
    fail_unless (gst_genaudio_result_from_json (text, &error) == nullptr,
        "%s was read", text);
    fail_unless (error != nullptr);
    g_error_free (error);
  }
  GstGenAudioResult *result =
      gst_genaudio_result_from_json ("{\"bpm\":120,\"unknown\":[]}", nullptr);
  fail_unless_equals_float (result->analysis->bpm, 120);
  gst_genaudio_result_free (result);
}
GST_END_TEST;

static Suite *
result_suite (void)
{
  Suite *s = suite_create ("result");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_collect);
  tcase_add_test (tc, test_foreign_structures);
  tcase_add_test (tc, test_bit_depths);
  tcase_add_test (tc, test_failure);
  tcase_add_test (tc, test_json_round_trip);
  tcase_add_test (tc, test_json_of_nothing);
  tcase_add_test (tc, test_json_is_json);
  tcase_add_test (tc, test_json_unreadable);
  return s;
}

GST_CHECK_MAIN (result);
