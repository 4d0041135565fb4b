/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* One of the readers, and everything that is done with what it finds, on any
 * bytes. Whatever they are, the answer is tensors within bounds or an Error. */

#include "error.hpp"
#include "file.hpp"
#include "layout.hpp"
#include "npy.hpp"
#include "safetensors.hpp"
#include "samplereader.hpp"
#include "tensorfile.hpp"
#include "torchsave.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

using namespace genaudio;

namespace {

/* A file in memory that is given new content for each input. */
class Input
{
public:
  Input () : fd_ (memfd_create ("input", 0))
  {
    if (fd_ < 0)
      std::abort ();
  }

  std::string path () const { return "/proc/self/fd/" + std::to_string (fd_); }

  void
  fill (const std::uint8_t *data, std::size_t size)
  {
    if (ftruncate (fd_, 0) != 0
        || pwrite (fd_, data, size, 0) != static_cast<ssize_t> (size))
      std::abort ();
  }

private:
  int fd_;
};

Contents
read_contents (const File & file)
{
#if defined (READER_SAFETENSORS)
  return is_safetensors (file) ? read_safetensors (file) : Contents ();
#elif defined (READER_NPY)
  return is_npy (file) ? read_npy (file) : Contents ();
#elif defined (READER_PT)
  return is_torch_save (file) ? read_torch_save (file) : Contents ();
#else
#error "no reader is chosen"
#endif
}

void
play (const File & file, const AudioView & view)
{
  constexpr std::uint64_t block = 500;
  std::vector<double> out (block * view.channels);

  for (const std::uint64_t first : {std::uint64_t {0},
          view.frames > block ? view.frames - block : 0}) {
    SampleReader reader (file, view, NonFinite::zero);
    reader.read (first, static_cast<std::size_t> (std::min (block,
                view.frames - first)), out.data ());
  }
}

void
play_tensor (const File & file, const Contents & contents,
    const Tensor & tensor)
{
  for (const Layout layout : {Layout::automatic, Layout::channels_first,
          Layout::channels_last}) {
    try {
      const AudioBatch batch = view_as_audio (tensor, layout);
      play (file, batch.entry (0));
      play (file, batch.entry (batch.entries - 1));
    } catch (const Error &) {
    }
  }
  try {
    find_rate (contents, tensor);
  } catch (const Error &) {
  }
}

}

extern "C" int
LLVMFuzzerTestOneInput (const std::uint8_t *data, std::size_t size)
{
  static Input input;

  input.fill (data, size);
  try {
    const File file (input.path ());
    const Contents contents = read_contents (file);
    std::size_t played = 0;
    for (const Tensor & tensor : contents.tensors) {
      if (played++ < 8)
        play_tensor (file, contents, tensor);
    }
    free_metadata (contents);
    select_tensor (contents, "");
  } catch (const Error &) {
  }
  return 0;
}
