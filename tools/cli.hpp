/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What the subcommands of `genaudio` share. */

#pragma once

#include <glib.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace genaudio::cli {

/* Exit statuses: see the man page. */
enum Exit
{
  exit_ok = 0,
  exit_items_failed = 1,
  exit_usage = 2,
  exit_place_failed = 3,
  exit_interrupted = 130,
  exit_terminated = 143,
};

/* Initialises GStreamer, which the commands of the store do without. */
void start_gstreamer ();

/* -- options */

struct OptionContextFree
{
  void operator () (GOptionContext * context) const
  {
    g_option_context_free (context);
  }
};
using OptionContext = std::unique_ptr<GOptionContext, OptionContextFree>;

/* Parses and returns true; otherwise has said what is wrong. */
bool parse_options (GOptionContext * context, int *argc, char ***argv);

/* "genaudio: ..." on standard error. */
void complain (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* exit_place_failed for errors of the place (full, not writable, gone: worth
 * trying again), exit_items_failed for the rest. */
Exit exit_for_error (const GError * error);

/* -- terminal */

bool is_terminal (int fd);
int terminal_width ();
std::string format_bytes (std::uint64_t bytes);
std::string format_seconds (double seconds);

/* Items done, rate and time left, redrawn on one line of standard error
 * where that is a terminal; nothing otherwise. */
class Progress
{
public:
  Progress (std::uint64_t total, bool enabled);
  ~Progress ();

  void update (std::uint64_t done);
  /* Removes the line, so that others can be printed; the next update draws it
   * again. */
  void hide ();

private:
  std::uint64_t total_;
  bool enabled_;
  bool shown_ = false;
  std::int64_t start_, last_ = 0;
};

/* -- signals */

/* From now on SIGINT and SIGTERM only set a flag; a second one kills. */
void catch_signals ();
/* The exit status of the signal that came, or 0. */
int interrupted ();

/* -- processors */

/* Processors this process may use: affinity and cgroup quota counted in. */
unsigned available_processors ();

}
