/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fileitems.hpp"
#include "error.hpp"
#include "location.hpp"
#include "tensorfile.hpp"

#include <algorithm>
#include <cstdio>

namespace genaudio {

namespace {

/* A buffer: large enough that its overhead is nothing, small enough for the
 * second-level cache and for malloc to have it at hand. */
constexpr std::size_t block_bytes = 64 * 1024;
constexpr std::size_t max_block_frames = 8192;

std::string
entry_suffix (std::uint64_t number)
{
  char suffix[32];

  std::snprintf (suffix, sizeof suffix, "-%03llu",
      static_cast<unsigned long long> (number));
  return suffix;
}

}

FileItems::FileItems (const FileSettings & settings)
    : settings_ (settings), files_ (list_location (settings.location))
{
  if (!settings_.job_id.empty () && files_.size () > 1)
    throw Error (Fault::settings, cat ("job-id=\"", settings_.job_id,
            "\" names one item, but \"", settings_.location, "\" has ",
            files_.size (), " files"));
}

ItemSource::Status
FileItems::open_next (ItemInfo & info)
{
  try {
    return open_next_unnamed (info);
  } catch (const Error & error) {
    throw name_file (error);
  }
}

Error
FileItems::name_file (const Error & error) const
{
  return Error (error.fault (), cat ("\"", files_[next_file_ - 1], "\": ",
          error.what ()));
}

ItemSource::Status
FileItems::open_next_unnamed (ItemInfo & info)
{
  info = ItemInfo ();
  reader_.reset ();
  if (file_ != nullptr && next_entry_ == end_entry_)
    file_.reset ();
  if (file_ == nullptr) {
    if (next_file_ == files_.size ())
      return Status::end;
    next_file_++;
  }
  info.location = files_[next_file_ - 1];
  info.job_id = settings_.job_id.empty () ? file_stem (info.location)
      : settings_.job_id;
  if (file_ == nullptr)
    open_file ();

  const std::uint64_t number = next_entry_++;
  if (n_entries_ > 1
      && (settings_.batch_index < 0 || settings_.job_id.empty ()))
    info.job_id += entry_suffix (number);
  open_entry (number, info);
  return Status::ok;
}

/* Opens the file before next_file_ and finds its items. If that throws there
 * is no file in hand. */
void
FileItems::open_file ()
{
  auto file = std::make_unique<File> (files_[next_file_ - 1]);

  contents_ = read_tensor_file (*file);
  batches_.clear ();
  if (contents_.list && settings_.tensor_name.empty ()) {
    for (const Tensor & tensor : contents_.tensors)
      batches_.emplace_back (&tensor, view_as_audio (tensor, settings_.layout));
  } else {
    const Tensor & tensor = select_tensor (contents_, settings_.tensor_name);
    batches_.emplace_back (&tensor, view_as_audio (tensor, settings_.layout));
  }

  n_entries_ = 0;
  for (const auto & batch : batches_)
    n_entries_ += batch.second.entries;
  next_entry_ = 0;
  end_entry_ = n_entries_;
  if (settings_.batch_index >= 0) {
    next_entry_ = static_cast<std::uint64_t> (settings_.batch_index);
    end_entry_ = next_entry_ + 1;
    if (next_entry_ >= n_entries_)
      throw Error (Fault::settings, cat ("batch-index=", next_entry_,
              " but the file has ", n_entries_, " entries"));
  }
  file_ = std::move (file);
}

void
FileItems::open_entry (std::uint64_t number, ItemInfo & info)
{
  std::uint64_t index = number;
  auto batch = batches_.begin ();

  while (index >= batch->second.entries)
    index -= (batch++)->second.entries;
  const Tensor & tensor = *batch->first;
  view_ = batch->second.entry (index);
  info.tensor = tensor.name;
  info.dtype = dtype_name (tensor.dtype);
  info.shape = shape_text (tensor.shape);
  info.channels = view_.channels;
  info.frames = view_.frames;
  info.is_double = needs_double (tensor.dtype);
  info.metadata = free_metadata (contents_);
  resolve_rate (tensor, info);

  const std::size_t frame_bytes =
      view_.channels * (info.is_double ? sizeof (double) : sizeof (float));
  block_frames_ = std::min (block_bytes / frame_bytes, max_block_frames);
  position_ = 0;
  reader_ = std::make_unique<SampleReader> (*file_, view_,
      settings_.non_finite);
}

void
FileItems::resolve_rate (const Tensor & tensor, ItemInfo & info) const
{
  if (settings_.rate > 0) {
    info.rate = settings_.rate;
    info.rate_source = RateSource::property;
    return;
  }
  const std::optional<int> rate = find_rate (contents_, tensor);
  if (!rate && settings_.require_rate)
    throw Error (Fault::settings, "It names no sample rate and require-rate "
        "is set");
  info.rate = rate.value_or (default_rate);
  info.rate_source = rate ? RateSource::file : RateSource::standard;
}

bool
FileItems::is_seekable () const
{
  return reader_ != nullptr && files_.size () == 1
      && (n_entries_ == 1 || settings_.batch_index >= 0);
}

ItemSource::Status
FileItems::read (void *out, std::size_t space, Block & block)
{
  block = Block ();
  try {
    if (position_ >= view_.frames) {
      file_->check_unchanged ();
      return Status::end;
    }
    block.frames = static_cast<std::size_t> (
        std::min<std::uint64_t> (space, view_.frames - position_));
    reader_->read (position_, block.frames, out);
    position_ += block.frames;
  } catch (const Error & error) {
    throw name_file (error);
  }
  return Status::ok;
}

std::uint64_t
FileItems::over_range () const
{
  return reader_ != nullptr ? reader_->over_range () : 0;
}

}
