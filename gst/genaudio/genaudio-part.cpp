/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Files that are complete or absent. A part is written under a hidden name in
 * the folder of its final place, so that publishing is one rename on one file
 * system. Its lock only tells cleaners that somebody is at work; that no file
 * is overwritten rests on the rename alone. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-part-private.hpp"
#include "genaudio-sidecar.hpp"

#include <cerrno>
#include <cstdarg>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

using namespace genaudio;

namespace {


GstResourceError
code_of_errno (int errnum, GstResourceError fallback)
{
  switch (errnum) {
    case ENOSPC:
    case EDQUOT:
      return GST_RESOURCE_ERROR_NO_SPACE_LEFT;
    case EACCES:
    case EPERM:
    case EROFS:
      return GST_RESOURCE_ERROR_NOT_AUTHORIZED;
    default:
      return fallback;
  }
}

bool
exists (int dirfd, const std::string & name)
{
  struct stat st;
  return fstatat (dirfd, name.c_str (), &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Where the folder was removed with the part in it, the descriptor still has
 * all that was written: it gets a folder and a name again. */
int
restore_part (GstGenAudioPart * part)
{
  struct stat st;
  if (exists (part->dirfd.get (), part->part_name)
      || fstat (part->fd.get (), &st) != 0 || st.st_nlink > 0)
    return 0;

  GstGenAudioPart *again = create_part (part->base, part->folder.empty ()
      ? part->name : part->folder + "/" + part->name, nullptr);
  if (again == nullptr)
    return ENOENT;
  const int errnum = lseek (part->fd.get (), 0, SEEK_SET) != 0 ? errno
      : copy_data (part->fd.get (), again->fd.get ());
  if (errnum != 0) {
    gst_genaudio_part_discard (again);
    return errnum;
  }
  std::swap (*part, *again);
  delete again;
  return 0;
}

/* Taggers may have put another file in the part's place. */
int
sync_file (GstGenAudioPart * part)
{
  UniqueFd fd (openat (part->dirfd.get (), part->part_name.c_str (),
          O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  return fd && fsync (fd.get ()) == 0 ? 0 : errno;
}

/* Takes a publication back: complete or absent. A disk can be too broken even
 * for that; then the whole file stays under its final name. */
void
withdraw (GstGenAudioPart * part, const std::string & name)
{
  const std::string sidecar = name + GST_GENAUDIO_SIDECAR_EXTENSION;
  const int dirfd = part->dirfd.get ();
  if (rename_no_replace (dirfd, name.c_str (), dirfd,
          part->part_name.c_str ()) != 0) {
    part->path = parent_of (part->final_path) + "/" + name;
    part->is_published = true;
    return;
  }
  unlinkat (dirfd, sidecar.c_str (), 0);
}

/* The sidecar while nothing has its name yet. */
struct Sidecar
{
  const char *text = nullptr;   /* none */
  std::string part_name;
};

/* What was written for a name that was taken is written again for @name. */
int
rename_sidecar (GstGenAudioPart * part, const Sidecar & sidecar,
    const std::string & name, bool durable)
{
  const int dirfd = part->dirfd.get ();
  const std::string final_name = name + GST_GENAUDIO_SIDECAR_EXTENSION;
  int errnum = 0;

  if (name != part->name) {
    unlinkat (dirfd, sidecar.part_name.c_str (), 0);
    errnum = write_sidecar (dirfd, sidecar.part_name,
        sidecar_with_path (sidecar.text,
            parent_of (part->final_path) + "/" + name), durable);
  }
  if (errnum == 0 && renameat (dirfd, sidecar.part_name.c_str (), dirfd,
          final_name.c_str ()) != 0)
    errnum = errno;
  return errnum;
}

/* Who owns the audio's name owns the sidecar's, so the audio goes first and
 * whatever has the sidecar's name is of a file that is gone. */
int
publish_names (GstGenAudioPart * part, GstGenAudioIfExists if_exists,
    const Sidecar & sidecar, bool durable, std::string & name)
{
  const int dirfd = part->dirfd.get ();
  name = part->name;
  int errnum = rename_if_exists (dirfd, part->part_name.c_str (), dirfd, name,
      if_exists);
  if (errnum != 0)
    return errnum;
  if (sidecar.text != nullptr) {
    errnum = rename_sidecar (part, sidecar, name, durable);
  } else {
    const std::string stale = name + GST_GENAUDIO_SIDECAR_EXTENSION;
    unlinkat (dirfd, stale.c_str (), 0);
  }
  if (errnum == 0 && durable)
    errnum = sync_folders (part->base, part->folder, part->made);
  if (errnum != 0)
    withdraw (part, name);
  return errnum;
}

void
set_publish_error (GError ** error, GstGenAudioPart * part, int errnum)
{
  if (errnum == EEXIST)
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE,
        "File \"%s\" exists already", part->final_path.c_str ());
  else if (part->is_published)
    gst_genaudio_set_errno_error (error, errnum, GST_RESOURCE_ERROR_WRITE,
        "\"%s\" is published, but its sidecar or its folder could not be "
        "written", part->path.c_str ());
  else
    gst_genaudio_set_errno_error (error, errnum, GST_RESOURCE_ERROR_WRITE,
        "Could not publish \"%s\"", part->final_path.c_str ());
}

}

namespace genaudio {

GstGenAudioPart *
create_part (const std::string & base, const std::string & path,
    GError ** error)
{
  auto part = std::make_unique<GstGenAudioPart> ();
  part->base = base;
  part->folder = folder_of (path);
  part->name = name_of (path);
  part->final_path = base + "/" + path;

  const gint64 start = g_get_monotonic_time ();
  int errnum = ENOENT;
  while (errnum == ENOENT && g_get_monotonic_time () - start < max_contention) {
    unsigned made;
    errnum = make_below (base, part->folder, part->dirfd, made);
    part->made += made;
    if (errnum != 0) {
      gst_genaudio_set_errno_error (error, errnum,
          GST_RESOURCE_ERROR_OPEN_WRITE, "Could not make the folder \"%s\"",
          parent_of (part->final_path).c_str ());
      return nullptr;
    }
    part->part_name = make_part_name (part->name);
    part->fd.reset (openat (part->dirfd.get (), part->part_name.c_str (),
            O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
    errnum = part->fd ? 0 : errno;
    if (errnum == EEXIST)
      errnum = ENOENT;
  }
  if (errnum != 0) {
    gst_genaudio_set_errno_error (error, errnum, GST_RESOURCE_ERROR_OPEN_WRITE,
        "Could not open \"%s\" for writing", part->final_path.c_str ());
    return nullptr;
  }
  flock (part->fd.get (), LOCK_EX | LOCK_NB);
  part->path = parent_of (part->final_path) + "/" + part->part_name;
  return part.release ();
}

}

/**
 * gst_genaudio_if_exists_get_type:
 *
 * Returns: the type of #GstGenAudioIfExists
 */
GType
gst_genaudio_if_exists_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    {GST_GENAUDIO_IF_EXISTS_ERROR, "Fail", "error"},
    {GST_GENAUDIO_IF_EXISTS_SUFFIX, "Add a number to the name", "suffix"},
    {GST_GENAUDIO_IF_EXISTS_SKIP, "Keep the file that is there", "skip"},
    {GST_GENAUDIO_IF_EXISTS_REPLACE, "Replace the file that is there",
        "replace"},
    {0, nullptr, nullptr},
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstGenAudioIfExists",
            values));
  return type;
}

/**
 * gst_genaudio_set_errno_error:
 * @error: (out) (optional): return location for the error
 * @errnum: an errno
 * @fallback: code where @errnum says nothing better
 * @format: what could not be done, with its file
 * @...: arguments of @format
 *
 * Makes an error of the domain %GST_RESOURCE_ERROR: NO_SPACE_LEFT for a full
 * disk or quota, NOT_AUTHORIZED for missing rights and a read-only file
 * system, else @fallback; the text ends with what the system says.
 */
void
gst_genaudio_set_errno_error (GError ** error, gint errnum,
    GstResourceError fallback, const gchar * format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  gchar *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, GST_RESOURCE_ERROR, code_of_errno (errnum, fallback),
      "%s: %s", text, g_strerror (errnum));
  g_free (text);
}

/**
 * gst_genaudio_part_get_fd:
 * @part: a part
 *
 * Returns: the descriptor to write to; it stays the part's. Closing the audio
 *     library's own handle must not close it.
 */
gint
gst_genaudio_part_get_fd (const GstGenAudioPart * part)
{
  g_return_val_if_fail (part != nullptr, -1);

  return part->fd.get ();
}

/**
 * gst_genaudio_part_get_path:
 * @part: a part
 *
 * Returns: (transfer none): where the hidden file is
 */
const gchar *
gst_genaudio_part_get_path (const GstGenAudioPart * part)
{
  g_return_val_if_fail (part != nullptr, nullptr);

  return part->path.c_str ();
}

/**
 * gst_genaudio_part_get_final_path:
 * @part: a part
 *
 * Returns: (transfer none): where the file will be, unless that name is taken
 */
const gchar *
gst_genaudio_part_get_final_path (const GstGenAudioPart * part)
{
  g_return_val_if_fail (part != nullptr, nullptr);

  return part->final_path.c_str ();
}

/**
 * gst_genaudio_part_is_taken:
 * @part: a part
 *
 * For those who would rather fail before a recording than after it.
 *
 * Returns: %TRUE if there is a file of the final name now
 */
gboolean
gst_genaudio_part_is_taken (const GstGenAudioPart * part)
{
  g_return_val_if_fail (part != nullptr, FALSE);

  return exists (part->dirfd.get (), part->name);
}

/**
 * gst_genaudio_part_publish:
 * @part: (transfer none): a part, complete and flushed to its descriptor
 * @if_exists: what to do if the name is taken
 * @durable: whether file and folders are on the disk when this returns
 * @sidecar: (nullable): text of the sidecar; where it is a JSON object with a
 *     member `path` and the name is taken, that says the name that was free
 * @path: (out) (optional) (transfer full): where the file is now, or the file
 *     that made this one be skipped
 * @skipped: (out) (optional): whether it was skipped
 * @error: return location for a #GError of %GST_RESOURCE_ERROR
 *
 * Gives the file its final name, all of it or nothing, and its sidecar beside
 * it. On success the part is gone. On failure nothing has the final name and
 * the part is as it was: try again, gst_genaudio_part_keep() or
 * gst_genaudio_part_discard() it. Only where the disk fails between the
 * renames, and fails again when the first one is taken back, the whole file
 * has its name in spite of the error, which says so.
 *
 * Returns: %TRUE if the file is published or was skipped
 */
gboolean
gst_genaudio_part_publish (GstGenAudioPart * part,
    GstGenAudioIfExists if_exists, gboolean durable, const gchar * sidecar,
    gchar ** path, gboolean * skipped, GError ** error)
{
  g_return_val_if_fail (part != nullptr, FALSE);

  Sidecar side;
  std::string name;
  int errnum = restore_part (part);
  if (errnum == 0 && durable)
    errnum = sync_file (part);
  if (errnum == 0 && sidecar != nullptr) {
    side.part_name =
        make_part_name (part->name + GST_GENAUDIO_SIDECAR_EXTENSION);
    errnum = write_sidecar (part->dirfd.get (), side.part_name, sidecar,
        durable);
    if (errnum == 0)
      side.text = sidecar;
  }
  if (errnum == 0)
    errnum = publish_names (part, if_exists, side, durable, name);
  if (errnum != 0 && side.text != nullptr && !part->is_published)
    unlinkat (part->dirfd.get (), side.part_name.c_str (), 0);

  const bool skip = errnum == EEXIST && if_exists == GST_GENAUDIO_IF_EXISTS_SKIP;
  if (errnum != 0 && !skip) {
    set_publish_error (error, part, errnum);
    return FALSE;
  }
  if (path != nullptr)
    *path = g_strdup ((parent_of (part->final_path) + "/" + name).c_str ());
  if (skipped != nullptr)
    *skipped = skip;
  if (skip)
    unlinkat (part->dirfd.get (), part->part_name.c_str (), 0);
  delete part;
  return TRUE;
}

/**
 * gst_genaudio_part_keep:
 * @part: (transfer full): a part
 *
 * Ends work on @part and leaves the hidden file for
 * gst_genaudio_store_recover(). One that was removed meanwhile, with its
 * folder perhaps, is made again.
 *
 * Returns: (transfer full): where it is
 */
gchar *
gst_genaudio_part_keep (GstGenAudioPart * part)
{
  g_return_val_if_fail (part != nullptr, nullptr);

  if (!part->is_published)
    restore_part (part);
  gchar *path = g_strdup (part->path.c_str ());
  delete part;
  return path;
}

/**
 * gst_genaudio_part_discard:
 * @part: (transfer full): a part
 *
 * Removes the hidden file.
 */
void
gst_genaudio_part_discard (GstGenAudioPart * part)
{
  g_return_if_fail (part != nullptr);

  unlinkat (part->dirfd.get (), part->part_name.c_str (), 0);
  delete part;
}
