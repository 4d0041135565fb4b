/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "genaudio-job.h"
#include "genaudio-tensor.hpp"

#include <gst/gst.h>

#include <atomic>
#include <cmath>
#include <memory>
#include <optional>
#include <string>

/* Empty strings, NaN and nullopt: as the exporter says. */
struct _GstGenAudioJob
{
  std::atomic<int> references {1};
  std::string location;
  std::shared_ptr<const genaudio::Tensor> tensor;
  int rate = 0;
  std::string path;
  std::string job_id;
  GstStructure *metadata = nullptr;
  std::string layout = "auto";
  std::string tensor_name;
  double loudness_target = NAN;
  std::optional<bool> normalize;
  std::string bit_depth;
  std::string if_exists;

  ~_GstGenAudioJob ()
  {
    if (metadata != nullptr)
      gst_structure_free (metadata);
  }
};
