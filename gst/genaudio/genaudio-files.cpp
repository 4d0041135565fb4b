/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace genaudio {

namespace {

constexpr int folder_flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
constexpr gsize random_digits = 8;
const char part_extension[] = ".part";
constexpr int max_suffix = 99999;
constexpr gsize copy_size = 1 << 20;


bool
is_refused (int errnum)
{
  return errnum == EINVAL || errnum == ENOSYS || errnum == ENOTSUP
      || errnum == EOPNOTSUPP || errnum == EPERM || errnum == EMLINK;
}

bool
is_same_file (int fromfd, const char *from, int tofd, const char *to)
{
  struct stat first, second;
  return fstatat (fromfd, from, &first, AT_SYMLINK_NOFOLLOW) == 0
      && fstatat (tofd, to, &second, AT_SYMLINK_NOFOLLOW) == 0
      && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* Takes the name by an empty file of our own, then puts ours in its place. */
int
rename_over_placeholder (int fromfd, const char *from, int tofd, const char *to)
{
  UniqueFd placeholder (openat (tofd, to,
          O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!placeholder)
    return errno;
  if (renameat (fromfd, from, tofd, to) == 0)
    return 0;
  const int errnum = errno;
  unlinkat (tofd, to, 0);
  return errnum;
}

int
rename_by_link (int fromfd, const char *from, int tofd, const char *to)
{
  int errnum = linkat (fromfd, from, tofd, to, 0) == 0 ? 0 : errno;
  /* over NFS a repeated request can fail although the first one worked */
  if (errnum == EEXIST && is_same_file (fromfd, from, tofd, to))
    errnum = 0;
  if (errnum == 0 && unlinkat (fromfd, from, 0) != 0)
    errnum = errno;
  return errnum;
}

int
copy_by_buffer (int from, int to)
{
  std::vector<char> buffer (copy_size);
  for (;;) {
    const ssize_t n = read (from, buffer.data (), buffer.size ());
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return n == 0 ? 0 : errno;
    const int errnum = write_all (to, buffer.data (), n);
    if (errnum != 0)
      return errnum;
  }
}

std::string
with_number (const std::string & name, int number)
{
  const gsize dot = std::min (name.rfind ('.'), name.size ());
  return name.substr (0, dot) + "-" + std::to_string (number)
      + name.substr (dot);
}

int
make_and_open (int dirfd, const std::string & folder, UniqueFd & fd,
    unsigned &made)
{
  UniqueFd at (openat (dirfd, ".", folder_flags));
  if (!at)
    return errno;
  for (const std::string & name : split_path (folder)) {
    if (mkdirat (at.get (), name.c_str (), 0777) == 0)
      made++;
    else if (errno != EEXIST)
      return errno;
    UniqueFd next (openat (at.get (), name.c_str (), folder_flags | O_NOFOLLOW));
    if (!next)
      return errno;
    at = std::move (next);
  }
  fd = std::move (at);
  return 0;
}

}

std::vector<std::string>
split_path (const std::string & path)
{
  std::vector<std::string> parts;
  for (gsize begin = 0; begin < path.size ();) {
    const gsize end = std::min (path.find ('/', begin), path.size ());
    if (end > begin)
      parts.push_back (path.substr (begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::string
parent_of (const std::string & path)
{
  const gsize slash = path.rfind ('/');
  if (slash == std::string::npos)
    return ".";
  return slash == 0 ? "/" : path.substr (0, slash);
}

std::string
name_of (const std::string & path)
{
  const gsize slash = path.rfind ('/');
  return slash == std::string::npos ? path : path.substr (slash + 1);
}

std::string
folder_of (const std::string & path)
{
  const gsize slash = path.rfind ('/');
  return slash == std::string::npos ? "" : path.substr (0, slash);
}

int
open_base (const std::string & folder, UniqueFd & fd)
{
  fd.reset (open (folder.c_str (), folder_flags));
  return fd ? 0 : errno;
}

int
open_below (int dirfd, const std::string & folder, UniqueFd & fd)
{
  UniqueFd at (openat (dirfd, ".", folder_flags));
  if (!at)
    return errno;
  for (const std::string & name : split_path (folder)) {
    if (name == "." || name == "..")
      return EXDEV;
    UniqueFd next (openat (at.get (), name.c_str (), folder_flags | O_NOFOLLOW));
    if (!next)
      return errno;
    at = std::move (next);
  }
  fd = std::move (at);
  return 0;
}

int
make_below (const std::string & base, const std::string & folder,
    UniqueFd & fd, unsigned &made)
{
  made = 0;
  for (const gint64 start = g_get_monotonic_time ();;) {
    UniqueFd top;
    int errnum = open_base (base, top);
    if (errnum == ENOENT) {
      errnum = g_mkdir_with_parents (base.c_str (), 0777) == 0 ? 0 : errno;
      made++;
      if (errnum == 0)
        errnum = open_base (base, top);
      else if (errnum == ENOENT)
        return errnum;
    }
    if (errnum == 0)
      errnum = make_and_open (top.get (), folder, fd, made);
    if (errnum != ENOENT
        || g_get_monotonic_time () - start > max_contention)
      return errnum;
  }
}

int
copy_data (int from, int to)
{
  for (;;) {
    const ssize_t n = copy_file_range (from, nullptr, to, nullptr, 1 << 30, 0);
    if (n > 0 || (n < 0 && errno == EINTR))
      continue;
    if (n < 0 && errno != EXDEV && errno != EINVAL && errno != ENOSYS
        && errno != EOPNOTSUPP && errno != EPERM)
      return errno;
    /* both are at the same place, and the end is the end here too */
    return copy_by_buffer (from, to);
  }
}

int
sync_folder (int dirfd)
{
  if (fsync (dirfd) == 0 || errno == EINVAL || errno == ENOTSUP)
    return 0;
  return errno;
}

int
sync_folders (const std::string & base, const std::string & folder,
    unsigned made)
{
  std::string at = folder;
  UniqueFd top;
  int errnum = open_base (base, top);

  /* a folder made is an entry in the folder above it */
  for (unsigned i = 0; errnum == 0 && i <= made; i++) {
    UniqueFd fd;
    errnum = open_below (top.get (), at, fd);
    if (errnum == 0)
      errnum = sync_folder (fd.get ());
    if (at.empty ()) {
      if (errnum == 0 && i < made)
        errnum = open_base (parent_of (base), fd);
      return errnum != 0 || i == made ? errnum : sync_folder (fd.get ());
    }
    at = folder_of (at);
  }
  return errnum;
}

std::string
make_part_name (const std::string & name)
{
  char digits[random_digits + 1];
  g_snprintf (digits, sizeof digits, "%08x", g_random_int ());
  return "." + name + "." + digits + part_extension;
}

std::string
final_name_of_part (const std::string & name)
{
  const gsize tail = 1 + random_digits + strlen (part_extension);
  if (name.size () <= 1 + tail || name[0] != '.'
      || !g_str_has_suffix (name.c_str (), part_extension))
    return "";
  const gsize dot = name.size () - tail;
  if (name[dot] != '.')
    return "";
  for (gsize i = 1; i <= random_digits; i++) {
    if (!g_ascii_isxdigit (name[dot + i]))
      return "";
  }
  return name.substr (1, dot - 1);
}

int
rename_no_replace (int fromfd, const char *from, int tofd, const char *to)
{
  if (renameat2 (fromfd, from, tofd, to, RENAME_NOREPLACE) == 0)
    return 0;
  if (!is_refused (errno))
    return errno;
  const int errnum = rename_by_link (fromfd, from, tofd, to);
  return is_refused (errnum) ? rename_over_placeholder (fromfd, from, tofd, to)
      : errnum;
}

int
rename_if_exists (int fromfd, const char *from, int tofd, std::string & name,
    GstGenAudioIfExists if_exists)
{
  const std::string wanted = name;

  if (if_exists == GST_GENAUDIO_IF_EXISTS_REPLACE)
    return renameat (fromfd, from, tofd, name.c_str ()) == 0 ? 0 : errno;
  int errnum = rename_no_replace (fromfd, from, tofd, name.c_str ());
  if (if_exists != GST_GENAUDIO_IF_EXISTS_SUFFIX)
    return errnum;
  for (int number = 1; errnum == EEXIST && number <= max_suffix; number++) {
    name = with_number (wanted, number);
    errnum = rename_no_replace (fromfd, from, tofd, name.c_str ());
  }
  return errnum;
}

int
write_all (int fd, const char *data, size_t size)
{
  while (size > 0) {
    const ssize_t n = write (fd, data, size);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno;
    data += n;
    size -= n;
  }
  return 0;
}

bool
is_locked (int dirfd, const char *name)
{
  UniqueFd fd (openat (dirfd, name,
          O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  return fd && flock (fd.get (), LOCK_EX | LOCK_NB) != 0
      && errno == EWOULDBLOCK;
}

}
