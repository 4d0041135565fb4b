/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What is to be exported: from file arguments or from a manifest, one JSON
 * object a line:
 *
 *   {"location": "a.pt", "job_id": "gen_1", "sample_rate": 32000,
 *    "target_lufs": -16, "metadata": {"prompt": "..."}}
 *
 * Only `location` must be there; a relative one is relative to the manifest's
 * folder. */

#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace genaudio::cli {

struct ManifestItem
{
  std::string location;
  std::string job_id;
  int rate = 0;
  double target = NAN;
  std::map<std::string, std::string> metadata;
  /* line in the manifest, from 1; 0 for a file argument */
  unsigned line = 0;
  /* what is wrong with it, empty if nothing is: such an item fails and the
   * others go on */
  std::string fault;
};

/* Throws std::runtime_error if @path cannot be read. Lines that cannot be
 * read become items with a fault; of two items with one job id the second
 * does. */
std::vector<ManifestItem> read_manifest (const std::string & path);

/* One file each: names as they are, patterns with * or ? expanded in natural
 * order, the stem as job id. */
std::vector<ManifestItem> read_arguments (const std::vector<std::string> &
    arguments);

/* Marks the second and later items of a job id as faulty. */
void find_duplicates (std::vector<ManifestItem> & items);

/* A part of a manifest: every n-th item, so that a shard stays the same when
 * lines are added at the end. */
struct Shard
{
  unsigned index = 0;
  unsigned count = 1;

  bool has (std::size_t item) const { return item % count == index; }
};

/* From "i/n", from @count with an index of the batch engine's, or from the
 * engine alone (SLURM_ARRAY_TASK_ID less _MIN of _COUNT,
 * JOB_COMPLETION_INDEX); throws std::runtime_error on nonsense. @text and
 * @count may be empty and 0. */
Shard find_shard (const std::string & text, unsigned count);

}
