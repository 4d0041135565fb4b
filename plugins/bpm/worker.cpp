/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "worker.hpp"

#include <utility>

namespace genaudio::bpm {

Worker::Worker (std::function<void ()> job)
    : job_ (std::move (job)), thread_ ([this] { run (); })
{
}

Worker::~Worker ()
{
  {
    std::lock_guard<std::mutex> guard (lock_);
    quit_ = true;
  }
  wake_.notify_one ();
  thread_.join ();
}

void
Worker::ask ()
{
  {
    std::lock_guard<std::mutex> guard (lock_);
    asked_ = true;
  }
  wake_.notify_one ();
}

void
Worker::settle ()
{
  std::unique_lock<std::mutex> guard (lock_);

  asked_ = false;
  idle_.wait (guard, [this] { return !running_; });
}

void
Worker::run ()
{
  std::unique_lock<std::mutex> guard (lock_);

  for (;;) {
    wake_.wait (guard, [this] { return asked_ || quit_; });
    if (quit_)
      return;
    asked_ = false;
    running_ = true;
    guard.unlock ();
    job_ ();
    guard.lock ();
    running_ = false;
    idle_.notify_all ();
  }
}

} // namespace genaudio::bpm
