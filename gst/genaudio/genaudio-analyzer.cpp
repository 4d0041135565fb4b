/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:gstgenaudioanalyzer
 * @title: GstGenAudioAnalyzer
 * @short_description: Measures audio files and tensors
 *
 * Everything that can be said of a piece of audio: duration, rate, channels,
 * sample format, tempo, beats, key, peak, RMS and dynamic range, loudness,
 * loudness range and true peak. Files are whatever GStreamer decodes. With
 * every analysis off only the header of a file is read.
 *
 * Needs no main loop and may be used from any number of threads at once.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-analyzer.h"
#include "genaudio-analyzer-header.hpp"
#include "genaudio-exporter-pool.hpp"
#include "genaudio-tags.h"

#include <gst/pbutils/pbutils.h>

#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/stat.h>

using genaudio::Failure;
using genaudio::Header;
using genaudio::Lease;
using genaudio::Pipeline;
using genaudio::Pool;
using genaudio::Property;
using genaudio::ResultPtr;
using genaudio::Role;

namespace {

constexpr GstClockTime discovery_timeout = 30 * GST_SECOND;

const Property properties[] = {
  {"tempo", G_TYPE_BOOLEAN, Role::analyzer, "tempo", 0, 1, 1, nullptr,
      "Find the tempo"},
  {"key", G_TYPE_BOOLEAN, Role::analyzer, "key", 0, 1, 0, nullptr,
      "Find the musical key"},
  {"statistics", G_TYPE_BOOLEAN, Role::analyzer, "statistics", 0, 1, 1,
      nullptr, "Compute peak amplitude, RMS energy and dynamic range"},
  {"beats", G_TYPE_BOOLEAN, Role::analyzer, "beats", 0, 1, 0, nullptr,
      "Find the times of the beats"},
  {"min-bpm", G_TYPE_DOUBLE, Role::analyzer, "min-bpm", 20, 400, 40, nullptr,
      "Slowest tempo that is considered (BPM)"},
  {"max-bpm", G_TYPE_DOUBLE, Role::analyzer, "max-bpm", 20, 400, 220, nullptr,
      "Fastest tempo that is considered (BPM)"},
  /* says whether there is a normaliser in the pipeline at all */
  {"loudness", G_TYPE_BOOLEAN, Role::normalizer, nullptr, 0, 1, 1, nullptr,
      "Measure loudness, loudness range and true peak"},
};

}

struct _GstGenAudioAnalyzer
{
  GObject parent;
  Pool *pool;
};

G_DEFINE_TYPE (GstGenAudioAnalyzer, gst_genaudio_analyzer, G_TYPE_OBJECT)

namespace {

class Silent : public genaudio::Observer
{
public:
  void message (GstMessage *) override {}
  void fraction (double) override {}
  bool wants_fraction () override { return false; }
};

void
require_file (const std::string & path)
{
  struct stat st;

  if (stat (path.c_str (), &st) != 0)
    throw Failure (GST_RESOURCE_ERROR, errno == ENOENT || errno == ENOTDIR
        ? GST_RESOURCE_ERROR_NOT_FOUND : GST_RESOURCE_ERROR_OPEN_READ,
        "Cannot read \"" + path + "\": " + g_strerror (errno));
  if (!S_ISREG (st.st_mode))
    throw Failure (GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE,
        "\"" + path + "\" is not a file");
}

void
add_header (GstGenAudioResult * result, const Header & header)
{
  result->format = g_strdup (header.format.c_str ());
  result->bit_depth = g_strdup (header.subtype.c_str ());
  if (result->rate == 0)
    result->rate = header.rate;
  if (result->channels == 0)
    result->channels = header.channels;
  if (!GST_CLOCK_TIME_IS_VALID (result->duration) && header.frames >= 0) {
    result->frames = header.frames;
    result->duration = gst_util_uint64_scale_int (header.frames, GST_SECOND,
        result->rate);
  }
}

/* For what read_header() does not know: rate, channels and duration by
 * GStreamer's own means, still without decoding the file. */
void
discover (GstGenAudioResult * result, const std::string & path)
{
  GError *error = nullptr;
  GstDiscoverer *discoverer =
      gst_discoverer_new (discovery_timeout, &error);
  if (discoverer == nullptr)
    throw Failure (error);
  gchar *uri = gst_filename_to_uri (path.c_str (), &error);
  GstDiscovererInfo *info = uri != nullptr
      ? gst_discoverer_discover_uri (discoverer, uri, &error) : nullptr;
  g_free (uri);
  g_object_unref (discoverer);
  if (error != nullptr) {
    if (info != nullptr)
      gst_discoverer_info_unref (info);
    throw Failure (error);
  }
  GList *streams = gst_discoverer_info_get_audio_streams (info);
  if (streams != nullptr) {
    auto *audio = GST_DISCOVERER_AUDIO_INFO (streams->data);
    result->rate = static_cast<gint> (
        gst_discoverer_audio_info_get_sample_rate (audio));
    result->channels = static_cast<gint> (
        gst_discoverer_audio_info_get_channels (audio));
    result->duration = gst_discoverer_info_get_duration (info);
    if (GST_CLOCK_TIME_IS_VALID (result->duration))
      result->frames = gst_util_uint64_scale_int_round (result->duration,
          result->rate, GST_SECOND);
  }
  gst_discoverer_stream_info_list_free (streams);
  gst_discoverer_info_unref (info);
}

/* What decodes a file of that header, or nothing if that has to be found. */
const char *
decoder_of (const Header & header)
{
  const bool plain = g_str_has_prefix (header.subtype.c_str (), "PCM_")
      || header.subtype == "FLOAT" || header.subtype == "DOUBLE";

  if (header.format == "wav" && plain)
    return "wavparse";
  if (header.format == "aiff" && plain)
    return "aiffparse";
  if (header.format == "flac")
    return "flacparse!flacdec";
  return "";
}

Pipeline::Shape
shape_for (const Pool & pool, const GstGenAudioJob & job,
    const std::optional<Header> & header)
{
  const int rate = header ? header->rate : job.rate;
  Pipeline::Shape shape;

  if (header)
    shape.decoder = decoder_of (*header);

  shape.writes = false;
  shape.source = job.tensor != nullptr ? Pipeline::Source::tensor
      : Pipeline::Source::audio_file;
  shape.normalizer = pool.is_enabled ("loudness")
      && !genaudio::factory_refuses_rate ("r128normalize", rate);
  shape.analyzer = (pool.is_enabled ("tempo") || pool.is_enabled ("key")
      || pool.is_enabled ("statistics") || pool.is_enabled ("beats"))
      && !genaudio::factory_refuses_rate ("bpmanalyzer", rate);
  return shape;
}

ResultPtr
run (Pool & pool, const Pipeline::Shape & shape, const GstGenAudioJob & job,
    GCancellable * cancellable)
{
  Silent silent;
  Lease pipeline (pool, shape);
  std::vector<ResultPtr> results = pipeline->run (job, cancellable, silent);

  if (results.front ()->status == GST_GENAUDIO_STATUS_FAILED)
    throw Failure (g_error_copy (results.front ()->error));
  return std::move (results.front ());
}

ResultPtr
analyze_file (Pool & pool, const GstGenAudioJob & job,
    GCancellable * cancellable)
{
  require_file (job.location);
  bool broken = false;
  const std::optional<Header> header =
      genaudio::read_header (job.location.c_str (), broken);
  if (broken)
    throw Failure (GST_STREAM_ERROR, GST_STREAM_ERROR_DEMUX,
        "The header of \"" + job.location + "\" is broken");
  const Pipeline::Shape shape = shape_for (pool, job, header);
  ResultPtr result (gst_genaudio_result_new ());

  if (shape.normalizer || shape.analyzer)
    result = run (pool, shape, job, cancellable);
  else if (!header || header->frames < 0)
    discover (result.get (), job.location);
  if (header)
    add_header (result.get (), *header);
  else if (result->rate == 0)
    throw Failure (GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE,
        "There is no audio in \"" + job.location + "\"");
  result->path = g_strdup (job.location.c_str ());
  struct stat st;
  if (stat (job.location.c_str (), &st) == 0)
    result->bytes = st.st_size;
  return result;
}

ResultPtr
analyze_tensor (Pool & pool, const GstGenAudioJob & job,
    GCancellable * cancellable)
{
  genaudio::check_tensor (job);

  return run (pool, shape_for (pool, job, std::nullopt), job, cancellable);
}

GstGenAudioResult *
analyze (GstGenAudioAnalyzer * self, const GstGenAudioJob & job,
    GCancellable * cancellable, GError ** error)
{
  try {
    ResultPtr result = job.tensor != nullptr
        ? analyze_tensor (*self->pool, job, cancellable)
        : analyze_file (*self->pool, job, cancellable);
    return result.release ();
  } catch (const Failure & failure) {
    g_propagate_error (error, g_error_copy (failure.error ()));
  } catch (const std::exception & fault) {
    g_set_error_literal (error, GST_CORE_ERROR, GST_CORE_ERROR_FAILED,
        fault.what ());
  }
  return nullptr;
}

void
unref_job (gpointer job)
{
  gst_genaudio_job_unref (static_cast<GstGenAudioJob *> (job));
}

void
free_result (gpointer result)
{
  gst_genaudio_result_free (static_cast<GstGenAudioResult *> (result));
}

void
analyze_thread (GTask * task, gpointer source, gpointer data,
    GCancellable * cancellable)
{
  GError *error = nullptr;
  GstGenAudioResult *result = analyze (GST_GENAUDIO_ANALYZER (source),
      *static_cast<GstGenAudioJob *> (data), cancellable, &error);

  if (result != nullptr)
    g_task_return_pointer (task, result, free_result);
  else
    g_task_return_error (task, error);
}

void
set_property (GObject * object, guint id, const GValue * value,
    GParamSpec * spec)
{
  Pool & pool = *GST_GENAUDIO_ANALYZER (object)->pool;

  if (pool.has (id))
    pool.set (id, value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
}

void
get_property (GObject * object, guint id, GValue * value, GParamSpec * spec)
{
  const Pool & pool = *GST_GENAUDIO_ANALYZER (object)->pool;

  if (!pool.has (id))
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
  else if (!pool.get (id, value))
    g_param_value_set_default (spec, value);
}

}

static void
gst_genaudio_analyzer_finalize (GObject * object)
{
  delete GST_GENAUDIO_ANALYZER (object)->pool;
  G_OBJECT_CLASS (gst_genaudio_analyzer_parent_class)->finalize (object);
}

static void
gst_genaudio_analyzer_class_init (GstGenAudioAnalyzerClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = gst_genaudio_analyzer_finalize;
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  genaudio::install_properties (object_class, properties);
}

static void
gst_genaudio_analyzer_init (GstGenAudioAnalyzer * self)
{
  gst_genaudio_init ();
  self->pool = new Pool (properties);
}

/**
 * gst_genaudio_analyzer_new:
 *
 * Returns: (transfer full): an analyser
 */
GstGenAudioAnalyzer *
gst_genaudio_analyzer_new (void)
{
  return GST_GENAUDIO_ANALYZER (g_object_new (GST_TYPE_GENAUDIO_ANALYZER,
          nullptr));
}

/**
 * gst_genaudio_analyzer_analyze:
 * @self: an analyser
 * @job: what to analyse: an audio file, or a tensor
 * @cancellable: (nullable): cancels the call from another thread
 * @error: return location for an error: %GST_RESOURCE_ERROR_NOT_FOUND if
 *     there is no such file, %GST_STREAM_ERROR if it is no audio or the
 *     tensor cannot be, %G_IO_ERROR if cancelled
 *
 * Analyses one item and waits for it.
 *
 * Returns: (transfer full) (nullable): the item's result
 */
GstGenAudioResult *
gst_genaudio_analyzer_analyze (GstGenAudioAnalyzer * self,
    GstGenAudioJob * job, GCancellable * cancellable, GError ** error)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_ANALYZER (self), nullptr);
  g_return_val_if_fail (job != nullptr, nullptr);

  return analyze (self, *job, cancellable, error);
}

/**
 * gst_genaudio_analyzer_analyze_file:
 * @self: an analyser
 * @path: (type filename): an audio file
 * @cancellable: (nullable): cancels the call from another thread
 * @error: return location for an error, as gst_genaudio_analyzer_analyze()
 *
 * Analyses a file and waits for it.
 *
 * Returns: (transfer full) (nullable): the file's result
 */
GstGenAudioResult *
gst_genaudio_analyzer_analyze_file (GstGenAudioAnalyzer * self,
    const gchar * path, GCancellable * cancellable, GError ** error)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_ANALYZER (self), nullptr);
  g_return_val_if_fail (path != nullptr, nullptr);

  GstGenAudioJob *job = gst_genaudio_job_new_file (path);
  GstGenAudioResult *result =
      gst_genaudio_analyzer_analyze (self, job, cancellable, error);
  gst_genaudio_job_unref (job);
  return result;
}

/**
 * gst_genaudio_analyzer_analyze_dlpack:
 * @self: an analyser
 * @tensor: address of a DLPack structure, which the call takes
 * @versioned: %TRUE if it is a `DLManagedTensorVersioned`
 * @rate: sample rate in Hz
 * @cancellable: (nullable): cancels the call from another thread
 * @error: return location for an error, as gst_genaudio_analyzer_analyze()
 *
 * Analyses a tensor of the running process and waits for it. The tensor's
 * deleter is called once, whatever happens.
 *
 * Returns: (transfer full) (nullable): the tensor's result
 */
GstGenAudioResult *
gst_genaudio_analyzer_analyze_dlpack (GstGenAudioAnalyzer * self,
    guint64 tensor, gboolean versioned, gint rate, GCancellable * cancellable,
    GError ** error)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_ANALYZER (self), nullptr);
  g_return_val_if_fail (tensor != 0, nullptr);

  GstGenAudioJob *job = gst_genaudio_job_new_dlpack (tensor, versioned, rate);
  GstGenAudioResult *result =
      gst_genaudio_analyzer_analyze (self, job, cancellable, error);
  gst_genaudio_job_unref (job);
  return result;
}

/**
 * gst_genaudio_analyzer_analyze_async:
 * @self: an analyser
 * @job: what to analyse
 * @cancellable: (nullable): cancels the call
 * @callback: (scope async): called in the thread-default main context of the
 *     caller when the item is done
 * @user_data: for @callback
 *
 * As gst_genaudio_analyzer_analyze(), in a thread.
 */
void
gst_genaudio_analyzer_analyze_async (GstGenAudioAnalyzer * self,
    GstGenAudioJob * job, GCancellable * cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (GST_IS_GENAUDIO_ANALYZER (self));
  g_return_if_fail (job != nullptr);

  GTask *task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_task_data (task, gst_genaudio_job_ref (job), unref_job);
  g_task_run_in_thread (task, analyze_thread);
  g_object_unref (task);
}

/**
 * gst_genaudio_analyzer_analyze_finish:
 * @self: an analyser
 * @result: what the callback was given
 * @error: return location for an error, as gst_genaudio_analyzer_analyze()
 *
 * Returns: (transfer full) (nullable): the item's result
 */
GstGenAudioResult *
gst_genaudio_analyzer_analyze_finish (GstGenAudioAnalyzer * self,
    GAsyncResult * result, GError ** error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), nullptr);

  return static_cast<GstGenAudioResult *> (
      g_task_propagate_pointer (G_TASK (result), error));
}

/**
 * gst_genaudio_analyzer_get_info:
 * @self: an analyser
 *
 * Tells what the analyser does: `tempo`, `key`, `statistics`, `beats`,
 * `loudness` (booleans, the settings), and `analysis-available` and
 * `loudness-available` (booleans: whether the elements are there).
 *
 * Returns: (transfer full): the information
 */
GstStructure *
gst_genaudio_analyzer_get_info (GstGenAudioAnalyzer * self)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_ANALYZER (self), nullptr);

  const Pool & pool = *self->pool;
  GstStructure *info = gst_structure_new ("genaudio-analyzer-info",
      "analysis-available", G_TYPE_BOOLEAN,
      genaudio::have_factory ("bpmanalyzer"),
      "loudness-available", G_TYPE_BOOLEAN,
      genaudio::have_factory ("r128normalize"), nullptr);
  for (const char *name : {"tempo", "key", "statistics", "beats", "loudness"})
    gst_structure_set (info, name, G_TYPE_BOOLEAN, pool.is_enabled (name),
        nullptr);
  return info;
}
