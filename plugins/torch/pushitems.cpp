/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "pushitems.hpp"

#include <algorithm>
#include <cstdio>
#include <new>
#include <span>
#include <utility>

namespace genaudio {

namespace {

constexpr std::size_t block_frames = 16384;

bool
same_format (const AudioView & a, const AudioView & b)
{
  return a.channels == b.channels
      && needs_double (a.dtype) == needs_double (b.dtype);
}

std::string
entry_job_id (const std::string & job_id, std::uint64_t entry)
{
  char suffix[32];

  if (job_id.empty ())
    return job_id;
  std::snprintf (suffix, sizeof suffix, "-%03llu",
      static_cast<unsigned long long> (entry));
  return job_id + suffix;
}

}

std::uint64_t
PushItems::Piece::bytes () const
{
  return view.frames * view.channels * item_size (view.dtype);
}

PushItems::PushItems (const PushSettings & settings) : settings_ (settings)
{
}

PushItems::~PushItems () = default;

PushItems::Pushed
PushItems::push (void *managed, bool versioned, int rate,
    const std::string & job_id)
{
  std::shared_ptr<const DLPackTensor> tensor;
  std::optional<Error> fault;

  try {
    tensor = std::make_shared<DLPackTensor> (managed, versioned);
  } catch (const Error & error) {
    fault = error;
  }

  std::unique_lock<std::mutex> lock (mutex_);
  const unsigned interruptions = interruptions_;
  const auto flushing = [this, interruptions] {
    return interrupted_ || shut_down_ || interruptions != interruptions_;
  };
  changed_.wait (lock, [this, flushing] {
    return !settings_.block || !is_full () || flushing () || ended_;
  });
  if (flushing () || ended_) {
    const bool ended = ended_;
    lock.unlock ();             /* before the tensor goes */
    return ended ? Pushed::ended : Pushed::flushing;
  }
  if (!fault) {
    try {
      append_tensor (tensor, rate, job_id);
    } catch (const Error & error) {
      fault = error;
    }
  }
  if (fault) {
    Piece piece;
    piece.job_id = job_id;
    piece.fault = fault;
    append (std::move (piece), true);
  }
  const bool full = is_full ();
  lock.unlock ();
  changed_.notify_all ();
  if (full && enough_data)
    enough_data ();
  return fault ? Pushed::refused : Pushed::ok;
}

void
PushItems::append_tensor (const std::shared_ptr<const DLPackTensor> & tensor,
    int rate, const std::string & job_id)
{
  const AudioBatch batch = view_as_audio (tensor->tensor (), settings_.layout);
  const bool continues = last_open_ && !job_id.empty ()
      && job_id == last_job_id_;

  if (rate <= 0 && settings_.rate <= 0 && settings_.require_rate)
    throw Error (Fault::settings, cat ("The tensor of \"", job_id,
            "\" comes without a sample rate and require-rate is set"));
  if (continues && (batch.entries > 1 || rate != last_rate_
          || !same_format (batch.first, last_view_)))
    throw Error (Fault::settings, cat ("A tensor that continues \"", job_id,
            "\" has ", batch.entries, " entries of ", batch.first.channels,
            " channels at ", rate, " Hz, after ", last_view_.channels, " at ",
            last_rate_));
  for (std::uint64_t i = 0; i < batch.entries; i++) {
    Piece piece;
    piece.job_id = batch.entries > 1 ? entry_job_id (job_id, i) : job_id;
    piece.tensor = tensor;
    piece.view = batch.entry (i);
    piece.rate = rate;
    append (std::move (piece), batch.entries > 1 || job_id.empty ());
  }
}

/* With the lock held. */
void
PushItems::append (Piece piece, bool ends_item)
{
  const bool continues = last_open_ && !piece.job_id.empty ()
      && piece.job_id == last_job_id_;

  piece.item = continues ? last_item_ : ++last_item_;
  last_job_id_ = piece.job_id;
  last_view_ = piece.view;
  last_rate_ = piece.rate;
  last_open_ = !ends_item;
  bytes_ += piece.bytes ();
  queue_.push_back (std::move (piece));
}

bool
PushItems::is_full () const
{
  return (settings_.max_items > 0 && queue_.size () >= settings_.max_items)
      || (settings_.max_bytes > 0 && bytes_ >= settings_.max_bytes);
}

void
PushItems::end_item ()
{
  std::lock_guard<std::mutex> lock (mutex_);
  last_open_ = false;
  changed_.notify_all ();
}

void
PushItems::end_of_stream ()
{
  std::lock_guard<std::mutex> lock (mutex_);
  last_open_ = false;
  ended_ = true;
  changed_.notify_all ();
}

void
PushItems::clear ()
{
  std::deque<Piece> dropped;    /* released without the lock */
  std::lock_guard<std::mutex> lock (mutex_);
  dropped.swap (queue_);
  bytes_ = 0;
  last_open_ = false;
  changed_.notify_all ();
}

void
PushItems::shut_down ()
{
  {
    std::lock_guard<std::mutex> lock (mutex_);
    shut_down_ = true;
  }
  clear ();
}

void
PushItems::interrupt (bool on)
{
  std::lock_guard<std::mutex> lock (mutex_);
  interrupted_ = on;
  interruptions_++;
  changed_.notify_all ();
}

/* Whether more of the item in hand may come; with the lock held. */
bool
PushItems::item_may_grow () const
{
  return last_open_ && last_item_ == item_;
}

/* Waits for a piece at the head of the queue, or for the certainty that there
 * will be none; asks for one without the lock. */
ItemSource::Status
PushItems::wait_for_piece (std::unique_lock<std::mutex> & lock)
{
  if (queue_.empty () && !ended_ && !interrupted_ && need_data) {
    lock.unlock ();
    need_data ();
    lock.lock ();
  }
  const bool in_item = reader_ != nullptr;
  changed_.wait (lock, [this, in_item] {
    return interrupted_ || ended_ || !queue_.empty ()
        || (in_item && !item_may_grow ());
  });
  if (interrupted_)
    return Status::interrupted;
  return queue_.empty () ? Status::end : Status::ok;
}

ItemSource::Status
PushItems::open_next (ItemInfo & info)
{
  Piece piece;

  info = ItemInfo ();
  reader_.reset ();
  piece_ = Piece ();
  {
    std::unique_lock<std::mutex> lock (mutex_);
    const Status status = wait_for_piece (lock);
    if (status != Status::ok)
      return status;
    piece = std::move (queue_.front ());
    queue_.pop_front ();
    bytes_ -= piece.bytes ();
    item_ = piece.item;
    if (!item_may_grow ()) {
      info.frames = piece.view.frames;
      for (const Piece & more : queue_) {
        if (more.item == item_)
          *info.frames += more.view.frames;
      }
    }
    changed_.notify_all ();
  }
  over_range_ = 0;
  info.job_id = piece.job_id;
  if (piece.fault)
    throw *piece.fault;
  describe (piece, info);
  begin_piece (std::move (piece));
  return Status::ok;
}

void
PushItems::describe (const Piece & piece, ItemInfo & info) const
{
  info.dtype = dtype_name (piece.view.dtype);
  info.shape = shape_text (piece.tensor->tensor ().shape);
  info.channels = piece.view.channels;
  info.is_double = needs_double (piece.view.dtype);
  info.rate = settings_.rate > 0 ? settings_.rate
      : piece.rate > 0 ? piece.rate : default_rate;
  info.rate_source = settings_.rate > 0 ? RateSource::property
      : piece.rate > 0 ? RateSource::given : RateSource::standard;
}

void
PushItems::begin_piece (Piece piece)
{
  if (reader_ != nullptr)
    over_range_ += reader_->over_range ();
  piece_ = std::move (piece);
  reader_ = std::make_unique<SampleReader> (*piece_.tensor, piece_.view,
      settings_.non_finite);
  position_ = 0;
}

std::uint64_t
PushItems::over_range () const
{
  return over_range_ + (reader_ != nullptr ? reader_->over_range () : 0);
}

/* Whether the piece's memory is just what a buffer wants; one that may have to
 * be written to, to zero a NaN, is copied. */
bool
PushItems::lends () const
{
  const AudioView & view = piece_.view;
  const auto address = reinterpret_cast<std::uintptr_t> (
      piece_.tensor->memory () + view.offset);

  return (view.dtype == DType::f32 || view.dtype == DType::f64)
      && view.is_interleaved ()
      && address % item_size (view.dtype) == 0
      && settings_.non_finite == NonFinite::error;
}

/* Frames of the piece's own memory. */
void
PushItems::lend (Block & block)
{
  const AudioView & view = piece_.view;
  const std::uint64_t first = position_ * view.channels;
  const std::byte *at = piece_.tensor->memory () + view.offset
      + first * item_size (view.dtype);
  const std::size_t n = block.frames * view.channels;

  /* with NonFinite::error the samples are looked at, not written to */
  if (view.dtype == DType::f64)
    over_range_ += check_samples (std::span<double> (
            reinterpret_cast<double *> (const_cast<std::byte *> (at)), n),
        first, NonFinite::error);
  else
    over_range_ += check_samples (std::span<float> (
            reinterpret_cast<float *> (const_cast<std::byte *> (at)), n),
        first, NonFinite::error);
  block.data = at;
  block.owner = piece_.tensor;
}

/* Frames converted and interleaved into memory of their own. */
void
PushItems::copy (Block & block)
{
  const AudioView & view = piece_.view;
  const std::size_t sample =
      needs_double (view.dtype) ? sizeof (double) : sizeof (float);
  const std::size_t bytes = block.frames * view.channels * sample;
  /* operator new aligns for any sample */
  const std::shared_ptr<void> memory (::operator new (bytes),
      [] (void *p) { ::operator delete (p); });

  reader_->read (position_, block.frames, memory.get ());
  block.data = memory.get ();
  block.owner = memory;
  block.writable = true;
}

ItemSource::Status
PushItems::read (void *, std::size_t, Block & block)
{
  block = Block ();
  while (position_ >= piece_.view.frames) {
    Piece piece;
    {
      std::unique_lock<std::mutex> lock (mutex_);
      const Status status = wait_for_piece (lock);
      if (status != Status::ok)
        return status;
      if (queue_.front ().item != item_)
        return Status::end;
      piece = std::move (queue_.front ());
      queue_.pop_front ();
      bytes_ -= piece.bytes ();
      changed_.notify_all ();
    }
    if (piece.fault)
      throw *piece.fault;
    begin_piece (std::move (piece));
  }

  const AudioView & view = piece_.view;
  block.frames = static_cast<std::size_t> (
      std::min<std::uint64_t> (block_frames, view.frames - position_));
  if (lends ())
    lend (block);
  else
    copy (block);
  position_ += block.frames;
  return Status::ok;
}

}
