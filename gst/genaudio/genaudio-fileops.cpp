/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Single files: size, deletion, moving and copying. A destination is written
 * as a part, so there is never half a file under its name, also where the
 * move crosses file systems; the source goes last. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-part-private.hpp"
#include "genaudio-sidecar.hpp"
#include "genaudio-store-private.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

using namespace genaudio;

namespace {

constexpr double bytes_per_mb = 1024. * 1024.;

/* A file that is to be moved or copied. */
struct Source
{
  std::string path;
  std::string name;
  UniqueFd dirfd;
  UniqueFd fd;
  struct stat st = {};
};

bool
open_source (Source & source, const char *path, GError ** error)
{
  source.path = path;
  source.name = name_of (path);
  int errnum = open_base (parent_of (path), source.dirfd);
  if (errnum == 0) {
    source.fd.reset (openat (source.dirfd.get (), source.name.c_str (),
            O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    errnum = source.fd && fstat (source.fd.get (), &source.st) == 0 ? 0 : errno;
  }
  if (errnum == 0 && !S_ISREG (source.st.st_mode))
    errnum = S_ISDIR (source.st.st_mode) ? EISDIR : EINVAL;
  if (errnum != 0) {
    gst_genaudio_set_errno_error (error, errnum, errnum == ENOENT
        ? GST_RESOURCE_ERROR_NOT_FOUND : GST_RESOURCE_ERROR_OPEN_READ,
        "Could not open the file \"%s\"", path);
    return false;
  }
  if (is_locked (source.dirfd.get (), source.name.c_str ())) {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY,
        "File \"%s\" is being written", path);
    return false;
  }
  return true;
}

/* As cp and mv: into a folder under the source's name. */
std::string
resolve_destination (const char *destination, const Source & source)
{
  std::string path = destination;
  struct stat st;
  const bool folder = g_str_has_suffix (destination, "/")
      || (stat (destination, &st) == 0 && S_ISDIR (st.st_mode));

  while (path.size () > 1 && path.back () == '/')
    path.pop_back ();
  return folder ? path + "/" + source.name : path;
}

bool
is_same_file (const Source & source, const std::string & destination)
{
  struct stat st;
  return stat (destination.c_str (), &st) == 0
      && st.st_dev == source.st.st_dev && st.st_ino == source.st.st_ino;
}

/* What the destination's file system or our rights do not allow is left. */
void
copy_attributes (int from, int to)
{
  std::vector<char> names (std::max<ssize_t> (0, flistxattr (from, nullptr, 0)));
  const ssize_t size = flistxattr (from, names.data (), names.size ());

  for (ssize_t at = 0; at < size; at += strlen (&names[at]) + 1) {
    std::vector<char> value (std::max<ssize_t> (0,
            fgetxattr (from, &names[at], nullptr, 0)));
    const ssize_t length =
        fgetxattr (from, &names[at], value.data (), value.size ());
    if (length >= 0)
      fsetxattr (to, &names[at], value.data (), length, 0);
  }
}

int
copy_metadata (const Source & source, int to)
{
  const struct timespec times[2] = { source.st.st_atim, source.st.st_mtim };

  copy_attributes (source.fd.get (), to);
  if (fchown (to, source.st.st_uid, source.st.st_gid) != 0 && errno != EPERM
      && errno != EINVAL)
    return errno;
  if (fchmod (to, source.st.st_mode & 07777) != 0 && errno != EPERM)
    return errno;
  return futimens (to, times) == 0 ? 0 : errno;
}

void
set_failure (GError ** error, int errnum, const char *verb,
    const Source & source, const std::string & destination)
{
  gst_genaudio_set_errno_error (error, errnum, GST_RESOURCE_ERROR_WRITE,
      "Could not %s \"%s\" to \"%s\"", verb, source.path.c_str (),
      destination.c_str ());
}

gchar *
copy_to (const Source & source, const std::string & destination,
    GstGenAudioIfExists if_exists, bool & skipped, GError ** error)
{
  GstGenAudioPart *part =
      create_part (parent_of (destination), name_of (destination), error);
  if (part == nullptr)
    return nullptr;

  const int to = part->fd.get ();
  int errnum = copy_data (source.fd.get (), to);
  if (errnum == 0)
    errnum = copy_metadata (source, to);
  if (errnum != 0) {
    set_failure (error, errnum, "copy", source, destination);
    gst_genaudio_part_discard (part);
    return nullptr;
  }
  const auto sidecar = read_sidecar (source.path);
  const std::string text =
      sidecar != nullptr ? sidecar_with_path (*sidecar, destination) : "";
  gchar *path = nullptr;
  gboolean skip = FALSE;
  if (!gst_genaudio_part_publish (part, if_exists, TRUE,
          sidecar != nullptr ? text.c_str () : nullptr, &path, &skip, error))
    gst_genaudio_part_discard (part);
  skipped = skip;
  return path;
}

/* Brings the sidecar after its file, which is @name in @folder now. */
int
move_sidecar (const Source & source, int tofd, const std::string & folder,
    const std::string & name)
{
  const std::string from = source.name + GST_GENAUDIO_SIDECAR_EXTENSION;
  const std::string to = name + GST_GENAUDIO_SIDECAR_EXTENSION;
  const std::string part_name = make_part_name (to);
  const auto text = read_sidecar (source.path);

  if (text == nullptr) {
    /* one that is there is of a file that is gone */
    unlinkat (tofd, to.c_str (), 0);
    return 0;
  }
  int errnum = write_sidecar (tofd, part_name,
      sidecar_with_path (*text, folder + "/" + name), true);
  if (errnum == 0 && renameat (tofd, part_name.c_str (), tofd, to.c_str ()) != 0)
    errnum = errno;
  if (errnum == 0)
    unlinkat (source.dirfd.get (), from.c_str (), 0);
  else
    unlinkat (tofd, part_name.c_str (), 0);
  return errnum;
}

int
rename_both (const Source & source, int tofd, const std::string & folder,
    std::string & name, GstGenAudioIfExists if_exists)
{
  const int fromfd = source.dirfd.get ();
  int errnum = rename_if_exists (fromfd, source.name.c_str (), tofd, name,
      if_exists);
  if (errnum != 0)
    return errnum;
  errnum = move_sidecar (source, tofd, folder, name);
  if (errnum != 0)
    rename_no_replace (tofd, name.c_str (), fromfd, source.name.c_str ());
  return errnum;
}

gchar *
move_across (const Source & source, const std::string & destination,
    GstGenAudioIfExists if_exists, GError ** error)
{
  bool skipped;
  gchar *path = copy_to (source, destination, if_exists, skipped, error);
  if (path == nullptr || skipped)
    return path;
  if (unlinkat (source.dirfd.get (), source.name.c_str (), 0) != 0) {
    set_failure (error, errno, "move", source, destination);
    g_free (path);
    return nullptr;
  }
  const std::string sidecar = source.name + GST_GENAUDIO_SIDECAR_EXTENSION;
  unlinkat (source.dirfd.get (), sidecar.c_str (), 0);
  return path;
}

/* Where @path is below @base, or "" if it is elsewhere. Symbolic links on the
 * way lead out of the store. */
std::string
path_below (const std::string & base, const std::string & path)
{
  gchar *real_base = realpath (base.c_str (), nullptr);
  gchar *real_folder = realpath (parent_of (path).c_str (), nullptr);
  std::string found;

  if (real_base != nullptr && real_folder != nullptr) {
    const std::string top = std::string (real_base) + "/";
    const std::string full = std::string (real_folder) + "/" + name_of (path);
    if (g_str_has_prefix (full.c_str (), top.c_str ()))
      found = full.substr (top.size ());
  }
  free (real_base);
  free (real_folder);
  return found;
}

/* Finds the folder of a file to be removed, and whether it may be. */
bool
open_for_removal (const std::string & base, const std::string & path,
    bool any_path, UniqueFd & dirfd, GError ** error)
{
  int errnum;
  if (any_path) {
    errnum = open_base (parent_of (path), dirfd);
  } else {
    const std::string below = path_below (base, path);
    if (!gst_genaudio_filing_parse (below.c_str (), nullptr)) {
      g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
          "\"%s\" is not a file of the store \"%s\"", path.c_str (),
          base.c_str ());
      return false;
    }
    UniqueFd basefd;
    errnum = open_base (base, basefd);
    if (errnum == 0)
      errnum = open_below (basefd.get (), folder_of (below), dirfd);
  }
  if (errnum != 0 && errnum != ENOENT)
    gst_genaudio_set_errno_error (error, errnum, GST_RESOURCE_ERROR_WRITE,
        "Could not remove \"%s\"", path.c_str ());
  return errnum == 0;
}

}

/**
 * gst_genaudio_store_get_file_size:
 * @store: a store
 * @path: any path
 * @error: return location for a #GError of %GST_RESOURCE_ERROR
 *
 * Returns: bytes of the file, or -1
 */
gint64
gst_genaudio_store_get_file_size (GstGenAudioStore * store,
    const gchar * path, GError ** error)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_STORE (store), -1);
  g_return_val_if_fail (path != nullptr, -1);

  struct stat st;
  if (stat (path, &st) == 0)
    return st.st_size;
  const int errnum = errno;
  gst_genaudio_set_errno_error (error, errnum, errnum == ENOENT
      ? GST_RESOURCE_ERROR_NOT_FOUND : GST_RESOURCE_ERROR_READ,
      "Could not look at \"%s\"", path);
  return -1;
}

/**
 * gst_genaudio_store_get_file_size_mb:
 * @store: a store
 * @path: any path
 * @error: return location for a #GError of %GST_RESOURCE_ERROR
 *
 * Returns: size of the file in units of 1048576 bytes, or -1
 */
gdouble
gst_genaudio_store_get_file_size_mb (GstGenAudioStore * store,
    const gchar * path, GError ** error)
{
  const gint64 size = gst_genaudio_store_get_file_size (store, path, error);
  return size < 0 ? -1. : size / bytes_per_mb;
}

/**
 * gst_genaudio_store_delete_file:
 * @store: a store
 * @path: a file
 * @any_path: also what is not a file of the store's grammar in its folders
 * @error: return location for a #GError of %GST_RESOURCE_ERROR
 *
 * Removes a file and its sidecar; never a folder, nor a file being written.
 *
 * Returns: %TRUE if it was removed; %FALSE if it could not be, with @error
 *     set, or was not there, without
 */
gboolean
gst_genaudio_store_delete_file (GstGenAudioStore * store, const gchar * path,
    gboolean any_path, GError ** error)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_STORE (store), FALSE);
  g_return_val_if_fail (path != nullptr, FALSE);

  const std::string name = name_of (path);
  UniqueFd dirfd;
  if (!open_for_removal (gst_genaudio_store_get_base_dir (store), path,
          any_path, dirfd, error))
    return FALSE;
  if (is_locked (dirfd.get (), name.c_str ())) {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY,
        "File \"%s\" is being written", path);
    return FALSE;
  }
  if (unlinkat (dirfd.get (), name.c_str (), 0) != 0) {
    const int errnum = errno;
    if (errnum != ENOENT)
      gst_genaudio_set_errno_error (error, errnum, GST_RESOURCE_ERROR_WRITE,
          "Could not remove \"%s\"", path);
    return FALSE;
  }
  const std::string sidecar = name + GST_GENAUDIO_SIDECAR_EXTENSION;
  unlinkat (dirfd.get (), sidecar.c_str (), 0);
  return TRUE;
}

/**
 * gst_genaudio_store_move_file:
 * @store: a store
 * @source: any file
 * @destination: any path; a folder takes the file under its own name
 * @if_exists: what to do if there is such a file
 * @error: return location for a #GError of %GST_RESOURCE_ERROR
 *
 * Moves a file and its sidecar, also to another file system. Folders are made.
 * If the file is skipped, it stays where it is.
 *
 * Returns: (transfer full) (nullable): where it is now
 */
gchar *
gst_genaudio_store_move_file (GstGenAudioStore * store, const gchar * source,
    const gchar * destination, GstGenAudioIfExists if_exists, GError ** error)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_STORE (store), nullptr);
  g_return_val_if_fail (source != nullptr && destination != nullptr, nullptr);

  Source file;
  if (!open_source (file, source, error))
    return nullptr;
  const std::string path = resolve_destination (destination, file);
  if (is_same_file (file, path))
    return g_strdup (path.c_str ());

  UniqueFd tofd;
  unsigned made;
  std::string name = name_of (path);
  int errnum = make_below (parent_of (path), "", tofd, made);
  if (errnum == 0)
    errnum = rename_both (file, tofd.get (), parent_of (path), name,
        if_exists);
  if (errnum == EXDEV)
    return move_across (file, path, if_exists, error);
  if (errnum == EEXIST && if_exists == GST_GENAUDIO_IF_EXISTS_SKIP)
    errnum = 0;
  if (errnum != 0) {
    set_failure (error, errnum, "move", file, path);
    return nullptr;
  }
  return g_strconcat (parent_of (path).c_str (), "/", name.c_str (), nullptr);
}

/**
 * gst_genaudio_store_copy_file:
 * @store: a store
 * @source: any file
 * @destination: any path; a folder takes the file under its own name
 * @if_exists: what to do if there is such a file
 * @error: return location for a #GError of %GST_RESOURCE_ERROR
 *
 * Copies a file and its sidecar, with times, mode and extended attributes; it
 * appears when it is whole and on the disk. Folders are made.
 *
 * Returns: (transfer full) (nullable): where the copy is
 */
gchar *
gst_genaudio_store_copy_file (GstGenAudioStore * store, const gchar * source,
    const gchar * destination, GstGenAudioIfExists if_exists, GError ** error)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_STORE (store), nullptr);
  g_return_val_if_fail (source != nullptr && destination != nullptr, nullptr);

  Source file;
  if (!open_source (file, source, error))
    return nullptr;
  const std::string path = resolve_destination (destination, file);
  if (is_same_file (file, path)) {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "\"%s\" and \"%s\" are the same file", source, path.c_str ());
    return nullptr;
  }
  bool skipped;
  return copy_to (file, path, if_exists, skipped, error);
}
