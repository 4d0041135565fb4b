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
  /* an error must stay the only one; NULL would empty the bus */
  if (run.error != nullptr)
    g_usleep (20000);
  gst_element_set_state (pipeline, GST_STATE_READY);
  while (GstMessage *message = gst_bus_pop_filtered (bus, GST_MESSAGE_ANY)) {
    take_message (run, message);
    gst_message_unref (message);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
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
  Run missing;

  play (missing, quoted (folder + "/nothing.safetensors"));
  expect_error (missing, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND,
      "nothing.safetensors");
  fail_unless_equals_string (gst_structure_get_string (missing.details,
          "job-id"), "nothing");
}
GST_END_TEST;

/* -- items */

static void
expect_items (const Run & run, const std::vector<std::string> & job_ids)
{
  GstClockTime base = 0;

  fail_unless (run.error == nullptr, "%s",
      run.error != nullptr ? run.error->message : "");
  fail_unless (run.eos);
  fail_if (run.misplaced);
  fail_unless_equals_int (run.items.size (), job_ids.size ());
  for (std::size_t i = 0; i < job_ids.size (); i++) {
    const Item & item = run.items[i];
    fail_unless_equals_string (item.job_id.c_str (), job_ids[i].c_str ());
    fail_if (item.aborted);
    fail_unless (item.result != nullptr);
    fail_unless_equals_uint64 (item.segment.start, 0);
    fail_unless_equals_uint64 (item.segment.time, 0);
    fail_unless_equals_uint64 (item.segment.stop, GST_CLOCK_TIME_NONE);
    fail_unless_equals_uint64 (item.segment.base, base);
    GstClockTime duration = 0;
    gst_structure_get_uint64 (item.result, "duration", &duration);
    base += duration;
    for (std::size_t j = 0; j < i; j++)
      fail_if (run.items[j].stream_id == item.stream_id);
  }
}

/* three tensors of different rates and channel counts */
GST_START_TEST (test_folder)
{
  Run run;

  put ("take10.safetensors", ramp_file (6, 100, "{\"sr\":\"48000\"}"));
  put ("take2.safetensors", ramp_file (2, 9000, "{\"sr\":\"44100\"}"));
  put ("take1.pt", writers::torch_save (writers::tuple ({writers::tensor (
                  "FloatStorage", "0", 3, 0, {3}, {1}), writers::number (8000)}),
          writers::bytes_of<float> ({0.0f, 0.5f, 0.25f})));
  put (".hidden.safetensors", "junk");
  put ("notes.txt", "junk");
  play (run, quoted (folder) + "layout=channels-first");
  expect_items (run, {"take1", "take2", "take10"});
  fail_unless_equals_int (run.items[0].samples.size (), 3);
  expect_ramp (run.items[1], 2, 9000);
  expect_ramp (run.items[2], 6, 100);
  fail_unless (run.items[2].caps.find ("channel-mask=(bitmask)0x000000000000003f")
      != std::string::npos, "%s", run.items[2].caps.c_str ());
  fail_unless_equals_int (run.messages.size (), 6);
}
GST_END_TEST;

GST_START_TEST (test_pattern)
{
  Run run, brackets, none;

  put ("b2.safetensors", ramp_file (1, 10));
  put ("b1.bin", ramp_file (1, 10));
  put ("a[1].safetensors", ramp_file (1, 10));
  play (run, quoted (folder + "/*") + "rate=8000");
  expect_items (run, {"a[1]", "b1", "b2"});
  play (brackets, quoted (folder + "/a[1]*") + "rate=8000");
  expect_items (brackets, {"a[1]"});
  play (none, quoted (folder + "/c*") + "rate=8000");
  expect_error (none, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND, "c*");
}
GST_END_TEST;

GST_START_TEST (test_batches)
{
  const std::vector<float> samples = {0, 0.25f, 0, 0.5f, 0.75f, 0};
  const std::string path = put ("b.safetensors", writers::safetensors ("x",
          "F32", {2, 1, 3}, writers::bytes_of (samples)));
  Run all, one, named, single, beyond;

  play (all, quoted (path) + "rate=8000");
  expect_items (all, {"b-000", "b-001"});
  fail_unless_equals_float (all.items[1].samples[1], 0.75f);
  play (one, quoted (path) + "rate=8000 batch-index=1");
  expect_items (one, {"b-001"});
  fail_unless_equals_float (one.items[0].samples[0], 0.5f);
  play (named, quoted (path) + "rate=8000 job-id=gen");
  expect_items (named, {"gen-000", "gen-001"});
  play (single, quoted (path) + "rate=8000 job-id=gen batch-index=0");
  expect_items (single, {"gen"});
  play (beyond, quoted (path) + "rate=8000 batch-index=2");
  expect_error (beyond, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "batch-index=2");
}
GST_END_TEST;

GST_START_TEST (test_job_ids)
{
  Run several, stem, latin;
  const std::string one = put ("a.safetensors", ramp_file (1, 10));

  put ("b.safetensors", ramp_file (1, 10));
  play (several, quoted (folder) + "job-id=gen");
  expect_error (several, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "job-id=\"gen\"");
  play (stem, quoted (put ("-rf.safetensors", ramp_file (1, 10))));
  expect_error (stem, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "begins with a dash");
  play (latin, quoted (one) + "job-id=../../etc/passwd");
  expect_error (latin, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "etc");
}
GST_END_TEST;

/* a name that is not UTF-8 */
GST_START_TEST (test_foreign_name)
{
  Run run;

  put ("\xff.safetensors", ramp_file (1, 10));
  play (run, quoted (folder) + "on-error=skip rate=8000");
  fail_unless_equals_int (run.items.size (), 1);
  fail_unless (run.items[0].aborted);
  fail_unless_equals_int (run.warnings.size (), 1);
  fail_unless (g_utf8_validate (run.warnings[0].c_str (), -1, nullptr));
}
GST_END_TEST;

GST_START_TEST (test_metadata_keys)
{
  Run run;
  gchar *text = nullptr;

  play (run, quoted (put ("m.safetensors", ramp_file (1, 10,
              "{\"sr\":\"8000\",\"two words\":\"a\",\"schlüssel\":\"ü\","
              "\"artist\":\"Me\",\"comment\":\"\",\"n\":\"a\\u0000b\"}"))));
  expect_items (run, {"m"});
  fail_unless (gst_tag_list_get_string (run.items[0].tags,
          GST_GENAUDIO_TAG_METADATA, &text));
  GstStructure *metadata = gst_genaudio_metadata_parse (text);
  fail_unless_equals_string (gst_structure_get_string (metadata, "two words"),
      "a");
  fail_unless_equals_string (gst_structure_get_string (metadata, "schlüssel"),
      "ü");
  fail_unless_equals_string (gst_structure_get_string (metadata, "comment"),
      "");
  fail_unless_equals_string (gst_structure_get_string (metadata, "n"),
      "a\xef\xbf\xbd" "b");
  gst_structure_free (metadata);
  g_free (text);
  fail_unless (gst_tag_list_get_string (run.items[0].tags, GST_TAG_ARTIST,
          &text));
  fail_unless_equals_string (text, "Me");
  g_free (text);
  fail_if (gst_tag_list_get_string (run.items[0].tags, GST_TAG_COMMENT,
          &text));
}
GST_END_TEST;

GST_START_TEST (test_rates)
{
  Run run, strict;

  put ("a.safetensors", ramp_file (1, 10));
  put ("b.safetensors", ramp_file (1, 10));
  play (run, quoted (folder));
  expect_items (run, {"a", "b"});
  fail_unless (run.items[0].caps.find ("rate=(int)32000")
      != std::string::npos);
  fail_unless_equals_string (gst_structure_get_string (run.messages[0],
          "rate-source"), "default");
  fail_unless_equals_int (run.warnings.size (), 1);     /* not two */
  play (strict, quoted (folder) + "require-rate=true");
  expect_error (strict, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "require-rate");
}
GST_END_TEST;

GST_START_TEST (test_doubles)
{
  Run run;

  play (run, quoted (put ("d.safetensors", writers::safetensors ("x", "F64",
                  {2}, writers::bytes_of<double> ({0.1, -0.3})))) + "rate=8000");
  expect_items (run, {"d"});
  fail_unless (run.items[0].caps.find ("F64LE") != std::string::npos);
  fail_unless (run.items[0].doubles == std::vector<double> ({0.1, -0.3}));
}
GST_END_TEST;

GST_START_TEST (test_channel_masks)
{
  static const guint64 masks[] = {0, 0, 0x3, 0x7, 0x33, 0x37, 0x3f, 0, 0};

  for (unsigned channels = 1; channels <= 8; channels++) {
    Run run;
    play (run, quoted (put ("c.safetensors", ramp_file (channels, 20)))
        + "rate=8000 layout=channels-first");
    expect_items (run, {"c"});
    expect_ramp (run.items[0], channels, 20);
    GstCaps *caps = gst_caps_from_string (run.items[0].caps.c_str ());
    const GstStructure *s = gst_caps_get_structure (caps, 0);
    guint64 mask = 0;
    gint n = 0;
    gst_structure_get_int (s, "channels", &n);
    fail_unless_equals_int (n, channels);
    gst_structure_get (s, "channel-mask", GST_TYPE_BITMASK, &mask, nullptr);
    if (channels < 7) {
      fail_unless_equals_uint64_hex (mask, masks[channels]);
    } else {
      fail_unless_equals_int (__builtin_popcountll (mask), channels);
    }
    gst_caps_unref (caps);
  }
}
GST_END_TEST;

/* -- failures */

/* whatever fails, what was said before stays in order, and the sink hears of
 * it before the EOS that GstBaseSrc sends */
GST_START_TEST (test_bad_file)
{
  Run run;
  std::vector<float> samples (20000);

  put ("a.safetensors", ramp_file (1, 10));
  samples[15000] = NAN;
  put ("b.safetensors", writers::safetensors ("x", "F32", {20000},
          writers::bytes_of (samples)));
  put ("c.safetensors", ramp_file (1, 10));
  play (run, quoted (folder) + "rate=8000");
  expect_error (run, GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE,
      "Sample 15000 is nan");
  fail_unless_equals_string (gst_structure_get_string (run.details,
          "job-id"), "b");
  fail_unless (strstr (gst_structure_get_string (run.details, "location"),
          "b.safetensors") != nullptr);
  fail_unless_equals_int (run.items.size (), 2);
  fail_if (run.items[0].aborted);
  fail_unless (run.items[1].aborted);
  fail_unless (run.items[1].result == nullptr);
  fail_unless (run.items[1].frames == 8192);    /* the block before */
}
GST_END_TEST;

static std::string
bad_file (const char *name, std::size_t at)
{
  std::vector<float> samples (20000);

  samples[at] = NAN;
  return put (name, writers::safetensors ("x", "F32", {20000},
          writers::bytes_of (samples)));
}

GST_START_TEST (test_skipping)
{
  Run run;

  put ("a.safetensors", "junk");                /* fails as it is opened */
  put ("b.safetensors", "{\"junk\"}");
  put ("c.safetensors", ramp_file (2, 9000));
  bad_file ("d.safetensors", 100);              /* in its first block */
  bad_file ("e.safetensors", 15000);            /* in its second */
  put ("f.safetensors", ramp_file (2, 9000));
  put ("g.safetensors", "");
  play (run, quoted (folder) + "rate=8000 on-error=skip");
  fail_unless (run.eos && run.error == nullptr);
  fail_if (run.misplaced);
  fail_unless_equals_int (run.items.size (), 7);
  fail_unless_equals_int (run.warnings.size (), 5);
  const std::string bad = "abdeg";
  for (std::size_t i = 0; i < 7; i++) {
    const Item & item = run.items[i];
    const char job_id[] = {static_cast<char> ('a' + i), '\0'};
    fail_unless_equals_string (item.job_id.c_str (), job_id);
    fail_unless (item.aborted == (bad.find (job_id) != std::string::npos));
    fail_unless (item.aborted == (item.result == nullptr));
  }
  expect_ramp (run.items[2], 2, 9000);
  expect_ramp (run.items[5], 2, 9000);
  fail_unless (run.items[3].tags == nullptr && run.items[3].frames == 0);
  /* c, and what was played of e */
  fail_unless_equals_uint64 (run.items[5].segment.base,
      (9000 + 8192) * GST_SECOND / 8000);
}
GST_END_TEST;

GST_START_TEST (test_nothing_but_bad)
{
  Run run;

  put ("a.safetensors", "junk");
  put ("b.safetensors", "junk");
  play (run, quoted (folder) + "on-error=skip");
  fail_unless (run.eos && run.error == nullptr);
  fail_unless_equals_int (run.warnings.size (), 2);
  fail_unless_equals_int (run.items.size (), 2);
  fail_unless (run.items[0].aborted && run.items[1].aborted);
}
GST_END_TEST;

GST_START_TEST (test_errors)
{
  struct Case
  {
    std::string bytes;
    GQuark domain;
    int code;
    const char *part;
  } const cases[] = {
    {"", GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE, "empty"},
    {"junk", GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "not a tensor file"},
    {ramp_file (2, 100).substr (0, 300), GST_STREAM_ERROR,
        GST_STREAM_ERROR_DECODE, "truncated"},
    {ramp_file (4, 100), GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
        "4 channels of 100 samples or a batch of 4 mono items"},
    {writers::safetensors ("x", "I64", {1}, std::string (8, '\0')),
        GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE, "I64"},
  };

  for (const Case & c : cases) {
    Run run;
    play (run, quoted (put ("x.safetensors", c.bytes)));
    expect_error (run, c.domain, c.code, c.part);
    fail_unless (strstr (run.error->message, "x.safetensors") != nullptr);
  }
}
GST_END_TEST;

/* Changes the file under the reader once the first buffer has come. */
static GstPadProbeReturn
truncate_file (GstPad *, GstPadProbeInfo *, gpointer path)
{
  fail_unless (truncate (static_cast<const char *> (path), 60000) == 0);
  return GST_PAD_PROBE_REMOVE;
}

static GstPadProbeReturn
append_to_file (GstPad *, GstPadProbeInfo *, gpointer path)
{
  FILE *file = fopen (static_cast<const char *> (path), "ab");

  fail_unless (fputc ('x', file) == 'x' && fclose (file) == 0);
  return GST_PAD_PROBE_REMOVE;
}

static void
expect_change_noticed (GstPadProbeCallback change, const char *part)
{
  const std::string path = put ("c.safetensors", ramp_file (1, 50000));
  GstHarness *h = gst_harness_new_with_padnames ("torchtensorsrc", nullptr,
      "src");
  GstBus *bus = gst_bus_new ();
  bool aborted = false;

  gst_element_set_bus (h->element, bus);
  gst_harness_set (h, "torchtensorsrc", "location", path.c_str (), nullptr);
  GstPad *pad = gst_element_get_static_pad (h->element, "src");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, change,
      const_cast<char *> (path.c_str ()), nullptr);
  gst_harness_play (h);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND,
      GST_MESSAGE_ERROR);
  fail_unless (message != nullptr);
  GError *error = nullptr;
  gst_message_parse_error (message, &error, nullptr);
  fail_unless (g_error_matches (error, GST_STREAM_ERROR,
          GST_STREAM_ERROR_DECODE));
  fail_unless (strstr (error->message, part) != nullptr, "%s",
      error->message);
  while (GstEvent *event = gst_harness_try_pull_event (h)) {
    aborted |= gst_genaudio_event_parse_item_abort (event, nullptr, nullptr);
    fail_if (gst_genaudio_event_parse_item_result (event, nullptr));
    gst_event_unref (event);
  }
  fail_unless (aborted);
  g_error_free (error);
  gst_message_unref (message);
  gst_object_unref (pad);
  gst_element_set_bus (h->element, nullptr);
  gst_object_unref (bus);
  gst_harness_teardown (h);
}

GST_START_TEST (test_changed_file)
{
  expect_change_noticed (truncate_file, "shrank");
  expect_change_noticed (append_to_file, "changed from");
}
GST_END_TEST;

/* -- seeking */

struct Player
{
  GstElement *pipeline, *sink;

  explicit Player (const std::string & settings)
  {
    pipeline = gst_parse_launch (("torchtensorsrc " + settings
            + " ! fakesink name=sink sync=false").c_str (), nullptr);
    sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
    gst_element_set_state (pipeline, GST_STATE_PAUSED);
    wait ();
  }

  ~Player ()
  {
    gst_element_set_state (pipeline, GST_STATE_NULL);
    gst_object_unref (sink);
    gst_object_unref (pipeline);
  }

  void
  wait ()
  {
    fail_unless (gst_element_get_state (pipeline, nullptr, nullptr,
            20 * GST_SECOND) == GST_STATE_CHANGE_SUCCESS);
  }

  bool
  seek (gdouble rate, GstSeekFlags flags, GstClockTime start,
      GstClockTime stop)
  {
    return gst_element_seek (pipeline, rate, GST_FORMAT_TIME,
        static_cast<GstSeekFlags> (GST_SEEK_FLAG_FLUSH
            | GST_SEEK_FLAG_ACCURATE | flags), GST_SEEK_TYPE_SET,
        static_cast<gint64> (start), GST_SEEK_TYPE_SET,
        static_cast<gint64> (stop));
  }

  /* frame number and value of the first sample that is prerolled */
  void
  expect_preroll (guint64 frame, float value)
  {
    GstSample *sample = nullptr;
    float played = NAN;

    wait ();
    g_object_get (sink, "last-sample", &sample, nullptr);
    GstBuffer *buffer = gst_sample_get_buffer (sample);
    fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), frame);
    gst_buffer_extract (buffer, 0, &played, sizeof played);
    fail_unless_equals_float (played, value);
    gst_sample_unref (sample);
  }

  GstMessage *
  play_until (int types)
  {
    GstBus *bus = gst_element_get_bus (pipeline);
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    GstMessage *message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND,
        static_cast<GstMessageType> (types | GST_MESSAGE_ERROR));
    fail_unless (message != nullptr);
    gst_object_unref (bus);
    return message;
  }
};

GST_START_TEST (test_seeking)
{
  Player player (quoted (put ("s.safetensors", ramp_file (1, 44100)))
      + "rate=44100");
  gint64 duration = 0;
  const guint64 frames[] = {0, 1, 2, 3, 10, 8191, 8192, 22049, 44099};

  player.expect_preroll (0, 0);
  fail_unless (gst_element_query_duration (player.pipeline, GST_FORMAT_TIME,
          &duration));
  fail_unless_equals_int64 (duration, GST_SECOND);
  fail_unless (gst_element_query_duration (player.pipeline,
          GST_FORMAT_DEFAULT, &duration));
  fail_unless_equals_int64 (duration, 44100);
  for (const guint64 frame : frames) {
    const GstClockTime time =
        gst_util_uint64_scale (frame, GST_SECOND, 44100);
    fail_unless (player.seek (1.0, GST_SEEK_FLAG_NONE, time,
            GST_CLOCK_TIME_NONE));
    player.expect_preroll (frame, static_cast<float> (frame) / 65536.0f);
    /* just before the next frame it is still this one */
    fail_unless (player.seek (1.0, GST_SEEK_FLAG_NONE, time + 22000,
            GST_CLOCK_TIME_NONE));
    player.expect_preroll (frame, static_cast<float> (frame) / 65536.0f);
  }
}
GST_END_TEST;

struct Count
{
  guint64 frames = 0, buffers = 0, tags = 0, results = 0;
  bool backwards = true;
  guint64 last = G_MAXUINT64;
};

static GstPadProbeReturn
count (GstPad *, GstPadProbeInfo * info, gpointer data)
{
  Count & c = *static_cast<Count *> (data);

  if (GST_IS_BUFFER (info->data)) {
    GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
    c.buffers++;
    c.frames += gst_buffer_get_size (buffer) / 4;
    c.backwards &= GST_BUFFER_OFFSET_END (buffer) <= c.last;
    c.last = GST_BUFFER_OFFSET (buffer);
  } else {
    GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
    c.tags += GST_EVENT_TYPE (event) == GST_EVENT_TAG;
    c.results += gst_genaudio_event_parse_item_result (event, nullptr);
  }
  return GST_PAD_PROBE_OK;
}

static void
count_after (Player & player, Count & c)
{
  GstPad *pad = gst_element_get_static_pad (player.sink, "sink");

  gst_pad_add_probe (pad, static_cast<GstPadProbeType> (
          GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
      count, &c, nullptr);
  gst_object_unref (pad);
}

GST_START_TEST (test_seek_ranges)
{
  Player player (quoted (put ("s.safetensors", ramp_file (1, 44100)))
      + "rate=44100");
  Count part, backwards, segment, rest;

  count_after (player, part);
  fail_unless (player.seek (1.0, GST_SEEK_FLAG_NONE, GST_SECOND / 4,
          GST_SECOND / 2));
  gst_message_unref (player.play_until (GST_MESSAGE_EOS));
  fail_unless_equals_uint64 (part.frames, 11025);
  fail_unless_equals_uint64 (part.tags, 1);     /* a flush may have lost them */
  fail_unless_equals_uint64 (part.results, 1);

  count_after (player, backwards);
  fail_unless (player.seek (-1.0, GST_SEEK_FLAG_NONE, GST_SECOND / 4,
          GST_CLOCK_TIME_NONE));
  gst_message_unref (player.play_until (GST_MESSAGE_EOS));
  fail_unless (backwards.backwards);
  fail_unless_equals_uint64 (backwards.frames, 44100 - 11025);
  fail_unless_equals_uint64 (backwards.last, 11025);

  count_after (player, segment);
  fail_unless (player.seek (1.0, GST_SEEK_FLAG_SEGMENT, 0,
          GST_CLOCK_TIME_NONE));
  gst_message_unref (player.play_until (GST_MESSAGE_SEGMENT_DONE));
  fail_unless_equals_uint64 (segment.frames, 44100);
  fail_unless_equals_uint64 (segment.results, 1);

  count_after (player, rest);
  fail_unless (player.seek (1.0, GST_SEEK_FLAG_NONE, GST_SECOND,
          GST_CLOCK_TIME_NONE));
  gst_message_unref (player.play_until (GST_MESSAGE_EOS));
  fail_unless_equals_uint64 (rest.frames, 0);
}
GST_END_TEST;

GST_START_TEST (test_several_are_not_seekable)
{
  put ("a.safetensors", ramp_file (1, 44100));
  put ("b.safetensors", ramp_file (1, 44100));
  Player player (quoted (folder) + "rate=44100");
  GstQuery *query = gst_query_new_seeking (GST_FORMAT_TIME);
  gboolean seekable = TRUE;

  fail_unless (gst_element_query (player.pipeline, query));
  gst_query_parse_seeking (query, nullptr, &seekable, nullptr, nullptr);
  fail_if (seekable);
  gst_query_unref (query);
  fail_if (player.seek (1.0, GST_SEEK_FLAG_NONE, GST_SECOND / 2,
          GST_CLOCK_TIME_NONE));
  gst_message_unref (player.play_until (GST_MESSAGE_EOS));
}
GST_END_TEST;

/* stopped at any point, it starts again from the first item */
GST_START_TEST (test_reuse)
{
  put ("a.safetensors", ramp_file (1, 200000));
  put ("b.safetensors", ramp_file (2, 200000));
  Player player (quoted (folder) + "rate=44100");

  for (int i = 0; i < 20; i++) {
    gst_element_set_state (player.pipeline, GST_STATE_PLAYING);
    g_usleep (static_cast<gulong> (i * 100));
    gst_element_set_state (player.pipeline, GST_STATE_READY);
    gst_element_set_state (player.pipeline, GST_STATE_PAUSED);
    player.expect_preroll (0, 0);
  }
  gst_message_unref (player.play_until (GST_MESSAGE_EOS));
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
  tcase_add_test (tc, test_folder);
  tcase_add_test (tc, test_pattern);
  tcase_add_test (tc, test_batches);
  tcase_add_test (tc, test_job_ids);
  tcase_add_test (tc, test_foreign_name);
  tcase_add_test (tc, test_metadata_keys);
  tcase_add_test (tc, test_rates);
  tcase_add_test (tc, test_doubles);
  tcase_add_test (tc, test_channel_masks);
  tcase_add_test (tc, test_bad_file);
  tcase_add_test (tc, test_skipping);
  tcase_add_test (tc, test_nothing_but_bad);
  tcase_add_test (tc, test_errors);
  tcase_add_test (tc, test_changed_file);
  tcase_add_test (tc, test_seeking);
  tcase_add_test (tc, test_seek_ranges);
  tcase_add_test (tc, test_several_are_not_seekable);
  tcase_add_test (tc, test_reuse);
  return s;
}

GST_CHECK_MAIN (torchtensorsrc);
