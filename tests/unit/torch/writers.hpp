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

/* A .npy file of version 1, or of @version. @descr: with its quotes */
inline std::string
npy (const std::string & descr, bool fortran,
    const std::vector<std::uint64_t> & shape, const std::string & data,
    int version = 1)
{
  std::string header = "{'descr': " + descr + ", 'fortran_order': "
      + (fortran ? "True" : "False") + ", 'shape': " + list (shape, "(", ",)")
      + ", }";

  if (shape.empty ())
    header.replace (header.find ("(,)"), 3, "()");
  while ((10 + header.size () + 1) % 64 != 0)
    header += ' ';
  header += '\n';
  return "\x93NUMPY" + little (static_cast<std::uint64_t> (version), 1)
      + '\0' + little (header.size (), version == 1 ? 2 : 4) + header + data;
}

/* A record of a zip archive; what is not honest can be said by itself. */
struct Record
{
  std::string name, data;
  unsigned method = 0, flags = 0;
  std::string local_name = {};  /* empty: the same */
  std::int64_t said_size = -1;  /* -1: that of data */
};

/* With @zip64 every size and offset of the directory stands in ZIP64 fields,
 * as in archives beyond 4 GiB. */
inline std::string
zip (const std::vector<Record> & records, bool zip64 = false)
{
  const std::uint64_t none = 0xffffffff;
  std::string body, directory;

  for (const Record & record : records) {
    const std::uint64_t offset = body.size ();
    const std::uint64_t size = record.said_size >= 0
        ? static_cast<std::uint64_t> (record.said_size) : record.data.size ();
    const std::string & local =
        record.local_name.empty () ? record.name : record.local_name;
    const std::uint64_t said = zip64 ? none : size;
    const std::string extra = zip64 ? little (1, 2) + little (24, 2)
        + little (size, 8) + little (size, 8) + little (offset, 8) : "";
    const std::string common = little (record.flags, 2)
        + little (record.method, 2) + little (0, 4) + little (0, 4)
        + little (said, 4) + little (said, 4);
    body += "PK\3\4" + little (20, 2) + common + little (local.size (), 2)
        + little (3, 2) + local + "pad" + record.data;
    directory += "PK\1\2" + little (20, 2) + little (20, 2) + common
        + little (record.name.size (), 2) + little (extra.size (), 2)
        + little (0, 2) + little (0, 2) + little (0, 2) + little (0, 4)
        + little (zip64 ? none : offset, 4) + record.name + extra;
  }
  std::string end;
  if (zip64)
    end = "PK\6\6" + little (44, 8) + little (45, 2) + little (45, 2)
        + little (0, 4) + little (0, 4) + little (records.size (), 8)
        + little (records.size (), 8) + little (directory.size (), 8)
        + little (body.size (), 8) + "PK\6\7" + little (0, 4)
        + little (body.size () + directory.size (), 8) + little (1, 4);
  return body + directory + end + "PK\5\6" + little (0, 4)
      + little (zip64 ? 0xffff : records.size (), 2)
      + little (zip64 ? 0xffff : records.size (), 2)
      + little (zip64 ? none : directory.size (), 4)
      + little (zip64 ? none : body.size (), 4) + little (0, 2);
}

/* -- pickles, put together of parts that each leave one value */

inline std::string
text (const std::string & value)
{
  return "X" + little (value.size (), 4) + value;
}

inline std::string
number (std::int64_t value)
{
  if (value >= 0 && value < 256)
    return "K" + little (static_cast<std::uint64_t> (value), 1);
  return std::string ("\x8a\x08") + little (static_cast<std::uint64_t> (value), 8);
}

inline std::string
tuple (const std::vector<std::string> & parts)
{
  std::string pickle = "(";

  for (const std::string & part : parts)
    pickle += part;
  return pickle + "t";
}

inline std::string
numbers (const std::vector<std::int64_t> & values)
{
  std::vector<std::string> parts;

  for (const std::int64_t value : values)
    parts.push_back (number (value));
  return tuple (parts);
}

/* the parts are keys and values by turns */
inline std::string
dict (const std::vector<std::string> & parts)
{
  std::string pickle = "}(";

  for (const std::string & part : parts)
    pickle += part;
  return pickle + "u";
}

/* A tensor in the record data/@key, as torch.save writes it. */
inline std::string
tensor (const std::string & storage, const std::string & key,
    std::int64_t elements, std::int64_t offset,
    const std::vector<std::int64_t> & shape,
    const std::vector<std::int64_t> & strides,
    const std::string & device = "cpu")
{
  const std::string id = tuple ({text ("storage"),
          "ctorch\n" + storage + "\n", text (key), text (device),
          number (elements)}) + "Q";

  return "ctorch._utils\n_rebuild_tensor_v2\n"
      + tuple ({id, number (offset), numbers (shape), numbers (strides),
          "\x89", "ccollections\nOrderedDict\n)R"}) + "R";
}

/* A torch.save file of that pickle, its protocol and its end left out, and
 * of one storage. */
inline std::string
torch_save (const std::string & pickle, const std::string & data,
    const std::string & order = "")
{
  std::vector<Record> records = {{"archive/data.pkl", "\x80\x02" + pickle + "."},
    {"archive/data/0", data}, {"archive/version", "3\n"}};

  if (!order.empty ())
    records.push_back ({"archive/byteorder", order});
  return zip (records);
}

}
