/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "file.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace genaudio {

/* The records of a zip archive that are stored as they are, which is how
 * torch.save writes all of them (PKWARE APPNOTE 6.3, ZIP64 included). The
 * central directory is what counts; each local header must agree with it. */
class ZipArchive
{
public:
  struct Record
  {
    std::uint64_t header = 0;   /* of the local header */
    std::uint64_t size = 0;
    unsigned method = 0, flags = 0;
  };

  explicit ZipArchive (const File & file);

  const std::map<std::string, Record> & records () const { return records_; }

  /* Where the bytes of a record begin. Throws if it is compressed or
   * encrypted, or does not lie within the file. */
  std::uint64_t locate (const std::string & name, const Record & record) const;

private:
  struct Directory
  {
    std::uint64_t offset, size, entries;
  };

  Directory find_directory () const;
  Directory find_directory64 (std::uint64_t end, const Directory & small) const;
  void read_directory (const Directory & directory);

  const File & file_;
  std::map<std::string, Record> records_;
};

bool is_zip (const File & file);

}
