/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The file behind libsndfile's virtual I/O: its own calls hide errno, and
 * whoever reads an error message wants to know that the disk was full. */

#include "fdio.hpp"

#include <cerrno>
#include <unistd.h>

#include <algorithm>

namespace genaudio::dated {

namespace {

sf_count_t
get_length (void *user)
{
  return static_cast<FdIo *> (user)->length;
}

sf_count_t
seek (sf_count_t offset, int whence, void *user)
{
  auto *io = static_cast<FdIo *> (user);

  if (whence == SEEK_CUR)
    offset += io->position;
  else if (whence == SEEK_END)
    offset += io->length;
  if (offset < 0)
    return -1;
  return io->position = offset;
}

sf_count_t
read (void *data, sf_count_t count, void *user)
{
  auto *io = static_cast<FdIo *> (user);
  ssize_t done;

  do
    done = pread (io->fd, data, (std::size_t) count, io->position);
  while (done < 0 && errno == EINTR);
  if (done < 0) {
    io->error = errno;
    return 0;
  }
  io->position += done;
  return done;
}

sf_count_t
write (const void *data, sf_count_t count, void *user)
{
  auto *io = static_cast<FdIo *> (user);
  const char *from = static_cast<const char *> (data);
  sf_count_t left = count;

  while (left > 0) {
    const ssize_t done =
        pwrite (io->fd, from, (std::size_t) left, io->position);
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0) {
      io->error = done < 0 ? errno : ENOSPC;
      break;
    }
    from += done;
    left -= done;
    io->position += done;
  }
  io->length = std::max (io->length, io->position);
  return count - left;
}

sf_count_t
tell (void *user)
{
  return static_cast<FdIo *> (user)->position;
}

}

SF_VIRTUAL_IO FdIo::functions = {get_length, seek, read, write, tell};

}
