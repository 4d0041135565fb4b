/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Every case of EBU Tech 3341, Tech 3342 and ITU-R BS.2217 that can be made,
 * at four rates: what the interval messages of the streaming meter say, and
 * what the item report says, of the streaming meter and of the offline one.
 *
 * With an argument, the name of a file, the readings go there as a table. */

#include "ebucases.hpp"

#include "offlinemeter.hpp"
#include "stage.hpp"

#include <glib.h>

#include <cstdio>
#include <optional>

using namespace genaudio::r128;

namespace {

constexpr unsigned rates[] = {32000, 44100, 48000, 96000};
constexpr std::uint64_t step = 20000000;        /* ns between messages */

/* What was read where one number was expected: the lowest and the highest. */
struct Reading
{
  double low = INFINITY, high = -INFINITY;

  void add (double value)
  {
    low = std::min (low, value);
    high = std::max (high, value);
  }
  /* The one that is further off. */
  double worst (double expected) const
  {
    return std::fabs (low - expected) > std::fabs (high - expected) ? low : high;
  }
  bool within (const ebu::Expectation & e) const
  {
    if (std::isinf (e.value))
      return low == e.value && high == e.value;
    return low >= e.value - e.below && high <= e.value + e.above;
  }
};

struct Run
{
  std::vector<Level> levels;
  Loudness streamed, offline;
};

Format
format_of (const ebu::Case & c, unsigned rate)
{
  using enum Speaker;
  const std::vector<std::vector<Speaker>> layouts = {
    {front}, {front, front}, {front, front, front, surround, surround},
    {front, front, front, low_frequency, surround, surround},
  };

  return {rate, ebu::channels_of (c.layout), false,
      channel_weights (layouts[static_cast<std::size_t> (c.layout)], false)};
}

Run
measure (const ebu::Case & c, unsigned rate)
{
  const std::vector<float> samples = ebu::render (c, rate);
  const Format format = format_of (c, rate);
  const std::size_t frames = samples.size () / format.channels;
  Settings settings;
  settings.interval = step;
  const auto stage = make_measure_stage (format, settings);
  OfflineMeter offline (format);
  Run run;

  /* buffers that are nobody's multiple */
  for (std::size_t i = 0; i < frames; i += 1000)
    stage->write (&samples[i * format.channels],
        std::min<std::size_t> (1000, frames - i));
  stage->finish ();
  Level level;
  while (stage->pop_level (level))
    run.levels.push_back (level);
  run.streamed = stage->report ().output;

  offline.add (samples.data (), frames);
  offline.finish ();
  run.offline = offline.loudness ();
  return run;
}

double
loudest (const std::vector<double> & peaks)
{
  return decibels (*std::max_element (peaks.begin (), peaks.end ()));
}

Reading
read_messages (const ebu::Expectation & e, const Run & run, unsigned rate)
{
  const Level & last = run.levels.back ();
  Reading r;
  const auto each = [&] (double from, bool of_momentary) {
    for (const Level & l : run.levels) {
      if (static_cast<double> (l.position) >= from * rate)
        r.add (of_momentary ? l.momentary : l.shortterm);
    }
  };
  /* relative to what is expected of each stretch */
  const auto stretches = [&] (bool of_momentary) {
    std::vector<double> most (20, -INFINITY);
    for (const Level & l : run.levels) {
      const double end = static_cast<double> (l.position) / rate;
      const std::size_t i = static_cast<std::size_t> (
          std::max (0.0, std::ceil (end / e.stretch - 1e-6) - 1.0));
      most.at (i) = std::max (most[i], of_momentary ? l.momentary : l.shortterm);
    }
    for (std::size_t i = 0; i < most.size (); i++)
      r.add (most[i] - static_cast<double> (i));
  };

  switch (e.what) {
    case ebu::What::integrated:
      r.add (last.integrated);
      break;
    case ebu::What::range:
      r.add (last.range);
      break;
    case ebu::What::true_peak:
      r.add (loudest (last.true_peaks));
      break;
    case ebu::What::momentary:
      each (1.0, true);
      break;
    case ebu::What::shortterm:
      each (3.0, false);
      break;
    case ebu::What::max_momentary:
    case ebu::What::max_shortterm:
      each (0.0, e.what == ebu::What::max_momentary);
      r.low = r.high;
      break;
    case ebu::What::max_momentary_each:
    case ebu::What::max_shortterm_each:
      stretches (e.what == ebu::What::max_momentary_each);
      break;
  }
  return r;
}

/* Nothing, if an item report has no such value. */
std::optional<Reading>
read_report (const ebu::Expectation & e, const Loudness & l)
{
  Reading r;

  switch (e.what) {
    case ebu::What::integrated:
      r.add (l.integrated);
      break;
    case ebu::What::range:
      r.add (l.range);
      break;
    case ebu::What::true_peak:
      r.add (l.max_true_peak);
      break;
    case ebu::What::momentary:
    case ebu::What::max_momentary:
      r.add (l.max_momentary);
      break;
    case ebu::What::shortterm:
    case ebu::What::max_shortterm:
      r.add (l.max_shortterm);
      break;
    default:
      return std::nullopt;
  }
  return r;
}

const char *
name_of (ebu::What what)
{
  const char *names[] = {"I", "LRA", "TP", "max M", "max S", "M", "S",
    "max M of each", "max S of each"};
  return names[static_cast<int> (what)];
}

void
test_rate (gconstpointer data)
{
  const unsigned rate = GPOINTER_TO_UINT (data);
  int failed = 0;

  for (const ebu::Case & c : ebu::cases ()) {
    if (c.recording)
      continue;
    const Run run = measure (c, rate);
    for (const ebu::Expectation & e : c.expectations) {
      const auto check = [&] (const char *where, const Reading & r) {
        if (r.within (e))
          return;
        g_test_message ("%s at %u Hz, %s: %s is %.3f to %.3f, not %.2f",
            c.id.c_str (), rate, where, name_of (e.what), r.low, r.high, e.value);
        failed++;
      };
      check ("messages", read_messages (e, run, rate));
      if (const auto r = read_report (e, run.streamed))
        check ("report", *r);
      if (const auto r = read_report (e, run.offline))
        check ("offline report", *r);
    }
  }
  g_assert_cmpint (failed, ==, 0);
}

void
test_complete (void)
{
  g_assert_cmpuint (ebu::cases ().size (), ==, 97);
}

void
print_row (std::FILE * file, const ebu::Case & c, const ebu::Expectation & e,
    const std::vector<Run> & runs)
{
  const auto cell = [&] (const std::optional<Reading> & r) {
    if (!r)
      std::fprintf (file, " – |");
    else if (std::isinf (e.value))
      std::fprintf (file, " %s%s |", std::isinf (r->high) ? "-inf" : "a number",
          r->within (e) ? "" : " **!**");
    else
      std::fprintf (file, " %.2f%s |", r->worst (e.value),
          r->within (e) ? "" : " **!**");
  };

  std::fprintf (file, "| %s | %s | ", c.id.c_str (), name_of (e.what));
  if (std::isinf (e.value))
    std::fprintf (file, "-inf | |");
  else if (e.below == e.above)
    std::fprintf (file, "%.1f | ±%.1f |", e.value, e.above);
  else
    std::fprintf (file, "%.1f | +%.1f −%.1f |", e.value, e.above, e.below);
  for (std::size_t i = 0; i < runs.size (); i++) {
    cell (read_messages (e, runs[i], rates[i]));
    cell (read_report (e, runs[i].offline));
  }
  std::fprintf (file, "\n");
}

int
print_table (const char *name)
{
  std::FILE *file = std::fopen (name, "w");

  if (file == nullptr) {
    std::perror (name);
    return 1;
  }
  std::fputs ("# Conformance\n\n"
      "What r128normalize reads of the stimuli of EBU Tech 3341 (2023), EBU\n"
      "Tech 3342 and ITU-R BS.2217-2, made from their descriptions by\n"
      "`tests/unit/r128/ebucases.hpp`. This page is written by\n\n"
      "    build/tests/unit/unit_r128_conformance docs/conformance.md\n\n"
      "and the same program, as a test, checks every reading.\n\n"
      "*msg*: the `ebur128-level` messages of mode measure, every 20 ms, fed with\n"
      "buffers of 1000 frames; *item*: the item report, of the offline meter.\n"
      "Loudness in LUFS, range in LU, true peak in dBTP. M and S are to be\n"
      "constant from 1 s and 3 s on: the value furthest off is given, and in the\n"
      "report the maximum. Where each stretch of a signal is to be 1 LU louder than\n"
      "the one before, the value is that of the stretch furthest off, less those\n"
      "steps. Cases 3341-7 and -8 and 3342-5 and -6 are recordings; `2217-like`\n"
      "stands for files of BS.2217 that are not public.\n\n"
      "libebur128 interpolates twofold at 96 kHz and reads 3341-21 and -23 as\n"
      "-0.46 dBTP there, outside the tolerance.\n\n"
      "| case | reading | expected | tolerance | 32 kHz msg | item | 44.1 kHz msg "
      "| item | 48 kHz msg | item | 96 kHz msg | item |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|---|\n", file);
  for (const ebu::Case & c : ebu::cases ()) {
    if (c.recording)
      continue;
    std::vector<Run> runs;
    for (const unsigned rate : rates)
      runs.push_back (measure (c, rate));
    for (const ebu::Expectation & e : c.expectations)
      print_row (file, c, e, runs);
  }
  return std::fclose (file) == 0 ? 0 : 1;
}

}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  if (argc > 1)
    return print_table (argv[1]);
  g_test_add_func ("/r128/conformance/complete", test_complete);
  for (const unsigned rate : rates) {
    char path[64];
    std::snprintf (path, sizeof path, "/r128/conformance/%u", rate);
    g_test_add_data_func (path, GUINT_TO_POINTER (rate), test_rate);
  }
  return g_test_run ();
}
