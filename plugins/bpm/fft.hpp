/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <complex>
#include <cstddef>
#include <vector>

namespace genaudio::bpm {

void *fft_alloc (std::size_t bytes);
void fft_free (void *memory);

/* Memory as FFTW's SIMD codelets want it. */
template <typename T> struct FftAllocator
{
  using value_type = T;
  FftAllocator () = default;
  template <typename U> FftAllocator (const FftAllocator<U> &) {}
  T *allocate (std::size_t n) { return static_cast<T *> (fft_alloc (n * sizeof (T))); }
  void deallocate (T *memory, std::size_t) { fft_free (memory); }
  template <typename U> bool operator== (const FftAllocator<U> &) const { return true; }
  template <typename U> bool operator!= (const FftAllocator<U> &) const { return false; }
};

using Floats = std::vector<float, FftAllocator<float>>;
using Complexes = std::vector<std::complex<float>, FftAllocator<std::complex<float>>>;

/* A real transform of @size points, unnormalised both ways. Plans are made
 * once a process and size, under a lock, and shared; a RealFft is a pair of
 * pointers that can be copied and used from any thread. Buffers begin where
 * Floats and Complexes begin (alignment). */
class RealFft
{
public:
  explicit RealFft (int size);
  int size () const { return size_; }
  /* @size reals to @size / 2 + 1 bins; @in is kept. */
  void forward (const float *in, std::complex<float> *out) const;
  /* and back; @in is destroyed. */
  void inverse (std::complex<float> *in, float *out) const;

private:
  int size_;
  const void *forward_;
  const void *inverse_;
};

/* Two real signals transformed at once, as the real and the imaginary part of
 * one complex signal: a third of the work. Both sides of the transform are
 * blocks of block () floats, with the real part at 0 and the imaginary one at
 * part (); of signals a and b, with A and B their spectra,
 *   2 |A[k]| = |re[k] + re[size - k], im[k] - im[size - k]|
 *   2 |B[k]| = |re[k] - re[size - k], im[k] + im[size - k]|. */
class PairFft
{
public:
  explicit PairFft (int size);
  int part () const { return size_ + 16; }
  int block () const { return 2 * part (); }
  /* @in is kept; out[size] and out[part () + size] are those at 0. */
  void forward (const float *in, float *out) const;

private:
  int size_;
  const void *plan_;
};

/* The least power of two that is not below @n. */
int power_of_two (double n);

} // namespace genaudio::bpm
