/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* TorchScript modules that make audio, behind the C ABI of torchbackend.h.
 * The one file that includes LibTorch: a translation unit of it takes many
 * seconds to compile. */

#include "torchbackend.h"

#include <ATen/Parallel.h>
#include <torch/script.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

struct GenAudioTorchModel
{
  torch::jit::Module module;
  torch::Device device{torch::kCPU};
  std::vector<torch::jit::IValue> arguments;
  std::optional<std::size_t> frames_argument;
};

namespace {

/* Names under which models take the number of frames of a chunk. */
const char *const frames_names[] = {
  "frames", "chunk_frames", "num_frames", "n_frames", "num_samples",
};

char *
copy_string (const std::string & text)
{
  char *copy = static_cast<char *> (std::malloc (text.size () + 1));
  if (copy != nullptr)
    std::memcpy (copy, text.c_str (), text.size () + 1);
  return copy;
}

/* Without back traces. What fails in a model is told in many lines: the first
 * says that, the last what it was. */
std::string
describe (const std::exception & e)
{
  std::string text = e.what ();
  if (auto *error = dynamic_cast<const c10::Error *> (&e))
    text = error->what_without_backtrace ();

  while (!text.empty () && text.back () == '\n')
    text.pop_back ();
  const auto first = text.find ('\n');
  const auto last = text.rfind ('\n');
  if (first != std::string::npos)
    text = text.substr (0, first) + " " + text.substr (last + 1);
  return text;
}

/* Runs @function; whatever it throws becomes a message and @failed. A corrupt
 * archive makes LibTorch throw std::out_of_range or std::bad_alloc as well as
 * its own class. */
template <typename Function>
auto
guard (char **error, decltype (std::declval<Function> () ()) failed,
    Function function) -> decltype (function ())
{
  try {
    return function ();
  } catch (const std::exception & e) {
    if (error != nullptr)
      *error = copy_string (describe (e));
  } catch (...) {
    if (error != nullptr)
      *error = copy_string ("unknown exception");
  }
  return failed;
}

torch::Device
parse_device (const std::string & name)
{
  torch::Device device (name);

  if (device.is_cuda ()) {
    if (!torch::cuda::is_available ())
      throw std::runtime_error ("device \"" + name + "\" is not available: "
          "this LibTorch or this machine has no CUDA");
    const int count = int (torch::cuda::device_count ());
    if (device.has_index () && device.index () >= count)
      throw std::runtime_error ("device \"" + name + "\" is not available: "
          "there are " + std::to_string (count) + " CUDA devices");
  } else if (!device.is_cpu ()) {
    throw std::runtime_error ("device \"" + name + "\" is not supported: "
        "cpu, cuda or cuda:N");
  }
  return device;
}

GenAudioTorchModel *
model_open (const char *path, const char *device, int threads, char **error)
{
  return guard (error, static_cast<GenAudioTorchModel *> (nullptr), [&] {
    auto model = std::make_unique<GenAudioTorchModel> ();
    model->device = parse_device (device);
    if (threads > 0)
      at::set_num_threads (threads);
    model->module = torch::jit::load (path, model->device);
    model->module.eval ();
    return model.release ();
  });
}

void
model_close (GenAudioTorchModel * model)
{
  guard (nullptr, 0, [&] {
    delete model;
    return 0;
  });
}

std::string
type_name (GenAudioTorchType type)
{
  switch (type) {
    case GENAUDIO_TORCH_STRING: return "string";
    case GENAUDIO_TORCH_INT: return "int";
    case GENAUDIO_TORCH_DOUBLE: return "double";
    case GENAUDIO_TORCH_BOOL: return "boolean";
  }
  return "unknown";
}

/* The argument as the type that forward() wants; an int serves for a float. */
torch::jit::IValue
convert (const GenAudioTorchArgument & argument, const c10::TypePtr & wanted)
{
  /* Optional[T] takes a T */
  c10::TypePtr type = wanted;
  if (auto optional = wanted->cast<c10::OptionalType> ())
    type = optional->getElementType ();

  switch (type->kind ()) {
    case c10::TypeKind::StringType:
      if (argument.type == GENAUDIO_TORCH_STRING)
        return std::string (argument.string_value);
      break;
    case c10::TypeKind::IntType:
      if (argument.type == GENAUDIO_TORCH_INT)
        return argument.int_value;
      break;
    case c10::TypeKind::FloatType:
      if (argument.type == GENAUDIO_TORCH_DOUBLE)
        return argument.double_value;
      if (argument.type == GENAUDIO_TORCH_INT)
        return double (argument.int_value);
      break;
    case c10::TypeKind::BoolType:
      if (argument.type == GENAUDIO_TORCH_BOOL)
        return argument.int_value != 0;
      break;
    default:
      break;
  }
  throw std::runtime_error (std::string ("forward() takes ") + argument.name
      + " as " + wanted->str () + ", not as " + type_name (argument.type));
}

/* The schema of forward() without self. */
std::vector<c10::Argument>
forward_arguments (const GenAudioTorchModel * model)
{
  const auto & schema = model->module.get_method ("forward").function ()
      .getSchema ();
  return {schema.arguments ().begin () + 1, schema.arguments ().end ()};
}

bool
is_frames_name (const std::string & name)
{
  return std::find (std::begin (frames_names), std::end (frames_names), name)
      != std::end (frames_names);
}

void
check_all_taken (const GenAudioTorchArgument * arguments, std::size_t n,
    const std::vector<c10::Argument> & taken)
{
  for (std::size_t i = 0; i < n; i++) {
    const std::string name = arguments[i].name;
    const bool known = std::any_of (taken.begin (), taken.end (),
        [&] (const c10::Argument & t) {
          return t.name () == name
              || (is_frames_name (name) && is_frames_name (t.name ()));
        });
    if (arguments[i].required && !known)
      throw std::runtime_error ("forward() takes no argument " + name);
  }
}

int
model_configure (GenAudioTorchModel * model,
    const GenAudioTorchArgument * arguments, std::size_t n, char **error)
{
  return guard (error, 0, [&] {
    const std::vector<c10::Argument> taken = forward_arguments (model);
    check_all_taken (arguments, n, taken);

    model->arguments.clear ();
    model->frames_argument.reset ();
    for (const c10::Argument & wanted : taken) {
      if (is_frames_name (wanted.name ())
          && wanted.type ()->kind () == c10::TypeKind::IntType) {
        model->frames_argument = model->arguments.size ();
        model->arguments.emplace_back (std::int64_t (0));
        continue;
      }
      const auto *end = arguments + n;
      const auto *given = std::find_if (arguments, end,
          [&] (const GenAudioTorchArgument & a) {
            return wanted.name () == a.name;
          });
      if (given != end)
        model->arguments.push_back (convert (*given, wanted.type ()));
      else if (wanted.default_value ())
        model->arguments.push_back (*wanted.default_value ());
      else
        throw std::runtime_error ("forward() needs an argument "
            + wanted.name () + " (" + wanted.type ()->str () + ")");
    }
    return 1;
  });
}

int
model_plays_chunks (const GenAudioTorchModel * model)
{
  return model->frames_argument.has_value ();
}

int
model_can_restart (const GenAudioTorchModel * model)
{
  return !model->frames_argument || model->module.find_method ("reset");
}

int
model_sample_rate (GenAudioTorchModel * model, char **error)
{
  return guard (error, -1, [&] {
    c10::InferenceMode inference;
    if (!model->module.find_method ("sample_rate"))
      return 0;
    const auto rate =
        model->module.get_method ("sample_rate") ({ }).toInt ();
    if (rate < 1 || rate > 768000)
      throw std::runtime_error ("sample_rate() is "
          + std::to_string (rate) + " Hz");
    return int (rate);
  });
}

int
model_restart (GenAudioTorchModel * model, std::int64_t seed, char **error)
{
  return guard (error, 0, [&] {
    c10::InferenceMode inference;
    torch::manual_seed (std::uint64_t (seed));
    if (auto reset = model->module.find_method ("reset")) {
      const std::size_t n_arguments =
          reset->function ().getSchema ().arguments ().size () - 1;
      if (n_arguments == 0)
        (*reset) ({ });
      else
        (*reset) ({ seed });
    }
    return 1;
  });
}

/* (T), (C,T) or (1,C,T) of any floating dtype on any device, as contiguous
 * float32 (C,T) on the host. */
torch::Tensor
to_planar (const torch::jit::IValue & value)
{
  if (!value.isTensor ())
    throw std::runtime_error ("forward() returned " + value.tagKind ()
        + ", not a tensor");
  torch::Tensor tensor = value.toTensor ();
  if (!tensor.is_floating_point ())
    throw std::runtime_error (std::string ("forward() returned ")
        + c10::toString (tensor.scalar_type ()) + " samples, not floats");
  if (tensor.dim () == 3 && tensor.size (0) == 1)
    tensor = tensor.squeeze (0);
  if (tensor.dim () == 1)
    tensor = tensor.unsqueeze (0);
  if (tensor.dim () != 2 || tensor.size (0) < 1 || tensor.size (0) > 8) {
    std::string shape;
    for (std::int64_t size : tensor.sizes ())
      shape += (shape.empty () ? "" : ", ") + std::to_string (size);
    throw std::runtime_error ("forward() returned shape [" + shape
        + "], not (samples), (channels, samples) or (1, channels, samples) "
        "with 1 to 8 channels");
  }
  return tensor.to (torch::kCPU, torch::kFloat).contiguous ();
}

int
model_next_chunk (GenAudioTorchModel * model, std::int64_t frames,
    GenAudioTorchChunk * chunk, char **error)
{
  return guard (error, 0, [&] {
    c10::InferenceMode inference;
    if (model->frames_argument)
      model->arguments[*model->frames_argument] = frames;
    auto tensor = std::make_unique<torch::Tensor> (to_planar (
            model->module.forward (model->arguments)));
    chunk->samples = tensor->data_ptr<float> ();
    chunk->frames = tensor->size (1);
    chunk->channels = int (tensor->size (0));
    chunk->owner = tensor.release ();
    return 1;
  });
}

void
chunk_release (GenAudioTorchChunk * chunk)
{
  guard (nullptr, 0, [&] {
    delete static_cast<torch::Tensor *> (chunk->owner);
    return 0;
  });
  *chunk = { };
}

void
error_free (char *error)
{
  std::free (error);
}

const GenAudioTorchBackend backend = {
  GENAUDIO_TORCH_BACKEND_ABI,
  TORCH_VERSION,
  model_open,
  model_close,
  model_configure,
  model_plays_chunks,
  model_can_restart,
  model_sample_rate,
  model_restart,
  model_next_chunk,
  chunk_release,
  error_free,
};

}

extern "C" __attribute__ ((visibility ("default")))
const GenAudioTorchBackend *
genaudio_torch_backend_get (std::uint32_t abi_version)
{
  return abi_version == GENAUDIO_TORCH_BACKEND_ABI ? &backend : nullptr;
}
