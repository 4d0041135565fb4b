/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/genaudio/genaudio.h>

#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

/* Tensors as a DLPack producer hands them over, which count how often they
 * were given back. */
struct TestTensor
{
  std::vector<uint8_t> data;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;
  std::atomic<int> deleted {0};
  GstGenAudioDLManagedTensor managed = {};
  GstGenAudioDLManagedTensorVersioned versioned = {};

  template <typename T>
  TestTensor (const std::vector<T> & samples, std::vector<int64_t> dims,
      int code = GST_GENAUDIO_DL_FLOAT) :
    shape (dims)
  {
    data.resize (samples.size () * sizeof (T));
    if (!samples.empty ())
      memcpy (data.data (), samples.data (), data.size ());
    GstGenAudioDLTensor & dl = managed.dl_tensor;
    dl.data = data.data ();
    dl.device.device_type = GST_GENAUDIO_DL_CPU;
    dl.ndim = static_cast<int> (shape.size ());
    dl.dtype.code = code;
    dl.dtype.bits = sizeof (T) * 8;
    dl.dtype.lanes = 1;
    dl.shape = shape.data ();
    managed.manager_ctx = this;
    managed.deleter = [] (GstGenAudioDLManagedTensor * self) {
      static_cast<TestTensor *> (self->manager_ctx)->deleted++;
    };
    versioned.version_major = 1;
    versioned.manager_ctx = this;
    versioned.deleter = [] (GstGenAudioDLManagedTensorVersioned * self) {
      static_cast<TestTensor *> (self->manager_ctx)->deleted++;
    };
  }

  guint64 give ()
  {
    return reinterpret_cast<guintptr> (&managed);
  }

  guint64 give_versioned ()
  {
    versioned.dl_tensor = managed.dl_tensor;
    return reinterpret_cast<guintptr> (&versioned);
  }
};

/* Two channels, one after the other: a chord that is struck @bpm times a
 * minute. */
inline std::vector<float>
make_music (int rate, double seconds, double bpm = 120, float level = 0.1f)
{
  const auto frames = static_cast<int64_t> (std::llround (rate * seconds));
  std::vector<float> samples (2 * frames);

  for (int64_t i = 0; i < frames; i++) {
    const double t = static_cast<double> (i) / rate;
    const double since = std::fmod (t, 60 / bpm);
    double sum = 0;
    for (double f : {220.0, 261.63, 329.63})
      sum += std::sin (2 * M_PI * f * t);
    const auto value =
        static_cast<float> (level * std::exp (-since * 3) * sum);
    samples[i] = value;
    samples[frames + i] = value * 0.5f;
  }
  return samples;
}
