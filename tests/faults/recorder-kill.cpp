/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* recorder-kill [COUNT]: SIGKILL at COUNT random moments (default 200) of a
 * recording by datedsink, rotated and not, in the formats that keep a header.
 * Each time: every file under a final name is whole, and recovery makes of the
 * part a file that begins with exactly what was recorded and misses less than
 * one buffer of what had reached the disk. */

#include "../check/library/store-folder.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr int rate = 48000;
constexpr int block = 480;      /* frames of a buffer, 10 ms */
constexpr int max_delay_ms = 120;
constexpr gsize frame_size = 2;
/* WAV and RF64 headers end within this */
constexpr gsize header_search = 4096;

struct Format
{
  const char *properties;
  bool is_raw;                  /* samples can be read without decoding */
};

const Format formats[] = {
  {"format=wav", true},
  {"format=rf64", true},
  {"format=wav rotate=1", true},
  {"format=wav max-size-time=20000000 sidecar=json", true},
  {"format=flac", false},
};

gint16
sample_at (guint64 frame)
{
  return frame * 40503 >> 4;
}

/* Fills each buffer with what its position says. */
GstPadProbeReturn
fill (GstPad *, GstPadProbeInfo * info, gpointer position)
{
  GstBuffer *buffer =
      gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (info));
  GstMapInfo map;
  guint64 & frame = *(guint64 *) position;
  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  for (gsize i = 0; i < map.size / frame_size; i++)
    ((gint16 *) map.data)[i] = sample_at (frame++);
  gst_buffer_unmap (buffer, &map);
  GST_PAD_PROBE_INFO_DATA (info) = buffer;
  return GST_PAD_PROBE_OK;
}

/* Records faster than in real time until it is killed. */
[[noreturn]] void
record (const Folder & folder, const char *properties, int ready)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  gst_init (nullptr, nullptr);
  const std::string line = "audiotestsrc samplesperbuffer="
      + std::to_string (block) + " ! audio/x-raw,format=S16LE,channels=1,rate="
      + std::to_string (rate) + " ! identity name=tap sleep-time=500 "
      "! datedsink timezone=utc job-id=rec " + properties
      + " base-dir=" + folder.path;
  GstElement *pipeline = gst_parse_launch (line.c_str (), nullptr);
  guint64 position = 0;
  GstElement *tap = gst_bin_get_by_name (GST_BIN (pipeline), "tap");
  GstPad *pad = gst_element_get_static_pad (tap, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, fill, &position, nullptr);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_element_get_state (pipeline, nullptr, nullptr, 10 * GST_SECOND);
  if (write (ready, "x", 1) != 1)
    _exit (1);
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, GST_CLOCK_TIME_NONE,
      (GstMessageType) (GST_MESSAGE_ERROR | GST_MESSAGE_EOS));
  if (message != nullptr && GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    GError *error;
    gst_message_parse_error (message, &error, nullptr);
    fprintf (stderr, "%s\n", error->message);
  }
  _exit (1);
}

/* Starts a recording and kills it after @delay_ms. */
bool
record_and_kill (const Folder & folder, const char *properties, int delay_ms)
{
  int ends[2], status;
  char byte;
  if (pipe (ends) != 0)
    return false;
  fflush (stdout);
  const pid_t child = fork ();
  if (child == 0)
    record (folder, properties, ends[1]);
  close (ends[1]);
  const bool ready = read (ends[0], &byte, 1) == 1;
  close (ends[0]);
  if (ready)
    g_usleep (delay_ms * 1000);
  kill (child, SIGKILL);
  waitpid (child, &status, 0);
  return ready && WIFSIGNALED (status);
}

/* The samples of a WAV or RF64 whose data chunk says how many there are. */
bool
read_samples (const std::string & text, std::vector<gint16> &samples)
{
  const gsize at = text.substr (0, header_search).find ("data");
  if (at == std::string::npos)
    return false;
  guint32 size;
  memcpy (&size, text.data () + at + 4, 4);
  guint64 bytes = GUINT32_FROM_LE (size);
  if (text.substr (0, 4) == "RF64") {
    memcpy (&bytes, text.data () + 28, 8);
    bytes = GUINT64_FROM_LE (bytes);
  }
  if (bytes > text.size () - at - 8)
    return false;
  samples.resize (bytes / frame_size);
  memcpy (samples.data (), text.data () + at + 8, bytes);
  return true;
}

/* Whether these are consecutive samples of the signal; @first learns where
 * they begin. Two neighbours may agree elsewhere, so all are looked at. */
bool
are_recorded (const std::vector<gint16> &samples, guint64 begin)
{
  for (gsize i = 0; i < samples.size (); i++) {
    if (samples[i] != sample_at (begin + i))
      return false;
  }
  return true;
}

struct Part
{
  guint64 size = 0;
  guint64 frames = 0;
  int count = 0;
  int silent = 0;
  bool failed = false;
};

void
note_part (const GstGenAudioFoundPart * part, gpointer user_data)
{
  Part & found = *(Part *) user_data;
  found.count++;
  found.size += part->size;
  found.frames += part->frames;
  found.silent += !part->has_audio;
  if (part->error != nullptr)
    puts (part->error->message);
  found.failed = found.failed || part->busy || part->error != nullptr
      || part->done != part->has_audio;
}

/* Every published file, in the order of their names, which is that of time. */
std::vector<std::string>
published (const Folder & folder)
{
  std::vector<std::string> paths;
  for (const auto & entry :
      std::filesystem::recursive_directory_iterator (folder.path)) {
    const std::string name = entry.path ().filename ();
    if (entry.is_regular_file () && name[0] != '.'
        && !g_str_has_suffix (name.c_str (), ".json"))
      paths.push_back (entry.path ().string ().substr
          (folder.path.size () + 1));
  }
  return paths;
}

/* Whole files, whose samples are the recording's, with nothing between. */
bool
check_files (const Folder & folder, const Format & format, guint64 &frames)
{
  std::vector<std::vector<gint16>> files;
  guint64 position = 0;

  frames = 0;
  for (const std::string & path : published (folder)) {
    std::vector<gint16> samples;
    if (!format.is_raw)
      continue;
    if (!read_samples (folder.read (path), samples)) {
      printf ("%s is torn\n", path.c_str ());
      return false;
    }
    files.push_back (std::move (samples));
  }
  /* names of one second are numbered, so their order is found by content */
  while (!files.empty ()) {
    auto next = std::find_if (files.begin (), files.end (),
        [position] (const std::vector<gint16> &samples) {
          return are_recorded (samples, position);
        });
    if (next == files.end ()) {
      printf ("no file goes on at frame %" G_GUINT64_FORMAT "\n", position);
      return false;
    }
    position += next->size ();
    files.erase (next);
  }
  frames = position;
  return true;
}

bool
kill_once (const Format & format, int delay_ms)
{
  Folder folder;
  Part part;
  GError *error = nullptr;
  guint64 before, after;

  if (!record_and_kill (folder, format.properties, delay_ms)) {
    printf ("the recording did not run\n");
    return false;
  }
  const gsize finished = published (folder).size ();
  if (!check_files (folder, format, before))
    return false;
  GstGenAudioStore *store = folder.new_store ();
  const bool ok = gst_genaudio_store_recover (store,
      GST_GENAUDIO_RECOVER_PUBLISH, GST_GENAUDIO_IF_EXISTS_SUFFIX, 0,
      note_part, &part, &error);
  g_object_unref (store);
  if (!ok || part.failed || part.count > 1) {
    printf ("%d parts, recovery failed\n", part.count);
    g_clear_error (&error);
    return false;
  }
  if (published (folder).size () != finished + part.count - part.silent
      || !check_files (folder, format, after))
    return false;
  if (format.is_raw && (after != before + part.frames
      || part.size > header_search + (part.frames + block) * frame_size)) {
    printf ("%" G_GUINT64_FORMAT " frames of a part of %" G_GUINT64_FORMAT
        " bytes\n", part.frames, part.size);
    return false;
  }
  return true;
}

}

int
main (int argc, char **argv)
{
  const int count = argc > 1 ? atoi (argv[1]) : 200;
  std::mt19937 random (11);
  int failures = 0;

  for (int i = 0; i < count; i++) {
    const Format & format = formats[i % G_N_ELEMENTS (formats)];
    const int delay_ms = random () % max_delay_ms;
    if (!kill_once (format, delay_ms)) {
      printf ("... %s, killed after %d ms\n", format.properties, delay_ms);
      failures++;
    }
  }
  printf ("%d recordings killed, %d wrong\n", count, failures);
  return failures > 0;
}
