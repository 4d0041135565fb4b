/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace genaudio::dated {

/* A thread that does one task after another, behind a queue that is bounded
 * by the sum of the tasks' costs. A task must not throw. */
class Writer
{
public:
  using Task = std::function<void ()>;

  Writer () = default;
  ~Writer ();

  void start ();
  /* Does what is queued, then ends the thread. */
  void stop ();

  void set_limit (std::size_t cost);
  /* Patient tasks wait until they cost so much together, since waking a
   * thread for each is dear. */
  void set_batch (std::size_t cost);
  /* Never waits; whoever minds the bound asks first. */
  void push (Task task, std::size_t cost, bool patient = false);
  /* Share of the bound that is taken, and would be with @cost more. */
  double fill (std::size_t cost);

  /* Both return false if interrupted. A task of any size has room in an
   * empty queue. */
  bool wait_for_room (std::size_t cost);
  bool wait_until_idle ();
  void interrupt (bool on);

private:
  void run ();
  bool is_due () const;
  void hurry ();

  std::mutex mutex;
  std::condition_variable due;  /* for the thread */
  std::condition_variable done; /* for who waits for it */
  std::deque<std::pair<Task, std::size_t>> queue;
  std::size_t queued = 0;       /* cost, with the task in hand */
  std::size_t limit = 1 << 20;
  std::size_t batch = 0;
  bool hurried = false;         /* what is queued waits no longer */
  bool waits_for_room = false;
  bool busy = false;
  bool ending = false;
  bool interrupted = false;
  std::thread thread;
};

}
