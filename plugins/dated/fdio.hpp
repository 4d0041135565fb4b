/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <sndfile.h>

namespace genaudio::dated {

struct FdIo
{
  int fd;
  sf_count_t position = 0;
  sf_count_t length = 0;
  int error = 0;                /* errno of the last call that failed */

  static SF_VIRTUAL_IO functions;
};

}
