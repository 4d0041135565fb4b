/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The settings of datedsink: properties and their types, and what they mean. */

#include "settings.hpp"

#include <string>

namespace genaudio::dated {

namespace {

constexpr char default_base_dir[] = "data/outputs";

enum
{
  PROP_0,
  PROP_BASE_DIR,
  PROP_JOB_ID,
  PROP_FORMAT,
  PROP_BIT_DEPTH,
  PROP_DITHER,
  PROP_QUALITY,
  PROP_BITRATE,
  PROP_FILE_METADATA,
  PROP_GAPS,
  PROP_TIMEZONE,
  PROP_DATE,
  PROP_LOCATION_TEMPLATE,
  PROP_IF_EXISTS,
  PROP_MAX_SIZE_TIME,
  PROP_MAX_SIZE_BYTES,
  PROP_ROTATE,
  PROP_SIDECAR,
  PROP_DURABLE,
  PROP_KEEP_DAYS,
  PROP_KEEP_BYTES,
  PROP_MIN_FREE_BYTES,
  PROP_KEEP_SCOPE,
  PROP_MEASURE
};

static_assert (PROP_MEASURE == n_settings);

#define DEFINE_ENUM(function, Name, ...) \
static GType \
function (void) \
{ \
  static gsize type = 0; \
  static const GEnumValue values[] = { __VA_ARGS__, {0, nullptr, nullptr} }; \
  \
  if (g_once_init_enter (&type)) \
    g_once_init_leave (&type, g_enum_register_static (Name, values)); \
  return type; \
}

DEFINE_ENUM (gst_dated_sink_format_get_type, "GstDatedSinkFormat",
    {(gint) Container::wav, "WAV, less than 4 GiB", "wav"},
    {(gint) Container::rf64, "RF64 where it is 4 GiB or more, else WAV",
        "rf64"},
    {(gint) Container::flac, "FLAC", "flac"},
    {(gint) Container::ogg, "Vorbis in Ogg", "ogg"},
    {(gint) Container::opus, "Opus in Ogg", "opus"},
    {(gint) Container::mp3, "MP3", "mp3"},
    {(gint) Container::aiff, "AIFF, less than 4 GiB", "aiff"})
/* libsndfile's names beside the nicks: both can be typed */
DEFINE_ENUM (gst_dated_sink_bit_depth_get_type, "GstDatedSinkBitDepth",
    {(gint) Depth::pcm_16, "PCM_16", "pcm-16"},
    {(gint) Depth::pcm_24, "PCM_24", "pcm-24"},
    {(gint) Depth::pcm_32, "PCM_32", "pcm-32"},
    {(gint) Depth::float_32, "FLOAT", "float"})
DEFINE_ENUM (gst_dated_sink_dither_get_type, "GstDatedSinkDither",
    {DITHER_NONE, "Round", "none"},
    {DITHER_TPDF, "Triangular noise of two least significant bits", "tpdf"})
DEFINE_ENUM (gst_dated_sink_file_metadata_get_type,
    "GstDatedSinkFileMetadata",
    {(gint) FileMetadata::none, "Audio only", "none"},
    {(gint) FileMetadata::standard, "What every reader takes", "standard"},
    {(gint) FileMetadata::full, "Also bext, id3 and acid in WAV", "full"})
DEFINE_ENUM (gst_dated_sink_gaps_get_type, "GstDatedSinkGaps",
    {(gint) Gaps::silence, "Fill with silence", "silence"},
    {(gint) Gaps::skip, "Close up", "skip"},
    {(gint) Gaps::split, "Begin another file", "split"})
DEFINE_ENUM (gst_dated_sink_keep_scope_get_type, "GstDatedSinkKeepScope",
    {KEEP_SCOPE_JOB, "This job id's files", "job"},
    {KEEP_SCOPE_ALL, "Every file of the store", "all"})
DEFINE_ENUM (gst_dated_sink_sidecar_get_type, "GstDatedSinkSidecar",
    {SIDECAR_NONE, "No sidecar", "none"},
    {SIDECAR_JSON, "A JSON file beside the audio", "json"})

std::string
string_value (const GValue * value)
{
  const gchar *text = g_value_get_string (value);

  return text != nullptr ? text : "";
}

std::string
base_dir_or_default (const std::string & text)
{
  const gchar *from_environment = g_getenv ("AUDIO_OUTPUT_DIR");

  if (!text.empty ())
    return text;
  return from_environment != nullptr && *from_environment != '\0'
      ? from_environment : default_base_dir;
}

}

Settings
default_settings ()
{
  Settings settings;

  settings.base_dir = base_dir_or_default ("");
  return settings;
}

bool
set_setting (Settings & settings, guint id, const GValue * value)
{
  switch (id) {
    case PROP_BASE_DIR:
      settings.base_dir = base_dir_or_default (string_value (value));
      break;
    case PROP_JOB_ID:
      settings.job_id = string_value (value);
      break;
    case PROP_FORMAT:
      settings.format = (Container) g_value_get_enum (value);
      break;
    case PROP_BIT_DEPTH:
      settings.depth = (Depth) g_value_get_enum (value);
      break;
    case PROP_DITHER:
      settings.dither = (Dither) g_value_get_enum (value);
      break;
    case PROP_QUALITY:
      settings.quality = g_value_get_double (value);
      break;
    case PROP_BITRATE:
      settings.bitrate = g_value_get_uint (value);
      break;
    case PROP_FILE_METADATA:
      settings.file_metadata = (FileMetadata) g_value_get_enum (value);
      break;
    case PROP_GAPS:
      settings.gaps = (Gaps) g_value_get_enum (value);
      break;
    case PROP_TIMEZONE:
      settings.timezone = string_value (value);
      break;
    case PROP_DATE:
      settings.date = string_value (value);
      break;
    case PROP_LOCATION_TEMPLATE:
      settings.location_template = string_value (value);
      break;
    case PROP_IF_EXISTS:
      settings.if_exists = (GstGenAudioIfExists) g_value_get_enum (value);
      break;
    case PROP_MAX_SIZE_TIME:
      settings.max_size_time = g_value_get_uint64 (value);
      break;
    case PROP_MAX_SIZE_BYTES:
      settings.max_size_bytes = g_value_get_uint64 (value);
      break;
    case PROP_ROTATE:
      settings.rotate = string_value (value);
      break;
    case PROP_SIDECAR:
      settings.sidecar = (Sidecar) g_value_get_enum (value);
      break;
    case PROP_DURABLE:
      settings.durable = g_value_get_boolean (value);
      break;
    case PROP_KEEP_DAYS:
      settings.keep_days = g_value_get_uint (value);
      break;
    case PROP_KEEP_BYTES:
      settings.keep_bytes = g_value_get_uint64 (value);
      break;
    case PROP_MIN_FREE_BYTES:
      settings.min_free_bytes = g_value_get_uint64 (value);
      break;
    case PROP_KEEP_SCOPE:
      settings.keep_scope = (KeepScope) g_value_get_enum (value);
      break;
    case PROP_MEASURE:
      settings.measure = g_value_get_boolean (value);
      break;
    default:
      return false;
  }
  return true;
}

bool
get_setting (const Settings & settings, guint id, GValue * value)
{
  switch (id) {
    case PROP_BASE_DIR:
      g_value_set_string (value, settings.base_dir.c_str ());
      break;
    case PROP_JOB_ID:
      g_value_set_string (value, settings.job_id.c_str ());
      break;
    case PROP_FORMAT:
      g_value_set_enum (value, (gint) settings.format);
      break;
    case PROP_BIT_DEPTH:
      g_value_set_enum (value, (gint) settings.depth);
      break;
    case PROP_DITHER:
      g_value_set_enum (value, settings.dither);
      break;
    case PROP_QUALITY:
      g_value_set_double (value, settings.quality);
      break;
    case PROP_BITRATE:
      g_value_set_uint (value, settings.bitrate);
      break;
    case PROP_FILE_METADATA:
      g_value_set_enum (value, (gint) settings.file_metadata);
      break;
    case PROP_GAPS:
      g_value_set_enum (value, (gint) settings.gaps);
      break;
    case PROP_TIMEZONE:
      g_value_set_string (value, settings.timezone.c_str ());
      break;
    case PROP_DATE:
      g_value_set_string (value, settings.date.c_str ());
      break;
    case PROP_LOCATION_TEMPLATE:
      g_value_set_string (value, settings.location_template.c_str ());
      break;
    case PROP_IF_EXISTS:
      g_value_set_enum (value, settings.if_exists);
      break;
    case PROP_MAX_SIZE_TIME:
      g_value_set_uint64 (value, settings.max_size_time);
      break;
    case PROP_MAX_SIZE_BYTES:
      g_value_set_uint64 (value, settings.max_size_bytes);
      break;
    case PROP_ROTATE:
      g_value_set_string (value, settings.rotate.c_str ());
      break;
    case PROP_SIDECAR:
      g_value_set_enum (value, settings.sidecar);
      break;
    case PROP_DURABLE:
      g_value_set_boolean (value, settings.durable);
      break;
    case PROP_KEEP_DAYS:
      g_value_set_uint (value, settings.keep_days);
      break;
    case PROP_KEEP_BYTES:
      g_value_set_uint64 (value, settings.keep_bytes);
      break;
    case PROP_MIN_FREE_BYTES:
      g_value_set_uint64 (value, settings.min_free_bytes);
      break;
    case PROP_KEEP_SCOPE:
      g_value_set_enum (value, settings.keep_scope);
      break;
    case PROP_MEASURE:
      g_value_set_boolean (value, settings.measure);
      break;
    default:
      return false;
  }
  return true;
}

void
install_settings (GObjectClass * object_class)
{
  const auto ready = (GParamFlags) (G_PARAM_READWRITE
      | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

  /**
   * GstDatedSink:base-dir:
   *
   * Folder of the store; unless set, `AUDIO_OUTPUT_DIR` where that is.
   */
  g_object_class_install_property (object_class, PROP_BASE_DIR,
      g_param_spec_string ("base-dir", "Base directory",
          "Folder of the store (default: AUDIO_OUTPUT_DIR, else data/outputs)",
          default_base_dir, ready));
  /**
   * GstDatedSink:job-id:
   *
   * Name to file under; empty: the item's tag `genaudio-job-id`, else one is
   * made (sortable by time).
   */
  g_object_class_install_property (object_class, PROP_JOB_ID,
      g_param_spec_string ("job-id", "Job id",
          "Name to file under (empty: the item's, else one is made)", "",
          ready));
  /**
   * GstDatedSink:format:
   *
   * `wav`, `rf64`, `flac`, `ogg`, `opus`, `mp3`, `aiff`.
   */
  g_object_class_install_property (object_class, PROP_FORMAT,
      g_param_spec_enum ("format", "Format", "Format of the files",
          gst_dated_sink_format_get_type (), (gint) Container::wav, ready));
  /**
   * GstDatedSink:bit-depth:
   *
   * `pcm-16`, `pcm-24`, `pcm-32`, `float`; lossy formats have none.
   */
  g_object_class_install_property (object_class, PROP_BIT_DEPTH,
      g_param_spec_enum ("bit-depth", "Bit depth",
          "Samples in the file (lossy formats have none)",
          gst_dated_sink_bit_depth_get_type (), (gint) Depth::pcm_16, ready));
  /**
   * GstDatedSink:dither:
   *
   * `none` or `tpdf`: triangular noise of two least significant bits where
   * 16 or 24 bits hold less than what comes.
   */
  g_object_class_install_property (object_class, PROP_DITHER,
      g_param_spec_enum ("dither", "Dither",
          "Noise added where 16 or 24 bits hold less than what comes",
          gst_dated_sink_dither_get_type (), DITHER_NONE, ready));
  /**
   * GstDatedSink:quality:
   *
   * 0 to 1, of lossy formats.
   */
  g_object_class_install_property (object_class, PROP_QUALITY,
      g_param_spec_double ("quality", "Quality",
          "Quality of a lossy format, 1 is the best", 0.0, 1.0,
          Settings ().quality, ready));
  /**
   * GstDatedSink:bitrate:
   *
   * Bits a second of `opus` and `mp3`; 0: by `quality`.
   */
  g_object_class_install_property (object_class, PROP_BITRATE,
      g_param_spec_uint ("bitrate", "Bit rate",
          "Bits a second of opus and mp3 (0: by quality)", 0, G_MAXINT, 0,
          ready));
  /**
   * GstDatedSink:file-metadata:
   *
   * What goes into the file itself: `none`, `standard`, `full` (see Tags).
   */
  g_object_class_install_property (object_class, PROP_FILE_METADATA,
      g_param_spec_enum ("file-metadata", "File metadata",
          "What of the item's metadata goes into the file",
          gst_dated_sink_file_metadata_get_type (),
          (gint) FileMetadata::standard, ready));
  /**
   * GstDatedSink:gaps:
   *
   * What a hole of more than 40 ms in the timestamps becomes: `silence`,
   * `skip` (close up), `split` (another file).
   */
  g_object_class_install_property (object_class, PROP_GAPS,
      g_param_spec_enum ("gaps", "Gaps",
          "What a hole in the stream's timestamps becomes",
          gst_dated_sink_gaps_get_type (), (gint) Gaps::silence, ready));
  /**
   * GstDatedSink:timezone:
   *
   * `local`, `utc` or an IANA name, of folders and boundaries.
   */
  g_object_class_install_property (object_class, PROP_TIMEZONE,
      g_param_spec_string ("timezone", "Time zone",
          "Zone of dates and times: local, utc or an IANA name", "local",
          ready));
  /**
   * GstDatedSink:date:
   *
   * ISO 8601 date of the first sample; empty: of the clock.
   */
  g_object_class_install_property (object_class, PROP_DATE,
      g_param_spec_string ("date", "Date",
          "Date of the first sample, ISO 8601 (empty: from the clock)", "",
          ready));
  /**
   * GstDatedSink:location-template:
   *
   * Layout below `base-dir` without extension, of `{year}` `{month}` `{day}`
   * `{hour}` `{minute}` `{second}` `{offset}` `{job}` `{suffix}`; empty:
   * `{year}/{month}/{day}/{job}{suffix}`.
   */
  g_object_class_install_property (object_class, PROP_LOCATION_TEMPLATE,
      g_param_spec_string ("location-template", "Location template",
          "Layout below base-dir, of {year}, {month}, {day}, {hour}, "
          "{minute}, {second}, {offset}, {job} and {suffix} (empty: "
          GST_GENAUDIO_FILING_TEMPLATE ")", "", ready));
  /**
   * GstDatedSink:if-exists:
   *
   * An item's file is there already: `error`, `suffix` (`-1`...), `skip`
   * (keep it), `replace`; files of a rotation always take a suffix.
   */
  g_object_class_install_property (object_class, PROP_IF_EXISTS,
      g_param_spec_enum ("if-exists", "If exists",
          "What to do where there is a file of the name",
          GST_TYPE_GENAUDIO_IF_EXISTS, GST_GENAUDIO_IF_EXISTS_ERROR, ready));
  /**
   * GstDatedSink:max-size-time:
   *
   * Ns of audio a file, exact to the frame; 0: no limit.
   */
  g_object_class_install_property (object_class, PROP_MAX_SIZE_TIME,
      g_param_spec_uint64 ("max-size-time", "Maximum time",
          "Nanoseconds of audio a file (0: no limit)", 0, G_MAXUINT64, 0,
          ready));
  /**
   * GstDatedSink:max-size-bytes:
   *
   * Bytes a file; 0: no limit.
   */
  g_object_class_install_property (object_class, PROP_MAX_SIZE_BYTES,
      g_param_spec_uint64 ("max-size-bytes", "Maximum bytes",
          "Bytes a file (0: no limit)", 0, G_MAXUINT64, 0, ready));
  /**
   * GstDatedSink:rotate:
   *
   * `none`, `hourly`, `daily` or a number of seconds: when the wall clock
   * begins another file.
   */
  g_object_class_install_property (object_class, PROP_ROTATE,
      g_param_spec_string ("rotate", "Rotate",
          "When the wall clock begins another file: none, hourly, daily or "
          "a number of seconds", "none", ready));
  /**
   * GstDatedSink:sidecar:
   *
   * `none` or `json`: everything known of the item, in `<name>.<ext>.json`.
   */
  g_object_class_install_property (object_class, PROP_SIDECAR,
      g_param_spec_enum ("sidecar", "Sidecar",
          "Whether what is known of an item is written beside it",
          gst_dated_sink_sidecar_get_type (), SIDECAR_NONE, ready));
  /**
   * GstDatedSink:durable:
   *
   * A published file is on the disk before anything is told of it.
   */
  g_object_class_install_property (object_class, PROP_DURABLE,
      g_param_spec_boolean ("durable", "Durable",
          "Wait until a published file is on the disk", TRUE, ready));
  /**
   * GstDatedSink:keep-days:
   *
   * Files filed more than so many days ago are removed; 0: never.
   */
  g_object_class_install_property (object_class, PROP_KEEP_DAYS,
      g_param_spec_uint ("keep-days", "Keep days",
          "Remove files filed more than so many days ago (0: never)", 0,
          G_MAXINT, 0, ready));
  /**
   * GstDatedSink:keep-bytes:
   *
   * The oldest files above so many bytes are removed; 0: never.
   */
  g_object_class_install_property (object_class, PROP_KEEP_BYTES,
      g_param_spec_uint64 ("keep-bytes", "Keep bytes",
          "Remove the oldest files above so many bytes (0: never)", 0,
          G_MAXUINT64, 0, ready));
  /**
   * GstDatedSink:min-free-bytes:
   *
   * The oldest files are removed until so much of the disk is free; 0:
   * never.
   */
  g_object_class_install_property (object_class, PROP_MIN_FREE_BYTES,
      g_param_spec_uint64 ("min-free-bytes", "Minimum free bytes",
          "Remove the oldest files until so much of the disk is free "
          "(0: never)", 0, G_MAXUINT64, 0, ready));
  /**
   * GstDatedSink:keep-scope:
   *
   * Whose files these three may remove: `job` (this job id's only) or `all`.
   */
  g_object_class_install_property (object_class, PROP_KEEP_SCOPE,
      g_param_spec_enum ("keep-scope", "Keep scope",
          "Whose files may be removed",
          gst_dated_sink_keep_scope_get_type (), KEEP_SCOPE_JOB, ready));
  /**
   * GstDatedSink:measure:
   *
   * Measure the loudness of each file (EBU R128) for its metadata: what a file
   * cut by a rotation says of itself.
   */
  g_object_class_install_property (object_class, PROP_MEASURE,
      g_param_spec_boolean ("measure", "Measure",
          "Measure the loudness of each file (EBU R128) for its metadata",
          FALSE, ready));
  for (const GType type : {gst_dated_sink_format_get_type (),
          gst_dated_sink_bit_depth_get_type (),
          gst_dated_sink_dither_get_type (),
          gst_dated_sink_file_metadata_get_type (),
          gst_dated_sink_gaps_get_type (),
          gst_dated_sink_keep_scope_get_type (),
          gst_dated_sink_sidecar_get_type ()})
    gst_type_mark_as_plugin_api (type, (GstPluginAPIFlags) 0);
}

AudioSpec
spec_of (const Settings & settings)
{
  AudioSpec spec;

  spec.container = settings.format;
  spec.depth = settings.depth;
  spec.dither = settings.dither == DITHER_TPDF;
  spec.quality = settings.quality;
  spec.bitrate = settings.bitrate;
  spec.metadata = settings.file_metadata;
  return spec;
}

bool
check_settings (const Settings & settings, GError ** error_out)
{
  GError *error = nullptr;
  const std::string fault = find_fault (spec_of (settings));

  if (!fault.empty ()) {
    g_set_error_literal (error_out, GST_RESOURCE_ERROR,
        GST_RESOURCE_ERROR_SETTINGS, fault.c_str ());
    return false;
  }
  if (settings.measure && !meter_is_there ()) {
    g_set_error_literal (error_out, GST_RESOURCE_ERROR,
        GST_RESOURCE_ERROR_SETTINGS,
        "measure=true: this plugin was built without libebur128");
    return false;
  }
  if (!RotateRule::parse (settings.rotate)) {
    g_set_error (error_out, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "rotate is \"%s\", expected none, hourly, daily or a number of "
        "seconds", settings.rotate.c_str ());
    return false;
  }
  GTimeZone *zone =
      gst_genaudio_filing_timezone_new (settings.timezone.c_str (), &error);
  GDateTime *date = nullptr;
  if (zone != nullptr && !settings.date.empty ())
    date = gst_genaudio_filing_parse_date (settings.date.c_str (), zone,
        &error);
  if (error == nullptr && !settings.job_id.empty ())
    gst_genaudio_job_id_validate (settings.job_id.c_str (), &error);
  if (error == nullptr && !settings.location_template.empty ())
    gst_genaudio_filing_check_template (settings.location_template.c_str (),
        &error);
  /* elsewhere clean-up would find nothing, and the disk would fill up */
  if (error == nullptr && !settings.location_template.empty ()
      && (settings.keep_days > 0 || settings.keep_bytes > 0
          || settings.min_free_bytes > 0)
      && !gst_genaudio_filing_template_is_dated
      (settings.location_template.c_str ()))
    g_set_error (&error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "Retention needs files in {year}/{month}/{day}/, not in \"%s\"",
        settings.location_template.c_str ());
  g_clear_pointer (&date, g_date_time_unref);
  g_clear_pointer (&zone, g_time_zone_unref);
  if (error == nullptr)
    return true;
  g_propagate_error (error_out, error);
  return false;
}

RecorderSettings
recorder_settings_of (const Settings & settings, GTimeZone * zone)
{
  RecorderSettings result;

  result.rotate = *RotateRule::parse (settings.rotate);
  result.max_time = settings.max_size_time;
  result.max_bytes = settings.max_size_bytes;
  result.gaps = settings.gaps;
  result.measure = settings.measure;
  result.zone = zone;
  if (!settings.date.empty ()) {
    GDateTime *date = gst_genaudio_filing_parse_date (settings.date.c_str (),
        zone, nullptr);
    result.date = g_date_time_to_unix (date) * G_USEC_PER_SEC
        + g_date_time_get_microsecond (date);
    g_date_time_unref (date);
  }
  return result;
}

CabinetSettings
cabinet_settings_of (const Settings & settings)
{
  CabinetSettings result;

  result.location_template = settings.location_template.empty ()
      ? GST_GENAUDIO_FILING_TEMPLATE : settings.location_template;
  result.if_exists = settings.if_exists;
  result.durable = settings.durable;
  result.sidecar = settings.sidecar == SIDECAR_JSON;
  result.keep_days = settings.keep_days;
  result.keep_bytes = settings.keep_bytes;
  result.min_free_bytes = settings.min_free_bytes;
  result.keep_scope_all = settings.keep_scope == KEEP_SCOPE_ALL;
  return result;
}

}
