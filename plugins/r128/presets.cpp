/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "presets.hpp"

namespace genaudio::r128 {

std::span<const Preset>
presets ()
{
  static const Preset all[] = {
    {1, "ebu-r128", "EBU R128: broadcast in Europe", -23.0, -1.0},
    {2, "ebu-streaming", "EBU R128 s2: streaming", -18.0, -1.0},
    {3, "atsc-a85", "ATSC A/85: television in North America", -24.0, -2.0},
    {4, "netflix", "Netflix", -27.0, -2.0},
    {5, "spotify", "Spotify, normal", -14.0, -1.0},
    {6, "spotify-loud", "Spotify, loud", -11.0, -2.0},
    {7, "apple-podcasts", "Apple Podcasts", -16.0, -1.0},
    {8, "apple-music", "Apple Music (Sound Check)", -16.0, -1.0},
    {9, "youtube", "YouTube", -14.0, -1.0},
    {10, "tidal", "Tidal", -14.0, -1.0},
    {11, "amazon-music", "Amazon Music", -14.0, -2.0},
    {12, "deezer", "Deezer", -15.0, -1.0},
    {13, "aes-speech", "AES77: speech", -18.0, -1.0},
    {14, "aes-music", "AES77: music, a track", -16.0, -1.0},
    {15, "replaygain", "ReplayGain 2.0", -18.0, -1.0},
  };
  return all;
}

const Preset *
find_preset (int id)
{
  for (const Preset & preset : presets ()) {
    if (preset.id == id)
      return &preset;
  }
  return nullptr;
}

}
