/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace genaudio::bpm {

/* A thread that does one job whenever it is asked to. Asking never waits and
 * allocates nothing; asking while the job runs makes it run once more. */
class Worker
{
public:
  explicit Worker (std::function<void ()> job);
  ~Worker ();

  void ask ();
  /* Forgets what was asked for and waits until the job does not run. */
  void settle ();

private:
  void run ();

  std::function<void ()> job_;
  std::mutex lock_;
  std::condition_variable wake_;
  std::condition_variable idle_;
  bool asked_ = false;
  bool running_ = false;
  bool quit_ = false;
  std::thread thread_;
};

} // namespace genaudio::bpm
