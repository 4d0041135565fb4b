/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* bpmanalyzer: the buffers go through untouched, and every item is reported
 * once, before the event that ends it. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

/* first: check defines a macro fail() */
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gst/audio/audio.h>
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/genaudio/genaudio.h>
#include <gst/tag/tag.h>
#include <glib/gstdio.h>

/* -- material */

using Wave = std::function<double (double seconds)>;

/* A beat of decaying tone, the first at 0. */
static double
beat (double seconds, double bpm)
{
  const double t = std::fmod (seconds, 60 / bpm);
  return 0.8 * std::exp (-t * 60) * std::sin (2 * G_PI * 1000 * t);
}

static Wave
clicks (double bpm)
{
  return [bpm] (double t) { return beat (t, bpm); };
}

/* A triad of @semitones above A3, with harmonics, struck twice a second. */
static Wave
chord (std::vector<int> semitones)
{
  return [semitones] (double t) {
    double x = 0;
    for (int s : semitones)
      for (int h = 1; h <= 4; h++)
        x += std::sin (2 * G_PI * 220 * std::exp2 (s / 12.0) * h * t) / h;
    return 0.08 * x * std::exp (-3 * std::fmod (t, 0.5));
  };
}

static Wave
both (Wave a, Wave b)
{
  return [a, b] (double t) { return 0.5 * (a (t) + b (t)); };
}

static double
silent (double)
{
  return 0;
}

static GstBuffer *
new_buffer (const Wave & wave, int rate, int channels, guint64 first,
    gsize frames)
{
  std::vector<float> samples (frames * channels);

  for (gsize i = 0; i < frames; i++) {
    const float x = (float) wave ((double) (first + i) / rate);
    std::fill_n (&samples[i * channels], channels, x);
  }
  GstBuffer *buffer = gst_buffer_new_memdup (samples.data (),
      samples.size () * sizeof (float));
  GST_BUFFER_PTS (buffer) = gst_util_uint64_scale (first, GST_SECOND, rate);
  GST_BUFFER_DURATION (buffer) =
      gst_util_uint64_scale (frames, GST_SECOND, rate);
  return buffer;
}

/* -- the element in a harness, and what it posts */

struct Analyzer
{
  GstHarness *h;
  GstBus *bus = gst_bus_new ();
  int rate = 44100, channels = 1;
  guint64 at = 0;               /* next frame */

  explicit Analyzer (const char *description = "bpmanalyzer",
      bool live = false)
  {
    GstElement *element = gst_parse_launch (description, nullptr);
    h = gst_harness_new_with_element (element, "sink", "src");
    gst_object_unref (element);
    gst_harness_set_live (h, live);
    gst_element_set_bus (h->element, bus);
  }

  ~Analyzer ()
  {
    gst_element_set_bus (h->element, nullptr);
    gst_object_unref (bus);
    gst_harness_teardown (h);
  }

  void set_caps (int new_rate, int new_channels, const char *format = "F32")
  {
    rate = new_rate;
    channels = new_channels;
    gchar *name = g_strconcat (format, G_BYTE_ORDER == G_LITTLE_ENDIAN
        ? "LE" : "BE", nullptr);
    GstCaps *caps = gst_caps_new_simple ("audio/x-raw",
        "format", G_TYPE_STRING, name, "rate", G_TYPE_INT, rate,
        "channels", G_TYPE_INT, channels,
        "layout", G_TYPE_STRING, "interleaved", nullptr);
    if (channels > 2)
      gst_caps_set_simple (caps, "channel-mask", GST_TYPE_BITMASK,
          gst_audio_channel_get_fallback_mask (channels), nullptr);
    gst_harness_set_src_caps (h, caps);
    g_free (name);
  }

  void push (const Wave & wave, double seconds, gsize block = 4096)
  {
    const guint64 end = at + (guint64) std::llround (seconds * rate);
    while (at < end) {
      const gsize n = std::min<guint64> (block, end - at);
      fail_unless_equals_int (gst_harness_push (h,
              new_buffer (wave, rate, channels, at, n)), GST_FLOW_OK);
      gst_buffer_unref (gst_harness_pull (h));
      at += n;
    }
  }

  void push_event (GstEvent * event)
  {
    fail_unless (gst_harness_push_event (h, event));
  }

  void begin (const char *stream_id, const char *job_id)
  {
    GstSegment segment;
    gst_segment_init (&segment, GST_FORMAT_TIME);
    push_event (gst_event_new_stream_start (stream_id));
    push_event (gst_event_new_segment (&segment));
    if (job_id != nullptr) {
      GstTagList *tags = gst_tag_list_new (GST_GENAUDIO_TAG_JOB_ID, job_id,
          nullptr);
      gst_tag_list_set_scope (tags, GST_TAG_SCOPE_STREAM);
      push_event (gst_event_new_tag (tags));
    }
    at = 0;
  }

  void end ()
  {
    push_event (gst_event_new_eos ());
  }

  /* The next message, or nullptr. */
  GstMessage *pop_message ()
  {
    while (GstMessage *message = gst_bus_pop (bus)) {
      if (gst_genaudio_message_has_name (message,
              GST_GENAUDIO_MESSAGE_ANALYSIS))
        return message;
      fail_if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR);
      gst_message_unref (message);
    }
    return nullptr;
  }

  int count_messages ()
  {
    int n = 0;
    while (GstMessage *message = pop_message ()) {
      gst_message_unref (message);
      n++;
    }
    return n;
  }
};

struct ReportFree
{
  void operator() (GstGenAudioAnalysis * a) const
  {
    gst_genaudio_analysis_free (a);
  }
};
using Report = std::unique_ptr<GstGenAudioAnalysis, ReportFree>;

static Report
pop_report (Analyzer & a)
{
  GstMessage *message = a.pop_message ();

  fail_unless (message != nullptr, "no report");
  Report report (gst_genaudio_analysis_from_structure
      (gst_message_get_structure (message)));
  gst_message_unref (message);
  return report;
}

static Report
only_report (Analyzer & a)
{
  Report report = pop_report (a);

  fail_unless (report->final);
  fail_unless_equals_int (a.count_messages (), 0);
  return report;
}

static void
fail_unless_bpm (double bpm, double expected)
{
  fail_unless (std::abs (bpm / expected - 1) < 0.003,
      "%f BPM instead of %f", bpm, expected);
}

/* -- tests */

GST_START_TEST (test_buffers_untouched)
{
  for (const char *format : { "F32", "F64", "S16", "S24", "S32" }) {
    for (int channels = 1; channels <= 8; channels++) {
      Analyzer a ("bpmanalyzer key=true");
      a.set_caps (48000, channels, format);
      GstBuffer *in = gst_buffer_new_allocate (nullptr, 480 * channels * 8,
          nullptr);
      gst_buffer_memset (in, 0, 0x11, -1);
      GST_BUFFER_PTS (in) = 0;
      /* as sources do; GstBaseTransform would mark a copy */
      GST_BUFFER_FLAG_SET (in, GST_BUFFER_FLAG_DISCONT);
      gst_buffer_ref (in);      /* so that it is not writable */
      fail_unless_equals_int (gst_harness_push (a.h, in), GST_FLOW_OK);
      GstBuffer *out = gst_harness_pull (a.h);
      fail_unless (out == in, "%s %d", format, channels);
      gst_buffer_unref (out);
      gst_buffer_unref (in);
      a.end ();
      const guint size = format[1] == '6' ? 8 : (format[1] - '0') + 1;
      fail_unless_equals_uint64 (only_report (a)->frames, 480 * 8 / size);
      fail_unless_equals_uint64 (gst_harness_query_latency (a.h), 0);
    }
  }
}
GST_END_TEST;

GST_START_TEST (test_tempo)
{
  const struct { double bpm; int rate, channels; gsize block; } cases[] = {
    {60, 44100, 1, 1024}, {84, 8000, 2, 1}, {97, 16000, 2, 333},
    {120, 48000, 2, 65536}, {128, 44100, 2, 4096}, {140, 22050, 1, 441},
    {174, 96000, 2, 1000}, {199, 32000, 6, 7}, {133, 192000, 1, 8192},
  };

  for (const auto & c : cases) {
    Analyzer a;
    a.set_caps (c.rate, c.channels);
    a.push (clicks (c.bpm), 14, c.block);
    a.end ();
    const Report report = only_report (a);
    fail_unless_bpm (report->bpm, c.bpm);
    fail_unless (report->bpm_confidence > 0 && report->bpm_confidence <= 1);
  }
}
GST_END_TEST;

GST_START_TEST (test_tempo_range)
{
  Analyzer a ("bpmanalyzer min-bpm=45 max-bpm=89");
  a.set_caps (44100, 1);
  a.push (clicks (120), 20);
  a.end ();
  fail_unless_bpm (only_report (a)->bpm, 60);
}
GST_END_TEST;

GST_START_TEST (test_analysis_limit)
{
  Analyzer a ("bpmanalyzer analysis-limit=15000000000");
  a.set_caps (44100, 1);
  a.push (clicks (100), 15);
  a.push (clicks (150), 45);
  a.end ();
  const Report report = only_report (a);
  fail_unless_bpm (report->bpm, 100);
  fail_unless_equals_uint64 (report->frames, 60 * 44100);
}
GST_END_TEST;

/* Beats lie on the clicks, wherever the item and its first buffer begin. */
GST_START_TEST (test_beats)
{
  for (int rate : { 8000, 44100, 96000 }) {
    for (double first : { 0.0, 3.21 }) {
      Analyzer a ("bpmanalyzer beats=true");
      a.set_caps (rate, 2);
      a.at = (guint64) std::llround (first * rate);
      a.push ([first] (double t) {
            return t < first + 0.3 ? 0 : beat (t - first - 0.3, 126);
          }, 20, 1000);
      a.end ();
      const Report report = only_report (a);
      fail_unless (report->beats != nullptr);
      /* 19.7 s */
      fail_unless (report->beats->len >= 40 && report->beats->len <= 42,
          "%u beats", report->beats->len);
      for (guint i = 0; i < report->beats->len; i++) {
        const double at = (double) g_array_index (report->beats, guint64, i)
            / GST_SECOND;
        const double expected = first + 0.3 + i * 60 / 126.0;
        fail_unless (std::abs (at - expected) < 0.006,
            "beat %u at %f instead of %f, %d Hz", i, at, expected, rate);
      }
      fail_unless_equals_uint64 (report->downbeat,
          g_array_index (report->beats, guint64, 0));
    }
  }
}
GST_END_TEST;

GST_START_TEST (test_downbeat)
{
  Analyzer a ("bpmanalyzer beats=true");
  a.set_caps (44100, 1);
  /* a bass note on every third of four */
  a.push ([] (double t) {
        const double bar = std::fmod (t, 2.0);
        return beat (t, 120) + (bar < 1 ? 0 : 0.5 * std::exp (-8 * (bar - 1))
            * std::sin (2 * G_PI * 60 * (bar - 1)));
      }, 24);
  a.end ();
  const Report report = only_report (a);
  fail_unless (std::abs ((double) report->downbeat / GST_SECOND - 1) < 0.03,
      "%" GST_TIME_FORMAT, GST_TIME_ARGS (report->downbeat));
}
GST_END_TEST;

GST_START_TEST (test_beats_live)
{
  Analyzer a ("bpmanalyzer beats=true background=false", true);
  a.set_caps (22050, 1);
  a.push (clicks (120), 70, 2205);
  a.count_messages ();
  a.push (clicks (120), 1, 2205);
  const Report report = pop_report (a);
  fail_unless (report->beats->len >= 15 && report->beats->len <= 17);
  for (guint i = 0; i < report->beats->len; i++) {
    const double at = (double) g_array_index (report->beats, guint64, i)
        / GST_SECOND;
    fail_unless (at > 62 && at < 71.1);
    fail_unless (std::abs (2 * at - std::round (2 * at)) < 0.012, "%f", at);
  }
}
GST_END_TEST;

GST_START_TEST (test_key)
{
  Analyzer a ("bpmanalyzer key=true tempo=false statistics=false");
  a.set_caps (44100, 2);
  /* C major: I IV V I */
  for (int bar = 0; bar < 3; bar++)
    for (int root : { 3, 8, 10, 3 })
      a.push (chord ({ root, root + 4, root + 7 }), 2);
  a.end ();
  const Report report = only_report (a);
  fail_unless_equals_string (report->musical_key, "C major");
  fail_unless (report->key_alternative != nullptr);
  fail_unless (report->tuning > 435 && report->tuning < 445);
  fail_unless (std::isnan (report->bpm));
  fail_unless (std::isnan (report->peak_amplitude));
}
GST_END_TEST;

GST_START_TEST (test_statistics)
{
  Analyzer a;
  a.set_caps (32000, 2);
  std::vector<float> samples;
  for (int i = 0; i < 32000; i++) {
    samples.push_back (i < 3200 ? 0 : 0.5f * (float) std::sin (i * 0.1));
    samples.push_back (i < 3200 || i >= 28800 ? 0 : 0.25f);
  }
  GstBuffer *buffer = gst_buffer_new_memdup (samples.data (),
      samples.size () * sizeof (float));
  fail_unless_equals_int (gst_harness_push (a.h, buffer), GST_FLOW_OK);
  a.end ();
  const Report r = only_report (a);

  double squares[2] = { }, sums[2] = { }, peaks[2] = { };
  for (gsize i = 0; i < samples.size (); i++) {
    const double x = samples[i];
    squares[i % 2] += x * x;
    sums[i % 2] += x;
    peaks[i % 2] = std::max (peaks[i % 2], std::abs (x));
  }
  const double rms = std::sqrt ((squares[0] + squares[1]) / 64000);
  fail_unless (std::abs (r->peak_amplitude - 0.5) < 1e-4);
  fail_unless (std::abs (r->rms_energy - rms) < 1e-6);
  fail_unless (std::abs (r->dynamic_range
          - 20 * std::log10 (peaks[0] / rms)) < 1e-5);
  fail_unless_equals_int (r->dc_offset->len, 2);
  for (int c = 0; c < 2; c++) {
    fail_unless (std::abs (g_array_index (r->dc_offset, double, c)
            - sums[c] / 32000) < 1e-6);
    fail_unless (std::abs (g_array_index (r->channel_rms_energy, double, c)
            - std::sqrt (squares[c] / 32000)) < 1e-6);
    fail_unless (std::abs (g_array_index (r->channel_peak_amplitude, double, c)
            - peaks[c]) < 1e-6);
  }
  /* sin(320) is the first sample above the threshold, or the channel beside
   * it, which begins in the same frame */
  fail_unless_equals_uint64 (r->leading_silence, GST_SECOND / 10);
  fail_unless (r->trailing_silence < GST_MSECOND);
  fail_unless_equals_uint64 (r->duration, GST_SECOND);
  fail_unless_equals_int (r->rate, 32000);
  fail_unless_equals_int (r->channels, 2);
  fail_unless (std::isnan (r->bpm));

  double peak;
  g_object_get (a.h->element, "peak-amplitude", &peak, nullptr);
  fail_unless_equals_float (peak, r->peak_amplitude);
}
GST_END_TEST;

GST_START_TEST (test_switched_off)
{
  Analyzer a ("bpmanalyzer tempo=false statistics=false");
  a.set_caps (44100, 1);
  a.push (clicks (120), 12);
  a.end ();
  GstMessage *message = a.pop_message ();
  const GstStructure *s = gst_message_get_structure (message);
  for (const char *field : { "bpm", "musical-key", "peak-amplitude",
           "rms-energy", "clipped-samples", "dc-offset", "leading-silence" })
    fail_if (gst_structure_has_field (s, field), "%s", field);
  fail_unless (gst_structure_has_field (s, "frames"));
  gst_message_unref (message);
}
GST_END_TEST;

/* TAG and the item's result come before the event that ends it, and the
 * element posts no tag message of its own. */
GST_START_TEST (test_order_at_the_end)
{
  Analyzer a ("bpmanalyzer key=true");
  a.set_caps (44100, 1);
  a.begin ("items/one", "gen_1");
  GstTagList *upstream = gst_tag_list_new (GST_TAG_TITLE, "Untitled",
      GST_TAG_EXTENDED_COMMENT, "InitialKey=C", GST_TAG_EXTENDED_COMMENT, "A=B",
      nullptr);
  gst_tag_list_set_scope (upstream, GST_TAG_SCOPE_STREAM);
  a.push_event (gst_event_new_tag (upstream));
  a.push (both (clicks (120), chord ({ 0, 3, 7 })), 20);
  while (GstEvent *event = gst_harness_try_pull_event (a.h))
    gst_event_unref (event);
  a.end ();

  GstEvent *event = gst_harness_pull_event (a.h);
  fail_unless_equals_int (GST_EVENT_TYPE (event), GST_EVENT_TAG);
  GstTagList *tags;
  gst_event_parse_tag (event, &tags);
  fail_unless_equals_int (gst_tag_list_get_scope (tags), GST_TAG_SCOPE_STREAM);
  double bpm = 0;
  gchar *text = nullptr;
  fail_unless (gst_tag_list_get_double (tags, GST_TAG_BEATS_PER_MINUTE, &bpm));
  fail_unless_bpm (bpm, 120);
  fail_unless (gst_tag_list_get_string (tags, GST_TAG_MUSICAL_KEY, &text));
  fail_unless_equals_string (text, "Am");
  g_free (text);
  fail_unless_equals_int (gst_tag_list_get_tag_size (tags,
          GST_TAG_EXTENDED_COMMENT), 2);
  const gchar *comment = nullptr;
  gst_tag_list_peek_string_index (tags, GST_TAG_EXTENDED_COMMENT, 0, &comment);
  fail_unless_equals_string (comment, "A=B");
  gst_tag_list_peek_string_index (tags, GST_TAG_EXTENDED_COMMENT, 1, &comment);
  fail_unless_equals_string (comment, "INITIALKEY=Am");
  /* a sticky TAG event replaces the last one: upstream's tags are in it */
  fail_unless (gst_tag_list_get_string (tags, GST_TAG_TITLE, &text));
  g_free (text);
  fail_unless (gst_tag_list_get_string (tags, GST_GENAUDIO_TAG_JOB_ID, &text));
  g_free (text);
  gst_event_unref (event);

  event = gst_harness_pull_event (a.h);
  const GstStructure *result = nullptr;
  fail_unless (gst_genaudio_event_parse_item_result (event, &result));
  GstMessage *message = a.pop_message ();
  fail_unless (gst_structure_is_equal (result,
          gst_message_get_structure (message)));
  fail_unless_equals_string (gst_structure_get_string (result, "job-id"),
      "gen_1");
  fail_unless_equals_string (gst_structure_get_string (result, "stream-id"),
      "items/one");
  fail_unless_equals_string (gst_structure_get_string (result, "musical-key"),
      "A minor");
  GstStructure *property;
  g_object_get (a.h->element, "report", &property, nullptr);
  fail_unless (gst_structure_is_equal (result, property));
  gst_structure_free (property);
  gst_message_unref (message);
  gst_event_unref (event);

  event = gst_harness_pull_event (a.h);
  fail_unless_equals_int (GST_EVENT_TYPE (event), GST_EVENT_EOS);
  gst_event_unref (event);
  while ((message = gst_bus_pop (a.bus)) != nullptr) {
    fail_if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_TAG);
    gst_message_unref (message);
  }
}
GST_END_TEST;

GST_START_TEST (test_items)
{
  Analyzer a;
  a.set_caps (44100, 1);
  a.begin ("items/one", "gen_1");
  a.push (clicks (100), 15);
  a.begin ("items/two", nullptr);
  Report report = only_report (a);
  fail_unless_equals_string (report->job_id, "gen_1");
  fail_unless_bpm (report->bpm, 100);
  a.push (clicks (150), 15);
  a.end ();
  report = only_report (a);
  fail_unless_equals_string (report->job_id, "two");
  fail_unless_bpm (report->bpm, 150);
  fail_unless_equals_uint64 (report->frames, 15 * 44100);
}
GST_END_TEST;

GST_START_TEST (test_segment_done)
{
  Analyzer a;
  a.set_caps (44100, 1);
  a.push (clicks (120), 12);
  a.push_event (gst_event_new_segment_done (GST_FORMAT_TIME, 12 * GST_SECOND));
  fail_unless_bpm (only_report (a)->bpm, 120);
  a.end ();
  fail_unless_equals_int (a.count_messages (), 0);
}
GST_END_TEST;

GST_START_TEST (test_segment_alone)
{
  Analyzer a;
  GstSegment segment;
  a.set_caps (44100, 1);
  a.push (clicks (120), 10);
  /* time goes on: nothing is lost */
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = segment.time = 10 * GST_SECOND;
  segment.base = 10 * GST_SECOND;
  a.push_event (gst_event_new_segment (&segment));
  a.push (clicks (120), 10);
  /* time goes back: another piece */
  gst_segment_init (&segment, GST_FORMAT_TIME);
  a.push_event (gst_event_new_segment (&segment));
  fail_unless_equals_int (a.count_messages (), 0);
  a.end ();
  Report report = only_report (a);
  fail_unless_equals_uint64 (report->frames, 20 * 44100);

  a.push_event (gst_event_new_stream_start ("again"));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  a.push_event (gst_event_new_segment (&segment));
  a.at = 0;
  a.push (clicks (90), 12);
  a.at = 0;
  a.push (clicks (150), 12);
  a.end ();
  report = only_report (a);
  fail_unless_bpm (report->bpm, 150);
  fail_unless_equals_uint64 (report->frames, 12 * 44100);
}
GST_END_TEST;

GST_START_TEST (test_flush)
{
  Analyzer a;
  GstSegment segment;
  a.set_caps (44100, 1);
  a.push (clicks (90), 12);
  a.push_event (gst_event_new_flush_start ());
  a.push_event (gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  a.push_event (gst_event_new_segment (&segment));
  fail_unless_equals_int (a.count_messages (), 0);
  a.push (clicks (140), 12);
  a.end ();
  const Report report = only_report (a);
  fail_unless_bpm (report->bpm, 140);
  fail_unless_equals_uint64 (report->frames, 12 * 44100);
}
GST_END_TEST;

GST_START_TEST (test_abort)
{
  Analyzer a;
  a.set_caps (44100, 1);
  a.begin ("items/one", "gen_1");
  a.push (clicks (100), 12);
  a.push_event (gst_genaudio_event_new_item_abort ("gen_1", "test"));
  a.push (clicks (100), 12);
  a.begin ("items/two", "gen_2");
  fail_unless_equals_int (a.count_messages (), 0);
  a.push (clicks (150), 12);
  a.end ();
  const Report report = only_report (a);
  fail_unless_equals_string (report->job_id, "gen_2");
  fail_unless_bpm (report->bpm, 150);
}
GST_END_TEST;

GST_START_TEST (test_caps_change)
{
  Analyzer a ("bpmanalyzer key=true");
  a.set_caps (44100, 2);
  a.push (clicks (100), 12);
  a.at = 12 * 8000;
  a.set_caps (8000, 1);
  a.push (clicks (150), 12);
  a.end ();
  const Report report = only_report (a);
  fail_unless_bpm (report->bpm, 150);
  fail_unless_equals_int (report->rate, 8000);
  fail_unless_equals_int (report->channels, 1);
  fail_unless_equals_uint64 (report->frames, 12 * 8000);
}
GST_END_TEST;

GST_START_TEST (test_gaps)
{
  Analyzer a;
  a.set_caps (44100, 1);
  a.push (clicks (120), 10);
  a.push_event (gst_event_new_gap (10 * GST_SECOND, GST_SECOND));
  gint gaps = 0;
  while (GstEvent *event = gst_harness_try_pull_event (a.h)) {
    gaps += GST_EVENT_TYPE (event) == GST_EVENT_GAP;
    gst_event_unref (event);
  }
  fail_unless_equals_int (gaps, 1);
  a.at = 11 * 44100;
  a.push (clicks (120), 10);
  /* a buffer that is flagged is silence, whatever is in it */
  GstBuffer *buffer = new_buffer (clicks (33), 44100, 1, a.at, 44100);
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_GAP);
  gst_harness_push (a.h, buffer);
  GstBuffer *out = gst_harness_pull (a.h);
  while (GstBuffer *more = gst_harness_try_pull (a.h)) {
    gst_buffer_unref (out);
    out = more;
  }
  fail_unless (out == buffer);
  fail_unless (GST_BUFFER_FLAG_IS_SET (out, GST_BUFFER_FLAG_GAP));
  gst_buffer_unref (out);
  a.end ();
  const Report report = only_report (a);
  fail_unless_bpm (report->bpm, 120);
  fail_unless_equals_uint64 (report->frames, 22 * 44100);
  fail_unless (report->trailing_silence >= GST_SECOND);
}
GST_END_TEST;

/* What has no tempo gets none, and nothing breaks. */
GST_START_TEST (test_no_tempo)
{
  const double nan = std::numeric_limits<double>::quiet_NaN ();
  const double inf = std::numeric_limits<double>::infinity ();
  auto random = [r = std::shared_ptr<GRand> (g_rand_new_with_seed (1),
          g_rand_free)] (double) {
    return g_rand_double_range (r.get (), -0.5, 0.5);
  };
  const Wave waves[] = {
    silent,
    [] (double) { return 0.5; },
    [nan] (double) { return nan; },
    [inf] (double t) { return std::fmod (t, 0.5) < 0.1 ? inf : -inf; },
    [] (double t) { return 0.5 * std::sin (2 * G_PI * 440 * t); },
    random,
  };
  int i = 0;

  for (const Wave & wave : waves) {
    for (int rate : { 8000, i == 0 ? 192000 : 44100 }) {
      Analyzer a ("bpmanalyzer key=true");
      a.set_caps (rate, 2);
      a.push (wave, 14, 16384);
      a.end ();
      const Report report = only_report (a);
      fail_unless (std::isnan (report->bpm), "wave %d at %d Hz has %f BPM", i,
          rate, report->bpm);
      fail_unless (std::isfinite (report->rms_energy));
      if (i < 4)
        fail_unless (report->musical_key == nullptr, "wave %d is in %s", i,
            report->musical_key);
    }
    i++;
  }
}
GST_END_TEST;

GST_START_TEST (test_short)
{
  for (double frames : { 0.0, 1.0, 2.0, 100.0, 44100.0 }) {
    Analyzer a ("bpmanalyzer key=true");
    a.set_caps (44100, 2);
    a.push (clicks (120), frames / 44100);
    if (frames == 0) {
      gst_harness_push (a.h, gst_buffer_new ());
      gst_buffer_unref (gst_harness_pull (a.h));
    }
    a.end ();
    const Report report = only_report (a);
    fail_unless_equals_uint64 (report->frames, frames);
    fail_unless (std::isnan (report->bpm));
    fail_unless (std::isfinite (report->dynamic_range));
  }
  /* nothing at all */
  Analyzer a;
  a.set_caps (44100, 2);
  a.end ();
  fail_unless_equals_int (a.count_messages (), 0);
}
GST_END_TEST;

GST_START_TEST (test_live_updates)
{
  Analyzer a ("bpmanalyzer background=false", true);
  a.set_caps (16000, 1);
  a.push (clicks (120), 20.1, 160);
  for (int second = 1; second <= 20; second++) {
    const Report report = pop_report (a);
    fail_if (report->final);
    const double at = (double) report->timestamp / GST_SECOND;
    fail_unless (std::abs (at - second) <= 0.0101, "%f", at);
    fail_unless (std::isfinite (report->peak_amplitude));
    /* at first nothing is known but the statistics */
    if (second < 5)
      fail_unless (std::isnan (report->bpm));
    if (second >= 10)
      fail_unless_bpm (report->bpm, 120);
  }
  a.end ();
  fail_unless_bpm (only_report (a)->bpm, 120);
}
GST_END_TEST;

GST_START_TEST (test_live_interval)
{
  Analyzer a ("bpmanalyzer background=false interval=250000000", true);
  a.set_caps (48000, 2);
  a.push (clicks (120), 2, 480);
  fail_unless_equals_int (a.count_messages (), 8);
  g_object_set (a.h->element, "interval", G_GUINT64_CONSTANT (0), nullptr);
  a.push (clicks (120), 2, 480);
  fail_unless_equals_int (a.count_messages (), 0);
}
GST_END_TEST;

/* A live item that ends before anything is sure, and one of two parts. */
GST_START_TEST (test_live_items)
{
  Analyzer a ("bpmanalyzer", true);
  a.set_caps (44100, 1);
  a.begin ("live/one", "one");
  a.push (clicks (128), 9);
  a.begin ("live/two", "two");
  Report report;
  while (!(report = pop_report (a))->final);
  fail_unless_equals_string (report->job_id, "one");
  fail_unless_bpm (report->bpm, 128);
  fail_unless_equals_int (a.count_messages (), 0);
  a.push (silent, 9);
  a.end ();
  while (!(report = pop_report (a))->final);
  fail_unless_equals_string (report->job_id, "two");
  fail_unless (std::isnan (report->bpm));
}
GST_END_TEST;

static void
check_followed (double before, double after)
{
  Analyzer a ("bpmanalyzer background=false", true);
  int changes = 0;
  double last = before;

  a.set_caps (16000, 1);
  a.push (clicks (before), 40, 1600);
  a.count_messages ();
  a.push (clicks (after), 30, 1600);
  while (GstMessage *message = a.pop_message ()) {
    double bpm = 0;
    guint64 timestamp = 0;
    const GstStructure *s = gst_message_get_structure (message);
    fail_unless (gst_structure_get_double (s, "bpm", &bpm));
    fail_unless (gst_structure_get_uint64 (s, "timestamp", &timestamp));
    if (std::abs (bpm / last - 1) > 0.02)
      changes++;
    last = bpm;
    if (timestamp > 50 * GST_SECOND + 50 * GST_MSECOND)
      fail_unless_bpm (bpm, after);
    gst_message_unref (message);
  }
  fail_unless (changes == 1, "%f to %f BPM: %d changes", before, after,
      changes);
}

GST_START_TEST (test_live_tempo_change)
{
  check_followed (120, 90);
  check_followed (100, 133);
  check_followed (174, 128);
  /* an octave */
  check_followed (75, 150);
  check_followed (160, 80);
}
GST_END_TEST;

GST_START_TEST (test_live_key_change)
{
  Analyzer a ("bpmanalyzer key=true tempo=false background=false", true);
  a.set_caps (16000, 1);
  for (int bar = 0; bar < 5; bar++)
    for (int root : { 3, 8, 10, 3 })
      a.push (chord ({ root, root + 4, root + 7 }), 2, 1600);
  std::string last;
  while (GstMessage *message = a.pop_message ()) {
    const gchar *key = gst_structure_get_string (gst_message_get_structure
        (message), "musical-key");
    last = key ? key : "";
    gst_message_unref (message);
  }
  fail_unless_equals_string (last.c_str (), "C major");
  for (int root : { 6, 11, 13, 6, 6 })
    a.push (chord ({ root, root + 4, root + 7 }), 2, 1600);
  a.count_messages ();
  a.push (chord ({ 6, 10, 13 }), 1, 1600);
  const Report report = pop_report (a);
  fail_unless_equals_string (report->musical_key, "D# major");
}
GST_END_TEST;

GST_START_TEST (test_live_silence)
{
  Analyzer a ("bpmanalyzer background=false", true);
  a.set_caps (16000, 1);
  a.push (clicks (120), 20, 1600);
  a.push (silent, 40, 1600);
  a.count_messages ();
  a.push (silent, 1, 1600);
  fail_unless (std::isnan (pop_report (a)->bpm));
}
GST_END_TEST;

GST_START_TEST (test_background)
{
  Analyzer a ("bpmanalyzer background=true key=true", true);
  a.set_caps (16000, 1);
  for (int i = 0; i < 20; i++) {
    a.push (clicks (120), 1, 1600);
    /* an update of each second comes without anything being pushed */
    GstMessage *message = gst_bus_timed_pop_filtered (a.bus, 10 * GST_SECOND,
        GST_MESSAGE_ELEMENT);
    fail_unless (message != nullptr);
    gst_message_unref (message);
  }
  double bpm;
  g_object_get (a.h->element, "bpm", &bpm, nullptr);
  fail_unless_bpm (bpm, 120);
  a.end ();
  Report report;
  while (!(report = pop_report (a))->final);
  fail_unless_bpm (report->bpm, 120);
}
GST_END_TEST;

/* An application may ask and set whatever it likes while buffers flow. */
GST_START_TEST (test_threads)
{
  Analyzer a ("bpmanalyzer key=true beats=true interval=50000000", true);
  std::atomic<bool> done = false;
  a.set_caps (8000, 2);
  std::thread application ([&a, &done] {
        for (int i = 0; !done; i++) {
          GstStructure *report = nullptr;
          gboolean posted;
          g_object_set (a.h->element, "min-bpm", 50.0 + i % 2 * 100,
              "max-bpm", 100.0 + i % 2 * 100, "background", i % 16 < 8,
              nullptr);
          g_signal_emit_by_name (a.h->element, "post-state", &posted);
          g_object_get (a.h->element, "report", &report, nullptr);
          if (report != nullptr)
            gst_structure_free (report);
          g_usleep (200);
        }
      });
  for (int item = 0; item < 3; item++) {
    a.begin ("live/item", nullptr);
    a.push (clicks (120), 15, 400);
  }
  done = true;
  application.join ();
  a.end ();
  int finals = 0;
  while (GstMessage *message = a.pop_message ()) {
    gboolean final = FALSE;
    gst_structure_get_boolean (gst_message_get_structure (message), "final",
        &final);
    finals += final;
    gst_message_unref (message);
  }
  fail_unless_equals_int (finals, 3);
}
GST_END_TEST;

GST_START_TEST (test_post_state)
{
  Analyzer a ("bpmanalyzer interval=0", true);
  gboolean posted = TRUE;

  g_signal_emit_by_name (a.h->element, "post-state", &posted);
  fail_if (posted);
  a.set_caps (44100, 1);
  a.push (clicks (120), 3, 4410);
  fail_unless_equals_int (a.count_messages (), 0);
  g_signal_emit_by_name (a.h->element, "post-state", &posted);
  fail_unless (posted);
  const Report report = pop_report (a);
  fail_if (report->final);
  fail_unless_equals_uint64 (report->frames, 3 * 44100);
  fail_unless_equals_uint64 (report->timestamp, 3 * GST_SECOND);
  fail_unless (report->peak_amplitude > 0.5);
}
GST_END_TEST;

/* Runs @launch to its end; the tags that it posted. */
static GstTagList *
run_launch (const gchar * launch)
{
  GError *error = nullptr;
  GstElement *pipeline = gst_parse_launch (launch, &error);
  fail_unless (error == nullptr, "%s", error ? error->message : "");
  GstBus *bus = gst_element_get_bus (pipeline);
  GstTagList *tags = gst_tag_list_new_empty ();
  bool ended = false;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (!ended) {
    GstMessage *message = gst_bus_timed_pop (bus, GST_CLOCK_TIME_NONE);
    fail_if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR);
    ended = GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS;
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_TAG) {
      GstTagList *more;
      gst_message_parse_tag (message, &more);
      gst_tag_list_insert (tags, more, GST_TAG_MERGE_REPLACE);
      gst_tag_list_unref (more);
    }
    gst_message_unref (message);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  gst_object_unref (pipeline);
  return tags;
}

/* An encoder writes only tags that come before its first buffer: behind an
 * offline r128normalize ours do. */
GST_START_TEST (test_tags_in_file)
{
  for (const char *name : { "r128normalize", "flacenc", "flacparse" }) {
    GstElementFactory *factory = gst_element_factory_find (name);
    if (factory == nullptr) {
      GST_INFO ("no %s, not tested", name);
      return;
    }
    gst_object_unref (factory);
  }
  gchar *folder = g_dir_make_tmp ("bpmanalyzer-XXXXXX", nullptr);
  gchar *path = g_build_filename (folder, "loop.flac", nullptr);
  gchar *write = g_strdup_printf ("audiotestsrc num-buffers=900 wave=ticks "
      "tick-interval=476190476 ! audio/x-raw,rate=44100,channels=2 ! "
      "bpmanalyzer key=true ! r128normalize mode=offline ! audioconvert ! flacenc ! "
      "filesink location=%s", path);
  gchar *read = g_strdup_printf ("filesrc location=%s ! flacparse ! fakesink",
      path);
  gst_tag_list_unref (run_launch (write));
  GstTagList *tags = run_launch (read);
  double bpm = 0;
  fail_unless (gst_tag_list_get_double (tags, GST_TAG_BEATS_PER_MINUTE, &bpm));
  fail_unless_bpm (bpm, 126);
  const gchar *comment = nullptr;
  bool found = false;
  for (guint i = 0; gst_tag_list_peek_string_index (tags,
          GST_TAG_EXTENDED_COMMENT, i, &comment); i++)
    found = found || g_str_has_prefix (comment, "INITIALKEY=");
  fail_unless (found);
  gst_tag_list_unref (tags);
  g_unlink (path);
  g_rmdir (folder);
  g_free (read);
  g_free (write);
  g_free (path);
  g_free (folder);
}
GST_END_TEST;

/* Whatever was, READY forgets it. */
GST_START_TEST (test_reuse)
{
  GstElement *pipeline = gst_parse_launch ("audiotestsrc num-buffers=500 "
      "wave=ticks tick-interval=500000000 ! audio/x-raw,rate=44100 ! "
      "bpmanalyzer name=a ! fakesink", nullptr);
  GstElement *element = gst_bin_get_by_name (GST_BIN (pipeline), "a");
  GstBus *bus = gst_element_get_bus (pipeline);

  for (int i = 0; i < 3; i++) {
    int reports = 0;
    bool ended = false;
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    while (!ended) {
      GstMessage *message = gst_bus_timed_pop (bus, GST_CLOCK_TIME_NONE);
      ended = GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS;
      fail_if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR);
      reports += gst_genaudio_message_has_name (message,
          GST_GENAUDIO_MESSAGE_ANALYSIS);
      gst_message_unref (message);
    }
    fail_unless_equals_int (reports, 1);
    double bpm = 0;
    g_object_get (element, "bpm", &bpm, nullptr);
    fail_unless_bpm (bpm, 120);
    gst_element_set_state (pipeline, GST_STATE_READY);
  }
  /* the last report stays until the element starts again */
  gst_element_set_state (element, GST_STATE_PAUSED);
  GstStructure *report = nullptr;
  g_object_get (element, "report", &report, nullptr);
  fail_unless (report == nullptr);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  gst_object_unref (element);
  gst_object_unref (pipeline);
}
GST_END_TEST;

GST_START_TEST (test_range_out_of_order)
{
  GstElement *element = gst_element_factory_make ("bpmanalyzer", nullptr);
  GstBus *bus = gst_bus_new ();

  gst_element_set_bus (element, bus);
  g_object_set (element, "min-bpm", 150.0, "max-bpm", 100.0, nullptr);
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  GstMessage *message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  GError *error = nullptr;
  gst_message_parse_error (message, &error, nullptr);
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_SETTINGS));
  fail_unless (strstr (error->message, "150") != nullptr);
  g_error_free (error);
  gst_message_unref (message);
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, nullptr);
  gst_object_unref (bus);
  gst_object_unref (element);
}
GST_END_TEST;

static Suite *
bpmanalyzer_suite (void)
{
  Suite *s = suite_create ("bpmanalyzer");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_buffers_untouched);
  tcase_add_test (tc, test_tempo);
  tcase_add_test (tc, test_tempo_range);
  tcase_add_test (tc, test_analysis_limit);
  tcase_add_test (tc, test_beats);
  tcase_add_test (tc, test_downbeat);
  tcase_add_test (tc, test_beats_live);
  tcase_add_test (tc, test_key);
  tcase_add_test (tc, test_statistics);
  tcase_add_test (tc, test_switched_off);
  tcase_add_test (tc, test_order_at_the_end);
  tcase_add_test (tc, test_items);
  tcase_add_test (tc, test_segment_done);
  tcase_add_test (tc, test_segment_alone);
  tcase_add_test (tc, test_flush);
  tcase_add_test (tc, test_abort);
  tcase_add_test (tc, test_caps_change);
  tcase_add_test (tc, test_gaps);
  tcase_add_test (tc, test_no_tempo);
  tcase_add_test (tc, test_short);
  tcase_add_test (tc, test_live_updates);
  tcase_add_test (tc, test_live_interval);
  tcase_add_test (tc, test_live_items);
  tcase_add_test (tc, test_live_tempo_change);
  tcase_add_test (tc, test_live_key_change);
  tcase_add_test (tc, test_live_silence);
  tcase_add_test (tc, test_background);
  tcase_add_test (tc, test_threads);
  tcase_add_test (tc, test_post_state);
  tcase_add_test (tc, test_tags_in_file);
  tcase_add_test (tc, test_reuse);
  tcase_add_test (tc, test_range_out_of_order);
  return s;
}

GST_CHECK_MAIN (bpmanalyzer);
