/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* r128normalize in live and measure mode. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

/* first: check defines a macro fail() */
#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "../../unit/r128/ebucases.hpp"
#include "../../unit/r128/signals.hpp"

#include <gst/audio/audio.h>
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/genaudio/genaudio.h>

using signals::Audio;

/* -- the element in a harness, and what comes of it */

struct Bench
{
  GstHarness *h;
  GstBus *bus = gst_bus_new ();
  unsigned rate = 48000, channels = 2;
  guint64 at = 0;               /* next frame */

  explicit Bench (const char *description)
  {
    h = gst_harness_new_parse (description);
    gst_element_set_bus (h->element, bus);
  }
  ~Bench ()
  {
    gst_element_set_bus (h->element, nullptr);
    gst_object_unref (bus);
    gst_harness_teardown (h);
  }

  /* the element itself, not the bin around it */
  GstElement *element () const { return gst_harness_find_element (h, "r128normalize"); }

  void set_caps (unsigned new_rate, unsigned new_channels)
  {
    GstAudioInfo info;
    GstAudioChannelPosition positions[8];

    rate = new_rate;
    channels = new_channels;
    gst_audio_channel_positions_from_mask (channels,
        gst_audio_channel_get_fallback_mask (channels), positions);
    if (channels == 1)
      positions[0] = GST_AUDIO_CHANNEL_POSITION_MONO;
    gst_audio_info_init (&info);
    gst_audio_info_set_format (&info, GST_AUDIO_FORMAT_F32, rate, channels,
        positions);
    gst_harness_set_src_caps (h, gst_audio_info_to_caps (&info));
  }

  GstFlowReturn push (const Audio & a, gsize first, gsize frames)
  {
    GstBuffer *buffer = gst_buffer_new_memdup (a.frame (first),
        frames * channels * sizeof (float));
    GST_BUFFER_PTS (buffer) = gst_util_uint64_scale (at, GST_SECOND, rate);
    GST_BUFFER_DURATION (buffer) =
        gst_util_uint64_scale (at + frames, GST_SECOND, rate)
        - GST_BUFFER_PTS (buffer);
    GST_BUFFER_OFFSET (buffer) = at;
    GST_BUFFER_OFFSET_END (buffer) = at + frames;
    at += frames;
    return gst_harness_push (h, buffer);
  }

  void push_all (const Audio & a, gsize at_a_time = 1024)
  {
    for (gsize i = 0; i < a.frames (); i += at_a_time)
      fail_unless_equals_int (push (a, i, std::min (at_a_time, a.frames () - i)),
          GST_FLOW_OK);
  }

  /* What has come out; every buffer must follow on the one before. */
  Audio pull_all (guint64 *next = nullptr)
  {
    Audio out (rate, channels);
    guint64 frame = next != nullptr ? *next : 0;

    while (GstBuffer *buffer = gst_harness_try_pull (h)) {
      GstMapInfo map;
      fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer),
          gst_util_uint64_scale (frame, GST_SECOND, rate));
      fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), frame);
      gst_buffer_map (buffer, &map, GST_MAP_READ);
      const float *samples = reinterpret_cast<const float *> (map.data);
      out.samples.insert (out.samples.end (), samples,
          samples + map.size / sizeof (float));
      frame += map.size / sizeof (float) / channels;
      gst_buffer_unmap (buffer, &map);
      fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer)
          + GST_BUFFER_DURATION (buffer),
          gst_util_uint64_scale (frame, GST_SECOND, rate));
      fail_unless_equals_uint64 (GST_BUFFER_OFFSET_END (buffer), frame);
      gst_buffer_unref (buffer);
    }
    if (next != nullptr)
      *next = frame;
    return out;
  }

  void send (GstEvent * event) { gst_harness_push_event (h, event); }

  /* The next element message of this name. */
  GstStructure *pop (const char *name)
  {
    GstStructure *structure = nullptr;

    while (structure == nullptr) {
      GstMessage *message =
          gst_bus_pop_filtered (bus, GST_MESSAGE_ELEMENT);
      if (message == nullptr)
        return nullptr;
      if (gst_genaudio_message_has_name (message, name))
        structure = gst_structure_copy (gst_message_get_structure (message));
      gst_message_unref (message);
    }
    return structure;
  }

  std::vector<GstGenAudioLevel *> pop_levels ()
  {
    std::vector<GstGenAudioLevel *> levels;

    while (GstStructure *s = pop (GST_GENAUDIO_MESSAGE_LEVEL)) {
      levels.push_back (gst_genaudio_level_from_structure (s));
      gst_structure_free (s);
    }
    return levels;
  }

  GstGenAudioLoudnessReport *pop_report ()
  {
    GstStructure *s = pop (GST_GENAUDIO_MESSAGE_LOUDNESS);
    fail_unless (s != nullptr);
    GstGenAudioLoudnessReport *report =
        gst_genaudio_loudness_report_from_structure (s);
    gst_structure_free (s);
    return report;
  }
};

static void
free_levels (std::vector<GstGenAudioLevel *> & levels)
{
  for (GstGenAudioLevel *level : levels)
    gst_genaudio_level_free (level);
  levels.clear ();
}

static Audio
head (const Audio & a, gsize frames)
{
  Audio part (a.rate, a.channels);
  part.samples.assign (a.frame (0), a.frame (0) + frames * a.channels);
  return part;
}

#define CLOSE(a, b, within) \
    fail_unless (std::fabs ((a) - (b)) <= (within), \
        #a " = %f, " #b " = %f", (double) (a), (double) (b))

/* -- measure */

GST_START_TEST (test_measure_passthrough)
{
  Bench b ("r128normalize mode=measure");
  const Audio in = signals::programme (48000, 2, 1.0, -20.0);

  b.set_caps (48000, 2);
  for (int i = 0; i < 10; i++) {
    GstBuffer *buffer = gst_buffer_new_memdup (in.frame (0), 4800 * 8);
    GST_BUFFER_PTS (buffer) = i * 100 * GST_MSECOND;
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_MARKER);
    GstBuffer *out = gst_harness_push_and_pull (b.h, buffer);
    /* the very buffer, at once */
    fail_unless (out == buffer);
    fail_unless (GST_BUFFER_FLAG_IS_SET (out, GST_BUFFER_FLAG_MARKER));
    gst_buffer_unref (out);
  }
  fail_unless_equals_uint64 (gst_harness_query_latency (b.h), 0);
}

GST_END_TEST;

/* Name, fields and types of gst-plugins-rs' element, and ours. */
GST_START_TEST (test_level_fields)
{
  static const struct { const char *name; GType type; } fields[] = {
    {"timestamp", G_TYPE_UINT64},
    {"running-time", G_TYPE_UINT64},
    {"stream-time", G_TYPE_UINT64},
    {"momentary-loudness", G_TYPE_DOUBLE},
    {"shortterm-loudness", G_TYPE_DOUBLE},
    {"global-loudness", G_TYPE_DOUBLE},
    {"relative-threshold", G_TYPE_DOUBLE},
    {"loudness-range", G_TYPE_DOUBLE},
    {"sample-peak", GST_TYPE_ARRAY},
    {"true-peak", GST_TYPE_ARRAY},
    {"input-momentary-loudness", G_TYPE_DOUBLE},
    {"input-shortterm-loudness", G_TYPE_DOUBLE},
    {"input-global-loudness", G_TYPE_DOUBLE},
    {"gain", G_TYPE_DOUBLE},
  };
  for (const char *mode : {"measure", "live"}) {
    Bench b ((std::string ("r128normalize mode=") + mode).c_str ());
    b.set_caps (48000, 2);
    /* silence has no loudness, but every field all the same */
    b.push_all (signals::silence (48000, 2, 3.0));
    GstStructure *s = b.pop ("ebur128-level");
    fail_unless (s != nullptr);
    fail_unless_equals_int (gst_structure_n_fields (s), G_N_ELEMENTS (fields));
    for (const auto & field : fields)
      fail_unless (gst_structure_has_field_typed (s, field.name, field.type),
          "no %s", field.name);
    const GValue *peaks = gst_structure_get_value (s, "true-peak");
    fail_unless_equals_int (gst_value_array_get_size (peaks), 2);
    gst_structure_free (s);
  }
}

GST_END_TEST;

/* Exactly on the interval, and exact there, whatever the buffers. */
GST_START_TEST (test_interval)
{
  const Audio in = signals::programme (44100, 2, 4.0, -20.0);

  for (const gsize size : {1, 441, 1024, 50000}) {
    for (const guint64 ms : {20, 33, 100, 1000}) {
      gchar *text = g_strdup_printf ("r128normalize mode=measure interval=%"
          G_GUINT64_FORMAT, ms * GST_MSECOND);
      if (size == 1 && ms != 100) {
        g_free (text);
        continue;
      }
      Bench b (text);
      g_free (text);
      b.set_caps (44100, 2);
      b.push_all (in, size);
      auto levels = b.pop_levels ();
      fail_unless_equals_int (levels.size (), 4000 / ms);
      for (gsize i = 0; i < levels.size (); i++) {
        /* the last frame that begins before the end of the interval */
        const guint64 frame = (i + 1) * ms * 44100 / 1000;
        fail_unless_equals_uint64 (levels[i]->timestamp,
            gst_util_uint64_scale (frame, GST_SECOND, 44100));
        fail_unless_equals_uint64 (levels[i]->running_time,
            levels[i]->timestamp);
      }
      const GstGenAudioLevel *last = levels.back ();
      const gsize frames = levels.size () * ms * 44100 / 1000;
      const signals::Opinion o = signals::ask (head (in, frames));
      CLOSE (last->global_loudness, o.integrated, 1e-3);
      CLOSE (last->momentary_loudness, o.momentary, ms % 20 == 0 ? 1e-3 : 0.3);
      CLOSE (last->shortterm_loudness, o.shortterm, ms % 20 == 0 ? 1e-3 : 0.1);
      double peak = 0.0;
      for (guint c = 0; c < 2; c++)
        peak = std::max (peak, g_array_index (last->true_peak, double, c));
      CLOSE (peak, o.true_peak, 1e-4);
      free_levels (levels);
    }
  }
}

GST_END_TEST;

/* Times follow the segment. */
GST_START_TEST (test_level_times)
{
  Bench b ("r128normalize mode=measure");
  GstSegment segment;

  b.set_caps (48000, 2);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = 2 * GST_SECOND;
  segment.time = 7 * GST_SECOND;
  segment.base = 30 * GST_SECOND;
  b.send (gst_event_new_segment (&segment));
  b.at = 2 * 48000;
  b.push_all (signals::programme (48000, 2, 1.0, -20.0));
  auto levels = b.pop_levels ();
  fail_unless_equals_int (levels.size (), 10);
  for (guint64 i = 0; i < 10; i++) {
    const guint64 end = (i + 1) * 100 * GST_MSECOND;
    fail_unless_equals_uint64 (levels[i]->timestamp, 2 * GST_SECOND + end);
    fail_unless_equals_uint64 (levels[i]->running_time, 30 * GST_SECOND + end);
    fail_unless_equals_uint64 (levels[i]->stream_time, 7 * GST_SECOND + end);
  }
  free_levels (levels);
}

GST_END_TEST;

GST_START_TEST (test_reset)
{
  Bench b ("r128normalize mode=measure");
  const Audio loud = signals::programme (48000, 2, 5.0, -10.0);
  const Audio quiet = signals::programme (48000, 2, 5.0, -40.0);

  b.set_caps (48000, 2);
  b.push_all (loud, 4800);
  auto levels = b.pop_levels ();
  free_levels (levels);
  GstElement *element = b.element ();
  g_signal_emit_by_name (element, "reset");
  gst_object_unref (element);
  b.push_all (quiet, 4800);
  levels = b.pop_levels ();
  fail_unless_equals_int (levels.size (), 50);
  CLOSE (levels.back ()->global_loudness, signals::ask (quiet).integrated, 0.05);
  free_levels (levels);
}

GST_END_TEST;

GST_START_TEST (test_no_messages)
{
  for (const char *mode : {"measure", "live"}) {
    Bench b ((std::string ("r128normalize interval=0 mode=") + mode).c_str ());
    b.set_caps (48000, 2);
    b.push_all (signals::programme (48000, 2, 2.0, -20.0));
    GstStructure *s = b.pop ("ebur128-level");
    fail_unless (s == nullptr);
  }
}

GST_END_TEST;

/* Before the event that ends the item, on the bus and downstream. */
static void
check_report_order (Bench & b)
{
  bool result = false;

  while (GstEvent *event = gst_harness_try_pull_event (b.h)) {
    const GstStructure *structure;
    if (gst_genaudio_event_parse_item_result (event, &structure)) {
      fail_if (result);
      fail_unless (gst_structure_has_name (structure, "r128normalize"));
      result = true;
    } else if (GST_EVENT_TYPE (event) == GST_EVENT_EOS)
      fail_unless (result);
    gst_event_unref (event);
  }
  fail_unless (result);
}

GST_START_TEST (test_report)
{
  for (const bool live : {false, true}) {
    Bench b (live ? "r128normalize mode=live loudness-target=-20 max-true-peak=-2"
        : "r128normalize mode=measure");
    const Audio in = signals::programme (48000, 2, 12.0, -30.0);
    b.set_caps (48000, 2);
    b.push_all (in);
    b.send (gst_event_new_eos ());
    const Audio out = b.pull_all ();
    GstGenAudioLoudnessReport *r = b.pop_report ();
    const signals::Opinion o = signals::ask (out), i = signals::ask (in);
    fail_unless_equals_string (r->method, live ? "live" : "measured");
    CLOSE (r->input.integrated_loudness, i.integrated, 1e-3);
    CLOSE (r->output.integrated_loudness, o.integrated, 1e-3);
    CLOSE (r->output.max_true_peak, 20.0 * std::log10 (o.true_peak), 0.01);
    CLOSE (r->output.max_sample_peak, 20.0 * std::log10 (o.sample_peak), 0.01);
    fail_unless_equals_uint64 (r->frames, in.frames ());
    fail_unless_equals_uint64 (r->duration, 12 * GST_SECOND);
    if (live) {
      CLOSE (r->output.integrated_loudness, -20.0, 1.5);
      CLOSE (r->gain, -20.0 - i.integrated, 1.5);
      CLOSE (r->loudness_target, -20.0, 0.0);
      CLOSE (r->max_true_peak, -2.0, 0.0);
    } else {
      fail_unless (in.samples == out.samples);
      CLOSE (r->gain, 0.0, 0.0);
    }
    gst_genaudio_loudness_report_free (r);
    fail_unless (b.pop (GST_GENAUDIO_MESSAGE_LOUDNESS) == nullptr);
    check_report_order (b);
  }
}

GST_END_TEST;

/* What cannot reach the target is as near as the ceiling and max-gain allow,
 * and the report says which it was. */
GST_START_TEST (test_limited_by)
{
  Audio clicks = signals::programme (48000, 2, 20.0, -60.0);
  for (gsize i = 24000; i < clicks.frames (); i += 48000)
    std::fill_n (clicks.frame (i), 200, 0.5f);
  const struct
  {
    Audio in;
    const char *description, *limited_by;
  } cases[] = {
    {signals::programme (48000, 2, 20.0, -64.0), "r128normalize mode=live", "max-gain"},
    {signals::programme (48000, 2, 20.0, -30.0), "r128normalize mode=live max-gain=3", "max-gain"},
    {clicks, "r128normalize mode=live", "true-peak"},
    {signals::programme (48000, 2, 20.0, -30.0), "r128normalize mode=live", nullptr},
    {signals::programme (48000, 2, 20.0, -30.0), "r128normalize mode=live max-gain=3 enabled=false", nullptr},
  };

  for (const auto & c : cases) {
    Bench b (c.description);
    b.set_caps (48000, 2);
    b.push_all (c.in);
    b.send (gst_event_new_eos ());
    b.pull_all ();
    GstStructure *s = b.pop (GST_GENAUDIO_MESSAGE_LOUDNESS);
    fail_unless_equals_string (gst_structure_get_string (s, "limited-by"),
        c.limited_by);
    gst_structure_free (s);
  }
}

GST_END_TEST;

/* -- live */

static Audio
normalise (const Audio & in, gsize at_a_time, const char *description =
    "r128normalize mode=live")
{
  Bench b (description);

  b.set_caps (in.rate, in.channels);
  b.push_all (in, at_a_time);
  b.send (gst_event_new_eos ());
  return b.pull_all ();
}

/* The same audio, to the bit and at the same times, whatever the buffers. */
GST_START_TEST (test_any_size)
{
  for (const unsigned rate : {48000u, 44100u}) {
    Audio in = signals::programme (rate, 2, 4.0, -30.0);
    in.append (signals::programme (rate, 2, 3.7, -12.0));
    const Audio out = normalise (in, 1024);
    fail_unless_equals_int (out.frames (), in.frames ());
    for (const gsize size : {160, 4801, 1000000}) {
      const Audio other = normalise (in, size);
      fail_unless (other.samples == out.samples);
    }
  }
}

GST_END_TEST;

static void
query_latency (Bench & b, GstClockTime * minimum, GstClockTime * maximum)
{
  GstQuery *query = gst_query_new_latency ();
  GstPad *pad = gst_element_get_static_pad (b.h->element, "src");
  gboolean live;

  fail_unless (gst_pad_query (pad, query));
  gst_query_parse_latency (query, &live, minimum, maximum);
  gst_object_unref (pad);
  gst_query_unref (query);
}

GST_START_TEST (test_latency)
{
  for (const guint64 ms : {400, 777, 1000, 3000}) {
    gchar *text = g_strdup_printf ("r128normalize mode=live latency=%"
        G_GUINT64_FORMAT, ms * GST_MSECOND);
    Bench b (text);
    g_free (text);
    GstClockTime minimum, maximum;

    /* the harness's source says that it is live and waits for nothing */
    gst_harness_set_upstream_latency (b.h, 20 * GST_MSECOND);
    b.set_caps (44100, 2);
    query_latency (b, &minimum, &maximum);
    fail_unless_equals_uint64 (minimum, (20 + ms) * GST_MSECOND);
    fail_unless (maximum == GST_CLOCK_TIME_NONE
        || maximum == (20 + ms) * GST_MSECOND);

    /* no frame leaves later than that, even of long buffers */
    const Audio in = signals::programme (44100, 2, 6.0, -30.0);
    guint64 next = 0;
    for (gsize i = 0; i < in.frames (); i += 10000) {
      const gsize n = std::min<gsize> (10000, in.frames () - i);
      b.push (in, i, n);
      b.pull_all (&next);
      fail_unless (i + n <= next + 44100 * ms / 1000);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_auto)
{
  Bench b ("r128normalize");
  gst_harness_set_live (b.h, TRUE);
  b.set_caps (48000, 2);
  b.push_all (signals::programme (48000, 2, 2.0, -30.0));
  GstStructure *s = b.pop ("r128normalize-mode");
  fail_unless (s != nullptr);
  fail_unless_equals_string (gst_structure_get_string (s, "mode"), "live");
  gst_structure_free (s);
  fail_unless (gst_harness_buffers_in_queue (b.h) > 0);
}

GST_END_TEST;

/* Everything but the audio waits its turn. */
GST_START_TEST (test_order)
{
  Bench b ("r128normalize mode=live");
  const Audio in = signals::programme (48000, 2, 1.0, -30.0);
  std::string order;

  b.set_caps (48000, 2);
  for (int i = 0; i < 5; i++) {
    b.push_all (in, 4800);
    b.send (gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
            gst_structure_new_empty (i % 2 ? "odd" : "even")));
    b.send (gst_event_new_gap (b.at * GST_SECOND / 48000, 0));
  }
  /* taken from one list, buffers and events are in their order */
  guint64 frames = 0;
  gst_harness_set_drop_buffers (b.h, FALSE);
  b.send (gst_event_new_eos ());
  while (GstEvent *event = gst_harness_try_pull_event (b.h)) {
    if (GST_EVENT_TYPE (event) == GST_EVENT_CUSTOM_DOWNSTREAM)
      order += gst_event_has_name (event, "odd") ? 'o'
          : gst_event_has_name (event, "even") ? 'e' : 'r';
    else if (GST_EVENT_TYPE (event) == GST_EVENT_GAP)
      order += 'g';
    else if (GST_EVENT_TYPE (event) == GST_EVENT_EOS)
      order += '.';
    gst_event_unref (event);
  }
  fail_unless_equals_string (order.c_str (), "egogegogegr.");
  frames = b.pull_all ().frames ();
  fail_unless_equals_uint64 (frames, 5 * 48000);
}

GST_END_TEST;

static guint64 frames_seen;
static std::vector<guint64> marks_at;

static GstPadProbeReturn
note (GstPad * pad, GstPadProbeInfo * info, gpointer)
{
  if (GST_PAD_PROBE_INFO_TYPE (info) & GST_PAD_PROBE_TYPE_BUFFER)
    frames_seen += gst_buffer_get_size (GST_PAD_PROBE_INFO_BUFFER (info)) / 8;
  else if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) ==
      GST_EVENT_CUSTOM_DOWNSTREAM
      && gst_event_has_name (GST_PAD_PROBE_INFO_EVENT (info), "mark"))
    marks_at.push_back (frames_seen);
  return GST_PAD_PROBE_OK;
}

/* An event comes between the very frames between which it came in. */
GST_START_TEST (test_place)
{
  Bench b ("r128normalize mode=live");
  const Audio in = signals::programme (48000, 2, 4.0, -30.0);
  GstPad *pad = gst_element_get_static_pad (b.h->element, "src");

  frames_seen = 0;
  marks_at.clear ();
  gst_pad_add_probe (pad, static_cast<GstPadProbeType> (
          GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
      note, nullptr, nullptr);
  b.set_caps (48000, 2);
  for (gsize i = 0; i < 4 * 48000; i += 10007) {
    b.push (in, i, std::min<gsize> (10007, in.frames () - i));
    b.send (gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
            gst_structure_new_empty ("mark")));
  }
  b.send (gst_event_new_eos ());
  fail_unless_equals_int (marks_at.size (), 20);
  for (gsize i = 0; i < marks_at.size (); i++)
    fail_unless_equals_uint64 (marks_at[i],
        std::min<guint64> ((i + 1) * 10007, 4 * 48000));
  gst_object_unref (pad);
}

GST_END_TEST;

/* Silence announced by a GAP: the gain waits, the audio is not made longer. */
GST_START_TEST (test_gap)
{
  Bench b ("r128normalize mode=live");
  const Audio in = signals::programme (48000, 2, 10.0, -30.0);
  double before = 0.0, after = 0.0;

  b.set_caps (48000, 2);
  b.push_all (in);
  for (int i = 0; i < 50; i++) {
    b.send (gst_event_new_gap (b.at * GST_SECOND / 48000, 100 * GST_MSECOND));
    b.at += 4800;
  }
  auto levels = b.pop_levels ();
  before = levels.back ()->gain;
  free_levels (levels);
  for (gsize i = 0; i < 96000; i += 960)
    b.push (in, i, 960);
  levels = b.pop_levels ();
  after = levels.front ()->gain;
  CLOSE (after, before, 1.0);
  free_levels (levels);
  b.send (gst_event_new_eos ());
  guint64 frames = 0;
  while (GstBuffer *buffer = gst_harness_try_pull (b.h)) {
    frames += gst_buffer_get_size (buffer) / 8;
    gst_buffer_unref (buffer);
  }
  fail_unless_equals_uint64 (frames, in.frames () + 96000);
}

GST_END_TEST;

/* In a hole, announced or not, M falls silent, levels keep their times, and
 * what is held does not wait for its end. */
GST_START_TEST (test_hole)
{
  for (const char *mode : {"measure", "live"}) {
    for (const bool announced : {true, false}) {
      Bench b ((std::string ("r128normalize mode=") + mode).c_str ());
      const Audio in = signals::programme (48000, 2, 3.0, -30.0);
      guint64 frames = 0;

      b.set_caps (48000, 2);
      b.push_all (in, 4800);
      if (announced) {
        for (int i = 0; i < 20; i++) {
          b.send (gst_event_new_gap (b.at * GST_SECOND / 48000,
                  100 * GST_MSECOND));
          b.at += 4800;
        }
        fail_unless_equals_int (gst_harness_buffers_in_queue (b.h) > 0, 1);
        while (GstBuffer *buffer = gst_harness_try_pull (b.h)) {
          frames += gst_buffer_get_size (buffer) / 8;
          gst_buffer_unref (buffer);
        }
        fail_unless_equals_uint64 (frames, in.frames ());
      } else {
        b.at += 96000;
      }
      GstBuffer *buffer = gst_buffer_new_memdup (in.frame (0), 48000 * 8);
      GST_BUFFER_PTS (buffer) = 5 * GST_SECOND;
      GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
      gst_harness_push (b.h, buffer);
      b.send (gst_event_new_eos ());
      auto levels = b.pop_levels ();
      fail_unless_equals_int (levels.size (), 60);
      for (guint64 i = 0; i < 60; i++)
        fail_unless_equals_uint64 (levels[i]->timestamp,
            (i + 1) * 100 * GST_MSECOND);
      fail_unless (levels[45]->momentary_loudness < -70.0);
      fail_unless (levels[25]->momentary_loudness > -50.0);
      fail_unless (levels[55]->momentary_loudness > -50.0);
      free_levels (levels);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_flush)
{
  Bench b ("r128normalize mode=live");
  const Audio in = signals::programme (48000, 2, 10.0, -30.0);
  GstSegment segment;

  b.set_caps (48000, 2);
  b.push_all (in);
  b.pull_all ();
  auto levels = b.pop_levels ();
  const double before = levels.back ()->gain;
  free_levels (levels);

  b.send (gst_event_new_flush_start ());
  b.send (gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  b.send (gst_event_new_segment (&segment));
  b.at = 0;
  b.push_all (in);
  b.send (gst_event_new_eos ());
  /* nothing of what was held, and the gain goes on from where it was */
  const Audio out = b.pull_all ();
  fail_unless_equals_int (out.frames (), in.frames ());
  levels = b.pop_levels ();
  fail_unless_equals_uint64 (levels.front ()->timestamp, 100 * GST_MSECOND);
  CLOSE (levels.front ()->gain, before, 2.0);
  free_levels (levels);
}

GST_END_TEST;

/* Whatever ends an item lets all of it out first, and reports it once. */
GST_START_TEST (test_drain)
{
  for (int kind = 0; kind < 3; kind++) {
    Bench b ("r128normalize mode=live");
    const Audio in = signals::programme (48000, 2, 2.5, -30.0);

    b.set_caps (48000, 2);
    b.push_all (in, 1000);
    if (kind == 0)
      b.send (gst_event_new_eos ());
    else if (kind == 1)
      b.send (gst_event_new_segment_done (GST_FORMAT_TIME, 2500 * GST_MSECOND));
    else
      b.send (gst_event_new_stream_start ("next"));
    const Audio out = b.pull_all ();
    fail_unless_equals_int (out.frames (), in.frames ());
    gst_genaudio_loudness_report_free (b.pop_report ());
    fail_unless (b.pop (GST_GENAUDIO_MESSAGE_LOUDNESS) == nullptr);
  }
}

GST_END_TEST;

GST_START_TEST (test_items)
{
  Bench b ("r128normalize mode=live");

  b.set_caps (48000, 2);
  for (int i = 0; i < 3; i++) {
    if (i > 0) {
      GstSegment segment;
      gchar *name = g_strdup_printf ("test/item-%d", i);
      b.send (gst_event_new_stream_start (name));
      g_free (name);
      gst_segment_init (&segment, GST_FORMAT_TIME);
      segment.base = i * 2 * GST_SECOND;
      b.send (gst_event_new_segment (&segment));
    }
    b.at = 0;
    b.push_all (signals::programme (48000, 2, 2.0, -30.0 - i));
  }
  b.send (gst_event_new_eos ());
  for (int i = 0; i < 3; i++) {
    GstGenAudioLoudnessReport *r = b.pop_report ();
    fail_unless_equals_uint64 (r->frames, 96000);
    CLOSE (r->output.integrated_loudness, -16.0, 1.5);
    if (i > 0) {
      gchar *name = g_strdup_printf ("item-%d", i);
      fail_unless_equals_string (r->job_id, name);
      g_free (name);
    }
    gst_genaudio_loudness_report_free (r);
  }
}

GST_END_TEST;

/* Another format in the middle: all of it comes, each in its own, and the
 * report is of the whole. */
GST_START_TEST (test_caps)
{
  for (const char *mode : {"live", "measure"}) {
    Bench b ((std::string ("r128normalize mode=") + mode).c_str ());
    const Audio stereo = signals::programme (48000, 2, 4.0, -30.0);
    const Audio mono = signals::programme (32000, 1, 4.0, -30.0);

    b.set_caps (48000, 2);
    b.push_all (stereo);
    b.set_caps (32000, 1);
    /* drained at the old one */
    b.rate = 48000;
    b.channels = 2;
    const Audio a = b.pull_all ();
    fail_unless_equals_int (a.frames (), stereo.frames ());
    b.rate = 32000;
    b.channels = 1;
    b.at = 0;
    b.push_all (mono);
    b.send (gst_event_new_eos ());
    const Audio c = b.pull_all ();
    fail_unless_equals_int (c.frames (), mono.frames ());
    GstGenAudioLoudnessReport *r = b.pop_report ();
    fail_unless_equals_uint64 (r->frames, stereo.frames () + mono.frames ());
    fail_unless_equals_uint64 (r->duration, 8 * GST_SECOND);
    const double x = std::pow (10.0, signals::ask (stereo).integrated / 10.0);
    const double y = std::pow (10.0, signals::ask (mono).integrated / 10.0);
    CLOSE (r->input.integrated_loudness, 10.0 * std::log10 ((x + y) / 2.0), 0.3);
    gst_genaudio_loudness_report_free (r);
  }
}

GST_END_TEST;

GST_START_TEST (test_tiny)
{
  for (const char *mode : {"live", "measure"}) {
    for (const gsize frames : {0, 1, 17}) {
      Bench b ((std::string ("r128normalize mode=") + mode).c_str ());
      Audio in (48000, 2);
      in.samples.assign (frames * 2, 0.25f);
      b.set_caps (48000, 2);
      b.push_all (in);
      b.send (gst_event_new_eos ());
      const Audio out = b.pull_all ();
      fail_unless (out.samples == in.samples);
      GstGenAudioLoudnessReport *r = b.pop_report ();
      fail_unless_equals_uint64 (r->frames, frames);
      fail_unless (std::isnan (r->output.integrated_loudness));
      gst_genaudio_loudness_report_free (r);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_short)
{
  Bench b ("r128normalize mode=live");
  const Audio in = signals::sine (48000, 2, 0.8, 500.0, -30.0);

  b.set_caps (48000, 2);
  b.push_all (in);
  b.send (gst_event_new_eos ());
  CLOSE (signals::ask (b.pull_all ()).integrated, -16.0, 0.02);
}

GST_END_TEST;

/* One bad sample is one bad sample. */
GST_START_TEST (test_non_finite)
{
  for (const char *mode : {"live", "measure"}) {
    Bench b ((std::string ("r128normalize mode=") + mode).c_str ());
    Audio in = signals::programme (48000, 2, 5.0, -20.0);
    const double before = signals::ask (in).integrated;
    in.samples[100000] = NAN;
    in.samples[200001] = INFINITY;
    in.samples[200002] = -INFINITY;
    b.set_caps (48000, 2);
    b.push_all (in);
    b.send (gst_event_new_eos ());
    for (const float sample : b.pull_all ().samples)
      fail_unless (std::isfinite (sample));
    GstMessage *warning = gst_bus_pop_filtered (b.bus, GST_MESSAGE_WARNING);
    fail_unless (warning != nullptr);
    gst_message_unref (warning);
    Bench again (std::string ("r128normalize mode=").append (mode).c_str ());
    again.set_caps (48000, 2);
    again.push_all (in);
    again.send (gst_event_new_eos ());
    GstGenAudioLoudnessReport *r = again.pop_report ();
    fail_unless_equals_uint64 (r->non_finite, 3);
    CLOSE (r->input.integrated_loudness, before, 0.01);
    gst_genaudio_loudness_report_free (r);
  }
}

GST_END_TEST;

/* Settings that may change while playing do so. */
GST_START_TEST (test_settings)
{
  Bench b ("r128normalize mode=live");
  GstElement *element = b.element ();
  const Audio in = signals::programme (48000, 2, 12.0, -30.0);

  b.set_caps (48000, 2);
  b.push_all (in, 4800);
  auto levels = b.pop_levels ();
  CLOSE (levels.back ()->shortterm_loudness, -16.0, 6.0);
  free_levels (levels);
  g_object_set (element, "enabled", FALSE, nullptr);
  b.push_all (in, 4800);
  levels = b.pop_levels ();
  CLOSE (levels.back ()->gain, 0.0, 0.0);
  fail_unless_equals_int (levels.size (), 120);
  free_levels (levels);
  g_object_set (element, "enabled", TRUE, "max-gain", 5.0, nullptr);
  b.push_all (in, 4800);
  levels = b.pop_levels ();
  fail_unless (levels.back ()->gain <= 5.2);
  free_levels (levels);
  g_object_set (element, "max-gain", 30.0, "loudness-target", -30.0, nullptr);
  b.push_all (in, 4800);
  levels = b.pop_levels ();
  CLOSE (levels.back ()->shortterm_loudness, -30.0, 7.0);
  free_levels (levels);
  gst_object_unref (element);
}

GST_END_TEST;

/* Some cases of EBU Tech 3341 and 3342 through the element itself; the cores
 * are checked against all of them. */
/* Mode and latency do not, and say so; in READY they do. */
GST_START_TEST (test_fixed_settings)
{
  Bench b ("r128normalize mode=live latency=800000000");
  GstElement *element = b.element ();
  gint mode;
  guint64 latency;

  b.set_caps (48000, 2);
  b.push_all (signals::programme (48000, 2, 2.0, -30.0), 4800);
  ASSERT_WARNING (gst_util_set_object_arg (G_OBJECT (element), "mode",
      "measure"));
  ASSERT_WARNING (g_object_set (element, "latency", 2 * GST_SECOND, nullptr));
  g_object_get (element, "mode", &mode, "latency", &latency, nullptr);
  fail_unless_equals_int (mode, 2);
  fail_unless_equals_uint64 (latency, 800 * GST_MSECOND);

  gst_element_set_state (element, GST_STATE_READY);
  gst_util_set_object_arg (G_OBJECT (element), "mode", "measure");
  g_object_set (element, "latency", 2 * GST_SECOND, nullptr);
  g_object_get (element, "mode", &mode, "latency", &latency, nullptr);
  fail_unless_equals_int (mode, 3);
  fail_unless_equals_uint64 (latency, 2 * GST_SECOND);
  gst_object_unref (element);
}

GST_END_TEST;

GST_START_TEST (test_conformance)
{
  for (const unsigned rate : {32000u, 44100u, 48000u, 96000u}) {
    for (const ebu::Case & c : ebu::cases ()) {
      if (c.id != "3341-6-6ch" && c.id != "3341-12" && c.id != "3341-13-8"
          && c.id != "3341-19" && c.id != "3341-21" && c.id != "3342-2")
        continue;
      Bench b ("r128normalize mode=measure interval=20000000");
      Audio in (rate, ebu::channels_of (c.layout));
      in.samples = ebu::render (c, rate);
      b.set_caps (rate, in.channels);
      b.push_all (in);
      b.send (gst_event_new_eos ());
      auto levels = b.pop_levels ();
      const GstGenAudioLevel *last = levels.back ();
      double low = INFINITY, high = -INFINITY;
      const ebu::Expectation & e = c.expectations[0];
      switch (e.what) {
        case ebu::What::integrated:
          low = high = last->global_loudness;
          break;
        case ebu::What::range:
          low = high = last->loudness_range;
          break;
        case ebu::What::true_peak:
          low = high = 20.0 * std::log10 (g_array_index (last->true_peak,
                  double, 0));
          break;
        default:
          for (const GstGenAudioLevel *l : levels) {
            if (e.what == ebu::What::momentary && l->timestamp < GST_SECOND)
              continue;
            low = std::min (low, l->momentary_loudness);
            high = std::max (high, l->momentary_loudness);
          }
          if (e.what == ebu::What::max_momentary)
            low = high;
          break;
      }
      fail_unless (low >= e.value - e.below && high <= e.value + e.above,
          "%s at %u Hz: %f to %f, not %f", c.id.c_str (), rate, low, high,
          e.value);
      free_levels (levels);
    }
  }
}

GST_END_TEST;

static Suite *
r128normalize_live_suite (void)
{
  Suite *s = suite_create ("r128normalize-live");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_measure_passthrough);
  tcase_add_test (tc, test_level_fields);
  tcase_add_test (tc, test_interval);
  tcase_add_test (tc, test_level_times);
  tcase_add_test (tc, test_reset);
  tcase_add_test (tc, test_no_messages);
  tcase_add_test (tc, test_report);
  tcase_add_test (tc, test_limited_by);
  tcase_add_test (tc, test_any_size);
  tcase_add_test (tc, test_latency);
  tcase_add_test (tc, test_auto);
  tcase_add_test (tc, test_order);
  tcase_add_test (tc, test_place);
  tcase_add_test (tc, test_gap);
  tcase_add_test (tc, test_hole);
  tcase_add_test (tc, test_flush);
  tcase_add_test (tc, test_drain);
  tcase_add_test (tc, test_items);
  tcase_add_test (tc, test_caps);
  tcase_add_test (tc, test_tiny);
  tcase_add_test (tc, test_short);
  tcase_add_test (tc, test_non_finite);
  tcase_add_test (tc, test_settings);
  tcase_add_test (tc, test_fixed_settings);
  tcase_add_test (tc, test_conformance);
  return s;
}

GST_CHECK_MAIN (r128normalize_live);
