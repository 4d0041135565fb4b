/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <sys/stat.h>

namespace genaudio {

/* Bytes that samples are read from. */
class ByteSource
{
public:
  virtual ~ByteSource () = default;
  /* All of it, or an Error; safe from several threads. */
  virtual void read (std::uint64_t offset, void *out, std::size_t bytes) const
      = 0;
  /* Where they all lie, if that is memory of this process. */
  virtual const std::byte *memory () const { return nullptr; }
};

/* A regular file that is read at given places and must not change meanwhile.
 * Never mapped: a map of a file that is then truncated is a SIGBUS. What
 * it throws says "It ..."; whoever knows the file's name puts that before. */
class File : public ByteSource
{
public:
  explicit File (const std::string & path);
  ~File () override;
  File (const File &) = delete;
  File & operator= (const File &) = delete;

  std::uint64_t size () const { return size_; }

  void read (std::uint64_t offset, void *out, std::size_t bytes) const
      override;

  /* Throws if the size or the modification time is no longer what it was
   * when the file was opened. */
  void check_unchanged () const;

private:
  int fd_;
  std::uint64_t size_;
  struct timespec modified_;
};

}
