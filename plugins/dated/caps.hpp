/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "convert.hpp"
#include "formats.hpp"

#include <gst/audio/audio.h>

#include <vector>

namespace genaudio::dated {

/* The part of the template that a format holds. */
GstCaps *caps_of_format (GstCaps * templ, const FormatInfo & format);

Sample sample_of (const GstAudioInfo & info);

/* libsndfile's names of the channels. Empty unless every channel has a
 * place. Mono and stereo need no map. */
std::vector<int> channel_map_of (const GstAudioInfo & info);

}
