/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "location.hpp"
#include "error.hpp"
#include "tensorfile.hpp"

#include <gst/genaudio/genaudio-natural.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <system_error>

#include <glob.h>

namespace genaudio {

namespace fs = std::filesystem;

namespace {

/* Only `*` is special to us: names with brackets are common. */
std::string
escape_pattern (const std::string & location)
{
  std::string pattern;

  for (const char c : location) {
    if (c == '[' || c == ']' || c == '?' || c == '\\')
      pattern += '\\';
    pattern += c;
  }
  return pattern;
}

std::vector<std::string>
list_pattern (const std::string & location)
{
  std::vector<std::string> files;
  glob_t matches;
  const int failed = glob (escape_pattern (location).c_str (), GLOB_NOSORT,
      nullptr, &matches);

  if (failed == 0) {
    for (std::size_t i = 0; i < matches.gl_pathc; i++) {
      std::error_code ignored;
      if (!fs::is_directory (matches.gl_pathv[i], ignored))
        files.emplace_back (matches.gl_pathv[i]);
    }
  }
  globfree (&matches);
  if (failed != 0 && failed != GLOB_NOMATCH)
    throw Error (Fault::read, cat ("Could not look for \"", location, "\""));
  return files;
}

std::vector<std::string>
list_folder (const std::string & location)
{
  std::vector<std::string> files;
  std::error_code failed;
  fs::directory_iterator it (location, failed);

  for (; !failed && it != fs::directory_iterator (); it.increment (failed)) {
    const std::string name = it->path ().filename ();
    std::error_code ignored;
    if (name[0] != '.' && has_tensor_extension (name)
        && !it->is_directory (ignored))
      files.push_back (it->path ());
  }
  if (failed)
    throw Error (Fault::open_read, cat ("Could not list \"", location, "\": ",
            failed.message ()));
  return files;
}

}

std::string
file_stem (const std::string & path)
{
  return fs::path (path).stem ();
}

std::vector<std::string>
list_location (const std::string & location)
{
  std::vector<std::string> files;
  std::error_code failed;
  const fs::file_status status = fs::status (location, failed);

  if (fs::is_directory (status))
    files = list_folder (location);
  else if (fs::exists (status) || location.find ('*') == std::string::npos)
    return {location};
  else
    files = list_pattern (location);
  if (files.empty ())
    throw Error (Fault::not_found, cat ("\"", location, "\" has no tensor "
            "files"));
  std::sort (files.begin (), files.end (), natural_less);
  return files;
}

}
