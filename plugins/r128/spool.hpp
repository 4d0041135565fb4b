/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* A temporary file without a name: bytes are appended, then read back from
 * the start. The system frees it when it is closed, however the process ends. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>

namespace genaudio::r128 {

class Spool
{
public:
  /* How much of the file system it leaves free: the lesser of 1 GiB and a
   * twentieth of it. */
  static constexpr std::uint64_t default_reserve = UINT64_MAX;

  /* In $TMPDIR, else /var/tmp (/tmp is memory on many systems), else /tmp.
   * Throws std::system_error, as all functions do. */
  explicit Spool (std::uint64_t reserve = default_reserve);
  ~Spool ();
  Spool (const Spool &) = delete;
  Spool & operator= (const Spool &) = delete;

  void append (const void *bytes, std::size_t n);
  void rewind ();
  /* Reads exactly the next @n bytes. */
  void read (void *bytes, std::size_t n);

  std::uint64_t size () const { return size_; }
  const std::string & folder () const { return folder_; }

private:
  void check_room (std::size_t n);

  std::string folder_;
  std::uint64_t reserve_;
  int fd_ = -1;
  std::uint64_t size_ = 0, read_at_ = 0, checked_ = 0;
};

}
