/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef __DATED_CAPS_H__
#define __DATED_CAPS_H__

#include "convert.h"
#include "formats.h"

#include <gst/audio/audio.h>

#include <vector>

namespace dated {

/* The part of the template that a format holds. */
GstCaps *caps_of_format (GstCaps * templ, const FormatInfo & format);

Sample sample_of (const GstAudioInfo & info);

/* libsndfile's names of the channels. Empty unless every channel has a
 * place. Mono and stereo need no map. */
std::vector<int> channel_map_of (const GstAudioInfo & info);

}

#endif /* __DATED_CAPS_H__ */
