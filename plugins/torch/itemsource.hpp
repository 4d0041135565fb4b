/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "tensor.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace genaudio {

enum class RateSource { property, file, given, standard };

/* "property", "file", "given" or "default", as in the messages. */
const char *rate_source_name (RateSource source);

constexpr int default_rate = 32000;

/* What is known of an item as it begins. */
struct ItemInfo
{
  std::string job_id;           /* empty: the element makes one */
  std::string location;         /* empty: it came from no file */
  std::string tensor;           /* its name there, or empty */
  std::string dtype;
  std::string shape;
  int rate = 0;
  RateSource rate_source = RateSource::standard;
  unsigned channels = 0;
  std::optional<std::uint64_t> frames;  /* if it is known */
  bool is_double = false;       /* samples are double, else float */
  Metadata metadata;
};

/* Where items come from: files, tensors that are pushed, a model. The element
 * opens an item and reads it to its end, in its streaming thread, and then
 * opens the next. Any Error that is thrown concerns the item in hand, which
 * is then over; open_next() may be called again.
 *
 * interrupt() comes from another thread, everything else from one at a
 * time. */
class ItemSource
{
public:
  enum class Status { ok, end, interrupted };

  /* Interleaved frames. Where @owner is set they lie in memory of the
   * source's own at @data, valid as long as @owner is held; if it is
   * @writable they are nobody else's, and may be changed there. */
  struct Block
  {
    std::size_t frames = 0;
    const void *data = nullptr;
    std::shared_ptr<const void> owner;
    bool writable = false;
  };

  virtual ~ItemSource () = default;

  /* Whether open_next() answers at once, so that the first item can be
   * opened on the way to PAUSED. */
  virtual bool is_immediate () const = 0;

  /* Goes to the next item. @info is valid with Status::ok. If it throws,
   * @info has as much as is known: location and job id. */
  virtual Status open_next (ItemInfo & info) = 0;

  /* Whether the item in hand is the only one there will be, and seek() can
   * be used. */
  virtual bool is_seekable () const = 0;

  /* Frames of memory to have at hand for the next read(), or 0 if it will
   * lend its own. */
  virtual std::size_t wanted_space () const = 0;

  /* The next frames of the item: lent, or at most @space of them written to
   * @out. Status::end: there are no more, and all that can be checked was. */
  virtual Status read (void *out, std::size_t space, Block & block) = 0;

  /* The next read() begins with @frame. */
  virtual void seek (std::uint64_t frame) = 0;

  /* Samples outside -1..1 among those read of the item in hand. */
  virtual std::uint64_t over_range () const = 0;

  /* While @on, a call that would wait returns Status::interrupted. */
  virtual void interrupt (bool on) = 0;
};

}
