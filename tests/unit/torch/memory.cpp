/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Tensors of this process, as DLPack hands them over: every type, strides of
 * every kind, and who frees them when. */

#include "dlpack.hpp"
#include "error.hpp"
#include "layout.hpp"
#include "samplereader.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include <glib.h>

using namespace genaudio;

namespace {

struct Producer
{
  std::vector<std::byte> memory;
  std::vector<gint64> shape, strides;
  GstGenAudioDLManagedTensor managed = {};
  int deleted = 0;

  template <typename T>
  Producer (const std::vector<T> & elements, std::vector<gint64> dimensions,
      std::vector<gint64> steps = {}, gint64 first = 0,
      int code = GST_GENAUDIO_DL_FLOAT, std::size_t shift = 0)
      : memory (elements.size () * sizeof (T) + shift), shape (dimensions),
      strides (steps)
  {
    std::memcpy (memory.data () + shift, elements.data (),
        elements.size () * sizeof (T));
    GstGenAudioDLTensor & tensor = managed.dl_tensor;
    tensor.data = memory.data ();
    tensor.byte_offset = shift + static_cast<guint64> (first) * sizeof (T);
    tensor.device = {GST_GENAUDIO_DL_CPU, 0};
    tensor.ndim = static_cast<gint32> (shape.size ());
    tensor.dtype = {static_cast<guint8> (code), sizeof (T) * 8, 1};
    tensor.shape = shape.data ();
    tensor.strides = strides.empty () ? nullptr : strides.data ();
    managed.manager_ctx = this;
    managed.deleter = [] (GstGenAudioDLManagedTensor * self) {
      static_cast<Producer *> (self->manager_ctx)->deleted++;
    };
  }
};

std::vector<double>
play (Producer & producer, Layout layout = Layout::channels_first,
    std::uint64_t entry = 0)
{
  std::vector<double> samples;
  {
    const DLPackTensor tensor (&producer.managed, false);
    const AudioView view = view_as_audio (tensor.tensor (), layout)
        .entry (entry);
    SampleReader reader (tensor, view, NonFinite::error);
    samples.resize (view.channels * view.frames);
    if (needs_double (view.dtype)) {
      reader.read (0, view.frames, samples.data ());
    } else {
      std::vector<float> floats (samples.size ());
      reader.read (0, view.frames, floats.data ());
      samples.assign (floats.begin (), floats.end ());
    }
    g_assert_cmpint (producer.deleted, ==, 0);
  }
  g_assert_cmpint (producer.deleted, ==, 1);
  return samples;
}

void
expect (const std::vector<double> & samples,
    const std::vector<double> & expected)
{
  g_assert_cmpuint (samples.size (), ==, expected.size ());
  for (std::size_t i = 0; i < samples.size (); i++)
    g_assert_cmpfloat (samples[i], ==, expected[i]);
}

void
expect_refusal (Producer & producer, Fault fault, const char *part)
{
  try {
    play (producer);
  } catch (const Error & error) {
    g_assert_true (error.fault () == fault);
    g_assert_nonnull (std::strstr (error.what (), part));
    g_assert_cmpint (producer.deleted, ==, 1);
    return;
  }
  g_error ("accepted what must be refused: %s", part);
}

/* The same in a row, every second of a longer one, interleaved, and where no
 * pointer to the type may point. */
template <typename T> void
check_type (int code, const std::vector<T> & values,
    const std::vector<double> & expected)
{
  const auto n = static_cast<gint64> (values.size ());
  std::vector<T> spread (2 * values.size ()), twice (values);
  std::vector<double> both;

  for (std::size_t i = 0; i < values.size (); i++)
    spread[2 * i] = values[i];
  twice.insert (twice.end (), values.begin (), values.end ());
  for (const double sample : expected)
    both.insert (both.end (), 2, sample);

  Producer plain (values, {n}, {}, 0, code);
  expect (play (plain), expected);
  Producer sparse (spread, {n}, {2}, 0, code);
  expect (play (sparse), expected);
  Producer planes (twice, {2, n}, {}, 0, code);
  expect (play (planes), both);
  Producer askew (values, {n}, {}, 0, code, 1);
  expect (play (askew), expected);
  Producer askew_planes (twice, {2, n}, {}, 0, code, 1);
  expect (play (askew_planes), both);
}

void
test_types ()
{
  check_type<float> (GST_GENAUDIO_DL_FLOAT, {0.5f, -1, 0x1p-149f},
      {0.5, -1, 0x1p-149});
  check_type<double> (GST_GENAUDIO_DL_FLOAT, {0.1, -1, 0x1p-1074},
      {0.1, -1, 0x1p-1074});
  check_type<std::uint16_t> (GST_GENAUDIO_DL_FLOAT, {0x3c00, 0xb800, 0x0001},
      {1, -0.5, 0x1p-24});
  check_type<std::uint16_t> (GST_GENAUDIO_DL_BFLOAT, {0x3f80, 0xbf00, 0x3e80},
      {1, -0.5, 0.25});
  check_type<std::int8_t> (GST_GENAUDIO_DL_INT, {-128, 0, 127},
      {-1, 0, 127.0 / 128});
  check_type<std::uint8_t> (GST_GENAUDIO_DL_UINT, {0, 128, 255},
      {-1, 0, 127.0 / 128});
  check_type<std::int16_t> (GST_GENAUDIO_DL_INT, {-32768, 0, 32767},
      {-1, 0, 32767.0 / 32768});
  /* every bit of it */
  check_type<std::int32_t> (GST_GENAUDIO_DL_INT, {INT32_MIN, 1, INT32_MAX},
      {-1, 0x1p-31, 1 - 0x1p-31});
}

void
test_strides ()
{
  const std::vector<float> six = {0, .125f, .25f, .375f, .5f, .625f};
  const std::vector<std::int16_t> shorts = {0, 4096, 8192, 12288, 16384, 20480};
  const std::vector<double> there = {0, .375, .125, .5, .25, .625};

  Producer planar (six, {2, 3});
  expect (play (planar), there);
  /* backwards in time, between channels, and in both */
  Producer back (six, {2, 3}, {3, -1}, 2);
  expect (play (back), {.25, .625, .125, .5, 0, .375});
  Producer swapped (six, {2, 3}, {-3, 1}, 3);
  expect (play (swapped), {.375, 0, .5, .125, .625, .25});
  Producer turned (six, {2, 3}, {-3, -1}, 5);
  expect (play (turned), {.625, .25, .5, .125, .375, 0});
  Producer mono (six, {6}, {-1}, 5);
  expect (play (mono), {.625, .5, .375, .25, .125, 0});
  Producer sparse (shorts, {3}, {-2}, 5, GST_GENAUDIO_DL_INT);
  expect (play (sparse), {.625, .375, .125});
  /* (samples, channels), forwards and backwards */
  Producer rows (six, {3, 2});
  expect (play (rows, Layout::channels_last), {0, .125, .25, .375, .5, .625});
  Producer upside (six, {3, 2}, {-2, 1}, 4);
  expect (play (upside, Layout::channels_last),
      {.5, .625, .25, .375, 0, .125});
  /* a batch whose entries come in reverse */
  for (const std::uint64_t entry : {0, 1}) {
    Producer batch (six, {2, 1, 3}, {-3, 3, 1}, 3);
    expect (play (batch, Layout::channels_first, entry), entry == 0
        ? std::vector<double> {.375, .5, .625}
        : std::vector<double> {0, .125, .25});
  }
  /* what a dimension of one says is of no account */
  Producer alone (six, {1, 6}, {G_MININT64, 1});
  expect (play (alone), {0, .125, .25, .375, .5, .625});
  Producer shared (six, {2, 6}, {0, 1});
  g_assert_cmpuint (play (shared).size (), ==, 12);
}

/* Longer than what is converted at a time, and begun anywhere. */
void
test_long ()
{
  constexpr gint64 frames = 20011;
  std::vector<float> planes (3 * frames);

  for (std::size_t i = 0; i < planes.size (); i++)
    planes[i] = static_cast<float> (i) * 0x1p-17f;
  Producer producer (planes, {3, frames}, {frames, -1}, frames - 1);
  const DLPackTensor tensor (&producer.managed, false);
  SampleReader reader (tensor, view_as_audio (tensor.tensor (),
          Layout::channels_first).first, NonFinite::error);
  for (const gint64 start : {0, 1, 4096, 20010}) {
    std::vector<float> out (3 * static_cast<std::size_t> (frames - start));
    reader.read (static_cast<std::uint64_t> (start),
        static_cast<std::size_t> (frames - start), out.data ());
    for (gint64 t = start; t < frames; t += 7) {
      for (gint64 c = 0; c < 3; c++)
        g_assert_cmpfloat (out[static_cast<std::size_t> ((t - start) * 3 + c)],
            ==, planes[static_cast<std::size_t> (c * frames + frames - 1 - t)]);
    }
  }
}

void
test_refused ()
{
  const std::vector<float> four = {0, .25f, .5f, .75f};

  Producer far (four, {2, 2}, {G_MAXINT64 / 2, 1});
  expect_refusal (far, Fault::format, "beyond all memory");
  Producer apart (four, {2, 2}, {G_MININT64, G_MAXINT64});
  expect_refusal (apart, Fault::format, "beyond all memory");
  Producer frozen (four, {9}, {0});
  expect_refusal (frozen, Fault::format, "repeats one stored sample");
  Producer negative (four, {-4});
  expect_refusal (negative, Fault::format, "-4");
  Producer huge (four, {G_MAXINT64, 4});
  expect_refusal (huge, Fault::decode, "more elements");
  Producer deep (four, std::vector<gint64> (17, 1));
  expect_refusal (deep, Fault::format, "Invalid audio dimensions");
  Producer scalar (four, {});
  expect_refusal (scalar, Fault::format, "Invalid audio dimensions");
  Producer wide (four, {1, 9, 4});
  expect_refusal (wide, Fault::format, "Expected max 8 channels");
  Producer empty (four, {2, 0});
  expect_refusal (empty, Fault::format, "Empty tensor");
  Producer elsewhere (four, {4});
  elsewhere.managed.dl_tensor.device.device_type = GST_GENAUDIO_DL_CUDA;
  expect_refusal (elsewhere, Fault::format, "copy it to the host");
  Producer missing (four, {4});
  missing.managed.dl_tensor.data = nullptr;
  expect_refusal (missing, Fault::format, "no memory");
  Producer lanes (four, {4});
  lanes.managed.dl_tensor.dtype.lanes = 2;
  expect_refusal (lanes, Fault::wrong_type, "Unsupported tensor type");
  Producer nan (std::vector<float> {0, NAN}, {2});
  expect_refusal (nan, Fault::decode, "Sample 1 is nan");
}

}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/memory/types", test_types);
  g_test_add_func ("/memory/strides", test_strides);
  g_test_add_func ("/memory/long", test_long);
  g_test_add_func ("/memory/refused", test_refused);
  return g_test_run ();
}
