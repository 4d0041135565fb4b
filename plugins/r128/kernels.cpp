/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "kernels.hpp"

#include "truepeak.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#if defined __x86_64__
#include <immintrin.h>
#endif

namespace genaudio::r128 {

namespace {

/* After the end of a sound the filter's state decays to subnormal numbers,
 * with which an x86 processor is a hundred times slower; as long as this
 * lives they are zero. Other processors do not mind them. */
class FlushToZero
{
#if defined __x86_64__
public:
  FlushToZero () : before_ (_mm_getcsr ())
  {
    _mm_setcsr (before_ | _MM_FLUSH_ZERO_ON | _MM_DENORMALS_ZERO_ON);
  }
  ~FlushToZero () { _mm_setcsr (before_); }
  FlushToZero (const FlushToZero &) = delete;
  FlushToZero & operator= (const FlushToZero &) = delete;

private:
  unsigned before_;
#endif
};

/* Frames at a time: so few that their squares can be summed in single
 * precision, and that loading them goes on beside the filter. */
constexpr unsigned tile_frames = 16;

/* A period of a few samples, as test tones have it, would be rounded alike each
 * time: the errors would add up, to some 1e-6 LU between processors with and
 * without a fused multiply-add. They cancel if the samples are dithered, each
 * times 1 plus or minus up to 7 units in the last place of 1. */
constexpr unsigned dither_size = 512;
constexpr auto dither_table = [] {
  std::array<float, dither_size> table{};
  std::uint32_t random = 1;
  for (unsigned i = 0; i < dither_size; i += 2) {
    random = random * 1664525u + 1013904223u;
    const float dither = static_cast<float> (random >> 29) * 0x1p-23f;
    table[i] = 1.0f + dither;
    table[i + 1] = 1.0f - dither;
  }
  return table;
} ();

const float *
find_dither (std::size_t tile)
{
  return &dither_table[tile * 37 % (dither_size - tile_frames)];
}

}

#if defined __x86_64__

#if __has_builtin (__builtin_assoc_barrier)
#define ROUNDED(x) __builtin_assoc_barrier (x)
#else
#define ROUNDED(x) (x)
#endif

namespace avx512 {
#define KERNEL_NAME "avx512"
#define KERNEL_TARGET __attribute__ ((target ("avx512f,avx512dq,avx2,fma")))
#define KERNEL_INLINE KERNEL_TARGET inline __attribute__ ((always_inline))
#define KERNEL_ROUNDED(x) ROUNDED (x)
#define KERNEL_BYTES 64
#define KERNEL_VECTORS 2
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
#undef KERNEL_ROUNDED
#undef KERNEL_BYTES
#undef KERNEL_VECTORS
}

namespace avx2 {
#define KERNEL_NAME "avx2"
#define KERNEL_TARGET __attribute__ ((target ("avx2,fma")))
#define KERNEL_INLINE KERNEL_TARGET inline __attribute__ ((always_inline))
#define KERNEL_ROUNDED(x) ROUNDED (x)
#define KERNEL_BYTES 32
#define KERNEL_VECTORS 2
bool
supported ()
{
  return __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma");
}
#include "kernels-loops.hpp"
#undef KERNEL_NAME
#undef KERNEL_TARGET
#undef KERNEL_INLINE
#undef KERNEL_ROUNDED
#undef KERNEL_BYTES
#undef KERNEL_VECTORS
}

#endif

/* SSE2, NEON, or whatever every processor of the architecture has. */
namespace baseline {
#define KERNEL_NAME "baseline"
#define KERNEL_TARGET
#define KERNEL_INLINE inline __attribute__ ((always_inline))
#define KERNEL_ROUNDED(x) (x)
#define KERNEL_BYTES 16
#define KERNEL_VECTORS 2
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
