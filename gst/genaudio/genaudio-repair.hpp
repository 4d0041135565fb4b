/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Internal: what an audio file holds whose writer was killed, and the headers
 * put right. */

#pragma once

#include <glib.h>

namespace genaudio {

struct Contents
{
  const char *container = "unknown";
  bool has_audio = false;
  guint64 frames = 0;           /* 0 where only decoding would tell */
  bool is_damaged = false;      /* the header or the end is not right */
};

/* Looks at the file; with @fix puts its header right and cuts off what is
 * less than one block. Returns errno. */
int inspect_audio (int fd, bool fix, Contents & contents);

/* The containers, each with its own way to break. */
int inspect_wave (int fd, guint64 size, bool fix, Contents & contents);
int inspect_aiff (int fd, guint64 size, bool fix, Contents & contents);
int inspect_flac (int fd, guint64 size, bool fix, Contents & contents);
int inspect_ogg (int fd, guint64 size, bool fix, Contents & contents);

/* All of it, or an errno; EIO at the end of the file. */
int read_at (int fd, guint64 offset, void *data, gsize size);
int write_at (int fd, guint64 offset, const void *data, gsize size);

}
