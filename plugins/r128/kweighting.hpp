/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The K-weighting of ITU-R BS.1770-4: a high shelf (the head) and a high pass
 * (RLB), each a biquad. The recommendation prints coefficients for 48 kHz
 * only; the analogue prototypes below give those to the last digit there and
 * the same response at any other rate (so does libebur128). */
#pragma once

#include <cmath>
#include <numbers>

namespace genaudio::r128 {

/* y = b0 x + b1 x' + b2 x'' - a1 y' - a2 y'' */
struct Biquad
{
  double b0, b1, b2, a1, a2;
};

/* The two sections, in series. The high pass has b = {1, -2, 1} at every
 * rate. */
struct KWeighting
{
  Biquad shelf, high_pass;

  explicit KWeighting (double rate)
  {
    constexpr double shelf_hz = 1681.974450955533;
    constexpr double shelf_db = 3.999843853973347;
    constexpr double shelf_q = 0.7071752369554196;
    constexpr double high_pass_hz = 38.13547087602444;
    constexpr double high_pass_q = 0.5003270373238773;

    double k = std::tan (std::numbers::pi * shelf_hz / rate);
    double a0 = 1.0 + k / shelf_q + k * k;
    const double vh = std::pow (10.0, shelf_db / 20.0);
    const double vb = std::pow (vh, 0.4996667741545416);
    shelf = {(vh + vb * k / shelf_q + k * k) / a0, 2.0 * (k * k - vh) / a0,
        (vh - vb * k / shelf_q + k * k) / a0, 2.0 * (k * k - 1.0) / a0,
        (1.0 - k / shelf_q + k * k) / a0};

    k = std::tan (std::numbers::pi * high_pass_hz / rate);
    a0 = 1.0 + k / high_pass_q + k * k;
    high_pass = {1.0, -2.0, 1.0, 2.0 * (k * k - 1.0) / a0,
        (1.0 - k / high_pass_q + k * k) / a0};
  }
};

/* The same with the high pass first, each section as a state-variable filter:
 * what is left of the sound without its low and its band is the high, of which
 * the other two are running sums,
 *   high = x - low - band,  low += to_low band,  band += to_band high.
 * With 1 / (z - 1) for a sum up to the sample before this is
 *   high / x = (z - 1)^2 / ((z - 1)^2 + to_band (z - 1) + to_band to_low):
 * to_band = 2 + a1 and to_band to_low = 1 + a1 + a2 make it a biquad of those
 * poles. The double zero of K-weighting's high pass is there already; the
 * shelf, which leaves a steady sound as it is, adds some of its high and of
 * its band to what comes in.
 *
 * This form is for single precision. In the direct forms, where 1 + a1 + a2 is
 * the small difference of large numbers, all but a few digits would be lost of
 * what is heard beside an offset or a rumble. Here those end in low, which is
 * no larger than they are. */
struct StateVariables
{
  struct Section
  {
    float to_band, to_low;

    explicit Section (const Biquad & b)
        : to_band (static_cast<float> (2.0 + b.a1)),
        to_low (static_cast<float> ((1.0 + b.a1 + b.a2) / (2.0 + b.a1))) {}
  };

  Section high_pass, shelf;
  float high_gain, band_gain;   /* of the shelf */

  explicit StateVariables (const KWeighting & k)
      : high_pass (k.high_pass), shelf (k.shelf),
      high_gain (static_cast<float> (k.shelf.b0 - 1.0)),
      band_gain (static_cast<float> ((2.0 * k.shelf.b0 + k.shelf.b1)
              / (2.0 + k.shelf.a1) - 1.0)) {}
};

}
