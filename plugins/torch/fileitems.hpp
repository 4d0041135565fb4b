/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "error.hpp"
#include "file.hpp"
#include "itemsource.hpp"
#include "layout.hpp"
#include "samplereader.hpp"

#include <memory>
#include <vector>

namespace genaudio {

struct FileSettings
{
  std::string location;
  std::string tensor_name;
  std::string job_id;
  Layout layout = Layout::automatic;
  NonFinite non_finite = NonFinite::error;
  int rate = 0;                 /* 0: what the file says */
  bool require_rate = false;
  std::int64_t batch_index = -1;        /* -1: every entry */
};

/* The items of tensor files: every entry of every file, in order. */
class FileItems : public ItemSource
{
public:
  /* Lists the location; throws if there is nothing. */
  explicit FileItems (const FileSettings & settings);

  bool is_immediate () const override { return true; }
  Status open_next (ItemInfo & info) override;
  bool is_seekable () const override;
  std::size_t wanted_space () const override { return block_frames_; }
  Status read (void *out, std::size_t space, Block & block) override;
  void seek (std::uint64_t frame) override { position_ = frame; }
  std::uint64_t over_range () const override;
  void interrupt (bool) override {}     /* it never waits */

private:

  Status open_next_unnamed (ItemInfo & info);
  Error name_file (const Error & error) const;
  void open_file ();
  void open_entry (std::uint64_t number, ItemInfo & info);
  void resolve_rate (const Tensor & tensor, ItemInfo & info) const;

  const FileSettings settings_;
  std::vector<std::string> files_;
  std::size_t next_file_ = 0;

  /* the file in hand */
  std::unique_ptr<File> file_;
  Contents contents_;
  std::vector<std::pair<const Tensor *, AudioBatch>> batches_;
  std::uint64_t n_entries_ = 0; /* in all its batches */
  std::uint64_t next_entry_ = 0;
  std::uint64_t end_entry_ = 0;

  /* the item in hand */
  AudioView view_;
  std::unique_ptr<SampleReader> reader_;
  std::size_t block_frames_ = 0;
  std::uint64_t position_ = 0;
};

}
