/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Files of every format, written and read back. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "audiofile.hpp"
#include "chunks.hpp"
#include "tagging.hpp"

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sndfile.h>
#include <unistd.h>

#ifdef HAVE_TAGLIB
#include <flacfile.h>
#include <mpegfile.h>
#include <opusfile.h>
#include <tpropertymap.h>
#include <vorbisfile.h>
#endif

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

using namespace genaudio::dated;

/* A file that is gone at the end of the test. */
class TemporaryFile
{
public:
  TemporaryFile ()
  {
    gchar *name = nullptr;
    fd = g_file_open_tmp ("audiofile-XXXXXX", &name, nullptr);
    g_assert_cmpint (fd, >=, 0);
    path = name;
    g_free (name);
  }
  ~TemporaryFile ()
  {
    close (fd);
    g_unlink (path.c_str ());
  }

  int fd;
  std::string path;
};

struct Content
{
  SF_INFO info;
  std::vector<float> samples;
};

static Content
read_back (const TemporaryFile & file)
{
  Content content {};
  SNDFILE *sound = sf_open (file.path.c_str (), SFM_READ, &content.info);

  if (sound == nullptr)
    g_error ("%s: %s", file.path.c_str (), sf_strerror (nullptr));
  content.samples.resize ((std::size_t) (content.info.frames
          * content.info.channels));
  g_assert_cmpint (sf_readf_float (sound, content.samples.data (),
          content.info.frames), ==, content.info.frames);
  sf_close (sound);
  return content;
}

static std::vector<float>
sine (int rate, int channels, int n_frames)
{
  std::vector<float> data ((std::size_t) n_frames * channels);

  for (int i = 0; i < n_frames; i++)
    for (int c = 0; c < channels; c++)
      data[i * channels + c] =
          0.5f * (float) std::sin (2 * G_PI * 440 * (c + 1) * i / rate);
  return data;
}

static AudioSpec
make_spec (Container container, Depth depth, int rate, int channels)
{
  AudioSpec spec;

  spec.container = container;
  spec.depth = depth;
  spec.sample = Sample::f32;
  spec.rate = rate;
  spec.channels = channels;
  return spec;
}

static void
write_all (AudioFile & file, const std::vector<float> & data, int channels)
{
  const std::size_t frames = data.size () / channels;

  for (std::size_t at = 0; at < frames;) {
    const std::size_t n = std::min<std::size_t> (1000, frames - at);
    file.write (data.data () + at * channels, n);
    at += n;
  }
}

static void
test_lossless_formats (void)
{
  struct { Container container; Depth depth; double error; } cases[] = {
    {Container::wav, Depth::pcm_16, 1.0 / 65536},
    {Container::wav, Depth::pcm_24, 1.0 / 16777216},
    {Container::wav, Depth::pcm_32, 1e-7},
    {Container::wav, Depth::float_32, 0},
    {Container::rf64, Depth::pcm_16, 1.0 / 65536},
    {Container::rf64, Depth::float_32, 0},
    {Container::flac, Depth::pcm_16, 1.0 / 65536},
    {Container::flac, Depth::pcm_24, 1.0 / 16777216},
    {Container::aiff, Depth::pcm_16, 1.0 / 65536},
    {Container::aiff, Depth::pcm_24, 1.0 / 16777216},
    {Container::aiff, Depth::float_32, 0},
  };

  for (const auto & c : cases)
    for (const int channels : {1, 2, 6}) {
      TemporaryFile temporary;
      const AudioSpec spec = make_spec (c.container, c.depth, 32000, channels);
      const auto data = sine (32000, channels, 8191);
      g_assert_true (find_fault (spec).empty ());
      AudioFile file (temporary.fd, spec, Tags ());
      write_all (file, data, channels);
      file.close (Tags ());
      const Content content = read_back (temporary);
      g_assert_cmpint (content.info.frames, ==, 8191);
      g_assert_cmpint (content.info.samplerate, ==, 32000);
      g_assert_cmpint (content.info.channels, ==, channels);
      for (std::size_t i = 0; i < data.size (); i++)
        g_assert_cmpfloat (std::fabs (content.samples[i] - data[i]), <=,
            c.error * 1.001);
      g_assert_cmpuint (file.bytes (), ==,
          (guint64) lseek (temporary.fd, 0, SEEK_END));
    }
}

static void
test_lossy_formats (void)
{
  for (const Container container : {Container::ogg, Container::opus,
          Container::mp3}) {
    TemporaryFile temporary;
    const AudioSpec spec = make_spec (container, Depth::pcm_16, 48000, 2);
    const auto data = sine (48000, 2, 96000);
    if (!find_fault (spec).empty ())
      continue;                 /* a libsndfile built without it says so */
    AudioFile file (temporary.fd, spec, Tags ());
    write_all (file, data, 2);
    file.close (Tags ());
    const Content content = read_back (temporary);
    g_assert_cmpint (content.info.samplerate, ==, 48000);
    g_assert_cmpint (std::labs ((long) content.info.frames - 96000), <, 3000);
    double energy = 0;
    for (const float sample : content.samples)
      energy += sample * sample;
    g_assert_cmpfloat (std::fabs (energy / content.samples.size () - 0.125),
        <, 0.01);
  }
}

static std::uint64_t
size_at (Container container, double quality, unsigned bitrate)
{
  TemporaryFile temporary;
  AudioSpec spec = make_spec (container, Depth::pcm_16, 48000, 2);
  std::vector<float> noise (480000);
  GRand *random = g_rand_new_with_seed (1);

  for (float & sample : noise)
    sample = (float) g_rand_double_range (random, -0.5, 0.5);
  g_rand_free (random);
  spec.quality = quality;
  spec.bitrate = bitrate;
  AudioFile file (temporary.fd, spec, Tags ());
  write_all (file, noise, 2);
  file.close (Tags ());
  return file.bytes ();
}

static void
test_quality_and_bitrate (void)
{
  for (const Container container : {Container::ogg, Container::opus,
          Container::mp3})
    g_assert_cmpuint (size_at (container, 0.9, 0), >,
        size_at (container, 0.2, 0) * 5 / 4);
  /* five seconds */
  for (const Container container : {Container::opus, Container::mp3})
    for (const unsigned bitrate : {64000u, 128000u}) {
      const double measured = size_at (container, 0.5, bitrate) * 8 / 5.0;
      g_assert_cmpfloat (std::fabs (measured / bitrate - 1), <, 0.1);
    }
}

static void
test_refused (void)
{
  const auto fault = [] (Container container, Depth depth, unsigned bitrate) {
    AudioSpec spec = make_spec (container, depth, 48000, 2);
    spec.bitrate = bitrate;
    return find_fault (spec);
  };

  const std::string flac = fault (Container::flac, Depth::float_32, 0);
  g_assert_nonnull (std::strstr (flac.c_str (), "pcm-16, pcm-24"));
  g_assert_false (fault (Container::flac, Depth::pcm_32, 0).empty ());
  g_assert_false (fault (Container::wav, Depth::pcm_16, 64000).empty ());
  g_assert_false (fault (Container::ogg, Depth::pcm_16, 64000).empty ());
  g_assert_true (fault (Container::mp3, Depth::float_32, 64000).empty ());
}

/* What a crash leaves: the header is right after every buffer. */
static void
test_header_is_current (void)
{
  for (const Container container : {Container::wav, Container::rf64,
          Container::aiff}) {
    TemporaryFile temporary;
    const AudioSpec spec = make_spec (container, Depth::pcm_16, 44100, 2);
    const auto data = sine (44100, 2, 441);
    AudioFile file (temporary.fd, spec, Tags ());
    for (int i = 1; i <= 5; i++) {
      file.write (data.data (), 441);
      g_assert_cmpint (read_back (temporary).info.frames, ==, 441 * i);
    }
  }
}

static void
test_silence (void)
{
  TemporaryFile temporary;
  AudioFile file (temporary.fd, make_spec (Container::wav, Depth::pcm_24,
          44100, 2), Tags ());

  file.write_silence (10000);
  file.close (Tags ());
  const Content content = read_back (temporary);
  g_assert_cmpint (content.info.frames, ==, 10000);
  for (const float sample : content.samples)
    g_assert_cmpfloat (sample, ==, 0);
}

static void
test_full_disk (void)
{
  const int fd = open ("/dev/full", O_RDWR);
  const auto data = sine (44100, 2, 44100);
  int code = 0;

  if (fd < 0) {
    g_test_skip ("no /dev/full");
    return;
  }
  try {
    AudioFile file (fd, make_spec (Container::wav, Depth::pcm_16, 44100, 2),
        Tags ());
    write_all (file, data, 2);
    file.close (Tags ());
  } catch (const FileError & error) {
    code = error.code;
    g_assert_nonnull (std::strstr (error.what (), std::strerror (ENOSPC)));
  }
  g_assert_cmpint (code, ==, ENOSPC);
  close (fd);
}

static Tags
known_tags (void)
{
  Tags tags;

  tags.title = "A title – ü";
  tags.artist = "Somebody";
  tags.comment = "a comment";
  tags.musical_key = "Am";
  tags.bpm = 128.0;
  tags.integrated = -16.01;
  tags.range = 5.2;
  tags.true_peak = -1.04;
  tags.max_momentary = -12.3;
  tags.max_shortterm = -14.0;
  tags.free["prompt"] = "a quiet piano";
  tags.job_id = "job-1";
  tags.origination_date = "2025-11-07";
  tags.origination_time = "12:30:00";
  tags.time_reference = UINT64_C (5000000000);
  return tags;
}

/* Strings before the data and, what becomes known late, after it, with the
 * frames intact. */
static void
test_standard_metadata (void)
{
  for (const Container container : {Container::wav, Container::rf64,
          Container::aiff}) {
    TemporaryFile temporary;
    Tags early = known_tags (), late = known_tags ();
    const auto data = sine (44100, 2, 4410);
    early.artist.clear ();
    late.title = "another title is too late";
    AudioFile file (temporary.fd, make_spec (container, Depth::float_32, 44100,
            2), early);
    write_all (file, data, 2);
    file.close (late);

    g_assert_true (read_back (temporary).samples == data);
    SF_INFO info {};
    SNDFILE *sound = sf_open (temporary.path.c_str (), SFM_READ, &info);
    if (container != Container::aiff)   /* which knows ASCII only */
      g_assert_cmpstr (sf_get_string (sound, SF_STR_TITLE), ==,
          early.title.c_str ());
    g_assert_cmpstr (sf_get_string (sound, SF_STR_ARTIST), ==, "Somebody");
    g_assert_cmpstr (sf_get_string (sound, SF_STR_COMMENT), ==,
        "a comment\nprompt: a quiet piano");
    sf_close (sound);
  }
}

/* Whatever somebody puts into a prompt, the audio is there. */
static void
test_endless_metadata (void)
{
  for (const Container container : {Container::wav, Container::rf64,
          Container::aiff, Container::flac, Container::ogg}) {
    TemporaryFile temporary;
    AudioSpec spec = make_spec (container, Depth::pcm_16, 44100, 2);
    Tags tags = known_tags ();
    std::string endless;
    while (endless.size () < 100000)
      endless += "ü";
    for (std::string *text : {&tags.title, &tags.artist, &tags.album,
            &tags.comment, &tags.genre, &tags.copyright, &tags.date,
            &tags.track, &tags.job_id, &tags.free["prompt"]})
      *text = endless;
    spec.metadata = FileMetadata::full;
    const auto data = sine (44100, 2, 44100);
    AudioFile file (temporary.fd, spec, tags);
    write_all (file, data, 2);
    file.close (tags);
    const Content content = read_back (temporary);
    g_assert_cmpint (content.info.frames, ==, 44100);
    if (container == Container::wav)
      for (std::size_t i = 0; i < data.size (); i++)
        g_assert_cmpfloat (std::fabs (content.samples[i] - data[i]), <, 0.01);
  }
}

static void
test_no_metadata (void)
{
  TemporaryFile temporary;
  AudioSpec spec = make_spec (Container::wav, Depth::pcm_16, 44100, 2);
  spec.metadata = FileMetadata::none;
  AudioFile file (temporary.fd, spec, known_tags ());
  write_all (file, sine (44100, 2, 100), 2);
  file.close (known_tags ());
  g_assert_cmpuint (file.bytes (), ==, 44 + 400);
}

static SF_BROADCAST_INFO
read_bext (const TemporaryFile & temporary, SF_LOOP_INFO * loop)
{
  SF_BROADCAST_INFO bext {};
  SF_INFO info {};
  SNDFILE *sound = sf_open (temporary.path.c_str (), SFM_READ, &info);

  g_assert_true (sf_command (sound, SFC_GET_BROADCAST_INFO, &bext,
          sizeof bext) == SF_TRUE);
  if (sf_command (sound, SFC_GET_LOOP_INFO, loop, sizeof *loop) != SF_TRUE)
    loop->bpm = 0;
  sf_close (sound);
  return bext;
}

/* bext, acid and id3 are reserved before the data and filled in after it. */
static void
test_full_metadata (void)
{
  for (const Container container : {Container::wav, Container::rf64}) {
    TemporaryFile temporary;
    SF_LOOP_INFO loop {};
    ChunkPlace place;
    AudioSpec spec = make_spec (container, Depth::float_32, 44100, 2);
    const auto data = sine (44100, 2, 44100);
    Tags early = known_tags ();

    forget_measurements (early);
    spec.metadata = FileMetadata::full;
    AudioFile file (temporary.fd, spec, early);
    write_all (file, data, 2);
    /* what a crash would leave does not claim 0 LUFS */
    g_assert_cmpint (read_bext (temporary, &loop).loudness_value, ==, 0x7fff);
    file.close (known_tags ());

    g_assert_true (read_back (temporary).samples == data);
    const SF_BROADCAST_INFO bext = read_bext (temporary, &loop);
    g_assert_cmpint (bext.version, ==, 2);
    g_assert_cmpint (bext.loudness_value, ==, -1601);
    g_assert_cmpint (bext.loudness_range, ==, 520);
    g_assert_cmpint (bext.max_true_peak_level, ==, -104);
    g_assert_cmpint (bext.max_momentary_loudness, ==, -1230);
    g_assert_cmpint (bext.max_shortterm_loudness, ==, -1400);
    g_assert_true (std::memcmp (bext.origination_date, "2025-11-07", 10) == 0);
    g_assert_true (std::memcmp (bext.origination_time, "12:30:00", 8) == 0);
    g_assert_cmpstr (bext.originator_reference, ==, "job-1");
    g_assert_cmpuint (bext.time_reference_high, ==, 1);
    if (container == Container::wav)
      g_assert_cmpfloat (loop.bpm, ==, 128);
    g_assert_true (find_chunk (temporary.fd, "id3 ", place));
    std::vector<char> id3 (place.size);
    g_assert_cmpint (pread (temporary.fd, id3.data (), place.size,
            (off_t) place.header + 8), ==, place.size);
    const std::string text (id3.begin (), id3.end ());
    for (const char *expected : {"TBPM", "128", "TKEY", "Am", "A title – ü",
            "REPLAYGAIN_TRACK_GAIN", "-1.99 dB", "a quiet piano"})
      g_assert_true (text.find (expected) != std::string::npos);
  }
}

/* Nothing known: no field that claims something. */
static void
test_full_metadata_of_nothing (void)
{
  TemporaryFile temporary;
  SF_LOOP_INFO loop {};
  ChunkPlace place;
  AudioSpec spec = make_spec (Container::wav, Depth::pcm_16, 44100, 1);

  spec.metadata = FileMetadata::full;
  AudioFile file (temporary.fd, spec, Tags ());
  write_all (file, sine (44100, 1, 44100), 1);
  file.close (Tags ());
  const SF_BROADCAST_INFO bext = read_bext (temporary, &loop);
  for (const int value : {bext.loudness_value, bext.loudness_range,
          bext.max_true_peak_level, bext.max_momentary_loudness,
          bext.max_shortterm_loudness})
    g_assert_cmpint (value, ==, 0x7fff);
  g_assert_false (find_chunk (temporary.fd, "acid", place));
  g_assert_cmpint (read_back (temporary).info.frames, ==, 44100);
}

static void
test_id3_leaves_out_what_has_no_room (void)
{
  Tags tags = known_tags ();

  tags.free["long"] = std::string (5000, 'x');
  const Bytes tag = make_id3 (tags, 1000);
  g_assert_cmpuint (tag.size (), ==, 1000);
  const std::string text (tag.begin (), tag.end ());
  g_assert_true (text.find ("xxxx") == std::string::npos);
  g_assert_true (text.find ("TBPM") != std::string::npos);
  /* 990 in seven bits a byte */
  g_assert_cmpint (tag[8], ==, 990 >> 7);
  g_assert_cmpint (tag[9], ==, 990 & 0x7f);
}

#ifdef HAVE_TAGLIB
template <typename File>
static TagLib::PropertyMap
properties (const TemporaryFile & temporary)
{
  File file (temporary.path.c_str ());
  g_assert_true (file.isValid ());
  return file.properties ();
}

static TagLib::PropertyMap
properties_by_format (Container container, const TemporaryFile & temporary)
{
  if (container == Container::flac)
    return properties<TagLib::FLAC::File> (temporary);
  if (container == Container::ogg)
    return properties<TagLib::Ogg::Vorbis::File> (temporary);
  if (container == Container::opus)
    return properties<TagLib::Ogg::Opus::File> (temporary);
  return properties<TagLib::MPEG::File> (temporary);
}

static void
check_property (const TagLib::PropertyMap & map, const char *name,
    const char *expected)
{
  const std::string value = map[name].toString ().to8Bit (true);
  g_assert_cmpstr (value.c_str (), ==, expected);
}

/* The same file without and with tags decodes to the same samples. */
static void
test_comments_and_id3 (void)
{
  for (const Container container : {Container::flac, Container::ogg,
          Container::opus, Container::mp3}) {
    TemporaryFile plain, tagged;
    AudioSpec spec = make_spec (container, Depth::pcm_16, 48000, 2);
    const auto data = sine (48000, 2, 96000);
    if (!find_fault (spec).empty ())
      continue;
    spec.metadata = FileMetadata::none;
    AudioFile without (plain.fd, spec, known_tags ());
    write_all (without, data, 2);
    without.close (known_tags ());
    spec.metadata = FileMetadata::standard;
    AudioFile with (tagged.fd, spec, Tags ());
    write_all (with, data, 2);
    with.close (known_tags ());

    g_assert_true (read_back (plain).samples == read_back (tagged).samples);
    const TagLib::PropertyMap map = properties_by_format (container, tagged);
    check_property (map, "TITLE", "A title – ü");
    check_property (map, "ARTIST", "Somebody");
    check_property (map, "INITIALKEY", "Am");
    check_property (map, "BPM", container == Container::mp3 ? "128"
        : "128.00");
    check_property (map, "PROMPT", "a quiet piano");
    if (container == Container::opus) {
      check_property (map, "R128_TRACK_GAIN", "-1789");
      g_assert_false (map.contains ("REPLAYGAIN_TRACK_GAIN"));
    } else {
      check_property (map, "REPLAYGAIN_TRACK_GAIN", "-1.99 dB");
    }
    g_assert_cmpuint (with.bytes (), ==,
        (guint64) lseek (tagged.fd, 0, SEEK_END));
  }
}
#endif

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/audiofile/lossless", test_lossless_formats);
  g_test_add_func ("/audiofile/lossy", test_lossy_formats);
  g_test_add_func ("/audiofile/quality-and-bitrate", test_quality_and_bitrate);
  g_test_add_func ("/audiofile/refused", test_refused);
  g_test_add_func ("/audiofile/header-is-current", test_header_is_current);
  g_test_add_func ("/audiofile/silence", test_silence);
  g_test_add_func ("/audiofile/full-disk", test_full_disk);
  g_test_add_func ("/audiofile/standard-metadata", test_standard_metadata);
  g_test_add_func ("/audiofile/endless-metadata", test_endless_metadata);
  g_test_add_func ("/audiofile/no-metadata", test_no_metadata);
  g_test_add_func ("/audiofile/full-metadata", test_full_metadata);
  g_test_add_func ("/audiofile/full-metadata-of-nothing",
      test_full_metadata_of_nothing);
  g_test_add_func ("/audiofile/id3-room", test_id3_leaves_out_what_has_no_room);
#ifdef HAVE_TAGLIB
  g_test_add_func ("/audiofile/comments-and-id3", test_comments_and_id3);
#endif
  return g_test_run ();
}
