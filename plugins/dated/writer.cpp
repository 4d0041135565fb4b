/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "writer.hpp"

#include <utility>

namespace genaudio::dated {

Writer::~Writer ()
{
  stop ();
}

void
Writer::start ()
{
  ending = false;
  interrupted = false;
  thread = std::thread ([this] { run (); });
}

void
Writer::stop ()
{
  if (!thread.joinable ())
    return;
  {
    std::lock_guard<std::mutex> lock (mutex);
    ending = true;
    due.notify_one ();
  }
  thread.join ();
}

void
Writer::run ()
{
  std::unique_lock<std::mutex> lock (mutex);

  for (;;) {
    due.wait (lock, [this] { return is_due (); });
    if (queue.empty ())
      return;
    auto [task, cost] = std::move (queue.front ());
    queue.pop_front ();
    hurried = !queue.empty ();
    busy = true;
    lock.unlock ();
    task ();
    task = nullptr;             /* what it holds goes before it counts as done */
    lock.lock ();
    busy = false;
    queued -= cost;
    if (queue.empty () || waits_for_room)
      done.notify_all ();
  }
}

bool
Writer::is_due () const
{
  return ending || (!queue.empty () && (hurried || queued >= batch));
}

void
Writer::hurry ()
{
  hurried = true;
  due.notify_one ();
}

void
Writer::set_limit (std::size_t cost)
{
  std::lock_guard<std::mutex> lock (mutex);
  limit = cost;
}

void
Writer::set_batch (std::size_t cost)
{
  std::lock_guard<std::mutex> lock (mutex);
  batch = cost;
}

void
Writer::push (Task task, std::size_t cost, bool patient)
{
  std::lock_guard<std::mutex> lock (mutex);
  queue.emplace_back (std::move (task), cost);
  queued += cost;
  if (!patient || queued >= batch)
    hurry ();
}

double
Writer::fill (std::size_t cost)
{
  std::lock_guard<std::mutex> lock (mutex);
  return queued == 0 ? 0.0 : (double) (queued + cost) / (double) limit;
}

bool
Writer::wait_for_room (std::size_t cost)
{
  std::unique_lock<std::mutex> lock (mutex);
  const auto has_room = [this, cost] {
    return interrupted || queued == 0 || queued + cost <= limit;
  };

  if (!has_room ()) {
    hurry ();
    waits_for_room = true;
    done.wait (lock, has_room);
    waits_for_room = false;
  }
  return !interrupted;
}

bool
Writer::wait_until_idle ()
{
  std::unique_lock<std::mutex> lock (mutex);

  hurry ();
  done.wait (lock, [this] {
    return interrupted || (queue.empty () && !busy);
  });
  return !interrupted;
}

void
Writer::interrupt (bool on)
{
  std::lock_guard<std::mutex> lock (mutex);
  interrupted = on;
  done.notify_all ();
}

}
