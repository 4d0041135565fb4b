/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* genaudio analyze: what is in audio files, as a table, as JSON or CSV, and
 * as a picture. */

#include "cli.hpp"
#include "item-commands.hpp"
#include "plot.hpp"

#include <gst/audio/audio.h>
#include <gst/genaudio/genaudio.h>

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace fs = std::filesystem;
using namespace genaudio::cli;

namespace {

struct ObjectUnref
{
  void operator () (gpointer object) const { g_object_unref (object); }
};
struct ResultFree
{
  void operator () (GstGenAudioResult * result) const
  {
    gst_genaudio_result_free (result);
  }
};
using Result = std::unique_ptr<GstGenAudioResult, ResultFree>;

struct Options
{
  Options () = default;
  Options (const Options &) = delete;
  ~Options ()
  {
    g_free (files_from);
    g_free (plot);
    g_strfreev (files);
  }

  gboolean json = FALSE, csv = FALSE, recursive = FALSE, beats = FALSE;
  gchar *files_from = nullptr, *plot = nullptr;
  gdouble target = -16;
  gchar **files = nullptr;
};

/* -- which files */

/* What -r takes for audio in a folder; files that are named are tried
 * whatever they are called. */
bool
has_audio_extension (const fs::path & path)
{
  static const char *const extensions[] = {
    ".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".aiff",
    ".aif", ".wv", ".mka", ".mp4", ".rf64", ".w64", ".caf",
  };
  std::string extension = path.extension ().string ();
  std::transform (extension.begin (), extension.end (), extension.begin (),
      [] (char c) { return g_ascii_tolower (c); });
  return std::find (std::begin (extensions), std::end (extensions), extension)
      != std::end (extensions);
}

void
add_folder (std::vector<std::string> & files, const std::string & folder)
{
  std::vector<std::string> found;

  for (const auto & entry : fs::recursive_directory_iterator (folder,
          fs::directory_options::skip_permission_denied)) {
    if (entry.is_regular_file () && has_audio_extension (entry.path ())
        && entry.path ().filename ().string ()[0] != '.')
      found.push_back (entry.path ().string ());
  }
  std::sort (found.begin (), found.end ());
  files.insert (files.end (), found.begin (), found.end ());
}

std::vector<std::string>
list_files (const Options & o)
{
  std::vector<std::string> files;

  for (gchar **file = o.files; file != nullptr && *file != nullptr; file++) {
    if (o.recursive && fs::is_directory (*file))
      add_folder (files, *file);
    else
      files.emplace_back (*file);
  }
  if (o.files_from != nullptr) {
    std::ifstream named;
    const bool standard_input = g_str_equal (o.files_from, "-");
    if (!standard_input)
      named.open (o.files_from);
    std::istream & in = standard_input ? std::cin : named;
    if (!in)
      throw std::runtime_error (std::string ("cannot read ") + o.files_from);
    for (std::string line; std::getline (in, line);) {
      if (!line.empty ())
        files.push_back (line);
    }
  }
  return files;
}

/* -- table and CSV */

struct Column
{
  const char *title;
  const char *key;
  int width;
};

const Column columns[] = {
  {"duration", "duration_seconds", 9}, {"rate", "sample_rate", 7},
  {"ch", "channels", 3}, {"LUFS", "integrated_loudness_lufs", 7},
  {"LRA", "loudness_range_lu", 6}, {"dBTP", "true_peak_dbtp", 7},
  {"peak", "peak_amplitude", 7}, {"RMS", "rms_energy", 7},
  {"DR dB", "dynamic_range_db", 6}, {"BPM", "bpm", 6},
};

std::string
number (double value, const char *format)
{
  char text[32];
  if (std::isnan (value))
    return "-";
  std::snprintf (text, sizeof text, format, value);
  return text;
}

double
seconds_of (const GstGenAudioResult * result)
{
  return GST_CLOCK_TIME_IS_VALID (result->duration)
      ? double (result->duration) / GST_SECOND : NAN;
}

/* The values of columns[], and the key. */
std::vector<std::string>
values_of (const GstGenAudioResult * result)
{
  const GstGenAudioAnalysis *a = result->analysis;
  const GstGenAudioLoudnessReport *l = result->loudness;

  return {
    number (seconds_of (result), "%.2f"),
    result->rate > 0 ? std::to_string (result->rate) : "-",
    result->channels > 0 ? std::to_string (result->channels) : "-",
    number (l != nullptr ? l->output.integrated_loudness : NAN, "%.1f"),
    number (l != nullptr ? l->output.loudness_range : NAN, "%.1f"),
    number (l != nullptr ? l->output.max_true_peak : NAN, "%.1f"),
    number (a != nullptr ? a->peak_amplitude : NAN, "%.3f"),
    number (a != nullptr ? a->rms_energy : NAN, "%.4f"),
    number (a != nullptr ? a->dynamic_range : NAN, "%.1f"),
    number (a != nullptr ? a->bpm : NAN, "%.1f"),
    a != nullptr && a->musical_key != nullptr ? a->musical_key : "-",
  };
}

void
print_heading ()
{
  for (const Column & column : columns)
    std::printf ("%*s ", column.width, column.title);
  std::printf ("%-9s file\n", "key");
}

void
print_row (const std::string & file, const GstGenAudioResult * result)
{
  const std::vector<std::string> values = values_of (result);

  for (std::size_t i = 0; i < std::size (columns); i++)
    std::printf ("%*s ", columns[i].width, values[i].c_str ());
  std::printf ("%-9s %s\n", values.back ().c_str (), file.c_str ());
}

std::string
quote_csv (const std::string & text)
{
  if (text.find_first_of (",\"\n\r") == std::string::npos)
    return text;
  std::string quoted = "\"";
  for (char c : text)
    quoted += c == '"' ? "\"\"" : std::string (1, c);
  return quoted + "\"";
}

void
print_csv_heading ()
{
  std::printf ("path");
  for (const Column & column : columns)
    std::printf (",%s", column.key);
  std::printf (",key\n");
}

void
print_csv_row (const std::string & file, const GstGenAudioResult * result)
{
  std::printf ("%s", quote_csv (file).c_str ());
  for (const std::string & value : values_of (result))
    std::printf (",%s", value == "-" ? "" : value.c_str ());
  std::printf ("\n");
}

void
print_json (const GstGenAudioResult * result)
{
  gchar *text = gst_genaudio_result_to_json (result);
  std::printf ("%s\n", text);
  g_free (text);
}

/* -- the picture */

constexpr std::size_t n_extents = 1100;

/* Least and greatest sample of equal parts of the file. */
class Envelope
{
public:
  explicit Envelope (double duration) : duration_ (duration)
  {
    extents_.resize (n_extents);
  }

  void add (const float *samples, std::size_t n, int channels, double rate)
  {
    for (std::size_t i = 0; i < n; i++, frame_++) {
      const double at = double (frame_) / rate / duration_ * n_extents;
      Plot::Extent & extent =
          extents_[std::min<std::size_t> (std::size_t (at), n_extents - 1)];
      for (int c = 0; c < channels; c++) {
        extent.low = std::min (extent.low, samples[i * channels + c]);
        extent.high = std::max (extent.high, samples[i * channels + c]);
      }
    }
  }
  std::vector<Plot::Extent> take () { return std::move (extents_); }

private:
  double duration_;
  std::size_t frame_ = 0;
  std::vector<Plot::Extent> extents_;
};

void
on_handoff (GstElement *, GstBuffer * buffer, GstPad * pad, gpointer data)
{
  GstCaps *caps = gst_pad_get_current_caps (pad);
  GstAudioInfo info;
  GstMapInfo map;

  if (caps != nullptr && gst_audio_info_from_caps (&info, caps)
      && gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    static_cast<Envelope *> (data)->add (
        reinterpret_cast<const float *> (map.data),
        map.size / std::size_t (GST_AUDIO_INFO_BPF (&info)),
        GST_AUDIO_INFO_CHANNELS (&info), GST_AUDIO_INFO_RATE (&info));
    gst_buffer_unmap (buffer, &map);
  }
  g_clear_pointer (&caps, gst_caps_unref);
}

void
collect_level (const GstStructure * structure, std::vector<Plot::Level> & levels)
{
  GstGenAudioLevel *level = gst_genaudio_level_from_structure (structure);

  if (GST_CLOCK_TIME_IS_VALID (level->timestamp))
    levels.push_back ({double (level->timestamp) / GST_SECOND,
          level->momentary_loudness, level->shortterm_loudness});
  gst_genaudio_level_free (level);
}

/* Decodes the file once more for what only a picture needs: the waveform,
 * and loudness over time. */
void
trace (const std::string & file, Plot & plot)
{
  GstElement *pipeline = gst_parse_launch ("filesrc name=source ! decodebin "
      "! audioconvert ! audio/x-raw,format=F32LE,layout=interleaved "
      "! r128normalize mode=measure interval=100000000 "
      "! fakesink name=sink signal-handoffs=true sync=false", nullptr);
  gst_object_ref_sink (pipeline);
  GstElement *source = gst_bin_get_by_name (GST_BIN (pipeline), "source");
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GstBus *bus = gst_element_get_bus (pipeline);
  Envelope envelope (plot.duration);

  g_object_set (source, "location", file.c_str (), nullptr);
  g_signal_connect (sink, "handoff", G_CALLBACK (on_handoff), &envelope);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (bool done = false; !done;) {
    GstMessage *message = gst_bus_timed_pop (bus, GST_CLOCK_TIME_NONE);
    if (gst_genaudio_message_has_name (message, GST_GENAUDIO_MESSAGE_LEVEL))
      collect_level (gst_message_get_structure (message), plot.levels);
    done = GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS
        || GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR;
    gst_message_unref (message);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  plot.envelope = envelope.take ();
  gst_object_unref (bus);
  gst_object_unref (sink);
  gst_object_unref (source);
  gst_object_unref (pipeline);
}

void
write_plot (const std::string & file, const GstGenAudioResult * result,
    double target, const std::string & path)
{
  Plot plot;
  const GstGenAudioAnalysis *a = result->analysis;
  const GstGenAudioLoudnessReport *l = result->loudness;

  plot.title = fs::path (file).filename ().string ();
  plot.duration = seconds_of (result);
  plot.target = target;
  trace (file, plot);
  if (a != nullptr && a->beats != nullptr) {
    for (guint i = 0; i < a->beats->len; i++)
      plot.beats.push_back (double (g_array_index (a->beats, guint64, i))
          / GST_SECOND);
  }
  const std::vector<std::string> values = values_of (result);
  plot.numbers = {
    {"integrated", values[3] + " LUFS"}, {"range", values[4] + " LU"},
    {"true peak", values[5] + " dBTP"},
    {"max momentary", number (l != nullptr
            ? l->output.max_momentary_loudness : NAN, "%.1f LUFS")},
    {"tempo", values[9] + " BPM"}, {"key", values[10]},
    {"confidence", number (a != nullptr ? a->bpm_confidence : NAN, "%.2f")},
    {"max short-term", number (l != nullptr
            ? l->output.max_shortterm_loudness : NAN, "%.1f LUFS")},
    {"duration", values[0] + " s"}, {"rate", values[1] + " Hz"},
    {"channels", values[2]}, {"dynamic range", values[8] + " dB"},
    {"peak", values[6]}, {"RMS", values[7]},
  };
  plot.write (path);
}

/* -- the command */

int
run (const Options & o)
{
  const std::vector<std::string> files = list_files (o);
  int status = exit_ok;
  bool heading = true;

  if (files.empty ()) {
    complain ("analyze needs FILE...");
    return exit_usage;
  }
  if (o.plot != nullptr && files.size () != 1) {
    complain ("--plot is for a single file");
    return exit_usage;
  }
  start_gstreamer ();
  const std::unique_ptr<GstGenAudioAnalyzer, ObjectUnref> analyzer (
      gst_genaudio_analyzer_new ());
  g_object_set (analyzer.get (), "key", TRUE, "beats",
      o.beats || o.plot != nullptr, nullptr);
  catch_signals ();
  for (const std::string & file : files) {
    if (interrupted () != 0)
      return interrupted ();
    GError *error = nullptr;
    Result result (gst_genaudio_analyzer_analyze_file (analyzer.get (),
            file.c_str (), nullptr, &error));
    if (result == nullptr) {
      complain ("%s: %s", file.c_str (), error->message);
      if (o.json) {
        result.reset (gst_genaudio_result_new ());
        result->path = g_strdup (file.c_str ());
        gst_genaudio_result_fail (result.get (), error);
        print_json (result.get ());
      }
      g_error_free (error);
      status = exit_items_failed;
      continue;
    }
    if (o.json) {
      print_json (result.get ());
    } else if (o.csv) {
      if (heading)
        print_csv_heading ();
      print_csv_row (file, result.get ());
    } else {
      if (heading)
        print_heading ();
      print_row (file, result.get ());
    }
    heading = false;
    std::fflush (stdout);
    if (o.plot != nullptr)
      write_plot (file, result.get (), o.target, o.plot);
  }
  return status;
}

}

int
genaudio_cmd_analyze (int argc, char **argv)
{
  Options o;
  const GOptionEntry entries[] = {
    {"json", 0, 0, G_OPTION_ARG_NONE, &o.json, "one JSON object a line",
        nullptr},
    {"csv", 0, 0, G_OPTION_ARG_NONE, &o.csv, "comma-separated values",
        nullptr},
    {"recursive", 'r', 0, G_OPTION_ARG_NONE, &o.recursive,
        "the audio files in folders, and folders in them", nullptr},
    {"files-from", 0, 0, G_OPTION_ARG_FILENAME, &o.files_from,
        "also the files named in a list, a line each (-: standard input)",
        "FILE"},
    {"beats", 0, 0, G_OPTION_ARG_NONE, &o.beats, "find the times of the beats",
        nullptr},
    {"plot", 0, 0, G_OPTION_ARG_FILENAME, &o.plot,
        "draw waveform, loudness, beats and numbers", "OUT.png|OUT.svg"},
    {"target", 't', 0, G_OPTION_ARG_DOUBLE, &o.target,
        "loudness that the plot shows as target (-16)", "LUFS"},
    {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o.files, nullptr,
        "FILE..."},
    {},
  };
  OptionContext context (g_option_context_new ("- measure audio files"));

  g_option_context_add_main_entries (context.get (), entries, nullptr);
  if (!parse_options (context.get (), &argc, &argv))
    return exit_usage;
  try {
    return run (o);
  } catch (const std::exception & e) {
    complain ("%s", e.what ());
    return exit_items_failed;
  }
}
