/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* dated-write [FOLDER]: what datedsink writes in a second, below FOLDER (the
 * current one if none is named), on the disk that it is on.
 *
 * Ten minutes of 48 kHz stereo PCM_16, in buffers of 4096 frames, from the
 * state change to the published file, beside dd writing as many bytes with
 * the same fsync: in turns, the medians count, since a disk is not alike from
 * one second to the next. Then small files of 0.1 s each, without and with
 * `durable`. */

#include <gst/gst.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

constexpr int rate = 48000;
constexpr int frame_bytes = 4;
constexpr int block = 4096;
constexpr long long ten_minutes = 600LL * rate * frame_bytes;
constexpr int rounds = 5;

double
now ()
{
  return g_get_monotonic_time () / 1e6;
}

double
median (std::vector<double> values)
{
  std::sort (values.begin (), values.end ());
  return values[values.size () / 2];
}

/* A source pad before a datedsink. */
class Stream
{
public:
  Stream (const fs::path & folder, bool durable)
  {
    sink = gst_element_factory_make ("datedsink", nullptr);
    if (sink == nullptr) {
      std::fprintf (stderr, "no datedsink\n");
      std::exit (1);
    }
    gst_object_ref_sink (sink);
    g_object_set (sink, "base-dir", folder.c_str (), "durable",
        (gboolean) durable, nullptr);
    pad = gst_pad_new ("src", GST_PAD_SRC);
    GstPad *peer = gst_element_get_static_pad (sink, "sink");
    gst_pad_link (pad, peer);
    gst_object_unref (peer);
    gst_pad_set_active (pad, TRUE);
    gst_element_set_state (sink, GST_STATE_PLAYING);
  }
  ~Stream ()
  {
    gst_element_set_state (sink, GST_STATE_NULL);
    gst_object_unref (pad);
    gst_object_unref (sink);
  }
  Stream (const Stream &) = delete;
  Stream & operator= (const Stream &) = delete;

  void item (const std::string & id, long long bytes)
  {
    GstCaps *caps = gst_caps_new_simple ("audio/x-raw", "format",
        G_TYPE_STRING, G_BYTE_ORDER == G_LITTLE_ENDIAN ? "S16LE" : "S16BE",
        "layout", G_TYPE_STRING, "interleaved", "rate", G_TYPE_INT, rate,
        "channels", G_TYPE_INT, 2, nullptr);
    GstSegment segment;

    gst_segment_init (&segment, GST_FORMAT_TIME);
    gst_pad_push_event (pad, gst_event_new_stream_start (id.c_str ()));
    gst_pad_push_event (pad, gst_event_new_caps (caps));
    gst_pad_push_event (pad, gst_event_new_segment (&segment));
    gst_pad_push_event (pad, gst_event_new_tag (gst_tag_list_new
            ("genaudio-job-id", id.c_str (), nullptr)));
    gst_caps_unref (caps);
    for (long long at = 0; at < bytes;) {
      const gsize n = (gsize) std::min<long long> (block * frame_bytes,
          bytes - at);
      GstBuffer *buffer = gst_buffer_new_allocate (nullptr, n, nullptr);
      gst_buffer_memset (buffer, 0, (guint8) at, n);
      GST_BUFFER_PTS (buffer) = gst_util_uint64_scale ((guint64) at
          / frame_bytes, GST_SECOND, rate);
      if (gst_pad_push (pad, buffer) != GST_FLOW_OK) {
        std::fprintf (stderr, "writing failed\n");
        std::exit (1);
      }
      at += (long long) n;
    }
  }
  void eos () { gst_pad_push_event (pad, gst_event_new_eos ()); }

private:
  GstElement *sink;
  GstPad *pad;
};

double
time_of_sink (const fs::path & folder)
{
  const double start = now ();
  {
    Stream stream (folder, true);
    stream.item ("long", ten_minutes);
    stream.eos ();
  }
  const double end = now ();
  fs::remove_all (folder);
  return end - start;
}

double
time_of_dd (const fs::path & folder)
{
  const fs::path file = folder / "dd";
  const std::string command = "dd if=/dev/zero of='" + file.string ()
      + "' bs=1M iflag=count_bytes count=" + std::to_string (ten_minutes)
      + " conv=fsync status=none";

  fs::create_directories (folder);
  const double start = now ();
  if (std::system (command.c_str ()) != 0)
    std::exit (1);
  const double end = now ();
  fs::remove_all (folder);
  return end - start;
}

double
files_in_a_second (const fs::path & folder, int n, bool durable)
{
  const double start = now ();
  {
    Stream stream (folder, durable);
    for (int i = 0; i < n; i++)
      stream.item ("item-" + std::to_string (i), rate / 10 * frame_bytes);
    stream.eos ();
  }
  const double end = now ();
  fs::remove_all (folder);
  return n / (end - start);
}

}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  const fs::path folder = fs::path (argc > 1 ? argv[1] : ".")
      / ("dated-write-" + std::to_string (g_get_real_time ()));
  std::vector<double> sink, dd;

  for (int i = 0; i < rounds; i++) {
    dd.push_back (time_of_dd (folder));
    sink.push_back (time_of_sink (folder));
  }
  const double mb = ten_minutes / 1e6;
  std::printf ("10 minutes stereo PCM_16, durable: datedsink %.0f MB/s, "
      "dd conv=fsync %.0f MB/s: %.0f %% (wanted: 80 %%)\n",
      mb / median (sink), mb / median (dd), 100 * median (dd) / median (sink));
  std::printf ("files of 0.1 s: %.0f a second (wanted: 1000)\n",
      files_in_a_second (folder, 3000, false));
  const double durable = files_in_a_second (folder, 100, true);
  std::printf ("files of 0.1 s, durable: %.0f a second, %.1f ms each\n",
      durable, 1000 / durable);
  gst_deinit ();
  return 0;
}
