/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-sidecar.hpp"
#include "genaudio-files.hpp"
#include "genaudio-filing.h"

#include <json-glib/json-glib.h>

#include <cerrno>

#include <fcntl.h>

namespace genaudio {

std::string
sidecar_with_path (const std::string & text, const std::string & path)
{
  JsonParser *parser = json_parser_new ();
  std::string changed = text;
  JsonNode *root = nullptr;

  if (json_parser_load_from_data (parser, text.data (), text.size (), nullptr))
    root = json_parser_get_root (parser);
  if (root != nullptr && JSON_NODE_HOLDS_OBJECT (root)
      && json_object_has_member (json_node_get_object (root), "path")
      && g_utf8_validate (path.c_str (), path.size (), nullptr)) {
    json_object_set_string_member (json_node_get_object (root), "path",
        path.c_str ());
    gchar *written = json_to_string (root, FALSE);
    changed = std::string (written) + (text.back () == '\n' ? "\n" : "");
    g_free (written);
  }
  g_object_unref (parser);
  return changed;
}

std::unique_ptr<std::string>
read_sidecar (const std::string & path)
{
  const std::string name = path + GST_GENAUDIO_SIDECAR_EXTENSION;
  gchar *text;
  gsize length;
  if (!g_file_get_contents (name.c_str (), &text, &length, nullptr))
    return nullptr;
  auto copy = std::make_unique<std::string> (text, length);
  g_free (text);
  return copy;
}

int
write_sidecar (int dirfd, const std::string & name, const std::string & text,
    bool durable)
{
  UniqueFd fd (openat (dirfd, name.c_str (),
          O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!fd)
    return errno;
  int errnum = write_all (fd.get (), text.data (), text.size ());
  if (errnum == 0 && durable && fsync (fd.get ()) != 0)
    errnum = errno;
  if (errnum != 0)
    unlinkat (dirfd, name.c_str (), 0);
  return errnum;
}

}
