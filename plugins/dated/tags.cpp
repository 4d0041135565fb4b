/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "tags.hpp"

#include <algorithm>
#include <cmath>
#include <locale>
#include <sstream>

namespace genaudio::dated {

std::string
number_text (double value, int decimals)
{
  std::ostringstream text;

  /* a decimal point whatever the locale */
  text.imbue (std::locale::classic ());
  text.setf (std::ios::fixed);
  text.precision (decimals);
  text << value;
  return text.str ();
}

std::string
comment_text (const Tags & tags)
{
  std::string text = tags.comment;

  for (const auto & [name, value] : tags.free)
    text += (text.empty () ? "" : "\n") + name + ": " + value;
  return text;
}

std::string
shortened (const std::string & text, std::size_t bytes)
{
  std::size_t length = std::min (bytes, text.size ());

  while (length > 0 && length < text.size ()
      && ((unsigned char) text[length] & 0xc0) == 0x80)
    length--;
  return text.substr (0, length);
}

void
forget_measurements (Tags & tags)
{
  tags.bpm.reset ();
  tags.musical_key.clear ();
  tags.replaygain_gain.reset ();
  tags.replaygain_peak.reset ();
  tags.r128_gain.reset ();
  tags.integrated.reset ();
  tags.range.reset ();
  tags.true_peak.reset ();
  tags.max_momentary.reset ();
  tags.max_shortterm.reset ();
}

/* ReplayGain 2.0: gain to -18 LUFS, peak linear. */
std::map<std::string, std::string>
replaygain_fields (const Tags & tags)
{
  std::map<std::string, std::string> fields;

  if (tags.replaygain_gain)
    fields["REPLAYGAIN_TRACK_GAIN"] = number_text (*tags.replaygain_gain, 2)
        + " dB";
  else if (tags.integrated)
    fields["REPLAYGAIN_TRACK_GAIN"] = number_text (-18 - *tags.integrated, 2)
        + " dB";
  if (tags.replaygain_peak)
    fields["REPLAYGAIN_TRACK_PEAK"] = number_text (*tags.replaygain_peak, 6);
  else if (tags.true_peak)
    fields["REPLAYGAIN_TRACK_PEAK"] =
        number_text (std::pow (10, *tags.true_peak / 20), 6);
  return fields;
}

}
