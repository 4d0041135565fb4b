/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A live source, normalised while it runs, its tempo and loudness on screen,
 * and in files that the clock cuts.
 *
 *   live FOLDER [SOURCE [ROTATE [SECONDS]]]
 *
 * SOURCE is in the syntax of gst-launch, by default the microphone; for RTP
 * 'udpsrc port=5004 caps=application/x-rtp,media=audio,clock-rate=48000,encoding-name=OPUS
 * ! rtpjitterbuffer ! rtpopusdepay ! opusdec'. ROTATE is hourly, daily or
 * seconds. Ctrl-C ends the last file as well as any other.
 */

#include <gst/genaudio/genaudio.h>

#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

static volatile sig_atomic_t interrupted;
static void
show (GstMessage * message)
{
  static double loudness = NAN, bpm = NAN;
  const GstStructure *s = gst_message_get_structure (message);

  if (gst_genaudio_message_has_name (message, GST_GENAUDIO_MESSAGE_LEVEL)) {
    GstGenAudioLevel *level = gst_genaudio_level_from_structure (s);
    loudness = level->shortterm_loudness;
    gst_genaudio_level_free (level);
  } else if (gst_genaudio_message_has_name (message,
          GST_GENAUDIO_MESSAGE_ANALYSIS)) {
    GstGenAudioAnalysis *analysis = gst_genaudio_analysis_from_structure (s);
    bpm = analysis->bpm;
    gst_genaudio_analysis_free (analysis);
  } else if (gst_genaudio_message_has_name (message,
          GST_GENAUDIO_MESSAGE_FRAGMENT_CLOSED)) {
    printf ("\r%s\n", gst_structure_get_string (s, "location"));
  } else {
    return;
  }
  printf ("\r%6.1f LUFS %6.1f BPM ", loudness, bpm);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  setvbuf (stdout, nullptr, _IONBF, 0);
  if (argc < 2) {
    fprintf (stderr, "Usage: %s FOLDER [SOURCE [ROTATE [SECONDS]]]\n", argv[0]);
    return 2;
  }
  const std::string line = std::string (argc > 2 ? argv[2] : "autoaudiosrc")
      + " ! audioconvert ! r128normalize mode=live ! bpmanalyzer interval=500000000"
      " ! datedsink job-id=live durable=false name=sink rotate="
      + (argc > 3 ? argv[3] : "hourly");
  GError *error = nullptr;
  GstElement *pipeline = gst_parse_launch (line.c_str (), &error);
  if (error != nullptr)
    g_error ("%s", error->message);
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_object_set (sink, "base-dir", argv[1], nullptr);
  gst_object_unref (sink);

  signal (SIGINT, [] (int) { interrupted = 1; });
  const gint64 end = argc > 4
      ? g_get_monotonic_time () + atoi (argv[4]) * G_USEC_PER_SEC : G_MAXINT64;
  GstBus *bus = gst_element_get_bus (pipeline);
  int status = 0;
  bool running = true, ending = false;
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (running) {
    GstMessage *message = gst_bus_timed_pop (bus, 50 * GST_MSECOND);
    if (!ending && (interrupted || g_get_monotonic_time () > end)) {
      ending = true;
      gst_element_send_event (pipeline, gst_event_new_eos ());
    }
    if (message == nullptr)
      continue;
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
      gst_message_parse_error (message, &error, nullptr);
      fprintf (stderr, "\n%s\n", error->message);
      g_clear_error (&error);
      status = 1;
    }
    show (message);
    running = status == 0 && GST_MESSAGE_TYPE (message) != GST_MESSAGE_EOS;
    gst_message_unref (message);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  gst_object_unref (pipeline);
  return status;
}
