/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Writes the tensor files the tests and the fuzzers' seeds are made of, good
 * ones and bad ones, byte by byte. */
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace writers {

/* @count bytes of @value, the least first */
inline std::string
little (std::uint64_t value, int count)
{
  std::string bytes;

  for (int i = 0; i < count; i++)
    bytes += static_cast<char> (value >> (8 * i) & 0xff);
  return bytes;
}

template <typename T> std::string
bytes_of (const std::vector<T> & values)
{
  std::string bytes (values.size () * sizeof (T), '\0');

  if (!values.empty ())
    std::memcpy (bytes.data (), values.data (), bytes.size ());
  return bytes;
}

inline void
write_file (const std::string & path, const std::string & bytes)
{
  FILE *file = std::fopen (path.c_str (), "wb");

  if (file == nullptr
      || std::fwrite (bytes.data (), 1, bytes.size (), file) != bytes.size ()
      || std::fclose (file) != 0)
    std::abort ();
}

/* A safetensors file of that header, as it is. */
inline std::string
safetensors (const std::string & header, const std::string & data)
{
  return little (header.size (), 8) + header + data;
}

inline std::string
list (const std::vector<std::uint64_t> & sizes, const char *open = "[",
    const char *close = "]")
{
  std::string text = open;

  for (std::size_t i = 0; i < sizes.size (); i++)
    text += (i > 0 ? ", " : "") + std::to_string (sizes[i]);
  return text + close;
}

/* A safetensors file of one tensor. @metadata: JSON, or empty */
inline std::string
safetensors (const std::string & name, const std::string & dtype,
    const std::vector<std::uint64_t> & shape, const std::string & data,
    const std::string & metadata = "")
{
  std::string header = "{";

  if (!metadata.empty ())
    header += "\"__metadata__\":" + metadata + ",";
  header += "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":"
      + list (shape) + ",\"data_offsets\":[0," + std::to_string (data.size ())
      + "]}}";
  return safetensors (header, data);
}

}
