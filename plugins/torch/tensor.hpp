/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace genaudio {

/* The dtypes that hold audio, and `other` for those that do not. Those of 8
 * bits come in tensors of this process only. */
enum class DType { f32, f64, f16, bf16, i8, u8, i16, i32, other };

constexpr unsigned
item_size (DType dtype)
{
  switch (dtype) {
    case DType::f64:
      return 8;
    case DType::f32:
    case DType::i32:
      return 4;
    case DType::f16:
    case DType::bf16:
    case DType::i16:
      return 2;
    case DType::i8:
    case DType::u8:
      return 1;
    case DType::other:
      break;
  }
  return 0;
}

/* Whether samples are double, as a float would lose some of their bits. */
constexpr bool
needs_double (DType dtype)
{
  return dtype == DType::f64 || dtype == DType::i32;
}

using Strides = std::vector<std::int64_t>;

/* "F32"... as in the messages. */
const char *dtype_name (DType dtype);

/* A tensor that was found in a file, its bounds checked against the file. */
struct Tensor
{
  std::string name;                     /* empty: the file gives none */
  DType dtype = DType::other;
  std::string dtype_name;               /* as the file calls it */
  std::vector<std::uint64_t> shape;
  Strides strides;                      /* in elements */
  std::uint64_t offset = 0;             /* of the first element, in bytes */
  bool swapped = false;                 /* the other byte order than ours */
};

/* "[2, 512000]" */
std::string shape_text (const std::vector<std::uint64_t> & shape);

/* Strides of an array whose last (or, Fortran, first) index runs fastest. */
Strides c_strides (const std::vector<std::uint64_t> & shape);
Strides fortran_strides (const std::vector<std::uint64_t> & shape);

/* Number of elements. Throws when it does not fit 62 bits, or when there are
 * more than 64 dimensions. */
std::uint64_t count_elements (const std::vector<std::uint64_t> & shape);

/* Throws unless every element that @shape and @strides reach from @first on
 * lies within @elements. All products are made in 128 bits. */
void check_bounds (const std::vector<std::uint64_t> & shape,
    const std::vector<std::uint64_t> & strides, std::uint64_t first,
    std::uint64_t elements);

/* Elements from the first one back to the lowest in memory. Throws if they
 * lie further apart than any memory is long. */
std::uint64_t elements_before (const std::vector<std::uint64_t> & shape,
    const Strides & strides);

using Metadata = std::vector<std::pair<std::string, std::string>>;

/* What a file holds. A name inside a nested dict is "outer.inner". */
struct Contents
{
  std::vector<Tensor> tensors;
  /* strings and numbers beside the tensors */
  Metadata entries;
  /* the tensors are the elements of one list: each is an item */
  bool list = false;
  /* the number of a (tensor, rate) pair; empty: none */
  std::string paired_rate;
};

/* Ends the reading of a file whose free text would fill memory. */
void check_metadata_size (const Metadata & entries);

}
