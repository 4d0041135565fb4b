/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace genaudio::dated {

enum class FileMetadata { none, standard, full };

/* What is known of a file's content, for the file itself. */
struct Tags
{
  std::string title, artist, album, comment, genre, copyright, date, track;
  std::string musical_key;              /* short: "Am", "F#m" */
  std::optional<double> bpm;
  std::optional<double> replaygain_gain, replaygain_peak;       /* dB, linear */
  std::optional<double> r128_gain;      /* dB to -23 LUFS */
  std::optional<double> integrated, range, true_peak;   /* LUFS, LU, dBTP */
  std::optional<double> max_momentary, max_shortterm;   /* LUFS */
  std::map<std::string, std::string> free;      /* prompt, model, seed... */

  std::string job_id;
  std::string origination_date;         /* YYYY-MM-DD */
  std::string origination_time;         /* HH:MM:SS */
  std::uint64_t time_reference = 0;     /* frames since midnight */
};

/* The values that are of an item as a whole and not of a piece of it. */
void forget_measurements (Tags & tags);
/* REPLAYGAIN_TRACK_GAIN and _PEAK, as text, as far as they are known. */
std::map<std::string, std::string> replaygain_fields (const Tags & tags);
/* The comment and the free metadata, for formats that have one field. */
std::string comment_text (const Tags & tags);
/* Not more than @bytes, and whole characters. */
std::string shortened (const std::string & text, std::size_t bytes);
std::string number_text (double value, int decimals);

}
