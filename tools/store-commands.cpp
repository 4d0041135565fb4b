/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* genaudio list, stats, cleanup, path, mv, cp, rm and recover. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "store-commands.hpp"
#include "store-output.hpp"

#include <gst/genaudio/genaudio.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <unistd.h>

namespace {

enum ExitStatus
{
  EXIT_ALL_WELL = 0,
  EXIT_SOME_FAILED = 1,
  EXIT_WRONG_USAGE = 2,
  EXIT_PLACE_FAILED = 3,
};

/* Text that GOption allocates. */
struct Text
{
  gchar *value = nullptr;

  Text () = default;
  Text (const Text &) = delete;
  ~Text () { g_free (value); }
};

/* What every command of the store understands, and its own options. */
class Command
{
public:
  Command (const char *name, const char *arguments, const char *summary);
  ~Command ();

  void add (const GOptionEntry * entries);
  /* True to go on; else @status is what to exit with. */
  bool parse (int argc, char **argv, int &status);

  bool open_store ();
  GDateTime *read_date (const char *text, int &status);
  bool read_if_exists (const char *text, GstGenAudioIfExists & if_exists);

  /* Each prints to standard error and returns an exit status. */
  int usage_error (const std::string & text);
  int fail (GError * error);

  GstGenAudioStore *store = nullptr;
  std::vector<std::string> arguments;
  gboolean json = FALSE;

private:
  std::string name_;
  GOptionContext *context_;
  Text base_dir_, timezone_;
};

Command::Command (const char *name, const char *parameters,
    const char *summary)
  : name_ (name)
{
  const GOptionEntry common[] = {
    {"base-dir", 'b', 0, G_OPTION_ARG_FILENAME, &base_dir_.value,
        "The store (default: AUDIO_OUTPUT_DIR, else data/outputs)", "DIR"},
    {"timezone", 0, 0, G_OPTION_ARG_STRING, &timezone_.value,
        "Zone of its dates: local, utc or an IANA name (default: local)",
        "ZONE"},
    {"json", 0, 0, G_OPTION_ARG_NONE, &json,
        "One JSON object a line on standard output", nullptr},
    {}
  };
  context_ = g_option_context_new (parameters);
  g_option_context_set_summary (context_, summary);
  g_option_context_add_main_entries (context_, common, nullptr);
}

Command::~Command ()
{
  g_option_context_free (context_);
  g_clear_object (&store);
}

void
Command::add (const GOptionEntry * entries)
{
  g_option_context_add_main_entries (context_, entries, nullptr);
}

int
Command::usage_error (const std::string & text)
{
  fprintf (stderr, "genaudio %s: %s\nTry: genaudio %s --help\n",
      name_.c_str (), text.c_str (), name_.c_str ());
  return EXIT_WRONG_USAGE;
}

int
Command::fail (GError * error)
{
  const bool usage = g_error_matches (error, GST_RESOURCE_ERROR,
      GST_RESOURCE_ERROR_SETTINGS);
  fprintf (stderr, "genaudio %s: %s\n", name_.c_str (), error->message);
  g_error_free (error);
  return usage ? EXIT_WRONG_USAGE : EXIT_PLACE_FAILED;
}

bool
Command::parse (int argc, char **argv, int &status)
{
  GError *error = nullptr;
  std::vector<gchar *> copy (argv, argv + argc);

  copy.push_back (nullptr);
  gchar **args = g_strdupv (copy.data ());
  /* what --help says */
  g_set_prgname (("genaudio " + name_).c_str ());
  const bool ok = g_option_context_parse_strv (context_, &args, &error);
  if (ok) {
    for (gchar **at = args + 1; *at != nullptr; at++) {
      if (strcmp (*at, "--") != 0)
        arguments.push_back (*at);
    }
  } else {
    status = usage_error (error->message);
    g_error_free (error);
  }
  g_strfreev (args);
  return ok;
}

bool
Command::open_store ()
{
  GError *error = nullptr;
  store = gst_genaudio_store_new (base_dir_.value, timezone_.value, &error);
  if (store == nullptr)
    fail (error);
  return store != nullptr;
}

/* %nullptr where @text is; sets @status where it cannot be read. */
GDateTime *
Command::read_date (const char *text, int &status)
{
  GError *error = nullptr;
  if (text == nullptr)
    return nullptr;
  GDateTime *date = gst_genaudio_filing_parse_date (text,
      gst_genaudio_store_get_timezone (store), &error);
  if (date == nullptr)
    status = fail (error);
  return date;
}

bool
Command::read_if_exists (const char *text, GstGenAudioIfExists & if_exists)
{
  if (text == nullptr)
    return true;
  auto klass = (GEnumClass *) g_type_class_ref (GST_TYPE_GENAUDIO_IF_EXISTS);
  const GEnumValue *value = g_enum_get_value_by_nick (klass, text);
  if (value != nullptr)
    if_exists = (GstGenAudioIfExists) value->value;
  else
    usage_error (std::string ("--if-exists is \"") + text
        + "\", expected error, suffix, skip or replace");
  g_type_class_unref (klass);
  return value != nullptr;
}

/* ISO 8601 in the store's zone. */
std::string
format_time (GstGenAudioStore * store, gint64 microseconds, const char *format)
{
  GDateTime *utc = g_date_time_new_from_unix_utc (microseconds / G_USEC_PER_SEC);
  GDateTime *date =
      g_date_time_to_timezone (utc, gst_genaudio_store_get_timezone (store));
  gchar *text = g_date_time_format (date, format);
  const std::string found = text;
  g_free (text);
  g_date_time_unref (date);
  g_date_time_unref (utc);
  return found;
}

/* -- list */

struct ListOptions
{
  Text since, until, extension;
  gint limit = 0;
  gboolean by_mtime = FALSE;
  gboolean any_name = FALSE;
  gboolean paths = FALSE;
};

std::string
format_day (const GstGenAudioStoreEntry & entry)
{
  char text[32];
  if (entry.year == 0)
    return "";
  g_snprintf (text, sizeof text, "%04d-%02d-%02d", entry.year, entry.month,
      entry.day);
  return text;
}

void
print_entry (const Command & command, const ListOptions & options,
    const GstGenAudioStoreEntry & entry)
{
  const std::string day = format_day (entry);

  if (command.json) {
    print_json ({
      {"path", entry.path},
      {"date", day.empty () ? JsonValue (nullptr) : JsonValue (day)},
      {"file_size_bytes", (gint64) entry.size},
      {"modified", format_time (command.store, entry.mtime,
          "%Y-%m-%dT%H:%M:%S%:z")},
      {"sidecar", (bool) entry.sidecar},
    });
  } else if (options.paths) {
    puts (entry.path);
  } else {
    constexpr int used = 30;
    printf ("%s %10s  %s\n", format_time (command.store, entry.mtime,
            "%Y-%m-%d %H:%M").c_str (), format_size (entry.size).c_str (),
        format_path (entry.path, used).c_str ());
  }
}

int
list (Command & command, const ListOptions & options)
{
  int status = EXIT_ALL_WELL;
  GError *error = nullptr;
  GDateTime *since = command.read_date (options.since.value, status);
  GDateTime *until = command.read_date (options.until.value, status);
  int flags = options.by_mtime ? GST_GENAUDIO_STORE_FLAG_BY_MTIME : 0;
  if (options.any_name)
    flags |= GST_GENAUDIO_STORE_FLAG_ANY_NAME;

  GstGenAudioStoreIter *iter = status != EXIT_ALL_WELL ? nullptr
      : gst_genaudio_store_iterate (command.store, since, until,
      options.limit, options.extension.value, (GstGenAudioStoreFlags) flags,
      &error);
  if (iter != nullptr) {
    GstGenAudioStoreEntry entry;
    while (gst_genaudio_store_iter_next (iter, &entry, &error))
      print_entry (command, options, entry);
    gst_genaudio_store_iter_free (iter);
  }
  if (error != nullptr)
    status = command.fail (error);
  g_clear_pointer (&since, g_date_time_unref);
  g_clear_pointer (&until, g_date_time_unref);
  return status;
}

/* -- stats */

void
print_count (const gchar * key, guint64 files, guint64 bytes, gpointer)
{
  printf ("  %-12s %10" G_GUINT64_FORMAT "  %s\n", *key != '\0' ? key : "(none)",
      files, format_size (bytes).c_str ());
}

void
print_stats (const Command & command, const GstGenAudioStoreStats * stats,
    bool days)
{
  constexpr int used = 8;
  const gchar *oldest = gst_genaudio_store_stats_get_oldest (stats);

  printf ("%s, %s in %s\n", format_count (gst_genaudio_store_stats_get_files
          (stats), "file").c_str (), format_size
      (gst_genaudio_store_stats_get_bytes (stats)).c_str (),
      gst_genaudio_store_get_base_dir (command.store));
  if (oldest == nullptr)
    return;
  printf ("oldest  %s\n", format_path (oldest, used).c_str ());
  printf ("newest  %s\n", format_path (gst_genaudio_store_stats_get_newest
          (stats), used).c_str ());
  puts ("by type");
  gst_genaudio_store_stats_foreach_type (stats, print_count, nullptr);
  if (days) {
    puts ("by day");
    gst_genaudio_store_stats_foreach_day (stats, print_count, nullptr);
  }
}

/* -- cleanup */

struct CleanupOptions
{
  gint keep_days = 0;
  Text keep_bytes, min_free_bytes, job_id;
  gboolean all = FALSE;
  gboolean by_mtime = FALSE;
  gboolean any_name = FALSE;
  gboolean remove = FALSE;
  gboolean empty_dirs = FALSE;
};

struct CleanupPrinter
{
  const Command & command;
  bool removed;
  guint64 files = 0;
  guint64 total = 0;
};

const char *
describe (GstGenAudioReason reason)
{
  switch (reason) {
    case GST_GENAUDIO_REASON_AGE:
      return "age";
    case GST_GENAUDIO_REASON_BYTES:
      return "bytes";
    default:
      return "free";
  }
}

gboolean
print_planned (const gchar * path, guint64 bytes, GstGenAudioReason reason,
    gpointer user_data)
{
  CleanupPrinter & printer = *(CleanupPrinter *) user_data;
  constexpr int used = 36;

  printer.files++;
  if (printer.command.json) {
    print_json ({
      {"path", path},
      {"bytes", (gint64) bytes},
      {"reason", describe (reason)},
      {"removed", printer.removed},
    });
  } else {
    printf ("%-12s %-5s %10s  %s\n",
        printer.removed ? "removed" : "would remove", describe (reason),
        format_size (bytes).c_str (), format_path (path, used).c_str ());
  }
  if (printer.removed && !isatty (STDOUT_FILENO))
    print_progress ("removed " + std::to_string (printer.files) + " of "
        + std::to_string (printer.total));
  return TRUE;
}

bool
read_retention (Command & command, const CleanupOptions & options,
    GstGenAudioRetention & retention)
{
  const auto read = [&command] (const Text & text, const char *name,
      guint64 & bytes) {
    if (text.value == nullptr || parse_size (text.value, bytes))
      return true;
    command.usage_error (std::string (name) + " is \"" + text.value
        + "\", expected a size such as 500M or 1.5G");
    return false;
  };

  retention = {};
  if (!read (options.keep_bytes, "--keep-bytes", retention.keep_bytes)
      || !read (options.min_free_bytes, "--min-free-bytes",
          retention.min_free_bytes))
    return false;
  int flags = options.all ? GST_GENAUDIO_RETENTION_FLAG_ALL : 0;
  if (options.by_mtime)
    flags |= GST_GENAUDIO_RETENTION_FLAG_BY_MTIME;
  if (options.any_name)
    flags |= GST_GENAUDIO_RETENTION_FLAG_ANY_NAME;
  retention.flags = (GstGenAudioRetentionFlags) flags;
  retention.keep_days = options.keep_days;
  retention.job_id = options.job_id.value;
  if (options.keep_days < 0) {
    command.usage_error ("--keep-days is less than 0");
    return false;
  }
  if (retention.keep_days == 0 && retention.keep_bytes == 0
      && retention.min_free_bytes == 0 && !options.empty_dirs) {
    command.usage_error ("nothing to do: say --keep-days, --keep-bytes, "
        "--min-free-bytes or --empty-dirs");
    return false;
  }
  return true;
}

int
remove_empty_dirs (Command & command, bool any_name)
{
  GError *error = nullptr;
  guint64 folders;
  const bool ok = gst_genaudio_store_cleanup_empty_directories (command.store,
      any_name, &folders, &error);
  if (command.json)
    print_json ({ {"removed_directories", (gint64) folders} });
  else
    printf ("removed %s\n", format_count (folders, "empty folder").c_str ());
  return ok ? EXIT_ALL_WELL : command.fail (error);
}

int
cleanup (Command & command, const CleanupOptions & options)
{
  GError *error = nullptr;
  GstGenAudioRetention retention;
  if (!read_retention (command, options, retention))
    return EXIT_WRONG_USAGE;

  GstGenAudioPlan *plan =
      gst_genaudio_store_plan (command.store, &retention, nullptr, &error);
  if (plan == nullptr) {
    if (command.fail (error) == EXIT_WRONG_USAGE)
      fputs ("If the clock is right, --all does it all the same.\n", stderr);
    return EXIT_PLACE_FAILED;
  }
  CleanupPrinter printer = { command, (bool) options.remove };
  guint64 files = printer.total = gst_genaudio_plan_get_files (plan);
  guint64 bytes = gst_genaudio_plan_get_bytes (plan);
  int status = EXIT_ALL_WELL;
  if (!options.remove)
    gst_genaudio_plan_foreach (plan, print_planned, &printer);
  else if (!gst_genaudio_plan_execute (plan, print_planned, &printer, &files,
          &bytes, &error))
    status = EXIT_SOME_FAILED;
  print_progress ("");
  if (error != nullptr)
    command.fail (error);
  if (!command.json)
    printf ("%s %s, %s%s\n", options.remove ? "removed" : "would remove",
        format_count (files, "file").c_str (), format_size (bytes).c_str (),
        options.remove || files == 0 ? "" : " (--delete does it)");
  gst_genaudio_plan_free (plan);
  if (status == EXIT_ALL_WELL && options.empty_dirs && options.remove)
    status = remove_empty_dirs (command, options.any_name);
  return status;
}

/* -- mv and cp */

using Transfer = gchar *(*) (GstGenAudioStore *, const gchar *, const gchar *,
    GstGenAudioIfExists, GError **);

/* The last argument is where to; several files need a folder there. */
int
transfer (Command & command, Transfer function, const char *verb,
    GstGenAudioIfExists if_exists)
{
  if (command.arguments.size () < 2)
    return command.usage_error ("expected FILE... DESTINATION");
  std::string destination = command.arguments.back ();
  command.arguments.pop_back ();
  if (command.arguments.size () > 1)
    destination += "/";

  int status = EXIT_ALL_WELL;
  for (const std::string & source : command.arguments) {
    GError *error = nullptr;
    gchar *path = function (command.store, source.c_str (),
        destination.c_str (), if_exists, &error);
    if (path == nullptr) {
      command.fail (error);
      status = EXIT_SOME_FAILED;
    } else if (command.json) {
      print_json ({ {"source", source}, {"path", path} });
    } else {
      printf ("%s %s -> %s\n", verb, source.c_str (), path);
    }
    g_free (path);
  }
  return status;
}

int
transfer_command (int argc, char **argv, const char *name, const char *verb,
    const char *summary, Transfer function)
{
  Text policy;
  GstGenAudioIfExists if_exists = GST_GENAUDIO_IF_EXISTS_ERROR;
  const GOptionEntry entries[] = {
    {"if-exists", 0, 0, G_OPTION_ARG_STRING, &policy.value,
        "error, suffix, skip or replace (default: error)", "WHAT"},
    {}
  };
  Command command (name, "FILE... DESTINATION", summary);
  int status = EXIT_WRONG_USAGE;

  command.add (entries);
  if (!command.parse (argc, argv, status))
    return status;
  if (!command.read_if_exists (policy.value, if_exists)
      || !command.open_store ())
    return EXIT_WRONG_USAGE;
  return transfer (command, function, verb, if_exists);
}

/* -- recover */

struct RecoverPrinter
{
  const Command & command;
  GstGenAudioRecoverAction action;
  guint64 parts = 0;
  guint64 done = 0;
  guint64 failed = 0;
};

std::string
describe_part (const GstGenAudioFoundPart & part, GstGenAudioRecoverAction action)
{
  if (part.error != nullptr)
    return part.error->message;
  if (part.busy)
    return "is being written";
  if (part.done && action == GST_GENAUDIO_RECOVER_REMOVE)
    return "removed";
  if (part.done)
    return std::string (part.damaged ? "repaired, now " : "now ")
        + part.final_path;
  if (!part.has_audio)
    return "holds no audio";
  std::string text = part.container;
  if (part.frames > 0)
    text += ", " + std::to_string (part.frames) + " frames";
  return text + (part.damaged ? ", to be repaired" : "");
}

void
print_part (const GstGenAudioFoundPart * part, gpointer user_data)
{
  RecoverPrinter & printer = *(RecoverPrinter *) user_data;

  printer.parts++;
  printer.done += part->done;
  printer.failed += part->error != nullptr;
  if (printer.command.json)
    print_json ({
      {"part", part->path},
      {"path", part->final_path},
      {"bytes", (gint64) part->size},
      {"modified", format_time (printer.command.store, part->mtime,
          "%Y-%m-%dT%H:%M:%S%:z")},
      {"container", part->container},
      {"frames", part->frames > 0 ? JsonValue ((gint64) part->frames)
          : JsonValue (nullptr)},
      {"busy", (bool) part->busy},
      {"has_audio", (bool) part->has_audio},
      {"damaged", (bool) part->damaged},
      {"done", (bool) part->done},
      {"error", part->error != nullptr ? JsonValue (part->error->message)
          : JsonValue (nullptr)},
    });
  else
    printf ("%s: %s\n", part->path,
        describe_part (*part, printer.action).c_str ());
}

int
recover (Command & command, GstGenAudioRecoverAction action,
    GstGenAudioIfExists if_exists, guint min_age)
{
  GError *error = nullptr;
  RecoverPrinter printer = { command, action };

  if (!gst_genaudio_store_recover (command.store, action, if_exists, min_age,
          print_part, &printer, &error))
    return command.fail (error);
  if (!command.json && action == GST_GENAUDIO_RECOVER_LIST)
    printf ("%s%s\n", format_count (printer.parts, "part").c_str (),
        printer.parts > 0 ? " (--publish or --remove acts)" : "");
  else if (!command.json)
    printf ("%s %s of %s\n",
        action == GST_GENAUDIO_RECOVER_PUBLISH ? "published" : "removed",
        std::to_string (printer.done).c_str (),
        format_count (printer.parts, "part").c_str ());
  return printer.failed > 0 ? EXIT_SOME_FAILED : EXIT_ALL_WELL;
}

}

int
genaudio_cmd_list (int argc, char **argv)
{
  ListOptions options;
  const GOptionEntry entries[] = {
    {"since", 0, 0, G_OPTION_ARG_STRING, &options.since.value,
        "Nothing filed before this day", "DATE"},
    {"until", 0, 0, G_OPTION_ARG_STRING, &options.until.value,
        "Nothing filed after this day", "DATE"},
    {"limit", 'n', 0, G_OPTION_ARG_INT, &options.limit,
        "At most so many files", "N"},
    {"ext", 0, 0, G_OPTION_ARG_STRING, &options.extension.value,
        "Only files of this extension", "EXT"},
    {"by-mtime", 0, 0, G_OPTION_ARG_NONE, &options.by_mtime,
        "By time of modification instead of filing date", nullptr},
    {"any-name", 0, 0, G_OPTION_ARG_NONE, &options.any_name,
        "Every file below the folder, by time of modification", nullptr},
    {"paths", 0, 0, G_OPTION_ARG_NONE, &options.paths,
        "Only paths, one a line", nullptr},
    {}
  };
  Command command ("list", nullptr, "Lists the files of the store, newest first.");
  int status = EXIT_WRONG_USAGE;

  command.add (entries);
  if (!command.parse (argc, argv, status))
    return status;
  if (!command.arguments.empty ())
    return command.usage_error ("expected no argument; --base-dir says where");
  if (options.limit < 0)
    return command.usage_error ("--limit is less than 0");
  return command.open_store () ? list (command, options) : EXIT_WRONG_USAGE;
}

int
genaudio_cmd_stats (int argc, char **argv)
{
  gboolean days = FALSE, any_name = FALSE;
  const GOptionEntry entries[] = {
    {"days", 0, 0, G_OPTION_ARG_NONE, &days, "Also by day", nullptr},
    {"any-name", 0, 0, G_OPTION_ARG_NONE, &any_name,
        "Every file below the folder, by time of modification", nullptr},
    {}
  };
  Command command ("stats", nullptr, "Counts the files of the store.");
  int status = EXIT_WRONG_USAGE;
  GError *error = nullptr;

  command.add (entries);
  if (!command.parse (argc, argv, status))
    return status;
  if (!command.arguments.empty ())
    return command.usage_error ("expected no argument; --base-dir says where");
  if (!command.open_store ())
    return EXIT_WRONG_USAGE;
  GstGenAudioStoreStats *stats =
      gst_genaudio_store_get_storage_stats (command.store, any_name
      ? GST_GENAUDIO_STORE_FLAG_ANY_NAME : GST_GENAUDIO_STORE_FLAG_NONE, &error);
  if (stats == nullptr)
    return command.fail (error);
  if (command.json) {
    gchar *text = gst_genaudio_store_stats_to_json (stats);
    puts (text);
    g_free (text);
  } else {
    print_stats (command, stats, days);
  }
  gst_genaudio_store_stats_free (stats);
  return EXIT_ALL_WELL;
}

int
genaudio_cmd_cleanup (int argc, char **argv)
{
  CleanupOptions options;
  const GOptionEntry entries[] = {
    {"keep-days", 0, 0, G_OPTION_ARG_INT, &options.keep_days,
        "Files filed more than so many days ago go", "N"},
    {"keep-bytes", 0, 0, G_OPTION_ARG_STRING, &options.keep_bytes.value,
        "The oldest go until the rest is not larger", "SIZE"},
    {"min-free-bytes", 0, 0, G_OPTION_ARG_STRING,
        &options.min_free_bytes.value,
        "The oldest go until so much of the disk is free", "SIZE"},
    {"job", 0, 0, G_OPTION_ARG_STRING, &options.job_id.value,
        "Only files of this job id", "ID"},
    {"all", 0, 0, G_OPTION_ARG_NONE, &options.all,
        "Let a cap take the newest file too, and trust the clock", nullptr},
    {"by-mtime", 0, 0, G_OPTION_ARG_NONE, &options.by_mtime,
        "By time of modification instead of filing date", nullptr},
    {"any-name", 0, 0, G_OPTION_ARG_NONE, &options.any_name,
        "Every file below the folder, by time of modification", nullptr},
    {"empty-dirs", 0, 0, G_OPTION_ARG_NONE, &options.empty_dirs,
        "Remove empty folders too (with --delete)", nullptr},
    {"delete", 0, 0, G_OPTION_ARG_NONE, &options.remove,
        "Do it; without, only say what would go", nullptr},
    {}
  };
  Command command ("cleanup", nullptr,
      "Removes what need not be kept, by age, size and free space.");
  int status = EXIT_WRONG_USAGE;

  command.add (entries);
  if (!command.parse (argc, argv, status))
    return status;
  if (!command.arguments.empty ())
    return command.usage_error ("expected no argument; --base-dir says where");
  return command.open_store () ? cleanup (command, options) : EXIT_WRONG_USAGE;
}

int
genaudio_cmd_path (int argc, char **argv)
{
  Text extension, day;
  gboolean create = FALSE;
  const GOptionEntry entries[] = {
    {"ext", 0, 0, G_OPTION_ARG_STRING, &extension.value,
        "The extension (default: wav)", "EXT"},
    {"date", 0, 0, G_OPTION_ARG_STRING, &day.value,
        "The filing date (default: today)", "DATE"},
    {"create", 0, 0, G_OPTION_ARG_NONE, &create, "Make the folders", nullptr},
    {}
  };
  Command command ("path", "JOB-ID", "Says where the file of a job belongs.");
  int status = EXIT_WRONG_USAGE;
  GError *error = nullptr;

  command.add (entries);
  if (!command.parse (argc, argv, status))
    return status;
  if (command.arguments.size () != 1)
    return command.usage_error ("expected one job id");
  if (!command.open_store ())
    return EXIT_WRONG_USAGE;
  status = EXIT_ALL_WELL;
  GDateTime *date = command.read_date (day.value, status);
  gchar *path = status != EXIT_ALL_WELL ? nullptr
      : gst_genaudio_store_get_output_path (command.store,
      command.arguments[0].c_str (), extension.value, create, date, &error);
  g_clear_pointer (&date, g_date_time_unref);
  if (error != nullptr)
    return command.fail (error);
  if (path == nullptr)
    return status;
  if (command.json)
    print_json ({ {"job_id", command.arguments[0]}, {"path", path},
          {"exists", (bool) g_file_test (path, G_FILE_TEST_EXISTS)} });
  else
    puts (path);
  g_free (path);
  return EXIT_ALL_WELL;
}

int
genaudio_cmd_mv (int argc, char **argv)
{
  return transfer_command (argc, argv, "mv", "moved",
      "Moves files with their sidecars, whole or not at all.",
      gst_genaudio_store_move_file);
}

int
genaudio_cmd_cp (int argc, char **argv)
{
  return transfer_command (argc, argv, "cp", "copied",
      "Copies files with their sidecars and times, whole or not at all.",
      gst_genaudio_store_copy_file);
}

int
genaudio_cmd_rm (int argc, char **argv)
{
  gboolean any_path = FALSE;
  const GOptionEntry entries[] = {
    {"any-path", 0, 0, G_OPTION_ARG_NONE, &any_path,
        "Also files that are not the store's", nullptr},
    {}
  };
  Command command ("rm", "FILE...",
      "Removes files of the store with their sidecars, at once.");
  int status = EXIT_WRONG_USAGE;

  command.add (entries);
  if (!command.parse (argc, argv, status))
    return status;
  if (command.arguments.empty ())
    return command.usage_error ("expected a file");
  if (!command.open_store ())
    return EXIT_WRONG_USAGE;
  status = EXIT_ALL_WELL;
  for (const std::string & path : command.arguments) {
    GError *error = nullptr;
    const bool removed = gst_genaudio_store_delete_file (command.store,
        path.c_str (), any_path, &error);
    if (!removed && error == nullptr)
      g_set_error (&error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND,
          "There is no file \"%s\"", path.c_str ());
    if (command.json)
      print_json ({ {"path", path}, {"removed", removed} });
    if (error != nullptr) {
      command.fail (error);
      status = EXIT_SOME_FAILED;
    }
  }
  return status;
}

int
genaudio_cmd_recover (int argc, char **argv)
{
  gboolean publish = FALSE, remove = FALSE;
  gint min_age = 0;
  Text policy;
  GstGenAudioIfExists if_exists = GST_GENAUDIO_IF_EXISTS_SUFFIX;
  const GOptionEntry entries[] = {
    {"publish", 0, 0, G_OPTION_ARG_NONE, &publish,
        "Repair what holds audio and give it its final name", nullptr},
    {"remove", 0, 0, G_OPTION_ARG_NONE, &remove, "Remove all parts", nullptr},
    {"if-exists", 0, 0, G_OPTION_ARG_STRING, &policy.value,
        "error, suffix, skip or replace (default: suffix)", "WHAT"},
    {"min-age", 0, 0, G_OPTION_ARG_INT, &min_age,
        "Leave alone what changed in the last so many seconds, where locks do "
        "not reach other machines (default: 0)", "SECONDS"},
    {}
  };
  Command command ("recover", nullptr,
      "Lists, publishes or removes what killed recordings left.");
  int status = EXIT_WRONG_USAGE;

  command.add (entries);
  if (!command.parse (argc, argv, status))
    return status;
  if (!command.arguments.empty ())
    return command.usage_error ("expected no argument; --base-dir says where");
  if (publish && remove)
    return command.usage_error ("--publish and --remove exclude one another");
  if (min_age < 0)
    return command.usage_error ("--min-age is less than 0");
  if (!command.read_if_exists (policy.value, if_exists)
      || !command.open_store ())
    return EXIT_WRONG_USAGE;
  return recover (command, publish ? GST_GENAUDIO_RECOVER_PUBLISH
      : remove ? GST_GENAUDIO_RECOVER_REMOVE : GST_GENAUDIO_RECOVER_LIST,
      if_exists, min_age);
}
