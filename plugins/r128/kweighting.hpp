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
 * rate: kernels may count on it. */
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

/* One channel's filter, a sample at a time (direct form II). */
class KFilter
{
public:
  explicit KFilter (const KWeighting & k) : k_ (k) {}

  double operator() (double x)
  {
    const double w = x - k_.shelf.a1 * w1_ - k_.shelf.a2 * w2_;
    const double y = k_.shelf.b0 * w + k_.shelf.b1 * w1_ + k_.shelf.b2 * w2_;
    const double v = y - k_.high_pass.a1 * v1_ - k_.high_pass.a2 * v2_;
    const double z = v - 2.0 * v1_ + v2_;
    w2_ = w1_;
    w1_ = w;
    v2_ = v1_;
    v1_ = v;
    return z;
  }

  /* Call every some ms: in digital silence the states decay to subnormal
   * numbers, with which a processor is a hundred times slower. */
  void flush_denormals ()
  {
    for (double *state : {&w1_, &w2_, &v1_, &v2_})
      *state = std::fabs (*state) < 1e-30 ? 0.0 : *state;
  }

  void reset () { w1_ = w2_ = v1_ = v2_ = 0.0; }

private:
  KWeighting k_;
  double w1_ = 0.0, w2_ = 0.0, v1_ = 0.0, v2_ = 0.0;
};

}
