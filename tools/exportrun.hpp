/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* A run of `genaudio export`: items through exporters side by side. */

#pragma once

#include "cli.hpp"
#include "journal.hpp"
#include "manifest.hpp"

#include <gst/genaudio/genaudio.h>

#include <atomic>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace genaudio::cli {

struct ExportSettings
{
  std::string base_dir;
  std::string date;             /* ISO 8601; empty: now */
  std::string format = "wav";
  /* properties of the exporter, by name, as text */
  std::map<std::string, std::string> properties;
  int input_rate = 0;           /* of tensors that name none; 0: 32000 */
  unsigned jobs = 1;
  bool json = false;
  std::string index;            /* file, or empty */
  std::string failed;           /* file, or empty */
};

struct ExportCounts
{
  unsigned done = 0, skipped = 0, failed = 0, default_rates = 0;
  guint64 clipped = 0;
  bool place_failed = false;
};

class ExportRun
{
public:
  /* Throws std::runtime_error if the place cannot be used. */
  ExportRun (const ExportSettings & settings, Journal & journal,
      std::vector<ManifestItem> items);
  ~ExportRun ();

  ExportCounts run ();

private:
  void work ();
  void process (GstGenAudioExporter * exporter, const ManifestItem & item);
  void fail (const ManifestItem & item, const GError * error);
  void skip (const ManifestItem & item, const std::string & path);
  std::string final_path (const std::string & job_id) const;
  GstGenAudioExporter *make_exporter () const;
  void report (const ManifestItem & item, GstGenAudioResult * result);
  void print (const GstGenAudioResult * result);
  void add_to_index (const GstGenAudioResult * result);
  void add_to_failed (const ManifestItem & item, const std::string & error);
  void load_index ();

  const ExportSettings settings_;
  Journal & journal_;
  const std::vector<ManifestItem> items_;
  GstGenAudioStore *store_ = nullptr;
  GDateTime *date_ = nullptr;

  std::atomic<std::size_t> next_ {0};
  std::atomic<bool> stop_ {false};
  /* of all below */
  std::mutex mutex_;
  ExportCounts counts_;
  std::size_t finished_ = 0;
  Progress progress_;
  bool show_lines_;
  std::ofstream index_, failed_;
  std::set<std::string> indexed_;
};

}
