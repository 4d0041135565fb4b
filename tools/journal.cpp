/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "journal.hpp"

#include <gst/genaudio/genaudio.h>
#include <json-glib/json-glib.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace fs = std::filesystem;

namespace genaudio::cli {

namespace {

struct Unref
{
  void operator () (gpointer object) const { g_object_unref (object); }
};

[[noreturn]] void
fail (const std::string & what, const std::string & path, int error)
{
  throw std::runtime_error (what + " " + path + ": "
      + std::generic_category ().message (error));
}

std::string
hash (const std::string & text)
{
  gchar *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text.c_str (),
      -1);
  const std::string result (sum, 16);
  g_free (sum);
  return result;
}

fs::path
folder_of (const std::string & base_dir)
{
  const fs::path folder = fs::path (base_dir) / GST_GENAUDIO_JOURNAL_FOLDER;
  std::error_code error;

  fs::create_directories (folder, error);
  if (error)
    fail ("cannot make", folder.string (), error.value ());
  return folder;
}

std::string
to_line (const std::string & job_id, const Source & source,
    const std::string & path)
{
  JsonObject *object = json_object_new ();
  json_object_set_string_member (object, "job_id", job_id.c_str ());
  json_object_set_string_member (object, "path", path.c_str ());
  json_object_set_string_member (object, "source", source.path.c_str ());
  json_object_set_int_member (object, "size", gint64 (source.size));
  json_object_set_int_member (object, "mtime_ns", source.mtime_ns);
  JsonNode *node = json_node_init_object (json_node_alloc (), object);
  gchar *text = json_to_string (node, FALSE);
  const std::string line = std::string (text) + "\n";

  g_free (text);
  json_node_unref (node);
  json_object_unref (object);
  return line;
}

/* False for a line that a crash tore: such an item was not begun. */
bool
parse_line (const std::string & line, std::string & job_id, Source & source,
    std::string & path)
{
  std::unique_ptr<JsonParser, Unref> parser (json_parser_new ());

  if (!json_parser_load_from_data (parser.get (), line.data (),
          gssize (line.size ()), nullptr))
    return false;
  JsonNode *root = json_parser_get_root (parser.get ());
  if (root == nullptr || !JSON_NODE_HOLDS_OBJECT (root))
    return false;
  JsonObject *object = json_node_get_object (root);
  const auto text = [object] (const char *member) {
    return std::string (json_object_get_string_member_with_default (object,
            member, ""));
  };
  job_id = text ("job_id");
  path = text ("path");
  source.path = text ("source");
  source.size = guint64 (json_object_get_int_member_with_default (object,
          "size", 0));
  source.mtime_ns = json_object_get_int_member_with_default (object,
      "mtime_ns", 0);
  return !path.empty ();
}

}

Source
Source::of (const std::string & path)
{
  struct stat status;

  if (stat (path.c_str (), &status) != 0)
    fail ("cannot read", path, errno);
  Source source;
  source.path = fs::absolute (path).lexically_normal ().string ();
  source.size = std::uint64_t (status.st_size);
  source.mtime_ns = std::int64_t (status.st_mtim.tv_sec) * 1000000000
      + status.st_mtim.tv_nsec;
  return source;
}

Journal::Journal (const std::string & base_dir, const std::string & name)
{
  const fs::path folder = folder_of (base_dir);

  for (const auto & entry : fs::directory_iterator (folder)) {
    if (entry.path ().extension () == ".journal")
      load (entry.path ().string ());
  }
  file_ = (folder / (hash (name) + ".journal")).string ();
  fd_ = open (file_.c_str (), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd_ < 0)
    fail ("cannot write", file_, errno);
}

Journal::~Journal ()
{
  close (fd_);
}

void
Journal::load (const std::string & file)
{
  std::ifstream in (file, std::ios::binary);

  for (std::string line; std::getline (in, line);) {
    std::string job_id;
    Entry entry;
    if (parse_line (line, job_id, entry.source, entry.path))
      entries_.emplace (job_id, entry);
  }
}

bool
Journal::has_begun (const std::string & job_id, const Source & source) const
{
  std::lock_guard<std::mutex> lock (mutex_);
  const auto [first, last] = entries_.equal_range (job_id);

  return std::any_of (first, last, [&source] (const auto & entry) {
    return entry.second.source == source;
  });
}

std::vector<std::string>
Journal::find_files (const std::string & job_id, const Source & source) const
{
  std::lock_guard<std::mutex> lock (mutex_);
  const auto [first, last] = entries_.equal_range (job_id);
  std::vector<std::string> files;

  for (auto entry = first; entry != last; ++entry) {
    const std::string & path = entry->second.path;
    if (entry->second.source == source && fs::exists (path)
        && std::find (files.begin (), files.end (), path) == files.end ())
      files.push_back (path);
  }
  return files;
}

bool
Journal::has_entry (const std::string & job_id, const Source & source,
    const std::string & path) const
{
  const auto [first, last] = entries_.equal_range (job_id);

  return std::any_of (first, last, [&] (const auto & entry) {
    return entry.second.source == source && entry.second.path == path;
  });
}

void
Journal::record (const std::string & job_id, const Source & source,
    const std::string & path)
{
  const std::string line = to_line (job_id, source, path);
  std::lock_guard<std::mutex> lock (mutex_);

  if (has_entry (job_id, source, path))
    return;
  /* one write a line: appended whole, whoever else appends */
  const ssize_t n = write (fd_, line.data (), line.size ());
  if (n != ssize_t (line.size ()))
    fail ("cannot write", file_, n < 0 ? errno : ENOSPC);
  entries_.emplace (job_id, Entry {source, path});
}

std::string
fix_date (const std::string & base_dir, const std::string & manifest,
    const std::string & date)
{
  const fs::path file = folder_of (base_dir)
      / (hash (fs::absolute (manifest).lexically_normal ().string ())
          + ".date");
  std::string kept = date;

  if (kept.empty ()) {
    std::ifstream in (file);
    if (std::getline (in, kept) && !kept.empty ())
      return kept;
    GDateTime *now = g_date_time_new_now_local ();
    gchar *today = g_date_time_format (now, "%Y-%m-%d");
    kept = today;
    g_free (today);
    g_date_time_unref (now);
  }
  /* several shards start at once: the first one's date counts */
  const std::string own = file.string () + "." + std::to_string (getpid ());
  std::ofstream (own) << kept << "\n";
  if (!date.empty ()) {
    fs::rename (own, file);
    return kept;
  }
  const bool first = link (own.c_str (), file.c_str ()) == 0;
  unlink (own.c_str ());
  if (!first) {
    std::ifstream in (file);
    std::getline (in, kept);
  }
  return kept;
}

}
