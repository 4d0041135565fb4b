/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* torchtensorsrc in pipelines and harnesses: what it plays, what it says, what
 * it refuses. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/audio/audio.h>
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/genaudio/genaudio.h>

#include "writers.hpp"

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <glib/gstdio.h>
#include <unistd.h>

/* -- a folder of files, and what a run of the element gives */

static std::string folder;

static void
make_folder ()
{
  gchar *path = g_dir_make_tmp ("torchtensorsrc-XXXXXX", nullptr);

  fail_unless (path != nullptr);
  folder = path;
  g_free (path);
}

static void
remove_folder ()
{
  GDir *dir = g_dir_open (folder.c_str (), 0, nullptr);
  const gchar *name;

  while ((name = g_dir_read_name (dir)) != nullptr)
    g_remove ((folder + "/" + name).c_str ());
  g_dir_close (dir);
  g_rmdir (folder.c_str ());
}

static std::string
put (const std::string & name, const std::string & bytes)
{
  const std::string path = folder + "/" + name;

  writers::write_file (path, bytes);
  return path;
}

/* What came downstream of one item. */
struct Item
{
  std::string stream_id, job_id, caps;
  GstSegment segment;
  GstTagList *tags = nullptr;
  std::vector<float> samples;   /* F32 */
  std::vector<double> doubles;  /* F64 */
  std::vector<GstClockTime> times;
  guint64 frames = 0;
  bool aborted = false;
  std::string reason;
  GstStructure *result = nullptr;
};

/* A run from PAUSED to EOS or ERROR. */
struct Run
{
  std::vector<Item> items;
  std::vector<GstStructure *> messages; /* element messages */
  std::vector<std::string> warnings;
  GError *error = nullptr;
  int n_errors = 0;
  GstStructure *details = nullptr;
  bool eos = false;
  bool misplaced = false;       /* data or tags out of their order */
  bool is_double = false;

  Run () = default;
  Run (const Run &) = delete;
  ~Run ();
};

Run::~Run ()
{
  for (Item & item : items) {
    if (item.tags != nullptr)
      gst_tag_list_unref (item.tags);
    if (item.result != nullptr)
      gst_structure_free (item.result);
  }
  for (GstStructure *message : messages)
    gst_structure_free (message);
  g_clear_error (&error);
  if (details != nullptr)
    gst_structure_free (details);
}

static void
take_event (Run & run, GstEvent * event)
{
  const gchar *text, *reason;
  const GstStructure *result;

  if (GST_EVENT_TYPE (event) == GST_EVENT_STREAM_START) {
    gst_event_parse_stream_start (event, &text);
    run.items.emplace_back ();
    run.items.back ().stream_id = text;
    return;
  }
  if (run.items.empty ()) {
    run.misplaced = true;
    return;
  }
  Item & item = run.items.back ();
  if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS) {
    GstCaps *caps;
    gst_event_parse_caps (event, &caps);
    gchar *string = gst_caps_to_string (caps);
    item.caps = string;
    g_free (string);
    GstAudioInfo info;
    gst_audio_info_from_caps (&info, caps);
    run.is_double = GST_AUDIO_INFO_FORMAT (&info) == GST_AUDIO_FORMAT_F64;
  } else if (GST_EVENT_TYPE (event) == GST_EVENT_SEGMENT) {
    gst_event_copy_segment (event, &item.segment);
  } else if (GST_EVENT_TYPE (event) == GST_EVENT_TAG) {
    GstTagList *tags;
    gst_event_parse_tag (event, &tags);
    run.misplaced |= item.frames > 0 || item.tags != nullptr;
    item.tags = gst_tag_list_ref (tags);
    gchar *job_id = nullptr;
    gst_tag_list_get_string (tags, GST_GENAUDIO_TAG_JOB_ID, &job_id);
    item.job_id = job_id;
    g_free (job_id);
  } else if (gst_genaudio_event_parse_item_abort (event, &text, &reason)) {
    item.aborted = true;
    item.reason = reason;
    if (item.job_id.empty ())
      item.job_id = text;
  } else if (gst_genaudio_event_parse_item_result (event, &result)) {
    run.misplaced |= item.result != nullptr;
    item.result = gst_structure_copy (result);
  }
}

static void
take_buffer (Run & run, GstBuffer * buffer)
{
  GstMapInfo map;

  if (run.items.empty () || run.items.back ().tags == nullptr) {
    run.misplaced = true;
    return;
  }
  Item & item = run.items.back ();
  gst_buffer_map (buffer, &map, GST_MAP_READ);
  if (run.is_double) {
    const double *at = reinterpret_cast<const double *> (map.data);
    item.doubles.insert (item.doubles.end (), at, at + map.size / 8);
  } else {
    const float *at = reinterpret_cast<const float *> (map.data);
    item.samples.insert (item.samples.end (), at, at + map.size / 4);
  }
  gst_buffer_unmap (buffer, &map);
  item.times.push_back (GST_BUFFER_PTS (buffer));
  run.misplaced |= GST_BUFFER_OFFSET (buffer) != item.frames;
  item.frames = GST_BUFFER_OFFSET_END (buffer);
}

static GstPadProbeReturn
probe (GstPad *, GstPadProbeInfo * info, gpointer data)
{
  Run & run = *static_cast<Run *> (data);

  if (GST_IS_BUFFER (info->data))
    take_buffer (run, GST_PAD_PROBE_INFO_BUFFER (info));
  else
    take_event (run, GST_PAD_PROBE_INFO_EVENT (info));
  return GST_PAD_PROBE_OK;
}

static void
take_message (Run & run, GstMessage * message)
{
  GError *error = nullptr;

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ELEMENT:
      run.messages.push_back (gst_structure_copy (gst_message_get_structure
              (message)));
      break;
    case GST_MESSAGE_WARNING:
      gst_message_parse_warning (message, &error, nullptr);
      run.warnings.push_back (error->message);
      g_error_free (error);
      break;
    case GST_MESSAGE_ERROR:
      if (run.n_errors++ == 0) {
        const GstStructure *details = nullptr;
        gst_message_parse_error (message, &run.error, nullptr);
        gst_message_parse_error_details (message, &details);
        if (details != nullptr)
          run.details = gst_structure_copy (details);
      }
      break;
    case GST_MESSAGE_EOS:
      run.eos = true;
      break;
    default:
      break;
  }
}

/* "torchtensorsrc @settings ! fakesink" until it ends. */
static void
play (Run & run, const std::string & settings)
{
  GstElement *pipeline = gst_parse_launch (("torchtensorsrc name=src "
          + settings + " ! fakesink name=sink").c_str (), nullptr);
  fail_unless (pipeline != nullptr);
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GstPad *pad = gst_element_get_static_pad (sink, "sink");
  GstBus *bus = gst_element_get_bus (pipeline);

  gst_pad_add_probe (pad, static_cast<GstPadProbeType> (
          GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
      probe, &run, nullptr);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (!run.eos && run.error == nullptr) {
    GstMessage *message = gst_bus_timed_pop (bus, 20 * GST_SECOND);
    fail_unless (message != nullptr, "it neither ends nor fails");
    take_message (run, message);
    gst_message_unref (message);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  while (GstMessage *message = gst_bus_pop_filtered (bus, GST_MESSAGE_ANY)) {
    take_message (run, message);
    gst_message_unref (message);
  }
  gst_object_unref (bus);
  gst_object_unref (pad);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
}

static std::string
quoted (const std::string & path)
{
  return "location=\"" + path + "\" ";
}

/* (channels, frames): channel c, frame t is c + t/65536 as far as it goes */
static std::vector<float>
planar_ramp (unsigned channels, unsigned frames)
{
  std::vector<float> samples;

  for (unsigned c = 0; c < channels; c++) {
    for (unsigned t = 0; t < frames; t++)
      samples.push_back (0.1f * static_cast<float> (c)
          + static_cast<float> (t) / 65536.0f);
  }
  return samples;
}

static std::string
ramp_file (unsigned channels, unsigned frames, const char *metadata = "")
{
  return writers::safetensors ("audio", "F32", {channels, frames},
      writers::bytes_of (planar_ramp (channels, frames)), metadata);
}

static void
expect_ramp (const Item & item, unsigned channels, unsigned frames)
{
  const std::vector<float> planar = planar_ramp (channels, frames);

  fail_unless_equals_int (item.samples.size (), channels * frames);
  for (unsigned t = 0; t < frames; t++) {
    for (unsigned c = 0; c < channels; c++)
      fail_unless_equals_float (item.samples[t * channels + c],
          planar[c * frames + t]);
  }
}

static void
expect_error (const Run & run, GQuark domain, int code, const char *part)
{
  fail_unless (run.error != nullptr, "no error where \"%s\" was due", part);
  fail_unless_equals_int (run.n_errors, 1);
  fail_unless (g_error_matches (run.error, domain, code), "%s %d: %s",
      g_quark_to_string (run.error->domain), run.error->code,
      run.error->message);
  fail_unless (strstr (run.error->message, part) != nullptr, "%s",
      run.error->message);
}

/* -- what it plays */

GST_START_TEST (test_one_item)
{
  Run run;
  const std::string path = put ("track.safetensors", ramp_file (2, 20000,
          "{\"sample_rate\":\"44100\",\"prompt\":\"loud\",\"title\":\"Song\"}"));

  play (run, quoted (path));
  fail_unless (run.error == nullptr);
  fail_if (run.misplaced);
  fail_unless_equals_int (run.items.size (), 1);
  const Item & item = run.items[0];
  expect_ramp (item, 2, 20000);
  fail_unless_equals_string (item.job_id.c_str (), "track");
  fail_unless (item.caps.find ("rate=(int)44100") != std::string::npos);
  fail_unless_equals_uint64 (item.segment.start, 0);
  fail_unless_equals_uint64 (item.segment.base, 0);
  fail_unless_equals_uint64 (item.times[1],
      gst_util_uint64_scale (8192, GST_SECOND, 44100));

  gchar *title = nullptr, *text = nullptr;
  fail_unless (gst_tag_list_get_string (item.tags, GST_TAG_TITLE, &title));
  fail_unless_equals_string (title, "Song");
  fail_unless (gst_tag_list_get_string (item.tags, GST_GENAUDIO_TAG_METADATA,
          &text));
  GstStructure *metadata = gst_genaudio_metadata_parse (text);
  fail_unless_equals_string (gst_structure_get_string (metadata, "prompt"),
      "loud");
  fail_if (gst_structure_has_field (metadata, "sample_rate"));
  gst_structure_free (metadata);
  g_free (text);
  g_free (title);
}
GST_END_TEST;

GST_START_TEST (test_messages)
{
  Run run;
  const std::string path = put ("over.safetensors",
      writers::safetensors ("wav", "F32", {4},
          writers::bytes_of<float> ({0.5f, -1.5f, 1.0f, 2.0f})));

  play (run, quoted (path) + "rate=8000");
  fail_unless_equals_int (run.messages.size (), 2);
  GstGenAudioTensor *begin =
      gst_genaudio_tensor_from_structure (run.messages[0]);
  fail_unless_equals_string (begin->location, path.c_str ());
  fail_unless_equals_string (begin->tensor, "wav");
  fail_unless_equals_string (begin->dtype, "F32");
  fail_unless_equals_string (begin->shape, "[4]");
  fail_unless_equals_int (begin->rate, 8000);
  fail_unless_equals_string (begin->rate_source, "property");
  fail_unless_equals_int (begin->channels, 1);
  fail_unless_equals_uint64 (begin->frames, 4);
  fail_unless_equals_uint64 (begin->duration, 500 * GST_USECOND);
  fail_unless_equals_string (begin->job_id, "over");
  gst_genaudio_tensor_free (begin);
  fail_if (gst_structure_has_field (run.messages[0], "over-range"));

  GstGenAudioTensor *end =
      gst_genaudio_tensor_from_structure (run.messages[1]);
  fail_unless_equals_uint64 (end->over_range, 2);
  gst_genaudio_tensor_free (end);
  fail_unless (gst_structure_is_equal (run.items[0].result, run.messages[1]));
  /* they pass untouched */
  fail_unless_equals_float (run.items[0].samples[3], 2.0f);
}
GST_END_TEST;

GST_START_TEST (test_missing)
{
  Run none, missing;

  play (none, "");
  expect_error (none, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND,
      "No location");
  play (missing, quoted (folder + "/nothing.safetensors"));
  expect_error (missing, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND,
      "nothing.safetensors");
  fail_unless_equals_string (gst_structure_get_string (missing.details,
          "job-id"), "nothing");
}
GST_END_TEST;

static Suite *
torchtensorsrc_suite (void)
{
  Suite *s = suite_create ("torchtensorsrc");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, make_folder, remove_folder);
  tcase_add_test (tc, test_one_item);
  tcase_add_test (tc, test_messages);
  tcase_add_test (tc, test_missing);
  return s;
}

GST_CHECK_MAIN (torchtensorsrc);
