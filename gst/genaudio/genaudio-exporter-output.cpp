/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-exporter-output.hpp"

#include "genaudio-exporter-pipeline.hpp"
#include "genaudio-item.h"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

namespace genaudio {

namespace {

const FormatOfExtension formats[] = {
  {"wav", "wav", true, true}, {"wave", "wav", false, true},
  {"rf64", "rf64", false, true}, {"aiff", "aiff", true, true},
  {"aif", "aiff", false, true}, {"flac", "flac", true, false},
  {"ogg", "ogg", true, false}, {"oga", "ogg", false, false},
  {"opus", "opus", true, false}, {"mp3", "mp3", true, false},
};

std::string
name_of (const std::string & path)
{
  return path.substr (path.rfind ('/') + 1);
}

void
set_path (GstGenAudioResult * result, const std::string & path)
{
  g_free (result->path);
  result->path = g_strdup (path.c_str ());
}

/* 0, or errno; EEXIST if @to is there. */
int
rename_to_new (const char *from, const char *to)
{
  if (renameat2 (AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
    return 0;
  /* network file systems do not know how */
  if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
    return errno;
  if (link (from, to) != 0)
    return errno;
  unlink (from);
  return 0;
}

}

const FormatOfExtension *
find_format (const std::string & extension)
{
  for (const FormatOfExtension & f : formats)
    if (g_ascii_strcasecmp (f.extension, extension.c_str ()) == 0)
      return &f;
  return nullptr;
}

bool
holds_any_audio (const std::string & path, const std::string & format)
{
  const std::string name = name_of (path);
  const auto dot = name.rfind ('.');
  const FormatOfExtension *found = find_format (path.empty () ? format
      : dot == std::string::npos ? "" : name.substr (dot + 1));

  return found != nullptr && found->holds_any;
}

bool
is_plain_name (const std::string & stem)
{
  if (!gst_genaudio_job_id_validate (stem.c_str (), nullptr))
    return false;
  gchar *composed = g_utf8_normalize (stem.c_str (), -1, G_NORMALIZE_NFC);
  const bool same = composed != nullptr && stem == composed;
  g_free (composed);
  return same;
}

void
Output::publish (GstGenAudioResult * result) const
{
  if (result->path == nullptr || path.empty ()
      || result->status != GST_GENAUDIO_STATUS_PUBLISHED)
    return;
  if (!needs_rename) {
    /* as the caller wrote it, unless it has a suffix now */
    if (g_str_has_suffix (result->path, name_of (path).c_str ()))
      set_path (result, path);
    return;
  }
  const int code = replaces ? (rename (result->path, path.c_str ()) == 0 ? 0
      : errno) : rename_to_new (result->path, path.c_str ());
  if (code != 0)
    unlink (result->path);
  set_path (result, path);
  if (code == EEXIST && skips)
    result->status = GST_GENAUDIO_STATUS_SKIPPED;
  else if (code != 0)
    throw Failure (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE,
        "Could not name the finished file \"" + path + "\": "
        + g_strerror (code));
}

}
