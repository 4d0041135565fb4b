/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "genaudio-exporter-pipeline.hpp"

#include <utility>
#include <vector>

namespace genaudio {

/* Sorts the messages of a run into the results of its items. */
class Collector
{
public:
  /* @many: whether there may be more than one */
  explicit Collector (bool many) : many (many)
  {
    results.emplace_back (gst_genaudio_result_new ());
  }

  void add (GstMessage * message);
  void fail (const GError * error)
  {
    gst_genaudio_result_fail (results.back ().get (), error);
  }
  GstGenAudioResult *last () { return results.back ().get (); }
  std::vector<ResultPtr> take () { return std::move (results); }

private:
  GstGenAudioResult *find (const gchar * job_id);
  GstGenAudioResult *find_or_begin (const GstStructure * structure);

  bool many;
  std::vector<ResultPtr> results;
};

}
