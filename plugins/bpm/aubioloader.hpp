/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <aubio/aubio.h>

namespace genaudio::bpm {

/* The part of libaubio that finds onsets. The library brings all of FFmpeg
 * with it, a hundred libraries that take 30 ms to load: so it is opened for
 * the first that asks for beats, and stays. */
struct Aubio
{
  decltype (&::new_aubio_onset) new_aubio_onset;
  decltype (&::del_aubio_onset) del_aubio_onset;
  decltype (&::aubio_onset_do) aubio_onset_do;
  decltype (&::aubio_onset_get_last) aubio_onset_get_last;
  decltype (&::aubio_onset_get_descriptor) aubio_onset_get_descriptor;
  decltype (&::new_fvec) new_fvec;
  decltype (&::del_fvec) del_fvec;
};

/* Throws std::runtime_error if it is not there. From any thread. */
const Aubio &load_aubio ();

} // namespace genaudio::bpm
