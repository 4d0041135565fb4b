/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "modelitems.hpp"
#include "error.hpp"
#include "location.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace genaudio {

namespace {

/* LibTorch's profiling executor specialises the graph within the first calls,
 * which take a hundred times as long as the later ones. */
constexpr int run_in_calls = 3;

/* The backend's message, as an Error about the model. */
class Report
{
public:
  Report (const GenAudioTorchBackend & backend, const std::string & model)
      : backend_ (backend), model_ (model) {}
  ~Report () { backend_.free_error (text_); }
  Report (const Report &) = delete;
  Report &operator= (const Report &) = delete;

  char **out () { return &text_; }

  [[noreturn]] void raise (Fault fault) const
  {
    throw Error (fault, cat ("\"", model_, "\": ",
            text_ != nullptr ? text_ : "out of memory"));
  }

private:
  const GenAudioTorchBackend &backend_;
  const std::string & model_;
  char *text_ = nullptr;
};

GenAudioTorchArgument
make_argument (const std::string & name, const ModelValue & value,
    bool required)
{
  GenAudioTorchArgument argument = {};

  argument.name = name.c_str ();
  argument.required = required;
  if (auto *text = std::get_if<std::string> (&value)) {
    argument.type = GENAUDIO_TORCH_STRING;
    argument.string_value = text->c_str ();
  } else if (auto *number = std::get_if<std::int64_t> (&value)) {
    argument.type = GENAUDIO_TORCH_INT;
    argument.int_value = *number;
  } else if (auto *real = std::get_if<double> (&value)) {
    argument.type = GENAUDIO_TORCH_DOUBLE;
    argument.double_value = *real;
  } else {
    argument.type = GENAUDIO_TORCH_BOOL;
    argument.int_value = std::get<bool> (value);
  }
  return argument;
}

}

ModelItems::ModelItems (const ModelSettings & settings)
    : settings_ (settings),
    backend_ (load_torch_backend (settings.backend_directory)),
    model_ (nullptr, Close {&backend_})
{
  Report report (backend_, settings_.model);

  try {
    const File file (settings_.model);  /* or a better word than LibTorch's */
  } catch (const Error & error) {
    throw Error (error.fault (), cat ("\"", settings_.model, "\": ",
            error.what ()));
  }

  model_.reset (backend_.open (settings_.model.c_str (),
          settings_.device.c_str (), settings_.threads, report.out ()));
  if (model_ == nullptr)
    report.raise (Fault::model);
  configure ();
  chunked_ = backend_.plays_chunks (model_.get ());
  restart ();
  if (chunked_ && backend_.can_restart (model_.get ()))
    run_in ();
}

ModelItems::~ModelItems () = default;

void
ModelItems::configure ()
{
  std::map<std::string, ModelValue> optional;

  if (settings_.seed)
    optional["seed"] = *settings_.seed;
  if (settings_.duration)
    optional["duration"] = *settings_.duration;
  std::map<std::string, ModelValue> required = settings_.arguments;
  if (!settings_.prompt.empty ())
    required["prompt"] = settings_.prompt;

  std::vector<GenAudioTorchArgument> arguments;
  for (const auto & [name, value] : required)
    arguments.push_back (make_argument (name, value, true));
  for (const auto & [name, value] : optional) {
    if (required.count (name) == 0)
      arguments.push_back (make_argument (name, value, false));
  }
  Report report (backend_, settings_.model);
  if (!backend_.configure (model_.get (), arguments.data (),
          arguments.size (), report.out ()))
    report.raise (Fault::settings);
}

int
ModelItems::find_rate ()
{
  Report report (backend_, settings_.model);
  const int rate = backend_.sample_rate (model_.get (), report.out ());

  if (rate < 0)
    report.raise (Fault::model);
  return rate;
}

void
ModelItems::restart ()
{
  Report report (backend_, settings_.model);

  if (!backend_.restart (model_.get (), settings_.seed.value_or (0),
          report.out ()))
    report.raise (Fault::model);
  held_.reset ();
  held_first_ = 0;
}

/* So that the model is fast, and its number of channels known, when a stream
 * waits for it. */
void
ModelItems::run_in ()
{
  for (int i = 0; i < run_in_calls && fetch (); i++);
  restart ();
  over_range_ = 0;
}

std::uint64_t
ModelItems::held_end () const
{
  return held_ == nullptr ? held_first_
      : held_first_ + held_->size () / channels_;
}

/* Has the model make the next chunk. False: it has come to its end. */
bool
ModelItems::fetch ()
{
  const std::uint64_t first = held_end ();
  GenAudioTorchChunk chunk = {};
  Report report (backend_, settings_.model);

  if (!backend_.next_chunk (model_.get (),
          static_cast<std::int64_t> (settings_.chunk_frames), &chunk,
          report.out ()))
    report.raise (Fault::model);
  const auto release = [this] (GenAudioTorchChunk * c) {
    backend_.release_chunk (c);
  };
  const std::unique_ptr<GenAudioTorchChunk, decltype (release)> owned (&chunk,
      release);
  if (chunk.frames == 0)
    return false;
  const unsigned channels = static_cast<unsigned> (chunk.channels);
  if (channels_ != 0 && channels != channels_)
    throw Error (Fault::model, cat ("\"", settings_.model, "\": forward() gave ",
            channels, " channels after ", channels_));
  channels_ = channels;

  const std::size_t frames = static_cast<std::size_t> (chunk.frames);
  auto samples = std::make_shared<std::vector<float>> (frames * channels);
  for (unsigned c = 0; c < channels; c++) {
    const float *from = chunk.samples + c * frames;
    for (std::size_t i = 0; i < frames; i++)
      (*samples)[i * channels + c] = from[i];
  }
  over_range_ += check_samples (std::span<float> (*samples),
      first * channels, settings_.non_finite);
  held_ = std::move (samples);
  held_first_ = first;
  return true;
}

ItemSource::Status
ModelItems::open_next (ItemInfo & info)
{
  info = ItemInfo ();
  info.location = settings_.model;
  info.job_id = settings_.job_id.empty () ? file_stem (settings_.model)
      : settings_.job_id;
  if (opened_)
    return Status::end;
  opened_ = true;

  const int said = find_rate ();
  info.rate = settings_.rate > 0 ? settings_.rate
      : said > 0 ? said : default_rate;
  info.rate_source = settings_.rate > 0 ? RateSource::property
      : said > 0 ? RateSource::file : RateSource::standard;
  if (info.rate_source == RateSource::standard && settings_.require_rate)
    throw Error (Fault::settings, cat ("\"", settings_.model, "\" has no "
            "sample_rate() and require-rate is set"));

  /* a model that could not be run in tells its channels by its first chunk */
  if (channels_ == 0 && !fetch ())
    throw Error (Fault::model, cat ("\"", settings_.model,
            "\": forward() gave no samples"));
  if (!chunked_)
    frames_ = held_end ();
  else if (settings_.duration)
    frames_ = static_cast<std::uint64_t> (
        std::llround (*settings_.duration * info.rate));
  info.dtype = dtype_name (DType::f32);
  info.channels = channels_;
  info.frames = frames_;
  if (frames_)
    info.shape = shape_text ({channels_, *frames_});
  info.metadata.emplace_back ("model", settings_.model);
  if (!settings_.prompt.empty ())
    info.metadata.emplace_back ("prompt", settings_.prompt);
  if (settings_.seed)
    info.metadata.emplace_back ("seed", cat (*settings_.seed));
  return Status::ok;
}

bool
ModelItems::is_seekable () const
{
  return opened_ && backend_.can_restart (model_.get ());
}

ItemSource::Status
ModelItems::read (void *, std::size_t, Block & block)
{
  block = Block ();
  if (frames_ && position_ >= *frames_)
    return Status::end;
  if (position_ < held_first_)
    restart ();                 /* a seek backwards: make it all again */
  while (position_ >= held_end ()) {
    if (interrupted_)
      return Status::interrupted;
    if (!chunked_ || !fetch ())
      return Status::end;
  }

  const std::uint64_t end =
      std::min (held_end (), frames_.value_or (held_end ()));
  block.frames = static_cast<std::size_t> (
      std::min<std::uint64_t> (end - position_, settings_.chunk_frames));
  block.data = held_->data () + (position_ - held_first_) * channels_;
  block.owner = held_;
  position_ += block.frames;
  return Status::ok;
}

}
