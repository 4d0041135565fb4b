/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "file.hpp"
#include "tensor.hpp"

#include <optional>
#include <string>

namespace genaudio {

/* Reads what a tensor file holds; the container is told by its content, not
 * its name. Reads headers only, never the samples. */
Contents read_tensor_file (const File & file);

/* Whether a file in a folder is taken for a tensor file, by its name. */
bool has_tensor_extension (const std::string & path);

/* The tensor that @name names: all of it, or what follows its last dot.
 * Empty: the only one, or else `audio`, `audio_values`, `waveform` or `wav`.
 * Throws, naming what there is. */
const Tensor & select_tensor (const Contents & contents,
    const std::string & name);

/* The sample rate that stands with @tensor: the number of a (tensor, rate)
 * pair, or the entry `sample_rate`, `sampling_rate` or `sr` beside the tensor
 * or, failing that, further out. Throws if it is not a whole number of Hz. */
std::optional<int> find_rate (const Contents & contents,
    const Tensor & tensor);

/* The entries, less those that are sample rates. */
Metadata free_metadata (const Contents & contents);

}
