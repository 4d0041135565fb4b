/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* tempo-key FOLDER [ESTIMATES.csv]: how often bpmanalyzer is right on labelled
 * audio, beside bpmdetect and aubio on the same files.
 *
 * FOLDER/manifest.csv has a header line and at least the columns
 *   file           relative to FOLDER
 *   bpm            empty: not judged
 *   key            "A minor", "F# major"; empty: not judged
 *   repeat_to_s    loops of whole beats are repeated to about so many seconds;
 *                  empty: the first 90 s are used as they are
 * Each file is decoded to 44.1 kHz mono and runs through
 * `appsrc ! ELEMENT ! fakesink`; aubio's tempo is the median of what
 * aubio_tempo_get_bpm() says at its beats (1024/512).
 *
 * Accuracy1: within 4 % of the label. Accuracy2: of it, or 2, 3, 1/2, 1/3 of
 * it. Fine: within 0.5 % of any of these. Key: exact 1, a fifth off 0.5, the
 * relative key 0.3, the parallel one 0.2 (MIREX). */

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <aubio/aubio.h>
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>

namespace {

constexpr int rate = 44100;
constexpr std::size_t block = 4096;
constexpr double track_seconds = 90;

using Samples = std::vector<float>;
using Row = std::map<std::string, std::string>;

struct Estimate
{
  double bpm = 0;
  std::string key;
};

std::vector<std::string>
split_csv (const std::string &line)
{
  std::vector<std::string> fields (1);
  bool quoted = false;
  for (char c : line) {
    if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      fields.emplace_back ();
    else if (c != '\r')
      fields.back () += c;
  }
  return fields;
}

std::vector<Row>
read_manifest (const std::string &path)
{
  std::vector<Row> rows;
  std::ifstream file (path);
  std::string line;
  std::vector<std::string> names;

  while (std::getline (file, line)) {
    const std::vector<std::string> fields = split_csv (line);
    if (names.empty ()) {
      names = fields;
      continue;
    }
    Row row;
    for (std::size_t i = 0; i < names.size () && i < fields.size (); i++)
      row[names[i]] = fields[i];
    rows.push_back (row);
  }
  return rows;
}

Samples
decode (const std::string &path)
{
  GstElement *pipeline = gst_parse_launch ("filesrc name=f ! decodebin ! audioconvert "
      "! audioresample quality=10 ! audio/x-raw,format=F32LE,rate=44100,channels=1 "
      "! appsink name=s sync=false", nullptr);
  GstElement *source = gst_bin_get_by_name (GST_BIN (pipeline), "f");
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "s");
  Samples samples;

  g_object_set (source, "location", path.c_str (), nullptr);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  GstSample *sample;
  while ((sample = gst_app_sink_pull_sample (GST_APP_SINK (sink))) != nullptr) {
    GstMapInfo map;
    GstBuffer *buffer = gst_sample_get_buffer (sample);
    if (gst_buffer_map (buffer, &map, GST_MAP_READ)) {
      const auto *from = reinterpret_cast<const float *> (map.data);
      samples.insert (samples.end (), from, from + map.size / sizeof (float));
      gst_buffer_unmap (buffer, &map);
    }
    gst_sample_unref (sample);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (source);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
  return samples;
}

Samples
prepare (const std::string &path, const std::string &repeat_to)
{
  Samples samples = decode (path);
  if (repeat_to.empty ()) {
    samples.resize (std::min (samples.size (), static_cast<std::size_t> (track_seconds * rate)));
    return samples;
  }
  if (samples.empty ())
    return samples;
  const double want = std::atof (repeat_to.c_str ()) * rate;
  const auto times = std::max (1L, std::lround (want / samples.size ()));
  Samples repeated;
  for (long i = 0; i < times; i++)
    repeated.insert (repeated.end (), samples.begin (), samples.end ());
  return repeated;
}

/* The last tempo tag or the item's message of an element. */
Estimate
run_element (const char *element, const Samples &samples)
{
  Estimate estimate;
  gchar *launch = g_strdup_printf ("appsrc name=a format=time "
      "caps=audio/x-raw,format=F32LE,rate=%d,channels=1,layout=interleaved ! %s ! fakesink sync=false",
      rate, element);
  GError *error = nullptr;
  GstElement *pipeline = gst_parse_launch (launch, &error);
  g_free (launch);
  if (pipeline == nullptr || error != nullptr) {
    g_clear_error (&error);
    g_clear_pointer (&pipeline, gst_object_unref);
    return estimate;
  }
  GstElement *source = gst_bin_get_by_name (GST_BIN (pipeline), "a");
  GstBus *bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);

  for (std::size_t at = 0; at < samples.size (); at += block) {
    const std::size_t n = std::min (block, samples.size () - at);
    GstBuffer *buffer = gst_buffer_new_memdup (&samples[at], n * sizeof (float));
    GST_BUFFER_PTS (buffer) = gst_util_uint64_scale (at, GST_SECOND, rate);
    GST_BUFFER_DURATION (buffer) = gst_util_uint64_scale (n, GST_SECOND, rate);
    gst_app_src_push_buffer (GST_APP_SRC (source), buffer);
  }
  gst_app_src_end_of_stream (GST_APP_SRC (source));

  bool done = false;
  while (!done) {
    GstMessage *message = gst_bus_timed_pop (bus, GST_CLOCK_TIME_NONE);
    switch (GST_MESSAGE_TYPE (message)) {
      case GST_MESSAGE_TAG:{
        GstTagList *tags;
        gst_message_parse_tag (message, &tags);
        gst_tag_list_get_double (tags, GST_TAG_BEATS_PER_MINUTE, &estimate.bpm);
        gst_tag_list_unref (tags);
        break;
      }
      case GST_MESSAGE_ELEMENT:{
        const GstStructure *structure = gst_message_get_structure (message);
        if (gst_structure_has_name (structure, "bpmanalyzer")) {
          gst_structure_get_double (structure, "bpm", &estimate.bpm);
          const gchar *key = gst_structure_get_string (structure, "musical-key");
          if (key != nullptr)
            estimate.key = key;
        }
        break;
      }
      case GST_MESSAGE_EOS:
      case GST_MESSAGE_ERROR:
        done = true;
        break;
      default:
        break;
    }
    gst_message_unref (message);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  gst_object_unref (source);
  gst_object_unref (pipeline);
  return estimate;
}

Estimate
run_aubio (const Samples &samples)
{
  constexpr uint_t hop = 512;
  aubio_tempo_t *tempo = new_aubio_tempo ("default", 1024, hop, rate);
  fvec_t *in = new_fvec (hop);
  fvec_t *out = new_fvec (1);
  std::vector<double> at_beats;

  for (std::size_t at = 0; at + hop <= samples.size (); at += hop) {
    std::copy (&samples[at], &samples[at] + hop, in->data);
    aubio_tempo_do (tempo, in, out);
    if (out->data[0] != 0 && aubio_tempo_get_bpm (tempo) > 0)
      at_beats.push_back (aubio_tempo_get_bpm (tempo));
  }
  del_fvec (in);
  del_fvec (out);
  del_aubio_tempo (tempo);

  Estimate estimate;
  if (!at_beats.empty ()) {
    std::sort (at_beats.begin (), at_beats.end ());
    estimate.bpm = at_beats[at_beats.size () / 2];
  }
  return estimate;
}

bool
is_near (double estimate, double truth, double tolerance)
{
  return estimate > 0 && std::fabs (estimate - truth) <= tolerance * truth;
}

bool
is_near_any (double estimate, double truth, double tolerance)
{
  for (double factor : { 1.0, 2.0, 3.0, 1 / 2.0, 1 / 3.0 })
    if (is_near (estimate, truth * factor, tolerance))
      return true;
  return false;
}

/* 0 to 11 major, 12 to 23 minor, -1 neither */
int
parse_key (const std::string &name)
{
  static const char *const tonics[] = { "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A",
    "A#", "B" };
  const std::size_t space = name.find (' ');
  if (space == std::string::npos)
    return -1;
  for (int i = 0; i < 12; i++)
    if (name.substr (0, space) == tonics[i])
      return i + (name.substr (space + 1) == "minor" ? 12 : 0);
  return -1;
}

double
key_score (int estimate, int truth)
{
  if (estimate < 0)
    return 0;
  const int apart = (estimate % 12 - truth % 12 + 12) % 12;
  if (estimate / 12 == truth / 12)
    return apart == 0 ? 1 : apart == 5 || apart == 7 ? .5 : 0;
  if (apart == 0)
    return .2;
  return apart == (truth < 12 ? 9 : 3) ? .3 : 0;
}

struct Judged
{
  double truth;
  Estimate estimates[3];
};

void
print_line (const char *name, const std::vector<Judged> &items, int who, double from, double to)
{
  int n = 0, accuracy1 = 0, accuracy2 = 0, fine = 0, silent = 0;
  for (const Judged &item : items) {
    if (item.truth < from || item.truth >= to)
      continue;
    const double bpm = item.estimates[who].bpm;
    n++;
    accuracy1 += is_near (bpm, item.truth, .04);
    accuracy2 += is_near_any (bpm, item.truth, .04);
    fine += is_near_any (bpm, item.truth, .005);
    silent += bpm <= 0;
  }
  if (n > 0)
    printf ("| %-11s | %4d | %5.1f | %5.1f | %5.1f | %3d |\n", name, n, 100.0 * accuracy1 / n,
        100.0 * accuracy2 / n, 100.0 * fine / n, silent);
}

} // namespace

int
main (int argc, char **argv)
{
  static const char *const names[] = { "bpmanalyzer", "bpmdetect", "aubio" };

  gst_init (&argc, &argv);
  if (argc < 2) {
    fprintf (stderr, "usage: %s FOLDER [ESTIMATES.csv]\n", argv[0]);
    return 77;
  }
  const std::string folder = argv[1];
  const std::vector<Row> rows = read_manifest (folder + "/manifest.csv");
  if (rows.empty ()) {
    fprintf (stderr, "%s: nothing in %s/manifest.csv\n", argv[0], argv[1]);
    return 1;
  }
  std::ofstream csv;
  if (argc > 2) {
    csv.open (argv[2]);
    csv << "file,bpm,key\n";
  }

  std::vector<Judged> tempi;
  int keys = 0, exact = 0;
  double score = 0;
  for (Row row : rows) {
    const Samples samples = prepare (folder + "/" + row["file"], row["repeat_to_s"]);
    if (samples.empty ()) {
      fprintf (stderr, "%s: cannot be decoded\n", row["file"].c_str ());
      return 1;
    }
    const Estimate ours = run_element ("bpmanalyzer key=true statistics=false", samples);
    if (csv.is_open ()) {
      csv << row["file"] << ',';
      if (ours.bpm > 0)
        csv << ours.bpm;
      csv << ',' << ours.key << '\n';
    }
    if (!row["bpm"].empty ())
      tempi.push_back ({ std::atof (row["bpm"].c_str ()),
          { ours, run_element ("bpmdetect", samples), run_aubio (samples) } });
    if (!row["key"].empty ()) {
      const double s = key_score (parse_key (ours.key), parse_key (row["key"]));
      keys++;
      exact += s == 1;
      score += s;
    }
  }

  static const struct { const char *title; double from, to; } ranges[] = {
    { "All", 0, 1e9 }, { "Below 100 BPM", 0, 100 }, { "100 to 150 BPM", 100, 150 },
    { "150 BPM and above", 150, 1e9 } };
  for (const auto &range : ranges) {
    if (std::none_of (tempi.begin (), tempi.end (),
            [&] (const Judged &item) { return item.truth >= range.from && item.truth < range.to; }))
      continue;
    printf ("\n%s, %%\n\n| %-11s |    n |  Acc1 |  Acc2 |  fine | none |\n|---|---|---|---|---|---|\n",
        range.title, "");
    for (int who = 0; who < 3; who++)
      print_line (names[who], tempi, who, range.from, range.to);
  }
  if (keys > 0)
    printf ("\nKey: MIREX %.3f, exact %.3f, of %d\n", score / keys,
        static_cast<double> (exact) / keys, keys);
  return 0;
}
