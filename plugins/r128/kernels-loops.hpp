/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Included by kernels.cpp once for each instruction set, inside a namespace
 * of its own, with KERNEL_TARGET (a function attribute), KERNEL_BYTES (of a
 * vector), KERNEL_VECTORS (that the filter keeps in flight) and KERNEL_ROUNDED
 * (its argument, kept out of fused multiply-adds) defined.
 *
 * An IIR filter cannot be vectorised over time. A whole item can be cut at
 * block borders into segments, though, which run in lock step, a lane for
 * each segment and channel. Every segment but the first begins 80 ms early:
 * by its first block the filter has forgotten that it began from nothing (its
 * slowest pole decays by e^-19, some 165 dB). */

using Floats __attribute__ ((vector_size (KERNEL_BYTES))) = float;
using Doubles __attribute__ ((vector_size (KERNEL_BYTES))) = double;
using Ints __attribute__ ((vector_size (KERNEL_BYTES))) = std::int32_t;
using Longs __attribute__ ((vector_size (KERNEL_BYTES))) = std::int64_t;
using TwiceDoubles __attribute__ ((vector_size (2 * KERNEL_BYTES))) = double;

constexpr unsigned n_floats = KERNEL_BYTES / sizeof (float);
constexpr unsigned n_vectors = KERNEL_VECTORS;
constexpr unsigned n_lanes = n_floats * n_vectors;
/* sub-blocks by which a segment begins early */
constexpr unsigned warm_up_subblocks = 4;

template <typename T> struct Numbers;

template <>
struct Numbers<float>
{
  using Vector = Floats;
  using Bits = Ints;
};

template <>
struct Numbers<double>
{
  using Vector = Doubles;
  using Bits = Longs;
};

template <typename T>
using BitsOf = typename Numbers<T>::Bits;
template <typename T>
using VectorOf = typename Numbers<T>::Vector;
template <typename Vector>
using Lane = std::remove_cvref_t<decltype (Vector{}[0])>;

/* The bits of |x|. As integers they sort like the numbers, and NaN above
 * infinity. */
template <typename Vector>
KERNEL_INLINE BitsOf<Lane<Vector>>
magnitude_bits (const Vector & x)
{
  using Bits = BitsOf<Lane<Vector>>;
  return Bits (x) & std::numeric_limits<Lane<Bits>>::max ();
}

template <typename Vector>
KERNEL_INLINE Vector
magnitude (const Vector & x)
{
  return Vector (magnitude_bits (x));
}

template <typename Vector>
KERNEL_INLINE Vector
maximum (const Vector & a, const Vector & b)
{
  return a > b ? a : b;
}

template <typename Vector>
KERNEL_INLINE Vector
load (const Lane<Vector> *from)
{
  Vector x;
  std::memcpy (&x, from, sizeof x);
  return x;
}

/* Half of a step of transposing: every other run of @step elements of @a and
 * of @b, the even ones or the odd ones. */
template <unsigned step, bool odd, typename Row, std::size_t... i>
KERNEL_INLINE Row
interleave (const Row & a, const Row & b, std::index_sequence<i...>)
{
  return __builtin_shufflevector (a, b,
      ((i / step) % 2 == 0 ? i + odd * step
          : sizeof... (i) + i - step + odd * step)...);
}

template <unsigned n, unsigned step = n / 2, typename Row>
KERNEL_INLINE void
transpose (Row *rows)
{
  constexpr auto all = std::make_index_sequence<n> ();
#pragma GCC unroll 16
  for (unsigned i = 0; i < n; i++) {
    if (i / step % 2 != 0)
      continue;
    const Row a = rows[i], b = rows[i + step];
    rows[i] = interleave<step, false> (a, b, all);
    rows[i + step] = interleave<step, true> (a, b, all);
  }
  if constexpr (step > 1)
    transpose<n, step / 2> (rows);
}

/* Some frames of all segments, in lanes: of one channel, or of two, which
 * travel as the bits of one double. */
template <unsigned width>
struct Tile
{
  using Frame = std::conditional_t<width == 2, double, float>;
  using Row __attribute__ ((vector_size (KERNEL_BYTES))) = Frame;
  static constexpr unsigned segments = n_floats / width;        /* a vector */

  Floats frames[tile_frames][n_vectors];

  template <typename T>
  KERNEL_INLINE void
  fill (const T *const *from, std::size_t at, std::size_t stride,
      std::size_t n)
  {
    for (unsigned v = 0; v < n_vectors; v++, from += segments) {
      std::size_t i = 0;
      /* squares of as many frames of as many segments */
      for (; stride == width && i + segments <= n; i += segments) {
        Row rows[segments];
#pragma GCC unroll 16
        for (unsigned s = 0; s < segments; s++) {
          const T *const row = from[s] + at + i * width;
          /* the processor's own prefetching stops at pages */
          __builtin_prefetch (row + 128 * width);
          rows[s] = Row (load_floats (row));
        }
        transpose<segments> (rows);
#pragma GCC unroll 16
        for (unsigned f = 0; f < segments; f++)
          frames[i + f][v] = Floats (rows[f]);
      }
      for (; i < n; i++) {
        Row row = {};
        for (unsigned s = 0; s < segments; s++)
          row[s] = pick (from[s] + at + i * stride);
        frames[i][v] = Floats (row);
      }
    }
  }

private:
  KERNEL_INLINE static Floats
  load_floats (const float *from)
  {
    return load<Floats> (from);
  }

  KERNEL_INLINE static Floats
  load_floats (const double *from)
  {
    TwiceDoubles x;
    std::memcpy (&x, from, sizeof x);
    return __builtin_convertvector (x, Floats);
  }

  KERNEL_INLINE static Frame
  pick (const float *from)
  {
    Frame frame;
    std::memcpy (&frame, from, sizeof frame);
    return frame;
  }

  KERNEL_INLINE static Frame
  pick (const double *from)
  {
    float samples[width];
    for (unsigned c = 0; c < width; c++)
      samples[c] = static_cast<float> (from[c]);
    return pick (samples);
  }
};

/* A sample of each lane (see StateVariables). What the high pass accumulates
 * is rounded in the same way on every processor, for it goes on and on. */
template <typename V>
struct Filter
{
  V band1, low1, band2, low2;

  KERNEL_INLINE V
  operator() (const StateVariables & k, const V & x)
  {
    const V high1 = (x - low1) - band1;
    low1 += KERNEL_ROUNDED (k.high_pass.to_low * band1);
    band1 += KERNEL_ROUNDED (k.high_pass.to_band * high1);
    const V high2 = (high1 - low2) - band2;
    const V y = (high1 + k.band_gain * band2) + k.high_gain * high2;
    low2 += k.shelf.to_low * band2;
    band2 += k.shelf.to_band * high2;
    return y;
  }
};

/* Filters a sub-block, @frames frames from @at on (in samples), and sums the
 * squares. */
template <unsigned width, typename T>
KERNEL_INLINE void
run_filter (const StateVariables & k, const T *const *from, std::size_t at,
    std::size_t stride, std::size_t frames, Filter<Floats> *filters,
    double *sums)
{
  Tile<width> tile;
  Filter<Floats> f[n_vectors];
  TwiceDoubles sum[n_vectors] = {};

  std::copy_n (filters, n_vectors, f);
  for (std::size_t done = 0; done < frames; done += tile_frames) {
    const std::size_t n = std::min<std::size_t> (tile_frames, frames - done);
    tile.fill (from, at + done * stride, stride, n);

    const float *const dither = find_dither (done / tile_frames);
    Floats squares[n_vectors] = {};
    for (std::size_t i = 0; i < n; i++) {
      for (unsigned v = 0; v < n_vectors; v++) {
        const Floats x = KERNEL_ROUNDED (dither[i] * tile.frames[i][v]);
        const Floats y = f[v] (k, x);
        squares[v] += y * y;
      }
    }
    for (unsigned v = 0; v < n_vectors; v++)
      sum[v] += __builtin_convertvector (squares[v], TwiceDoubles);
  }
  std::copy_n (f, n_vectors, filters);
  std::memcpy (sums, sum, sizeof sum);
}

KERNEL_INLINE void
set_lane (Filter<Floats> *filters, unsigned lane, const FilterState & state)
{
  Filter<Floats> & f = filters[lane / n_floats];
  const unsigned i = lane % n_floats;
  f.band1[i] = state.band1;
  f.low1[i] = state.low1;
  f.band2[i] = state.band2;
  f.low2[i] = state.low2;
}

KERNEL_INLINE FilterState
get_lane (const Filter<Floats> *filters, unsigned lane)
{
  const Filter<Floats> & f = filters[lane / n_floats];
  const unsigned i = lane % n_floats;
  return {f.band1[i], f.low1[i], f.band2[i], f.low2[i]};
}

/* Whole blocks, all lanes on segments of their own. */
template <unsigned width, typename T>
KERNEL_TARGET void
weigh_segments (const WeightingJob<T> & job)
{
  constexpr unsigned segments = n_lanes / width;
  const Grid & grid = *job.grid;
  const StateVariables k = *job.filter;
  const std::size_t blocks = job.subblocks / Grid::subblocks;
  const std::size_t per = (blocks + segments - 1) / segments;
  const std::size_t warm_up = grid.start (warm_up_subblocks);
  std::size_t at = 0;
  std::size_t start[segments + 1];
  const T *from[segments];
  Filter<Floats> filters[n_vectors] = {};
  double sums[n_lanes];

  /* the last segments may overlap so that none runs past the end */
  for (unsigned s = 0; s < segments; s++) {
    start[s] = std::min (s * per, blocks - per);
    from[s] = job.samples + start[s] * grid.block * job.stride;
    if (start[s] > 0)
      from[s] -= warm_up * job.stride;
  }
  start[segments] = blocks;
  for (unsigned i = 0; i < warm_up_subblocks; i++) {
    run_filter<width> (k, from, at, job.stride, grid.length (i), filters, sums);
    at += grid.length (i) * job.stride;
  }
  for (unsigned s = 0; s < segments; s++) {
    from[s] = job.samples + start[s] * grid.block * job.stride;
    for (unsigned c = 0; start[s] == 0 && c < width; c++)
      set_lane (filters, s * width + c, job.states[c]);
  }

  at = 0;
  for (std::size_t i = 0; i < per * Grid::subblocks; i++) {
    const std::size_t frames = grid.length (i);
    run_filter<width> (k, from, at, job.stride, frames, filters, sums);
    at += frames * job.stride;
    for (unsigned s = 0; s < segments; s++) {
      const std::size_t index = start[s] * Grid::subblocks + i;
      if (index >= start[s + 1] * Grid::subblocks)
        continue;
      for (unsigned c = 0; c < width; c++)
        job.sums[index] += job.weights[c] * sums[s * width + c];
    }
  }
  for (unsigned c = 0; c < width; c++)
    job.states[c] = get_lane (filters, (segments - 1) * width + c);
}

/* One after the other: what is left of a block at the end of an item. */
template <unsigned width, typename T>
KERNEL_TARGET void
weigh_in_order (const WeightingJob<T> & job)
{
  const StateVariables k = *job.filter;
  const T *x = job.samples;

  for (std::size_t i = 0; i < job.subblocks; i++) {
    const std::size_t frames = job.grid->length (i);
    for (unsigned c = 0; c < width; c++) {
      FilterState & s = job.states[c];
      Filter<float> f = {s.band1, s.low1, s.band2, s.low2};
      double sum = 0.0;
      for (std::size_t n = 0; n < frames; n++) {
        const double y = f (k, static_cast<float> (x[n * job.stride + c]));
        sum += y * y;
      }
      s = {f.band1, f.low1, f.band2, f.low2};
      job.sums[i] += job.weights[c] * sum;
    }
    x += frames * job.stride;
  }
}

template <typename T>
KERNEL_TARGET void
weigh (const WeightingJob<T> & job)
{
  const bool whole = job.subblocks > 0 && job.subblocks % Grid::subblocks == 0;
  [[maybe_unused]] const FlushToZero flush;

  if (job.width == 2)
    whole ? weigh_segments<2> (job) : weigh_in_order<2> (job);
  else
    whole ? weigh_segments<1> (job) : weigh_in_order<1> (job);
}

template <typename T>
KERNEL_TARGET void
find_peaks (const T *samples, std::size_t frames, unsigned channels,
    double *peaks)
{
  using Vector = VectorOf<T>;
  constexpr unsigned n = sizeof (Vector) / sizeof (T);
  /* lane i of vector v holds channel (v * n + i) % channels */
  const unsigned vectors = n % channels == 0 ? 1 : channels;
  const std::size_t step = vectors * n;
  const std::size_t total = frames * channels;
  Vector most[8] = {};
  std::size_t i = 0;

  if (vectors == 1) {
    constexpr unsigned chains = 4;
    for (; i + chains * n <= total; i += chains * n) {
      for (unsigned v = 0; v < chains; v++)
        most[v] = maximum (magnitude (load<Vector> (samples + i + v * n)),
            most[v]);
    }
    for (unsigned v = 1; v < chains; v++)
      most[0] = maximum (most[0], most[v]);
  }
  for (; i + step <= total; i += step) {
    for (unsigned v = 0; v < vectors; v++)
      most[v] = maximum (magnitude (load<Vector> (samples + i + v * n)),
          most[v]);
  }

  T best[8 * n] = {};
  std::memcpy (best, most, step * sizeof (T));
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
  for (; i < total; i++)
    best[i % channels] = std::max (best[i % channels], std::fabs (samples[i]));
  for (unsigned c = 0; c < channels; c++)
    peaks[c] = best[c];
}

template <typename T>
KERNEL_TARGET bool
all_usable (const T *samples, std::size_t count)
{
  using Vector = VectorOf<T>;
  using Bits = BitsOf<T>;
  constexpr unsigned n = sizeof (Vector) / sizeof (T);
  const Bits loudest = Bits (Vector{} + static_cast<T> (loudest_sample));
  Bits louder = {};
  std::size_t i = 0;

  for (; i + n <= count; i += n)
    louder |= magnitude_bits (load<Vector> (samples + i)) > loudest;
  bool usable = true;
  for (unsigned l = 0; l < n; l++)
    usable = usable && louder[l] == 0;
  for (; i < count; i++)
    usable = usable && is_usable (samples[i]);
  return usable;
}

/* Vectors over time; several of them share the coefficients. For the phases
 * see Interpolator::Pair. */
template <unsigned taps, bool quarters>
KERNEL_INLINE float
find_interpolated_peak (const Interpolator & interpolator, const float *x,
    std::size_t frames)
{
  constexpr unsigned together = 2;
  Ints ramp;
  Floats most = {};

  for (unsigned l = 0; l < n_floats; l++)
    ramp[l] = static_cast<std::int32_t> (l);
  for (std::size_t i = 0; i < frames; i += together * n_floats) {
    Floats half[together] = {}, even[together] = {}, odd[together] = {};
#pragma GCC unroll 2
    for (unsigned k = 0; k < taps / 2; k++) {
      const Interpolator::Pair & pair = interpolator.pairs[k];
      for (unsigned t = 0; t < together; t++) {
        const float *newest = x + i + t * n_floats;
        const Floats a = load<Floats> (newest - (taps - 1) + k);
        const Floats b = load<Floats> (newest - k);
        const Floats sum = a + b;
        half[t] += pair.half * sum;
        if constexpr (quarters) {
          even[t] += pair.even * sum;
          odd[t] += pair.odd * (a - b);
        }
      }
    }
    for (unsigned t = 0; t < together; t++) {
      const Floats y =
          maximum (magnitude (half[t]), magnitude (even[t]) + magnitude (odd[t]));
      const std::size_t first = i + t * n_floats;
      const Ints counts = ramp < static_cast<std::int32_t> (frames)
          - static_cast<std::int32_t> (first);
      most = maximum (most, Floats (Ints (y) & counts));
    }
  }
  float peak = 0.0f;
  for (unsigned l = 0; l < n_floats; l++)
    peak = std::max (peak, most[l]);
  return peak;
}

KERNEL_TARGET float
largest_bend (const float *x, std::size_t frames)
{
  Floats most = {};
  float peak = 0.0f;
  std::size_t i = 0;

  for (; i + n_floats + 2 <= frames; i += n_floats) {
    const Floats sum = load<Floats> (x + i) + load<Floats> (x + i + 2);
    most = maximum (magnitude (sum - 2.0f * load<Floats> (x + i + 1)), most);
  }
  for (; i + 2 < frames; i++)
    peak = std::max (peak, std::fabs (x[i] + x[i + 2] - 2.0f * x[i + 1]));
  for (unsigned l = 0; l < n_floats; l++)
    peak = std::max (peak, most[l]);
  return peak;
}

KERNEL_TARGET float
interpolated_peak (const Interpolator & interpolator, const float *x,
    std::size_t frames)
{
  if (interpolator.taps == 12)
    return find_interpolated_peak<12, true> (interpolator, x, frames);
  return interpolator.factor == 4
      ? find_interpolated_peak<24, true> (interpolator, x, frames)
      : find_interpolated_peak<24, false> (interpolator, x, frames);
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
  find_peaks (samples, frames, channels, peaks);
}

KERNEL_TARGET void
peaks_double (const double *samples, std::size_t frames, unsigned channels,
    double *peaks)
{
  find_peaks (samples, frames, channels, peaks);
}

KERNEL_TARGET bool
all_usable_float (const float *samples, std::size_t n)
{
  return all_usable (samples, n);
}

KERNEL_TARGET bool
all_usable_double (const double *samples, std::size_t n)
{
  return all_usable (samples, n);
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
  weigh_float, weigh_double, peaks_float, peaks_double, largest_bend, interpolated_peak,
  all_usable_float, all_usable_double, scale_float, scale_double,
};
