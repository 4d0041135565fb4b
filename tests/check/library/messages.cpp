/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Message structures: what is built is what is parsed, and what does not
 * exist is absent. */

#include <gst/check/gstcheck.h>
#include <gst/genaudio/genaudio.h>

#include <cmath>
#include <initializer_list>

GST_START_TEST (test_absent_values)
{
  GstGenAudioLoudnessReport *report = gst_genaudio_loudness_report_new ();
  report->method = g_strdup ("silent");
  report->limited_by = g_strdup ("max-gain");
  report->input.integrated_loudness = -INFINITY;
  GstStructure *s = gst_genaudio_loudness_report_to_structure (report);

  fail_unless (gst_structure_has_name (s, "r128normalize"));
  fail_unless_equals_string (gst_structure_get_string (s, "method"), "silent");
  fail_if (gst_structure_has_field (s, "input-integrated-loudness"));
  fail_if (gst_structure_has_field (s, "gain"));
  fail_if (gst_structure_has_field (s, "duration"));
  fail_if (gst_structure_has_field (s, "job-id"));
  fail_unless (gst_structure_has_field_typed (s, "frames", G_TYPE_UINT64));

  gst_genaudio_loudness_report_free (report);
  report = gst_genaudio_loudness_report_from_structure (s);
  fail_unless_equals_string (report->limited_by, "max-gain");
  fail_unless (std::isnan (report->gain));
  fail_unless (std::isnan (report->output.max_true_peak));
  fail_if (GST_CLOCK_TIME_IS_VALID (report->duration));
  gst_genaudio_loudness_report_free (report);
  gst_structure_free (s);
}
GST_END_TEST;

GST_START_TEST (test_level_fields)
{
  GstGenAudioLevel *level = gst_genaudio_level_new ();
  const gdouble peaks[] = { 0.5, 0.25 };

  level->timestamp = level->running_time = level->stream_time = GST_SECOND;
  level->momentary_loudness = -INFINITY;
  level->shortterm_loudness = -23.5;
  level->true_peak = g_array_new (FALSE, FALSE, sizeof (gdouble));
  g_array_append_vals (level->true_peak, peaks, 2);
  GstStructure *s = gst_genaudio_level_to_structure (level);

  fail_unless (gst_structure_has_name (s, "ebur128-level"));
  fail_unless (gst_structure_has_field_typed (s, "timestamp", G_TYPE_UINT64));
  fail_unless (gst_structure_has_field_typed (s, "true-peak", GST_TYPE_ARRAY));
  gdouble momentary = 0;
  fail_unless (gst_structure_get_double (s, "momentary-loudness", &momentary));
  fail_unless (momentary == -INFINITY);
  const GValue *array = gst_structure_get_value (s, "true-peak");
  fail_unless_equals_int (gst_value_array_get_size (array), 2);
  fail_unless_equals_float (g_value_get_double (gst_value_array_get_value
          (array, 1)), 0.25);

  gst_genaudio_level_free (level);
  gst_structure_free (s);
}
GST_END_TEST;

GST_START_TEST (test_analysis_round_trip)
{
  GstGenAudioAnalysis *analysis = gst_genaudio_analysis_new ();
  const guint64 beats[] = { 1, 2, 3 };

  analysis->job_id = g_strdup ("gen_1");
  analysis->final = TRUE;
  analysis->bpm = 127.5;
  analysis->musical_key = g_strdup ("F# minor");
  analysis->beats = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_array_append_vals (analysis->beats, beats, 3);
  analysis->channels = 2;
  analysis->frames = G_MAXUINT64 / 2;
  analysis->duration = 16 * GST_SECOND;

  GstStructure *s = gst_genaudio_analysis_to_structure (analysis);
  GstGenAudioAnalysis *boxed = static_cast<GstGenAudioAnalysis *> (
      g_boxed_copy (GST_TYPE_GENAUDIO_ANALYSIS, analysis));
  gst_genaudio_analysis_free (analysis);
  GstGenAudioAnalysis *parsed = gst_genaudio_analysis_from_structure (s);
  gst_structure_free (s);

  for (const GstGenAudioAnalysis *a : { boxed, parsed }) {
    fail_unless_equals_string (a->job_id, "gen_1");
    fail_unless (a->final);
    fail_unless_equals_float (a->bpm, 127.5);
    fail_unless (std::isnan (a->bpm_alternative));
    fail_unless_equals_string (a->musical_key, "F# minor");
    fail_unless_equals_int (a->beats->len, 3);
    fail_unless_equals_uint64 (g_array_index (a->beats, guint64, 2), 3);
    fail_unless_equals_int (a->channels, 2);
    fail_unless_equals_uint64 (a->frames, G_MAXUINT64 / 2);
    fail_unless_equals_uint64 (a->duration, 16 * GST_SECOND);
    fail_unless (a->dc_offset == nullptr);
  }
  g_boxed_free (GST_TYPE_GENAUDIO_ANALYSIS, boxed);
  gst_genaudio_analysis_free (parsed);
}
GST_END_TEST;

GST_START_TEST (test_wrong_types)
{
  GstStructure *s = gst_structure_new ("torchtensorsrc",
      "rate", G_TYPE_STRING, "many", "location", G_TYPE_INT, 7,
      "frames", G_TYPE_DOUBLE, 1.0, nullptr);
  GstGenAudioTensor *tensor = gst_genaudio_tensor_from_structure (s);

  fail_unless_equals_int (tensor->rate, 0);
  fail_unless (tensor->location == nullptr);
  fail_unless_equals_uint64 (tensor->frames, 0);
  gst_genaudio_tensor_free (tensor);
  gst_structure_free (s);
}
GST_END_TEST;

GST_START_TEST (test_fragment_names)
{
  GstGenAudioFragment *fragment = gst_genaudio_fragment_new ();
  fragment->location = g_strdup ("/tmp/a.wav");
  fragment->complete = TRUE;

  GstStructure *s = gst_genaudio_fragment_to_structure (fragment,
      GST_GENAUDIO_MESSAGE_FRAGMENT_OPENED);
  fail_if (gst_structure_has_field (s, "complete"));
  fail_unless (gst_structure_has_field_typed (s, "fragment-id", G_TYPE_UINT));
  gst_structure_free (s);

  s = gst_genaudio_fragment_to_structure (fragment,
      GST_GENAUDIO_MESSAGE_FRAGMENT_CLOSED);
  fail_unless (gst_structure_has_name (s, "datedsink-fragment-closed"));
  fail_unless (gst_structure_has_field_typed (s, "complete", G_TYPE_BOOLEAN));

  GstMessage *message = gst_message_new_element (nullptr, s);
  fail_unless (gst_genaudio_message_has_name (message,
          GST_GENAUDIO_MESSAGE_FRAGMENT_CLOSED));
  fail_if (gst_genaudio_message_has_name (message,
          GST_GENAUDIO_MESSAGE_TENSOR));
  gst_message_unref (message);
  gst_genaudio_fragment_free (fragment);
}
GST_END_TEST;

static Suite *
messages_suite (void)
{
  Suite *s = suite_create ("messages");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_absent_values);
  tcase_add_test (tc, test_level_fields);
  tcase_add_test (tc, test_analysis_round_trip);
  tcase_add_test (tc, test_wrong_types);
  tcase_add_test (tc, test_fragment_names);
  return s;
}

GST_CHECK_MAIN (messages);
