/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* genaudio export: reads options and manifest, runs, and sums up. */

#include "cli.hpp"
#include "exportrun.hpp"
#include "item-commands.hpp"
#include "journal.hpp"
#include "manifest.hpp"

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace fs = std::filesystem;
using namespace genaudio::cli;

namespace {

/* The options as they were given. */
struct Options
{
  Options () = default;
  Options (const Options &) = delete;
  ~Options ()
  {
    for (gchar *text : {manifest, base_dir, job_id, target, bit_depth, format,
            filter, index, failed, date, shard})
      g_free (text);
    g_strfreev (files);
  }

  gchar *manifest = nullptr, *base_dir = nullptr, *job_id = nullptr;
  gchar *target = nullptr, *bit_depth = nullptr, *format = nullptr;
  gchar *filter = nullptr, *index = nullptr, *failed = nullptr;
  gchar *date = nullptr, *shard = nullptr;
  gint jobs = 0, rate = 0, input_rate = 0, shards = 0, max_failures = 0;
  gboolean no_normalize = FALSE, bpm = FALSE, key = FALSE, sidecar = FALSE;
  gboolean json = FALSE;
  gchar **files = nullptr;
};

std::vector<GOptionEntry>
make_entries (Options & o)
{
  return {
    {"manifest", 'm', 0, G_OPTION_ARG_FILENAME, &o.manifest,
        "JSON lines: location, job_id, sample_rate, target_lufs, metadata",
        "FILE"},
    {"base-dir", 'b', 0, G_OPTION_ARG_FILENAME, &o.base_dir,
        "the store (AUDIO_OUTPUT_DIR, else data/outputs)", "DIR"},
    {"job-id", 0, 0, G_OPTION_ARG_STRING, &o.job_id,
        "job id of a single file (its stem)", "ID"},
    {"target", 't', 0, G_OPTION_ARG_STRING, &o.target,
        "integrated loudness (AUDIO_TARGET_LUFS, else -16)", "LUFS"},
    {"no-normalize", 0, 0, G_OPTION_ARG_NONE, &o.no_normalize,
        "leave the loudness as it is", nullptr},
    {"bpm", 0, 0, G_OPTION_ARG_NONE, &o.bpm, "find the tempo", nullptr},
    {"key", 0, 0, G_OPTION_ARG_NONE, &o.key, "find the musical key", nullptr},
    {"format", 'f', 0, G_OPTION_ARG_STRING, &o.format,
        "wav (default), rf64, flac, ogg, opus, mp3 or aiff", "FORMAT"},
    {"bit-depth", 0, 0, G_OPTION_ARG_STRING, &o.bit_depth,
        "PCM_16 (default), PCM_24, PCM_32 or FLOAT", "DEPTH"},
    {"sidecar", 0, 0, G_OPTION_ARG_NONE, &o.sidecar,
        "write all that is known of an item beside its file", nullptr},
    {"rate", 'r', 0, G_OPTION_ARG_INT, &o.rate,
        "resample to this rate before normalising", "HZ"},
    {"input-rate", 0, 0, G_OPTION_ARG_INT, &o.input_rate,
        "rate of tensors, whatever their files say", "HZ"},
    {"filter", 0, 0, G_OPTION_ARG_STRING, &o.filter,
        "a GStreamer bin put before the normaliser", "BIN"},
    {"jobs", 'j', 0, G_OPTION_ARG_INT, &o.jobs,
        "pipelines side by side (the processors there are)", "N"},
    {"date", 0, 0, G_OPTION_ARG_STRING, &o.date,
        "filing date (today; a manifest keeps that of its first run)",
        "DATE"},
    {"shard", 0, 0, G_OPTION_ARG_STRING, &o.shard,
        "do every n-th item from the i-th on, counted from 0", "i/n"},
    {"shards", 0, 0, G_OPTION_ARG_INT, &o.shards,
        "number of shards, the index being the batch engine's", "N"},
    {"index", 0, 0, G_OPTION_ARG_FILENAME, &o.index,
        "append every item to a dataset index", "FILE"},
    {"failed", 0, 0, G_OPTION_ARG_FILENAME, &o.failed,
        "list the items that failed, as a manifest", "FILE"},
    {"max-failures", 0, 0, G_OPTION_ARG_INT, &o.max_failures,
        "exit with 0 in spite of so many failures", "N"},
    {"json", 0, 0, G_OPTION_ARG_NONE, &o.json, "one JSON object a line",
        nullptr},
    {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o.files, nullptr,
        "FILE..."},
    {},
  };
}

struct WrongUsage : std::runtime_error
{
  using std::runtime_error::runtime_error;
};

std::vector<ManifestItem>
read_items (const Options & o)
{
  std::vector<ManifestItem> items;

  if ((o.manifest != nullptr) == (o.files != nullptr))
    throw WrongUsage ("export needs either FILE... or --manifest");
  if (o.manifest != nullptr) {
    items = read_manifest (o.manifest);
    if (items.empty ())
      throw WrongUsage (std::string (o.manifest) + " has no items");
  } else {
    items = read_arguments (std::vector<std::string> (o.files,
            o.files + g_strv_length (o.files)));
  }
  if (o.job_id != nullptr) {
    if (items.size () != 1)
      throw WrongUsage ("--job-id is for a single file");
    items[0].job_id = o.job_id;
  }
  return items;
}

std::vector<ManifestItem>
take_shard (std::vector<ManifestItem> items, const Shard & shard)
{
  std::vector<ManifestItem> taken;

  for (std::size_t i = 0; i < items.size (); i++) {
    if (shard.has (i))
      taken.push_back (std::move (items[i]));
  }
  return taken;
}

void
check_number (const char *option, gint value, gint least, gint most)
{
  if (value != 0 && (value < least || value > most))
    throw WrongUsage (std::string ("--") + option + " is not a number from "
        + std::to_string (least) + " to " + std::to_string (most));
}

/* Like the elements', so that wrong ones are known before anything runs. */
void
check_choice (const char *option, const char *value,
    std::initializer_list<const char *> choices)
{
  if (value == nullptr)
    return;
  gchar *nick = g_strdelimit (g_ascii_strdown (value, -1), "_", '-');
  std::string known;
  bool found = false;
  for (const char *choice : choices) {
    known += std::string (known.empty () ? "" : ", ") + choice;
    found |= g_str_equal (nick, choice);
  }
  g_free (nick);
  if (!found)
    throw WrongUsage (std::string ("--") + option + " \"" + value
        + "\" is not one of " + known);
}

void
check_target (const char *text)
{
  if (text == nullptr)
    return;
  gchar *end = nullptr;
  const double target = g_ascii_strtod (text, &end);
  if (*end != '\0' || !(target >= -70 && target <= -5))
    throw WrongUsage (std::string ("--target \"") + text
        + "\" is not between -70 and -5");
}

/* The environment holds for what is not said; a value of it that cannot be
 * read is an error. */
void
check_environment ()
{
  gboolean normalize;
  gdouble target;
  GError *error = nullptr;

  if (!gst_genaudio_environment_get_boolean ("AUDIO_NORMALIZE", TRUE,
          &normalize, &error)
      || !gst_genaudio_environment_get_double ("AUDIO_TARGET_LUFS", -70, -5,
          -16, &target, &error)) {
    const std::string text = error->message;
    g_error_free (error);
    throw WrongUsage (text);
  }
}

std::string
find_base_dir (const Options & o)
{
  const char *environment = g_getenv ("AUDIO_OUTPUT_DIR");

  if (o.base_dir != nullptr)
    return o.base_dir;
  return environment != nullptr && *environment != '\0' ? environment
      : "data/outputs";
}

ExportSettings
make_settings (const Options & o)
{
  ExportSettings settings;
  auto & properties = settings.properties;

  check_number ("jobs", o.jobs, 1, 1024);
  check_number ("rate", o.rate, 1, 768000);
  check_number ("input-rate", o.input_rate, 1, 768000);
  check_number ("shards", o.shards, 1, 1000000);
  check_choice ("format", o.format, {"wav", "rf64", "flac", "ogg", "opus",
          "mp3", "aiff"});
  check_choice ("bit-depth", o.bit_depth, {"pcm-16", "pcm-24", "pcm-32",
          "float"});
  check_target (o.target);
  check_environment ();

  settings.base_dir = find_base_dir (o);
  settings.format = o.format != nullptr ? o.format : "wav";
  settings.input_rate = o.input_rate;
  settings.jobs = o.jobs > 0 ? unsigned (o.jobs) : available_processors ();
  settings.json = o.json;
  settings.index = o.index != nullptr ? o.index : "";
  settings.failed = o.failed != nullptr ? o.failed : "";
  settings.date = o.date != nullptr ? o.date : "";
  properties["tempo"] = o.bpm ? "true" : "false";
  properties["key"] = o.key ? "true" : "false";
  if (o.target != nullptr)
    properties["loudness-target"] = o.target;
  if (o.no_normalize)
    properties["normalize"] = "false";
  if (o.bit_depth != nullptr)
    properties["bit-depth"] = o.bit_depth;
  if (o.sidecar)
    properties["sidecar"] = "json";
  if (o.rate > 0)
    properties["output-rate"] = std::to_string (o.rate);
  if (o.filter != nullptr)
    properties["filter"] = o.filter;
  return settings;
}

void
print_summary (const ExportCounts & counts)
{
  std::string text = std::to_string (counts.done) + " done, "
      + std::to_string (counts.skipped) + " skipped, "
      + std::to_string (counts.failed) + " failed";

  if (counts.default_rates > 0)
    text += "; " + std::to_string (counts.default_rates)
        + " without a sample rate, taken for 32000 Hz";
  if (counts.clipped > 0)
    text += "; " + std::to_string (counts.clipped) + " samples clipped";
  complain ("%s", text.c_str ());
}

int
run (const Options & o)
{
  ExportSettings settings = make_settings (o);
  std::vector<ManifestItem> items = read_items (o);
  Shard shard;

  try {
    shard = find_shard (o.shard != nullptr ? o.shard : "",
        unsigned (o.shards));
  } catch (const std::exception & e) {
    throw WrongUsage (e.what ());
  }
  items = take_shard (std::move (items), shard);
  if (o.manifest != nullptr)
    settings.date = fix_date (settings.base_dir, o.manifest, settings.date);

  const std::string name = (o.manifest != nullptr ? fs::absolute (o.manifest)
      .lexically_normal ().string () : std::string ()) + "#"
      + std::to_string (shard.index) + "/" + std::to_string (shard.count);
  Journal journal (settings.base_dir, name);
  start_gstreamer ();
  ExportRun export_run (settings, journal, std::move (items));
  catch_signals ();
  const ExportCounts counts = export_run.run ();

  print_summary (counts);
  if (interrupted () != 0)
    return interrupted ();
  if (counts.place_failed)
    return exit_place_failed;
  return counts.failed > unsigned (std::max (o.max_failures, 0))
      ? exit_items_failed : exit_ok;
}

}

int
genaudio_cmd_export (int argc, char **argv)
{
  Options options;
  const std::vector<GOptionEntry> entries = make_entries (options);
  OptionContext context (g_option_context_new ("- turn tensor files into "
          "normalised, filed audio"));

  g_option_context_add_main_entries (context.get (), entries.data (), nullptr);
  if (!parse_options (context.get (), &argc, &argv))
    return exit_usage;
  try {
    return run (options);
  } catch (const WrongUsage & e) {
    complain ("%s", e.what ());
    return exit_usage;
  } catch (const std::exception & e) {
    complain ("%s", e.what ());
    return exit_place_failed;
  }
}
