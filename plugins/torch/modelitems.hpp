/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "backend.hpp"
#include "itemsource.hpp"
#include "samplereader.hpp"

#include <atomic>
#include <map>
#include <variant>
#include <vector>

namespace genaudio {

using ModelValue = std::variant<std::string, std::int64_t, double, bool>;

struct ModelSettings
{
  std::string model;            /* path of the module */
  std::string prompt;           /* empty: not given */
  std::optional<std::int64_t> seed;
  std::size_t chunk_frames = 0;
  std::optional<double> duration;       /* s; none: until the model ends */
  std::map<std::string, ModelValue> arguments;  /* model-args */
  std::string device = "cpu";
  int threads = 0;              /* 0: LibTorch's own choice */
  std::string job_id;           /* empty: the model's stem */
  int rate = 0;                 /* 0: what the model says */
  bool require_rate = false;
  NonFinite non_finite = NonFinite::error;
  std::string backend_directory;
};

/* The one item that a TorchScript module makes: chunk by chunk where its
 * forward() takes a number of frames, else in one call. */
class ModelItems : public ItemSource
{
public:
  /* Loads the model, on the first use in a process LibTorch too, and runs it
   * in: this takes its time. */
  explicit ModelItems (const ModelSettings & settings);
  ~ModelItems () override;

  bool is_immediate () const override { return true; }
  Status open_next (ItemInfo & info) override;
  bool is_seekable () const override;
  std::size_t wanted_space () const override { return 0; }
  Status read (void *out, std::size_t space, Block & block) override;
  void seek (std::uint64_t frame) override { position_ = frame; }
  std::uint64_t over_range () const override { return over_range_; }
  void interrupt (bool on) override { interrupted_ = on; }

private:
  struct Close
  {
    const GenAudioTorchBackend *backend;
    void operator() (GenAudioTorchModel * model) const
    {
      backend->close (model);
    }
  };

  void configure ();
  int find_rate ();
  void restart ();
  void run_in ();
  bool fetch ();
  std::uint64_t held_end () const;

  const ModelSettings settings_;
  const GenAudioTorchBackend &backend_;
  std::unique_ptr<GenAudioTorchModel, Close> model_;
  bool chunked_ = false;
  std::atomic<bool> interrupted_ = false;

  bool opened_ = false;
  unsigned channels_ = 0;       /* 0: not known yet */
  std::optional<std::uint64_t> frames_;
  std::uint64_t position_ = 0;  /* frame the next read() begins with */
  std::uint64_t over_range_ = 0;

  /* what the model made last, interleaved; all of it where one call gives
   * the whole item */
  std::shared_ptr<const std::vector<float>> held_;
  std::uint64_t held_first_ = 0;
};

}
