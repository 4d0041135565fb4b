/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "dlpack.hpp"
#include "error.hpp"
#include "itemsource.hpp"
#include "layout.hpp"
#include "samplereader.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

namespace genaudio {

struct PushSettings
{
  Layout layout = Layout::automatic;
  NonFinite non_finite = NonFinite::error;
  int rate = 0;                 /* 0: what comes with the tensor */
  bool require_rate = false;
  std::uint64_t max_items = 0;  /* tensors waiting; 0: any number */
  std::uint64_t max_bytes = 0;  /* bytes of them; 0: any number */
  bool block = false;           /* push() waits while there is too much */
};

/* Tensors that an application pushes, as appsrc takes buffers. Consecutive
 * ones of one job id are one item, until end_item() or another job id; a
 * tensor without a job id, and every entry of a batch, is an item of its own.
 *
 * push(), end_item() and end_of_stream() may come from any thread. No lock is
 * held while a tensor is released or one of the callbacks runs. */
class PushItems : public ItemSource
{
public:
  enum class Pushed { ok, flushing, ended, refused };

  explicit PushItems (const PushSettings & settings);
  ~PushItems () override;

  /* Called from the streaming thread when it waits, and from push() when
   * there is more than the limits say. */
  std::function<void ()> need_data, enough_data;

  /* Takes the tensor, whatever becomes of it. One that cannot be played is
   * `refused`, and is an item that fails when its turn comes. */
  Pushed push (void *managed, bool versioned, int rate,
      const std::string & job_id);
  void end_item ();
  void end_of_stream ();
  /* Drops what waits. */
  void clear ();
  /* Drops what waits and takes no more: all that comes is flushed. */
  void shut_down ();
  bool is_immediate () const override { return false; }
  Status open_next (ItemInfo & info) override;
  bool is_seekable () const override { return false; }
  std::size_t wanted_space () const override { return 0; }
  Status read (void *out, std::size_t space, Block & block) override;
  void seek (std::uint64_t) override {}
  std::uint64_t over_range () const override;
  void interrupt (bool on) override;

private:
  /* A tensor, or an entry of one, that waits. */
  struct Piece
  {
    std::uint64_t item = 0;     /* which item it is of */
    std::string job_id;
    std::shared_ptr<const DLPackTensor> tensor;
    AudioView view;
    int rate = 0;
    std::optional<Error> fault;

    std::uint64_t bytes () const;
  };

  void append (Piece piece, bool ends_item);
  void append_tensor (const std::shared_ptr<const DLPackTensor> & tensor,
      int rate, const std::string & job_id);
  bool is_full () const;
  bool item_may_grow () const;
  Status wait_for_piece (std::unique_lock<std::mutex> & lock);
  void describe (const Piece & piece, ItemInfo & info) const;
  void begin_piece (Piece piece);
  bool lends () const;
  void lend (Block & block);
  void copy (Block & block);

  const PushSettings settings_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Piece> queue_;
  std::uint64_t bytes_ = 0;
  std::uint64_t last_item_ = 0; /* number of the item pushed to last */
  std::string last_job_id_;
  AudioView last_view_;
  int last_rate_ = 0;
  bool last_open_ = false;      /* whether it may go on */
  bool ended_ = false;
  bool interrupted_ = false;
  unsigned interruptions_ = 0;  /* wakes those who wait, however short it was */
  bool shut_down_ = false;

  /* the streaming thread's */
  std::uint64_t item_ = 0;
  Piece piece_;
  std::unique_ptr<SampleReader> reader_;
  std::uint64_t position_ = 0;  /* within the piece */
  std::uint64_t over_range_ = 0;
};

}
