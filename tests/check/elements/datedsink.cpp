/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The element: items, messages, endings, names, errors. How files are cut,
 * converted and tagged is tested with the cores in tests/unit/dated. */

/* before check.h, whose macro fail would meet a function of that name */
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/genaudio/genaudio.h>

#include <glib/gstdio.h>
#include <sndfile.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace fs = std::filesystem;

static fs::path work_dir;

static void
setup ()
{
  gst_genaudio_init ();
  gchar *dir = g_dir_make_tmp ("datedsink-XXXXXX", nullptr);
  work_dir = dir;
  g_free (dir);
}

static void
teardown ()
{
  fs::remove_all (work_dir);
}

/* -- a sink with a pad of the test's before it; not live */

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

#define S16 "audio/x-raw, format = " GST_AUDIO_NE_S16 ", " \
    "layout = interleaved, rate = 8000, channels = 1"
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
#define GST_AUDIO_NE_S16 "S16LE"
#define GST_AUDIO_NE_F32 "F32LE"
#else
#define GST_AUDIO_NE_S16 "S16BE"
#define GST_AUDIO_NE_F32 "F32BE"
#endif

constexpr int rate = 8000;

class Sink
{
public:
  explicit Sink (const std::string & settings = "")
  {
    const std::string line = "datedsink timezone=utc date=2025-11-07 base-dir="
        + work_dir.string () + " " + settings;
    GError *error = nullptr;
    element = gst_parse_launch (line.c_str (), &error);
    g_assert_no_error (error);
    gst_object_ref_sink (element);
    bus = gst_bus_new ();
    gst_element_set_bus (element, bus);
    pad = gst_check_setup_src_pad (element, &src_template);
    gst_pad_set_active (pad, TRUE);
  }

  ~Sink ()
  {
    gst_element_set_state (element, GST_STATE_NULL);
    gst_pad_set_active (pad, FALSE);
    gst_check_teardown_src_pad (element);
    gst_element_set_bus (element, nullptr);
    for (GstMessage *message : messages)
      gst_message_unref (message);
    gst_object_unref (bus);
    gst_object_unref (element);
  }
  Sink (const Sink &) = delete;
  Sink & operator= (const Sink &) = delete;

  void play ()
  {
    fail_if (gst_element_set_state (element, GST_STATE_PLAYING)
        == GST_STATE_CHANGE_FAILURE);
  }
  void null () { gst_element_set_state (element, GST_STATE_NULL); }

  void send (GstEvent * event) { gst_pad_push_event (pad, event); }

  void begin (const char *stream_id, const char *job_id = nullptr,
      const char *caps_text = S16)
  {
    GstCaps *caps = gst_caps_from_string (caps_text);
    GstSegment segment;

    time = 0;
    send (gst_event_new_stream_start (stream_id));
    send (gst_event_new_caps (caps));
    gst_segment_init (&segment, GST_FORMAT_TIME);
    send (gst_event_new_segment (&segment));
    if (job_id != nullptr)
      send (gst_event_new_tag (gst_tag_list_new (GST_GENAUDIO_TAG_JOB_ID,
                  job_id, nullptr)));
    gst_caps_unref (caps);
  }

  GstFlowReturn push (int n_frames = 800, int first = 0)
  {
    std::vector<gint16> data (n_frames);

    for (int i = 0; i < n_frames; i++)
      data[i] = (gint16) (first + i);
    GstBuffer *buffer = gst_buffer_new_memdup (data.data (), data.size () * 2);
    GST_BUFFER_PTS (buffer) = time;
    time += gst_util_uint64_scale (n_frames, GST_SECOND, rate);
    return gst_pad_push (pad, buffer);
  }

  void eos () { send (gst_event_new_eos ()); }

  /* The next message of a type, NULL if there is none; others stay. */
  GstMessage *next (GstMessageType type)
  {
    while (GstMessage * message = gst_bus_pop (bus))
      messages.push_back (message);
    const auto found = std::find_if (messages.begin (), messages.end (),
        [type] (GstMessage * m) { return GST_MESSAGE_TYPE (m) == type; });
    if (found == messages.end ())
      return nullptr;
    GstMessage *message = *found;
    messages.erase (found);
    return message;
  }

  GstMessage *wait_for (GstMessageType type)
  {
    GstMessage *message;
    for (int i = 0; (message = next (type)) == nullptr && i < 5000; i++)
      g_usleep (1000);
    return message;
  }

  /* Every structure of that name that has been posted. */
  std::vector<GstStructure *> structures (const char *name)
  {
    std::vector<GstStructure *> found;
    while (GstMessage * message = next (GST_MESSAGE_ELEMENT)) {
      if (gst_message_has_name (message, name))
        found.push_back (gst_structure_copy (gst_message_get_structure
                (message)));
      gst_message_unref (message);
    }
    return found;
  }

  std::vector<GstStructure *> closed ()
  {
    return structures (GST_GENAUDIO_MESSAGE_FRAGMENT_CLOSED);
  }

  /* Expects exactly one error, of this code, and returns its text. */
  std::string error (gint code)
  {
    GstMessage *message = next (GST_MESSAGE_ERROR);
    GError *error = nullptr;

    fail_unless (message != nullptr, "no error");
    gst_message_parse_error (message, &error, nullptr);
    g_assert_error (error, GST_RESOURCE_ERROR, code);
    const std::string text = error->message;
    g_error_free (error);
    gst_message_unref (message);
    fail_unless (next (GST_MESSAGE_ERROR) == nullptr, "a second error");
    return text;
  }

  GstElement *element;
  GstPad *pad;
  GstBus *bus;
  std::vector<GstMessage *> messages;
  GstClockTime time = 0;
};

static void
free_all (const std::vector<GstStructure *> & structures)
{
  for (GstStructure *s : structures)
    gst_structure_free (s);
}

/* -- files */

static const fs::path day = "2025/11/07";

/* Names below the base directory, hidden ones only if wanted. */
static std::vector<std::string>
names (bool hidden = false)
{
  std::vector<std::string> found;

  for (const auto & entry : fs::recursive_directory_iterator (work_dir)) {
    const std::string name = entry.path ().filename ();
    if (entry.is_regular_file () && (name[0] == '.') == hidden)
      found.push_back (name);
  }
  std::sort (found.begin (), found.end ());
  return found;
}

static void
check_names (const std::vector<std::string> & expected)
{
  std::string there;

  for (const std::string & name : names ())
    there += name + " ";
  fail_unless (names () == expected, "there is: %s", there.c_str ());
}

static std::vector<short>
samples_of (const fs::path & path)
{
  SF_INFO info = {};
  SNDFILE *file = sf_open (path.c_str (), SFM_READ, &info);

  fail_unless (file != nullptr, "%s: %s", path.c_str (), sf_strerror (file));
  std::vector<short> samples ((std::size_t) (info.frames * info.channels));
  sf_readf_short (file, samples.data (), info.frames);
  sf_close (file);
  return samples;
}

static std::string
text_of (const fs::path & path)
{
  std::ifstream file (path);
  return std::string (std::istreambuf_iterator<char> (file), {});
}

/* -- items */

GST_START_TEST (test_one_item)
{
  Sink sink ("job-id=gen_abc123");
  gchar *location = nullptr;

  sink.play ();
  sink.begin ("stream");
  for (int i = 0; i < 10; i++)
    fail_unless_equals_int (sink.push (800, i * 800), GST_FLOW_OK);
  check_names ({});
  sink.eos ();

  /* by the time that EOS has gone through, the file is there */
  check_names ({"gen_abc123.wav"});
  fail_unless_equals_int (names (true).size (), 0);
  const fs::path path = work_dir / day / "gen_abc123.wav";
  const std::vector<short> samples = samples_of (path);
  fail_unless_equals_int (samples.size (), 8000);
  for (int i = 0; i < 8000; i++)
    fail_unless_equals_int (samples[i], i);
  struct stat info;
  fail_unless_equals_int (stat (path.c_str (), &info), 0);
  const mode_t mask = umask (0);
  umask (mask);
  fail_unless_equals_int (info.st_mode & 0777, 0666 & ~mask);

  g_object_get (sink.element, "location", &location, nullptr);
  fail_unless_equals_string (location, path.c_str ());
  g_free (location);
}
GST_END_TEST;

GST_START_TEST (test_messages)
{
  Sink sink ("job-id=job bit-depth=PCM_24");

  sink.play ();
  sink.begin ("stream");
  sink.push (800);
  sink.push (800);
  sink.eos ();

  GstMessage *message = sink.next (GST_MESSAGE_ELEMENT);
  GstGenAudioFragment *opened = gst_genaudio_fragment_from_structure (
      gst_message_get_structure (message));
  fail_unless (gst_message_has_name (message,
          GST_GENAUDIO_MESSAGE_FRAGMENT_OPENED));
  fail_unless (opened->location == work_dir / day / "job.wav");
  fail_unless_equals_string (opened->job_id, "job");
  fail_unless_equals_uint64 (opened->running_time, 0);
  fail_unless_equals_string (opened->start, "2025-11-07T12:00:00.000000+00:00");
  gst_genaudio_fragment_free (opened);
  gst_message_unref (message);

  message = sink.next (GST_MESSAGE_ELEMENT);
  fail_unless (gst_message_has_name (message,
          GST_GENAUDIO_MESSAGE_FRAGMENT_CLOSED));
  GstGenAudioFragment *closed = gst_genaudio_fragment_from_structure (
      gst_message_get_structure (message));
  fail_unless_equals_uint64 (closed->frames, 1600);
  fail_unless_equals_uint64 (closed->bytes, 44 + 1600 * 3);
  fail_unless_equals_uint64 (closed->duration, GST_SECOND / 5);
  fail_unless_equals_int (closed->rate, rate);
  fail_unless_equals_int (closed->channels, 1);
  fail_unless_equals_string (closed->format, "wav");
  fail_unless_equals_string (closed->bit_depth, "pcm-24");
  fail_unless_equals_uint64 (closed->clipped_samples, 0);
  fail_unless_equals_int (closed->gaps, 0);
  fail_unless (closed->complete);
  gst_genaudio_fragment_free (closed);
  gst_message_unref (message);
  fail_unless (sink.next (GST_MESSAGE_ELEMENT) == nullptr);
}
GST_END_TEST;

/* Items in one run are filed under their own ids; one without is given one
 * that sorts by time. */
GST_START_TEST (test_items)
{
  Sink sink;

  sink.play ();
  for (const char *id : {"first", "second", "third"}) {
    sink.begin (id, id);
    sink.push (800);
  }
  sink.begin ("anonymous");
  sink.push (800);
  sink.eos ();
  const std::vector<std::string> there = names ();
  fail_unless_equals_int (there.size (), 4);
  fail_unless_equals_string (there[1].c_str (), "first.wav");
  fail_unless_equals_string (there[2].c_str (), "second.wav");
  fail_unless_equals_string (there[3].c_str (), "third.wav");
  fail_unless (there[0][0] == '2', "%s", there[0].c_str ());
}
GST_END_TEST;

GST_START_TEST (test_items_under_one_id)
{
  Sink sink ("job-id=same");

  sink.play ();
  for (const char *id : {"a", "b", "c"}) {
    sink.begin (id, id);
    sink.push (800);
  }
  sink.eos ();
  check_names ({"same-0002.wav", "same-0003.wav", "same.wav"});
}
GST_END_TEST;

GST_START_TEST (test_items_without_audio)
{
  Sink sink;

  sink.play ();
  sink.begin ("empty", "empty");
  sink.begin ("full", "full");
  sink.push (800);
  sink.eos ();
  check_names ({"full.wav"});
}
GST_END_TEST;

GST_START_TEST (test_results_and_sidecar)
{
  Sink sink ("sidecar=json format=flac");
  GstGenAudioAnalysis *analysis = gst_genaudio_analysis_new ();
  GstGenAudioLoudnessReport *report = gst_genaudio_loudness_report_new ();
  GstStructure *metadata = gst_structure_new ("metadata", "prompt",
      G_TYPE_STRING, "a \"quiet\" piano", nullptr);
  gchar *serialised = gst_genaudio_metadata_serialize (metadata);

  analysis->final = TRUE;
  analysis->bpm = 120.5;
  report->output.integrated_loudness = -16.0;
  report->method = g_strdup ("loudness");
  GstStructure *of_analysis = gst_genaudio_analysis_to_structure (analysis);
  GstStructure *of_loudness =
      gst_genaudio_loudness_report_to_structure (report);

  sink.play ();
  sink.begin ("a", "a");
  sink.send (gst_event_new_tag (gst_tag_list_new (GST_GENAUDIO_TAG_METADATA,
              serialised, GST_TAG_TITLE, "Title", nullptr)));
  sink.push (800);
  sink.send (gst_genaudio_event_new_item_result (of_loudness));
  sink.send (gst_genaudio_event_new_item_result (of_analysis));
  /* the next item has nothing of it */
  sink.begin ("b", "b");
  sink.push (800);
  sink.eos ();
  check_names ({"a.flac", "a.flac.json", "b.flac", "b.flac.json"});

  GError *error = nullptr;
  GstGenAudioResult *result = gst_genaudio_result_from_json (
      text_of (work_dir / day / "a.flac.json").c_str (), &error);
  g_assert_no_error (error);
  fail_unless_equals_string (result->job_id, "a");
  fail_unless (result->path == work_dir / day / "a.flac");
  fail_unless_equals_int (result->status, GST_GENAUDIO_STATUS_PUBLISHED);
  fail_unless_equals_float (result->analysis->bpm, 120.5);
  fail_unless_equals_float (result->loudness->output.integrated_loudness,
      -16.0);
  fail_unless_equals_string (gst_structure_get_string (result->metadata,
          "prompt"), "a \"quiet\" piano");
  fail_unless_equals_uint64 (result->bytes,
      fs::file_size (work_dir / day / "a.flac"));
  gst_genaudio_result_free (result);
  result = gst_genaudio_result_from_json (
      text_of (work_dir / day / "b.flac.json").c_str (), &error);
  g_assert_no_error (error);
  fail_unless (result->analysis == nullptr
      || !(result->analysis->bpm == 120.5));
  fail_unless (result->metadata == nullptr);
  gst_genaudio_result_free (result);

  const auto closed = sink.closed ();
  fail_unless_equals_int (closed.size (), 2);
  fail_unless (gst_structure_has_field (closed[0], "bpmanalyzer"));
  fail_unless (gst_structure_has_field (closed[0], "r128normalize"));
  fail_if (gst_structure_has_field (closed[1], "bpmanalyzer"));
  free_all (closed);
  gst_structure_free (of_analysis);
  gst_structure_free (of_loudness);
  gst_genaudio_analysis_free (analysis);
  gst_genaudio_loudness_report_free (report);
  gst_structure_free (metadata);
  g_free (serialised);
}
GST_END_TEST;

GST_START_TEST (test_tag_setter)
{
  Sink sink ("job-id=tagged");
  SF_INFO info = {};

  gst_tag_setter_add_tags (GST_TAG_SETTER (sink.element), GST_TAG_MERGE_APPEND,
      GST_TAG_TITLE, "set by hand", GST_TAG_ARTIST, "nobody", nullptr);
  sink.play ();
  sink.begin ("a");
  sink.send (gst_event_new_tag (gst_tag_list_new (GST_TAG_ARTIST,
              "the stream's", GST_TAG_GENRE, "Ambient", nullptr)));
  sink.push (800);
  sink.eos ();
  SNDFILE *file = sf_open ((work_dir / day / "tagged.wav").c_str (), SFM_READ,
      &info);
  fail_unless_equals_string (sf_get_string (file, SF_STR_TITLE),
      "set by hand");
  /* the application knows better, by default */
  fail_unless_equals_string (sf_get_string (file, SF_STR_ARTIST), "nobody");
  fail_unless_equals_string (sf_get_string (file, SF_STR_GENRE), "Ambient");
  sf_close (file);
}
GST_END_TEST;

GST_START_TEST (test_clipping_is_counted)
{
  Sink sink ("job-id=loud");
  const std::vector<float> data = {0.5f, 1.5f, -1.5f, 1.0f, -1.0f, 0.f};

  sink.play ();
  sink.begin ("a", nullptr, "audio/x-raw, format = " GST_AUDIO_NE_F32 ", "
      "layout = interleaved, rate = 8000, channels = 1");
  GstBuffer *buffer = gst_buffer_new_memdup (data.data (), data.size () * 4);
  GST_BUFFER_PTS (buffer) = 0;
  gst_pad_push (sink.pad, buffer);
  sink.eos ();
  const auto closed = sink.closed ();
  guint64 clipped = 0;
  fail_unless (gst_structure_get_uint64 (closed.at (0), "clipped-samples",
          &clipped));
  fail_unless_equals_uint64 (clipped, 2);
  free_all (closed);
  const std::vector<short> samples = samples_of (work_dir / day / "loud.wav");
  fail_unless (samples == (std::vector<short> {16384, 32767, -32768, 32767, -32768,
              0}));
}
GST_END_TEST;

GST_START_TEST (test_clipped_to_the_segment)
{
  Sink sink ("job-id=part");
  GstSegment segment;

  sink.play ();
  sink.begin ("a");
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = GST_SECOND / 20;
  sink.send (gst_event_new_segment (&segment));
  sink.push (800);
  sink.eos ();
  const auto samples = samples_of (work_dir / day / "part.wav");
  fail_unless_equals_int (samples.size (), 400);
  fail_unless_equals_int (samples[0], 400);
}
GST_END_TEST;

/* -- endings */

GST_START_TEST (test_abort)
{
  Sink sink;

  sink.play ();
  sink.begin ("bad", "bad");
  sink.push (800);
  sink.send (gst_genaudio_event_new_item_abort ("bad", "for the test"));
  fail_unless_equals_int (sink.push (800), GST_FLOW_OK);
  sink.begin ("good", "good");
  sink.push (800);
  sink.begin ("last", "last");
  sink.push (800);
  sink.send (gst_genaudio_event_new_item_abort ("last", "for the test"));
  sink.eos ();
  check_names ({"good.wav"});
  fail_unless_equals_int (names (true).size (), 0);
}
GST_END_TEST;

/* What aborts a recording must not cost what has been recorded. */
GST_START_TEST (test_abort_of_a_rotation)
{
  Sink sink ("job-id=radio rotate=hourly");

  sink.play ();
  sink.begin ("a");
  sink.push (800);
  sink.send (gst_genaudio_event_new_item_abort ("radio", "for the test"));
  sink.eos ();
  check_names ({});
  const std::vector<std::string> parts = names (true);
  fail_unless_equals_int (parts.size (), 1);
  fail_unless_equals_int (samples_of (work_dir / day / parts[0]).size (), 800);
}
GST_END_TEST;

/* A whole that is not whole stays a part, and says so. */
GST_START_TEST (test_stop_without_eos)
{
  Sink sink ("job-id=torn");

  sink.play ();
  sink.begin ("a");
  sink.push (800);
  sink.null ();
  check_names ({});
  fail_unless_equals_int (names (true).size (), 1);
  GstMessage *warning = sink.next (GST_MESSAGE_WARNING);
  fail_unless (warning != nullptr);
  gst_message_unref (warning);
  const auto closed = sink.closed ();
  gboolean complete = TRUE;
  gst_structure_get_boolean (closed.at (0), "complete", &complete);
  fail_if (complete);
  /* what was kept can be played */
  const std::string part = gst_structure_get_string (closed.at (0),
      "location");
  fail_unless_equals_int (samples_of (part).size (), 800);
  free_all (closed);
}
GST_END_TEST;

GST_START_TEST (test_stop_of_a_rotation)
{
  Sink sink ("job-id=radio rotate=hourly");

  sink.play ();
  sink.begin ("a");
  sink.push (800);
  sink.null ();
  check_names ({"radio-120000+0000.wav"});
  fail_unless (sink.next (GST_MESSAGE_WARNING) == nullptr);
}
GST_END_TEST;

/* GstHarness answers as a live source. */
static GstHarness *
new_live_harness ()
{
  GstElement *element = gst_element_factory_make ("datedsink", nullptr);

  g_object_set (element, "job-id", "live", "base-dir", work_dir.c_str (),
      nullptr);
  GstHarness *h = gst_harness_new_with_element (element, "sink", nullptr);
  gst_object_unref (element);
  return h;
}

GST_START_TEST (test_stop_of_a_live_stream)
{
  GstHarness *h = new_live_harness ();

  gst_harness_set_src_caps_str (h, S16);
  GstBuffer *buffer = gst_harness_create_buffer (h, 1600);
  gst_buffer_memset (buffer, 0, 0, 1600);
  gst_harness_push (h, buffer);
  gst_harness_teardown (h);
  check_names ({"live.wav"});
}
GST_END_TEST;

GST_START_TEST (test_flush)
{
  Sink sink ("job-id=flushed");
  GstSegment segment;

  sink.play ();
  sink.begin ("a");
  sink.push (800);
  sink.send (gst_event_new_flush_start ());
  sink.send (gst_event_new_flush_stop (TRUE));
  GstMessage *warning = sink.wait_for (GST_MESSAGE_WARNING);
  fail_unless (warning != nullptr);
  gst_message_unref (warning);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  sink.send (gst_event_new_segment (&segment));
  sink.time = 0;
  sink.push (400);
  sink.eos ();
  /* what was written before is neither wiped nor passed off as whole */
  fail_unless_equals_int (names (true).size (), 1);
  const std::vector<std::string> there = names ();
  fail_unless_equals_int (there.size (), 1);
  fail_unless_equals_int (samples_of (work_dir / day / there[0]).size (), 400);
}
GST_END_TEST;

GST_START_TEST (test_segment_done)
{
  Sink sink ("job-id=looped");

  sink.play ();
  sink.begin ("a");
  sink.push (800);
  sink.send (gst_event_new_segment_done (GST_FORMAT_TIME, GST_SECOND / 10));
  check_names ({"looped.wav"});
}
GST_END_TEST;

/* A sidecar says the name that its file got in the end. */
GST_START_TEST (test_sidecar_of_a_suffixed_file)
{
  Sink sink ("job-id=a sidecar=json if-exists=suffix");

  fs::create_directories (work_dir / day);
  std::ofstream (work_dir / day / "a.wav") << "old";
  sink.play ();
  sink.begin ("a");
  sink.push (800);
  sink.eos ();
  check_names ({"a-1.wav", "a-1.wav.json", "a.wav"});
  GstGenAudioResult *result = gst_genaudio_result_from_json (
      text_of (work_dir / day / "a-1.wav.json").c_str (), nullptr);
  fail_unless (result->path == work_dir / day / "a-1.wav");
  gst_genaudio_result_free (result);
}
GST_END_TEST;

GST_START_TEST (test_again)
{
  Sink sink ("if-exists=suffix job-id=again");

  for (int i = 0; i < 2; i++) {
    sink.play ();
    sink.begin ("a");
    sink.push (800);
    sink.eos ();
    sink.null ();
  }
  check_names ({"again-1.wav", "again.wav"});
}
GST_END_TEST;

/* -- recording */

GST_START_TEST (test_max_size_time)
{
  Sink sink ("job-id=cut max-size-time=50000000");

  sink.play ();
  sink.begin ("a");
  for (int i = 0; i < 3; i++)
    sink.push (390, i * 390);
  sink.eos ();
  int expected = 0;
  const auto closed = sink.closed ();
  fail_unless_equals_int (closed.size (), 3);
  for (const GstStructure *s : closed)
    for (const short sample : samples_of (gst_structure_get_string (s,
                "location")))
      fail_unless_equals_int (sample, expected++);
  fail_unless_equals_int (expected, 1170);
  /* one second has one name; the others are found another */
  check_names ({"cut-120000+0000-1.wav", "cut-120000+0000-2.wav",
          "cut-120000+0000.wav"});
  free_all (closed);
}
GST_END_TEST;

/* The pieces of a rotation say their own loudness, with the meter on. */
GST_START_TEST (test_measure)
{
  Sink sink ("job-id=measured max-size-time=1000000000 measure=true "
      "sidecar=json file-metadata=full");
  SF_BROADCAST_INFO bext = {};
  SF_INFO info = {};

  if (gst_element_set_state (sink.element, GST_STATE_READY)
      == GST_STATE_CHANGE_FAILURE)
    return;                     /* built without libebur128, and says so */
  sink.play ();
  sink.begin ("a");
  std::vector<gint16> tone (2 * rate);
  for (std::size_t i = 0; i < tone.size (); i++)
    tone[i] = i % 8 < 4 ? 1000 : -1000;
  GstBuffer *buffer = gst_buffer_new_memdup (tone.data (), tone.size () * 2);
  GST_BUFFER_PTS (buffer) = 0;
  gst_pad_push (sink.pad, buffer);
  sink.eos ();
  const auto closed = sink.closed ();
  const std::string path = gst_structure_get_string (closed.at (0),
      "location");
  fail_unless (gst_structure_has_field (closed[0], "measured"));
  free_all (closed);
  SNDFILE *file = sf_open (path.c_str (), SFM_READ, &info);
  fail_unless (sf_command (file, SFC_GET_BROADCAST_INFO, &bext, sizeof bext)
      == SF_TRUE);
  sf_close (file);
  fail_unless (bext.loudness_value < 0 && bext.loudness_value > -4000);
  const std::string text = text_of (path + ".json");
  fail_unless (text.find ("\"method\":\"measured\"") != std::string::npos,
      "%s", text.c_str ());
}
GST_END_TEST;

GST_START_TEST (test_split_now)
{
  Sink sink ("job-id=split");

  sink.play ();
  sink.begin ("a");
  sink.push (800);
  g_signal_emit_by_name (sink.element, "split-now");
  sink.push (400);
  sink.eos ();
  check_names ({"split-0002.wav", "split.wav"});
  fail_unless_equals_int (samples_of (work_dir / day / "split.wav").size (),
      800);
}
GST_END_TEST;

GST_START_TEST (test_start_and_stop)
{
  Sink sink ("job-id=take");

  g_signal_emit_by_name (sink.element, "stop");
  sink.play ();
  sink.begin ("a");
  sink.push (800, 0);
  g_signal_emit_by_name (sink.element, "start");
  sink.push (800, 1000);
  g_signal_emit_by_name (sink.element, "stop");
  sink.push (800, 2000);
  g_signal_emit_by_name (sink.element, "start");
  sink.push (800, 3000);
  sink.eos ();
  check_names ({"take-0002.wav", "take.wav"});
  fail_unless_equals_int (samples_of (work_dir / day / "take.wav").at (0),
      1000);
  fail_unless_equals_int (samples_of (work_dir / day / "take-0002.wav").at (0),
      3000);
}
GST_END_TEST;

GST_START_TEST (test_gap_event)
{
  Sink sink ("job-id=gap");

  sink.play ();
  sink.begin ("a");
  sink.push (800);
  sink.send (gst_event_new_gap (sink.time, GST_SECOND / 10));
  sink.eos ();
  fail_unless_equals_int (samples_of (work_dir / day / "gap.wav").size (),
      1600);
}
GST_END_TEST;

GST_START_TEST (test_statistics)
{
  Sink sink ("job-id=counted max-size-time=100000000");
  GstStructure *stats = nullptr;
  guint64 files = 0, frames = 0;

  sink.play ();
  sink.begin ("a");
  sink.push (2000);
  sink.eos ();
  g_object_get (sink.element, "recording-stats", &stats, nullptr);
  gst_structure_get_uint64 (stats, "files", &files);
  gst_structure_get_uint64 (stats, "frames", &frames);
  fail_unless_equals_uint64 (files, 3);
  fail_unless_equals_uint64 (frames, 2000);
  gst_structure_free (stats);
}
GST_END_TEST;

/* Old files of this job go at the start, those of others stay. */
GST_START_TEST (test_retention)
{
  GDateTime *now = g_date_time_new_now_utc ();
  GDateTime *then = g_date_time_add_days (now, -60);
  gchar *text = g_date_time_format (then, "%Y/%m/%d");
  const fs::path old_day = work_dir / text;

  g_free (text);
  g_date_time_unref (then);
  g_date_time_unref (now);
  fs::create_directories (old_day);
  for (const char *name : {"radio-100000+0000.wav", "other-100000+0000.wav"})
    std::ofstream (old_day / name) << "old";
  {
    Sink sink ("job-id=radio rotate=hourly keep-days=30");
    g_object_set (sink.element, "date", "", nullptr);
    sink.play ();
    sink.begin ("a");
    sink.push (800);
    sink.eos ();
  }
  fail_if (fs::exists (old_day / "radio-100000+0000.wav"));
  fail_unless (fs::exists (old_day / "other-100000+0000.wav"));
  {
    Sink sink ("job-id=radio rotate=hourly keep-days=30 keep-scope=all");
    g_object_set (sink.element, "date", "", nullptr);
    sink.play ();
    sink.begin ("a");
    sink.push (800);
    sink.eos ();
  }
  fail_if (fs::exists (old_day));
  fail_unless_equals_int (names ().size (), 2);
}
GST_END_TEST;

/* -- names */

GST_START_TEST (test_if_exists)
{
  const fs::path path = work_dir / day / "taken.wav";

  fs::create_directories (work_dir / day);
  for (const char *policy : {"error", "suffix", "skip", "replace"}) {
    std::ofstream (path) << "old";
    Sink sink (std::string ("job-id=taken if-exists=") + policy);
    sink.play ();
    sink.begin ("a");
    sink.push (800);
    sink.eos ();
    if (g_str_equal (policy, "error")) {
      const std::string text = sink.error (GST_RESOURCE_ERROR_OPEN_WRITE);
      fail_unless (text.find (path.string ()) != std::string::npos, "%s",
          text.c_str ());
    }
    if (g_str_equal (policy, "replace")) {
      fail_unless_equals_int (samples_of (path).size (), 800);
    } else {
      fail_unless (text_of (path) == "old");
    }
    fail_unless_equals_int (fs::exists (work_dir / day / "taken-1.wav"),
        g_str_equal (policy, "suffix"));
    fail_unless_equals_int (names (true).size (), 0);
    fs::remove (work_dir / day / "taken-1.wav");
  }
}
GST_END_TEST;

GST_START_TEST (test_location_template)
{
  Sink sink ("job-id=x format=flac "
      "location-template=\"{job}/{year}-{month}-{day}{suffix}\"");

  sink.play ();
  sink.begin ("a");
  sink.push (800);
  sink.eos ();
  fail_unless (fs::exists (work_dir / "x/2025-11-07.flac"));
}
GST_END_TEST;

/* The folder is that of the day in the zone asked for. */
GST_START_TEST (test_time_zone)
{
  Sink sink ("job-id=x");

  g_object_set (sink.element, "timezone", "Asia/Tokyo", "date",
      "2025-11-07T23:30:00Z", nullptr);
  sink.play ();
  sink.begin ("a");
  sink.push (800);
  sink.eos ();
  fail_unless (fs::exists (work_dir / "2025/11/08/x.wav"));
  const auto closed = sink.closed ();
  fail_unless_equals_string (gst_structure_get_string (closed.at (0), "start"),
      "2025-11-08T08:30:00.000000+09:00");
  free_all (closed);
}
GST_END_TEST;

static void
expect_refused (const std::string & settings, const char *offending)
{
  Sink sink (settings);

  fail_unless_equals_int (gst_element_set_state (sink.element,
          GST_STATE_READY), GST_STATE_CHANGE_FAILURE);
  const std::string text = sink.error (GST_RESOURCE_ERROR_SETTINGS);
  fail_unless (text.find (offending) != std::string::npos, "%s",
      text.c_str ());
}

GST_START_TEST (test_refused_settings)
{
  expect_refused ("job-id=\"../etc\"", "../etc");
  expect_refused ("job-id=\"a/b\"", "a/b");
  expect_refused ("format=flac bit-depth=float", "pcm-16, pcm-24");
  expect_refused ("format=wav bitrate=64000", "wav");
  expect_refused ("rotate=weekly", "weekly");
  expect_refused ("timezone=Mars/Olympus", "Mars/Olympus");
  expect_refused ("date=yesterday", "yesterday");
  expect_refused ("location-template=\"../{job}\"", "..");
  expect_refused ("location-template=\"%n{job}{nope}\"", "nope");
  expect_refused ("location-template=\"{job}/{year}{suffix}\" keep-days=1",
      "Retention");
  check_names ({});
}
GST_END_TEST;

/* An id that comes with the stream is refused before anything is written. */
GST_START_TEST (test_hostile_item_ids)
{
  for (const char *id : {"../../etc/passwd", "a/b", ".hidden", "-rf", "a\nb",
          "CON"}) {
    Sink sink;
    sink.play ();
    sink.begin ("a", id);
    fail_unless_equals_int (sink.push (800), GST_FLOW_ERROR);
    sink.error (GST_RESOURCE_ERROR_SETTINGS);
    sink.eos ();
  }
  fail_unless (fs::is_empty (work_dir));
}
GST_END_TEST;

GST_START_TEST (test_environment)
{
  const fs::path other = work_dir / "from-environment";
  gchar *dir = nullptr;

  g_setenv ("AUDIO_OUTPUT_DIR", other.c_str (), TRUE);
  GstElement *element = gst_element_factory_make ("datedsink", nullptr);
  g_object_get (element, "base-dir", &dir, nullptr);
  fail_unless_equals_string (dir, other.c_str ());
  g_free (dir);
  /* a property set by hand wins */
  g_object_set (element, "base-dir", "mine", nullptr);
  g_object_get (element, "base-dir", &dir, nullptr);
  fail_unless_equals_string (dir, "mine");
  g_free (dir);
  gst_object_unref (element);

  g_unsetenv ("AUDIO_OUTPUT_DIR");
  element = gst_element_factory_make ("datedsink", nullptr);
  g_object_get (element, "base-dir", &dir, nullptr);
  fail_unless_equals_string (dir, "data/outputs");
  g_free (dir);
  gst_object_unref (element);
}
GST_END_TEST;

/* -- caps */

static void
check_caps (const char *format, const char *caps_text, bool accepted)
{
  GstElement *element = gst_element_factory_make ("datedsink", nullptr);
  GstPad *pad = gst_element_get_static_pad (element, "sink");
  GstCaps *caps = gst_caps_from_string (caps_text);

  gst_util_set_object_arg (G_OBJECT (element), "format", format);
  GstCaps *offered = gst_pad_query_caps (pad, nullptr);
  fail_unless_equals_int (gst_caps_is_subset (caps, offered), accepted);
  gst_caps_unref (offered);
  gst_caps_unref (caps);
  gst_object_unref (pad);
  gst_object_unref (element);
}

#define RAW "audio/x-raw, format = " GST_AUDIO_NE_F32 ", layout = interleaved"

GST_START_TEST (test_caps_are_what_the_format_holds)
{
  check_caps ("wav", RAW ", rate = 44123, channels = 32", true);
  check_caps ("flac", RAW ", rate = 44123, channels = 8", true);
  check_caps ("flac", RAW ", rate = 96000, channels = 2", true);
  check_caps ("flac", RAW ", rate = 44100, channels = 9", false);
  check_caps ("opus", RAW ", rate = 48000, channels = 2", true);
  check_caps ("opus", RAW ", rate = 44100, channels = 2", false);
  check_caps ("opus", RAW ", rate = 32000, channels = 2", false);
  check_caps ("mp3", RAW ", rate = 44100, channels = 2", true);
  check_caps ("mp3", RAW ", rate = 96000, channels = 2", false);
  check_caps ("ogg", RAW ", rate = 44100, channels = 1", true);
  check_caps ("wav", "audio/x-raw, format = U8, layout = interleaved, "
      "rate = 44100, channels = 1", false);
}
GST_END_TEST;

GST_START_TEST (test_channel_positions)
{
  Sink sink ("job-id=surround");
  SF_INFO info = {};
  int map[6] = {};

  sink.play ();
  sink.begin ("a", nullptr, "audio/x-raw, format = " GST_AUDIO_NE_S16 ", "
      "layout = interleaved, rate = 8000, channels = 6, "
      "channel-mask = (bitmask) 0x3f");
  sink.push (600);
  sink.eos ();
  SNDFILE *file = sf_open ((work_dir / day / "surround.wav").c_str (),
      SFM_READ, &info);
  fail_unless (sf_command (file, SFC_GET_CHANNEL_MAP_INFO, map, sizeof map)
      == SF_TRUE);
  const int expected[] = {SF_CHANNEL_MAP_LEFT, SF_CHANNEL_MAP_RIGHT,
    SF_CHANNEL_MAP_CENTER, SF_CHANNEL_MAP_LFE, SF_CHANNEL_MAP_REAR_LEFT,
    SF_CHANNEL_MAP_REAR_RIGHT};
  for (int i = 0; i < 6; i++)
    fail_unless_equals_int (map[i], expected[i]);
  sf_close (file);
}
GST_END_TEST;

/* What comes before it does what the format needs. */
GST_START_TEST (test_every_format_in_a_pipeline)
{
  for (const char *format : {"wav", "rf64", "flac", "ogg", "opus", "mp3",
          "aiff"}) {
    const std::string line = std::string ("audiotestsrc num-buffers=50 ! "
        "audio/x-raw, rate=44100, channels=2 ! audioconvert ! audioresample ! "
        "datedsink name=sink format=") + format + " job-id=" + format
        + " base-dir=" + work_dir.string ();
    GError *error = nullptr;
    gchar *location = nullptr;
    GstElement *pipeline = gst_parse_launch (line.c_str (), &error);
    g_assert_no_error (error);
    GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
    GstBus *bus = gst_element_get_bus (pipeline);
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    GstMessage *message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND,
        (GstMessageType) (GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
    fail_unless (message != nullptr);
    fail_unless_equals_int (GST_MESSAGE_TYPE (message), GST_MESSAGE_EOS);
    gst_message_unref (message);
    g_object_get (sink, "location", &location, nullptr);
    fail_unless (samples_of (location).size () > 40000, "%s", format);
    g_free (location);
    gst_element_set_state (pipeline, GST_STATE_NULL);
    gst_object_unref (bus);
    gst_object_unref (sink);
    gst_object_unref (pipeline);
  }
}
GST_END_TEST;

GST_START_TEST (test_other_caps)
{
  Sink sink ("job-id=caps");

  sink.play ();
  sink.begin ("a");
  sink.push (800);
  /* the same caps again are no change */
  GstCaps *caps = gst_caps_from_string (S16);
  sink.send (gst_event_new_caps (caps));
  gst_caps_unref (caps);
  sink.push (800);
  caps = gst_caps_from_string ("audio/x-raw, format = " GST_AUDIO_NE_S16 ", "
      "layout = interleaved, rate = 8000, channels = 2");
  sink.send (gst_event_new_caps (caps));
  gst_caps_unref (caps);
  sink.push (800);
  sink.eos ();
  check_names ({"caps-0002.wav", "caps.wav"});
  fail_unless_equals_int (samples_of (work_dir / day / "caps.wav").size (),
      1600);
}
GST_END_TEST;

/* -- when the place fails */

GST_START_TEST (test_base_dir_is_a_file)
{
  std::ofstream (work_dir / "file") << "in the way";
  Sink sink ("job-id=x");

  g_object_set (sink.element, "base-dir", (work_dir / "file").c_str (),
      nullptr);
  sink.play ();
  sink.begin ("a");
  while (sink.push (800) == GST_FLOW_OK)
    g_usleep (1000);
  sink.eos ();
  GstMessage *message = sink.next (GST_MESSAGE_ERROR);
  GError *error = nullptr;
  gst_message_parse_error (message, &error, nullptr);
  fail_unless (error->domain == GST_RESOURCE_ERROR);
  fail_unless (strstr (error->message, "file") != nullptr);
  g_error_free (error);
  gst_message_unref (message);
  fail_unless (sink.next (GST_MESSAGE_ERROR) == nullptr);
}
GST_END_TEST;

/* What is handed to the writer in pieces is written while the item goes on. */
GST_START_TEST (test_written_in_pieces)
{
  Sink sink ("job-id=pieces");

  sink.play ();
  sink.begin ("a");
  for (int i = 0; i < 25; i++)
    fail_unless_equals_int (sink.push (800, i * 800), GST_FLOW_OK);
  /* all but the last second of 8 kHz, mono, 16 bits */
  uintmax_t written = 0;
  while (written < 25 * 1600 - 16000) {
    g_usleep (1000);
    for (const auto & entry : fs::recursive_directory_iterator (work_dir))
      if (entry.path ().extension () == ".part")
        written = entry.file_size ();
  }
  check_names ({});
  sink.eos ();
  check_names ({"pieces.wav"});
}
GST_END_TEST;

/* Somebody removes the folder while a file is being written: the recording
 * outlives it. */
GST_START_TEST (test_vanished_folder)
{
  Sink sink ("job-id=gone");

  sink.play ();
  sink.begin ("a");
  sink.push (800);
  while (names (true).empty ())
    g_usleep (1000);
  fs::remove_all (work_dir / "2025");
  sink.push (800);
  sink.eos ();
  fail_unless (sink.next (GST_MESSAGE_ERROR) == nullptr);
  check_names ({"gone.wav"});
  fail_unless_equals_int (samples_of (work_dir / day / "gone.wav").size (),
      1600);
}
GST_END_TEST;

GST_START_TEST (test_torn_frame)
{
  Sink sink ("job-id=torn");
  GError *error = nullptr;

  sink.play ();
  sink.begin ("a");
  sink.push (800);
  fail_unless_equals_int (gst_pad_push (sink.pad, gst_buffer_new_memdup (
              "abc", 3)), GST_FLOW_ERROR);
  sink.eos ();
  GstMessage *message = sink.next (GST_MESSAGE_ERROR);
  gst_message_parse_error (message, &error, nullptr);
  g_assert_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT);
  g_error_free (error);
  gst_message_unref (message);
  check_names ({});
}
GST_END_TEST;

/* Raw audio from a pipe has neither times nor a segment of them. */
GST_START_TEST (test_bytes)
{
  Sink sink ("job-id=pipe");
  GstSegment segment;

  sink.play ();
  sink.begin ("a");
  gst_segment_init (&segment, GST_FORMAT_BYTES);
  sink.send (gst_event_new_segment (&segment));
  fail_unless_equals_int (gst_pad_push (sink.pad, gst_buffer_new_memdup (
              "abcd", 4)), GST_FLOW_OK);
  sink.eos ();
  fail_unless_equals_int (samples_of (work_dir / day / "pipe.wav").size (), 2);
}
GST_END_TEST;

/* Writing fails in the middle of the second item: one error, the first item
 * as it was, the second a part, and the EOS that follows publishes nothing. */
GST_START_TEST (test_write_error)
{
  Sink sink;
  struct rlimit limit = {20000, RLIM_INFINITY}, before;

  signal (SIGXFSZ, SIG_IGN);
  sink.play ();
  sink.begin ("first", "first");
  sink.push (800);
  sink.begin ("second", "second");
  getrlimit (RLIMIT_FSIZE, &before);
  limit.rlim_max = before.rlim_max;
  fail_unless_equals_int (setrlimit (RLIMIT_FSIZE, &limit), 0);
  GstFlowReturn flow = GST_FLOW_OK;
  for (int i = 0; i < 5000 && flow == GST_FLOW_OK; i++) {
    flow = sink.push (800);
    g_usleep (100);
  }
  setrlimit (RLIMIT_FSIZE, &before);
  fail_unless_equals_int (flow, GST_FLOW_ERROR);
  sink.eos ();
  GstMessage *message = sink.next (GST_MESSAGE_ERROR);
  GError *error = nullptr;
  gchar *debug = nullptr;
  gst_message_parse_error (message, &error, &debug);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE);
  fail_unless (strstr (error->message, "second.wav") != nullptr, "%s",
      error->message);
  /* which says where to find what there is */
  fail_unless (strstr (debug, ".part") != nullptr, "%s", debug);
  g_free (debug);
  g_error_free (error);
  gst_message_unref (message);
  fail_unless (sink.next (GST_MESSAGE_ERROR) == nullptr);
  check_names ({"first.wav"});
  fail_unless_equals_int (samples_of (work_dir / day / "first.wav").size (),
      800);
  const std::vector<std::string> parts = names (true);
  fail_unless_equals_int (parts.size (), 1);
  fail_unless (samples_of (work_dir / day / parts[0]).size () > 800);
}
GST_END_TEST;

/* -- a slow disk: the writer's thread is held in the message it posts */

struct Brake
{
  std::atomic<bool> on {true};
};

static GstBusSyncReply
hold_writer (GstBus * bus, GstMessage * message, gpointer user)
{
  auto brake = static_cast<Brake *> (user);

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT
      && gst_message_has_name (message, GST_GENAUDIO_MESSAGE_FRAGMENT_OPENED))
    while (brake->on)
      g_usleep (1000);
  return GST_BUS_PASS;
}

static gpointer
push_much (gpointer user)
{
  auto sink = static_cast<Sink *> (user);
  GstFlowReturn flow = GST_FLOW_OK;

  for (int i = 0; i < 400 && flow == GST_FLOW_OK; i++)
    flow = sink->push (8000);
  return GINT_TO_POINTER (flow);
}

/* Without a clock to follow, the stream waits, and a state change need not. */
GST_START_TEST (test_slow_disk_holds_a_file_up)
{
  Sink sink ("job-id=slow");
  Brake brake;

  gst_bus_set_sync_handler (sink.bus, hold_writer, &brake, nullptr);
  sink.play ();
  sink.begin ("a");
  GThread *thread = g_thread_new ("push", push_much, &sink);
  while (sink.time < 200 * GST_SECOND)
    g_usleep (1000);
  g_usleep (50000);
  const GstClockTime reached = sink.time;
  fail_unless (reached < 300 * GST_SECOND, "the queue has no bound");
  /* this would never return if it waited for the disk */
  gst_element_set_state (sink.element, GST_STATE_PAUSED);
  gst_element_set_state (sink.element, GST_STATE_PLAYING);
  brake.on = false;
  fail_unless_equals_int (GPOINTER_TO_INT (g_thread_join (thread)),
      GST_FLOW_OK);
  sink.eos ();
  fail_unless_equals_int (samples_of (work_dir / day / "slow.wav").size (),
      400 * 8000);
  fail_unless (sink.next (GST_MESSAGE_WARNING) == nullptr);
}
GST_END_TEST;

/* Live audio goes on; there is a warning before anything is lost, what is
 * lost is counted, and the file keeps its length. */
GST_START_TEST (test_slow_disk_drops_live_audio)
{
  GstHarness *h = new_live_harness ();
  GstBus *bus = gst_bus_new ();
  Brake brake;
  GstStructure *stats = nullptr;
  guint64 dropped = 0;
  bool warned = false;
  const guint second = 96000 * 16;

  gst_bus_set_sync_handler (bus, hold_writer, &brake, nullptr);
  gst_element_set_bus (h->element, bus);
  gst_harness_set_src_caps_str (h, "audio/x-raw, format = " GST_AUDIO_NE_S16
      ", layout = interleaved, rate = 96000, channels = 8, "
      "channel-mask = (bitmask) 0");
  for (guint i = 0; i < 12; i++) {
    GstBuffer *buffer = gst_buffer_new_allocate (nullptr, second, nullptr);
    gst_buffer_memset (buffer, 0, 0, second);
    GST_BUFFER_PTS (buffer) = i * GST_SECOND;
    fail_unless_equals_int (gst_harness_push (h, buffer), GST_FLOW_OK);
    g_object_get (h->element, "recording-stats", &stats, nullptr);
    gst_structure_get_uint64 (stats, "dropped-frames", &dropped);
    gst_structure_free (stats);
    GstMessage *warning = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING);
    if (warning != nullptr) {
      fail_unless_equals_uint64 (dropped, 0);
      fail_if (warned, "a second warning");
      warned = true;
      gst_message_unref (warning);
    }
  }
  fail_unless (warned);
  fail_unless (dropped >= 96000, "%" G_GUINT64_FORMAT, dropped);
  brake.on = false;
  /* the queue empties, and a last buffer shows where the hole was */
  GstMessage *done = nullptr;
  GstBuffer *last = gst_buffer_new_allocate (nullptr, second, nullptr);
  gst_buffer_memset (last, 0, 0, second);
  GST_BUFFER_PTS (last) = 12 * GST_SECOND;
  for (guint64 written = 0; written < 12 * 96000 - dropped; g_usleep (1000)) {
    g_object_get (h->element, "recording-stats", &stats, nullptr);
    gst_structure_get_uint64 (stats, "frames", &written);
    gst_structure_free (stats);
  }
  fail_unless_equals_int (gst_harness_push (h, last), GST_FLOW_OK);
  gst_harness_push_event (h, gst_event_new_eos ());
  guint64 frames = 0;
  guint gaps = 0;
  while ((done = gst_bus_pop_filtered (bus, GST_MESSAGE_ELEMENT)) != nullptr) {
    const GstStructure *s = gst_message_get_structure (done);
    if (gst_structure_has_name (s, GST_GENAUDIO_MESSAGE_FRAGMENT_CLOSED)) {
      gst_structure_get_uint64 (s, "frames", &frames);
      gst_structure_get_uint (s, "gaps", &gaps);
    }
    gst_message_unref (done);
  }
  fail_unless_equals_uint64 (frames, 13 * 96000);
  fail_unless_equals_int (gaps, 1);
  gst_element_set_bus (h->element, nullptr);
  gst_object_unref (bus);
  gst_harness_teardown (h);
}
GST_END_TEST;

/* -- as an element among others */

GST_START_TEST (test_defaults_of_the_base_class)
{
  GstElement *element = gst_element_factory_make ("datedsink", nullptr);
  gboolean sync = TRUE, async = TRUE, last_sample = TRUE;

  g_object_get (element, "sync", &sync, "async", &async, "enable-last-sample",
      &last_sample, nullptr);
  fail_if (sync || async || last_sample);
  gst_object_unref (element);
}
GST_END_TEST;

static Suite *
datedsink_suite (void)
{
  Suite *s = suite_create ("datedsink");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_one_item);
  tcase_add_test (tc, test_messages);
  tcase_add_test (tc, test_items);
  tcase_add_test (tc, test_items_under_one_id);
  tcase_add_test (tc, test_items_without_audio);
  tcase_add_test (tc, test_results_and_sidecar);
  tcase_add_test (tc, test_tag_setter);
  tcase_add_test (tc, test_clipping_is_counted);
  tcase_add_test (tc, test_clipped_to_the_segment);
  tcase_add_test (tc, test_abort);
  tcase_add_test (tc, test_abort_of_a_rotation);
  tcase_add_test (tc, test_stop_without_eos);
  tcase_add_test (tc, test_stop_of_a_rotation);
  tcase_add_test (tc, test_stop_of_a_live_stream);
  tcase_add_test (tc, test_flush);
  tcase_add_test (tc, test_segment_done);
  tcase_add_test (tc, test_sidecar_of_a_suffixed_file);
  tcase_add_test (tc, test_again);
  tcase_add_test (tc, test_max_size_time);
  tcase_add_test (tc, test_measure);
  tcase_add_test (tc, test_split_now);
  tcase_add_test (tc, test_start_and_stop);
  tcase_add_test (tc, test_gap_event);
  tcase_add_test (tc, test_statistics);
  tcase_add_test (tc, test_retention);
  tcase_add_test (tc, test_if_exists);
  tcase_add_test (tc, test_location_template);
  tcase_add_test (tc, test_time_zone);
  tcase_add_test (tc, test_refused_settings);
  tcase_add_test (tc, test_hostile_item_ids);
  tcase_add_test (tc, test_environment);
  tcase_add_test (tc, test_caps_are_what_the_format_holds);
  tcase_add_test (tc, test_channel_positions);
  tcase_add_test (tc, test_every_format_in_a_pipeline);
  tcase_add_test (tc, test_other_caps);
  tcase_add_test (tc, test_base_dir_is_a_file);
  tcase_add_test (tc, test_written_in_pieces);
  tcase_add_test (tc, test_vanished_folder);
  tcase_add_test (tc, test_torn_frame);
  tcase_add_test (tc, test_bytes);
  tcase_add_test (tc, test_write_error);
  tcase_add_test (tc, test_slow_disk_holds_a_file_up);
  tcase_add_test (tc, test_slow_disk_drops_live_audio);
  tcase_add_test (tc, test_defaults_of_the_base_class);
  return s;
}

GST_CHECK_MAIN (datedsink);
