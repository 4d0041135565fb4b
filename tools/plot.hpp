/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* A picture of an analysed file: waveform, loudness over time with the
 * target, beats, and the numbers. */

#pragma once

#include <string>
#include <utility>
#include <vector>

namespace genaudio::cli {

struct Plot
{
  struct Extent
  {
    float low = 0, high = 0;
  };
  struct Level
  {
    double time;                /* s */
    double momentary, shortterm;        /* LUFS, -inf in silence */
  };

  std::string title;
  double duration = 0;          /* s */
  double target = -16;          /* LUFS */
  /* least and greatest sample of equal parts of the duration */
  std::vector<Extent> envelope;
  std::vector<Level> levels;
  std::vector<double> beats;    /* s */
  /* name and value of what is printed below */
  std::vector<std::pair<std::string, std::string>> numbers;

  /* As PNG or SVG, by the extension of @path; throws std::runtime_error. */
  void write (const std::string & path) const;
};

}
