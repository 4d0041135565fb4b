/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "cli.hpp"

#include <gst/genaudio/genaudio.h>

#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace genaudio::cli {

void
start_gstreamer ()
{
  gst_init (nullptr, nullptr);
  gst_genaudio_init ();
}

bool
parse_options (GOptionContext * context, int *argc, char ***argv)
{
  GError *error = nullptr;

  if (g_option_context_parse (context, argc, argv, &error))
    return true;
  complain ("%s", error->message);
  g_error_free (error);
  return false;
}

void
complain (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  std::fputs ("genaudio: ", stderr);
  std::vfprintf (stderr, format, args);
  std::fputc ('\n', stderr);
  va_end (args);
}

Exit
exit_for_error (const GError * error)
{
  static const int of_the_place[] = {
    GST_RESOURCE_ERROR_NO_SPACE_LEFT, GST_RESOURCE_ERROR_OPEN_WRITE,
    GST_RESOURCE_ERROR_OPEN_READ_WRITE, GST_RESOURCE_ERROR_WRITE,
    GST_RESOURCE_ERROR_SYNC, GST_RESOURCE_ERROR_CLOSE,
    GST_RESOURCE_ERROR_NOT_AUTHORIZED, GST_RESOURCE_ERROR_BUSY,
  };

  if (error != nullptr && error->domain == GST_RESOURCE_ERROR
      && std::find (std::begin (of_the_place), std::end (of_the_place),
          error->code) != std::end (of_the_place))
    return exit_place_failed;
  return exit_items_failed;
}

bool
is_terminal (int fd)
{
  const char *term = g_getenv ("TERM");
  return isatty (fd) && g_strcmp0 (term, "dumb") != 0;
}

int
terminal_width ()
{
  winsize size = { };

  for (int fd : { STDOUT_FILENO, STDERR_FILENO }) {
    if (ioctl (fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
      return size.ws_col;
  }
  return 80;
}

std::string
format_bytes (std::uint64_t bytes)
{
  gchar *text = g_format_size (bytes);
  std::string result = text;
  g_free (text);
  return result;
}

std::string
format_seconds (double seconds)
{
  char text[32];
  const long whole = std::lround (seconds);

  if (whole < 60)
    std::snprintf (text, sizeof text, "%lds", whole);
  else if (whole < 3600)
    std::snprintf (text, sizeof text, "%ldm%02lds", whole / 60, whole % 60);
  else
    std::snprintf (text, sizeof text, "%ldh%02ldm", whole / 3600,
        whole / 60 % 60);
  return text;
}

Progress::Progress (std::uint64_t total, bool enabled)
    : total_ (total),
      enabled_ (enabled && is_terminal (STDERR_FILENO)),
      start_ (g_get_monotonic_time ())
{
}

Progress::~Progress ()
{
  hide ();
}

void
Progress::update (std::uint64_t done)
{
  const std::int64_t now = g_get_monotonic_time ();

  /* ten a second are enough for the eye */
  if (!enabled_ || (done < total_ && now - last_ < 100000))
    return;
  last_ = now;

  const double elapsed = (now - start_) / 1e6;
  const double rate = elapsed > 0 ? double (done) / elapsed : 0;
  std::ostringstream line;
  line.precision (1);
  line << std::fixed << done << "/" << total_ << "  " << rate << " items/s";
  if (done > 0 && rate > 0)
    line << "  " << format_seconds ((total_ - done) / rate) << " left";

  const int width = std::clamp (terminal_width () - int (line.str ().size ())
      - 4, 0, 40);
  const int filled = total_ > 0 ? int (width * done / total_) : 0;
  std::fprintf (stderr, "\r\033[K[%s%s] %s", std::string (filled, '#').c_str (),
      std::string (width - filled, '-').c_str (), line.str ().c_str ());
  std::fflush (stderr);
  shown_ = true;
}

void
Progress::hide ()
{
  if (!shown_)
    return;
  std::fputs ("\r\033[K", stderr);
  std::fflush (stderr);
  shown_ = false;
  last_ = 0;
}

namespace {

volatile std::sig_atomic_t caught_signal = 0;

void
on_signal (int signal)
{
  caught_signal = signal;
  std::signal (signal, SIG_DFL);
}

}

void
catch_signals ()
{
  std::signal (SIGINT, on_signal);
  std::signal (SIGTERM, on_signal);
}

int
interrupted ()
{
  switch (caught_signal) {
    case SIGINT:
      return exit_interrupted;
    case SIGTERM:
      return exit_terminated;
    default:
      return 0;
  }
}

namespace {

/* Processors that cgroup v2 (cpu.max: "QUOTA PERIOD") or v1 grants at
 * @directory, or a large number. */
double
read_quota (const std::string & directory)
{
  constexpr double unlimited = 1e9;
  std::string quota;
  double period = 0;

  if (std::ifstream max{directory + "/cpu.max"}; max >> quota >> period) {
    return quota == "max" || period <= 0 ? unlimited
        : std::strtod (quota.c_str (), nullptr) / period;
  }
  std::ifstream quota_us (directory + "/cpu.cfs_quota_us");
  std::ifstream period_us (directory + "/cpu.cfs_period_us");
  double us = 0;
  if (quota_us >> us && period_us >> period && us > 0 && period > 0)
    return us / period;
  return unlimited;
}

/* The tightest quota from this process's cgroup up to the root. */
double
cgroup_quota ()
{
  double least = 1e9;
  std::ifstream self ("/proc/self/cgroup");

  for (std::string line; std::getline (self, line);) {
    const auto first = line.find (':');
    const auto second = line.find (':', first + 1);
    if (first == std::string::npos || second == std::string::npos)
      continue;
    const std::string controllers =
        line.substr (first + 1, second - first - 1);
    std::string mount = "/sys/fs/cgroup";
    if (controllers.find ("cpu") == 0 && controllers.find ("cpuset") != 0)
      mount += "/cpu";
    else if (!controllers.empty ())
      continue;
    for (std::string path = line.substr (second + 1);; ) {
      least = std::min (least, read_quota (mount + path));
      const auto slash = path.rfind ('/');
      if (path.size () <= 1 || slash == std::string::npos)
        break;
      path.resize (std::max<std::size_t> (slash, 1));
    }
  }
  return least;
}

}

unsigned
available_processors ()
{
  cpu_set_t set;
  CPU_ZERO (&set);
  const int affine = sched_getaffinity (0, sizeof set, &set) == 0
      ? CPU_COUNT (&set) : int (g_get_num_processors ());
  const double quota = std::ceil (std::min (cgroup_quota (), 1e6));

  return unsigned (std::max (1.0, std::min (double (affine), quota)));
}

}
