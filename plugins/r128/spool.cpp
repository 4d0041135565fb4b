/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "spool.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <vector>

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace genaudio::r128 {

namespace {

/* The free space is asked for once in so many bytes. */
constexpr std::uint64_t check_every = 16 << 20;

[[noreturn]] void
fail (int error, const std::string & what)
{
  throw std::system_error (error, std::generic_category (), what);
}

int
open_unnamed (const std::string & folder)
{
#ifdef O_TMPFILE
  const int fd = open (folder.c_str (), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0)
    return fd;
#endif
  /* not every file system can do that */
  std::string name = folder + "/r128normalize-XXXXXX";
  std::vector<char> path (name.begin (), name.end ());
  path.push_back ('\0');
  const int named = mkostemp (path.data (), O_CLOEXEC);
  if (named >= 0)
    unlink (path.data ());
  return named;
}

}

Spool::Spool (std::uint64_t reserve) : reserve_ (reserve)
{
  const char *chosen = std::getenv ("TMPDIR");
  if (chosen != nullptr && *chosen != '\0')
    folder_ = chosen;
  else
    folder_ = access ("/var/tmp", W_OK) == 0 ? "/var/tmp" : "/tmp";

  fd_ = open_unnamed (folder_);
  if (fd_ < 0)
    fail (errno, "Could not make a temporary file in " + folder_);
}

Spool::~Spool ()
{
  close (fd_);
}

/* An endless item may not fill the disk for everybody else. */
void
Spool::check_room (std::size_t n)
{
  if (size_ + n < checked_)
    return;
  checked_ = size_ + n + check_every;

  struct statvfs fs;
  if (fstatvfs (fd_, &fs) != 0)
    return;
  const std::uint64_t block = fs.f_frsize;
  const std::uint64_t reserve = reserve_ != default_reserve ? reserve_
      : std::min<std::uint64_t> (fs.f_blocks * block / 20, 1 << 30);
  if (fs.f_bavail * block < reserve + n + check_every)
    fail (ENOSPC, "Temporary file of " + std::to_string (size_)
        + " bytes in " + folder_);
}

void
Spool::append (const void *bytes, std::size_t n)
{
  const char *from = static_cast<const char *> (bytes);

  check_room (n);
  while (n > 0) {
    const ssize_t written =
        pwrite (fd_, from, n, static_cast<off_t> (size_));
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      fail (written < 0 ? errno : ENOSPC, "Temporary file of "
          + std::to_string (size_) + " bytes in " + folder_);
    from += written;
    n -= static_cast<std::size_t> (written);
    size_ += static_cast<std::uint64_t> (written);
  }
}

void
Spool::rewind ()
{
  read_at_ = 0;
}

void
Spool::read (void *bytes, std::size_t n)
{
  char *to = static_cast<char *> (bytes);

  while (n > 0) {
    const ssize_t got = pread (fd_, to, n, static_cast<off_t> (read_at_));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      fail (got < 0 ? errno : EIO, "Reading back the temporary file in "
          + folder_);
    to += got;
    n -= static_cast<std::size_t> (got);
    read_at_ += static_cast<std::uint64_t> (got);
  }
}

}
