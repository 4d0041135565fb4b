/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* make-seeds FOLDER: writes a few small files of each container, which the
 * fuzzers begin with, into FOLDER/safetensors, FOLDER/npy and FOLDER/pt. */

#include "writers.hpp"

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

using namespace writers;

static std::string folder;

static void
put (const std::string & container, const std::string & name,
    const std::string & bytes)
{
  std::filesystem::create_directories (folder + "/" + container);
  write_file (folder + "/" + container + "/" + name, bytes);
}

static void
put_safetensors ()
{
  const std::string data (48, 'd');

  for (const char *dtype : {"F32", "I32"})
    put ("safetensors", dtype, safetensors ("audio", dtype, {2, 6}, data,
            "{\"sample_rate\":\"32000\",\"prompt\":\"\\u00fcber\"}"));
  for (const char *dtype : {"F16", "BF16", "I16"})
    put ("safetensors", dtype, safetensors ("x", dtype, {2, 12, 1}, data));
  put ("safetensors", "F64", safetensors ("wav", "F64", {6}, data));
  put ("safetensors", "two", safetensors (
          "{\"x\":{\"dtype\":\"F32\",\"shape\":[6],\"data_offsets\":[0,24]},"
          "\"wav\":{\"dtype\":\"F32\",\"shape\":[6],\"data_offsets\":[24,48]}}",
          data));
}

static void
put_npy ()
{
  const std::string data (48, 'd');

  for (const char *descr : {"'<f4'", "'>i4'"}) {
    put ("npy", std::string ("c") + descr[1], npy (descr, false, {2, 6}, data));
    put ("npy", std::string ("f") + descr[1], npy (descr, true, {6, 2}, data, 2));
  }
  put ("npy", "f8", npy ("'<f8'", false, {6}, data, 3));
  put ("npy", "f2", npy ("'<f2'", false, {3, 1, 8}, data));
  put ("npy", "records", npy ("[('a', '<f4')]", false, {12}, data));
}

static void
put_pt ()
{
  const std::string data (48, 'd');
  const std::string stereo =
      tensor ("FloatStorage", "0", 12, 0, {2, 6}, {6, 1});

  put ("pt", "bare", torch_save (stereo, data));
  put ("pt", "pair", torch_save (tuple ({stereo, number (44100)}), data));
  put ("pt", "big", torch_save (stereo, data, "big"));
  put ("pt", "list", torch_save ("](" + stereo
          + tensor ("HalfStorage", "0", 24, 3, {2, 3}, {1, 2}) + "e", data));
  put ("pt", "dict", torch_save (dict ({text ("prompt"), text ("a song"),
              text ("seed"), number (1234567), text ("audio"),
              dict ({text ("waveform"), stereo, text ("sample_rate"),
                  number (24000)}), text ("scale"),
              std::string ("G\x3f\xe0\0\0\0\0\0\0", 9), text ("none"), "N"}),
          data));
  put ("pt", "scalar", torch_save (dict ({text ("wav"),
              tensor ("DoubleStorage", "0", 6, 0, {4}, {1}), text ("sr"),
              tensor ("LongStorage", "0", 6, 5, {}, {})}), data));
  put ("pt", "memo", torch_save ("}q\x01(" + text ("a") + "q\x02" + stereo
          + "q\x03" + text ("b") + "h\x03" + "u", data));
  put ("pt", "protocol4", zip ({{"a/data.pkl", "\x80\x04\x95"
              + std::string (8, '\0') + "\x8c\x01" "a\x94]\x94\x8c\x01" "b\x94"
              "ae."}, {"a/data/0", data}}));
  put ("pt", "zip64", zip ({{"a/data.pkl", "\x80\x02" + stereo + "."},
              {"a/data/0", data}}, true));
  put ("pt", "script", zip ({{"a/data.pkl", "\x80\x02N."},
              {"a/constants.pkl", "\x80\x02)."}}));
  put ("pt", "npz", zip ({{"x.npy", npy ("'<f4'", false, {12}, data)}}));
}

int
main (int argc, char *argv[])
{
  if (argc != 2) {
    std::fprintf (stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  folder = argv[1];
  put_safetensors ();
  put_npy ();
  put_pt ();
  return 0;
}
