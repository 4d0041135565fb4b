/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "aubioloader.hpp"

#include <stdexcept>
#include <string>

#include <dlfcn.h>

namespace genaudio::bpm {

namespace {

constexpr const char *library_name = "libaubio.so.5";

[[noreturn]] void
fail ()
{
  const char *why = dlerror ();

  throw std::runtime_error (std::string ("Beats need libaubio, which cannot be "
          "used: ") + (why != nullptr ? why : library_name));
}

template <typename Function>
void
look_up (void *library, const char *name, Function &function)
{
  function = reinterpret_cast<Function> (dlsym (library, name));
  if (function == nullptr)
    fail ();
}

Aubio
open_aubio ()
{
  void *library = dlopen (library_name, RTLD_NOW | RTLD_LOCAL);
  Aubio aubio;

  if (library == nullptr)
    fail ();
  look_up (library, "new_aubio_onset", aubio.new_aubio_onset);
  look_up (library, "del_aubio_onset", aubio.del_aubio_onset);
  look_up (library, "aubio_onset_do", aubio.aubio_onset_do);
  look_up (library, "aubio_onset_get_last", aubio.aubio_onset_get_last);
  look_up (library, "aubio_onset_get_descriptor",
      aubio.aubio_onset_get_descriptor);
  look_up (library, "new_fvec", aubio.new_fvec);
  look_up (library, "del_fvec", aubio.del_fvec);
  return aubio;
}

} // namespace

const Aubio &
load_aubio ()
{
  /* tried again by the next caller if this one fails */
  static const Aubio aubio = open_aubio ();

  return aubio;
}

} // namespace genaudio::bpm
