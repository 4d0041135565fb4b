/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <cstdint>

#if defined (__SSE2__)
#include <xmmintrin.h>
#endif

namespace genaudio::bpm {

/* While one of these lives, its thread takes numbers next to zero for zero:
 * the tail of a fade-out would otherwise cost ten times as much as music. */
class FlushDenormals
{
public:
#if defined (__SSE2__)
  FlushDenormals () : saved_ (_mm_getcsr ())
  {
    _mm_setcsr (saved_ | 0x8040);       /* flush to zero, denormals are zero */
  }
  ~FlushDenormals () { _mm_setcsr (saved_); }
#elif defined (__aarch64__)
  FlushDenormals ()
  {
    __asm__ __volatile__ ("mrs %0, fpcr" : "=r" (saved_));
    __asm__ __volatile__ ("msr fpcr, %0" : : "r" (saved_ | 1 << 24));
  }
  ~FlushDenormals () { __asm__ __volatile__ ("msr fpcr, %0" : : "r" (saved_)); }
#else
  FlushDenormals () : saved_ (0) {}
#endif
  FlushDenormals (const FlushDenormals &) = delete;
  FlushDenormals &operator= (const FlushDenormals &) = delete;

private:
#if defined (__aarch64__)
  std::uint64_t saved_;
#else
  std::uint32_t saved_;
#endif
};

} // namespace genaudio::bpm
