/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* GstGenAudioAnalyzer: files of every kind, tensors, and what is neither. */

#include <algorithm>
#include <cmath>
#include <string>
#include <thread>

#include "tensors.hpp"

#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>
#include <gst/genaudio/genaudio.h>

static std::string folder;

static void
setup (void)
{
  gchar *made = g_dir_make_tmp ("genaudio-analyzer-XXXXXX", nullptr);
  folder = made;
  g_free (made);
}

static void
teardown (void)
{
  GDir *dir = g_dir_open (folder.c_str (), 0, nullptr);
  while (const gchar * name = g_dir_read_name (dir))
    g_remove ((folder + "/" + name).c_str ());
  g_dir_close (dir);
  g_rmdir (folder.c_str ());
}

/* Music in a file, by an encoder of GStreamer's. */
static std::string
encode (const std::string & name, const char *encoder, gint rate = 44100)
{
  const std::string path = folder + "/" + name;
  GError *error = nullptr;
  const std::string description = "audiotestsrc wave=saw volume=0.25 "
      "num-buffers=100 samplesperbuffer=" + std::to_string (rate / 50)
      + " ! audio/x-raw,format=S16LE,channels=2,rate=" + std::to_string (rate)
      + " ! audioconvert ! " + encoder + " ! filesink location=" + path;
  GstElement *pipeline = gst_parse_launch (description.c_str (), &error);
  fail_unless (pipeline != nullptr && error == nullptr);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND,
      (GstMessageType) (GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  fail_unless (message != nullptr
      && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS, "%s", encoder);
  gst_message_unref (message);
  gst_object_unref (bus);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  return path;
}

static GstGenAudioAnalyzer *
new_analyzer (bool anything)
{
  GstGenAudioAnalyzer *analyzer = gst_genaudio_analyzer_new ();
  if (!anything)
    g_object_set (analyzer, "tempo", FALSE, "statistics", FALSE, "loudness",
        FALSE, nullptr);
  return analyzer;
}

struct Format
{
  const char *name, *encoder, *factory, *format, *subtype;
  double tolerance;             /* of the duration, in seconds */
};

static const Format all_formats[] = {
  {"a.wav", "wavenc", "wavenc", "wav", "PCM_16", 0},
  {"b.wav", "audio/x-raw,format=S24LE ! wavenc", "wavenc", "wav", "PCM_24", 0},
  {"c.wav", "audio/x-raw,format=F32LE ! wavenc", "wavenc", "wav", "FLOAT", 0},
  {"d.wav", "audio/x-raw,format=F64LE ! wavenc", "wavenc", "wav", "DOUBLE", 0},
  {"e.wav", "audio/x-raw,format=U8 ! wavenc", "wavenc", "wav", "PCM_U8", 0},
  {"f.wav", "mulawenc ! wavenc", "mulawenc", "wav", "ULAW", 0},
  {"g.flac", "flacenc", "flacenc", "flac", "PCM_16", 0},
  {"h.ogg", "vorbisenc ! oggmux", "vorbisenc", "ogg", "VORBIS", 0.1},
  {"i.opus", "audioresample ! opusenc ! oggmux", "opusenc", "opus", "OPUS",
      0.1},
  {"j.mp3", "lamemp3enc ! xingmux", "lamemp3enc", "mp3", "MPEG_LAYER_III",
      0.1},
  {"k.m4a", "avenc_aac ! mp4mux", "avenc_aac", nullptr, nullptr, 0.1},
};

static bool
is_there (const char *name)
{
  GstElementFactory *factory = gst_element_factory_find (name);
  if (factory != nullptr)
    gst_object_unref (factory);
  return factory != nullptr;
}

/* The header alone says the same as decoding the file. */
GST_START_TEST (test_formats)
{
  for (const Format & f : all_formats) {
    if (!is_there (f.factory))
      continue;
    const std::string path = encode (f.name, f.encoder);
    for (bool anything : {true, false}) {
      GError *error = nullptr;
      GstGenAudioAnalyzer *analyzer = new_analyzer (anything);
      GstGenAudioResult *result = gst_genaudio_analyzer_analyze_file (analyzer,
          path.c_str (), nullptr, &error);
      fail_unless (result != nullptr, "%s: %s", f.name,
          error != nullptr ? error->message : "");
      const bool opus = g_str_has_suffix (f.name, "opus");
      fail_unless_equals_int (result->rate, opus ? 48000 : 44100);
      fail_unless_equals_int (result->channels, 2);
      fail_unless (result->path == path);
      fail_unless (result->bytes > 0);
      fail_unless_equals_string (result->format, f.format);
      fail_unless_equals_string (result->bit_depth, f.subtype);
      const double seconds = (double) result->duration / GST_SECOND;
      fail_unless (std::fabs (seconds - 2) <= f.tolerance, "%s: %f s", f.name,
          seconds);
      fail_unless (std::fabs ((double) result->frames / result->rate - seconds)
          < 1e-4);
      fail_unless_equals_int (result->status, GST_GENAUDIO_STATUS_NONE);
      if (anything) {
        fail_unless (std::fabs (result->analysis->peak_amplitude - 0.25)
            < 0.2, "%s: %f", f.name, result->analysis->peak_amplitude);
        fail_unless (std::isfinite (result->loudness->output
                .integrated_loudness));
      } else {
        fail_unless (result->analysis == nullptr
            && result->loudness == nullptr);
      }
      gst_genaudio_result_free (result);
      g_object_unref (analyzer);
    }
  }
}
GST_END_TEST;

/* One analyser, one file after the other of different kinds. */
GST_START_TEST (test_many)
{
  const std::string wav = encode ("a.wav", "wavenc");
  const std::string flac = encode ("b.flac", "flacenc", 32000);
  GstGenAudioAnalyzer *analyzer = new_analyzer (true);

  for (int i = 0; i < 20; i++) {
    GError *error = nullptr;
    GstGenAudioResult *result = gst_genaudio_analyzer_analyze_file (analyzer,
        (i % 2 ? wav : flac).c_str (), nullptr, &error);
    fail_unless (result != nullptr, "%s", error ? error->message : "");
    fail_unless_equals_int (result->rate, i % 2 ? 44100 : 32000);
    fail_unless_equals_uint64 (result->frames, 2 * result->rate);
    gst_genaudio_result_free (result);
    fail_unless (gst_genaudio_analyzer_analyze_file (analyzer, "/nowhere",
            nullptr, &error) == nullptr);
    fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
            GST_RESOURCE_ERROR_NOT_FOUND));
    g_clear_error (&error);
  }
  g_object_unref (analyzer);
}
GST_END_TEST;

static void
check_no_audio (const std::string & path)
{
  for (bool anything : {true, false}) {
    GError *error = nullptr;
    GstGenAudioAnalyzer *analyzer = new_analyzer (anything);
    fail_unless (gst_genaudio_analyzer_analyze_file (analyzer, path.c_str (),
            nullptr, &error) == nullptr, "%s was analysed", path.c_str ());
    fail_unless (error != nullptr);
    g_error_free (error);
    g_object_unref (analyzer);
  }
}

GST_START_TEST (test_no_audio)
{
  const std::string riff ("RIFF\xff\xff\xff\xffWAVE", 12);
  const std::string flac ("fLaC\0\0\0\x22", 8);
  const std::string png ("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1", 24);
  const struct
  {
    const char *name;
    std::string bytes;
  } files[] = {
    {"empty.wav", ""}, {"text.txt", "this is no audio at all\n"},
    {"noise.bin", std::string (5000, '\x5a')}, {"riff.wav", riff},
    {"riff2.wav", riff + std::string ("fmt \x10\0\0\0", 8)},
    {"flac.flac", flac}, {"ogg.ogg", "OggS"},
    {"aiff.aiff", std::string ("FORM\0\0\0\0AIFFCOMM\0\0\0\x12", 20)},
    {"id3.mp3", std::string ("ID3\4\0\0\x7f\x7f\x7f\x7f", 10)},
    {"image.png", png},
  };

  check_no_audio (folder);
  check_no_audio ("/dev/null");
  for (const auto & f : files) {
    const std::string path = folder + "/" + f.name;
    fail_unless (g_file_set_contents (path.c_str (), f.bytes.data (),
            f.bytes.size (), nullptr));
    check_no_audio (path);
  }
}
GST_END_TEST;

/* Headers that lie: cut short, or never finished. */
GST_START_TEST (test_truncated)
{
  const std::string path = encode ("a.wav", "wavenc");
  gchar *bytes = nullptr;
  gsize size = 0;
  fail_unless (g_file_get_contents (path.c_str (), &bytes, &size, nullptr));
  fail_unless (g_file_set_contents (path.c_str (), bytes, 44 + 40000, nullptr));
  g_free (bytes);

  for (bool anything : {true, false}) {
    GstGenAudioAnalyzer *analyzer = new_analyzer (anything);
    GstGenAudioResult *result = gst_genaudio_analyzer_analyze_file (analyzer,
        path.c_str (), nullptr, nullptr);
    fail_unless_equals_uint64 (result->frames, 10000);
    gst_genaudio_result_free (result);
    g_object_unref (analyzer);
  }
}
GST_END_TEST;

GST_START_TEST (test_dlpack)
{
  GError *error = nullptr;
  TestTensor tensor (make_music (32000, 10, 90), {1, 2, 320000});
  GstGenAudioAnalyzer *analyzer = new_analyzer (true);
  g_object_set (analyzer, "key", TRUE, "beats", TRUE, nullptr);
  GstGenAudioResult *result = gst_genaudio_analyzer_analyze_dlpack (analyzer,
      tensor.give_versioned (), TRUE, 32000, nullptr, &error);

  fail_unless (result != nullptr, "%s", error != nullptr ? error->message : "");
  fail_unless_equals_int (result->rate, 32000);
  fail_unless_equals_int (result->channels, 2);
  fail_unless_equals_uint64 (result->frames, 320000);
  fail_unless_equals_uint64 (result->duration, 10 * GST_SECOND);
  fail_unless_equals_uint64 (result->bytes, 0);
  fail_unless (result->path == nullptr && result->bit_depth == nullptr);
  fail_unless (std::fabs (result->analysis->bpm - 90) < 1);
  fail_unless_equals_string (result->analysis->musical_key, "A minor");
  fail_unless (result->analysis->beats->len > 10);
  fail_unless (std::isfinite (result->loudness->output.max_true_peak));
  gst_genaudio_result_free (result);
  g_object_unref (analyzer);
  fail_unless_equals_int (tensor.deleted, 1);
}
GST_END_TEST;

/* Silence has statistics, but no tempo and no loudness. */
GST_START_TEST (test_silence)
{
  TestTensor tensor (std::vector<float> (64000), {2, 32000});
  GstGenAudioAnalyzer *analyzer = new_analyzer (true);
  GstGenAudioResult *result = gst_genaudio_analyzer_analyze_dlpack (analyzer,
      tensor.give (), FALSE, 32000, nullptr, nullptr);

  fail_unless_equals_float (result->analysis->peak_amplitude, 0);
  fail_unless_equals_float (result->analysis->rms_energy, 0);
  fail_unless (std::isnan (result->analysis->bpm));
  fail_unless (!std::isfinite (result->loudness->output.integrated_loudness));
  gst_genaudio_result_free (result);
  g_object_unref (analyzer);
}
GST_END_TEST;

GST_START_TEST (test_bad_tensor)
{
  GError *error = nullptr;
  TestTensor tensor (std::vector<float> (64), {2, 2, 16});
  GstGenAudioAnalyzer *analyzer = new_analyzer (true);

  fail_unless (gst_genaudio_analyzer_analyze_dlpack (analyzer, tensor.give (),
          FALSE, 32000, nullptr, &error) == nullptr);
  fail_unless (g_error_matches (error, GST_STREAM_ERROR,
          GST_STREAM_ERROR_WRONG_TYPE));
  g_error_free (error);
  g_object_unref (analyzer);
  fail_unless_equals_int (tensor.deleted, 1);
}
GST_END_TEST;

static void
on_finished (GObject * source, GAsyncResult * async, gpointer data)
{
  *static_cast<GstGenAudioResult **> (data) =
      gst_genaudio_analyzer_analyze_finish (GST_GENAUDIO_ANALYZER (source),
      async, nullptr);
}

GST_START_TEST (test_async)
{
  const std::string path = encode ("a.wav", "wavenc");
  GstGenAudioAnalyzer *analyzer = new_analyzer (true);
  GstGenAudioJob *job = gst_genaudio_job_new_file (path.c_str ());
  GstGenAudioResult *result = nullptr;

  gst_genaudio_analyzer_analyze_async (analyzer, job, nullptr, on_finished,
      &result);
  gst_genaudio_job_unref (job);
  while (result == nullptr)
    g_main_context_iteration (nullptr, TRUE);
  fail_unless_equals_uint64 (result->frames, 88200);
  gst_genaudio_result_free (result);
  g_object_unref (analyzer);
}
GST_END_TEST;

GST_START_TEST (test_info)
{
  GstGenAudioAnalyzer *analyzer = new_analyzer (true);
  GstStructure *info = gst_genaudio_analyzer_get_info (analyzer);
  gboolean tempo = FALSE;
  gboolean key = TRUE;

  fail_unless (gst_structure_get (info, "tempo", G_TYPE_BOOLEAN, &tempo, "key",
          G_TYPE_BOOLEAN, &key, nullptr));
  fail_unless (tempo && !key);
  gst_structure_free (info);
  g_object_unref (analyzer);
}
GST_END_TEST;

static Suite *
analyzer_suite (void)
{
  Suite *s = suite_create ("analyzer");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_formats);
  tcase_add_test (tc, test_many);
  tcase_add_test (tc, test_no_audio);
  tcase_add_test (tc, test_truncated);
  tcase_add_test (tc, test_dlpack);
  tcase_add_test (tc, test_silence);
  tcase_add_test (tc, test_bad_tensor);
  tcase_add_test (tc, test_async);
  tcase_add_test (tc, test_info);
  return s;
}

GST_CHECK_MAIN (analyzer);
