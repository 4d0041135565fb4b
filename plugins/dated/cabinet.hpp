/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "recorder.hpp"

#include <gst/genaudio/genaudio.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace genaudio::dated {

/* A failure that the store has already put into words. */
class StoreError : public FileError
{
public:
  explicit StoreError (GError * error);
  const int resource_code;
};

struct CabinetSettings
{
  std::string location_template;
  GstGenAudioIfExists if_exists = GST_GENAUDIO_IF_EXISTS_ERROR;
  bool durable = true;
  bool sidecar = false;
  guint keep_days = 0;
  guint64 keep_bytes = 0;
  guint64 min_free_bytes = 0;
  bool keep_scope_all = false;
};

struct RecordingStats
{
  std::uint64_t files = 0, frames = 0, bytes = 0, clipped = 0, gaps = 0;
  std::uint64_t dropped_frames = 0;
  std::uint64_t removed_files = 0, removed_bytes = 0;   /* by retention */
};

/* What the application may ask about, from any thread and after the end. */
struct Ledger
{
  std::mutex mutex;
  std::string location;         /* of the last file published */
  std::string kept;             /* the last part that was not */
  std::uint64_t open_frames = 0;        /* of the file in hand */
  RecordingStats stats;
};

using Structures = std::vector<GstStructure *>;

/* Files recordings in the dated store and tells of them on the bus. Belongs
 * to the writer's thread. */
class StoreCabinet : public Cabinet
{
public:
  StoreCabinet (GstElement * element, GstGenAudioStore * store,
      const CabinetSettings & settings, Ledger & ledger);
  ~StoreCabinet () override;

  std::unique_ptr<Part> create (const Fragment & fragment) override;
  void opened (const Fragment & fragment) override;
  void closed (const Fragment & fragment) override;
  std::int64_t now () override;

  void publish (GstGenAudioPart * part, Fragment & fragment);
  void add_result (GstStructure * result);
  void set_metadata (GstStructure * metadata);
  void clear_item ();
  /* Clears away what the settings say, of @job_id or of all. */
  void retain (const std::string & job_id);

private:
  GDateTime *start_of (const Fragment & fragment) const;
  GstStructure *describe (const Fragment & fragment, const char *name) const;
  GstStructure *measurement (const Fragment & fragment) const;
  std::string sidecar_text (const Fragment & fragment) const;

  GstElement *element;
  GstGenAudioStore *store;
  CabinetSettings settings;
  Ledger & ledger;
  Structures results;
  GstStructure *metadata = nullptr;
};

}
