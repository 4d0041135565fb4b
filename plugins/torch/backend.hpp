/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "backend/torchbackend.h"

#include <string>

namespace genaudio {

/* The module that has LibTorch, opened on the first call and never closed:
 * LibTorch cannot be unloaded. @directory is where it was installed; the
 * environment variable GENAUDIO_BACKEND_DIR names another. Throws, naming the
 * package, if it is not there. Thread-safe. */
const GenAudioTorchBackend &load_torch_backend (const std::string & directory);

}
