/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <cstddef>
#include <sstream>
#include <stdexcept>
#include <string>

namespace genaudio {

/* What kind of thing is wrong; the element makes a GError domain and code of
 * it. */
enum class Fault
{
  not_found,      /* no such file */
  open_read,      /* it cannot be opened */
  read,           /* the system failed to read it */
  decode,         /* truncated, changed while it was read, or hostile */
  format,         /* not what this element plays */
  wrong_type,     /* a tensor of a dtype that is not audio */
  settings,       /* a property does not fit the file */
  library,        /* LibTorch is not there */
  model,          /* a model does not load, or fails */
};

class Error : public std::runtime_error
{
public:
  Error (Fault fault, const std::string & text)
      : std::runtime_error (clip (text)), fault_ (fault) {}

  Fault fault () const { return fault_; }

private:
  /* A hostile file may have names of a hundred MB. */
  static std::string
  clip (const std::string & text)
  {
    constexpr std::size_t most = 1000;
    return text.size () > most ? text.substr (0, most) + "..." : text;
  }

  Fault fault_;
};

/* "size ", 12, " of ", 8 -> "size 12 of 8" */
template <typename... Parts> std::string
cat (const Parts &... parts)
{
  std::ostringstream text;
  (text << ... << parts);
  return text.str ();
}

}
