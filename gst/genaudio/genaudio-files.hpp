/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Internal: folders and names on POSIX, in ways that no symbolic link can
 * divert and no reader can catch half done. Everything returns errno, 0 for
 * success. */

#pragma once

#include "genaudio-part.h"

#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace genaudio {

class UniqueFd
{
public:
  UniqueFd () = default;
  explicit UniqueFd (int fd) : fd_ (fd) {}
  UniqueFd (UniqueFd && other) noexcept : fd_ (std::exchange (other.fd_, -1)) {}
  UniqueFd & operator= (UniqueFd && other) noexcept
  {
    reset (std::exchange (other.fd_, -1));
    return *this;
  }
  ~UniqueFd () { reset (); }

  void reset (int fd = -1)
  {
    if (fd_ >= 0)
      close (fd_);
    fd_ = fd;
  }
  int get () const { return fd_; }
  int release () { return std::exchange (fd_, -1); }
  explicit operator bool () const { return fd_ >= 0; }

private:
  int fd_ = -1;
};

/* How long to go on making folders that a cleaner takes away again. */
constexpr gint64 max_contention = 10 * G_TIME_SPAN_SECOND;

/* "a/b/c" -> { "a", "b", "c" } */
std::vector<std::string> split_path (const std::string & path);

/* The folder part of @path, "." where there is none, and the last part. */
std::string parent_of (const std::string & path);
std::string name_of (const std::string & path);

/* The folder part of a path below a base, "" for the base itself. */
std::string folder_of (const std::string & path);

/* Opens @folder, which the user named: symbolic links are followed. */
int open_base (const std::string & folder, UniqueFd & fd);

/* Opens a folder below @dirfd, component by component, following no link. */
int open_below (int dirfd, const std::string & folder, UniqueFd & fd);

/* As open_below(), making what is missing under @base, the base included.
 * @made counts the folders that it made. */
int make_below (const std::string & base, const std::string & folder,
    UniqueFd & fd, unsigned &made);

/* Makes durable what make_below() made: the folder and those above it. */
int sync_folders (const std::string & base, const std::string & folder,
    unsigned made);

/* A hidden name for the file @name while it is written. */
std::string make_part_name (const std::string & name);

/* The final name of a part, or "" if @name is not one of a part. */
std::string final_name_of_part (const std::string & name);

/* Whether the store could have given a file this name. */
bool is_store_name (const char *name);

/* Gives the file @from of @fromfd the name @to in @tofd, if no file has it
 * (EEXIST). Works where the file system refuses renameat2(). */
int rename_no_replace (int fromfd, const char *from, int tofd, const char *to);

/* The same as @if_exists says, for @name; @name becomes what was free. */
int rename_if_exists (int fromfd, const char *from, int tofd,
    std::string & name, GstGenAudioIfExists if_exists);

/* Writes all of @data. */
int write_all (int fd, const char *data, size_t size);

/* Copies from where @from is to its end: in the kernel where it can, which
 * shares blocks where the disk can. */
int copy_data (int from, int to);

/* fsync() of a folder; what a file system cannot do is no error. */
int sync_folder (int dirfd);

/* Whether another process or descriptor holds the lock of @name. */
bool is_locked (int dirfd, const char *name);

}
