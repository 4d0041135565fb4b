/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The readers of .safetensors, .npy and .pt: what they find in good files and
 * how they refuse bad ones. */

#include "error.hpp"
#include "file.hpp"
#include "layout.hpp"
#include "samplereader.hpp"
#include "tensorfile.hpp"
#include "writers.hpp"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace genaudio;
using writers::bytes_of;
using writers::dict;
using writers::number;
using writers::text;
using writers::tuple;

/* A file of those bytes, as long as it is needed. */
struct Scratch
{
  std::string path;

  explicit Scratch (const std::string & bytes)
  {
    gchar *name = nullptr;
    const int fd = g_file_open_tmp ("readers-XXXXXX", &name, nullptr);

    g_assert_cmpint (fd, >=, 0);
    close (fd);
    path = name;
    g_free (name);
    writers::write_file (path, bytes);
  }

  ~Scratch () { g_unlink (path.c_str ()); }
};

/* The samples of the only item, or of entry @entry of the tensor @name. */
static std::vector<double>
play (const std::string & bytes, const std::string & name = "",
    Layout layout = Layout::automatic, std::uint64_t entry = 0,
    NonFinite policy = NonFinite::error)
{
  const Scratch scratch (bytes);
  const File file (scratch.path);
  const Contents contents = read_tensor_file (file);
  const Tensor & tensor = select_tensor (contents, name);
  const AudioView view = view_as_audio (tensor, layout).entry (entry);
  SampleReader reader (file, view, policy);
  const std::size_t n = view.channels * view.frames;
  std::vector<double> samples (n);

  if (needs_double (view.dtype)) {
    reader.read (0, view.frames, samples.data ());
  } else {
    std::vector<float> floats (n);
    reader.read (0, view.frames, floats.data ());
    samples.assign (floats.begin (), floats.end ());
  }
  file.check_unchanged ();
  return samples;
}

static void
expect_samples (const std::vector<double> & samples,
    const std::vector<double> & expected)
{
  g_assert_cmpuint (samples.size (), ==, expected.size ());
  for (std::size_t i = 0; i < samples.size (); i++)
    g_assert_cmpfloat (samples[i], ==, expected[i]);
}

/* Reading and playing it must fail in that way, and say so. */
static void
expect_refusal (const std::string & bytes, Fault fault, const char *part,
    Layout layout = Layout::automatic)
{
  try {
    play (bytes, "", layout);
  } catch (const Error & error) {
    if (strstr (error.what (), part) == nullptr || error.fault () != fault)
      g_error ("expected \"%s\", fault %d; got \"%s\", fault %d", part,
          static_cast<int> (fault), error.what (),
          static_cast<int> (error.fault ()));
    return;
  }
  g_error ("accepted what must be refused: %s", part);
}

static const std::string quarter = bytes_of<float> ({0.25f});
static const std::string four = bytes_of<float> ({0.0f, 0.25f, 0.5f, 0.75f});
static const std::string eight =
    bytes_of<float> ({0, 0.125f, 0.25f, 0.375f, 0.5f, 0.625f, 0.75f, 0.875f});

/* -- dtypes */

struct DTypeCase
{
  const char *safetensors, *numpy, *storage;
  std::string data;
  std::vector<double> samples;
};

static void
test_dtypes ()
{
  const std::uint16_t half[] = {0x0000, 0x3c00, 0xb800, 0x0001, 0x83ff, 0x3555};
  const DTypeCase cases[] = {
    {"F32", "'<f4'", "FloatStorage", bytes_of<float> ({0.5f, -1.0f, 0x1p-149f}),
        {0.5, -1.0, 0x1p-149}},
    {"F64", "'<f8'", "DoubleStorage", bytes_of<double> ({0.1, -1.0, 0x1p-1074}),
        {0.1, -1.0, 0x1p-1074}},
    {"F16", "'<f2'", "HalfStorage",
        bytes_of (std::vector<std::uint16_t> (std::begin (half),
                std::end (half))),
        {0.0, 1.0, -0.5, 0x1p-24, -1023 * 0x1p-24, 1365 * 0x1p-12}},
    {"BF16", nullptr, "BFloat16Storage",
        bytes_of<std::uint16_t> ({0x3f80, 0xbf00, 0x3e80}), {1.0, -0.5, 0.25}},
    {"I16", "'<i2'", "ShortStorage",
        bytes_of<std::int16_t> ({-32768, 32767, 16384}),
        {-1.0, 32767.0 / 32768.0, 0.5}},
    {"I32", "'<i4'", "IntStorage",
        bytes_of<std::int32_t> ({INT32_MIN, 1 << 30, INT32_MAX}),
        {-1.0, 0.5, 1 - 0x1p-31}},
  };

  for (const DTypeCase & c : cases) {
    const std::uint64_t n = c.samples.size ();
    const auto count = static_cast<std::int64_t> (n);
    expect_samples (play (writers::safetensors ("a", c.safetensors, {n},
                c.data)), c.samples);
    if (c.numpy != nullptr)
      expect_samples (play (writers::npy (c.numpy, false, {n}, c.data)),
          c.samples);
    expect_samples (play (writers::torch_save (writers::tensor (c.storage, "0",
                    count, 0, {count}, {1}), c.data)), c.samples);
  }
}

static void
test_every_half ()
{
  std::vector<std::uint16_t> halves;

  for (unsigned i = 0; i < 0x10000; i++) {
    if ((i & 0x7c00) != 0x7c00)
      halves.push_back (static_cast<std::uint16_t> (i));
  }
  const std::vector<double> samples = play (writers::safetensors ("a", "F16",
          {halves.size ()}, bytes_of (halves)));
  for (std::size_t i = 0; i < halves.size (); i++) {
    const int exponent = halves[i] >> 10 & 31, mantissa = halves[i] & 1023;
    const double magnitude = exponent == 0 ? std::ldexp (mantissa, -24)
        : std::ldexp (1024 + mantissa, exponent - 25);
    g_assert_cmpfloat (samples[i], ==,
        halves[i] & 0x8000 ? -magnitude : magnitude);
  }
}

static void
test_byte_orders ()
{
  std::string swapped = four;

  for (std::size_t i = 0; i < swapped.size (); i += 4)
    std::swap (swapped[i], swapped[i + 3]), std::swap (swapped[i + 1],
        swapped[i + 2]);
  const std::string pickle = writers::tensor ("FloatStorage", "0", 4, 0, {4}, {1});
  expect_samples (play (writers::npy ("'>f4'", false, {4}, swapped)),
      {0, 0.25, 0.5, 0.75});
  expect_samples (play (writers::npy ("'=f4'", false, {4}, four)),
      {0, 0.25, 0.5, 0.75});
  expect_samples (play (writers::torch_save (pickle, swapped, "big")),
      {0, 0.25, 0.5, 0.75});
  expect_samples (play (writers::torch_save (pickle, four, "little")),
      {0, 0.25, 0.5, 0.75});
  expect_refusal (writers::torch_save (pickle, four, "middle"), Fault::decode,
      "byte order");
}

static void
test_other_dtypes ()
{
  expect_refusal (writers::safetensors ("a", "I64", {1}, std::string (8, '\0')),
      Fault::wrong_type, "I64");
  /* 8 bits are audio in tensors of a process, not in files */
  expect_refusal (writers::safetensors ("a", "U8", {1}, "x"),
      Fault::wrong_type, "Unsupported tensor type: dtype U8");
  expect_refusal (writers::safetensors ("a", "Q9", {1}, "x"), Fault::format,
      "Q9");
  expect_refusal (writers::npy ("'<i8'", false, {1}, std::string (8, '\0')),
      Fault::wrong_type, "<i8");
  expect_refusal (writers::npy ("'<c8'", false, {1}, std::string (8, '\0')),
      Fault::wrong_type, "<c8");
  expect_refusal (writers::npy ("'|V2'", false, {1}, "xx"), Fault::wrong_type,
      "V2");
  expect_refusal (writers::npy ("'|O'", false, {1}, "xx"), Fault::wrong_type,
      "pickled");
  expect_refusal (writers::npy ("[('a', '<f4')]", false, {1}, quarter),
      Fault::wrong_type, "records");
  expect_refusal (writers::npy ("''", false, {1}, quarter), Fault::wrong_type,
      "dtype");
  expect_refusal (writers::torch_save (writers::tensor ("LongStorage", "0", 1,
              0, {1}, {1}), std::string (8, '\0')), Fault::wrong_type, "I64");
  expect_refusal (writers::torch_save (writers::tensor ("QInt8Storage", "0", 1,
              0, {1}, {1}), "x"), Fault::wrong_type, "QInt8Storage");
}

/* -- shapes */

static std::string
shaped (const std::vector<std::uint64_t> & shape)
{
  std::uint64_t n = 1;

  for (const std::uint64_t size : shape)
    n *= size;
  std::vector<float> samples;
  for (std::uint64_t i = 0; i < n; i++)
    samples.push_back (static_cast<float> (i) / 1024);
  return writers::safetensors ("a", "F32", shape, bytes_of (samples));
}

static void
expect_view (const std::vector<std::uint64_t> & shape, Layout layout,
    unsigned channels, std::uint64_t frames, std::uint64_t entries)
{
  const Scratch scratch (shaped (shape));
  const File file (scratch.path);
  const Contents contents = read_tensor_file (file);
  const AudioBatch batch = view_as_audio (contents.tensors[0], layout);

  g_assert_cmpuint (batch.first.channels, ==, channels);
  g_assert_cmpuint (batch.first.frames, ==, frames);
  g_assert_cmpuint (batch.entries, ==, entries);
}

static void
test_shapes ()
{
  const Layout automatic = Layout::automatic;
  const Layout first = Layout::channels_first, last = Layout::channels_last;

  expect_view ({9}, automatic, 1, 9, 1);
  expect_view ({9}, last, 1, 9, 1);
  expect_view ({1, 1}, automatic, 1, 1, 1);
  expect_view ({1, 9}, automatic, 1, 9, 1);
  expect_view ({2, 9}, automatic, 2, 9, 1);
  expect_view ({9, 1}, automatic, 1, 9, 1);
  expect_view ({9, 2}, automatic, 2, 9, 1);
  expect_view ({2, 2}, first, 2, 2, 1);
  expect_view ({2, 3}, last, 3, 2, 1);
  expect_view ({4, 9}, first, 4, 9, 1);
  expect_view ({8, 9}, first, 8, 9, 1);
  expect_view ({9, 6}, last, 6, 9, 1);
  expect_view ({3, 2, 9}, automatic, 2, 9, 3);
  expect_view ({3, 1, 9}, automatic, 1, 9, 3);
  expect_view ({3, 6, 9}, automatic, 6, 9, 3);
  expect_view ({3, 9, 2}, automatic, 2, 9, 3);
  expect_view ({1, 2, 9}, automatic, 2, 9, 1);
  expect_view ({5, 9, 6}, last, 6, 9, 5);
}

static void
test_refused_shapes ()
{
  expect_refusal (shaped ({4, 9}), Fault::format,
      "4 channels of 9 samples or a batch of 4 mono items");
  expect_refusal (shaped ({3, 3}), Fault::format, "set layout=");
  expect_refusal (shaped ({9, 4}), Fault::format, "layout=channels-last");
  expect_refusal (shaped ({2, 2}), Fault::format, "could be");
  expect_refusal (shaped ({2, 4, 2}), Fault::format, "could be");
  expect_refusal (shaped ({9, 9}), Fault::format, "neither 9 nor 9");
  expect_refusal (shaped ({9, 9}), Fault::format, "has 9 channels",
      Layout::channels_first);
  expect_refusal (shaped ({2, 9}), Fault::format, "has 9 channels",
      Layout::channels_last);
  expect_refusal (shaped ({1, 1, 2, 9}), Fault::format, "is not audio");
  expect_refusal (shaped ({}), Fault::format, "is not audio");
  for (const auto & shape : std::vector<std::vector<std::uint64_t>> {
          {0}, {2, 0}, {0, 9}, {0, 2, 9}, {3, 2, 0}})
    expect_refusal (shaped (shape), Fault::format, "no samples");
}

static void
test_orders ()
{
  /* channel c, frame t is c * 0.5 + t * 0.125 */
  const std::vector<double> expected = {0, 0.5, 0.125, 0.625, 0.25, 0.75,
    0.375, 0.875};
  const std::string turned = bytes_of<float> ({0, 0.5f, 0.125f, 0.625f, 0.25f,
          0.75f, 0.375f, 0.875f});
  const auto pt = [&] (const std::string & data, std::int64_t offset,
      const std::vector<std::int64_t> & shape,
      const std::vector<std::int64_t> & strides) {
    return writers::torch_save (writers::tensor ("FloatStorage", "0",
            static_cast<std::int64_t> (data.size () / 4), offset, shape,
            strides), data);
  };

  expect_samples (play (writers::safetensors ("a", "F32", {2, 4}, eight)),
      expected);
  expect_samples (play (writers::safetensors ("a", "F32", {4, 2}, turned)),
      expected);
  expect_samples (play (writers::npy ("'<f4'", false, {2, 4}, eight)),
      expected);
  expect_samples (play (writers::npy ("'<f4'", true, {2, 4}, turned)),
      expected);
  expect_samples (play (pt (eight, 0, {2, 4}, {4, 1})), expected);
  /* .t (): not contiguous */
  expect_samples (play (pt (eight, 0, {4, 2}, {1, 4})), expected);
  /* a view at an offset */
  expect_samples (play (pt (eight, 4, {4}, {1})), {0.5, 0.625, 0.75, 0.875});
  /* [::2], near and far apart */
  expect_samples (play (pt (eight, 1, {3}, {2})), {0.125, 0.375, 0.625});
  std::vector<float> sparse (3000);
  sparse[2000] = 0.5f;
  expect_samples (play (pt (bytes_of (sparse), 0, {3}, {1000})), {0, 0, 0.5});
  /* mono expanded to stereo */
  expect_samples (play (pt (four, 0, {2, 4}, {0, 1})),
      {0, 0, 0.25, 0.25, 0.5, 0.5, 0.75, 0.75});
  /* one channel of interleaved ones */
  expect_samples (play (pt (turned, 1, {4}, {2})), {0.5, 0.625, 0.75, 0.875});
  /* the second entry of a batch */
  expect_samples (play (writers::safetensors ("a", "F32", {2, 1, 4}, eight),
          "", Layout::automatic, 1), {0.5, 0.625, 0.75, 0.875});
}

/* longer than a chunk, every number of channels, begun anywhere */
static void
test_chunks ()
{
  constexpr std::uint64_t frames = 10007;

  for (unsigned channels = 1; channels <= 8; channels++) {
    std::vector<float> planar (channels * frames);
    for (std::size_t i = 0; i < planar.size (); i++)
      planar[i] = static_cast<float> (i) * 0x1p-17f;
    const Scratch scratch (writers::safetensors ("a", "F32", {1, channels, frames},
            bytes_of (planar)));
    const File file (scratch.path);
    const Contents contents = read_tensor_file (file);
    SampleReader reader (file, view_as_audio (contents.tensors[0],
            Layout::channels_first).first, NonFinite::error);
    for (const std::uint64_t start : {0, 1, 4096, 10006}) {
      std::vector<float> out (channels * (frames - start));
      reader.read (start, frames - start, out.data ());
      for (std::uint64_t t = start; t < frames; t += 7) {
        for (unsigned c = 0; c < channels; c++)
          g_assert_cmpfloat (out[(t - start) * channels + c], ==,
              planar[c * frames + t]);
      }
    }
  }
}

static void
test_sample_values ()
{
  const std::string bad = bytes_of<float> ({0.5f, NAN, -INFINITY, 2.0f});
  const std::string file = writers::safetensors ("a", "F32", {4}, bad);

  expect_refusal (file, Fault::decode, "Sample 1 is");
  expect_samples (play (file, "", Layout::automatic, 0, NonFinite::zero),
      {0.5, 0, 0, 2.0});
  expect_refusal (writers::safetensors ("a", "F16", {1},
          writers::little (0x7c00, 2)), Fault::decode, "inf");
  expect_refusal (writers::safetensors ("a", "BF16", {1},
          writers::little (0xffc0, 2)), Fault::decode, "nan");
  expect_refusal (writers::safetensors ("a", "F64", {1},
          bytes_of<double> ({HUGE_VAL})), Fault::decode, "inf");

  std::vector<float> floats = {1.0f, -1.0f, 1.0000001f, -2.0f, 0.0f, -0.0f};
  std::vector<double> doubles = {1.0, -1.0, 1.0000000000000002, -2.0, 0.0};
  g_assert_cmpuint (check_samples (std::span<float> (floats), 0,
          NonFinite::error), ==, 2);
  g_assert_cmpuint (check_samples (std::span<double> (doubles), 0,
          NonFinite::error), ==, 2);
}

/* -- names, rates and metadata */

static Contents
contents_of (const std::string & bytes)
{
  const Scratch scratch (bytes);
  const File file (scratch.path);

  return read_tensor_file (file);
}

static std::string
entry_of (const Contents & contents, const std::string & key)
{
  for (const auto & [name, value] : free_metadata (contents)) {
    if (name == key)
      return value;
  }
  return "(none)";
}

static void
expect_entry (const Contents & contents, const std::string & key,
    const std::string & value)
{
  const std::string found = entry_of (contents, key);

  g_assert_cmpstr (found.c_str (), ==, value.c_str ());
}

static const std::string a_tensor =
    writers::tensor ("FloatStorage", "0", 4, 0, {4}, {1});

static void
test_dicts ()
{
  const Contents contents = contents_of (writers::torch_save (dict ({
              text ("prompt"), text ("Grüße"), text ("seed"),
              std::string ("\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\x00", 11),
              text ("guidance"), std::string ("G\x40\x0c\0\0\0\0\0\0", 9),
              text ("loop"), "\x88", text ("nothing"), "N",
              text ("audio"), dict ({text ("waveform"), a_tensor,
                  text ("sample_rate"), number (44100)}),
              text ("sample_rate"), number (8000), number (7), text ("seven")}),
          four));

  g_assert_cmpuint (contents.tensors.size (), ==, 1);
  g_assert_cmpstr (contents.tensors[0].name.c_str (), ==, "audio.waveform");
  g_assert_cmpint (*find_rate (contents, contents.tensors[0]), ==, 44100);
  expect_entry (contents, "prompt", "Grüße");
  expect_entry (contents, "seed", "18446744073709551615");
  expect_entry (contents, "guidance", "3.5");
  expect_entry (contents, "loop", "true");
  expect_entry (contents, "7", "seven");
  expect_entry (contents, "nothing", "(none)");
  expect_entry (contents, "sample_rate", "(none)");
}

static void
expect_rate (const std::string & bytes, int rate)
{
  const Contents contents = contents_of (bytes);

  g_assert_cmpint (find_rate (contents, contents.tensors[0]).value_or (-1), ==,
      rate);
}

static void
expect_rate_refused (const std::string & bytes, const char *part)
{
  const Contents contents = contents_of (bytes);

  try {
    find_rate (contents, contents.tensors[0]);
  } catch (const Error & error) {
    g_assert_nonnull (strstr (error.what (), part));
    return;
  }
  g_error ("accepted a rate that is none: %s", part);
}

static void
test_rates ()
{
  const auto st = [] (const char *metadata) {
    return writers::safetensors ("a", "F32", {1}, quarter, metadata);
  };
  const auto pt = [] (const std::string & pickle) {
    return writers::torch_save (pickle, four);
  };
  const std::string long_scalar = writers::torch_save (dict ({text ("audio"),
              writers::tensor ("FloatStorage", "0", 4, 0, {2}, {1}),
              text ("sr"), writers::tensor ("LongStorage", "0", 2, 1, {}, {})}),
      writers::little (0, 8) + writers::little (48000, 8));

  expect_rate (st (""), -1);
  expect_rate (st ("{\"sample_rate\":\"24000\"}"), 24000);
  expect_rate (st ("{\"sampling_rate\":\"24000.0\"}"), 24000);
  expect_rate (st ("{\"sr\":\"1\",\"sample_rate\":\"2\"}"), 2);
  expect_rate (pt (tuple ({a_tensor, number (44100)})), 44100);
  expect_rate (pt (tuple ({number (16000), a_tensor})), 16000);
  expect_rate (pt (dict ({text ("sr"), number (22050), text ("x"), a_tensor})),
      22050);
  expect_rate (long_scalar, 48000);
  for (const char *wrong : {"0", "-1", "44100.5", "44.1k", "", "nan", "1e10",
          " 8000", "0x10"})
    expect_rate_refused (st (("{\"sample_rate\":\"" + std::string (wrong)
                + "\"}").c_str ()), "not a sample rate");
  expect_rate_refused (pt (tuple ({a_tensor, number (-5)})), "\"-5\"");
}

static void
test_selection ()
{
  const std::string both = writers::safetensors (
      "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
      "\"wav\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}",
      four);
  const std::string neither = writers::safetensors (
      "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
      "\"y\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}",
      four);

  expect_samples (play (both), {0.5, 0.75});
  expect_samples (play (both, "x"), {0, 0.25});
  expect_refusal (neither, Fault::settings, "\"x\" F32 [2], \"y\" F32 [2]");
  expect_refusal (writers::safetensors ("{}", ""), Fault::format, "no tensor");
  try {
    play (both, "z");
    g_error ("found a tensor that is not there");
  } catch (const Error & error) {
    g_assert_true (error.fault () == Fault::settings);
    g_assert_nonnull (strstr (error.what (), "\"z\""));
  }

  const Contents list = contents_of (writers::torch_save (tuple ({a_tensor,
              a_tensor}), four));
  g_assert_true (list.list);
  g_assert_cmpstr (list.tensors[1].name.c_str (), ==, "1");
}

/* -- bad safetensors */

static void
test_bad_safetensors ()
{
  const auto bad = [] (const std::string & header, const std::string & data,
      const char *part) {
    expect_refusal (writers::safetensors (header, data), Fault::decode, part);
  };
  const std::string good =
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}";
  const auto with = [&good] (const char *from, const char *to) {
    std::string header = good;
    return header.replace (header.find (from), strlen (from), to);
  };
  std::string deep = "{\"a\":";

  expect_refusal (writers::little (UINT64_MAX, 8) + good + four, Fault::decode,
      "18446744073709551615 bytes");
  expect_refusal (writers::little (99'999'999, 8) + good + four, Fault::decode,
      "truncated");
  expect_refusal (writers::little (good.size () - 1, 8) + good + four,
      Fault::decode, "JSON");
  bad (good, four.substr (0, 12), "truncated");
  bad (good, four + "x", "end at byte 16 of 17");
  bad (with ("[0,16]", "[4,20]"), four + four, "where byte 0 comes next");
  bad (with ("[0,16]", "[16,0]"), four, "data_offsets");
  bad (with ("[0,16]", "[0,16,16]"), four, "data_offsets");
  bad (with ("[0,16]", "[0,18446744073709551616]"), four,
      "18446744073709551616");
  bad (with ("[0,16]", "[-16,0]"), four, "\"-16\"");
  bad (with ("[4]", "[5]"), four, "not what F32 [5] takes");
  bad (with ("[4]", "[4.0]"), four, "4.0");
  bad (with ("[4]", "[\"4\"]"), four, "size or an offset");
  bad (with ("[4]", "[4611686018427387905,4]"), four, "counted");
  bad (with ("[4]", "[0,18446744073709551615,18446744073709551615]"), "",
      "counted");
  bad (with ("\"F32\"", "32"), four, "dtype");
  bad (with ("\"shape\"", "\"form\""), four, "shape");
  bad ("{\"a\":7}", "", "something else");
  expect_refusal (writers::safetensors ("[1]", ""), Fault::format,
      "not a tensor file");
  bad ("{\"a\":1,\"a\":2}", "", "occurs twice");
  bad ("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", "", "occurs twice");
  bad ("{\"__metadata__\":{\"a\":1}}", "", "not a string");
  bad ("{\"__metadata__\":7}", "", "not an object");
  bad ("{\"a\":\"\\ud800\"}", "", "surrogate");
  bad ("{\"a\":\"\\x\"}", "", "escape");
  bad ("{\"a\":\"\xff\"}", "", "UTF-8");
  bad ("{\"a\":\"\n\"}", "", "control");
  bad ("{\"a\":01}", "", "value");
  bad ("{\"a\":1,}", "", "expected");
  for (int i = 0; i < 100000; i++)
    deep += "[";
  bad (deep, "", "nested too deep");
  std::string many = "{\"a\":[0";
  for (int i = 0; i < 1'000'000; i++)
    many += ",0";
  bad (many + "]}", "", "more than 1000000 values");
  bad ("{\"" + std::string (5000, 'n') + "\":{}}", "", "name of 5000 bytes");
  std::string ones = "[4";
  for (int i = 0; i < 64; i++)
    ones += ",1";
  bad (with ("[4]", (ones + "]").c_str ()), four, "65 dimensions");
}

/* what is said of a file does not grow with it */
static void
test_long_messages ()
{
  try {
    play (writers::safetensors ("{\"" + std::string (4000, 'n') + "\":{}}",
            ""));
    g_error ("accepted a tensor without anything");
  } catch (const Error & error) {
    g_assert_cmpuint (strlen (error.what ()), <, 1100);
  }
}

static void
test_good_json ()
{
  const Contents contents = contents_of (writers::safetensors ("a", "F32", {1},
          quarter, "{\"k\\u00e9y\" : \"\\\"\\\\\\/\\b\\f\\n\\r\\t\\ud83d\\ude00\" } "));

  expect_entry (contents, "kéy", "\"\\/\b\f\n\r\t😀");
}

static void
test_metadata_limit ()
{
  expect_refusal (writers::safetensors ("a", "F32", {1}, quarter,
          "{\"x\":\"" + std::string (5 << 20, 'x') + "\"}"), Fault::format,
      "beside its tensors");
}

/* -- bad .npy */

static void
test_bad_npy ()
{
  const auto bad = [] (const std::string & header, const char *part) {
    expect_refusal ("\x93NUMPY" + std::string ("\1\0", 2)
        + writers::little (header.size (), 2) + header + four, Fault::decode,
        part);
  };
  const std::string good = writers::npy ("'<f4'", false, {4}, four);

  expect_samples (play (writers::npy ("'<f4'", false, {4}, four, 2)),
      {0, 0.25, 0.5, 0.75});
  expect_samples (play (writers::npy ("'<f4'", false, {4}, four, 3)),
      {0, 0.25, 0.5, 0.75});
  bad ("{'shape': (4L,), 'descr': '<f4', 'fortran_order': False", "expected");
  bad ("{'descr': '<f4', 'fortran_order': False, }", "lacks");
  bad ("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, "
      "'shape': (4,), }", "unexpected key");
  bad ("{'descr': '<f4', 'fortran_order': 1, 'shape': (4,), }",
      "True or False");
  bad ("{'descr': '<f4', 'fortran_order': False, 'shape': (-4,), }", "size");
  bad ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999"
      ",), }", "size");
  bad ("{'descr': '<f4', 'fortran_order': False, 'shape': (4,), } x", "behind");
  bad ("{'descr': '<f4', 'fortran_order': False, 'shape': (4 4), }", "expected");
  bad ("{'descr': '<f\\x34', 'fortran_order': False, 'shape': (4,), }",
      "escape");
  bad ("{'descr': '<f4", "does not end");
  bad ("", "expected");
  expect_refusal (writers::npy ("'<f4'", false, {5}, four), Fault::decode,
      "truncated");
  expect_refusal (writers::npy ("'<f4'", false, {1ull << 62, 16}, four),
      Fault::decode, "counted");
  expect_refusal (good.substr (0, 40), Fault::decode, "truncated");
  expect_refusal ("\x93NUMPY" + std::string ("\4\0", 2) + good.substr (8),
      Fault::format, "version 4");
  expect_refusal ("\x93NUMPY" + std::string ("\2\0", 2)
      + writers::little (0xffffffff, 4) + four, Fault::decode, "at most");
}

/* -- bad .pt */

static std::string
pt (const std::string & pickle, const std::string & data = four)
{
  return writers::torch_save (pickle, data);
}

static void
test_bad_tensors ()
{
  const auto tensor = [] (std::int64_t elements, std::int64_t offset,
      const std::vector<std::int64_t> & shape,
      const std::vector<std::int64_t> & strides) {
    return pt (writers::tensor ("FloatStorage", "0", elements, offset, shape,
            strides));
  };
  const std::int64_t huge = INT64_MAX;

  expect_refusal (tensor (1 << 20, 0, {1 << 20}, {1}), Fault::decode,
      "only 16 bytes");
  expect_refusal (tensor (huge, 0, {4}, {1}), Fault::decode, "only 16 bytes");
  expect_refusal (tensor (4, 0, {2, 1000}, {1000, 1}), Fault::decode,
      "reaches beyond");
  expect_refusal (tensor (4, 1, {4}, {1}), Fault::decode, "reaches beyond");
  expect_refusal (tensor (4, 1000, {1}, {1}), Fault::decode, "reaches beyond");
  expect_refusal (tensor (4, huge, {2}, {huge}), Fault::decode,
      "reaches beyond");
  expect_refusal (tensor (4, 0, {huge, huge}, {0, 0}), Fault::decode,
      "counted");
  expect_refusal (tensor (4, 0, {2, 2, 2}, {huge, huge, huge}), Fault::decode,
      "reaches beyond");
  expect_refusal (tensor (4, -10, {1}, {1}), Fault::decode, "offset -10");
  expect_refusal (tensor (4, 0, {4}, {-1}), Fault::decode, "stride -1");
  expect_refusal (tensor (4, 0, {-4}, {1}), Fault::decode, "size -4");
  expect_refusal (tensor (-4, 0, {4}, {1}), Fault::decode, "size -4");
  expect_refusal (tensor (4, 0, {4}, {1, 1}), Fault::decode, "2 strides");
  expect_refusal (tensor (4, 0, std::vector<std::int64_t> (65, 1),
          std::vector<std::int64_t> (65, 1)), Fault::decode, "65 dimensions");
  expect_refusal (tensor (4, 0, {1000000}, {0}), Fault::format, "repeats");
  expect_refusal (tensor (4, 0, {1000000, 1, 4}, {0, 0, 1}), Fault::format,
      "repeats");
  expect_refusal (tensor (4, 0, {0}, {1}), Fault::format, "no samples");
  expect_refusal (pt (writers::tensor ("FloatStorage", "1", 4, 0, {4}, {1})),
      Fault::decode, "archive/data/1");
  expect_refusal (pt (writers::tensor ("FloatStorage", "../data.pkl", 4, 0, {4},
              {1})), Fault::decode, "lacks the record");
  /* where it was does not matter, whatever it says */
  for (const char *device : {"cuda:0", "mps", "meta", "", "cuda:99999999999"})
    expect_samples (play (pt (writers::tensor ("FloatStorage", "0", 4, 0, {4},
                    {1}, device))), {0, 0.25, 0.5, 0.75});
}

static void
test_bad_pickles ()
{
  const std::string rebuild = "ctorch._utils\n_rebuild_tensor_v2\n";
  const auto bad = [] (const std::string & pickle, const char *part) {
    expect_refusal (pt (pickle), Fault::decode, part);
  };
  std::string deep, wide = ")", loop = "]q\0";

  bad ("", "stack is empty");
  bad ("a", "stack is empty");
  bad ("]NNu", "lacks a mark");
  bad ("(]N(a", "stack is empty");
  bad ("NNa", "neither a list nor a dict");
  bad ("}(NNNu", "no value");
  bad ("(Nd", "no value");
  bad ("h\7", "does not have");
  bad (std::string ("j\xff\xff\xff\x7f", 5), "does not have");
  bad ("NNR", "no function");
  bad ("ctorch\nFloatStorage\n)R", "a call of");
  bad (rebuild + ")R", "without a storage");
  bad (rebuild + tuple ({number (1)}) + "R", "without a storage");
  bad (rebuild + "(" + number (1) + "QtR", "without a storage");
  bad ("NNb", "no dict");
  bad ("K\1K\2\x93", "not a string");
  bad (std::string ("X\xff\xff\xff\xff", 5) + "x", "too early");
  bad (std::string ("\x8d\xff\xff\xff\xff\xff\xff\xff\xff", 9) + "x",
      "too early");
  bad ("ctorch", "does not end");
  bad ("\x80\x09N", "protocol");
  expect_refusal (pt (std::string ("\x8a\x11", 2) + std::string (17, 'x')),
      Fault::format, "17 bytes");
  expect_refusal (pt (dict ({"N", a_tensor})), Fault::format, "dict whose keys");

  for (int i = 0; i < 100000; i++)
    deep += "(";
  deep += a_tensor;
  for (int i = 0; i < 100000; i++)
    deep += "t";
  bad (deep, "nested deeper");
  bad (std::string ("]q\0h\0a", 6), "nested deeper");     /* within itself */
  /* each is two of the one before: 2 ^ 30 in all */
  wide = a_tensor + std::string ("q\0", 2);
  for (char i = 0; i < 30; i++)
    wide += std::string ("h") + i + "h" + i + "\x86q"
        + static_cast<char> (i + 1);
  bad (wide, "refers to more than");
  bad (std::string (1'000'001, ')'), "more than 1000000 values");
}

/* Nothing is executed and everything is named. */
static void
test_code ()
{
  const auto refused = [] (const std::string & pickle, const char *part) {
    expect_refusal (pt (pickle), Fault::format, part);
  };

  refused ("cposix\nsystem\n" + tuple ({text ("touch /tmp/owned")}) + "R",
      "\"posix.system\"");
  refused (text ("os") + text ("system") + "\x93", "\"os.system\"");
  refused (dict ({text ("a"), "cbuiltins\neval\n" + tuple ({text ("1")})
              + "R"}), "\"builtins.eval\"");
  refused ("ctorch\nload\n", "\"torch.load\"");
  refused ("ctorch.nn.modules.linear\nLinear\n)\x81}b", "`model`");
  refused (")\x81", "opcode 0x81");
  refused ("i__main__\nX\n", "opcode 0x69");
  refused ("I01\n", "opcode 0x49");
  refused ("P1\n", "opcode 0x50");
}

static void
test_bad_zips ()
{
  const std::string pickle = "\x80\x02" + a_tensor + ".";
  const auto archive = [&] (writers::Record record) {
    return writers::zip ({{"archive/data.pkl", pickle}, record});
  };
  const std::string good = archive ({"archive/data/0", four});

  expect_samples (play (good), {0, 0.25, 0.5, 0.75});
  expect_refusal (archive ({"archive/data/0", four, 8}), Fault::format,
      "compressed");
  expect_refusal (archive ({"archive/data/0", four, 0, 1}), Fault::format,
      "encrypted");
  expect_refusal (archive ({"archive/data/0", four, 0, 0, "archive/data/1"}),
      Fault::decode, "not where");
  expect_refusal (archive ({"archive/data/0", four, 0, 0, "", 1 << 30}),
      Fault::decode, "truncated");
  expect_refusal (archive ({"archive/data/0", "", 0, 0, "", 0}),
      Fault::decode, "only 0 bytes");
  expect_refusal (archive ({"other/data/0", four}), Fault::decode,
      "lacks the record \"archive/data/0\"");
  expect_refusal (writers::zip ({{"data.pkl", pickle}}), Fault::format,
      "no data.pkl");
  expect_refusal (writers::zip ({{"a/data.pkl", pickle},
              {"b/data.pkl", pickle}}), Fault::decode, "two data.pkl");
  expect_refusal (writers::zip ({{"a/data.pkl", pickle},
              {"a/data.pkl", pickle}}), Fault::decode, "twice");
  expect_refusal (writers::zip ({{"a/data.pkl", pickle},
              {"a/constants.pkl", pickle}}), Fault::format, "TorchScript");
  expect_refusal (writers::zip ({{"x.npy", four}}), Fault::format, ".npz");
  expect_refusal (good.substr (0, good.size () - 40), Fault::decode,
      "directory");
  for (std::size_t n = 22; n < good.size (); n += 5) {
    const std::string cut = good.substr (0, n);
    try {
      play (cut);
      g_error ("played %zu of %zu bytes", n, good.size ());
    } catch (const Error &) {
    }
  }
}

static void
test_zip64 ()
{
  const std::vector<writers::Record> records = {
    {"archive/data.pkl", "\x80\x02" + a_tensor + "."},
    {"archive/data/0", four},
  };
  const std::string good = writers::zip (records, true);
  const auto patched = [&good] (std::size_t from_end, const char *bytes) {
    std::string bad = good;
    return bad.replace (bad.size () - from_end, strlen (bytes), bytes);
  };

  expect_samples (play (good), {0, 0.25, 0.5, 0.75});
  /* from the end: 22 bytes, the locator's 20 and the record's 56 */
  expect_refusal (patched (98, "XXXX"), Fault::decode, "ZIP64");
  expect_refusal (patched (34, "\xff\xff\xff\xff\xff\xff\xff\xff"),
      Fault::decode, "beyond its end");
  expect_refusal (patched (50, "\xff\xff\xff\xff\xff\xff\xff\xff"),
      Fault::decode, "beyond its end");
  expect_refusal (patched (58, "\xff\xff\xff\xff\xff\xff\xff\xff"),
      Fault::decode, "is said to have");
  expect_refusal (patched (66, "\xff\xff\xff\xff\xff\xff\xff\xff"),
      Fault::decode, "broken at entry 2");
}

static void
test_other_files ()
{
  expect_refusal ("", Fault::decode, "empty");
  expect_refusal ("x", Fault::format, "not a tensor file");
  expect_refusal ("RIFF....WAVEfmt ", Fault::format, "not a tensor file");
  expect_refusal (std::string ("\x80\x04\x95", 3) + std::string (20, 'x'),
      Fault::format, "pickled object");
  expect_refusal (std::string (
          "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15),
      Fault::format, "before PyTorch 1.6");
}

/* -- the file itself */

static void
expect_open_refused (const std::string & path, Fault fault)
{
  try {
    const File file (path);
  } catch (const Error & error) {
    g_assert_true (error.fault () == fault);
    return;
  }
  g_error ("opened %s", path.c_str ());
}

static void
test_opening ()
{
  const Scratch scratch ("x");

  expect_open_refused ("/nowhere/at/all", Fault::not_found);
  expect_open_refused (scratch.path + "/x", Fault::not_found);
  expect_open_refused ("/", Fault::open_read);
  expect_open_refused ("/dev/null", Fault::open_read);
  if (geteuid () != 0) {
    g_chmod (scratch.path.c_str (), 0);
    expect_open_refused (scratch.path, Fault::open_read);
  }
}

static void
expect_changed (const File & file, const char *part)
{
  try {
    file.check_unchanged ();
  } catch (const Error & error) {
    g_assert_true (error.fault () == Fault::decode);
    g_assert_nonnull (strstr (error.what (), part));
    return;
  }
  g_error ("a change was missed: %s", part);
}

static void
test_changes ()
{
  const Scratch scratch (std::string (100, 'x'));
  const File file (scratch.path);
  char bytes[100];

  file.check_unchanged ();
  const struct timespec times[2] = {{0, UTIME_OMIT}, {12345, 678}};
  g_assert_cmpint (utimensat (AT_FDCWD, scratch.path.c_str (), times, 0), ==,
      0);
  expect_changed (file, "written to");
  g_assert_cmpint (truncate (scratch.path.c_str (), 50), ==, 0);
  expect_changed (file, "from 100 to 50 bytes");
  try {
    file.read (0, bytes, sizeof bytes);
    g_error ("read what is no longer there");
  } catch (const Error & error) {
    g_assert_nonnull (strstr (error.what (), "shrank"));
  }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/readers/dtypes", test_dtypes);
  g_test_add_func ("/readers/every-half", test_every_half);
  g_test_add_func ("/readers/byte-orders", test_byte_orders);
  g_test_add_func ("/readers/other-dtypes", test_other_dtypes);
  g_test_add_func ("/readers/shapes", test_shapes);
  g_test_add_func ("/readers/refused-shapes", test_refused_shapes);
  g_test_add_func ("/readers/orders", test_orders);
  g_test_add_func ("/readers/chunks", test_chunks);
  g_test_add_func ("/readers/sample-values", test_sample_values);
  g_test_add_func ("/readers/dicts", test_dicts);
  g_test_add_func ("/readers/rates", test_rates);
  g_test_add_func ("/readers/selection", test_selection);
  g_test_add_func ("/readers/bad-safetensors", test_bad_safetensors);
  g_test_add_func ("/readers/long-messages", test_long_messages);
  g_test_add_func ("/readers/good-json", test_good_json);
  g_test_add_func ("/readers/metadata-limit", test_metadata_limit);
  g_test_add_func ("/readers/bad-npy", test_bad_npy);
  g_test_add_func ("/readers/bad-tensors", test_bad_tensors);
  g_test_add_func ("/readers/bad-pickles", test_bad_pickles);
  g_test_add_func ("/readers/code", test_code);
  g_test_add_func ("/readers/bad-zips", test_bad_zips);
  g_test_add_func ("/readers/zip64", test_zip64);
  g_test_add_func ("/readers/other-files", test_other_files);
  g_test_add_func ("/readers/opening", test_opening);
  g_test_add_func ("/readers/changes", test_changes);
  return g_test_run ();
}
