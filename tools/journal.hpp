/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What a store remembers of exports, in the hidden folder .genaudio below its
 * base: which source each job was made from, and on which date a manifest was
 * first run. So a run that was cut off, or is repeated after midnight, skips
 * what is done, and another source under the same name is noticed.
 *
 * A line is written before an item is begun: publication never replaces a
 * file, so a file that is there, and was begun from this source, is done. A
 * file with several items adds a line for each as it ends. */

#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace genaudio::cli {

/* A tensor file as it was when it was exported. */
struct Source
{
  std::string path;
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;

  bool operator== (const Source & other) const = default;

  /* Throws std::runtime_error if there is no such file. */
  static Source of (const std::string & path);
};

class Journal
{
public:
  /* @name tells manifests, and their shards, apart; several processes may
   * write journals of one store, each its own. Throws std::runtime_error. */
  Journal (const std::string & base_dir, const std::string & name);
  ~Journal ();
  Journal (const Journal &) = delete;
  Journal &operator= (const Journal &) = delete;

  /* Whether @job_id was begun from @source, in any journal of the store. */
  bool has_begun (const std::string & job_id, const Source & source) const;

  /* The files made of @job_id from @source that are there. */
  std::vector<std::string> find_files (const std::string & job_id,
      const Source & source) const;

  /* To be called before @job_id is begun, with the path it is to have, and
   * after it with every path it got. */
  void record (const std::string & job_id, const Source & source,
      const std::string & path);

private:
  struct Entry
  {
    Source source;
    std::string path;
  };

  void load (const std::string & file);
  bool has_entry (const std::string & job_id, const Source & source,
      const std::string & path) const;

  std::string file_;
  int fd_ = -1;
  mutable std::mutex mutex_;
  std::multimap<std::string, Entry> entries_;   /* by job id */
};

/* The filing date of a manifest's run: @date if it is given, else the one of
 * its first run, which is kept below @base_dir. Returns an ISO 8601 date;
 * throws std::runtime_error. */
std::string fix_date (const std::string & base_dir,
    const std::string & manifest, const std::string & date);

}
