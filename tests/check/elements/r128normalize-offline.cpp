/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* r128normalize on finished items: what leaves is measured by libebur128. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

/* first: check defines a macro fail() */
#include <algorithm>
#include <cmath>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <csignal>

#include <ebur128.h>
#include <gst/audio/audio.h>
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/genaudio/genaudio.h>
#include <gst/tag/tag.h>

/* -- material and measuring */

/* Noise whose level wanders by 20 dB. */
static std::vector<float>
make_noise (int rate, int channels, double seconds, double level)
{
  std::vector<float> samples (static_cast<gsize> (rate * seconds) * channels);
  std::mt19937 random (1);
  std::uniform_real_distribution<double> noise (-1.0, 1.0);

  for (gsize i = 0; i < samples.size (); i++) {
    const double t = static_cast<double> (i / channels) / rate;
    samples[i] = static_cast<float> (level * noise (random)
        * std::pow (10.0, -0.5 + 0.5 * std::sin (2.0 * t)));
  }
  return samples;
}

static std::vector<float>
make_tone (int rate, int channels, double seconds, double level)
{
  std::vector<float> samples (static_cast<gsize> (rate * seconds) * channels);

  for (gsize i = 0; i < samples.size (); i++)
    samples[i] = static_cast<float> (level
        * std::sin (2.0 * G_PI * 997.0 * (i / channels) / rate));
  return samples;
}

struct Measured
{
  double loudness, true_peak;
};

static Measured
measure (const std::vector<float> & samples, int rate, int channels,
    bool dual_mono = false)
{
  ebur128_state *state = ebur128_init (channels, rate,
      EBUR128_MODE_I | EBUR128_MODE_TRUE_PEAK);
  Measured m = {0.0, 0.0};

  if (dual_mono)
    ebur128_set_channel (state, 0, EBUR128_DUAL_MONO);
  ebur128_add_frames_float (state, samples.data (), samples.size () / channels);
  ebur128_loudness_global (state, &m.loudness);
  for (int c = 0; c < channels; c++) {
    double peak;
    ebur128_true_peak (state, c, &peak);
    m.true_peak = std::max (m.true_peak, peak);
  }
  m.true_peak = 20.0 * std::log10 (m.true_peak);
  ebur128_destroy (&state);
  return m;
}

/* -- an element between two pads, and all that leaves it */

struct Run
{
  GstHarness *h;
  GstBus *bus;
  int rate, channels;
  std::vector<std::string> log;         /* what left, in its order */
  std::vector<float> out;
  std::vector<GstClockTime> pts;
  GstTagList *tags = gst_tag_list_new_empty ();

  explicit Run (int rate_ = 48000, int channels_ = 2)
      : h (gst_harness_new ("r128normalize")), bus (gst_bus_new ()),
      rate (rate_), channels (channels_)
  {
    gst_element_set_bus (h->element, bus);
    g_object_set (h->element, "mode", 1, nullptr);
    gst_pad_add_probe (h->sinkpad, static_cast<GstPadProbeType> (
            GST_PAD_PROBE_TYPE_DATA_DOWNSTREAM), note, this, nullptr);
  }
  ~Run ()
  {
    gst_element_set_bus (h->element, nullptr);
    gst_object_unref (bus);
    gst_harness_teardown (h);
    gst_tag_list_unref (tags);
  }

  static GstPadProbeReturn note (GstPad *, GstPadProbeInfo * info,
      gpointer data)
  {
    Run *self = static_cast<Run *> (data);
    if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
      GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
      GstMapInfo map;
      gst_buffer_map (buffer, &map, GST_MAP_READ);
      const float *samples = reinterpret_cast<float *> (map.data);
      self->out.insert (self->out.end (), samples,
          samples + map.size / sizeof (float));
      gst_buffer_unmap (buffer, &map);
      self->pts.push_back (GST_BUFFER_PTS (buffer));
      self->log.emplace_back ("buffer");
    } else {
      GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
      const GstStructure *s = gst_event_get_structure (event);
      if (GST_EVENT_TYPE (event) == GST_EVENT_TAG) {
        GstTagList *list;
        gst_event_parse_tag (event, &list);
        gst_tag_list_insert (self->tags, list, GST_TAG_MERGE_REPLACE);
      }
      if (GST_EVENT_TYPE (event) == GST_EVENT_CUSTOM_DOWNSTREAM)
        self->log.emplace_back (gst_structure_get_name (s));
      else
        self->log.emplace_back (GST_EVENT_TYPE_NAME (event));
    }
    return GST_PAD_PROBE_OK;
  }

  std::string caps () const
  {
    return "audio/x-raw,format=" GST_AUDIO_NE (F32) ",layout=interleaved,rate="
        + std::to_string (rate) + ",channels=" + std::to_string (channels)
        + (channels > 2 ? ",channel-mask=(bitmask)0x3f" : "");
  }
  bool push_event (GstEvent * event) { return gst_harness_push_event (h, event); }
  void begin (const char *stream_id = "item", const char *job_id = nullptr)
  {
    push_event (gst_event_new_stream_start (stream_id));
    GstCaps *c = gst_caps_from_string (caps ().c_str ());
    push_event (gst_event_new_caps (c));
    gst_caps_unref (c);
    GstSegment segment;
    gst_segment_init (&segment, GST_FORMAT_TIME);
    push_event (gst_event_new_segment (&segment));
    if (job_id != nullptr)
      push_tags (GST_GENAUDIO_TAG_JOB_ID, job_id);
  }
  void push_tags (const char *tag, const char *text)
  {
    push_event (gst_event_new_tag (gst_tag_list_new (tag, text, nullptr)));
  }
  GstFlowReturn push (const std::vector<float> & samples,
      gsize piece_frames = 1024)
  {
    const gsize total = samples.size () / channels;
    GstFlowReturn flow = GST_FLOW_OK;
    for (gsize at = 0; at < total && flow == GST_FLOW_OK; at += piece_frames) {
      const gsize n = std::min (piece_frames, total - at);
      GstBuffer *buffer = gst_buffer_new_allocate (nullptr,
          n * channels * sizeof (float), nullptr);
      gst_buffer_fill (buffer, 0, &samples[at * channels],
          n * channels * sizeof (float));
      GST_BUFFER_PTS (buffer) =
          gst_util_uint64_scale (at, GST_SECOND, rate);
      GST_BUFFER_DURATION (buffer) =
          gst_util_uint64_scale (at + n, GST_SECOND, rate)
          - GST_BUFFER_PTS (buffer);
      flow = gst_harness_push (h, buffer);
    }
    return flow;
  }
  void end () { push_event (gst_event_new_eos ()); }

  /* The next element message of that name. */
  GstStructure *message (const char *name = "r128normalize")
  {
    while (GstMessage *m = gst_bus_pop (bus)) {
      GstStructure *s = nullptr;
      if (gst_genaudio_message_has_name (m, name))
        s = gst_structure_copy (gst_message_get_structure (m));
      gst_message_unref (m);
      if (s != nullptr)
        return s;
    }
    return nullptr;
  }
  int count_messages (GstMessageType type)
  {
    int n = 0;
    while (GstMessage *m = gst_bus_pop_filtered (bus, type)) {
      n++;
      gst_message_unref (m);
    }
    return n;
  }
  GError *error ()
  {
    GstMessage *m = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
    fail_unless (m != nullptr, "no error was posted");
    GError *e;
    gst_message_parse_error (m, &e, nullptr);
    gst_message_unref (m);
    return e;
  }
};

static double
number (const GstStructure * s, const char *field)
{
  double value = std::numeric_limits<double>::quiet_NaN ();
  gst_structure_get_double (s, field, &value);
  return value;
}

static void
assert_near (double value, double expected, double tolerance, const char *what)
{
  fail_unless (std::fabs (value - expected) <= tolerance,
      "%s is %.6f, expected %.6f", what, value, expected);
}

static void
assert_method (const GstStructure * s, const char *method)
{
  fail_unless (s != nullptr, "no message");
  fail_unless_equals_string (gst_structure_get_string (s, "method"), method);
}

/* -- the gain */

GST_START_TEST (test_exact)
{
  for (const int rate : {8000, 22050, 32000, 44100, 48000, 96000, 192000}) {
    for (const int channels : {1, 2}) {
      Run run (rate, channels);
      const std::vector<float> in = make_noise (rate, channels, 5.0, 0.1);
      run.begin ();
      run.push (in);
      run.end ();

      fail_unless_equals_uint64 (run.out.size (), in.size ());
      const Measured before = measure (in, rate, channels);
      const Measured after = measure (run.out, rate, channels);
      GstStructure *s = run.message ();
      assert_method (s, "loudness");
      assert_near (after.loudness, -16.0, 0.02, "output");
      assert_near (number (s, "input-integrated-loudness"), before.loudness,
          0.001, "input");
      assert_near (number (s, "output-integrated-loudness"), after.loudness,
          0.001, "reported output");
      assert_near (number (s, "gain"), -16.0 - before.loudness, 0.001, "gain");
      /* libebur128 oversamples less from 96 kHz on */
      if (rate < 96000)
        assert_near (number (s, "output-max-true-peak"), after.true_peak, 0.01,
            "peak");
      else
        fail_unless (number (s, "output-max-true-peak")
            >= after.true_peak - 0.01);
      gst_structure_free (s);
    }
  }
}
GST_END_TEST;

GST_START_TEST (test_peak_just_fits)
{
  Run run;
  std::vector<float> in = make_tone (48000, 2, 4.0, 0.02);
  in[100000] = 0.9f;
  in[100002] = -0.9f;
  run.begin ();
  run.push (in);
  run.end ();

  const Measured after = measure (run.out, 48000, 2);
  GstStructure *s = run.message ();
  assert_method (s, "peak-limited");
  fail_unless (after.true_peak <= -1.0, "true peak %.6f", after.true_peak);
  assert_near (after.true_peak, -1.0, 0.001, "true peak");
  assert_near (number (s, "output-integrated-loudness"), after.loudness, 0.01,
      "output");
  gst_structure_free (s);
}
GST_END_TEST;

GST_START_TEST (test_limit)
{
  Run run;
  std::vector<float> in = make_tone (48000, 2, 8.0, 0.02);
  for (gsize i = 100000; i < 100020; i++)
    in[i] = 0.9f;
  g_object_set (run.h->element, "peak-policy", 1, nullptr);
  run.begin ();
  run.push (in);
  run.end ();

  fail_unless_equals_uint64 (run.out.size (), in.size ());
  const Measured after = measure (run.out, 48000, 2);
  GstStructure *s = run.message ();
  assert_method (s, "limited");
  fail_unless (after.true_peak <= -1.0, "true peak %.6f", after.true_peak);
  assert_near (number (s, "output-integrated-loudness"), after.loudness, 0.001,
      "reported output");
  assert_near (number (s, "output-max-true-peak"), after.true_peak, 0.01,
      "reported peak");
  assert_near (after.loudness, -16.0, 0.1, "output");
  /* the tags, which left first, say the same */
  double tag = 0.0;
  fail_unless (gst_tag_list_get_double (run.tags,
          GST_GENAUDIO_TAG_INTEGRATED_LOUDNESS, &tag));
  assert_near (tag, after.loudness, 0.001, "tag");
  gst_structure_free (s);
}
GST_END_TEST;

GST_START_TEST (test_double)
{
  GstHarness *h = gst_harness_new ("r128normalize");
  g_object_set (h->element, "mode", 1, nullptr);
  gst_harness_set_src_caps_str (h, "audio/x-raw,format=" GST_AUDIO_NE (F64)
      ",layout=interleaved,rate=44100,channels=2");
  const std::vector<float> noise = make_noise (44100, 2, 3.0, 0.1);
  const std::vector<double> in (noise.begin (), noise.end ());
  GstBuffer *buffer = gst_buffer_new_allocate (nullptr, in.size () * 8, nullptr);
  gst_buffer_fill (buffer, 0, in.data (), in.size () * 8);
  GST_BUFFER_PTS (buffer) = 0;
  fail_unless_equals_int (gst_harness_push (h, buffer), GST_FLOW_OK);
  gst_harness_push_event (h, gst_event_new_eos ());
  buffer = gst_harness_pull (h);
  std::vector<double> out (in.size ());
  gst_buffer_extract (buffer, 0, out.data (), out.size () * 8);
  gst_buffer_unref (buffer);
  const std::vector<float> rounded (out.begin (), out.end ());
  assert_near (measure (rounded, 44100, 2).loudness, -16.0, 0.02, "output");
  /* one gain, to the last bits of a double */
  const double gain = out[0] / in[0];
  for (gsize i = 0; i < in.size (); i++)
    fail_unless (std::fabs (out[i] - gain * in[i]) <= 1e-14);
  gst_harness_teardown (h);
}
GST_END_TEST;

GST_START_TEST (test_left_alone)
{
  const struct
  {
    double seconds, level;
    const char *method;
  } cases[] = {
    {3.0, 0.0, "silent"},
    {3.0, 0.0002, "silent"},    /* below -70 LUFS */
    {0.399, 0.1, "too-short"},
    {1.0 / 48000.0, 0.1, "too-short"},  /* one frame */
  };
  for (const auto & c : cases) {
    Run run;
    const std::vector<float> in = make_tone (48000, 2, c.seconds, c.level);
    run.begin ();
    run.push (in);
    run.end ();
    GstStructure *s = run.message ();
    assert_method (s, c.method);
    fail_unless (number (s, "gain") == 0.0);
    fail_unless (run.out == in);
    fail_if (gst_structure_has_field (s, "input-integrated-loudness"));
    fail_if (gst_structure_has_field (s, "output-integrated-loudness"));
    gst_structure_free (s);
  }
}
GST_END_TEST;

GST_START_TEST (test_short_policy)
{
  const std::vector<float> in = make_tone (48000, 2, 0.3, 0.05);

  for (const int policy : {1, 2}) {
    Run run;
    g_object_set (run.h->element, "short-policy", policy, nullptr);
    run.begin ();
    run.push (in);
    run.end ();
    GstStructure *s = run.message ();
    if (policy == 1) {
      /* repeated until it can be measured, it is as loud as wanted */
      std::vector<float> longer;
      for (int i = 0; i < 10; i++)
        longer.insert (longer.end (), run.out.begin (), run.out.end ());
      assert_method (s, "loudness");
      assert_near (measure (longer, 48000, 2).loudness, -16.0, 0.1, "ungated");
    } else {
      assert_method (s, "peak-limited");
      assert_near (measure (run.out, 48000, 2).true_peak, -1.0, 0.001, "peak");
    }
    gst_structure_free (s);
  }
}
GST_END_TEST;

GST_START_TEST (test_dual_mono)
{
  const std::vector<float> in = make_tone (48000, 1, 3.0, 0.05);

  for (const bool dual : {false, true}) {
    Run run (48000, 1);
    g_object_set (run.h->element, "dual-mono", static_cast<gboolean> (dual), nullptr);
    run.begin ();
    run.push (in);
    run.end ();
    assert_near (measure (run.out, 48000, 1, dual).loudness, -16.0, 0.02,
        "output");
  }
}
GST_END_TEST;

GST_START_TEST (test_disabled)
{
  Run run;
  const std::vector<float> in = make_noise (48000, 2, 2.0, 0.1);
  g_object_set (run.h->element, "enabled", FALSE, nullptr);
  run.begin ();
  run.push_event (gst_event_new_tag (gst_tag_list_new (GST_TAG_TRACK_GAIN, 1.0,
              nullptr)));
  run.push (in);
  run.end ();
  GstStructure *s = run.message ();
  assert_method (s, "disabled");
  fail_unless (run.out == in);
  assert_near (number (s, "output-integrated-loudness"),
      measure (in, 48000, 2).loudness, 0.001, "output");
  gst_structure_free (s);
}
GST_END_TEST;

GST_START_TEST (test_measured_given)
{
  Run run;
  const std::vector<float> in = make_noise (48000, 2, 2.0, 0.1);
  g_object_set (run.h->element, "measured-integrated", -20.0,
      "measured-true-peak", -10.0, nullptr);
  run.begin ();
  run.push (in);
  /* nothing is held */
  fail_unless_equals_uint64 (run.out.size (), in.size ());
  run.end ();
  GstStructure *s = run.message ();
  assert_method (s, "loudness");
  assert_near (number (s, "gain"), 4.0, 1e-9, "gain");
  assert_near (run.out[5] / in[5], std::pow (10.0, 0.2), 1e-6, "applied");
  assert_near (number (s, "output-integrated-loudness"), -16.0, 1e-9, "output");
  assert_near (number (s, "output-max-true-peak"), -6.0, 1e-9, "peak");
  gst_structure_free (s);

  /* a peak that is given bounds the gain, too */
  Run peak;
  g_object_set (peak.h->element, "measured-integrated", -20.0,
      "measured-true-peak", -3.0, nullptr);
  peak.begin ();
  peak.push (in);
  peak.end ();
  s = peak.message ();
  assert_method (s, "peak-limited");
  assert_near (number (s, "gain"), 2.0, 0.001, "gain");
  gst_structure_free (s);

  /* one of them: the other is measured */
  Run half;
  g_object_set (half.h->element, "measured-integrated", -20.0, nullptr);
  half.begin ();
  half.push (in);
  fail_unless (half.out.empty ());
  half.end ();
  s = half.message ();
  assert_near (number (s, "gain"), 4.0, 1e-9, "gain");
  gst_structure_free (s);
}
GST_END_TEST;

/* -- settings */

GST_START_TEST (test_presets)
{
  GstElement *element = gst_element_factory_make ("r128normalize", nullptr);
  double target, peak;
  const auto read = [&] {
    g_object_get (element, "loudness-target", &target, "max-true-peak", &peak,
        nullptr);
  };

  gst_util_set_object_arg (G_OBJECT (element), "preset", "atsc-a85");
  read ();
  fail_unless (target == -24.0 && peak == -2.0);
  /* what is set by hand wins, whichever comes first */
  g_object_set (element, "loudness-target", -20.0, nullptr);
  read ();
  fail_unless (target == -20.0 && peak == -2.0);
  gst_util_set_object_arg (G_OBJECT (element), "preset", "ebu-r128");
  read ();
  fail_unless (target == -20.0 && peak == -1.0);
  gst_object_unref (element);
}
GST_END_TEST;

static GstStateChangeReturn
start_with (const char *name, const char *value, GstElement * element)
{
  g_setenv (name, value, TRUE);
  const GstStateChangeReturn result =
      gst_element_set_state (element, GST_STATE_PAUSED);
  g_unsetenv (name);
  return result;
}

GST_START_TEST (test_environment)
{
  double target;
  gboolean enabled;
  GstElement *element = gst_element_factory_make ("r128normalize", nullptr);
  start_with ("AUDIO_TARGET_LUFS", "-20", element);
  g_object_get (element, "loudness-target", &target, nullptr);
  fail_unless (target == -20.0);
  gst_util_set_object_arg (G_OBJECT (element), "preset", "ebu-r128");
  g_object_get (element, "loudness-target", &target, nullptr);
  fail_unless (target == -23.0);
  g_object_set (element, "loudness-target", -18.0, nullptr);
  g_object_get (element, "loudness-target", &target, nullptr);
  fail_unless (target == -18.0);
  gst_element_set_state (element, GST_STATE_NULL);

  start_with ("AUDIO_NORMALIZE", "no", element);
  g_object_get (element, "enabled", &enabled, nullptr);
  fail_unless (!enabled);
  g_object_set (element, "enabled", TRUE, nullptr);
  g_object_get (element, "enabled", &enabled, nullptr);
  fail_unless (enabled);
  gst_element_set_state (element, GST_STATE_NULL);
  gst_object_unref (element);

  for (const auto & [name, value] : {std::pair{"AUDIO_TARGET_LUFS", "loud"},
          {"AUDIO_TARGET_LUFS", "-3"}, {"AUDIO_NORMALIZE", "perhaps"}}) {
    element = gst_element_factory_make ("r128normalize", nullptr);
    GstBus *bus = gst_bus_new ();
    gst_element_set_bus (element, bus);
    fail_unless_equals_int (start_with (name, value, element),
        GST_STATE_CHANGE_FAILURE);
    GstMessage *m = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
    fail_unless (m != nullptr);
    GError *error;
    gst_message_parse_error (m, &error, nullptr);
    fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
            GST_RESOURCE_ERROR_SETTINGS));
    fail_unless (strstr (error->message, value) != nullptr);
    g_error_free (error);
    gst_message_unref (m);
    gst_element_set_state (element, GST_STATE_NULL);
    gst_element_set_bus (element, nullptr);
    gst_object_unref (bus);
    gst_object_unref (element);
  }
}
GST_END_TEST;

/* -- what leaves, and when */

static GstEvent *
new_custom (const char *name)
{
  return gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
      gst_structure_new_empty (name));
}

static void
assert_log (const std::vector<std::string> & log,
    const std::vector<std::string> & expected)
{
  std::string have, want;
  for (const std::string & s : log)
    have += s + " ";
  for (const std::string & s : expected)
    want += s + " ";
  fail_unless (have == want, "left: %s\nexpected: %s", have.c_str (),
      want.c_str ());
}

/* Events stay where they were among the audio, tags go first, the result goes
 * before the end. */
static void
check_order (guint64 max_memory)
{
  Run run;
  const std::vector<float> second = make_noise (48000, 2, 1.0, 0.1);
  g_object_set (run.h->element, "max-memory", max_memory, nullptr);
  run.begin ("x/y/item", "job");
  run.push (second, 48000);
  run.push_event (new_custom ("one"));
  run.push_event (gst_event_new_gap (GST_SECOND, GST_MSECOND));
  run.push (second, 48000);
  run.push_tags (GST_TAG_TITLE, "late title");
  run.push_event (new_custom ("two"));
  run.push (second, 24000);
  fail_unless (run.out.empty ());
  run.end ();

  assert_log (run.log, {"stream-start", "caps", "segment", "tag", "buffer",
          "one", "gap", "buffer", "two", "buffer", "buffer",
          "genaudio-item-result", "eos"});
  gchar *text;
  fail_unless (gst_tag_list_get_string (run.tags, GST_TAG_TITLE, &text));
  g_free (text);
  GstStructure *s = run.message ();
  fail_unless_equals_string (gst_structure_get_string (s, "job-id"), "job");
  fail_unless_equals_string (gst_structure_get_string (s, "stream-id"),
      "x/y/item");
  guint64 frames, duration;
  gst_structure_get_uint64 (s, "frames", &frames);
  gst_structure_get_uint64 (s, "duration", &duration);
  fail_unless_equals_uint64 (frames, 3 * 48000);
  fail_unless_equals_uint64 (duration, 3 * GST_SECOND);
  gst_structure_free (s);
  fail_unless (run.message () == nullptr);

  std::vector<float> in;
  for (int i = 0; i < 3; i++)
    in.insert (in.end (), second.begin (), second.end ());
  fail_unless_equals_uint64 (run.out.size (), in.size ());
  assert_near (measure (run.out, 48000, 2).loudness, -16.0, 0.02, "output");
  const double gain = run.out[0] / in[0];
  for (gsize i = 0; i < in.size (); i++)
    fail_unless (std::fabs (run.out[i] - gain * in[i]) <= 1e-6);
}

GST_START_TEST (test_order)
{
  check_order (G_MAXUINT64);
}
GST_END_TEST;

/* The same from a temporary file, whether it begins at once or half-way. */
GST_START_TEST (test_spill)
{
  check_order (0);
  check_order (500000);
}
GST_END_TEST;

GST_START_TEST (test_timestamps)
{
  for (const guint64 max_memory : {G_MAXUINT64, guint64{0}}) {
    Run run (44100, 2);
    const std::vector<float> in = make_noise (44100, 2, 2.0, 0.1);
    g_object_set (run.h->element, "max-memory", max_memory, nullptr);
    run.begin ();
    run.push (in, 441);
    run.end ();
    fail_unless_equals_uint64 (run.pts.size (), 200);
    for (gsize i = 0; i < run.pts.size (); i++)
      fail_unless_equals_uint64 (run.pts[i], i * 10 * GST_MSECOND);
  }
}
GST_END_TEST;

GST_START_TEST (test_items)
{
  Run run;
  run.begin ("a/one");
  run.push (make_noise (48000, 2, 2.0, 0.1));
  run.begin ("a/two");
  run.push (make_noise (48000, 2, 3.0, 0.01));
  run.begin ("a/empty");
  run.end ();

  const char *ids[] = {"one", "two", "empty"};
  const char *methods[] = {"loudness", "loudness", "too-short"};
  for (int i = 0; i < 3; i++) {
    GstStructure *s = run.message ();
    assert_method (s, methods[i]);
    fail_unless_equals_string (gst_structure_get_string (s, "job-id"), ids[i]);
    gst_structure_free (s);
  }
  fail_unless (run.message () == nullptr);
  fail_unless_equals_int (std::count (run.log.begin (), run.log.end (),
          "genaudio-item-result"), 3);
  const std::vector<float> one (run.out.begin (), run.out.begin () + 192000);
  const std::vector<float> two (run.out.begin () + 192000, run.out.end ());
  assert_near (measure (one, 48000, 2).loudness, -16.0, 0.02, "first");
  assert_near (measure (two, 48000, 2).loudness, -16.0, 0.02, "second");
}
GST_END_TEST;

GST_START_TEST (test_album)
{
  Run run;
  const std::vector<float> loud = make_noise (48000, 2, 2.0, 0.1);
  const std::vector<float> quiet = make_noise (48000, 2, 3.0, 0.03);
  g_object_set (run.h->element, "album", TRUE, nullptr);
  run.begin ("loud");
  run.push (loud);
  run.begin ("quiet");
  run.push (quiet);
  fail_unless (run.out.empty ());
  run.end ();

  std::vector<float> in = loud;
  in.insert (in.end (), quiet.begin (), quiet.end ());
  fail_unless_equals_uint64 (run.out.size (), in.size ());
  const double gain = run.out[0] / in[0];
  for (gsize i = 0; i < in.size (); i++)
    fail_unless (std::fabs (run.out[i] - gain * in[i]) <= 1e-6);

  /* libebur128 over both items */
  ebur128_state *states[2];
  const std::vector<float> parts[] = {
    {run.out.begin (), run.out.begin () + loud.size ()},
    {run.out.begin () + loud.size (), run.out.end ()},
  };
  for (int i = 0; i < 2; i++) {
    states[i] = ebur128_init (2, 48000, EBUR128_MODE_I);
    ebur128_add_frames_float (states[i], parts[i].data (),
        parts[i].size () / 2);
  }
  double loudness;
  ebur128_loudness_global_multiple (states, 2, &loudness);
  assert_near (loudness, -16.0, 0.02, "album");
  for (ebur128_state *state : states)
    ebur128_destroy (&state);
  double tag = 0.0;
  fail_unless (gst_tag_list_get_double (run.tags, GST_TAG_ALBUM_GAIN, &tag));
  assert_near (tag, -2.0, 0.02, "album gain");

  for (int i = 0; i < 2; i++) {
    GstStructure *s = run.message ();
    assert_method (s, "loudness");
    assert_near (number (s, "output-integrated-loudness"),
        measure (parts[i], 48000, 2).loudness, 0.001, "item");
    gst_structure_free (s);
  }
  /* each item whole, in its order */
  const auto first = std::find (run.log.begin (), run.log.end (),
      "genaudio-item-result");
  fail_unless (first != run.log.end () && *(first + 1) == "stream-start");
}
GST_END_TEST;

/* -- tags */

GST_START_TEST (test_stale_tags)
{
  Run run;
  GstTagList *tags = gst_tag_list_new (GST_TAG_TITLE, "kept",
      GST_TAG_TRACK_GAIN, -7.0, GST_TAG_TRACK_PEAK, 0.5,
      GST_TAG_ALBUM_GAIN, -6.0, GST_TAG_REFERENCE_LEVEL, 83.0,
      GST_TAG_EXTENDED_COMMENT, "R128_TRACK_GAIN=77",
      GST_TAG_EXTENDED_COMMENT, "INITIALKEY=Am", nullptr);
  run.begin ();
  run.push_event (gst_event_new_tag (tags));
  run.push (make_noise (48000, 2, 2.0, 0.1));
  run.end ();

  double value = 0.0;
  fail_unless (gst_tag_list_get_double (run.tags, GST_TAG_TRACK_GAIN, &value));
  assert_near (value, -2.0, 1e-6, "track gain");
  fail_unless (gst_tag_list_get_double (run.tags, GST_TAG_TRACK_PEAK, &value));
  assert_near (value, std::pow (10.0, measure (run.out, 48000, 2).true_peak
          / 20.0), 1e-4, "track peak");
  fail_unless (gst_tag_list_get_double (run.tags, GST_TAG_REFERENCE_LEVEL,
          &value));
  fail_unless (value == 89.0);
  fail_unless (gst_tag_list_get_double (run.tags,
          GST_GENAUDIO_TAG_R128_TRACK_GAIN, &value));
  assert_near (value, -7.0, 1e-6, "R128 gain");
  fail_if (gst_tag_list_get_double (run.tags, GST_TAG_ALBUM_GAIN, &value));
  for (const auto & [tag, expected] : {
          std::pair{GST_GENAUDIO_TAG_INTEGRATED_LOUDNESS, -16.0},
          {GST_GENAUDIO_TAG_TRUE_PEAK, measure (run.out, 48000, 2).true_peak}}) {
    fail_unless (gst_tag_list_get_double (run.tags, tag, &value));
    assert_near (value, expected, 0.01, tag);
  }
  std::vector<std::string> comments;
  for (guint i = 0; i < gst_tag_list_get_tag_size (run.tags,
          GST_TAG_EXTENDED_COMMENT); i++) {
    const gchar *text;
    gst_tag_list_peek_string_index (run.tags, GST_TAG_EXTENDED_COMMENT, i,
        &text);
    comments.emplace_back (text);
  }
  fail_unless (comments == (std::vector<std::string>{"INITIALKEY=Am",
              "R128_TRACK_GAIN=-1792"}));
  gchar *title;
  fail_unless (gst_tag_list_get_string (run.tags, GST_TAG_TITLE, &title));
  fail_unless_equals_string (title, "kept");
  g_free (title);
}
GST_END_TEST;

/* Stock rgvolume reads the tags as they are meant: to -18 LUFS. */
GST_START_TEST (test_rgvolume)
{
  Run run;
  run.begin ();
  run.push (make_noise (48000, 2, 2.0, 0.1));
  run.end ();

  GstElement *rgvolume = gst_element_factory_make ("rgvolume", nullptr);
  if (rgvolume == nullptr)
    return;
  g_object_set (rgvolume, "album-mode", FALSE, nullptr);
  GstHarness *h = gst_harness_new_with_element (rgvolume, "sink", "src");
  gst_harness_set_src_caps_str (h, run.caps ().c_str ());
  gst_harness_push_event (h, gst_event_new_tag (gst_tag_list_ref (run.tags)));
  double gain = 0.0;
  g_object_get (rgvolume, "target-gain", &gain, nullptr);
  assert_near (gain, -2.0, 0.01, "rgvolume's gain");
  gst_harness_teardown (h);
  gst_object_unref (rgvolume);
}
GST_END_TEST;

/* -- bad input */

GST_START_TEST (test_non_finite)
{
  Run run;
  std::vector<float> in = make_noise (48000, 2, 3.0, 0.1);
  std::vector<float> clean = in;
  const float bad[] = {NAN, INFINITY, -INFINITY, -NAN, 3e38f};
  for (int i = 0; i < 5; i++) {
    in[50001 + 7777 * i] = bad[i];
    clean[50001 + 7777 * i] = 0.0f;
  }
  run.begin ();
  run.push (in);
  run.end ();
  fail_unless_equals_int (run.count_messages (GST_MESSAGE_WARNING), 0 + 1);
  const double gain = run.out[0] / clean[0];
  for (gsize i = 0; i < clean.size (); i++)
    fail_unless (std::fabs (run.out[i] - gain * clean[i]) <= 1e-6);
  assert_near (measure (run.out, 48000, 2).loudness, -16.0, 0.02, "output");
  GstStructure *s;
  g_object_get (run.h->element, "report", &s, nullptr);
  guint64 count = 0;
  gst_structure_get_uint64 (s, "non-finite", &count);
  fail_unless_equals_uint64 (count, 5);
  gst_structure_free (s);
}
GST_END_TEST;

GST_START_TEST (test_caps_change)
{
  Run run;
  run.begin ();
  run.push (make_noise (48000, 2, 2.0, 0.1));
  run.rate = 32000;
  run.channels = 1;
  GstCaps *caps = gst_caps_from_string (run.caps ().c_str ());
  run.push_event (gst_event_new_caps (caps));
  gst_caps_unref (caps);
  run.push (make_noise (32000, 1, 2.0, 0.1));
  fail_unless (run.out.empty ());
  run.end ();

  GstStructure *s = run.message ();
  assert_method (s, "loudness");
  guint64 frames, duration;
  gst_structure_get_uint64 (s, "frames", &frames);
  gst_structure_get_uint64 (s, "duration", &duration);
  fail_unless_equals_uint64 (frames, 96000 + 64000);
  fail_unless_equals_uint64 (duration, 4 * GST_SECOND);
  gst_structure_free (s);

  const std::vector<float> first (run.out.begin (), run.out.begin () + 192000);
  const std::vector<float> second (run.out.begin () + 192000, run.out.end ());
  ebur128_state *states[] = {ebur128_init (2, 48000, EBUR128_MODE_I),
    ebur128_init (1, 32000, EBUR128_MODE_I)};
  ebur128_add_frames_float (states[0], first.data (), 96000);
  ebur128_add_frames_float (states[1], second.data (), 64000);
  double loudness;
  ebur128_loudness_global_multiple (states, 2, &loudness);
  assert_near (loudness, -16.0, 0.02, "both parts");
  for (ebur128_state *state : states)
    ebur128_destroy (&state);
  fail_unless_equals_int (std::count (run.log.begin (), run.log.end (), "caps"),
      2);
}
GST_END_TEST;

GST_START_TEST (test_abort)
{
  Run run;
  run.begin ("bad");
  run.push (make_noise (48000, 2, 1.0, 0.1));
  run.push_event (gst_genaudio_event_new_item_abort ("bad", "test"));
  run.push (make_noise (48000, 2, 1.0, 0.1));
  run.begin ("good");
  run.push (make_noise (48000, 2, 1.0, 0.1));
  run.end ();
  fail_unless_equals_uint64 (run.out.size (), 96000);
  GstStructure *s = run.message ();
  fail_unless_equals_string (gst_structure_get_string (s, "job-id"), "good");
  gst_structure_free (s);
  fail_unless (run.message () == nullptr);
  fail_unless_equals_int (std::count (run.log.begin (), run.log.end (),
          "genaudio-item-abort"), 1);
}
GST_END_TEST;

GST_START_TEST (test_nothing)
{
  Run eos;
  eos.end ();
  fail_unless (eos.message () == nullptr);

  Run bare;
  bare.push_event (gst_event_new_stream_start ("nothing"));
  bare.end ();
  fail_unless (bare.message () == nullptr);
  assert_log (bare.log, {"stream-start", "eos"});

  Run empty;
  empty.begin ();
  gst_harness_push (empty.h, gst_buffer_new ());
  empty.end ();
  GstStructure *s = empty.message ();
  assert_method (s, "too-short");
  gst_structure_free (s);
}
GST_END_TEST;

GST_START_TEST (test_broken_buffer)
{
  Run run;
  run.begin ();
  run.push (make_noise (48000, 2, 1.0, 0.1));
  fail_unless_equals_int (gst_harness_push (run.h,
          gst_buffer_new_allocate (nullptr, 13, nullptr)), GST_FLOW_ERROR);
  GError *error = run.error ();
  fail_unless (g_error_matches (error, GST_STREAM_ERROR,
          GST_STREAM_ERROR_FORMAT));
  g_error_free (error);
  run.end ();
  fail_unless (run.out.empty ());
  fail_unless (run.message () == nullptr);
  fail_unless_equals_int (std::count (run.log.begin (), run.log.end (),
          "genaudio-item-abort"), 1);
}
GST_END_TEST;

/* A disk that is full, here one that takes 100 kB. */
GST_START_TEST (test_no_space)
{
  Run run;
  struct rlimit old, small;
  getrlimit (RLIMIT_FSIZE, &old);
  small = old;
  small.rlim_cur = 100000;
  signal (SIGXFSZ, SIG_IGN);
  g_object_set (run.h->element, "max-memory", G_GUINT64_CONSTANT (0), nullptr);
  run.begin ();
  setrlimit (RLIMIT_FSIZE, &small);
  const GstFlowReturn flow = run.push (make_noise (48000, 2, 1.0, 0.1));
  setrlimit (RLIMIT_FSIZE, &old);
  fail_unless_equals_int (flow, GST_FLOW_ERROR);
  GError *error = run.error ();
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_NO_SPACE_LEFT));
  g_error_free (error);
  run.end ();
  fail_unless (run.out.empty ());
  fail_unless (run.message () == nullptr);
}
GST_END_TEST;

GST_START_TEST (test_no_folder)
{
  Run run;
  g_setenv ("TMPDIR", "/nonexistent/folder", TRUE);
  g_object_set (run.h->element, "max-memory", G_GUINT64_CONSTANT (0), nullptr);
  run.begin ();
  fail_unless_equals_int (run.push (make_noise (48000, 2, 1.0, 0.1)),
      GST_FLOW_ERROR);
  g_unsetenv ("TMPDIR");
  GError *error = run.error ();
  fail_unless (error->domain == GST_RESOURCE_ERROR);
  g_error_free (error);
}
GST_END_TEST;

GST_START_TEST (test_unpositioned)
{
  Run run (48000, 4);
  GstCaps *caps = gst_caps_from_string ("audio/x-raw,format="
      GST_AUDIO_NE (F32) ",layout=interleaved,rate=48000,channels=4,"
      "channel-mask=(bitmask)0");
  run.push_event (gst_event_new_stream_start ("x"));
  run.push_event (gst_event_new_caps (caps));
  gst_caps_unref (caps);
  GstSegment segment;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  run.push_event (gst_event_new_segment (&segment));
  const std::vector<float> in = make_noise (48000, 4, 2.0, 0.1);
  run.push (in);
  run.end ();
  fail_unless_equals_int (run.count_messages (GST_MESSAGE_WARNING), 1);
  ebur128_state *state = ebur128_init (4, 48000, EBUR128_MODE_I);
  for (int c = 0; c < 4; c++)
    ebur128_set_channel (state, c, EBUR128_CENTER);
  ebur128_add_frames_float (state, run.out.data (), run.out.size () / 4);
  double loudness;
  ebur128_loudness_global (state, &loudness);
  assert_near (loudness, -16.0, 0.02, "output");
  ebur128_destroy (&state);
}
GST_END_TEST;

/* GStreamer's usual 5.1: the rear pair are the surrounds. */
GST_START_TEST (test_five_one)
{
  Run run (48000, 6);
  const std::vector<float> in = make_noise (48000, 6, 2.0, 0.05);
  run.begin ();
  run.push (in);
  run.end ();
  /* libebur128's default map is just this layout */
  assert_near (measure (run.out, 48000, 6).loudness, -16.0, 0.02, "output");
}
GST_END_TEST;

/* -- seeking */

GST_START_TEST (test_flush)
{
  Run run;
  run.begin ();
  run.push (make_noise (48000, 2, 1.0, 0.5));
  run.push_event (gst_event_new_flush_start ());
  run.push_event (gst_event_new_flush_stop (TRUE));
  GstSegment segment;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  run.push_event (gst_event_new_segment (&segment));
  run.push (make_noise (48000, 2, 2.0, 0.05));
  run.end ();
  fail_unless_equals_uint64 (run.out.size (), 192000);
  assert_near (measure (run.out, 48000, 2).loudness, -16.0, 0.02, "output");
  GstStructure *s = run.message ();
  guint64 frames;
  gst_structure_get_uint64 (s, "frames", &frames);
  fail_unless_equals_uint64 (frames, 96000);
  gst_structure_free (s);
}
GST_END_TEST;

/* A seek while an album, or other caps, are held: downstream must know what
 * comes then. */
GST_START_TEST (test_flush_lasting)
{
  Run run;
  g_object_set (run.h->element, "album", TRUE, nullptr);
  run.begin ("one");
  run.push (make_noise (48000, 2, 1.0, 0.5));
  run.rate = 32000;
  run.begin ("two");
  run.push (make_noise (32000, 2, 1.0, 0.5));
  run.push_event (gst_event_new_flush_start ());
  run.push_event (gst_event_new_flush_stop (TRUE));
  GstSegment segment;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  run.push_event (gst_event_new_segment (&segment));
  run.push (make_noise (32000, 2, 2.0, 0.05));
  run.end ();
  fail_unless_equals_uint64 (run.out.size (), 128000);
  assert_near (measure (run.out, 32000, 2).loudness, -16.0, 0.02, "output");
  GstCaps *caps = gst_pad_get_current_caps (run.h->sinkpad);
  int rate = 0;
  gst_structure_get_int (gst_caps_get_structure (caps, 0), "rate", &rate);
  fail_unless_equals_int (rate, 32000);
  gst_caps_unref (caps);
  GstStructure *s = run.message ();
  fail_unless_equals_string (gst_structure_get_string (s, "job-id"), "two");
  gst_structure_free (s);
  fail_unless (run.message () == nullptr);
}
GST_END_TEST;

/* The same item once more, from elsewhere: its own tags are there again. */
GST_START_TEST (test_flush_tags)
{
  Run run;
  run.begin ("item", "job");
  run.push (make_noise (48000, 2, 1.0, 0.5));
  run.push_event (gst_event_new_segment_done (GST_FORMAT_TIME, GST_SECOND));
  run.push_event (gst_event_new_flush_start ());
  run.push_event (gst_event_new_flush_stop (TRUE));
  GstSegment segment;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  run.push_event (gst_event_new_segment (&segment));
  run.push (make_noise (48000, 2, 1.0, 0.05));
  run.end ();
  for (int i = 0; i < 2; i++) {
    GstStructure *s = run.message ();
    assert_method (s, "loudness");
    fail_unless_equals_string (gst_structure_get_string (s, "job-id"), "job");
    gst_structure_free (s);
  }
  fail_unless_equals_int (std::count (run.log.begin (), run.log.end (), "tag"),
      2);
}
GST_END_TEST;

GST_START_TEST (test_album_abort)
{
  Run run;
  g_object_set (run.h->element, "album", TRUE, nullptr);
  run.begin ("good");
  run.push (make_noise (48000, 2, 2.0, 0.05));
  run.begin ("bad");
  run.push (make_noise (48000, 2, 2.0, 0.8));
  run.push_event (gst_genaudio_event_new_item_abort ("bad", "test"));
  run.begin ("other");
  run.push (make_noise (48000, 2, 2.0, 0.05));
  run.end ();
  fail_unless_equals_uint64 (run.out.size (), 2 * 192000);
  const std::vector<float> first (run.out.begin (), run.out.begin () + 192000);
  assert_near (measure (first, 48000, 2).loudness, -16.0, 0.02, "output");
  for (const char *id : {"good", "other"}) {
    GstStructure *s = run.message ();
    fail_unless_equals_string (gst_structure_get_string (s, "job-id"), id);
    gst_structure_free (s);
  }
  fail_unless (run.message () == nullptr);
}
GST_END_TEST;

GST_START_TEST (test_segment_done)
{
  Run run;
  run.begin ();
  run.push (make_noise (48000, 2, 2.0, 0.05));
  run.push_event (gst_event_new_segment_done (GST_FORMAT_TIME, 2 * GST_SECOND));
  fail_unless_equals_uint64 (run.out.size (), 192000);
  fail_unless (run.log[run.log.size () - 2] == "genaudio-item-result");
  fail_unless (run.log.back () == "segment-done");
  GstStructure *s = run.message ();
  assert_method (s, "loudness");
  gst_structure_free (s);
}
GST_END_TEST;

GST_START_TEST (test_backwards)
{
  Run run;
  run.begin ();
  fail_if (gst_harness_push_upstream_event (run.h, gst_event_new_seek (-1.0,
              GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, 0,
              GST_SEEK_TYPE_NONE, 0)));
  GstSegment segment;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.rate = -1.0;
  run.push_event (gst_event_new_segment (&segment));
  GError *error = run.error ();
  fail_unless (g_error_matches (error, GST_STREAM_ERROR,
          GST_STREAM_ERROR_FORMAT));
  g_error_free (error);
}
GST_END_TEST;

GST_START_TEST (test_queries_while_holding)
{
  Run run;
  run.begin ();
  run.push (make_noise (48000, 2, 1.0, 0.05));
  GstQuery *query = gst_query_new_drain ();
  fail_unless (gst_pad_peer_query (run.h->srcpad, query));
  gst_query_unref (query);
  GstCaps *caps = gst_caps_from_string (run.caps ().c_str ());
  query = gst_query_new_allocation (caps, TRUE);
  fail_if (gst_pad_peer_query (run.h->srcpad, query));
  gst_query_unref (query);
  gst_caps_unref (caps);
  fail_unless (run.out.empty ());
}
GST_END_TEST;

/* A buffer of a pool that has few of them is not kept from it. */
GST_START_TEST (test_pool)
{
  Run run;
  GstBufferPool *pool = gst_buffer_pool_new ();
  GstStructure *config = gst_buffer_pool_get_config (pool);
  GstCaps *caps = gst_caps_from_string (run.caps ().c_str ());
  gst_buffer_pool_config_set_params (config, caps, 9600 * 8, 1, 1);
  gst_buffer_pool_set_config (pool, config);
  gst_buffer_pool_set_active (pool, TRUE);
  gst_caps_unref (caps);

  const std::vector<float> in = make_noise (48000, 2, 2.0, 0.05);
  run.begin ();
  for (int i = 0; i < 10; i++) {
    GstBuffer *buffer = nullptr;
    GstBufferPoolAcquireParams params = {};
    params.flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT;
    fail_unless_equals_int (gst_buffer_pool_acquire_buffer (pool, &buffer,
            &params), GST_FLOW_OK);
    gst_buffer_fill (buffer, 0, &in[i * 9600 * 2], 9600 * 8);
    fail_unless_equals_int (gst_harness_push (run.h, buffer), GST_FLOW_OK);
  }
  run.end ();
  fail_unless_equals_uint64 (run.out.size (), in.size ());
  gst_buffer_pool_set_active (pool, FALSE);
  gst_object_unref (pool);
}
GST_END_TEST;

/* -- whole pipelines: audioloudnorm's own twelve cases, to our target and ten
 * times as near to it */

struct Case
{
  const char *input;
  int buffers, samples, channels;
  bool silent;
};

static const Case cases[] = {
  {"wave=sine", 1000, 1920, 1, false},
  {"wave=white-noise", 1000, 1920, 1, false},
  {"wave=sine", 1000, 1024, 1, false},
  {"wave=sine", 100, 1024, 1, false},
  {"wave=sine", 1000, 1920, 2, false},
  {"wave=silence", 1000, 1024, 1, true},
  {"wave=sine volume=0.5", 1000, 1024, 1, false},
  {"wave=sine volume=0.1", 1000, 1024, 1, false},
  {"wave=sine volume=0.01", 1000, 1024, 1, false},
  {"wave=sine volume=0.00045", 1000, 1024, 1, true},
};

struct Received
{
  std::vector<double> samples;
  int channels;
};

static void
receive (GstElement *, GstBuffer * buffer, GstPad *, gpointer data)
{
  Received *received = static_cast<Received *> (data);
  GstMapInfo map;

  const GstClockTime expected = gst_util_uint64_scale (
      received->samples.size () / received->channels, GST_SECOND, 192000);
  fail_unless (ABS (GST_CLOCK_DIFF (GST_BUFFER_PTS (buffer), expected)) <= 1);
  gst_buffer_map (buffer, &map, GST_MAP_READ);
  const double *samples = reinterpret_cast<double *> (map.data);
  const gsize n = map.size / sizeof (double);
  received->samples.insert (received->samples.end (), samples, samples + n);
  gst_buffer_unmap (buffer, &map);
}

GST_START_TEST (test_audioloudnorm_case)
{
  const Case & c = cases[__i__];
  const std::string format = "audio/x-raw,format=" GST_AUDIO_NE (F64)
      ",rate=192000,channels=" + std::to_string (c.channels);
  const std::string sizes = " num-buffers=" + std::to_string (c.buffers)
      + " samplesperbuffer=" + std::to_string (c.samples) + " ! " + format;
  std::string line = std::string ("audiotestsrc ") + c.input + sizes;
  line += " ! r128normalize mode=offline ! "
      "fakesink name=sink signal-handoffs=true";

  GstElement *pipeline = gst_parse_launch (line.c_str (), nullptr);
  fail_unless (pipeline != nullptr, "%s", line.c_str ());
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  Received received;
  received.channels = c.channels;
  g_signal_connect (sink, "handoff", G_CALLBACK (receive), &received);
  gst_object_unref (sink);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *m = gst_bus_timed_pop_filtered (bus, 50 * GST_SECOND,
      static_cast<GstMessageType> (GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  fail_unless (m != nullptr && GST_MESSAGE_TYPE (m) == GST_MESSAGE_EOS);
  gst_message_unref (m);
  gst_object_unref (bus);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);

  fail_unless_equals_uint64 (received.samples.size (),
      static_cast<guint64> (c.buffers) * c.samples * c.channels);
  ebur128_state *state = ebur128_init (c.channels, 192000,
      EBUR128_MODE_I | EBUR128_MODE_SAMPLE_PEAK);
  ebur128_add_frames_double (state, received.samples.data (),
      received.samples.size () / c.channels);
  double loudness, peak;
  ebur128_loudness_global (state, &loudness);
  if (c.silent)
    fail_unless (std::isinf (loudness) && loudness < 0.0);
  else
    assert_near (loudness, -16.0, 0.1, "loudness");
  for (int channel = 0; channel < c.channels; channel++) {
    ebur128_sample_peak (state, channel, &peak);
    fail_unless (20.0 * std::log10 (peak) <= -1.0);
  }
  ebur128_destroy (&state);
}
GST_END_TEST;

/* The last two of the twelve: a quiet tone with loud ticks, the first at once,
 * of one or ten periods. (Made here: audiotestsrc 1.22 plays uninitialised
 * memory between its ticks.) */
GST_START_TEST (test_audioloudnorm_limiter)
{
  constexpr int rate = 192000;
  const double tick = (__i__ == 0 ? 1.0 : 10.0) / 440.0;
  Run run (rate, 1);
  std::vector<float> in (1000 * 1024);
  for (gsize i = 0; i < in.size (); i++) {
    const double t = static_cast<double> (i) / rate;
    const double volume = std::fmod (t, 4.0) < tick ? 0.85 : 0.05;
    in[i] = static_cast<float> (volume * std::sin (2.0 * G_PI * 440.0 * t));
  }
  g_object_set (run.h->element, "peak-policy", 1, nullptr);
  run.begin ();
  run.push (in);
  run.end ();

  fail_unless_equals_uint64 (run.out.size (), in.size ());
  const Measured after = measure (run.out, rate, 1);
  assert_near (after.loudness, -16.0, 0.1, "loudness");
  fail_unless (after.true_peak <= -1.0);
  GstStructure *s = run.message ();
  assert_method (s, "limited");
  gst_structure_free (s);
}
GST_END_TEST;

/* `auto` goes by what upstream is. */
GST_START_TEST (test_auto)
{
  const std::pair<const char *, const char *> lines[] = {
    {"audiotestsrc num-buffers=20", "offline"},
    {"audiotestsrc num-buffers=20 is-live=true", "live"},
  };
  for (const auto & [source, mode] : lines) {
    const std::string line = std::string (source)
        + " ! audio/x-raw,format=" GST_AUDIO_NE (F32)
        ",rate=48000,channels=2 ! r128normalize ! fakesink";
    GstElement *pipeline = gst_parse_launch (line.c_str (), nullptr);
    GstBus *bus = gst_element_get_bus (pipeline);
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    std::string decided;
    for (;;) {
      GstMessage *m = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND,
          static_cast<GstMessageType> (GST_MESSAGE_EOS | GST_MESSAGE_ERROR
              | GST_MESSAGE_ELEMENT));
      fail_unless (m != nullptr && GST_MESSAGE_TYPE (m) != GST_MESSAGE_ERROR);
      const bool ends = GST_MESSAGE_TYPE (m) == GST_MESSAGE_EOS;
      if (gst_genaudio_message_has_name (m, "r128normalize-mode"))
        decided = gst_structure_get_string (gst_message_get_structure (m),
            "mode");
      gst_message_unref (m);
      if (ends)
        break;
    }
    fail_unless_equals_string (decided.c_str (), mode);
    gst_object_unref (bus);
    gst_element_set_state (pipeline, GST_STATE_NULL);
    gst_object_unref (pipeline);
  }
}
GST_END_TEST;

static Suite *
r128normalize_offline_suite (void)
{
  Suite *s = suite_create ("r128normalize-offline");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_exact);
  tcase_add_test (tc, test_peak_just_fits);
  tcase_add_test (tc, test_limit);
  tcase_add_test (tc, test_double);
  tcase_add_test (tc, test_left_alone);
  tcase_add_test (tc, test_short_policy);
  tcase_add_test (tc, test_dual_mono);
  tcase_add_test (tc, test_disabled);
  tcase_add_test (tc, test_measured_given);
  tcase_add_test (tc, test_presets);
  tcase_add_test (tc, test_environment);
  tcase_add_test (tc, test_order);
  tcase_add_test (tc, test_spill);
  tcase_add_test (tc, test_timestamps);
  tcase_add_test (tc, test_items);
  tcase_add_test (tc, test_album);
  tcase_add_test (tc, test_stale_tags);
  tcase_add_test (tc, test_rgvolume);
  tcase_add_test (tc, test_non_finite);
  tcase_add_test (tc, test_caps_change);
  tcase_add_test (tc, test_abort);
  tcase_add_test (tc, test_nothing);
  tcase_add_test (tc, test_broken_buffer);
  tcase_add_test (tc, test_no_space);
  tcase_add_test (tc, test_no_folder);
  tcase_add_test (tc, test_unpositioned);
  tcase_add_test (tc, test_five_one);
  tcase_add_test (tc, test_flush);
  tcase_add_test (tc, test_flush_lasting);
  tcase_add_test (tc, test_flush_tags);
  tcase_add_test (tc, test_album_abort);
  tcase_add_test (tc, test_segment_done);
  tcase_add_test (tc, test_backwards);
  tcase_add_test (tc, test_queries_while_holding);
  tcase_add_test (tc, test_pool);
  tcase_add_loop_test (tc, test_audioloudnorm_case, 0,
      static_cast<int> (G_N_ELEMENTS (cases)));
  tcase_add_loop_test (tc, test_audioloudnorm_limiter, 0, 2);
  tcase_add_test (tc, test_auto);
  return s;
}

GST_CHECK_MAIN (r128normalize_offline);
