/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* genaudio normalize: ordinary audio files to a loudness. The pipeline of an
 * item decodes, normalises offline, and encodes into the format of the output's
 * extension; tags and cover art travel as TAG events, the bit depth is the
 * decoder's. The output is complete or absent, as all of the store's files. */

#include "cli.hpp"
#include "item-commands.hpp"

#include <gst/genaudio/genaudio.h>
#include <glib/gstdio.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace genaudio::cli {

namespace {

struct Settings
{
  double target = -16;
  bool target_given = false;
  double max_true_peak = -1;
  bool peak_given = false;
  std::string peak_policy, preset;
  bool keep_mtime = false, force = false, json = false;
};

/* How each extension is encoded. The raw format is the decoder's own where
 * the encoder can take it, so that the bit depth stays. */
const struct
{
  const char *extension;
  const char *encoder;
  bool lossless;
} encoders[] = {
  {".wav", "wavenc", true},
  {".flac", "flacenc", true},
  {".ogg", "audioresample ! vorbisenc quality=0.6 ! oggmux", false},
  {".oga", "audioresample ! vorbisenc quality=0.6 ! oggmux", false},
  {".opus", "audioresample ! opusenc bitrate=128000 ! oggmux", false},
  {".mp3", "audioresample ! lamemp3enc target=quality quality=2 ! id3v2mux",
        false},
  {".m4a", "audioresample ! avenc_aac bitrate=192000 ! mp4mux", false},
};

/* What GOption allocates. */
struct Arguments
{
  struct
  {
    gchar *output, *policy, *preset;
    gchar **inputs;
  } given = {};

  Arguments () = default;
  Arguments (const Arguments &) = delete;
  ~Arguments ()
  {
    g_free (given.output);
    g_free (given.policy);
    g_free (given.preset);
    g_strfreev (given.inputs);
  }
};

struct ObjectUnref
{
  void operator () (gpointer object) const { gst_object_unref (object); }
};
using Element = std::unique_ptr<GstElement, ObjectUnref>;

const auto *
find_encoder (const std::string & path)
{
  std::string extension = fs::path (path).extension ().string ();
  std::transform (extension.begin (), extension.end (), extension.begin (),
      [] (char c) { return g_ascii_tolower (c); });
  for (const auto & encoder : encoders) {
    if (extension == encoder.extension)
      return &encoder;
  }
  throw std::runtime_error ("\"" + extension + "\" is not a format that can be "
      "written: .wav .flac .ogg .opus .mp3 .m4a");
}

std::string
describe_pipeline (const Settings & settings, const std::string & encoder)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];
  std::string normalise = "r128normalize name=normalize mode=offline";

  /* a preset first: what is set by hand wins over it */
  if (!settings.preset.empty ())
    normalise += " preset=" + settings.preset;
  if (settings.target_given)
    normalise += std::string (" loudness-target=")
        + g_ascii_dtostr (buffer, sizeof buffer, settings.target);
  if (settings.peak_given)
    normalise += std::string (" max-true-peak=")
        + g_ascii_dtostr (buffer, sizeof buffer, settings.max_true_peak);
  if (!settings.peak_policy.empty ())
    normalise += " peak-policy=" + settings.peak_policy;
  return "filesrc name=source ! decodebin name=decode caps=audio/x-raw "
      "expose-all-streams=false audioconvert name=convert ! " + normalise
      + " ! audioconvert ! capsfilter name=format ! " + encoder
      + " ! filesink name=sink";
}

/* Links the first audio stream, and keeps its sample format for the output
 * where that is lossless. */
void
on_pad_added (GstElement * decode, GstPad * pad, gpointer lossless)
{
  GstElement *pipeline = GST_ELEMENT (gst_object_get_parent (GST_OBJECT
          (decode)));
  Element convert (gst_bin_get_by_name (GST_BIN (pipeline), "convert"));
  GstPad *sink = gst_element_get_static_pad (convert.get (), "sink");

  if (!gst_pad_is_linked (sink)) {
    if (GPOINTER_TO_INT (lossless)) {
      GstCaps *caps = gst_pad_get_current_caps (pad);
      const gchar *format = caps == nullptr ? nullptr
          : gst_structure_get_string (gst_caps_get_structure (caps, 0),
              "format");
      if (format != nullptr) {
        GstCaps *wanted = gst_caps_new_simple ("audio/x-raw", "format",
            G_TYPE_STRING, format, nullptr);
        Element filter (gst_bin_get_by_name (GST_BIN (pipeline), "format"));
        g_object_set (filter.get (), "caps", wanted, nullptr);
        gst_caps_unref (wanted);
      }
      g_clear_pointer (&caps, gst_caps_unref);
    }
    gst_pad_link (pad, sink);
  }
  gst_object_unref (sink);
  gst_object_unref (pipeline);
}

[[noreturn]] void
throw_error (GError * error)
{
  const std::string text = error->message;
  g_error_free (error);
  throw std::runtime_error (text);
}

/* Runs to EOS, collecting what the elements report. */
void
run (GstElement * pipeline, GstGenAudioResult * result)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  std::string failure;
  bool done = false;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (!done && interrupted () == 0) {
    GstMessage *message = gst_bus_timed_pop (bus, 100 * GST_MSECOND);
    if (message == nullptr)
      continue;
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS) {
      done = true;
    } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
      GError *error = nullptr;
      gst_message_parse_error (message, &error, nullptr);
      failure = error->message;
      g_error_free (error);
      done = true;
    } else {
      gst_genaudio_result_add_message (result, message);
    }
    gst_message_unref (message);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  if (!done)
    throw std::runtime_error ("interrupted");
  if (!failure.empty ())
    throw std::runtime_error (failure);
}

void
copy_times (const std::string & from, const std::string & to)
{
  struct stat status;
  if (stat (from.c_str (), &status) != 0)
    return;
  const timespec times[] = { status.st_atim, status.st_mtim };
  utimensat (AT_FDCWD, to.c_str (), times, 0);
}

/* A hidden file beside @output, which publish() gives its name. */
GstGenAudioPart *
create_part (const std::string & output)
{
  const fs::path path = fs::absolute (output).lexically_normal ();
  GError *error = nullptr;
  GstGenAudioStore *store = gst_genaudio_store_new (
      path.parent_path ().c_str (), nullptr, &error);

  if (store == nullptr)
    throw_error (error);
  GstGenAudioPart *part = gst_genaudio_store_create_part (store,
      path.filename ().c_str (), &error);
  g_object_unref (store);
  if (part == nullptr)
    throw_error (error);
  return part;
}

void
normalise (const std::string & input, const std::string & output,
    const Settings & settings, GstGenAudioResult * result)
{
  const auto *encoder = find_encoder (output);
  GError *error = nullptr;
  Element pipeline (gst_parse_launch (describe_pipeline (settings,
              encoder->encoder).c_str (), &error));
  if (error != nullptr)
    throw_error (error);
  gst_object_ref_sink (pipeline.get ());

  if (!fs::is_regular_file (input))
    throw std::runtime_error ("no file " + input);
  if (fs::exists (output) && !settings.force)
    throw std::runtime_error (output + " exists already (--force replaces it)");

  GstGenAudioPart *part = create_part (output);
  Element source (gst_bin_get_by_name (GST_BIN (pipeline.get ()), "source"));
  Element sink (gst_bin_get_by_name (GST_BIN (pipeline.get ()), "sink"));
  Element decode (gst_bin_get_by_name (GST_BIN (pipeline.get ()), "decode"));
  g_object_set (source.get (), "location", input.c_str (), nullptr);
  g_object_set (sink.get (), "location", gst_genaudio_part_get_path (part),
      nullptr);
  g_signal_connect (decode.get (), "pad-added", G_CALLBACK (on_pad_added),
      GINT_TO_POINTER (encoder->lossless));
  try {
    run (pipeline.get (), result);
  } catch (...) {
    gst_genaudio_part_discard (part);
    throw;
  }

  if (settings.keep_mtime)
    copy_times (input, gst_genaudio_part_get_path (part));
  gchar *path = nullptr;
  if (!gst_genaudio_part_publish (part, settings.force
          ? GST_GENAUDIO_IF_EXISTS_REPLACE : GST_GENAUDIO_IF_EXISTS_ERROR,
          FALSE, nullptr, &path, nullptr, &error)) {
    gst_genaudio_part_discard (part);
    throw_error (error);
  }
  result->status = GST_GENAUDIO_STATUS_PUBLISHED;
  result->path = path;
  result->bytes = fs::file_size (path);
}

void
print_result (const std::string & input, const std::string & output,
    const GstGenAudioResult * result)
{
  const GstGenAudioLoudnessReport *report = result->loudness;

  if (report == nullptr || std::isnan (report->input.integrated_loudness)) {
    std::printf ("%s -> %s: %s\n", input.c_str (), output.c_str (),
        report != nullptr ? report->method : "not measured");
    return;
  }
  std::printf ("%s -> %s: %.1f LUFS -> %.1f LUFS, gain %+.1f dB, "
      "true peak %.1f dBTP (%s)\n", input.c_str (), output.c_str (),
      report->input.integrated_loudness, report->output.integrated_loudness,
      report->gain, report->output.max_true_peak, report->method);
}

/* One item; returns whether it was done. */
bool
process (const std::string & input, const std::string & output,
    const Settings & settings)
{
  GstGenAudioResult *result = gst_genaudio_result_new ();
  bool ok = true;

  result->location = g_strdup (input.c_str ());
  try {
    normalise (input, output, settings, result);
  } catch (const std::exception & e) {
    GError *error = g_error_new (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
        "%s", e.what ());
    gst_genaudio_result_fail (result, error);
    g_error_free (error);
    complain ("%s: %s", input.c_str (), e.what ());
    ok = false;
  }
  if (settings.json) {
    gchar *text = gst_genaudio_result_to_json (result);
    std::printf ("%s\n", text);
    g_free (text);
  } else if (ok) {
    print_result (input, output, result);
  }
  std::fflush (stdout);
  gst_genaudio_result_free (result);
  return ok;
}

}

}

using namespace genaudio::cli;

int
genaudio_cmd_normalize (int argc, char **argv)
{
  Settings settings;
  Arguments arguments;
  auto & [output, policy, preset, inputs] = arguments.given;
  gdouble target = NAN, peak = NAN;
  gboolean keep_mtime = FALSE, force = FALSE, json = FALSE;
  const GOptionEntry entries[] = {
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
        "file to write, or folder for several", "OUT|DIR"},
    {"target", 't', 0, G_OPTION_ARG_DOUBLE, &target,
        "integrated loudness, -16 unless a preset says otherwise", "LUFS"},
    {"max-true-peak", 0, 0, G_OPTION_ARG_DOUBLE, &peak,
        "ceiling of the true peak, -1 unless a preset says otherwise", "DBTP"},
    {"peak-policy", 0, 0, G_OPTION_ARG_STRING, &policy,
        "what keeps the ceiling: gain (default) or limit", "POLICY"},
    {"preset", 0, 0, G_OPTION_ARG_STRING, &preset,
        "target and ceiling of a platform, such as spotify", "NAME"},
    {"keep-mtime", 0, 0, G_OPTION_ARG_NONE, &keep_mtime,
        "keep the modification time", nullptr},
    {"force", 'f', 0, G_OPTION_ARG_NONE, &force,
        "replace files that exist", nullptr},
    {"json", 0, 0, G_OPTION_ARG_NONE, &json, "one JSON object a line", nullptr},
    {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &inputs, nullptr,
        "IN..."},
    {},
  };
  OptionContext context (g_option_context_new ("- bring audio files to a "
          "loudness"));
  g_option_context_add_main_entries (context.get (), entries, nullptr);
  if (!parse_options (context.get (), &argc, &argv))
    return exit_usage;
  if (inputs == nullptr || output == nullptr) {
    complain ("normalize needs IN... and -o OUT|DIR");
    return exit_usage;
  }

  settings.target_given = !std::isnan (target);
  settings.target = target;
  settings.peak_given = !std::isnan (peak);
  settings.max_true_peak = peak;
  settings.peak_policy = policy != nullptr ? policy : "";
  settings.preset = preset != nullptr ? preset : "";
  settings.keep_mtime = keep_mtime;
  settings.force = force;
  settings.json = json;

  start_gstreamer ();
  const bool several = inputs[1] != nullptr;
  const bool into_folder = several || fs::is_directory (output)
      || g_str_has_suffix (output, "/");
  int status = exit_ok;
  catch_signals ();
  for (gchar **input = inputs; *input != nullptr && interrupted () == 0;
      input++) {
    const std::string target_path = into_folder
        ? (fs::path (output) / fs::path (*input).filename ()).string ()
        : std::string (output);
    if (!process (*input, target_path, settings))
      status = exit_items_failed;
  }
  if (interrupted () != 0)
    status = interrupted ();

  return status;
}
