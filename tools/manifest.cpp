/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "manifest.hpp"

#include <gst/genaudio/genaudio-natural.hpp>

#include <json-glib/json-glib.h>

#include <glob.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <stdexcept>

namespace fs = std::filesystem;

namespace genaudio::cli {

namespace {

struct Unref
{
  void operator () (gpointer object) const { g_object_unref (object); }
};

const char *
type_name (JsonNode * node)
{
  return JSON_NODE_HOLDS_VALUE (node)
      ? g_type_name (json_node_get_value_type (node))
      : json_node_type_name (node);
}

[[noreturn]] void
refuse (const char *key, const char *expected, JsonNode * node)
{
  throw std::runtime_error (std::string ("\"") + key + "\" is not "
      + expected + " but " + type_name (node));
}

std::string
get_string (const char *key, JsonNode * node)
{
  if (!JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_STRING)
    refuse (key, "a string", node);
  return json_node_get_string (node);
}

double
get_number (const char *key, JsonNode * node)
{
  if (!JSON_NODE_HOLDS_VALUE (node)
      || (json_node_get_value_type (node) != G_TYPE_DOUBLE
          && json_node_get_value_type (node) != G_TYPE_INT64))
    refuse (key, "a number", node);
  return json_node_get_double (node);
}

/* Metadata are strings; numbers and booleans become the text they have in
 * JSON. */
std::map<std::string, std::string>
get_metadata (JsonNode * node)
{
  std::map<std::string, std::string> metadata;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    refuse ("metadata", "an object", node);
  JsonObjectIter iter;
  const gchar *name;
  JsonNode *value;
  json_object_iter_init (&iter, json_node_get_object (node));
  while (json_object_iter_next (&iter, &name, &value)) {
    if (JSON_NODE_HOLDS_NULL (value))
      continue;
    if (!JSON_NODE_HOLDS_VALUE (value))
      refuse (name, "a string or a number", value);
    if (json_node_get_value_type (value) == G_TYPE_STRING) {
      metadata[name] = json_node_get_string (value);
    } else {
      gchar *text = json_to_string (value, FALSE);
      metadata[name] = text;
      g_free (text);
    }
  }
  return metadata;
}

void
set_member (ManifestItem & item, const std::string & key, JsonNode * node)
{
  if (key == "location") {
    item.location = get_string ("location", node);
  } else if (key == "job_id") {
    item.job_id = get_string ("job_id", node);
  } else if (key == "sample_rate") {
    const double rate = get_number ("sample_rate", node);
    if (!(rate >= 1 && rate <= 768000) || rate != std::floor (rate))
      throw std::runtime_error ("\"sample_rate\" is not a rate in Hz");
    item.rate = int (rate);
  } else if (key == "target_lufs") {
    item.target = get_number ("target_lufs", node);
    if (!(item.target >= -70 && item.target <= -5))
      throw std::runtime_error ("\"target_lufs\" is not between -70 and -5");
  } else if (key == "metadata") {
    item.metadata = get_metadata (node);
  } else if (key != "error") {  /* a list of failures is a manifest too */
    throw std::runtime_error ("\"" + key + "\" is not a key of a manifest");
  }
}

void
parse_line (ManifestItem & item, const std::string & line,
    const fs::path & folder)
{
  std::unique_ptr<JsonParser, Unref> parser (json_parser_new_immutable ());
  GError *error = nullptr;

  if (!json_parser_load_from_data (parser.get (), line.data (),
          gssize (line.size ()), &error)) {
    const std::string text = error->message;
    g_error_free (error);
    throw std::runtime_error ("not JSON: " + text);
  }
  JsonNode *root = json_parser_get_root (parser.get ());
  if (root == nullptr || !JSON_NODE_HOLDS_OBJECT (root))
    throw std::runtime_error ("not a JSON object");
  JsonObjectIter iter;
  const gchar *name;
  JsonNode *value;
  json_object_iter_init (&iter, json_node_get_object (root));
  while (json_object_iter_next (&iter, &name, &value)) {
    if (!JSON_NODE_HOLDS_NULL (value))
      set_member (item, name, value);
  }
  if (item.location.empty ())
    throw std::runtime_error ("no \"location\"");
  if (item.job_id.empty ())
    item.job_id = fs::path (item.location).stem ().string ();
  item.location = (folder / item.location).lexically_normal ().string ();
}

/* The files a pattern names; a name that exists, or names nothing, stays
 * what it is, so that a file that is missing is an error of its own. */
std::vector<std::string>
expand (const std::string & argument)
{
  std::vector<std::string> files;
  glob_t found = { };

  if (argument.find_first_of ("*?[") != std::string::npos
      && !fs::exists (argument)
      && glob (argument.c_str (), 0, nullptr, &found) == 0)
    files.assign (found.gl_pathv, found.gl_pathv + found.gl_pathc);
  else
    files.push_back (argument);
  globfree (&found);
  std::sort (files.begin (), files.end (), genaudio::natural_less);
  return files;
}

bool
parse_unsigned (const char *text, unsigned & value)
{
  char *end = nullptr;
  if (text == nullptr || !std::isdigit (static_cast<unsigned char> (*text)))
    return false;
  const unsigned long long number = std::strtoull (text, &end, 10);
  if (*end != '\0' || number > G_MAXUINT)
    return false;
  value = unsigned (number);
  return true;
}

unsigned
require_environment (const char *name)
{
  unsigned value = 0;
  if (!parse_unsigned (g_getenv (name), value))
    throw std::runtime_error (std::string (name) + " is \""
        + (g_getenv (name) != nullptr ? g_getenv (name) : "")
        + "\", not a number");
  return value;
}

/* Index within, and number of, the tasks of the batch engine; @count stays 0
 * where the engine does not tell it. */
bool
read_engine (unsigned & index, unsigned & count)
{
  if (g_getenv ("SLURM_ARRAY_TASK_ID") != nullptr) {
    const unsigned first = require_environment ("SLURM_ARRAY_TASK_MIN");
    const unsigned last = require_environment ("SLURM_ARRAY_TASK_MAX");
    index = require_environment ("SLURM_ARRAY_TASK_ID") - first;
    count = require_environment ("SLURM_ARRAY_TASK_COUNT");
    /* indices with holes would leave items to nobody */
    if (last - first + 1 != count)
      count = 0;
    return true;
  }
  if (g_getenv ("JOB_COMPLETION_INDEX") != nullptr) {
    index = require_environment ("JOB_COMPLETION_INDEX");
    return true;
  }
  return false;
}

}

std::vector<ManifestItem>
read_manifest (const std::string & path)
{
  std::ifstream file (path, std::ios::binary);
  std::vector<ManifestItem> items;

  if (!file || fs::is_directory (path))
    throw std::runtime_error ("cannot read the manifest " + path);
  const fs::path folder = fs::path (path).parent_path ();
  unsigned number = 0;
  for (std::string line; std::getline (file, line);) {
    number++;
    if (line.find_first_not_of (" \t\r") == std::string::npos)
      continue;
    ManifestItem item;
    item.line = number;
    try {
      parse_line (item, line, folder);
    } catch (const std::exception & e) {
      item.fault = path + ":" + std::to_string (number) + ": " + e.what ();
    }
    items.push_back (std::move (item));
  }
  if (file.bad ())
    throw std::runtime_error ("cannot read the manifest " + path);
  find_duplicates (items);
  return items;
}

std::vector<ManifestItem>
read_arguments (const std::vector<std::string> & arguments)
{
  std::vector<ManifestItem> items;

  for (const std::string & argument : arguments) {
    for (const std::string & file : expand (argument)) {
      ManifestItem item;
      item.location = file;
      item.job_id = fs::path (file).stem ().string ();
      items.push_back (std::move (item));
    }
  }
  find_duplicates (items);
  return items;
}

void
find_duplicates (std::vector<ManifestItem> & items)
{
  std::set<std::string> seen;

  for (ManifestItem & item : items) {
    if (!item.fault.empty () || item.job_id.empty ())
      continue;
    if (!seen.insert (item.job_id).second)
      item.fault = (item.line > 0
          ? "line " + std::to_string (item.line) + ": " : std::string ())
          + "duplicate job id \"" + item.job_id + "\" (" + item.location + ")";
  }
}

Shard
find_shard (const std::string & text, unsigned count)
{
  Shard shard;

  if (!text.empty ()) {
    const auto slash = text.find ('/');
    if (slash == std::string::npos
        || !parse_unsigned (text.substr (0, slash).c_str (), shard.index)
        || !parse_unsigned (text.c_str () + slash + 1, shard.count)
        || shard.count == 0)
      throw std::runtime_error ("shard \"" + text + "\" is not i/n");
  } else {
    unsigned told = 0;
    if (!read_engine (shard.index, told)) {
      if (count > 1)
        throw std::runtime_error ("--shards needs an index: --shard i/n, "
            "or a batch engine's");
      return shard;
    }
    shard.count = count > 0 ? count : told;
    if (shard.count == 0)
      throw std::runtime_error ("the batch engine does not say how many "
          "shards there are, or its indices have holes: give --shards N");
  }
  if (shard.index >= shard.count)
    throw std::runtime_error ("shard index "
        + std::to_string (shard.index) + " is not below "
        + std::to_string (shard.count));
  return shard;
}

}
