/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "genaudio-files.hpp"
#include "genaudio-filing.h"
#include "genaudio-part.h"

#include <memory>
#include <string>

struct _GstGenAudioPart
{
  std::string base;             /* as the user named it */
  std::string folder;           /* below base, "" for base itself */
  std::string name;             /* final name in folder */
  std::string part_name;        /* hidden name in folder */
  std::string path;
  std::string final_path;
  genaudio::UniqueFd dirfd;
  genaudio::UniqueFd fd;
  bool is_published = false;    /* in spite of an error */
  unsigned made = 0;            /* folders that had to be made */
};

namespace genaudio {

/* @path is relative to @base and made by gst_genaudio_filing_expand(). */
GstGenAudioPart *create_part (const std::string & base,
    const std::string & path, GError ** error);

}
