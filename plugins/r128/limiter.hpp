/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* A true-peak limiter at the audio's own rate.
 *
 * The stream is cut into cells of 16 frames. Of each cell it is known, from
 * its samples and from what lies between them, by how much it has to be
 * lowered; the gain is decided at the borders of cells and runs straight in
 * between. The largest need of the cells around a border is held for the
 * length of the look-ahead and smoothed over the same length, so that the
 * gain arrives, without a corner, before the peak does and never above what
 * the peak allows. It is gone soon after a lone peak; where peaks keep coming
 * a second branch, slow in both directions, keeps the gain from moving with
 * every note or cycle.
 *
 * All channels get the same gain. Cells are counted from the item's first
 * frame, so that the result does not depend on the buffers. */
#pragma once

#include "truepeak.hpp"

#include <cstddef>
#include <vector>

namespace genaudio::r128 {

template <typename T>
class Limiter
{
public:
  static constexpr unsigned cell = 16;

  /* @ceiling in dBTP; nothing is limited at +infinity. */
  Limiter (unsigned rate, unsigned channels, double ceiling);

  /* What comes next may be as loud as this. */
  void set_ceiling (double ceiling);
  /* Frames by which the output is late; a multiple of a cell. */
  std::size_t delay () const { return delay_ * cell; }
  /* Takes @cells cells and gives as many, of delay () frames before; the
   * first delay () frames that come out are silence. May be done in place. */
  void process (const T * in, T * out, std::size_t cells);
  /* Forgets the audio; the gain starts where it was. */
  void flush ();

private:
  double need (std::size_t cell_index) const;
  double peak_between (std::size_t cell_index, const Interpolator & ip) const;
  double smooth (double need);
  void apply (const T * in, T * out, double from, double to) const;

  std::vector<Interpolator> interpolators_;
  unsigned channels_;
  unsigned smooth_;             /* cells of one of the two smoothing boxes */
  unsigned hold_;               /* cells a need is held */
  unsigned delay_;              /* cells */
  double ceiling_ = 0.0;        /* linear, 0.1 dB below what was asked for */
  double threshold_ = 0.0;      /* no interpolation below this sample peak */

  double release_, sustain_, slow_attack_, slow_release_;
  /* dB of attenuation: of the last peak, the same for longer, and what
   * follows that slowly */
  double fast_ = 0.0, sustained_ = 0.0, slow_ = 0.0;

  std::vector<T> line_;         /* history, delayed cells, new cells */
  std::vector<float> peaks_;    /* of each half cell of the delayed cells */
  std::vector<double> needs_, held_, once_;     /* rings of cells */
  std::size_t at_ = 0;
  double gain_ = 1.0;           /* at the next border */
  unsigned idle_ = 0;           /* cells since something was to be done */
};

}
