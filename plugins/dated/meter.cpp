/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Loudness after EBU R128 and Tech 3341/3342: integrated and range over the
 * file, the greatest momentary (0.4 s) and short-term (3 s) value, looked at
 * every 100 ms. The histogram of libebur128 keeps memory constant over days. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "meter.hpp"

#ifdef HAVE_EBUR128

#include <ebur128.h>
#include <sndfile.h>

#include <algorithm>
#include <cmath>

namespace genaudio::dated {

namespace {

constexpr std::uint64_t silence_slice = 4096;

int
channel_for (int position)
{
  switch (position) {
    case SF_CHANNEL_MAP_LEFT:
      return EBUR128_LEFT;
    case SF_CHANNEL_MAP_RIGHT:
      return EBUR128_RIGHT;
    case SF_CHANNEL_MAP_CENTER:
      return EBUR128_CENTER;
    case SF_CHANNEL_MAP_REAR_LEFT:
    case SF_CHANNEL_MAP_SIDE_LEFT:
      return EBUR128_LEFT_SURROUND;
    case SF_CHANNEL_MAP_REAR_RIGHT:
    case SF_CHANNEL_MAP_SIDE_RIGHT:
      return EBUR128_RIGHT_SURROUND;
    default:
      return EBUR128_UNUSED;
  }
}

}

struct Meter::State
{
  State (Sample sample, int rate, int channels)
      : sample (sample), channels (channels),
        interval (std::max (1, rate / 10)),
        widen (sample, Target::i24, false)
  {
  }
  ~State ()
  {
    if (meter != nullptr)
      ebur128_destroy (&meter);
  }

  void feed (const void *data, std::size_t n_frames);
  void look ();

  Sample sample;
  int channels;
  std::uint64_t interval;
  std::uint64_t until_look = 0;
  Converter widen;              /* of packed 24 bits */
  ebur128_state *meter = nullptr;
  double max_momentary = -HUGE_VAL;
  double max_shortterm = -HUGE_VAL;
};

void
Meter::State::feed (const void *data, std::size_t n_frames)
{
  switch (sample) {
    case Sample::s16:
      ebur128_add_frames_short (meter, static_cast<const short *> (data),
          n_frames);
      break;
    case Sample::s24:
      ebur128_add_frames_int (meter, static_cast<const int *> (widen.convert (
                  data, n_frames * channels)), n_frames);
      break;
    case Sample::s32:
      ebur128_add_frames_int (meter, static_cast<const int *> (data),
          n_frames);
      break;
    case Sample::f32:
      ebur128_add_frames_float (meter, static_cast<const float *> (data),
          n_frames);
      break;
    case Sample::f64:
      ebur128_add_frames_double (meter, static_cast<const double *> (data),
          n_frames);
      break;
  }
}

void
Meter::State::look ()
{
  double value;

  if (ebur128_loudness_momentary (meter, &value) == EBUR128_SUCCESS)
    max_momentary = std::max (max_momentary, value);
  if (ebur128_loudness_shortterm (meter, &value) == EBUR128_SUCCESS)
    max_shortterm = std::max (max_shortterm, value);
}

Meter::Meter (Sample sample, int rate, int channels,
    const std::vector<int> & map)
    : state (std::make_unique<State> (sample, rate, channels))
{
  state->until_look = state->interval;
  state->meter = ebur128_init ((unsigned) channels, (unsigned long) rate,
      EBUR128_MODE_I | EBUR128_MODE_S | EBUR128_MODE_LRA
      | EBUR128_MODE_TRUE_PEAK | EBUR128_MODE_HISTOGRAM);
  for (std::size_t i = 0; state->meter != nullptr && i < map.size (); i++)
    ebur128_set_channel (state->meter, (unsigned) i, channel_for (map[i]));
}

Meter::~Meter () = default;

void
Meter::add (const void *data, std::uint64_t n_frames)
{
  const std::size_t frame_bytes =
      sample_bytes (state->sample) * state->channels;
  const auto *at = static_cast<const std::uint8_t *> (data);

  if (state->meter == nullptr)
    return;
  while (n_frames > 0) {
    const std::uint64_t n = std::min (n_frames, state->until_look);
    state->feed (at, n);
    at += n * frame_bytes;
    n_frames -= n;
    state->until_look -= n;
    if (state->until_look == 0) {
      state->look ();
      state->until_look = state->interval;
    }
  }
}

void
Meter::add_silence (std::uint64_t n_frames)
{
  const std::size_t frame_bytes =
      sample_bytes (state->sample) * state->channels;
  const std::vector<std::uint64_t> zeros ((silence_slice * frame_bytes + 7)
      / 8);

  while (n_frames > 0) {
    const std::uint64_t n = std::min (n_frames, silence_slice);
    add (zeros.data (), n);
    n_frames -= n;
  }
}

void
Meter::read (Tags & tags) const
{
  const auto known = [] (double value) -> std::optional<double> {
    if (std::isfinite (value))
      return value;
    return std::nullopt;
  };
  double integrated = -HUGE_VAL, range = -HUGE_VAL, peak = 0;

  if (state->meter == nullptr)
    return;
  ebur128_loudness_global (state->meter, &integrated);
  ebur128_loudness_range (state->meter, &range);
  for (int c = 0; c < state->channels; c++) {
    double of_channel = 0;
    ebur128_true_peak (state->meter, (unsigned) c, &of_channel);
    peak = std::max (peak, of_channel);
  }
  tags.integrated = known (integrated);
  tags.range = tags.integrated ? known (range) : std::nullopt;
  tags.true_peak = known (20 * std::log10 (peak));
  tags.max_momentary = known (state->max_momentary);
  tags.max_shortterm = known (state->max_shortterm);
}

bool
meter_is_there ()
{
  return true;
}

}

#else

namespace genaudio::dated {

struct Meter::State
{
};

Meter::Meter (Sample, int, int, const std::vector<int> &)
{
}

Meter::~Meter () = default;

void
Meter::add (const void *, std::uint64_t)
{
}

void
Meter::add_silence (std::uint64_t)
{
}

void
Meter::read (Tags &) const
{
}

bool
meter_is_there ()
{
  return false;
}

}

#endif
