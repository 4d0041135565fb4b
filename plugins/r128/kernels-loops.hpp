/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Included by kernels.cpp once for each instruction set, inside a namespace
 * of its own, with KERNEL_TARGET (a function attribute), KERNEL_BYTES (of a
 * vector) and KERNEL_VECTORS (that the filter keeps in flight) defined.
 *
 * An IIR filter cannot be vectorised over time. A whole item can be cut at
 * block borders into segments, though, which run in lock step, a lane for
 * each segment and channel. Every segment but the first begins 100 ms early:
 * by its first block the filter has forgotten that it began from nothing (its
 * slowest pole decays by e^-24, some 210 dB). */

using Doubles __attribute__ ((vector_size (KERNEL_BYTES))) = double;
using HalfFloats __attribute__ ((vector_size (KERNEL_BYTES / 2))) = float;
using HalfDoubles __attribute__ ((vector_size (KERNEL_BYTES / 2))) = double;
using Floats __attribute__ ((vector_size (KERNEL_BYTES))) = float;
using Ints __attribute__ ((vector_size (KERNEL_BYTES))) = std::int32_t;
using Longs __attribute__ ((vector_size (KERNEL_BYTES))) = std::int64_t;

constexpr unsigned n_doubles = KERNEL_BYTES / sizeof (double);
constexpr unsigned n_floats = KERNEL_BYTES / sizeof (float);
constexpr unsigned n_vectors = KERNEL_VECTORS;
constexpr unsigned n_lanes = n_doubles * n_vectors;
/* frames at a time: a cache line of single-precision stereo */
constexpr unsigned chunk = 8;

struct Lanes
{
  Doubles w1[n_vectors], w2[n_vectors], v1[n_vectors], v2[n_vectors];
};

#ifndef KERNEL_WIDEN
KERNEL_INLINE Doubles
widen (HalfFloats x)
{
  return __builtin_convertvector (x, Doubles);
}
#else
KERNEL_INLINE Doubles
widen (HalfFloats x)
{
  return KERNEL_WIDEN (x);
}
#endif

/* Loading a vector's lanes from as many places of the item. */
template <unsigned width> struct Loader;

template <>
struct Loader<1>
{
  static constexpr unsigned segments = n_doubles;

  KERNEL_INLINE static void
  load (const float *const *from, std::size_t at, Doubles & x)
  {
    HalfFloats f;
    for (unsigned i = 0; i < n_doubles; i++)
      f[i] = from[i][at];
    x = widen (f);
  }

  KERNEL_INLINE static void
  load (const double *const *from, std::size_t at, Doubles & x)
  {
    for (unsigned i = 0; i < n_doubles; i++)
      x[i] = from[i][at];
  }
};

template <>
struct Loader<2>
{
  static constexpr unsigned segments = n_doubles / 2;

  /* two floats travel as the bits of one double */
  KERNEL_INLINE static void
  load (const float *const *from, std::size_t at, Doubles & x)
  {
    HalfDoubles bits;
    HalfFloats f;
    for (unsigned i = 0; i < segments; i++) {
      double pair;
      std::memcpy (&pair, from[i] + at, sizeof pair);
      bits[i] = pair;
    }
    std::memcpy (&f, &bits, sizeof f);
    x = widen (f);
  }

  KERNEL_INLINE static void
  load (const double *const *from, std::size_t at, Doubles & x)
  {
    for (unsigned i = 0; i < segments; i++) {
      x[2 * i] = from[i][at];
      x[2 * i + 1] = from[i][at + 1];
    }
  }
};

#ifdef KERNEL_TILES

/* Half of a step of transposing: every other run of @step elements of @a and
 * of @b, the even ones or the odd ones. */
template <unsigned step, bool odd, std::size_t... i>
KERNEL_INLINE Doubles
interleave (const Doubles & a, const Doubles & b, std::index_sequence<i...>)
{
  return __builtin_shufflevector (a, b,
      ((i / step) % 2 == 0 ? i + odd * step : n_doubles + i - step + odd * step)
      ...);
}

template <unsigned step>
KERNEL_INLINE void
transpose (Doubles *rows)
{
  constexpr auto all = std::make_index_sequence<n_doubles> ();
  for (unsigned i = 0; i < n_doubles; i++) {
    if (i / step % 2 != 0)
      continue;
    const Doubles a = rows[i], b = rows[i + step];
    rows[i] = interleave<step, false> (a, b, all);
    rows[i + step] = interleave<step, true> (a, b, all);
  }
  if constexpr (step > 1)
    transpose<step / 2> (rows);
}

/* Frames of single-precision stereo on their way into the lanes, by squares of
 * as many frames of as many segments: worth it where shuffling and arithmetic
 * share a port. */
struct Tile
{
  static constexpr unsigned segments = n_doubles;

  Doubles frames[chunk];

  KERNEL_INLINE void
  fill (const float *const *from, std::size_t at, std::size_t stride,
      std::size_t n)
  {
    std::size_t i = 0;
    for (; stride == 2 && i + n_doubles <= n; i += n_doubles) {
      Doubles rows[n_doubles];
      for (unsigned s = 0; s < segments; s++) {
        std::memcpy (&rows[s], from[s] + at + 2 * i, sizeof rows[s]);
      }
      transpose<n_doubles / 2> (rows);
      for (unsigned f = 0; f < n_doubles; f++)
        frames[i + f] = rows[f];
    }
    for (; i < n; i++) {
      for (unsigned s = 0; s < segments; s++) {
        double pair;
        std::memcpy (&pair, from[s] + at + stride * i, sizeof pair);
        frames[i][s] = pair;
      }
    }
  }

  KERNEL_INLINE void
  load (std::size_t frame, unsigned vector, Doubles & x) const
  {
    HalfFloats f;
    std::memcpy (&f, reinterpret_cast<const char *> (&frames[frame])
        + vector * sizeof f, sizeof f);
    x = widen (f);
  }
};

#endif

/* The filter's coefficients. The shelf's b0 is taken out of its own (and put
 * back into the sums, see weigh_segments ()). */
struct Coefficients
{
  double b1, b2, a1, a2, h1, h2;

  explicit Coefficients (const KWeighting & k)
      : b1 (k.shelf.b1 / k.shelf.b0), b2 (k.shelf.b2 / k.shelf.b0),
      a1 (k.shelf.a1), a2 (k.shelf.a2), h1 (k.high_pass.a1),
      h2 (k.high_pass.a2) {}
};

template <typename V>
KERNEL_INLINE V
filter (const Coefficients & k, const V & x, V & w1, V & w2, V & v1, V & v2)
{
  const V w = (x - k.a2 * w2) - k.a1 * w1;
  const V y = w + k.b1 * w1 + k.b2 * w2;
  const V v = (y - k.h2 * v2) - k.h1 * v1;
  const V z = (v + v2) - 2.0 * v1;
  w2 = w1;
  w1 = w;
  v2 = v1;
  v1 = v;
  return z;
}

/* Filters @frames frames from @at on (in samples) and sums the squares. */
template <unsigned width, typename T>
KERNEL_INLINE void
run_filter (const Coefficients & k, const T *const *from, std::size_t at,
    std::size_t stride, std::size_t frames, Lanes & lanes, Doubles *sums)
{
  Lanes s = lanes;
  Doubles sum[n_vectors] = {};

  for (std::size_t done = 0; done < frames; done += chunk) {
    const std::size_t n = std::min<std::size_t> (chunk, frames - done);
    /* the processor's own prefetching stops at pages */
    for (unsigned i = 0; i < n_lanes / width; i++)
      __builtin_prefetch (from[i] + at + 2048 / sizeof (T));
#ifdef KERNEL_TILES
    if constexpr (width == 2 && std::is_same_v<T, float>) {
      Tile tile;
      tile.fill (from, at, stride, n);
      for (std::size_t i = 0; i < n; i++) {
        for (unsigned v = 0; v < n_vectors; v++) {
          Doubles x;
          tile.load (i, v, x);
          const Doubles z =
              filter (k, x, s.w1[v], s.w2[v], s.v1[v], s.v2[v]);
          sum[v] += z * z;
        }
      }
      at += n * stride;
      continue;
    }
#endif
    for (std::size_t i = 0; i < n; i++, at += stride) {
      for (unsigned v = 0; v < n_vectors; v++) {
        Doubles x;
        Loader<width>::load (from + v * Loader<width>::segments, at, x);
        const Doubles z = filter (k, x, s.w1[v], s.w2[v], s.v1[v], s.v2[v]);
        sum[v] += z * z;
      }
    }
  }
  lanes = s;
  for (unsigned v = 0; v < n_vectors; v++)
    sums[v] = sum[v];
}

KERNEL_INLINE void
flush_denormals (Doubles & state)
{
  const Doubles magnitude = state < 0.0 ? -state : state;
  state = magnitude < 1e-30 ? Doubles{} : state;
}

KERNEL_INLINE void
flush_denormals (Lanes & lanes)
{
  for (unsigned n = 0; n < n_vectors; n++) {
    flush_denormals (lanes.w1[n]);
    flush_denormals (lanes.w2[n]);
    flush_denormals (lanes.v1[n]);
    flush_denormals (lanes.v2[n]);
  }
}

KERNEL_INLINE void
set_lane (Lanes & lanes, unsigned lane, const FilterState & state)
{
  const unsigned n = lane / n_doubles, i = lane % n_doubles;
  lanes.w1[n][i] = state.w1;
  lanes.w2[n][i] = state.w2;
  lanes.v1[n][i] = state.v1;
  lanes.v2[n][i] = state.v2;
}

KERNEL_INLINE void
get_lane (const Lanes & lanes, unsigned lane, FilterState & state)
{
  const unsigned n = lane / n_doubles, i = lane % n_doubles;
  state = {lanes.w1[n][i], lanes.w2[n][i], lanes.v1[n][i], lanes.v2[n][i]};
}

/* All lanes on segments of their own. */
template <unsigned width, typename T>
KERNEL_TARGET void
weigh_segments (const WeightingJob<T> & job)
{
  constexpr unsigned segments = n_lanes / width;
  const Grid & grid = *job.grid;
  const std::size_t blocks = job.subblocks / Grid::subblocks;
  const std::size_t per = (blocks + segments - 1) / segments;
  const std::size_t warm_up = grid.block;
  const Coefficients k (*job.filter);
  std::size_t start[segments + 1];
  const T *from[segments];
  Lanes lanes = {};
  Doubles sums[n_vectors];

  /* the last segments may overlap so that none runs past the end */
  for (unsigned s = 0; s < segments; s++) {
    start[s] = std::min (s * per, blocks - per);
    from[s] = job.samples + start[s] * grid.block * job.stride;
    if (start[s] > 0)
      from[s] -= warm_up * job.stride;
  }
  start[segments] = blocks;
  run_filter<width> (k, from, 0, job.stride, warm_up, lanes, sums);
  for (unsigned s = 0; s < segments; s++) {
    from[s] = job.samples + start[s] * grid.block * job.stride;
    for (unsigned c = 0; start[s] == 0 && c < width; c++)
      set_lane (lanes, s * width + c, job.states[c]);
  }

  const double scale = job.filter->shelf.b0 * job.filter->shelf.b0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < per * Grid::subblocks; i++) {
    const std::size_t frames = grid.length (i);
    run_filter<width> (k, from, at, job.stride, frames, lanes, sums);
    flush_denormals (lanes);
    at += frames * job.stride;
    for (unsigned s = 0; s < segments; s++) {
      const std::size_t index = start[s] * Grid::subblocks + i;
      if (index >= start[s + 1] * Grid::subblocks)
        continue;
      double sum = 0.0;
      for (unsigned c = 0; c < width; c++) {
        const unsigned lane = s * width + c;
        sum += job.weights[c] * sums[lane / n_doubles][lane % n_doubles];
      }
      job.sums[index] += sum * scale;
    }
  }
  for (unsigned c = 0; c < width; c++)
    get_lane (lanes, (segments - 1) * width + c, job.states[c]);
}

/* One after the other, for what is too short to cut up. */
template <unsigned width, typename T>
KERNEL_TARGET void
weigh_in_order (const WeightingJob<T> & job)
{
  const Coefficients k (*job.filter);
  const double scale = job.filter->shelf.b0 * job.filter->shelf.b0;
  const T *x = job.samples;

  for (std::size_t i = 0; i < job.subblocks; i++) {
    const std::size_t frames = job.grid->length (i);
    for (unsigned c = 0; c < width; c++) {
      FilterState s = job.states[c];
      double sum = 0.0;
      for (std::size_t f = 0; f < frames; f++) {
        const double z = filter<double> (k, x[f * job.stride + c], s.w1, s.w2,
            s.v1, s.v2);
        sum += z * z;
      }
      const auto flushed = [] (double state) {
        return std::fabs (state) < 1e-30 ? 0.0 : state;
      };
      job.states[c] = {flushed (s.w1), flushed (s.w2), flushed (s.v1), flushed (s.v2)};
      job.sums[i] += job.weights[c] * sum * scale;
    }
    x += frames * job.stride;
  }
}

template <typename T>
KERNEL_TARGET void
weigh (const WeightingJob<T> & job)
{
  const bool long_enough = job.subblocks % Grid::subblocks == 0
      && job.subblocks / Grid::subblocks >= n_lanes / job.width;

  if (job.width == 2)
    long_enough ? weigh_segments<2> (job) : weigh_in_order<2> (job);
  else
    long_enough ? weigh_segments<1> (job) : weigh_in_order<1> (job);
}

/* Magnitudes are compared as integers, which sort like them. */
template <typename Vector, typename T>
KERNEL_TARGET void
find_peaks (const T *samples, std::size_t frames, unsigned channels,
    double *peaks)
{
  using Lane = std::remove_cvref_t<decltype (Vector{}[0])>;
  constexpr unsigned n = sizeof (Vector) / sizeof (Lane);
  constexpr Lane mask = std::numeric_limits<Lane>::max ();
  /* lane i of vector v holds channel (v * n + i) % channels */
  const unsigned vectors = n % channels == 0 ? 1 : channels;
  const std::size_t step = vectors * n;
  const std::size_t total = frames * channels;
  Vector most[8] = {};
  std::size_t i = 0;

  if (vectors == 1) {
    Vector a = {}, b = {};
    for (; i + 2 * n <= total; i += 2 * n) {
      Vector x, y;
      std::memcpy (&x, samples + i, sizeof x);
      std::memcpy (&y, samples + i + n, sizeof y);
      x &= mask;
      y &= mask;
      a = x > a ? x : a;
      b = y > b ? y : b;
    }
    most[0] = a > b ? a : b;
  }
  for (; i + step <= total; i += step) {
    for (unsigned v = 0; v < vectors; v++) {
      Vector x;
      std::memcpy (&x, samples + i + v * n, sizeof x);
      x &= mask;
      most[v] = x > most[v] ? x : most[v];
    }
  }

  Lane best[8 * n] = {};
  std::memcpy (best, most, step * sizeof (Lane));
  if (vectors == 1) {
    /* halves upon each other, as long as they hold the same channels */
    for (unsigned half = n / 2; half >= channels; half /= 2) {
      for (unsigned l = 0; l < half; l++)
        best[l] = std::max (best[l], best[l + half]);
    }
  } else {
    for (unsigned l = channels; l < step; l++)
      best[l % channels] = std::max (best[l % channels], best[l]);
  }
  for (; i < total; i++) {
    Lane bits;
    std::memcpy (&bits, samples + i, sizeof bits);
    best[i % channels] = std::max<Lane> (best[i % channels], bits & mask);
  }
  for (unsigned c = 0; c < channels; c++) {
    T peak;
    std::memcpy (&peak, &best[c], sizeof peak);
    peaks[c] = peak;
  }
}

template <typename Vector, typename T>
KERNEL_TARGET bool
all_finite (const T *samples, std::size_t n)
{
  double peak;
  find_peaks<Vector> (samples, n, 1, &peak);
  return std::isfinite (peak);
}

/* Vectors over time; several of them share the coefficients. */
template <unsigned taps, unsigned phases>
KERNEL_INLINE float
find_interpolated_peak (const Interpolator & interpolator, const float *x,
    std::size_t frames)
{
  constexpr unsigned together = 2;
  Floats most = {};

  for (std::size_t i = 0; i < frames; i += together * n_floats) {
    Floats y[phases][together] = {};
    for (unsigned k = 0; k < taps; k++) {
      const float *from = x + i + k - (taps - 1);
      for (unsigned t = 0; t < together; t++) {
        Floats v;
        std::memcpy (&v, from + t * n_floats, sizeof v);
        for (unsigned p = 0; p < phases; p++)
          y[p][t] += interpolator.phase[p][k] * v;
      }
    }
    for (unsigned t = 0; t < together; t++) {
      const std::size_t first = i + t * n_floats;
      for (unsigned p = 0; p < phases; p++) {
        Floats & v = y[p][t];
        v = v < 0.0f ? -v : v;
        for (unsigned l = 0; first + n_floats > frames && l < n_floats; l++)
          v[l] = first + l < frames ? v[l] : 0.0f;
        most = v > most ? v : most;
      }
    }
  }
  float peak = 0.0f;
  for (unsigned l = 0; l < n_floats; l++)
    peak = std::max (peak, most[l]);
  return peak;
}

KERNEL_TARGET float
interpolated_peak (const Interpolator & interpolator, const float *x,
    std::size_t frames)
{
  if (interpolator.taps == 12)
    return find_interpolated_peak<12, 3> (interpolator, x, frames);
  return interpolator.factor == 4
      ? find_interpolated_peak<24, 3> (interpolator, x, frames)
      : find_interpolated_peak<24, 1> (interpolator, x, frames);
}

template <typename T>
KERNEL_TARGET void
scale (const T *in, T *out, std::size_t n, T gain)
{
  for (std::size_t i = 0; i < n; i++)
    out[i] = in[i] * gain;
}

KERNEL_TARGET void
weigh_float (const WeightingJob<float> & job)
{
  weigh (job);
}

KERNEL_TARGET void
weigh_double (const WeightingJob<double> & job)
{
  weigh (job);
}

KERNEL_TARGET void
peaks_float (const float *samples, std::size_t frames, unsigned channels,
    double *peaks)
{
  find_peaks<Ints> (samples, frames, channels, peaks);
}

KERNEL_TARGET void
peaks_double (const double *samples, std::size_t frames, unsigned channels,
    double *peaks)
{
  find_peaks<Longs> (samples, frames, channels, peaks);
}

KERNEL_TARGET bool
all_finite_float (const float *samples, std::size_t n)
{
  return all_finite<Ints> (samples, n);
}

KERNEL_TARGET bool
all_finite_double (const double *samples, std::size_t n)
{
  return all_finite<Longs> (samples, n);
}

KERNEL_TARGET void
scale_float (const float *in, float *out, std::size_t n, float gain)
{
  scale (in, out, n, gain);
}

KERNEL_TARGET void
scale_double (const double *in, double *out, std::size_t n, double gain)
{
  scale (in, out, n, gain);
}

constexpr Kernels kernels = {
  KERNEL_NAME, supported,
  weigh_float, weigh_double, peaks_float, peaks_double, interpolated_peak,
  all_finite_float, all_finite_double, scale_float, scale_double,
};
