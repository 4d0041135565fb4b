/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "backend.hpp"
#include "error.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <mutex>

namespace genaudio {

namespace {

const GenAudioTorchBackend *
open_backend (const std::string & directory)
{
  const char *override_dir = std::getenv ("GENAUDIO_BACKEND_DIR");
  const std::string path = (override_dir != nullptr && *override_dir != '\0'
      ? std::string (override_dir) : directory)
      + "/" GENAUDIO_TORCH_BACKEND_MODULE;

  void *module = dlopen (path.c_str (), RTLD_LAZY | RTLD_LOCAL);
  if (module == nullptr)
    throw Error (Fault::library, cat ("Models need the LibTorch backend of "
            "gst-genaudio, which could not be opened (install LibTorch, on "
            "Debian the package libtorch-dev, and build gst-genaudio with "
            "it): ", dlerror ()));
  using Get = decltype (&genaudio_torch_backend_get);
  const Get get = reinterpret_cast<Get> (
      dlsym (module, GENAUDIO_TORCH_BACKEND_SYMBOL));
  const GenAudioTorchBackend *backend =
      get != nullptr ? get (GENAUDIO_TORCH_BACKEND_ABI) : nullptr;
  if (backend == nullptr)
    throw Error (Fault::library, cat ("\"", path, "\" is of another version "
            "of gst-genaudio"));
  return backend;
}

}

const GenAudioTorchBackend &
load_torch_backend (const std::string & directory)
{
  static std::mutex mutex;
  static const GenAudioTorchBackend *backend = nullptr;

  std::lock_guard<std::mutex> lock (mutex);
  if (backend == nullptr)
    backend = open_backend (directory);
  return *backend;
}

}
