/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* FFTW in single precision: plans shared by the whole process. */

#include "fft.hpp"

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
std::unique_lock<std::mutex>
lock_planner ()
{
  static std::mutex mutex;
  std::unique_lock<std::mutex> lock (mutex);
#ifdef HAVE_FFTW3F_THREADS
  static bool safe = false;
  if (!safe)
    fftwf_make_planner_thread_safe ();
  safe = true;
#endif
  return lock;
}

Plans
make_plans (int size)
{
  Floats real (size);
  Complexes bins (size / 2 + 1);
  auto *spectrum = reinterpret_cast<fftwf_complex *> (bins.data ());
  Plans made = { fftwf_plan_dft_r2c_1d (size, real.data (), spectrum, FFTW_ESTIMATE),
    fftwf_plan_dft_c2r_1d (size, spectrum, real.data (), FFTW_ESTIMATE) };
  if (made.forward == nullptr || made.inverse == nullptr)
    throw std::bad_alloc ();
  return made;
}

fftwf_plan
make_pair_plan (int size, int part)
{
  Floats in (2 * part), out (2 * part);
  const fftw_iodim dimension = { size, 1, 1 };
  const fftwf_plan made = fftwf_plan_guru_split_dft (1, &dimension, 0, nullptr, in.data (),
      in.data () + part, out.data (), out.data () + part, FFTW_ESTIMATE);
  if (made == nullptr)
    throw std::bad_alloc ();
  return made;
}

/* What @make gives for @size, made once and kept. */
template <typename T, typename Make> T
find (std::map<int, T> *&kept, int size, Make make)
{
  const auto lock = lock_planner ();
  if (kept == nullptr)
    kept = new std::map<int, T>;
  const auto found = kept->find (size);
  if (found != kept->end ())
    return found->second;
  return kept->emplace (size, make ()).first->second;
}

std::map<int, Plans> *real_plans;
std::map<int, fftwf_plan> *pair_plans;

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
  const Plans plans = find (real_plans, size, [size] { return make_plans (size); });
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

PairFft::PairFft (int size)
    : size_ (size)
{
  plan_ = find (pair_plans, size, [this] { return make_pair_plan (size_, part ()); });
}

void
PairFft::forward (const float *in, float *out) const
{
  float *from = const_cast<float *> (in);
  fftwf_execute_split_dft (static_cast<fftwf_plan> (const_cast<void *> (plan_)), from,
      from + part (), out, out + part ());
  out[size_] = out[0];
  out[part () + size_] = out[part ()];
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
