/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "genaudio-result.h"

#include <string>

namespace genaudio {

struct FormatOfExtension
{
  const char *extension;
  const char *format;
  bool is_sinks;    /* the extension the sink itself gives the format */
  bool holds_any;   /* every rate and number of channels */
};

/* Null if no file ends with that. */
const FormatOfExtension *find_format (const std::string & extension);

/* Whether a file at @path, or, if that is empty, of @format, holds audio of any
 * rate and any number of channels. */
bool holds_any_audio (const std::string & path, const std::string & format);

/* Whether the sink makes exactly this name of it. */
bool is_plain_name (const std::string & stem);

/* Where an item goes. */
struct Output
{
  std::string path;           /* what it is to be called; empty: by date */
  bool needs_rename = false;  /* the sink cannot call it that */
  bool replaces = false;      /* what has that name already */
  bool skips = false;
  std::string job_id;         /* of the item, empty: the source's */

  /* Gives the finished file the name it was asked for, or throws Failure. */
  void publish (GstGenAudioResult * result) const;
};

}
