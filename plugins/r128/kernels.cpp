/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "kernels.hpp"

#include "truepeak.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#if defined __x86_64__
#ifndef __clang__
/* GCC 12 warns of its own _mm512_undefined_pd () */
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#endif

namespace genaudio::r128 {

#if defined __x86_64__

namespace avx512 {
#define KERNEL_NAME "avx512"
#define KERNEL_TARGET __attribute__ ((target ("avx512f,avx512dq,avx2,fma")))
#define KERNEL_INLINE KERNEL_TARGET inline __attribute__ ((always_inline))
#define KERNEL_BYTES 64
#define KERNEL_VECTORS 2
#define KERNEL_TILES
/* of which GCC 12 makes two conversions and two shuffles */
#define KERNEL_WIDEN(x) Doubles (_mm512_cvtps_pd ((__m256) (x)))
bool
supported ()
{
  return __builtin_cpu_supports ("avx512f")
      && __builtin_cpu_supports ("avx512dq") && __builtin_cpu_supports ("fma");
}
#include "kernels-loops.hpp"
#undef KERNEL_NAME
#undef KERNEL_TARGET
#undef KERNEL_INLINE
#undef KERNEL_BYTES
#undef KERNEL_VECTORS
#undef KERNEL_WIDEN
#undef KERNEL_TILES
}

namespace avx2 {
#define KERNEL_NAME "avx2"
#define KERNEL_TARGET __attribute__ ((target ("avx2,fma")))
#define KERNEL_INLINE KERNEL_TARGET inline __attribute__ ((always_inline))
#define KERNEL_BYTES 32
#define KERNEL_VECTORS 2
#define KERNEL_WIDEN(x) Doubles (_mm256_cvtps_pd ((__m128) (x)))
bool
supported ()
{
  return __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma");
}
#include "kernels-loops.hpp"
#undef KERNEL_NAME
#undef KERNEL_TARGET
#undef KERNEL_INLINE
#undef KERNEL_BYTES
#undef KERNEL_VECTORS
#undef KERNEL_WIDEN
}

#endif

/* SSE2, NEON, or whatever every processor of the architecture has. */
namespace baseline {
#define KERNEL_NAME "baseline"
#define KERNEL_TARGET
#define KERNEL_INLINE inline __attribute__ ((always_inline))
#define KERNEL_BYTES 16
#define KERNEL_VECTORS 3
bool
supported ()
{
  return true;
}
#include "kernels-loops.hpp"
}

std::span<const Kernels * const>
all_kernels ()
{
  static const Kernels *const all[] = {
#if defined __x86_64__
    &avx512::kernels, &avx2::kernels,
#endif
    &baseline::kernels,
  };
  return all;
}

const Kernels &
best_kernels ()
{
  static const Kernels & best = **std::find_if (all_kernels ().begin (),
      all_kernels ().end (), [] (const Kernels *k) { return k->supported (); });
  return best;
}

}
