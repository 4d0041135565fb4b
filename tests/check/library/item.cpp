/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Items: events, job ids, tags. */

#include <gst/check/gstcheck.h>
#include <gst/genaudio/genaudio.h>

#include <cstring>
#include <string>

GST_START_TEST (test_result_event)
{
  GstStructure *sent = gst_structure_new ("bpmanalyzer", "bpm", G_TYPE_DOUBLE,
      120.0, nullptr);
  GstEvent *event = gst_genaudio_event_new_item_result (sent);
  const GstStructure *received = nullptr;

  fail_unless (GST_EVENT_IS_SERIALIZED (event));
  fail_unless (GST_EVENT_IS_DOWNSTREAM (event));
  fail_if (GST_EVENT_IS_STICKY (event));
  fail_unless (gst_genaudio_event_parse_item_result (event, &received));
  fail_unless (gst_structure_is_equal (sent, received));
  fail_if (gst_genaudio_event_parse_item_abort (event, nullptr, nullptr));
  gst_event_unref (event);
  gst_structure_free (sent);
}
GST_END_TEST;

GST_START_TEST (test_abort_event)
{
  GstEvent *event = gst_genaudio_event_new_item_abort ("job", "disk on fire");
  const gchar *job_id = nullptr, *reason = nullptr;

  fail_unless (GST_EVENT_IS_SERIALIZED (event));
  fail_if (GST_EVENT_IS_STICKY (event));
  fail_unless (gst_genaudio_event_parse_item_abort (event, &job_id, &reason));
  fail_unless_equals_string (job_id, "job");
  fail_unless_equals_string (reason, "disk on fire");
  fail_if (gst_genaudio_event_parse_item_result (event, nullptr));
  gst_event_unref (event);

  event = gst_genaudio_event_new_item_abort (nullptr, "unknown");
  fail_unless (gst_genaudio_event_parse_item_abort (event, &job_id, nullptr));
  fail_unless (job_id == nullptr);
  gst_event_unref (event);

  event = gst_event_new_eos ();
  fail_if (gst_genaudio_event_parse_item_abort (event, nullptr, nullptr));
  gst_event_unref (event);
}
GST_END_TEST;

GST_START_TEST (test_job_ids)
{
  const std::string longest (200, 'x');
  const char *const good[] = { "gen_abc123", "a", "Grüße 7", "a.b.c", "音楽",
    "CONsole", "x+y=z,(1)", longest.c_str () };
  const std::string too_long (201, 'x');
  const char *const bad[] = { "", ".", "..", ".hidden", "-rf", "a/b", "a\\b",
    "../../etc/passwd", "a\nb", "a\x7f", "end.", "end ", "\xff\xfe", "nul",
    "COM1.txt", "\xc2\x85next-line", too_long.c_str () };

  for (const char *job_id : good) {
    GError *error = nullptr;
    fail_unless (gst_genaudio_job_id_validate (job_id, &error), "%s", job_id);
    fail_unless (error == nullptr);
  }
  for (const char *job_id : bad) {
    GError *error = nullptr;
    fail_if (gst_genaudio_job_id_validate (job_id, &error), "%s", job_id);
    fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
            GST_RESOURCE_ERROR_SETTINGS));
    g_error_free (error);
  }
}
GST_END_TEST;

GST_START_TEST (test_generated_job_ids)
{
  gchar *last = gst_genaudio_job_id_generate ();

  for (int i = 0; i < 20; i++) {
    g_usleep (2000);
    gchar *next = gst_genaudio_job_id_generate ();
    fail_unless (gst_genaudio_job_id_validate (next, nullptr));
    fail_unless (strcmp (last, next) < 0, "%s >= %s", last, next);
    g_free (last);
    last = next;
  }
  g_free (last);
}
GST_END_TEST;

GST_START_TEST (test_identity)
{
  gst_genaudio_init ();
  GstGenAudioItem item = { };
  GstStructure *metadata = gst_structure_new ("metadata",
      "prompt", G_TYPE_STRING, "a \"loud\" song; with, commas", nullptr);
  gchar *text = gst_genaudio_metadata_serialize (metadata);
  GstEvent *start = gst_event_new_stream_start ("abc/def/take7");
  GstEvent *tag = gst_event_new_tag (gst_tag_list_new (
      GST_GENAUDIO_TAG_JOB_ID, "gen_1", GST_GENAUDIO_TAG_METADATA, text,
      nullptr));

  fail_unless (gst_genaudio_item_get_job_id (&item) == nullptr);
  gst_genaudio_item_handle_event (&item, start);
  fail_unless_equals_string (gst_genaudio_item_get_job_id (&item), "take7");
  gst_genaudio_item_handle_event (&item, tag);
  fail_unless_equals_string (gst_genaudio_item_get_job_id (&item), "gen_1");
  fail_unless_equals_string (gst_structure_get_string (item.metadata,
          "prompt"), "a \"loud\" song; with, commas");
  /* the next item knows nothing of the last */
  gst_genaudio_item_handle_event (&item, start);
  fail_unless_equals_string (gst_genaudio_item_get_job_id (&item), "take7");
  fail_unless (item.metadata == nullptr);

  gst_genaudio_item_clear (&item);
  gst_event_unref (start);
  gst_event_unref (tag);
  gst_structure_free (metadata);
  g_free (text);
}
GST_END_TEST;

/* Keys and values are whatever stood in a file. */
GST_START_TEST (test_metadata_round_trip)
{
  const char *const texts[] = { "prompt", "two words", "Künstler", "音楽",
    "a=b", "a,b;c", "(string)x", "1+1", "+2B", "+", "", "100%", "\"quoted\"",
    "back\\slash", "line\nbreak\ttab", "NULL", "[1,2]", "{x}", "<y>", "12",
    "true", " ", "$", "\x01", "a.b-c_d/e:f", "😀" };
  GstStructure *metadata = gst_structure_new_empty ("metadata");

  for (const char *key : texts) {
    for (const char *value : texts) {
      gst_structure_set (metadata, key, G_TYPE_STRING, value, nullptr);
      gchar *text = gst_genaudio_metadata_serialize (metadata);
      GstStructure *parsed = gst_genaudio_metadata_parse (text);
      fail_unless (parsed != nullptr, "\"%s\": \"%s\"", key, value);
      fail_unless (gst_structure_is_equal (metadata, parsed), "%s", text);
      gst_structure_free (parsed);
      g_free (text);
    }
  }
  gst_structure_free (metadata);
  fail_unless (gst_genaudio_metadata_parse ("no, structure=(") == nullptr);
  /* an escape that makes no text is mended */
  metadata = gst_genaudio_metadata_parse ("metadata, +FF=(string)x, +00=(string)y;");
  fail_unless (metadata != nullptr);
  fail_unless (g_utf8_validate (gst_structure_nth_field_name (metadata, 0), -1,
          nullptr));
  fail_unless_equals_string (gst_structure_get_string (metadata, "+00"), "y");
  gst_structure_free (metadata);
}
GST_END_TEST;

GST_START_TEST (test_tags_registered)
{
  gst_genaudio_init ();
  gst_genaudio_init ();
  fail_unless (gst_tag_exists (GST_GENAUDIO_TAG_JOB_ID));
  fail_unless (gst_tag_exists ("musical-key"));
  fail_unless (gst_tag_get_type (GST_GENAUDIO_TAG_R128_TRACK_GAIN)
      == G_TYPE_DOUBLE);
  fail_unless (gst_genaudio_tag_describes_loudness (GST_TAG_TRACK_GAIN));
  fail_unless (gst_genaudio_tag_describes_loudness
      (GST_GENAUDIO_TAG_TRUE_PEAK));
  fail_if (gst_genaudio_tag_describes_loudness (GST_TAG_TITLE));
  fail_if (gst_genaudio_tag_describes_loudness (GST_GENAUDIO_TAG_JOB_ID));
}
GST_END_TEST;

static Suite *
item_suite (void)
{
  Suite *s = suite_create ("item");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_tags_registered);
  tcase_add_test (tc, test_result_event);
  tcase_add_test (tc, test_abort_event);
  tcase_add_test (tc, test_job_ids);
  tcase_add_test (tc, test_generated_job_ids);
  tcase_add_test (tc, test_identity);
  tcase_add_test (tc, test_metadata_round_trip);
  return s;
}

GST_CHECK_MAIN (item);
