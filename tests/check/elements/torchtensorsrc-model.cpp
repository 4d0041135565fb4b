/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* torchtensorsrc with TorchScript models, those that tests/data/make-model
 * writes, and gst/genaudio/torch.hpp. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

/* GstCheck and LibTorch both have many macros; LibTorch goes first */
#include <gst/genaudio/torch.hpp>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/genaudio/genaudio.h>

static std::string folder;

static void
make_models ()
{
  gchar *dir = g_dir_make_tmp ("models-XXXXXX", nullptr);
  const gchar *argv[] = { MAKE_MODEL, dir, nullptr };
  gint status = -1;

  folder = dir;
  fail_unless (g_spawn_sync (nullptr, const_cast<gchar **> (argv), nullptr,
          G_SPAWN_DEFAULT, nullptr, nullptr, nullptr, nullptr, &status,
          nullptr));
  fail_unless_equals_int (status, 0);
  g_free (dir);
}

static void
remove_models ()
{
  std::filesystem::remove_all (folder);
}

struct Played
{
  std::vector<float> samples;
  GstClockTime duration = GST_CLOCK_TIME_NONE;
  int rate = 0, channels = 0;
  GError *error = nullptr;

  ~Played () { g_clear_error (&error); }
  std::size_t frames () const { return samples.size () / std::size_t (channels); }
};

/* Plays all, or from @seek_to on. */
static void
play (Played & played, const std::string & settings,
    GstClockTime seek_to = GST_CLOCK_TIME_NONE)
{
  GstElement *pipeline = gst_parse_launch (("torchtensorsrc " + settings
          + " ! fakesink name=sink signal-handoffs=true").c_str (), nullptr);
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GstBus *bus = gst_element_get_bus (pipeline);

  g_signal_connect (sink, "handoff", G_CALLBACK (+[] (GstElement *,
              GstBuffer * buffer, GstPad *, gpointer data) {
            auto & samples = static_cast<Played *> (data)->samples;
            GstMapInfo map;
            gst_buffer_map (buffer, &map, GST_MAP_READ);
            const float *from = reinterpret_cast<const float *> (map.data);
            samples.insert (samples.end (), from, from + map.size / 4);
            gst_buffer_unmap (buffer, &map);
          }), &played);
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  if (gst_element_get_state (pipeline, nullptr, nullptr, 20 * GST_SECOND)
      == GST_STATE_CHANGE_SUCCESS) {
    gint64 duration;
    if (gst_element_query_duration (pipeline, GST_FORMAT_TIME, &duration))
      played.duration = GstClockTime (duration);
    GstPad *pad = gst_element_get_static_pad (sink, "sink");
    GstCaps *caps = gst_pad_get_current_caps (pad);
    gst_structure_get (gst_caps_get_structure (caps, 0), "rate", G_TYPE_INT,
        &played.rate, "channels", G_TYPE_INT, &played.channels, nullptr);
    gst_caps_unref (caps);
    gst_object_unref (pad);
    if (GST_CLOCK_TIME_IS_VALID (seek_to)) {
      fail_unless (gst_element_seek_simple (pipeline, GST_FORMAT_TIME,
              static_cast<GstSeekFlags> (GST_SEEK_FLAG_FLUSH
                  | GST_SEEK_FLAG_ACCURATE), gint64 (seek_to)));
      gst_element_get_state (pipeline, nullptr, nullptr, 20 * GST_SECOND);
    }
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
  }
  GstMessage *message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND,
      static_cast<GstMessageType> (GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  fail_unless (message != nullptr, "it neither ends nor fails");
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &played.error, nullptr);
  gst_message_unref (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
}

static std::string
model (const char *name)
{
  return "model=\"" + folder + "/" + name + ".pt\" ";
}

GST_START_TEST (test_chunks)
{
  for (const char *chunk : { "chunk-frames=1000", "chunk-frames=4096" }) {
    Played played;
    play (played, model ("chunks") + "prompt=abcd duration=1000000000 "
        "model-args=\"args,gain=(double)0.25\" " + chunk);
    fail_unless (played.error == nullptr, "%s", played.error
        ? played.error->message : "");
    fail_unless_equals_int (played.rate, 32000);
    fail_unless_equals_int (played.channels, 2);
    fail_unless_equals_uint64 (played.duration, GST_SECOND);
    fail_unless_equals_uint64 (played.frames (), 32000);
    for (std::size_t i = 0; i < played.frames (); i++) {
      const double expected = .25 * std::sin (2 * M_PI * 440 * double (i)
          / 32000);
      fail_unless (std::fabs (played.samples[2 * i] - expected) < 2e-3,
          "frame %u", guint (i));
      fail_unless (std::fabs (played.samples[2 * i + 1] - .004) < 1e-6);
    }
  }
}
GST_END_TEST;

GST_START_TEST (test_seek)
{
  Played whole, part;
  const std::string settings = model ("chunks")
      + "prompt=x duration=500000000 chunk-frames=777";

  play (whole, settings);
  play (part, settings, 123 * GST_MSECOND);
  fail_unless (part.error == nullptr);
  /* the last of those handed off are those after the seek */
  const std::size_t first = 32 * 123;
  const std::size_t n = (16000 - first) * 2;
  fail_unless (part.samples.size () >= n);
  fail_unless (memcmp (part.samples.data () + part.samples.size () - n,
          whole.samples.data () + first * 2, n * sizeof (float)) == 0);
}
GST_END_TEST;

GST_START_TEST (test_whole)
{
  Played a, b, c;

  play (a, model ("whole") + "duration=500000000 seed=1");
  play (b, model ("whole") + "duration=500000000 seed=1");
  play (c, model ("whole") + "duration=500000000 seed=2");
  fail_unless (a.error == nullptr, "%s", a.error ? a.error->message : "");
  fail_unless_equals_int (a.rate, 16000);
  fail_unless_equals_int (a.channels, 1);
  fail_unless_equals_uint64 (a.samples.size (), 8000);
  fail_unless_equals_uint64 (a.duration, GST_SECOND / 2);
  fail_unless (a.samples == b.samples, "the seed does not decide");
  fail_if (a.samples == c.samples, "the seed does nothing");
}
GST_END_TEST;

GST_START_TEST (test_ends_by_itself)
{
  Played played;

  play (played, model ("ends") + "rate=8000 chunk-frames=300");
  fail_unless (played.error == nullptr);
  fail_unless_equals_int (played.rate, 8000);
  fail_unless_equals_uint64 (played.samples.size (), 10000);
}
GST_END_TEST;

static void
expect_error (const std::string & settings, GQuark domain, gint code,
    const char *word)
{
  Played played;

  play (played, settings);
  fail_unless (played.error != nullptr, "%s", settings.c_str ());
  fail_unless (g_error_matches (played.error, domain, code), "%s",
      played.error->message);
  fail_unless (strstr (played.error->message, word) != nullptr, "%s",
      played.error->message);
}

GST_START_TEST (test_errors)
{
  expect_error (model ("none"), GST_RESOURCE_ERROR,
      GST_RESOURCE_ERROR_NOT_FOUND, "none.pt");
  expect_error (model ("chunks"), GST_RESOURCE_ERROR,
      GST_RESOURCE_ERROR_SETTINGS, "prompt");
  expect_error (model ("chunks") + "prompt=x model-args=\"args,loud=true\"",
      GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "loud");
  expect_error (model ("chunks") + "prompt=x model-args=\"args,gain=high\"",
      GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "gain");
  expect_error (model ("whole") + "prompt=x duration=1000000000",
      GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "prompt");
  expect_error (model ("wrong"), GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
      "Long");
  expect_error (model ("fails") + "require-rate=true",
      GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "sample_rate");
  expect_error (model ("fails") + "rate=8000", GST_STREAM_ERROR,
      GST_STREAM_ERROR_FAILED, "no more ideas");
  expect_error (model ("chunks") + "prompt=x device=toaster",
      GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "toaster");
  gchar *text = g_build_filename (folder.c_str (), "text.pt", nullptr);
  g_file_set_contents (text, "not a model", -1, nullptr);
  expect_error (model ("text"), GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
      "text.pt");
  g_free (text);
}
GST_END_TEST;

GST_START_TEST (test_no_backend)
{
  g_setenv ("GENAUDIO_BACKEND_DIR", "/nowhere", TRUE);
  expect_error (model ("chunks") + "prompt=x", GST_LIBRARY_ERROR,
      GST_LIBRARY_ERROR_INIT, "libtorch-dev");
}
GST_END_TEST;

GST_START_TEST (test_live_latency)
{
  GstElement *element = gst_parse_launch (("torchtensorsrc " + model ("chunks")
          + "prompt=x is-live=true chunk-frames=3200").c_str (), nullptr);
  GstHarness *h = gst_harness_new_with_element (element, nullptr, "src");

  gst_object_unref (element);
  gst_harness_use_systemclock (h);
  gst_harness_play (h);
  GstBuffer *buffer = gst_harness_pull (h);
  fail_unless (buffer != nullptr);
  gst_buffer_unref (buffer);
  fail_unless_equals_uint64 (gst_harness_query_latency (h),
      100 * GST_MSECOND);
  /* an endless model, stopped in the middle of it */
  gst_harness_teardown (h);
}
GST_END_TEST;

GST_START_TEST (test_cuda)
{
  Played played;

  play (played, model ("chunks") + "prompt=x duration=100000000 device=cuda");
  if (played.error != nullptr) {
    fail_unless (strstr (played.error->message, "not available") != nullptr,
        "%s", played.error->message);
    g_print ("CUDA: skipped, %s\n", played.error->message);
    return;
  }
  fail_unless_equals_uint64 (played.frames (), 3200);
}
GST_END_TEST;

/* -- torch.hpp */

static std::vector<float>
push_and_pull (const at::Tensor & tensor, int channels)
{
  GstHarness *h = gst_harness_new_with_padnames ("torchtensorsrc", nullptr,
      "src");
  std::vector<float> samples;
  GstFlowReturn flow;
  GstBuffer *buffer = nullptr;

  gst_harness_play (h);
  fail_unless_equals_int (genaudio::push_tensor (h->element, tensor, 16000,
          "job"), GST_FLOW_OK);
  g_signal_emit_by_name (h->element, "end-of-stream", &flow);
  while (gst_harness_pull_until_eos (h, &buffer) && buffer != nullptr) {
    GstMapInfo map;
    gst_buffer_map (buffer, &map, GST_MAP_READ);
    const float *from = reinterpret_cast<const float *> (map.data);
    samples.insert (samples.end (), from, from + map.size / 4);
    gst_buffer_unmap (buffer, &map);
    gst_buffer_unref (buffer);
  }
  GstCaps *caps = gst_pad_get_current_caps (h->sinkpad);
  gint n = 0;
  gst_structure_get_int (gst_caps_get_structure (caps, 0), "channels", &n);
  fail_unless_equals_int (n, channels);
  gst_caps_unref (caps);
  gst_harness_teardown (h);
  return samples;
}

GST_START_TEST (test_push_tensor)
{
  const at::Tensor base = at::arange (2000, at::kFloat).reshape ({2, 1000})
      / 4000;
  const at::Tensor wanted = base.t ().contiguous ();
  const std::vector<float> expected (wanted.data_ptr<float> (),
      wanted.data_ptr<float> () + 2000);

  fail_unless (push_and_pull (base, 2) == expected);
  /* gradients, a batch of one, transposed, a slice of something larger */
  at::Tensor grad = base.clone ();
  grad.requires_grad_ (true);
  fail_unless (push_and_pull (grad, 2) == expected);
  fail_unless (push_and_pull (base.unsqueeze (0), 2) == expected);
  fail_unless (push_and_pull (wanted, 2) == expected);
  at::Tensor wide = at::zeros ({2, 3000});
  wide.slice (1, 500, 1500).copy_ (base);
  fail_unless (push_and_pull (wide.slice (1, 500, 1500), 2) == expected);
  const at::Tensor negated = at::imag (at::complex (base, -base).conj ());
  fail_unless (negated.is_neg ());
  fail_unless (push_and_pull (negated, 2) == expected);
  /* half types are widened */
  for (at::ScalarType type : { at::kHalf, at::kBFloat16 }) {
    const std::vector<float> samples = push_and_pull (base.to (type), 2);
    for (std::size_t i = 0; i < samples.size (); i++)
      fail_unless (std::fabs (samples[i] - expected[i]) < 4e-3);
  }
  const std::vector<float> samples = push_and_pull (
      (base[0] * 32768).to (at::kShort), 1);
  fail_unless_equals_uint64 (samples.size (), 1000);
  fail_unless (std::fabs (samples[999] - 999. / 4000) < 1e-4);
  fail_unless (push_and_pull (at::full ({9}, -64, at::kChar), 1)
      == std::vector<float> (9, -.5f));
  fail_unless (push_and_pull (at::full ({9}, 192, at::kByte), 1)
      == std::vector<float> (9, .5f));
}
GST_END_TEST;

/* Booleans are no samples, though they have eight bits, too. */
GST_START_TEST (test_push_no_audio)
{
  for (at::ScalarType type : { at::kBool, at::kLong, at::kComplexFloat }) {
    GstHarness *h = gst_harness_new_with_padnames ("torchtensorsrc", nullptr,
        "src");
    gst_harness_play (h);
    fail_unless_equals_int (genaudio::push_tensor (h->element,
            at::zeros ({100}, type), 16000, "job"), GST_FLOW_ERROR);
    gst_harness_teardown (h);
  }
}
GST_END_TEST;

static Suite *
torchtensorsrc_model_suite (void)
{
  Suite *s = suite_create ("torchtensorsrc-model");
  TCase *tc = tcase_create ("general");

  gst_genaudio_init ();
  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 120);
  tcase_add_unchecked_fixture (tc, make_models, remove_models);
  tcase_add_test (tc, test_chunks);
  tcase_add_test (tc, test_seek);
  tcase_add_test (tc, test_whole);
  tcase_add_test (tc, test_ends_by_itself);
  tcase_add_test (tc, test_errors);
  tcase_add_test (tc, test_no_backend);
  tcase_add_test (tc, test_live_latency);
  tcase_add_test (tc, test_cuda);
  tcase_add_test (tc, test_push_tensor);
  tcase_add_test (tc, test_push_no_audio);
  return s;
}

GST_CHECK_MAIN (torchtensorsrc_model);
