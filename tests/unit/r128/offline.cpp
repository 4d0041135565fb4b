/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The offline mode's decision and its temporary file. */

#include <glib.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "decision.hpp"
#include "presets.hpp"
#include "spool.hpp"

using namespace genaudio::r128;

namespace {

constexpr double none = -std::numeric_limits<double>::infinity ();

void
test_decision ()
{
  Settings settings;
  const struct
  {
    Measurement m;
    PeakPolicy peak;
    ShortPolicy brief;
    Method method;
    double gain;
  } cases[] = {
    {{-20.0, -21.0, 0.1, false}, PeakPolicy::gain, ShortPolicy::none,
        Method::loudness, 4.0},
    {{-10.0, -11.0, 1.0, false}, PeakPolicy::gain, ShortPolicy::none,
        Method::loudness, -6.0},
    {{-20.0, -21.0, 0.8, false}, PeakPolicy::gain, ShortPolicy::none,
        Method::peak_limited, -1.0 - decibels (0.8)},
    {{-20.0, -21.0, 0.8, false}, PeakPolicy::limit, ShortPolicy::none,
        Method::limited, 4.0},
    {{none, none, 0.0, false}, PeakPolicy::gain, ShortPolicy::none,
        Method::silent, 0.0},
    {{none, -75.0, 0.1, false}, PeakPolicy::gain, ShortPolicy::ungated,
        Method::silent, 0.0},
    {{none, -20.0, 0.1, true}, PeakPolicy::gain, ShortPolicy::none,
        Method::too_short, 0.0},
    {{none, -20.0, 0.1, true}, PeakPolicy::gain, ShortPolicy::ungated,
        Method::loudness, 4.0},
    {{none, -20.0, 0.1, true}, PeakPolicy::gain, ShortPolicy::peak,
        Method::peak_limited, 19.0},
    {{none, none, 0.0, true}, PeakPolicy::gain, ShortPolicy::peak,
        Method::silent, 0.0},
    {{none, none, 0.0, true}, PeakPolicy::gain, ShortPolicy::ungated,
        Method::silent, 0.0},
  };

  for (const auto & c : cases) {
    const Decision d = decide (c.m, settings, c.peak, c.brief);
    g_assert_cmpstr (method_nick (d.method), ==, method_nick (c.method));
    g_assert_cmpfloat_with_epsilon (d.gain, c.gain, 1e-4);
  }
  settings.enabled = false;
  g_assert_true (decide (cases[0].m, settings, PeakPolicy::gain,
          ShortPolicy::none).method == Method::disabled);
}

void
test_presets ()
{
  g_assert_null (find_preset (0));
  for (const Preset & preset : presets ()) {
    g_assert_true (find_preset (preset.id) == &preset);
    g_assert_cmpfloat (preset.target, >=, -70.0);
    g_assert_cmpfloat (preset.target, <=, -5.0);
    g_assert_cmpfloat (preset.max_true_peak, >=, -9.0);
    g_assert_cmpfloat (preset.max_true_peak, <=, 0.0);
  }
}

void
test_spool ()
{
  Spool spool;
  std::vector<char> bytes (100000), back (bytes.size ());

  for (std::size_t i = 0; i < bytes.size (); i++)
    bytes[i] = static_cast<char> (i * 7);
  spool.append (bytes.data (), 1);
  spool.append (bytes.data () + 1, bytes.size () - 1);
  g_assert_cmpuint (spool.size (), ==, bytes.size ());
  for (int i = 0; i < 2; i++) {
    spool.rewind ();
    spool.read (back.data (), 50001);
    spool.read (back.data () + 50001, back.size () - 50001);
    g_assert_true (back == bytes);
  }
  /* there is no more */
  int error = 0;
  try {
    spool.read (back.data (), 1);
  } catch (const std::system_error & e) {
    error = e.code ().value ();
  }
  g_assert_cmpint (error, ==, EIO);
}

/* It stops before the file system is full, and says where. */
void
test_reserve ()
{
  Spool spool (std::uint64_t{1} << 62);
  int error = 0;
  std::string what;

  try {
    spool.append ("x", 1);
  } catch (const std::system_error & e) {
    error = e.code ().value ();
    what = e.what ();
  }
  g_assert_cmpint (error, ==, ENOSPC);
  g_assert_true (what.find (spool.folder ()) != std::string::npos);
}

}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/r128/offline/decision", test_decision);
  g_test_add_func ("/r128/offline/presets", test_presets);
  g_test_add_func ("/r128/offline/spool", test_spool);
  g_test_add_func ("/r128/offline/reserve", test_reserve);
  return g_test_run ();
}
