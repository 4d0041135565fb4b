/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "convert.hpp"

#include <glib.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

using namespace genaudio::dated;

template <typename Out, typename In>
static std::vector<Out>
convert (Converter & converter, const std::vector<In> & in)
{
  const auto *out =
      static_cast<const Out *> (converter.convert (in.data (), in.size ()));
  return std::vector<Out> (out, out + in.size ());
}

static void
test_floats_round_and_clip (void)
{
  Converter converter (Sample::f32, Target::i16, false);
  const std::vector<float> in = {0.f, 1.f, -1.f, 1.5f, -2.f, 0.5f,
    1.4f / 32768, 1.6f / 32768, -1.6f / 32768,
    std::numeric_limits<float>::quiet_NaN (),
    std::numeric_limits<float>::infinity ()};
  const std::vector<std::int16_t> expected = {0, 32767, -32768, 32767, -32768,
    16384, 1, 2, -2, 0, 32767};

  g_assert_true (convert<std::int16_t> (converter, in) == expected);
  g_assert_cmpuint (converter.clipped (), ==, 4);
}

static void
test_integers_of_16_bits_survive_floats (void)
{
  Converter converter (Sample::f32, Target::i16, false);
  std::vector<float> in;
  std::vector<std::int16_t> expected;

  for (int v = -32768; v <= 32767; v++) {
    in.push_back ((float) v / 32768.f);
    expected.push_back ((std::int16_t) v);
  }
  g_assert_true (convert<std::int16_t> (converter, in) == expected);
  g_assert_cmpuint (converter.clipped (), ==, 0);
}

static void
test_24_bits (void)
{
  Converter wide (Sample::f64, Target::i24, false);
  const std::vector<double> in = {1.0, -1.0, 1.0 / 8388608, -1.0 / 8388608};
  const std::vector<std::int32_t> expected = {8388607 * 256, -8388608 * 256,
    256, -256};
  g_assert_true (convert<std::int32_t> (wide, in) == expected);

  /* packed, negative numbers too */
  Converter packed (Sample::s24, Target::i24, false);
  std::vector<std::uint8_t> bytes;
  for (std::int32_t v : {0x123456, -0x123456, -1}) {
    std::uint8_t b[4];
    std::memcpy (b, &v, 4);
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
    bytes.insert (bytes.end (), b, b + 3);
#else
    bytes.insert (bytes.end (), b + 1, b + 4);
#endif
  }
  const auto *out =
      static_cast<const std::int32_t *> (packed.convert (bytes.data (), 3));
  g_assert_cmpint (out[0], ==, 0x123456 * 256);
  g_assert_cmpint (out[1], ==, -0x123456 * 256);
  g_assert_cmpint (out[2], ==, -256);
}

static void
test_nothing_to_do_copies_nothing (void)
{
  const std::vector<std::int32_t> in (16);

  Converter same (Sample::s32, Target::i32, true);
  g_assert_true (same.convert (in.data (), in.size ()) == in.data ());
  Converter narrow (Sample::s16, Target::i16, true);
  g_assert_true (narrow.convert (in.data (), 8) == in.data ());
}

static void
test_full_scale_of_32_bits (void)
{
  Converter converter (Sample::f32, Target::i32, false);
  const std::vector<float> in = {1.f, -1.f, 2.f};
  const std::vector<std::int32_t> expected = {INT32_MAX, INT32_MIN, INT32_MAX};

  g_assert_true (convert<std::int32_t> (converter, in) == expected);

  /* rounding up at the top is not clipping */
  Converter down (Sample::s32, Target::i16, false);
  g_assert_true (convert<std::int16_t> (down,
          std::vector<std::int32_t> {INT32_MAX}) ==
      std::vector<std::int16_t> {32767});
  g_assert_cmpuint (down.clipped (), ==, 0);
}

static void
test_float_target_keeps_what_is_over_range (void)
{
  Converter converter (Sample::f64, Target::f32, false);
  const std::vector<double> in = {3.0, -4.5};

  g_assert_true (convert<float> (converter, in)
      == (std::vector<float> {3.f, -4.5f}));
  g_assert_cmpuint (converter.clipped (), ==, 0);
}

/* A constant of a third of a step disappears without dither, and is there in
 * the mean with it; the error's variance is a quarter of a step squared
 * (1/12 of rounding + 1/6 of the noise), whatever the signal. */
static void
test_dither (void)
{
  for (const double level : {1.0 / 3, 0.5, 0.0}) {
    const std::vector<double> in (200000, level / 32768);
    Converter converter (Sample::f64, Target::i16, true);
    double sum = 0, squares = 0;
    for (std::int16_t v : convert<std::int16_t> (converter, in)) {
      sum += v - level;
      squares += (v - level) * (v - level);
    }
    g_assert_cmpfloat (std::fabs (sum / in.size ()), <, 0.01);
    g_assert_cmpfloat (std::fabs (squares / in.size () - 0.25), <, 0.01);
  }
  Converter off (Sample::f64, Target::i16, false);
  for (std::int16_t v : convert<std::int16_t> (off,
          std::vector<double> (100, 1.0 / 3 / 32768)))
    g_assert_cmpint (v, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/convert/round-and-clip", test_floats_round_and_clip);
  g_test_add_func ("/convert/16-bits-survive",
      test_integers_of_16_bits_survive_floats);
  g_test_add_func ("/convert/24-bits", test_24_bits);
  g_test_add_func ("/convert/nothing-to-do",
      test_nothing_to_do_copies_nothing);
  g_test_add_func ("/convert/32-bits", test_full_scale_of_32_bits);
  g_test_add_func ("/convert/float", test_float_target_keeps_what_is_over_range);
  g_test_add_func ("/convert/dither", test_dither);
  return g_test_run ();
}
