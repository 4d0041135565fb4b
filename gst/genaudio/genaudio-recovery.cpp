/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What killed and failed writers leave: hidden parts, which recovery lists,
 * publishes or removes. It holds a part's lock while it works on it, so that
 * two recoveries, or a recovery and a writer, never have the same one. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-recovery.h"
#include "genaudio-repair.hpp"
#include "genaudio-store-private.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

using namespace genaudio;

namespace {

/* What recovery was asked for. */
struct Order
{
  std::string base;
  GstGenAudioRecoverAction action;
  GstGenAudioIfExists if_exists;
  gint64 youngest;              /* parts changed later are left alone */
};

/* One part, open and locked. */
struct Part
{
  UniqueFd dirfd;
  UniqueFd fd;
  struct stat st = {};
  bool busy = false;
};

bool
has_suffix (const std::string & text, const char *suffix)
{
  return g_str_has_suffix (text.c_str (), suffix);
}

bool
is_sidecar_name (const std::string & name)
{
  return has_suffix (name, GST_GENAUDIO_SIDECAR_EXTENSION);
}

/* ENOENT if it was published or removed meanwhile. */
int
open_part (int basefd, const File & file, const Order & order, Part & part)
{
  struct stat now;
  const bool write = order.action == GST_GENAUDIO_RECOVER_PUBLISH;
  int errnum = open_below (basefd, file.folder, part.dirfd);
  if (errnum != 0)
    return errnum;
  part.fd.reset (openat (part.dirfd.get (), file.name.c_str (),
          (write ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!part.fd)
    return errno;
  part.busy = file.mtime > order.youngest
      || (flock (part.fd.get (), LOCK_EX | LOCK_NB) != 0
      && errno == EWOULDBLOCK);
  if (fstat (part.fd.get (), &part.st) != 0
      || fstatat (part.dirfd.get (), file.name.c_str (), &now,
          AT_SYMLINK_NOFOLLOW) != 0)
    return errno;
  return now.st_ino == part.st.st_ino ? 0 : ENOENT;
}

/* The file keeps its time: it is as old as its audio. */
int
publish_part (const Part & part, const File & file,
    GstGenAudioIfExists if_exists, std::string & name)
{
  const struct timespec times[2] = { part.st.st_atim, part.st.st_mtim };
  const int dirfd = part.dirfd.get ();

  if (futimens (part.fd.get (), times) != 0 || fsync (part.fd.get ()) != 0)
    return errno;
  const int errnum = rename_if_exists (dirfd, file.name.c_str (), dirfd, name,
      if_exists);
  return errnum == 0 ? sync_folder (dirfd) : errnum;
}

void
set_error (GError ** error, const Order & order, int errnum,
    const std::string & path)
{
  if (errnum == EEXIST)
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE,
        "File \"%s\" exists already", path.c_str ());
  else
    gst_genaudio_set_errno_error (error, errnum, GST_RESOURCE_ERROR_WRITE,
        order.action == GST_GENAUDIO_RECOVER_REMOVE ? "Could not remove \"%s\""
        : "Could not recover \"%s\"", path.c_str ());
}

void
recover_audio (int basefd, const File & file, const Order & order,
    GstGenAudioRecoverFunc func, gpointer user_data)
{
  const std::string path = order.base + "/" + file.path ();
  const bool publish = order.action == GST_GENAUDIO_RECOVER_PUBLISH;
  std::string name = final_name_of_part (file.name);
  Part part;
  Contents contents;
  GError *error = nullptr;
  bool done = false;

  int errnum = open_part (basefd, file, order, part);
  if (errnum == ENOENT)
    return;
  if (errnum == 0)
    errnum = inspect_audio (part.fd.get (), publish && !part.busy, contents);
  if (errnum == 0 && publish && !part.busy && contents.has_audio) {
    errnum = publish_part (part, file, order.if_exists, name);
    done = errnum == 0;
  } else if (errnum == 0 && order.action == GST_GENAUDIO_RECOVER_REMOVE
      && !part.busy) {
    if (unlinkat (part.dirfd.get (), file.name.c_str (), 0) != 0)
      errnum = errno;
    done = errnum == 0;
  }
  const std::string final_path = parent_of (path) + "/" + name;
  if (errnum != 0)
    set_error (&error, order, errnum, errnum == EEXIST ? final_path : path);

  GstGenAudioFoundPart found = {};
  found.path = path.c_str ();
  found.final_path = final_path.c_str ();
  found.size = file.size;
  found.mtime = file.mtime;
  found.container = contents.container;
  found.frames = contents.frames;
  found.busy = part.busy;
  found.has_audio = contents.has_audio;
  found.damaged = contents.is_damaged;
  found.done = done;
  found.error = error;
  if (func != nullptr)
    func (&found, user_data);
  g_clear_error (&error);
}

/* A sidecar whose writer was killed between the two renames finds its file;
 * any other one is of no use. */
void
recover_sidecar (int basefd, const File & file, const Order & order)
{
  const std::string name = final_name_of_part (file.name);
  const std::string audio = name.substr (0,
      name.size () - strlen (GST_GENAUDIO_SIDECAR_EXTENSION));
  struct stat st;
  Part part;

  if (order.action == GST_GENAUDIO_RECOVER_LIST
      || open_part (basefd, file, order, part) != 0 || part.busy)
    return;
  const int dirfd = part.dirfd.get ();
  const bool wanted = order.action == GST_GENAUDIO_RECOVER_PUBLISH
      && fstatat (dirfd, audio.c_str (), &st, AT_SYMLINK_NOFOLLOW) == 0;
  if (!wanted || rename_no_replace (dirfd, file.name.c_str (), dirfd,
          name.c_str ()) != 0)
    unlinkat (dirfd, file.name.c_str (), 0);
}

int
find_parts (int basefd, std::vector<File> &audio, std::vector<File> &sidecars)
{
  Selection selection;
  selection.any_name = true;
  selection.only_parts = true;
  return visit_files (basefd, selection, [&] (File & file) {
    const bool sidecar = is_sidecar_name (final_name_of_part (file.name));
    (sidecar ? sidecars : audio).push_back (std::move (file));
    return true;
  });
}

}

/**
 * gst_genaudio_recover_action_get_type:
 *
 * Returns: the type of #GstGenAudioRecoverAction
 */
GType
gst_genaudio_recover_action_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    {GST_GENAUDIO_RECOVER_LIST, "Only look", "list"},
    {GST_GENAUDIO_RECOVER_PUBLISH, "Publish parts with audio", "publish"},
    {GST_GENAUDIO_RECOVER_REMOVE, "Remove all parts", "remove"},
    {0, nullptr, nullptr},
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstGenAudioRecoverAction", values));
  return type;
}

/**
 * gst_genaudio_store_recover: (skip)
 * @store: a store
 * @action: what to do
 * @if_exists: what to do where the name is taken; a skipped part stays
 * @min_age: leave parts alone that changed in the last so many seconds, for
 *     file systems where locks do not reach the other machines
 * @func: (nullable): called with each part
 * @user_data: for @func
 * @error: return location for a #GError of %GST_RESOURCE_ERROR; errors with
 *     single parts go to @func
 *
 * Goes through the parts below the base directory. WAV, RF64, AIFF and FLAC
 * get the header that says what they hold; less than a block, frame or page at
 * the end is cut off; Ogg needs no more, and MP3 nothing. A part without audio
 * is never published.
 *
 * Returns: %TRUE if all were looked at
 */
gboolean
gst_genaudio_store_recover (GstGenAudioStore * store,
    GstGenAudioRecoverAction action, GstGenAudioIfExists if_exists,
    guint min_age, GstGenAudioRecoverFunc func, gpointer user_data,
    GError ** error)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_STORE (store), FALSE);

  const Order order = { gst_genaudio_store_get_base_dir (store), action,
    if_exists, min_age == 0 ? G_MAXINT64
    : g_get_real_time () - min_age * G_USEC_PER_SEC };
  std::vector<File> audio, sidecars;
  UniqueFd basefd;
  int errnum = open_base (order.base, basefd);
  if (errnum == ENOENT)
    return TRUE;
  if (errnum == 0)
    errnum = find_parts (basefd.get (), audio, sidecars);
  if (errnum != 0) {
    set_walk_error (error, errnum, order.base);
    return FALSE;
  }
  for (const File & file : audio)
    recover_audio (basefd.get (), file, order, func, user_data);
  for (const File & file : sidecars)
    recover_sidecar (basefd.get (), file, order);
  return TRUE;
}
