/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Between GStreamer's terms and the cores'. */
#pragma once

#include <gst/audio/audio.h>
#include <gst/genaudio/genaudio.h>
#include <gst/gst.h>

#include <new>

#include "stage.hpp"

namespace genaudio::r128 {

Format make_format (const GstAudioInfo & info, bool dual_mono);

/* A copy without what a gain makes false. */
GstTagList *strip_loudness (const GstTagList * tags);

/* ReplayGain 2.0 (-18 LUFS, with the reference level that rgvolume takes for
 * "as it is"), R128 and the project's own, of the audio as it leaves. */
void add_loudness (GstTagList * tags, const Loudness & loudness);
/* The same of the album that the item belongs to. */
void add_album_loudness (GstTagList * tags, const Loudness & album);

/* What one gain makes of a measurement. */
Loudness amplified (Loudness loudness, double gain);

void copy_loudness (const Loudness & from, GstGenAudioLoudness & to);

/* A buffer's memory while it is looked at. */
class Mapped
{
public:
  Mapped (GstBuffer * buffer, GstMapFlags flags) : buffer_ (buffer)
  {
    if (!gst_buffer_map (buffer, &map_, flags))
      throw std::bad_alloc ();
  }
  ~Mapped () { gst_buffer_unmap (buffer_, &map_); }
  Mapped (const Mapped &) = delete;
  Mapped & operator= (const Mapped &) = delete;

  void *data () const { return map_.data; }
  gsize size () const { return map_.size; }

private:
  GstBuffer *buffer_;
  GstMapInfo map_;
};

}
