/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:gstgenaudioexporter
 * @title: GstGenAudioExporter
 * @short_description: Writes generated audio to files
 *
 * One call from a tensor, in memory or in a file, to a normalised, analysed
 * and filed audio file: a pipeline of the project's elements, kept and used
 * again for the next item. Needs no main loop and may be used from any number
 * of threads at once; each gets a pipeline of its own.
 *
 * Properties have the names and meanings of the elements' properties. Those
 * that are not set are not touched, so that the elements' own defaults and
 * the environment (`AUDIO_OUTPUT_DIR`, `AUDIO_NORMALIZE`,
 * `AUDIO_TARGET_LUFS`) hold.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-exporter.h"
#include "genaudio-environment.h"
#include "genaudio-exporter-output.hpp"
#include "genaudio-exporter-pool.hpp"
#include "genaudio-item.h"
#include "genaudio-tags.h"

#include <cstring>
#include <iterator>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

using genaudio::Failure;
using genaudio::Lease;
using genaudio::Pipeline;
using genaudio::Pool;
using genaudio::Property;
using genaudio::ResultPtr;
using genaudio::Role;

namespace {

const Property properties[] = {
  {"loudness-target", G_TYPE_DOUBLE, Role::normalizer, "loudness-target",
      -70, -5, -16, nullptr, "Integrated loudness to reach (LUFS)"},
  {"max-true-peak", G_TYPE_DOUBLE, Role::normalizer, "max-true-peak",
      -9, 0, -1, nullptr, "True peak never to be exceeded (dBTP)"},
  {"normalize", G_TYPE_BOOLEAN, Role::normalizer, "enabled", 0, 1, 1, nullptr,
      "Normalise the loudness"},
  {"peak-policy", G_TYPE_STRING, Role::normalizer, "peak-policy", 0, 0, 0,
      "gain", "What gives way where the peak is in the way: gain, limit"},
  {"short-policy", G_TYPE_STRING, Role::normalizer, "short-policy", 0, 0, 0,
      "none", "What becomes of items under 400 ms: none, ungated, peak"},
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
  {"base-dir", G_TYPE_STRING, Role::sink, "base-dir", 0, 0, 0, nullptr,
      "Folder that items without a path are filed under"},
  {"location-template", G_TYPE_STRING, Role::sink, "location-template", 0, 0,
      0, nullptr, "Where items without a path are filed, below base-dir"},
  {"timezone", G_TYPE_STRING, Role::sink, "timezone", 0, 0, 0, "local",
      "Time zone of the filing date: local, utc or an IANA name"},
  {"date", G_TYPE_STRING, Role::sink, "date", 0, 0, 0, nullptr,
      "Filing date (ISO 8601) in place of the clock's"},
  {"format", G_TYPE_STRING, Role::sink, "format", 0, 0, 0, "wav",
      "Format of items without a path: wav, rf64, flac, ogg, opus, mp3, aiff"},
  {"bit-depth", G_TYPE_STRING, Role::sink, "bit-depth", 0, 0, 0, "pcm-16",
      "Sample format: pcm-16, pcm-24, pcm-32, float (or PCM_16...)"},
  {"dither", G_TYPE_STRING, Role::sink, "dither", 0, 0, 0, "none",
      "Dither: none, tpdf"},
  {"quality", G_TYPE_DOUBLE, Role::sink, "quality", 0, 1, 0.5, nullptr,
      "Quality of lossy formats"},
  {"file-metadata", G_TYPE_STRING, Role::sink, "file-metadata", 0, 0, 0,
      "standard", "What is written into the file: none, standard, full"},
  {"sidecar", G_TYPE_STRING, Role::sink, "sidecar", 0, 0, 0, "none",
      "A file beside the file with all that is known of it: none, json"},
  {"if-exists", G_TYPE_STRING, Role::sink, "if-exists", 0, 0, 0, "error",
      "What to do where the file is there: error, suffix, skip, replace"},
  {"durable", G_TYPE_BOOLEAN, Role::sink, "durable", 0, 1, 1, nullptr,
      "Have each file on the disk before it is reported"},
};
constexpr guint n_properties = std::size (properties);

/* Two more that are not of an element but of the pipeline */
enum
{
  PROP_OUTPUT_RATE = n_properties + 1,
  PROP_FILTER,
};

enum
{
  SIGNAL_PROGRESS,
  SIGNAL_ITEM_DONE,
  SIGNAL_MESSAGE,
  N_SIGNALS,
};

guint signals[N_SIGNALS];

}

struct _GstGenAudioExporter
{
  GObject parent;
  struct State;
  State *state;
};

struct _GstGenAudioExporter::State
{
  Pool pool {properties};
  std::mutex mutex;             /* of the two below */
  std::string filter;
  guint output_rate = 0;
};

G_DEFINE_TYPE (GstGenAudioExporter, gst_genaudio_exporter, G_TYPE_OBJECT)

namespace {

using State = GstGenAudioExporter::State;

Pipeline::Shape
shape_for (State & state, const GstGenAudioJob & job)
{
  const bool wants_analysis = state.pool.is_enabled ("tempo")
      || state.pool.is_enabled ("key") || state.pool.is_enabled ("statistics")
      || state.pool.is_enabled ("beats");
  const bool said_off = job.normalize ? !*job.normalize
      : !state.pool.is_enabled ("normalize");
  Pipeline::Shape shape;

  {
    std::lock_guard lock (state.mutex);
    shape.output_rate = static_cast<int> (state.output_rate);
    shape.filter = state.filter;
  }
  const int rate = shape.output_rate > 0 ? shape.output_rate : job.rate;
  shape.converts =
      !genaudio::holds_any_audio (job.path, state.pool.get_text ("format"));
  shape.analyzer = wants_analysis
      && !genaudio::factory_refuses_rate ("bpmanalyzer", rate);
  /* audio at a rate that cannot be measured is written as it is, and without
   * the plugin one can still do without normalisation */
  shape.normalizer = !genaudio::factory_refuses_rate ("r128normalize", rate)
      && (!said_off || genaudio::have_factory ("r128normalize"));
  return shape;
}

/* Emits what happens in a run, in the thread that waits for it. */
class Emitter : public genaudio::Observer
{
public:
  Emitter (GstGenAudioExporter * exporter, guint index, guint n_items) :
    exporter (exporter), index (index), n_items (n_items)
  {
  }

  void message (GstMessage * message) override
  {
    g_signal_emit (exporter, signals[SIGNAL_MESSAGE], 0, message);
  }

  void fraction (double fraction) override
  {
    g_signal_emit (exporter, signals[SIGNAL_PROGRESS], 0, index, n_items,
        fraction);
  }

  bool wants_fraction () override
  {
    return g_signal_has_handler_pending (exporter, signals[SIGNAL_PROGRESS], 0,
        FALSE);
  }

private:
  GstGenAudioExporter *exporter;
  guint index;
  guint n_items;
};

void
check_job (const GstGenAudioJob & job)
{
  GError *error = nullptr;

  if (!job.job_id.empty ()
      && !gst_genaudio_job_id_validate (job.job_id.c_str (), &error))
    throw Failure (error);
  genaudio::check_tensor (job);
}

ResultPtr
failed_result (const GstGenAudioJob & job, const GError * error)
{
  ResultPtr result (gst_genaudio_result_new ());

  gst_genaudio_result_fail (result.get (), error);
  if (!job.job_id.empty ())
    result->job_id = g_strdup (job.job_id.c_str ());
  if (!job.location.empty ())
    result->location = g_strdup (job.location.c_str ());
  return result;
}

std::vector<ResultPtr>
run_job (GstGenAudioExporter * self, const GstGenAudioJob & job, guint index,
    guint n_items, GCancellable * cancellable)
{
  Emitter emitter (self, index, n_items);
  std::vector<ResultPtr> results;

  try {
    if (g_cancellable_is_cancelled (cancellable))
      throw Failure (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Cancelled");
    check_job (job);
    Lease pipeline (self->state->pool, shape_for (*self->state, job));
    results = pipeline->run (job, cancellable, emitter);
  } catch (const Failure & failure) {
    results.push_back (failed_result (job, failure.error ()));
  } catch (const std::exception & fault) {
    const Failure failure (GST_CORE_ERROR, GST_CORE_ERROR_FAILED,
        fault.what ());
    results.push_back (failed_result (job, failure.error ()));
  }
  for (const ResultPtr & result : results)
    g_signal_emit (self, signals[SIGNAL_ITEM_DONE], 0, index, result.get ());
  emitter.fraction (1.0);
  return results;
}

GstGenAudioResult *
export_one (GstGenAudioExporter * self, GstGenAudioJob * job,
    GCancellable * cancellable, GError ** error)
{
  std::vector<ResultPtr> results = run_job (self, *job, 0, 1, cancellable);

  for (const ResultPtr & result : results) {
    if (result->status == GST_GENAUDIO_STATUS_FAILED) {
      g_propagate_error (error, g_error_copy (result->error));
      return nullptr;
    }
  }
  if (results.size () > 1) {
    g_set_error (error, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS,
        "\"%s\" holds %" G_GSIZE_FORMAT " items; all are written, but only "
        "gst_genaudio_exporter_export_batch() can return them",
        job->location.c_str (), results.size ());
    return nullptr;
  }
  return results.front ().release ();
}

GPtrArray *
export_all (GstGenAudioExporter * self, GPtrArray * jobs,
    GCancellable * cancellable)
{
  GPtrArray *results = g_ptr_array_new_with_free_func (
      reinterpret_cast<GDestroyNotify> (gst_genaudio_result_free));

  for (guint i = 0; i < jobs->len; i++) {
    const auto & job =
        *static_cast<GstGenAudioJob *> (g_ptr_array_index (jobs, i));
    for (ResultPtr & result : run_job (self, job, i, jobs->len, cancellable))
      g_ptr_array_add (results, result.release ());
  }
  return results;
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
unref_array (gpointer array)
{
  g_ptr_array_unref (static_cast<GPtrArray *> (array));
}

GPtrArray *
copy_jobs (GPtrArray * jobs)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func (unref_job);

  for (guint i = 0; i < jobs->len; i++)
    g_ptr_array_add (copy, gst_genaudio_job_ref (
            static_cast<GstGenAudioJob *> (g_ptr_array_index (jobs, i))));
  return copy;
}

void
export_thread (GTask * task, gpointer source, gpointer data,
    GCancellable * cancellable)
{
  GError *error = nullptr;
  GstGenAudioResult *result = export_one (GST_GENAUDIO_EXPORTER (source),
      static_cast<GstGenAudioJob *> (data), cancellable, &error);

  if (result != nullptr)
    g_task_return_pointer (task, result, free_result);
  else
    g_task_return_error (task, error);
}

void
batch_thread (GTask * task, gpointer source, gpointer data,
    GCancellable * cancellable)
{
  g_task_return_pointer (task, export_all (GST_GENAUDIO_EXPORTER (source),
          static_cast<GPtrArray *> (data), cancellable), unref_array);
}

/* What the elements take from the environment where nothing is set. */
void
get_default (GParamSpec * spec, GValue * value)
{
  g_param_value_set_default (spec, value);
  if (strcmp (spec->name, "loudness-target") == 0) {
    gdouble target = g_value_get_double (value);
    gst_genaudio_environment_get_double ("AUDIO_TARGET_LUFS", -70, -5, target,
        &target, nullptr);
    g_value_set_double (value, target);
  } else if (strcmp (spec->name, "normalize") == 0) {
    gboolean normalize = TRUE;
    gst_genaudio_environment_get_boolean ("AUDIO_NORMALIZE", TRUE, &normalize,
        nullptr);
    g_value_set_boolean (value, normalize);
  } else if (strcmp (spec->name, "base-dir") == 0) {
    const gchar *folder = g_getenv ("AUDIO_OUTPUT_DIR");
    g_value_set_string (value,
        folder != nullptr && *folder != '\0' ? folder : "data/outputs");
  }
}

void
set_property (GObject * object, guint id, const GValue * value,
    GParamSpec * spec)
{
  State & state = *GST_GENAUDIO_EXPORTER (object)->state;

  if (state.pool.has (id)) {
    state.pool.set (id, value);
    return;
  }
  std::lock_guard lock (state.mutex);
  if (id == PROP_OUTPUT_RATE) {
    state.output_rate = g_value_get_uint (value);
  } else if (id == PROP_FILTER) {
    const gchar *filter = g_value_get_string (value);
    state.filter = filter != nullptr ? filter : "";
  } else {
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
  }
}

void
get_property (GObject * object, guint id, GValue * value, GParamSpec * spec)
{
  State & state = *GST_GENAUDIO_EXPORTER (object)->state;

  if (state.pool.has (id)) {
    if (!state.pool.get (id, value))
      get_default (spec, value);
    return;
  }
  std::lock_guard lock (state.mutex);
  if (id == PROP_OUTPUT_RATE)
    g_value_set_uint (value, state.output_rate);
  else if (id == PROP_FILTER)
    g_value_set_string (value, state.filter.c_str ());
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
}

}

static void
gst_genaudio_exporter_finalize (GObject * object)
{
  delete GST_GENAUDIO_EXPORTER (object)->state;
  G_OBJECT_CLASS (gst_genaudio_exporter_parent_class)->finalize (object);
}

static void
gst_genaudio_exporter_class_init (GstGenAudioExporterClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const auto flags = static_cast<GParamFlags> (
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);

  object_class->finalize = gst_genaudio_exporter_finalize;
  object_class->set_property = set_property;
  object_class->get_property = get_property;

  genaudio::install_properties (object_class, properties);

  /**
   * GstGenAudioExporter:output-rate:
   *
   * Sample rate of the files in Hz; what comes at another is resampled
   * before it is normalised. 0 leaves every item at its rate.
   */
  g_object_class_install_property (object_class, PROP_OUTPUT_RATE,
      g_param_spec_uint ("output-rate", nullptr,
          "Sample rate of the files (0 = as the items)", 0, 768000, 0, flags));
  /**
   * GstGenAudioExporter:filter:
   *
   * A bin in the syntax of gst-launch that the audio goes through before it
   * is normalised.
   */
  g_object_class_install_property (object_class, PROP_FILTER,
      g_param_spec_string ("filter", nullptr,
          "Bin that the audio goes through before it is normalised", nullptr,
          flags));

  /**
   * GstGenAudioExporter::progress:
   * @exporter: the exporter
   * @index: which of the jobs
   * @n_jobs: how many there are
   * @fraction: how much of it is done, 0..1
   *
   * Emitted ten times a second while a job runs, and at its end, from the
   * thread that exports.
   */
  signals[SIGNAL_PROGRESS] = g_signal_new ("progress",
      G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, nullptr, nullptr,
      nullptr, G_TYPE_NONE, 3, G_TYPE_UINT, G_TYPE_UINT, G_TYPE_DOUBLE);
  /**
   * GstGenAudioExporter::item-done:
   * @exporter: the exporter
   * @index: which of the jobs
   * @result: what became of the item
   *
   * Emitted as each item ends, well or not, from the thread that exports.
   */
  signals[SIGNAL_ITEM_DONE] = g_signal_new ("item-done",
      G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, nullptr, nullptr,
      nullptr, G_TYPE_NONE, 2, G_TYPE_UINT,
      GST_TYPE_GENAUDIO_RESULT | G_SIGNAL_TYPE_STATIC_SCOPE);
  /**
   * GstGenAudioExporter::message:
   * @exporter: the exporter
   * @message: a message of the pipeline
   *
   * Emitted for every message of the pipeline but those of changed states and
   * of threads, from the thread that exports.
   */
  signals[SIGNAL_MESSAGE] = g_signal_new ("message",
      G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, nullptr, nullptr,
      nullptr, G_TYPE_NONE, 1, GST_TYPE_MESSAGE);
}

static void
gst_genaudio_exporter_init (GstGenAudioExporter * self)
{
  gst_genaudio_init ();
  self->state = new State;
}

/**
 * gst_genaudio_exporter_new:
 *
 * Returns: (transfer full): an exporter
 */
GstGenAudioExporter *
gst_genaudio_exporter_new (void)
{
  return GST_GENAUDIO_EXPORTER (g_object_new (GST_TYPE_GENAUDIO_EXPORTER,
          nullptr));
}

/**
 * gst_genaudio_exporter_export:
 * @self: an exporter
 * @job: what to export
 * @cancellable: (nullable): cancels the call from another thread
 * @error: return location for an error: %GST_STREAM_ERROR_WRONG_TYPE for a
 *     tensor that cannot be audio, %GST_LIBRARY_ERROR_SETTINGS and
 *     %GST_RESOURCE_ERROR_SETTINGS for a setting that is wrong, %G_IO_ERROR
 *     if cancelled, or what an element failed with
 *
 * Exports one item and waits for it.
 *
 * Returns: (transfer full) (nullable): the item's result
 */
GstGenAudioResult *
gst_genaudio_exporter_export (GstGenAudioExporter * self, GstGenAudioJob * job,
    GCancellable * cancellable, GError ** error)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_EXPORTER (self), nullptr);
  g_return_val_if_fail (job != nullptr, nullptr);

  return export_one (self, job, cancellable, error);
}

/**
 * gst_genaudio_exporter_export_file:
 * @self: an exporter
 * @location: (type filename): a tensor file
 * @path: (type filename) (nullable): the file to write, whose extension
 *     chooses the format; %NULL files the item by its date
 * @cancellable: (nullable): cancels the call from another thread
 * @error: return location for an error, as gst_genaudio_exporter_export()
 *
 * Exports the item of a tensor file and waits for it.
 *
 * Returns: (transfer full) (nullable): the item's result
 */
GstGenAudioResult *
gst_genaudio_exporter_export_file (GstGenAudioExporter * self,
    const gchar * location, const gchar * path, GCancellable * cancellable,
    GError ** error)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_EXPORTER (self), nullptr);
  g_return_val_if_fail (location != nullptr, nullptr);

  GstGenAudioJob *job = gst_genaudio_job_new_file (location);
  gst_genaudio_job_set_path (job, path);
  GstGenAudioResult *result = export_one (self, job, cancellable, error);
  gst_genaudio_job_unref (job);
  return result;
}

/**
 * gst_genaudio_exporter_export_dlpack:
 * @self: an exporter
 * @tensor: address of a DLPack structure, which the call takes
 * @versioned: %TRUE if it is a `DLManagedTensorVersioned`
 * @rate: sample rate in Hz
 * @path: (type filename) (nullable): the file to write, whose extension
 *     chooses the format; %NULL files the item by its date
 * @cancellable: (nullable): cancels the call from another thread
 * @error: return location for an error, as gst_genaudio_exporter_export()
 *
 * Exports a tensor of the running process and waits for it. The tensor's
 * deleter is called once, whatever happens.
 *
 * Returns: (transfer full) (nullable): the item's result
 */
GstGenAudioResult *
gst_genaudio_exporter_export_dlpack (GstGenAudioExporter * self,
    guint64 tensor, gboolean versioned, gint rate, const gchar * path,
    GCancellable * cancellable, GError ** error)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_EXPORTER (self), nullptr);
  g_return_val_if_fail (tensor != 0, nullptr);

  GstGenAudioJob *job = gst_genaudio_job_new_dlpack (tensor, versioned, rate);
  gst_genaudio_job_set_path (job, path);
  GstGenAudioResult *result = export_one (self, job, cancellable, error);
  gst_genaudio_job_unref (job);
  return result;
}

/**
 * gst_genaudio_exporter_export_batch:
 * @self: an exporter
 * @jobs: (element-type GstGenAudioJob): what to export
 * @cancellable: (nullable): cancels the call from another thread
 * @error: return location for an error; it is not used, since every item
 *     has its own
 *
 * Exports items one after the other through one pipeline and waits for all.
 * An item that fails does so alone: the error is in its result. The items
 * that a cancelled call did not finish have failed with
 * %G_IO_ERROR_CANCELLED.
 *
 * Returns: (transfer container) (element-type GstGenAudioResult): the results in
 *     the order of @jobs, one a job, or more where a tensor file holds
 *     several items
 */
GPtrArray *
gst_genaudio_exporter_export_batch (GstGenAudioExporter * self,
    GPtrArray * jobs, GCancellable * cancellable, GError ** error)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_EXPORTER (self), nullptr);
  g_return_val_if_fail (jobs != nullptr, nullptr);

  return export_all (self, jobs, cancellable);
}

/**
 * gst_genaudio_exporter_export_async:
 * @self: an exporter
 * @job: what to export
 * @cancellable: (nullable): cancels the call
 * @callback: (scope async): called in the thread-default main context of the
 *     caller when the item is done
 * @user_data: for @callback
 *
 * As gst_genaudio_exporter_export(), in a thread.
 */
void
gst_genaudio_exporter_export_async (GstGenAudioExporter * self,
    GstGenAudioJob * job, GCancellable * cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (GST_IS_GENAUDIO_EXPORTER (self));
  g_return_if_fail (job != nullptr);

  GTask *task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_task_data (task, gst_genaudio_job_ref (job), unref_job);
  g_task_run_in_thread (task, export_thread);
  g_object_unref (task);
}

/**
 * gst_genaudio_exporter_export_finish:
 * @self: an exporter
 * @result: what the callback was given
 * @error: return location for an error, as gst_genaudio_exporter_export()
 *
 * Returns: (transfer full) (nullable): the item's result
 */
GstGenAudioResult *
gst_genaudio_exporter_export_finish (GstGenAudioExporter * self,
    GAsyncResult * result, GError ** error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), nullptr);

  return static_cast<GstGenAudioResult *> (
      g_task_propagate_pointer (G_TASK (result), error));
}

/**
 * gst_genaudio_exporter_export_batch_async:
 * @self: an exporter
 * @jobs: (element-type GstGenAudioJob): what to export
 * @cancellable: (nullable): cancels the call
 * @callback: (scope async): called in the thread-default main context of the
 *     caller when all are done
 * @user_data: for @callback
 *
 * As gst_genaudio_exporter_export_batch(), in a thread.
 */
void
gst_genaudio_exporter_export_batch_async (GstGenAudioExporter * self,
    GPtrArray * jobs, GCancellable * cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (GST_IS_GENAUDIO_EXPORTER (self));
  g_return_if_fail (jobs != nullptr);

  GTask *task = g_task_new (self, cancellable, callback, user_data);
  /* what was finished before it was cancelled is told */
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, copy_jobs (jobs), unref_array);
  g_task_run_in_thread (task, batch_thread);
  g_object_unref (task);
}

/**
 * gst_genaudio_exporter_export_batch_finish:
 * @self: an exporter
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Returns: (transfer container) (element-type GstGenAudioResult): the results, as
 *     gst_genaudio_exporter_export_batch()
 */
GPtrArray *
gst_genaudio_exporter_export_batch_finish (GstGenAudioExporter * self,
    GAsyncResult * result, GError ** error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), nullptr);

  return static_cast<GPtrArray *> (
      g_task_propagate_pointer (G_TASK (result), error));
}

/**
 * gst_genaudio_exporter_get_info:
 * @self: an exporter
 *
 * Tells what the exporter can do: `loudness-target` (double, LUFS),
 * `normalization-available`, `analysis-available`, `files-available`
 * (booleans: whether the elements are there) and `bit-depths` (array of
 * strings).
 *
 * Returns: (transfer full): the information
 */
GstStructure *
gst_genaudio_exporter_get_info (GstGenAudioExporter * self)
{
  g_return_val_if_fail (GST_IS_GENAUDIO_EXPORTER (self), nullptr);

  gdouble target = 0;
  g_object_get (self, "loudness-target", &target, nullptr);
  GstStructure *info = gst_structure_new ("genaudio-exporter-info",
      "loudness-target", G_TYPE_DOUBLE, target,
      "normalization-available", G_TYPE_BOOLEAN,
      genaudio::have_factory ("r128normalize"),
      "analysis-available", G_TYPE_BOOLEAN,
      genaudio::have_factory ("bpmanalyzer"),
      "files-available", G_TYPE_BOOLEAN,
      genaudio::have_factory ("datedsink"), nullptr);
  GValue depths = G_VALUE_INIT;
  g_value_init (&depths, GST_TYPE_ARRAY);
  for (const char *name : {"PCM_16", "PCM_24", "PCM_32", "FLOAT"}) {
    GValue depth = G_VALUE_INIT;
    g_value_init (&depth, G_TYPE_STRING);
    g_value_set_static_string (&depth, name);
    gst_value_array_append_and_take_value (&depths, &depth);
  }
  gst_structure_take_value (info, "bit-depths", &depths);
  return info;
}
