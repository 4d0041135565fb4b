/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "zip.hpp"
#include "error.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

namespace genaudio {

namespace {

constexpr std::size_t end_size = 22;
constexpr std::size_t locator_size = 20;
constexpr std::size_t end64_size = 56;
constexpr std::size_t entry_size = 46;
constexpr std::size_t local_size = 30;
constexpr std::uint64_t max_directory = 64 << 20;

using Bytes = std::span<const unsigned char>;

std::uint64_t
get (Bytes bytes, std::size_t at, std::size_t width)
{
  std::uint64_t value = 0;

  if (width > bytes.size () || at > bytes.size () - width)
    throw Error (Fault::decode, "Its zip directory is broken");
  for (std::size_t i = width; i-- > 0; )
    value = value << 8 | bytes[at + i];
  return value;
}

bool
has_mark (Bytes bytes, std::size_t at, const char (&mark)[5])
{
  return at + 4 <= bytes.size () && std::memcmp (&bytes[at], mark, 4) == 0;
}

std::vector<unsigned char>
read_bytes (const File & file, std::uint64_t offset, std::uint64_t size)
{
  if (size > file.size () || offset > file.size () - size)
    throw Error (Fault::decode, cat ("Its zip directory names bytes beyond its "
            "end at ", file.size (), ": it is truncated"));
  std::vector<unsigned char> bytes (size);
  file.read (offset, bytes.data (), bytes.size ());
  return bytes;
}

/* Sizes and offsets that do not fit 32 bits stand in the ZIP64 field. */
void
take_zip64 (Bytes extra, std::uint64_t & plain, std::uint64_t & packed,
    std::uint64_t & header)
{
  for (std::size_t at = 0; at + 4 <= extra.size (); ) {
    const std::uint64_t id = get (extra, at, 2);
    const std::size_t size = get (extra, at + 2, 2);
    at += 4;
    if (size > extra.size () - at)
      return;
    if (id == 1) {
      const Bytes field = extra.subspan (at, size);
      std::size_t next = 0;
      for (std::uint64_t *value : {&plain, &packed, &header}) {
        if (*value == 0xffffffff) {
          *value = get (field, next, 8);
          next += 8;
        }
      }
      return;
    }
    at += size;
  }
}

}

bool
is_zip (const File & file)
{
  char start[4];

  if (file.size () < end_size)
    return false;
  file.read (0, start, sizeof start);
  return std::memcmp (start, "PK\3\4", 4) == 0;
}

ZipArchive::ZipArchive (const File & file) : file_ (file)
{
  read_directory (find_directory ());
}

ZipArchive::Directory
ZipArchive::find_directory () const
{
  const std::uint64_t length =
      std::min<std::uint64_t> (file_.size (), end_size + 65535);
  const std::uint64_t start = file_.size () - length;
  const std::vector<unsigned char> tail = read_bytes (file_, start, length);

  for (std::size_t at = tail.size () - end_size + 1; at-- > 0; ) {
    if (!has_mark (tail, at, "PK\5\6")
        || get (tail, at + 20, 2) != tail.size () - at - end_size)
      continue;
    const Directory directory = {get (tail, at + 16, 4), get (tail, at + 12, 4),
        get (tail, at + 10, 2)};
    return find_directory64 (start + at, directory);
  }
  throw Error (Fault::decode, "Its zip directory is missing: it is truncated");
}

/* @end: where the end record @small was found */
ZipArchive::Directory
ZipArchive::find_directory64 (std::uint64_t end, const Directory & small) const
{
  if (end < locator_size)
    return small;
  const std::vector<unsigned char> locator =
      read_bytes (file_, end - locator_size, locator_size);
  if (!has_mark (locator, 0, "PK\6\7"))
    return small;
  const std::vector<unsigned char> bytes =
      read_bytes (file_, get (locator, 8, 8), end64_size);
  if (!has_mark (bytes, 0, "PK\6\6"))
    throw Error (Fault::decode, "Its ZIP64 directory is missing");
  return {get (bytes, 48, 8), get (bytes, 40, 8), get (bytes, 32, 8)};
}

void
ZipArchive::read_directory (const Directory & directory)
{
  if (directory.size > max_directory)
    throw Error (Fault::decode, cat ("Its zip directory is said to have ",
            directory.size, " bytes; at most ", max_directory, " are read"));
  const std::vector<unsigned char> bytes =
      read_bytes (file_, directory.offset, directory.size);
  std::size_t at = 0;

  for (std::uint64_t i = 0; i < directory.entries; i++) {
    if (!has_mark (bytes, at, "PK\1\2"))
      throw Error (Fault::decode, cat ("Its zip directory is broken at entry ",
              i));
    const std::size_t name_size = get (bytes, at + 28, 2);
    const std::size_t extra_size = get (bytes, at + 30, 2);
    const std::size_t comment_size = get (bytes, at + 32, 2);
    const std::size_t length =
        entry_size + name_size + extra_size + comment_size;
    if (length > bytes.size () - at)
      throw Error (Fault::decode, "Its zip directory is broken");

    Record record;
    std::uint64_t packed = get (bytes, at + 20, 4);
    record.flags = static_cast<unsigned> (get (bytes, at + 8, 2));
    record.method = static_cast<unsigned> (get (bytes, at + 10, 2));
    record.size = get (bytes, at + 24, 4);
    record.header = get (bytes, at + 42, 4);
    take_zip64 (Bytes (bytes).subspan (at + entry_size + name_size, extra_size),
        record.size, packed, record.header);
    if (record.method == 0 && packed != record.size)
      throw Error (Fault::decode, "Its zip directory has a stored record of "
          "two sizes");
    std::string name (bytes.begin () + static_cast<std::ptrdiff_t> (at
            + entry_size), bytes.begin () + static_cast<std::ptrdiff_t> (at
            + entry_size + name_size));
    if (!records_.emplace (name, record).second)
      throw Error (Fault::decode, cat ("Its zip directory has \"", name,
              "\" twice"));
    at += length;
  }
}

std::uint64_t
ZipArchive::locate (const std::string & name, const Record & record) const
{
  if (record.method != 0)
    throw Error (Fault::format, cat ("Record \"", name, "\" is compressed "
            "(method ", record.method, "), which torch.save never does"));
  if (record.flags & 1)
    throw Error (Fault::format, cat ("Record \"", name, "\" is encrypted"));

  const std::vector<unsigned char> local =
      read_bytes (file_, record.header, local_size);
  const std::size_t name_size = get (local, 26, 2);
  const std::vector<unsigned char> local_name =
      read_bytes (file_, record.header + local_size, name_size);
  if (!has_mark (local, 0, "PK\3\4")
      || !std::equal (local_name.begin (), local_name.end (), name.begin (),
          name.end (), [] (unsigned char a, char b) {
            return a == static_cast<unsigned char> (b);
          }))
    throw Error (Fault::decode, cat ("Record \"", name, "\" is not where the "
            "zip directory says"));

  const std::uint64_t data =
      record.header + local_size + name_size + get (local, 28, 2);
  if (record.size > file_.size () || data > file_.size () - record.size)
    throw Error (Fault::decode, cat ("Record \"", name, "\" of ", record.size,
            " bytes reaches beyond the file's end at ", file_.size (),
            ": it is truncated"));
  return data;
}

}
