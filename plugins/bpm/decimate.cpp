/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "decimate.hpp"
#include "dispatch.hpp"

#include <algorithm>

namespace genaudio::bpm {

namespace {

constexpr int max_taps = 8;

GENAUDIO_BPM_CLONES void
split (const float *in, std::size_t pairs, float *first, float *second)
{
  for (std::size_t i = 0; i < pairs; i++) {
    first[i] = in[2 * i];
    second[i] = in[2 * i + 1];
  }
}

/* @odd begins @taps before the odd sample that follows even[0]. */
template <int taps> inline void
filter (const float *h, const float *even, const float *odd, std::size_t n, float *out)
{
  for (std::size_t m = 0; m < n; m++) {
    float y = 0.5f * even[m];
    for (int k = 0; k < taps; k++)
      y += h[k] * (odd[m + taps - 1 - k] + odd[m + taps + k]);
    out[m] = y;
  }
}

GENAUDIO_BPM_CLONES void
filter4 (const float *h, const float *even, const float *odd, std::size_t n, float *out)
{
  filter<4> (h, even, odd, n, out);
}

GENAUDIO_BPM_CLONES void
filter5 (const float *h, const float *even, const float *odd, std::size_t n, float *out)
{
  filter<5> (h, even, odd, n, out);
}

GENAUDIO_BPM_CLONES void
filter8 (const float *h, const float *even, const float *odd, std::size_t n, float *out)
{
  filter<8> (h, even, odd, n, out);
}

} // namespace

Halver::Halver (const float *h, int taps, std::size_t max_frames)
    : h_ (h, h + taps), even_ (max_frames / 2 + 2 * max_taps + 2),
      odd_ (max_frames / 2 + 3 * max_taps + 2)
{
  reset ();
}

void
Halver::reset ()
{
  std::fill (odd_.begin (), odd_.end (), 0.0f);
  n_even_ = 0;
  n_odd_ = h_.size ();
  odd_next_ = false;
}

std::size_t
Halver::process (const float *in, std::size_t n, float *out)
{
  const std::size_t taps = h_.size ();

  if (n > 0 && odd_next_) {
    odd_[n_odd_++] = *in++;
    n--;
    odd_next_ = false;
  }
  split (in, n / 2, &even_[n_even_], &odd_[n_odd_]);
  n_even_ += n / 2;
  n_odd_ += n / 2;
  if (n % 2 != 0) {
    even_[n_even_++] = in[n - 1];
    odd_next_ = true;
  }

  /* the centre m needs odd samples up to m + taps - 1 */
  const std::size_t ready = std::min (n_even_, n_odd_ >= 2 * taps ? n_odd_ - 2 * taps + 1 : 0);
  if (ready == 0)
    return 0;
  switch (taps) {
    case 4:
      filter4 (h_.data (), even_.data (), odd_.data (), ready, out);
      break;
    case 5:
      filter5 (h_.data (), even_.data (), odd_.data (), ready, out);
      break;
    default:
      filter8 (h_.data (), even_.data (), odd_.data (), ready, out);
      break;
  }
  std::copy (&even_[ready], even_.data () + n_even_, even_.data ());
  std::copy (&odd_[ready], odd_.data () + n_odd_, odd_.data ());
  n_even_ -= ready;
  n_odd_ -= ready;
  return ready;
}

} // namespace genaudio::bpm
