/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* FFTW in single precision: plans shared by the whole process. */

#include "fft.h"

#include <fftw3.h>

#include <map>
#include <mutex>
#include <new>

namespace genaudio::bpm {

namespace {

struct Plans
{
  fftwf_plan forward;
  fftwf_plan inverse;
};

/* FFTW's planner knows no threads, and libaubio in the same process plans
 * under a lock of its own: where FFTW's hook exists it covers both. */
Plans
find_plans (int size)
{
  static std::mutex mutex;
  static std::map<int, Plans> *plans;
  std::lock_guard<std::mutex> lock (mutex);

  if (plans == nullptr) {
#ifdef HAVE_FFTW3F_THREADS
    fftwf_make_planner_thread_safe ();
#endif
    plans = new std::map<int, Plans>;
  }
  auto found = plans->find (size);
  if (found != plans->end ())
    return found->second;

  Floats real (size);
  Complexes bins (size / 2 + 1);
  auto *spectrum = reinterpret_cast<fftwf_complex *> (bins.data ());
  Plans made = { fftwf_plan_dft_r2c_1d (size, real.data (), spectrum, FFTW_ESTIMATE),
    fftwf_plan_dft_c2r_1d (size, spectrum, real.data (), FFTW_ESTIMATE) };
  if (made.forward == nullptr || made.inverse == nullptr)
    throw std::bad_alloc ();
  plans->emplace (size, made);
  return made;
}

} // namespace

void *
fft_alloc (std::size_t bytes)
{
  void *memory = fftwf_malloc (bytes);
  if (memory == nullptr)
    throw std::bad_alloc ();
  return memory;
}

void
fft_free (void *memory)
{
  fftwf_free (memory);
}

RealFft::RealFft (int size)
    : size_ (size)
{
  const Plans plans = find_plans (size);
  forward_ = plans.forward;
  inverse_ = plans.inverse;
}

void
RealFft::forward (const float *in, std::complex<float> *out) const
{
  fftwf_execute_dft_r2c (static_cast<fftwf_plan> (const_cast<void *> (forward_)),
      const_cast<float *> (in), reinterpret_cast<fftwf_complex *> (out));
}

void
RealFft::inverse (std::complex<float> *in, float *out) const
{
  fftwf_execute_dft_c2r (static_cast<fftwf_plan> (const_cast<void *> (inverse_)),
      reinterpret_cast<fftwf_complex *> (in), out);
}

int
power_of_two (double n)
{
  int size = 1;
  while (size < n)
    size *= 2;
  return size;
}

} // namespace genaudio::bpm
