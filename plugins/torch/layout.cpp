/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "layout.hpp"
#include "error.hpp"

namespace genaudio {

namespace {

/* One item's worth of a tensor: rows and columns. */
struct Plane
{
  std::uint64_t rows, columns;
  std::int64_t row_stride, column_stride;
  bool in_batch;
};

/* What is wrong begins with the words of the API that the Python package
 * stands in for, since programs look for them. */
[[noreturn]] void
refuse (const Tensor & tensor, const std::string & why,
    const std::string & words = "Invalid audio dimensions")
{
  throw Error (Fault::format, cat (words, ": a tensor of shape ",
          shape_text (tensor.shape), " ", why));
}

[[noreturn]] void
refuse_channels (const Tensor & tensor, const std::string & why)
{
  refuse (tensor, why, cat ("Expected max ", max_channels, " channels"));
}

/* Two rows or fewer are channels, two columns or fewer are channels; three
 * to eight rows are channels only in a batch, for outside of one they could
 * as well be a batch of mono. */
bool
rows_are_channels (const Tensor & tensor, const Plane & plane)
{
  const bool first = plane.rows <= (plane.in_batch ? max_channels : 2);
  const bool last = plane.columns <= 2;
  const std::string batch = plane.in_batch ? "B, " : "";

  if (first && last && plane.rows * plane.columns > 1)
    refuse (tensor, cat ("could be (", batch, "channels, samples) or (", batch,
            "samples, channels): set layout=channels-first or "
            "layout=channels-last"));
  if (first || last)
    return first;
  if (plane.rows <= max_channels && plane.columns > max_channels)
    refuse (tensor, cat ("could be ", plane.rows, " channels of ",
            plane.columns, " samples or a batch of ", plane.rows,
            " mono items: set layout=channels-first for the first reading, "
            "save it as [", plane.rows, ", 1, ", plane.columns,
            "] for the second"));
  if (plane.columns <= max_channels)
    refuse (tensor, cat ("could be ", plane.columns, " channels of ",
            plane.rows, " samples: set layout=channels-last for that"
            " reading"));
  refuse_channels (tensor, cat ("is not audio: neither ", plane.rows, " nor ",
          plane.columns, " can be a number of channels"));
}

AudioView
view_plane (const Tensor & tensor, const Plane & plane, Layout layout)
{
  AudioView view;
  const bool first = layout == Layout::automatic
      ? rows_are_channels (tensor, plane) : layout == Layout::channels_first;
  const std::uint64_t channels = first ? plane.rows : plane.columns;

  if (channels > max_channels)
    refuse_channels (tensor, cat ("has ", channels, " channels with layout=",
            first ? "channels-first" : "channels-last"));
  view.dtype = tensor.dtype;
  view.swapped = tensor.swapped;
  view.channels = static_cast<unsigned> (channels);
  view.frames = first ? plane.columns : plane.rows;
  view.channel_stride = first ? plane.row_stride : plane.column_stride;
  view.frame_stride = first ? plane.column_stride : plane.row_stride;
  view.offset = tensor.offset;
  return view;
}

/* Without this a file of a few bytes could claim years of audio. */
void
check_expanded (const Tensor & tensor, const AudioBatch & batch)
{
  if (batch.first.frame_stride == 0 && batch.first.frames > 1)
    refuse (tensor, cat ("repeats one stored sample ", batch.first.frames,
            " times (stride 0), which is not audio"));
  if (batch.entry_bytes == 0 && batch.entries > 1)
    refuse (tensor, cat ("repeats one stored entry ", batch.entries,
            " times (stride 0)"));
}

}

AudioView
AudioBatch::entry (std::uint64_t index) const
{
  AudioView view = first;

  view.offset += index * static_cast<std::uint64_t> (entry_bytes);
  return view;
}

AudioBatch
view_as_audio (const Tensor & tensor, Layout layout)
{
  const auto & shape = tensor.shape;
  const auto & strides = tensor.strides;
  AudioBatch batch;

  if (tensor.dtype == DType::other)
    throw Error (Fault::wrong_type, cat ("Unsupported tensor type: dtype ",
            tensor.dtype_name, " is not audio; F32, F64, F16, BF16, I16 and "
            "I32 are played, and I8 and U8 from memory"));
  if (shape.empty () || shape.size () > 3)
    refuse (tensor, "is not audio: it must be (samples), (channels, samples), "
        "(samples, channels) or (batch, channels, samples)");
  if (count_elements (shape) == 0)
    refuse (tensor, "holds no samples", "Empty tensor");

  if (shape.size () == 1) {
    const Plane line = {1, shape[0], 0, strides[0], false};
    batch.first = view_plane (tensor, line, Layout::channels_first);
  } else {
    const std::size_t r = shape.size () - 2, c = shape.size () - 1;
    const bool in_batch = shape.size () == 3;
    const Plane plane = {shape[r], shape[c], strides[r], strides[c], in_batch};
    batch.first = view_plane (tensor, plane, layout);
    if (in_batch) {
      batch.entries = shape[0];
      if (batch.entries > 1)
        batch.entry_bytes = strides[0] * item_size (tensor.dtype);
    }
  }
  check_expanded (tensor, batch);
  return batch;
}

}
