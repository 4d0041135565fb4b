/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* <fcntl.h> would give open() another name where file offsets are asked to
 * have 64 bits; both names are wanted here, so it is not included. */

#define _GNU_SOURCE
#undef _FILE_OFFSET_BITS

#include "shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define CREATE 0100             /* O_CREAT */
#define HERE -100               /* AT_FDCWD */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char guarded[512];
static unsigned armed;
static int due, error_number, goes_on, seen;

void
shim_arm (const char *folder, unsigned operations, int nth, int errnum,
    int for_good)
{
  pthread_mutex_lock (&lock);
  snprintf (guarded, sizeof guarded, "%s", folder);
  armed = operations;
  due = nth;
  error_number = errnum;
  goes_on = for_good;
  seen = 0;
  pthread_mutex_unlock (&lock);
}

int
shim_disarm (void)
{
  pthread_mutex_lock (&lock);
  armed = 0;
  int count = seen;
  pthread_mutex_unlock (&lock);
  return count;
}

static int
is_guarded (int fd, const char *name)
{
  char link[64], path[512];

  if (name != NULL && name[0] == '/')
    return strncmp (name, guarded, strlen (guarded)) == 0;
  if (fd == HERE)
    return 0;
  snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink (link, path, sizeof path - 1);
  if (n < 0)
    return 0;
  path[n] = '\0';
  return strncmp (path, guarded, strlen (guarded)) == 0;
}

/* Whether this operation is to fail; sets errno. */
static int
fails (enum ShimOperation operation, int fd, const char *name)
{
  int result = 0;

  if ((armed & 1u << operation) == 0)
    return 0;
  int saved = errno;
  pthread_mutex_lock (&lock);
  if ((armed & 1u << operation) != 0 && is_guarded (fd, name)) {
    seen++;
    result = seen == due || (goes_on && seen > due);
  }
  pthread_mutex_unlock (&lock);
  errno = result ? error_number : saved;
  return result;
}

#define REAL(name) \
  static __typeof__ (&name) real; \
  if (real == NULL) \
    *(void **) &real = dlsym (RTLD_NEXT, #name)

int openat (int fd, const char *name, int flags, ...);
int openat64 (int fd, const char *name, int flags, ...);

int
openat (int fd, const char *name, int flags, ...)
{
  REAL (openat);
  va_list arguments;
  va_start (arguments, flags);
  unsigned mode = va_arg (arguments, unsigned);
  va_end (arguments);
  if ((flags & CREATE) != 0 && fails (SHIM_OPEN, fd, name))
    return -1;
  return real (fd, name, flags, mode);
}

int
openat64 (int fd, const char *name, int flags, ...)
{
  REAL (openat64);
  va_list arguments;
  va_start (arguments, flags);
  unsigned mode = va_arg (arguments, unsigned);
  va_end (arguments);
  if ((flags & CREATE) != 0 && fails (SHIM_OPEN, fd, name))
    return -1;
  return real (fd, name, flags, mode);
}

ssize_t
write (int fd, const void *data, size_t size)
{
  REAL (write);
  return fails (SHIM_WRITE, fd, NULL) ? -1 : real (fd, data, size);
}

ssize_t
pwrite (int fd, const void *data, size_t size, off_t offset)
{
  REAL (pwrite);
  return fails (SHIM_WRITE, fd, NULL) ? -1 : real (fd, data, size, offset);
}

ssize_t pwrite64 (int fd, const void *data, size_t size, off64_t offset);

ssize_t
pwrite64 (int fd, const void *data, size_t size, off64_t offset)
{
  REAL (pwrite64);
  return fails (SHIM_WRITE, fd, NULL) ? -1 : real (fd, data, size, offset);
}

ssize_t
writev (int fd, const struct iovec *parts, int count)
{
  REAL (writev);
  return fails (SHIM_WRITE, fd, NULL) ? -1 : real (fd, parts, count);
}

/* A sync that succeeds need not be waited for. */
int
fsync (int fd)
{
  REAL (fsync);
  if (fails (SHIM_SYNC, fd, NULL))
    return -1;
  return armed != 0 ? 0 : real (fd);
}

int mkdirat (int fd, const char *name, mode_t mode);

int
mkdirat (int fd, const char *name, mode_t mode)
{
  REAL (mkdirat);
  return fails (SHIM_MKDIR, fd, name) ? -1 : real (fd, name, mode);
}

int
renameat2 (int from, const char *old, int to, const char *name, unsigned flags)
{
  REAL (renameat2);
  return fails (SHIM_RENAME_NO_REPLACE, to, name) ? -1
      : real (from, old, to, name, flags);
}

int
renameat (int from, const char *old, int to, const char *name)
{
  REAL (renameat);
  return fails (SHIM_RENAME, to, name) ? -1 : real (from, old, to, name);
}

int
linkat (int from, const char *old, int to, const char *name, int flags)
{
  REAL (linkat);
  return fails (SHIM_LINK, to, name) ? -1 : real (from, old, to, name, flags);
}

int
unlinkat (int fd, const char *name, int flags)
{
  REAL (unlinkat);
  return fails (SHIM_UNLINK, fd, name) ? -1 : real (fd, name, flags);
}
