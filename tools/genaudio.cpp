/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The genaudio command: a table of commands, each a function of its own.
 * Those of the store need no GStreamer registry, so it is not initialised
 * here: looking for plugins would take longer than listing files. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "item-commands.hpp"
#include "store-commands.hpp"

#include <clocale>
#include <cstdio>
#include <cstring>

namespace {

constexpr int exit_wrong_usage = 2;

struct Command
{
  const char *name;
  int (*run) (int argc, char **argv);
  const char *summary;
};

const Command commands[] = {
  {"export", genaudio_cmd_export,
      "turn tensor files into normalised, filed audio"},
  {"analyze", genaudio_cmd_analyze,
      "measure audio files: loudness, tempo, key, statistics"},
  {"normalize", genaudio_cmd_normalize, "bring audio files to a loudness"},
  {"list", genaudio_cmd_list, "list the files of the store, newest first"},
  {"stats", genaudio_cmd_stats, "count them"},
  {"cleanup", genaudio_cmd_cleanup, "remove what need not be kept"},
  {"path", genaudio_cmd_path, "say where the file of a job belongs"},
  {"mv", genaudio_cmd_mv, "move files with their sidecars"},
  {"cp", genaudio_cmd_cp, "copy files with their sidecars"},
  {"rm", genaudio_cmd_rm, "remove files with their sidecars"},
  {"recover", genaudio_cmd_recover, "publish what killed recordings left"},
  {"info", genaudio_cmd_info, "say what this installation can do"},
};

void
print_help (FILE * where)
{
  fputs ("Usage: genaudio COMMAND [OPTION...]\n\nCommands:\n", where);
  for (const Command & command : commands)
    fprintf (where, "  %-10s %s\n", command.name, command.summary);
  fputs ("\nSee genaudio COMMAND --help.\n", where);
}

}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  if (argc >= 2 && strcmp (argv[1], "--version") == 0) {
    puts ("genaudio " PACKAGE_VERSION);
    return 0;
  }
  if (argc >= 2 && strcmp (argv[1], "--help") == 0) {
    print_help (stdout);
    return 0;
  }
  if (argc < 2) {
    print_help (stderr);
    return exit_wrong_usage;
  }
  for (const Command & command : commands) {
    if (strcmp (command.name, argv[1]) == 0)
      return command.run (argc - 1, argv + 1);
  }
  fprintf (stderr, "genaudio: there is no command \"%s\"\n"
      "Try: genaudio --help\n", argv[1]);
  return exit_wrong_usage;
}
