/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "file.hpp"
#include "error.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace genaudio {

namespace {

std::string
system_text (int number)
{
  return std::generic_category ().message (number);
}

struct stat
stat_open (int fd)
{
  struct stat s;

  if (fstat (fd, &s) != 0)
    throw Error (Fault::read, cat ("It could not be examined: ",
            system_text (errno)));
  return s;
}

}

File::File (const std::string & path)
{
  /* O_NONBLOCK so that a FIFO without a writer is refused, not waited for */
  fd_ = open (path.c_str (), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd_ < 0) {
    const int number = errno;
    throw Error (number == ENOENT || number == ENOTDIR ? Fault::not_found
        : Fault::open_read, cat ("It could not be opened: ", system_text (number)));
  }
  try {
    const struct stat s = stat_open (fd_);
    if (!S_ISREG (s.st_mode))
      throw Error (Fault::open_read, "It is not a regular file");
    size_ = static_cast<std::uint64_t> (s.st_size);
    modified_ = s.st_mtim;
  } catch (...) {
    close (fd_);
    throw;
  }
}

File::~File ()
{
  close (fd_);
}

void
File::read (std::uint64_t offset, void *out, std::size_t bytes) const
{
  char *to = static_cast<char *> (out);

  while (bytes > 0) {
    const ssize_t n = pread (fd_, to, bytes, static_cast<off_t> (offset));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      throw Error (Fault::read, cat ("It could not be read at byte ", offset,
              ": ", system_text (errno)));
    if (n == 0)
      throw Error (Fault::decode, cat ("It ends at byte ", offset, " although it "
              "had ", size_, " bytes: it shrank while it was read"));
    to += n;
    bytes -= static_cast<std::size_t> (n);
    offset += static_cast<std::uint64_t> (n);
  }
}

void
File::check_unchanged () const
{
  const struct stat s = stat_open (fd_);

  if (static_cast<std::uint64_t> (s.st_size) != size_)
    throw Error (Fault::decode, cat ("It changed from ", size_, " to ",
            s.st_size, " bytes while it was read"));
  if (s.st_mtim.tv_sec != modified_.tv_sec
      || s.st_mtim.tv_nsec != modified_.tv_nsec)
    throw Error (Fault::decode, "It was written to while it was read");
}

}
