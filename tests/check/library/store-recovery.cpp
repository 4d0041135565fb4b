/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Recovery of what killed writers leave. */

#include "store-folder.hpp"

#include <cstring>
#include <string>

#include <sys/file.h>
#include <unistd.h>

#include <gst/check/gstcheck.h>
#include <gst/genaudio/genaudio.h>

#define DAY "2025/11/07/"
#define PART(name) DAY "." name ".0123abcd.part"

static std::string
le (guint64 value, int bytes)
{
  std::string text;
  for (int i = 0; i < bytes; i++)
    text += (char) (value >> 8 * i);
  return text;
}

static std::string
be (guint64 value, int bytes)
{
  std::string text = le (value, bytes);
  return std::string (text.rbegin (), text.rend ());
}

static const std::string riff_format = "fmt " + le (16, 4) + le (1, 2)
    + le (2, 2) + le (48000, 4) + le (192000, 4) + le (4, 2) + le (16, 2);

/* Stereo, 16 bits; the sizes are those that the header shall claim. */
static std::string
wave (guint32 riff_size, guint32 data_size, const std::string & data)
{
  return "RIFF" + le (riff_size, 4) + "WAVE" + riff_format + "fact"
      + le (4, 4) + le (77, 4) + "data" + le (data_size, 4) + data;
}

static std::string
rf64 (guint64 riff_size, guint64 data_size, guint64 frames,
    const std::string & data)
{
  return "RF64" + le (0xffffffff, 4) + "WAVE" + "ds64" + le (28, 4)
      + le (riff_size, 8) + le (data_size, 8) + le (frames, 8) + le (0, 4)
      + riff_format + "data" + le (0xffffffff, 4) + data;
}

static std::string
aiff (guint32 form_size, guint32 frames, guint32 ssnd_size,
    const std::string & data)
{
  return "FORM" + be (form_size, 4) + "AIFF" + "COMM" + be (18, 4)
      + be (2, 2) + be (frames, 4) + be (16, 2)
      + std::string ("\x40\x0e\xbb\x80\0\0\0\0\0\0", 10)
      + "SSND" + be (ssnd_size, 4) + be (0, 8) + data;
}

struct Found
{
  std::string text;             /* "container frames flags" a part */
  int errors = 0;
};

static void
append_part (const GstGenAudioFoundPart * part, gpointer user_data)
{
  Found & found = *(Found *) user_data;
  found.text += std::string (found.text.empty () ? "" : ", ")
      + part->container + " " + std::to_string (part->frames)
      + (part->busy ? " busy" : "") + (part->has_audio ? "" : " silent")
      + (part->damaged ? " damaged" : "") + (part->done ? " done" : "");
  if (part->error != nullptr)
    found.errors++;
}

static Found
recover (const Folder & folder, GstGenAudioRecoverAction action,
    GstGenAudioIfExists if_exists = GST_GENAUDIO_IF_EXISTS_ERROR,
    guint min_age = 0)
{
  Found found;
  GError *error = nullptr;
  GstGenAudioStore *store = folder.new_store ();
  fail_unless (gst_genaudio_store_recover (store, action, if_exists, min_age,
          append_part, &found, &error));
  g_assert_no_error (error);
  g_object_unref (store);
  return found;
}

/* Publishes the only part, which is to become @expected. */
static void
expect_recovered (const std::string & name, const std::string & broken,
    const std::string & expected, const char *said)
{
  Folder folder;
  folder.write (DAY "." + name + ".0123abcd.part", broken);
  folder.touch (DAY "." + name + ".0123abcd.part", "2025-11-07T10:00:00Z");

  Found found = recover (folder, GST_GENAUDIO_RECOVER_LIST);
  fail_unless_equals_string (found.text.c_str (), said);
  fail_unless (folder.read (DAY "." + name + ".0123abcd.part") == broken);
  found = recover (folder, GST_GENAUDIO_RECOVER_PUBLISH);
  fail_unless (found.text == std::string (said) + " done", "%s",
      found.text.c_str ());
  fail_unless (folder.list () == DAY + name);
  fail_unless (folder.read (DAY + name) == expected);

  struct stat st;
  stat ((folder.path + "/" DAY + name).c_str (), &st);
  fail_unless_equals_int64 (st.st_mtime, 1762509600);
}

static std::string
right_wave (const std::string & data)
{
  return "RIFF" + le (48 + data.size (), 4) + "WAVE" + riff_format + "fact"
      + le (4, 4) + le (data.size () / 4, 4) + "data" + le (data.size (), 4)
      + data;
}

GST_START_TEST (test_wave)
{
  const std::string data (1000, 'a');

  /* never updated, claiming too much, ending within a frame */
  expect_recovered ("a.wav", wave (0, 0, data), right_wave (data),
      "wav 250 damaged");
  expect_recovered ("a.wav", wave (0x7fff0024, 0x7fff0000, data),
      right_wave (data), "wav 250 damaged");
  expect_recovered ("a.wav", wave (48 + 996, 996, data + "xyz"),
      right_wave (data), "wav 250 damaged");
  /* complete, with and without chunks behind the data */
  const std::string good = wave (48 + 1000, 1000, data);
  expect_recovered ("a.wav", good, good, "wav 250");
  const std::string tagged = wave (48 + 1000 + 12, 1000,
      data + "LIST" + le (4, 4) + "INFO");
  expect_recovered ("a.wav", tagged, tagged, "wav 250");
}
GST_END_TEST;

GST_START_TEST (test_rf64)
{
  const std::string data (1000, 'a');
  const std::string good = rf64 (72 + 1000, 1000, 250, data);

  expect_recovered ("a.wav", rf64 (0, 0, 0, data + "xy"), good,
      "rf64 250 damaged");
  expect_recovered ("a.wav", good, good, "rf64 250");
}
GST_END_TEST;

GST_START_TEST (test_aiff)
{
  const std::string data (1000, 'a');
  const std::string good = aiff (46 + 1000, 250, 1008, data);

  expect_recovered ("a.aiff", aiff (0, 0, 0, data + "x"), good,
      "aiff 250 damaged");
  expect_recovered ("a.aiff", good, good, "aiff 250");
}
GST_END_TEST;

/* Runs a pipeline to its end, or not at all where elements are missing. */
static bool
run_pipeline (const std::string & description)
{
  GstElement *pipeline = gst_parse_launch (description.c_str (), nullptr);
  if (pipeline == nullptr)
    return false;
  GstBus *bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, 30 * GST_SECOND,
      (GstMessageType) (GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  const bool ok = message != nullptr
      && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS;
  g_clear_pointer (&message, gst_message_unref);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  gst_object_unref (pipeline);
  return ok;
}

static bool
encode (const Folder & folder, const char *encoder)
{
  return run_pipeline ("audiotestsrc wave=pink-noise num-buffers=400 "
      "samplesperbuffer=1024 ! audio/x-raw,rate=48000,channels=2 "
      "! audioconvert ! " + std::string (encoder)
      + " ! filesink location=" + folder.path + "/whole");
}

/* Cut anywhere, a FLAC file keeps every frame that was written whole, and its
 * header says so; decoding proves it. */
GST_START_TEST (test_flac)
{
  Folder whole;
  if (!encode (whole, "flacenc blocksize=4608"))
    return;
  const std::string text = whole.read ("whole");
  fail_unless (text.size () > 200000);

  for (const gsize cut : { text.size (), text.size () - 1, text.size () / 2,
          text.size () / 2 + 7, (gsize) 30000 }) {
    Folder folder;
    folder.write (PART ("a.flac"), text.substr (0, cut));
    const Found found = recover (folder, GST_GENAUDIO_RECOVER_PUBLISH);
    fail_unless (g_str_has_suffix (found.text.c_str (), " done"), "%s",
        found.text.c_str ());
    const guint64 frames =
        g_ascii_strtoull (found.text.c_str () + strlen ("flac "), nullptr, 10);
    if (cut == text.size ()) {
      fail_unless_equals_uint64 (frames, 400 * 1024);
    } else {
      fail_unless (frames > 0 && frames % 4608 == 0 && frames < 400 * 1024,
          "%s", found.text.c_str ());
    }
    fail_unless (run_pipeline ("filesrc location=" + folder.path
            + "/" DAY "a.flac ! flacparse ! flacdec ! audioconvert "
            "! audio/x-raw,format=S16LE ! filesink location=" + folder.path
            + "/raw"));
    fail_unless_equals_uint64 (folder.read ("raw").size () / 4, frames);
  }

  /* only a header */
  Folder folder;
  folder.write (PART ("a.flac"), text.substr (0, 5000));
  fail_unless (recover (folder, GST_GENAUDIO_RECOVER_PUBLISH).text
      == "flac 0 silent damaged");
}
GST_END_TEST;

GST_START_TEST (test_ogg)
{
  Folder whole;
  if (!encode (whole, "vorbisenc ! oggmux"))
    return;
  const std::string text = whole.read ("whole");
  Folder folder;
  folder.write (PART ("a.ogg"), text.substr (0, text.size () / 2));
  fail_unless (recover (folder, GST_GENAUDIO_RECOVER_PUBLISH).text
      == "ogg 0 damaged done");
  const std::string cut = folder.read (DAY "a.ogg");
  fail_unless (cut.size () > text.size () / 4
      && cut.size () <= text.size () / 2);
  fail_unless (text.compare (0, cut.size (), cut) == 0);
  fail_unless (text.compare (cut.size (), 4, "OggS") == 0);
}
GST_END_TEST;

/* Damaged beyond repair, empty, or no audio at all: never published. */
GST_START_TEST (test_garbage)
{
  const std::string good = wave (48 + 8, 8, "12345678");
  for (const std::string & text : { std::string (), std::string ("R"),
          good.substr (0, 12), good.substr (0, 30), good.substr (0, 56),
          std::string ("RF64") + good.substr (4), std::string ("<html>"),
          std::string ("FORM\0\0\0\0AIFF", 12), std::string ("fLaC\x80", 5),
          std::string ("OggS"), std::string (5000, '\xff'),
          "RIFF" + le (0, 4) + "WAVE" + "junk" + le (0xfffffff0, 4) }) {
    Folder folder;
    folder.write (PART ("a.wav"), text);
    const Found found = recover (folder, GST_GENAUDIO_RECOVER_PUBLISH);
    if (text[0] == '\xff')
      continue;
    fail_unless (folder.list () == DAY ".a.wav.*.part", "%s",
        found.text.c_str ());
    fail_unless (folder.read (PART ("a.wav")) == text);
    recover (folder, GST_GENAUDIO_RECOVER_REMOVE);
    fail_unless (folder.list () == "");
  }
}
GST_END_TEST;

GST_START_TEST (test_name_taken)
{
  Folder folder;
  const std::string good = wave (48 + 8, 8, "12345678");
  folder.write (PART ("a.wav"), good);
  folder.write (DAY "a.wav", "another");

  Found found = recover (folder, GST_GENAUDIO_RECOVER_PUBLISH);
  fail_unless_equals_int (found.errors, 1);
  fail_unless (folder.read (DAY "a.wav") == "another");
  found = recover (folder, GST_GENAUDIO_RECOVER_PUBLISH,
      GST_GENAUDIO_IF_EXISTS_SUFFIX);
  fail_unless_equals_int (found.errors, 0);
  fail_unless (folder.list () == DAY "a-1.wav " DAY "a.wav");
}
GST_END_TEST;

/* What somebody is writing is left alone, whatever the action. */
GST_START_TEST (test_busy)
{
  Folder folder;
  GstGenAudioStore *store = folder.new_store ();
  GstGenAudioPart *part =
      gst_genaudio_store_create_part (store, DAY "a.wav", nullptr);
  const std::string good = wave (48 + 8, 8, "12345678");
  fail_unless (write (gst_genaudio_part_get_fd (part), good.data (),
          good.size ()) == (ssize_t) good.size ());

  for (const auto action : { GST_GENAUDIO_RECOVER_LIST,
          GST_GENAUDIO_RECOVER_PUBLISH, GST_GENAUDIO_RECOVER_REMOVE }) {
    fail_unless (recover (folder, action).text == "wav 2 busy");
    fail_unless (folder.list () == DAY ".a.wav.*.part");
  }
  g_free (gst_genaudio_part_keep (part));
  /* young enough to be another machine's */
  fail_unless (recover (folder, GST_GENAUDIO_RECOVER_REMOVE,
          GST_GENAUDIO_IF_EXISTS_ERROR, 100).text == "wav 2 busy");
  fail_unless (recover (folder, GST_GENAUDIO_RECOVER_PUBLISH).text
      == "wav 2 done");
  fail_unless (folder.read (DAY "a.wav") == good);
  g_object_unref (store);
}
GST_END_TEST;

/* A sidecar whose writer was killed between the two renames. */
GST_START_TEST (test_sidecars)
{
  Folder folder;
  folder.write (DAY "a.wav", "a");
  folder.write (PART ("a.wav.json"), "of a");
  folder.write (DAY "b.wav", "b");
  folder.write (DAY "b.wav.json", "of b");
  folder.write (PART ("b.wav.json"), "of nothing");
  folder.write (PART ("c.wav.json"), "of nothing");

  fail_unless (recover (folder, GST_GENAUDIO_RECOVER_LIST).text == "");
  fail_unless (recover (folder, GST_GENAUDIO_RECOVER_PUBLISH).text == "");
  fail_unless (folder.list () == DAY "a.wav " DAY "a.wav.json " DAY "b.wav "
      DAY "b.wav.json");
  fail_unless (folder.read (DAY "a.wav.json") == "of a");
  fail_unless (folder.read (DAY "b.wav.json") == "of b");
}
GST_END_TEST;

static Suite *
recovery_suite (void)
{
  Suite *s = suite_create ("store-recovery");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_wave);
  tcase_add_test (tc, test_rf64);
  tcase_add_test (tc, test_aiff);
  tcase_add_test (tc, test_flac);
  tcase_add_test (tc, test_ogg);
  tcase_add_test (tc, test_garbage);
  tcase_add_test (tc, test_name_taken);
  tcase_add_test (tc, test_busy);
  tcase_add_test (tc, test_sidecars);
  return s;
}

GST_CHECK_MAIN (recovery);
