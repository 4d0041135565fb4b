/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* torchtensorsrc with tensors that an application pushes: ownership above
 * all. Every tensor here counts the calls of its deleter. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

/* GstCheck has a macro fail, so the standard library goes first */
#include <atomic>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gst/audio/audio.h>
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/genaudio/genaudio.h>
#include <gst/genaudio/genaudio-dlpack.h>

/* A tensor with memory of its own, in both forms of DLPack. */
struct TestTensor
{
  GstGenAudioDLManagedTensor plain = {};
  GstGenAudioDLManagedTensorVersioned versioned = {};
  std::vector<float> samples;
  std::vector<gint64> shape, strides;
  std::atomic<int> deleted {0};

  TestTensor (std::vector<gint64> dimensions, float value = .25f)
      : shape (std::move (dimensions))
  {
    gint64 n = 1;
    for (gint64 size : shape)
      n *= size;
    samples.resize (std::size_t (n));
    for (std::size_t i = 0; i < samples.size (); i++)
      samples[i] = value + float (i % 100) / 1000;
    fill (plain.dl_tensor);
    plain.manager_ctx = this;
    plain.deleter = [] (GstGenAudioDLManagedTensor * t) {
      static_cast<TestTensor *> (t->manager_ctx)->deleted++;
    };
    versioned.version_major = 1;
    fill (versioned.dl_tensor);
    versioned.manager_ctx = this;
    versioned.deleter = [] (GstGenAudioDLManagedTensorVersioned * t) {
      static_cast<TestTensor *> (t->manager_ctx)->deleted++;
    };
  }

  void fill (GstGenAudioDLTensor & tensor)
  {
    tensor.data = samples.data ();
    tensor.device = {GST_GENAUDIO_DL_CPU, 0};
    tensor.ndim = gint32 (shape.size ());
    tensor.dtype = {GST_GENAUDIO_DL_FLOAT, 32, 1};
    tensor.shape = shape.data ();
  }

  guint64 address () { return guint64 (guintptr (&plain)); }
};

static GstFlowReturn
push (GstElement * element, guint64 address, gboolean versioned, gint rate,
    const char *job_id)
{
  GstFlowReturn flow = GST_FLOW_CUSTOM_ERROR;

  g_signal_emit_by_name (element, "push-dlpack", address, versioned, rate,
      job_id, &flow);
  return flow;
}

static GstFlowReturn
push (GstHarness * h, TestTensor & tensor, gint rate = 32000,
    const char *job_id = "job")
{
  return push (h->element, tensor.address (), FALSE, rate, job_id);
}

static void
finish (GstHarness * h)
{
  GstFlowReturn flow;
  g_signal_emit_by_name (h->element, "end-of-stream", &flow);
  fail_unless_equals_int (flow, GST_FLOW_OK);
}

static GstHarness *
start (const char *properties = "")
{
  const std::string line = std::string ("torchtensorsrc ") + properties;
  GstElement *element = gst_parse_launch (line.c_str (), nullptr);
  GstHarness *h = gst_harness_new_with_element (element, nullptr, "src");

  gst_object_unref (element);
  gst_harness_play (h);
  return h;
}

/* All buffers up to EOS. */
static std::vector<GstBuffer *>
pull_all (GstHarness * h)
{
  std::vector<GstBuffer *> buffers;
  GstBuffer *buffer = nullptr;

  while (gst_harness_pull_until_eos (h, &buffer) && buffer != nullptr)
    buffers.push_back (buffer);
  return buffers;
}

static void
unref_all (std::vector<GstBuffer *> & buffers)
{
  for (GstBuffer *buffer : buffers)
    gst_buffer_unref (buffer);
  buffers.clear ();
}

static guint64
count_frames (const std::vector<GstBuffer *> & buffers, int channels)
{
  guint64 bytes = 0;
  for (GstBuffer *buffer : buffers)
    bytes += gst_buffer_get_size (buffer);
  return bytes / sizeof (float) / guint64 (channels);
}

/* job ids of the items, in the order of their TAG events */
static std::vector<std::string>
take_job_ids (GstHarness * h)
{
  std::vector<std::string> ids;

  while (GstEvent *event = gst_harness_try_pull_event (h)) {
    GstTagList *tags;
    gchar *id;
    if (GST_EVENT_TYPE (event) == GST_EVENT_TAG) {
      gst_event_parse_tag (event, &tags);
      if (gst_tag_list_get_string (tags, GST_GENAUDIO_TAG_JOB_ID, &id)) {
        ids.emplace_back (id);
        g_free (id);
      }
    }
    gst_event_unref (event);
  }
  return ids;
}

GST_START_TEST (test_zero_copy)
{
  for (bool versioned : { false, true }) {
    TestTensor mono ({1, 50000});
    GstHarness *h = start ();
    const guint64 address = versioned
        ? guint64 (guintptr (&mono.versioned)) : mono.address ();
    fail_unless_equals_int (push (h->element, address, versioned, 24000, "a"),
        GST_FLOW_OK);
    finish (h);
    std::vector<GstBuffer *> buffers = pull_all (h);
    fail_unless_equals_uint64 (count_frames (buffers, 1), 50000);

    const float *expected = mono.samples.data ();
    for (GstBuffer *buffer : buffers) {
      GstMapInfo map;
      fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
      fail_unless (map.data == reinterpret_cast<const guint8 *> (expected),
          "the samples were copied");
      fail_unless (GST_MEMORY_IS_READONLY (gst_buffer_peek_memory (buffer, 0)));
      expected += map.size / sizeof (float);
      gst_buffer_unmap (buffer, &map);
    }
    GstCaps *caps = gst_pad_get_current_caps (h->sinkpad);
    gint rate = 0;
    gst_structure_get_int (gst_caps_get_structure (caps, 0), "rate", &rate);
    fail_unless_equals_int (rate, 24000);
    gst_caps_unref (caps);

    /* the last buffer keeps the memory alive, beyond the element */
    gst_harness_teardown (h);
    fail_unless_equals_int (mono.deleted, 0);
    unref_all (buffers);
    fail_unless_equals_int (mono.deleted, 1);
  }
}
GST_END_TEST;

GST_START_TEST (test_planar_is_interleaved)
{
  TestTensor planar ({2, 40000});
  GstHarness *h = start ();

  fail_unless_equals_int (push (h, planar), GST_FLOW_OK);
  finish (h);
  std::vector<GstBuffer *> buffers = pull_all (h);
  fail_unless_equals_uint64 (count_frames (buffers, 2), 40000);
  std::size_t frame = 0;
  for (GstBuffer *buffer : buffers) {
    GstMapInfo map;
    gst_buffer_map (buffer, &map, GST_MAP_READ);
    const float *samples = reinterpret_cast<const float *> (map.data);
    /* whoever changes them needs no copy of his own */
    fail_if (GST_MEMORY_IS_READONLY (gst_buffer_peek_memory (buffer, 0)));
    for (gsize i = 0; i < map.size / 8; i++, frame++) {
      fail_unless (samples[2 * i] == planar.samples[frame]);
      fail_unless (samples[2 * i + 1] == planar.samples[40000 + frame]);
    }
    gst_buffer_unmap (buffer, &map);
  }
  unref_all (buffers);
  gst_harness_teardown (h);
  fail_unless_equals_int (planar.deleted, 1);
}
GST_END_TEST;

/* A view that runs backwards is played so, from where it lies. */
GST_START_TEST (test_backwards)
{
  TestTensor tensor ({2, 40000});
  GstHarness *h = start ();

  tensor.strides = { 40000, -1 };
  tensor.plain.dl_tensor.strides = tensor.strides.data ();
  tensor.plain.dl_tensor.byte_offset = 39999 * sizeof (float);
  fail_unless_equals_int (push (h, tensor), GST_FLOW_OK);
  finish (h);
  std::vector<GstBuffer *> buffers = pull_all (h);
  fail_unless_equals_uint64 (count_frames (buffers, 2), 40000);
  std::size_t frame = 40000;
  for (GstBuffer *buffer : buffers) {
    GstMapInfo map;
    gst_buffer_map (buffer, &map, GST_MAP_READ);
    const float *samples = reinterpret_cast<const float *> (map.data);
    for (gsize i = 0; i < map.size / 8; i++) {
      frame--;
      fail_unless (samples[2 * i] == tensor.samples[frame]);
      fail_unless (samples[2 * i + 1] == tensor.samples[40000 + frame]);
    }
    gst_buffer_unmap (buffer, &map);
  }
  unref_all (buffers);
  gst_harness_teardown (h);
  fail_unless_equals_int (tensor.deleted, 1);
}
GST_END_TEST;

/* Caps and first sample of a tensor of that type. */
static void
check_integers (GstGenAudioDLDataType type, const void *data,
    const char *format, double expected)
{
  TestTensor tensor ({2});
  GstHarness *h = start ();

  tensor.plain.dl_tensor.dtype = type;
  tensor.plain.dl_tensor.data = const_cast<void *> (data);
  fail_unless_equals_int (push (h, tensor), GST_FLOW_OK);
  finish (h);
  std::vector<GstBuffer *> buffers = pull_all (h);
  GstCaps *caps = gst_pad_get_current_caps (h->sinkpad);
  fail_unless_equals_string (gst_structure_get_string (
          gst_caps_get_structure (caps, 0), "format"), format);
  gst_caps_unref (caps);
  GstMapInfo map;
  gst_buffer_map (buffers[0], &map, GST_MAP_READ);
  fail_unless_equals_float (g_str_has_prefix (format, "F64")
      ? *reinterpret_cast<const double *> (map.data)
      : *reinterpret_cast<const float *> (map.data), expected);
  gst_buffer_unmap (buffers[0], &map);
  unref_all (buffers);
  gst_harness_teardown (h);
}

GST_START_TEST (test_integers)
{
  const gint8 chars[] = { -64, 0 };
  const guint8 bytes[] = { 64, 128 };
  const gint16 shorts[] = { -16384, 0 };
  const gint32 ints[] = { G_MAXINT32, 0 };
  const char *f32 = GST_AUDIO_NE (F32), *f64 = GST_AUDIO_NE (F64);

  check_integers ({GST_GENAUDIO_DL_INT, 8, 1}, chars, f32, -.5);
  check_integers ({GST_GENAUDIO_DL_UINT, 8, 1}, bytes, f32, -.5);
  check_integers ({GST_GENAUDIO_DL_INT, 16, 1}, shorts, f32, -.5);
  check_integers ({GST_GENAUDIO_DL_INT, 32, 1}, ints, f64, 1 - 0x1p-31);
}
GST_END_TEST;

/* One element, run again and again. */
GST_START_TEST (test_again)
{
  GstElement *element = gst_element_factory_make ("torchtensorsrc", nullptr);
  GstElement *sink = gst_element_factory_make ("fakesink", nullptr);
  GstElement *pipeline = gst_pipeline_new (nullptr);
  GstBus *bus = gst_element_get_bus (pipeline);
  gst_bin_add_many (GST_BIN (pipeline), element, sink, nullptr);
  fail_unless (gst_element_link (element, sink));

  for (gint64 run = 0; run < 20; run++) {
    const bool bad = run % 4 == 3;
    TestTensor tensor ({1 + run % 3, 3000 + run}), other ({500});
    if (bad)
      tensor.samples[100] = NAN;
    g_object_set (element, "layout", 1, nullptr);
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    fail_unless_equals_int (push (element, tensor.address (), FALSE,
            16000 + int (run), "a"), GST_FLOW_OK);
    fail_unless_equals_int (push (element, other.address (), FALSE, 8000,
            "b"), GST_FLOW_OK);
    GstFlowReturn flow;
    g_signal_emit_by_name (element, "end-of-stream", &flow);
    GstMessage *message = gst_bus_timed_pop_filtered (bus, 10 * GST_SECOND,
        static_cast<GstMessageType> (GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
    fail_unless (message != nullptr);
    fail_unless_equals_int (GST_MESSAGE_TYPE (message),
        bad ? GST_MESSAGE_ERROR : GST_MESSAGE_EOS);
    gst_message_unref (message);
    gst_element_set_state (pipeline, GST_STATE_NULL);
    fail_unless_equals_int (tensor.deleted, 1);
    fail_unless_equals_int (other.deleted, 1);
  }
  gst_object_unref (bus);
  gst_object_unref (pipeline);
}
GST_END_TEST;

/* Consecutive tensors of one job id are one item, until end-item. */
GST_START_TEST (test_items)
{
  TestTensor a ({1000}), b ({500}), c ({700}), d ({300}), batch ({2, 1, 100});
  GstHarness *h = start ();
  GstFlowReturn flow;

  fail_unless_equals_int (push (h, a, 16000, "speech"), GST_FLOW_OK);
  fail_unless_equals_int (push (h, b, 16000, "speech"), GST_FLOW_OK);
  g_signal_emit_by_name (h->element, "end-item", &flow);
  fail_unless_equals_int (push (h, c, 16000, "speech"), GST_FLOW_OK);
  fail_unless_equals_int (push (h, d, 22050, "song"), GST_FLOW_OK);
  fail_unless_equals_int (push (h, batch, 22050, "pair"), GST_FLOW_OK);
  finish (h);
  std::vector<GstBuffer *> buffers = pull_all (h);
  fail_unless_equals_uint64 (count_frames (buffers, 1),
      1000 + 500 + 700 + 300 + 200);
  const std::vector<std::string> ids = take_job_ids (h);
  const std::vector<std::string> expected = {"speech", "speech", "song",
    "pair-000", "pair-001"};
  fail_unless (ids == expected, "%u items", guint (ids.size ()));
  unref_all (buffers);
  gst_harness_teardown (h);
  for (TestTensor *t : {&a, &b, &c, &d, &batch})
    fail_unless_equals_int (t->deleted, 1);
}
GST_END_TEST;

/* An item that has not ended plays on while the next tensor is awaited. */
GST_START_TEST (test_streaming_speech)
{
  GstHarness *h = start ();
  std::vector<std::unique_ptr<TestTensor>> chunks;
  guint64 frames = 0;

  for (int i = 0; i < 5; i++) {
    chunks.push_back (std::make_unique<TestTensor> (
            std::vector<gint64> {2400}));
    fail_unless_equals_int (push (h, *chunks.back (), 24000, "talk"),
        GST_FLOW_OK);
    GstBuffer *buffer = gst_harness_pull (h);
    fail_unless (buffer != nullptr);
    fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), frames);
    fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer),
        gst_util_uint64_scale (frames, GST_SECOND, 24000));
    frames += gst_buffer_get_size (buffer) / sizeof (float);
    gst_buffer_unref (buffer);
  }
  finish (h);
  std::vector<GstBuffer *> rest = pull_all (h);
  fail_unless (rest.empty ());
  fail_unless_equals_uint64 (frames, 5 * 2400);
  fail_unless_equals_int (int (take_job_ids (h).size ()), 1);
  gst_harness_teardown (h);
  for (const auto & chunk : chunks)
    fail_unless_equals_int (chunk->deleted, 1);
}
GST_END_TEST;

GST_START_TEST (test_never_started)
{
  TestTensor tensor ({100}), versioned ({100});
  GstElement *element = gst_element_factory_make ("torchtensorsrc", nullptr);

  fail_unless_equals_int (push (element, tensor.address (), FALSE, 32000,
          "x"), GST_FLOW_FLUSHING);
  fail_unless_equals_int (tensor.deleted, 1);
  fail_unless_equals_int (push (element,
          guint64 (guintptr (&versioned.versioned)), TRUE, 32000, "x"),
      GST_FLOW_FLUSHING);
  fail_unless_equals_int (versioned.deleted, 1);
  fail_unless_equals_int (push (element, 0, FALSE, 32000, "x"),
      GST_FLOW_FLUSHING);
  gst_object_unref (element);
  fail_unless_equals_int (tensor.deleted, 1);
}
GST_END_TEST;

/* What waits when the element stops is released, once. */
GST_START_TEST (test_stopped_with_queue)
{
  TestTensor first ({1, 2000000}), second ({100}), third ({100});
  GstHarness *h = start ("is-live=true");

  gst_harness_set_blocking_push_mode (h);
  push (h, first, 32000, "a");
  push (h, second, 32000, "b");
  push (h, third, 32000, "c");
  gst_harness_teardown (h);
  for (TestTensor *t : {&first, &second, &third})
    fail_unless_equals_int (t->deleted, 1);
}
GST_END_TEST;

GST_START_TEST (test_flush)
{
  TestTensor waiting ({100}), after ({300});
  GstElement *element = gst_element_factory_make ("torchtensorsrc", nullptr);
  GstElement *sink = gst_element_factory_make ("fakesink", nullptr);
  GstElement *pipeline = gst_pipeline_new (nullptr);

  g_object_set (element, "is-live", TRUE, nullptr);
  gst_bin_add_many (GST_BIN (pipeline), element, sink, nullptr);
  fail_unless (gst_element_link (element, sink));
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  /* live and paused: nothing is taken from the queue */
  fail_unless_equals_int (push (element, waiting.address (), FALSE, 32000,
          "a"), GST_FLOW_OK);
  fail_unless_equals_int (waiting.deleted, 0);
  gst_element_send_event (element, gst_event_new_flush_start ());
  gst_element_send_event (element, gst_event_new_flush_stop (TRUE));
  fail_unless_equals_int (waiting.deleted, 1);

  fail_unless_equals_int (push (element, after.address (), FALSE, 32000, "b"),
      GST_FLOW_OK);
  GstFlowReturn flow;
  g_signal_emit_by_name (element, "end-of-stream", &flow);
  fail_unless_equals_int (push (element, waiting.address (), FALSE, 32000,
          "late"), GST_FLOW_EOS);
  fail_unless_equals_int (waiting.deleted, 2);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, 10 * GST_SECOND,
      static_cast<GstMessageType> (GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  fail_unless (message != nullptr);
  fail_unless_equals_int (GST_MESSAGE_TYPE (message), GST_MESSAGE_EOS);
  gst_message_unref (message);
  gst_object_unref (bus);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  fail_unless_equals_int (after.deleted, 1);
}
GST_END_TEST;

/* A tensor that cannot be played is released at once and fails as an item. */
static void
expect_refused (TestTensor & tensor, GQuark domain, gint code,
    const char *word)
{
  GstHarness *h = start ();
  GstBus *bus = gst_bus_new ();
  gst_element_set_bus (h->element, bus);
  const GstFlowReturn flow = push (h, tensor);

  fail_unless_equals_int (flow, GST_FLOW_ERROR);
  fail_unless_equals_int (tensor.deleted, 1);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, 10 * GST_SECOND,
      GST_MESSAGE_ERROR);
  fail_unless (message != nullptr);
  GError *error = nullptr;
  gst_message_parse_error (message, &error, nullptr);
  fail_unless (g_error_matches (error, domain, code), "%s", error->message);
  fail_unless (strstr (error->message, word) != nullptr, "%s",
      error->message);
  g_error_free (error);
  gst_message_unref (message);
  gst_element_set_bus (h->element, nullptr);
  gst_object_unref (bus);
  gst_harness_teardown (h);
  fail_unless_equals_int (tensor.deleted, 1);
}

GST_START_TEST (test_refused)
{
  TestTensor cuda ({100}), dtype ({100}), shape ({2, 3, 4, 5}), empty ({0}),
      ambiguous ({4, 1000}), no_memory ({100});

  cuda.plain.dl_tensor.device.device_type = GST_GENAUDIO_DL_CUDA;
  expect_refused (cuda, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "device");
  dtype.plain.dl_tensor.dtype = {GST_GENAUDIO_DL_INT, 64, 1};
  expect_refused (dtype, GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE,
      "DLPack 0/64");
  expect_refused (shape, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
      "[2, 3, 4, 5]");
  expect_refused (empty, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "[0]");
  expect_refused (ambiguous, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
      "batch of 4");
  no_memory.plain.dl_tensor.data = nullptr;
  expect_refused (no_memory, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
      "no memory");
}
GST_END_TEST;

GST_START_TEST (test_nan_skipped)
{
  TestTensor bad ({1000}), good ({1000});
  GstHarness *h = start ("on-error=skip");

  bad.samples[500] = NAN;
  fail_unless_equals_int (push (h, bad, 32000, "bad"), GST_FLOW_OK);
  fail_unless_equals_int (push (h, good, 32000, "good"), GST_FLOW_OK);
  finish (h);
  std::vector<GstBuffer *> buffers = pull_all (h);
  fail_unless_equals_uint64 (count_frames (buffers, 1), 1000);
  unref_all (buffers);
  gst_harness_teardown (h);
  fail_unless_equals_int (bad.deleted, 1);
  fail_unless_equals_int (good.deleted, 1);
}
GST_END_TEST;

/* need-data asks, enough-data warns, block waits. */
GST_START_TEST (test_flow_control)
{
  GstElement *element = gst_element_factory_make ("torchtensorsrc", nullptr);
  std::atomic<int> needed {0}, enough {0};
  g_object_set (element, "max-items", G_GUINT64_CONSTANT (2), "is-live", TRUE,
      nullptr);
  g_signal_connect (element, "need-data", G_CALLBACK (+[] (GstElement *,
              guint, gpointer counter) {
            (*static_cast<std::atomic<int> *> (counter))++;
          }), &needed);
  g_signal_connect (element, "enough-data", G_CALLBACK (+[] (GstElement *,
              gpointer counter) {
            (*static_cast<std::atomic<int> *> (counter))++;
          }), &enough);
  GstElement *sink = gst_element_factory_make ("fakesink", nullptr);
  GstElement *pipeline = gst_pipeline_new (nullptr);
  gst_bin_add_many (GST_BIN (pipeline), element, sink, nullptr);
  fail_unless (gst_element_link (element, sink));

  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  TestTensor a ({10}), b ({10}), c ({10});
  push (element, a.address (), FALSE, 8000, "a");
  fail_unless_equals_int (enough, 0);
  push (element, b.address (), FALSE, 8000, "b");
  fail_unless_equals_int (enough, 1);

  g_object_set (element, "block", TRUE, nullptr);
  push (element, c.address (), FALSE, 8000, "c");
  fail_unless_equals_int (enough, 2);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (int i = 0; i < 1000 && needed == 0; i++)
    g_usleep (10000);
  fail_unless (needed > 0);
  for (TestTensor *t : {&a, &b, &c}) {
    for (int i = 0; i < 1000 && t->deleted == 0; i++)
      g_usleep (1000);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  for (TestTensor *t : {&a, &b, &c})
    fail_unless_equals_int (t->deleted, 1);
}
GST_END_TEST;

/* A push that waits for room is woken by the state change. */
GST_START_TEST (test_blocked_push)
{
  GstElement *element = gst_element_factory_make ("torchtensorsrc", nullptr);
  g_object_set (element, "max-items", G_GUINT64_CONSTANT (1), "is-live", TRUE,
      "block", TRUE, nullptr);
  GstElement *sink = gst_element_factory_make ("fakesink", nullptr);
  GstElement *pipeline = gst_pipeline_new (nullptr);
  gst_bin_add_many (GST_BIN (pipeline), element, sink, nullptr);
  fail_unless (gst_element_link (element, sink));
  gst_element_set_state (pipeline, GST_STATE_PAUSED);

  TestTensor a ({10}), b ({10});
  fail_unless_equals_int (push (element, a.address (), FALSE, 8000, "a"),
      GST_FLOW_OK);
  std::atomic<int> flow {100};
  std::thread pusher ([&] {
    flow = push (element, b.address (), FALSE, 8000, "b");
  });
  g_usleep (50000);
  fail_unless_equals_int (flow, 100);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  pusher.join ();
  fail_unless_equals_int (flow, GST_FLOW_FLUSHING);
  gst_object_unref (pipeline);
  fail_unless_equals_int (a.deleted, 1);
  fail_unless_equals_int (b.deleted, 1);
}
GST_END_TEST;

static Suite *
torchtensorsrc_push_suite (void)
{
  Suite *s = suite_create ("torchtensorsrc-push");
  TCase *tc = tcase_create ("general");

  gst_genaudio_init ();
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_zero_copy);
  tcase_add_test (tc, test_planar_is_interleaved);
  tcase_add_test (tc, test_backwards);
  tcase_add_test (tc, test_integers);
  tcase_add_test (tc, test_again);
  tcase_add_test (tc, test_items);
  tcase_add_test (tc, test_streaming_speech);
  tcase_add_test (tc, test_never_started);
  tcase_add_test (tc, test_stopped_with_queue);
  tcase_add_test (tc, test_flush);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_nan_skipped);
  tcase_add_test (tc, test_flow_control);
  tcase_add_test (tc, test_blocked_push);
  return s;
}

GST_CHECK_MAIN (torchtensorsrc_push);
