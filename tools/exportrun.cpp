/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "exportrun.hpp"

#include <json-glib/json-glib.h>

#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <thread>

namespace fs = std::filesystem;

namespace genaudio::cli {

namespace {

struct ObjectUnref
{
  void operator () (gpointer object) const { g_object_unref (object); }
};
struct JobUnref
{
  void operator () (GstGenAudioJob * job) const
  {
    gst_genaudio_job_unref (job);
  }
};
using Job = std::unique_ptr<GstGenAudioJob, JobUnref>;

[[noreturn]] void
throw_error (GError * error)
{
  const std::string text = error->message;
  g_error_free (error);
  throw std::runtime_error (text);
}

/* A JSON object as text, with more members set on it. */
std::string
extend_json (const std::string & text,
    const std::map<std::string, std::string> & members)
{
  JsonNode *node = json_from_string (text.c_str (), nullptr);
  for (const auto & [name, value] : members)
    json_object_set_string_member (json_node_get_object (node), name.c_str (),
        value.c_str ());
  gchar *extended = json_to_string (node, FALSE);
  const std::string result = extended;
  g_free (extended);
  json_node_unref (node);
  return result;
}

/* A property of any type from its text, as gst-launch sets it. */
void
set_property (GObject * object, const std::string & name,
    const std::string & text)
{
  gst_util_set_object_arg (object, name.c_str (), text.c_str ());
}

Job
make_job (const ManifestItem & item, int input_rate)
{
  Job job (gst_genaudio_job_new_file (item.location.c_str ()));

  gst_genaudio_job_set_job_id (job.get (), item.job_id.c_str ());
  if (item.rate > 0 || input_rate > 0)
    gst_genaudio_job_set_rate (job.get (), item.rate > 0 ? item.rate
        : input_rate);
  if (!std::isnan (item.target))
    gst_genaudio_job_set_loudness_target (job.get (), item.target);
  if (!item.metadata.empty ()) {
    GstStructure *metadata = gst_structure_new_empty ("metadata");
    for (const auto & [name, value] : item.metadata)
      gst_structure_set (metadata, name.c_str (), G_TYPE_STRING,
          value.c_str (), nullptr);
    gst_genaudio_job_set_metadata (job.get (), metadata);
    gst_structure_free (metadata);
  }
  return job;
}

}

ExportRun::ExportRun (const ExportSettings & settings, Journal & journal,
    std::vector<ManifestItem> items)
    : settings_ (settings),
      journal_ (journal),
      items_ (std::move (items)),
      progress_ (items_.size (), !settings.json || !is_terminal (STDOUT_FILENO)),
      show_lines_ (!settings.json && !is_terminal (STDOUT_FILENO))
{
  GError *error = nullptr;

  store_ = gst_genaudio_store_new (settings_.base_dir.c_str (), nullptr,
      &error);
  if (store_ == nullptr)
    throw_error (error);
  if (!settings_.date.empty ()) {
    date_ = gst_genaudio_filing_parse_date (settings_.date.c_str (),
        gst_genaudio_store_get_timezone (store_), &error);
    if (date_ == nullptr)
      throw_error (error);
  }
  if (!settings_.index.empty ()) {
    load_index ();
    index_.open (settings_.index, std::ios::app);
    if (!index_)
      throw std::runtime_error ("cannot write the index " + settings_.index);
  }
  if (!settings_.failed.empty ()) {
    failed_.open (settings_.failed, std::ios::trunc);
    if (!failed_)
      throw std::runtime_error ("cannot write " + settings_.failed);
  }
}

ExportRun::~ExportRun ()
{
  g_clear_pointer (&date_, g_date_time_unref);
  g_clear_object (&store_);
}

/* What an earlier run has indexed is not indexed again. */
void
ExportRun::load_index ()
{
  std::ifstream in (settings_.index);

  for (std::string line; std::getline (in, line);) {
    JsonNode *node = json_from_string (line.c_str (), nullptr);
    if (node == nullptr)
      continue;
    if (JSON_NODE_HOLDS_OBJECT (node))
      indexed_.insert (json_object_get_string_member_with_default
          (json_node_get_object (node), "file_name", ""));
    json_node_unref (node);
  }
}

ExportCounts
ExportRun::run ()
{
  std::vector<std::thread> threads;
  const std::size_t n = std::min<std::size_t> (settings_.jobs,
      std::max<std::size_t> (items_.size (), 1));

  for (std::size_t i = 1; i < n; i++)
    threads.emplace_back ([this] { work (); });
  work ();
  for (std::thread & thread : threads)
    thread.join ();
  progress_.hide ();
  return counts_;
}

GstGenAudioExporter *
ExportRun::make_exporter () const
{
  GstGenAudioExporter *exporter = gst_genaudio_exporter_new ();

  set_property (G_OBJECT (exporter), "base-dir", settings_.base_dir);
  set_property (G_OBJECT (exporter), "format", settings_.format);
  if (!settings_.date.empty ())
    set_property (G_OBJECT (exporter), "date", settings_.date);
  for (const auto & [name, text] : settings_.properties)
    set_property (G_OBJECT (exporter), name, text);
  return exporter;
}

/* A thread with a pipeline of its own; takes the next item until there is
 * none, or the run is to stop. The item in hand is always finished. */
void
ExportRun::work ()
{
  const std::unique_ptr<GstGenAudioExporter, ObjectUnref> exporter (
      make_exporter ());

  while (!stop_ && interrupted () == 0) {
    const std::size_t i = next_++;
    if (i >= items_.size ())
      break;
    process (exporter.get (), items_[i]);

    std::lock_guard<std::mutex> lock (mutex_);
    progress_.update (++finished_);
  }
}

std::string
ExportRun::final_path (const std::string & job_id) const
{
  GError *error = nullptr;
  gchar *path = gst_genaudio_store_get_output_path (store_, job_id.c_str (),
      settings_.format.c_str (), FALSE, date_, &error);

  if (path == nullptr)
    throw_error (error);
  const std::string result = path;
  g_free (path);
  return result;
}

void
ExportRun::process (GstGenAudioExporter * exporter, const ManifestItem & item)
{
  GError *error = nullptr;
  const char *if_exists = "error";

  try {
    if (!item.fault.empty ())
      throw std::runtime_error (item.fault);
    const Source source = Source::of (item.location);
    const std::vector<std::string> files =
        journal_.find_files (item.job_id, source);
    const std::string path = final_path (item.job_id);
    if (!files.empty ()) {
      skip (item, files.front ());
      return;
    }
    if (journal_.has_begun (item.job_id, source))
      if_exists = "skip";       /* entries of a batch that were done */
    else if (fs::exists (path))
      throw std::runtime_error (path + " exists already, made from another "
          "source than " + source.path);
    journal_.record (item.job_id, source, path);

    const Job job = make_job (item, settings_.input_rate);
    gst_genaudio_job_set_if_exists (job.get (), if_exists);
    GPtrArray *jobs = g_ptr_array_new ();
    g_ptr_array_add (jobs, job.get ());
    GPtrArray *results = gst_genaudio_exporter_export_batch (exporter, jobs,
        nullptr, &error);
    g_ptr_array_unref (jobs);
    if (results == nullptr)
      throw_error (error);
    for (guint i = 0; i < results->len; i++) {
      auto *result =
          static_cast<GstGenAudioResult *> (g_ptr_array_index (results, i));
      if (result->status == GST_GENAUDIO_STATUS_PUBLISHED)
        journal_.record (item.job_id, source, result->path);
      report (item, result);
    }
    g_ptr_array_unref (results);
  } catch (const std::exception & e) {
    error = g_error_new (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "%s",
        e.what ());
    fail (item, error);
    g_error_free (error);
  }
}

/* An item that never reached a pipeline. */
void
ExportRun::fail (const ManifestItem & item, const GError * error)
{
  GstGenAudioResult *result = gst_genaudio_result_new ();

  if (!item.job_id.empty ())
    result->job_id = g_strdup (item.job_id.c_str ());
  if (!item.location.empty ())
    result->location = g_strdup (item.location.c_str ());
  gst_genaudio_result_fail (result, error);
  report (item, result);
  gst_genaudio_result_free (result);
}

void
ExportRun::skip (const ManifestItem & item, const std::string & path)
{
  GstGenAudioResult *result = gst_genaudio_result_new ();

  result->status = GST_GENAUDIO_STATUS_SKIPPED;
  result->job_id = g_strdup (item.job_id.c_str ());
  result->location = g_strdup (item.location.c_str ());
  result->path = g_strdup (path.c_str ());
  report (item, result);
  gst_genaudio_result_free (result);
}

void
ExportRun::report (const ManifestItem & item, GstGenAudioResult * result)
{
  std::lock_guard<std::mutex> lock (mutex_);

  switch (result->status) {
    case GST_GENAUDIO_STATUS_FAILED:{
      const char *text =
          result->error != nullptr ? result->error->message : "failed";
      counts_.failed++;
      if (exit_for_error (result->error) == exit_place_failed) {
        counts_.place_failed = true;
        stop_ = true;           /* the others would fail alike */
      }
      progress_.hide ();
      complain ("%s: %s", item.location.empty () ? "manifest"
          : item.location.c_str (), text);
      add_to_failed (item, text);
      break;
    }
    case GST_GENAUDIO_STATUS_SKIPPED:
      counts_.skipped++;
      add_to_index (result);
      break;
    default:
      counts_.done++;
      if (result->tensor != nullptr
          && g_strcmp0 (result->tensor->rate_source, "default") == 0)
        counts_.default_rates++;
      if (result->fragment != nullptr)
        counts_.clipped += result->fragment->clipped_samples;
      add_to_index (result);
      break;
  }
  print (result);
}

void
ExportRun::print (const GstGenAudioResult * result)
{
  if (settings_.json) {
    gchar *text = gst_genaudio_result_to_json (result);
    std::printf ("%s\n", text);
    g_free (text);
  } else if (show_lines_ && result->status == GST_GENAUDIO_STATUS_SKIPPED) {
    std::printf ("%s  skipped, done already\n", result->path);
  } else if (show_lines_ && result->status == GST_GENAUDIO_STATUS_PUBLISHED) {
    std::printf ("%s  %.1f s", result->path,
        GST_CLOCK_TIME_IS_VALID (result->duration)
        ? double (result->duration) / GST_SECOND : 0.);
    const GstGenAudioLoudnessReport *loudness = result->loudness;
    if (loudness != nullptr
        && !std::isnan (loudness->output.integrated_loudness))
      std::printf ("  %.1f LUFS", loudness->output.integrated_loudness);
    else if (loudness != nullptr && loudness->method != nullptr)
      std::printf ("  %s", loudness->method);
    if (loudness != nullptr && !std::isnan (loudness->gain))
      std::printf ("  %+.1f dB", loudness->gain);
    const GstGenAudioAnalysis *analysis = result->analysis;
    if (analysis != nullptr && !std::isnan (analysis->bpm))
      std::printf ("  %.1f BPM", analysis->bpm);
    if (analysis != nullptr && analysis->musical_key != nullptr)
      std::printf ("  %s", analysis->musical_key);
    std::printf ("\n");
  }
  std::fflush (stdout);
}

/* A line of the dataset index: the result, and where the file is below the
 * base folder. */
void
ExportRun::add_to_index (const GstGenAudioResult * result)
{
  if (!index_.is_open () || result->path == nullptr)
    return;
  const std::string name = fs::path (result->path).lexically_relative (
      settings_.base_dir).string ();
  if (!indexed_.insert (name).second)
    return;
  gchar *text = gst_genaudio_result_to_json (result);
  index_ << extend_json (text, {{"file_name", name}}) << std::endl;
  g_free (text);
}

/* A line that can be run again as a manifest. */
void
ExportRun::add_to_failed (const ManifestItem & item, const std::string & error)
{
  if (!failed_.is_open ())
    return;
  JsonObject *object = json_object_new ();
  if (!item.location.empty ())
    json_object_set_string_member (object, "location",
        fs::absolute (item.location).c_str ());
  if (!item.job_id.empty ())
    json_object_set_string_member (object, "job_id", item.job_id.c_str ());
  if (item.rate > 0)
    json_object_set_int_member (object, "sample_rate", item.rate);
  if (!std::isnan (item.target))
    json_object_set_double_member (object, "target_lufs", item.target);
  if (!item.metadata.empty ()) {
    JsonObject *metadata = json_object_new ();
    for (const auto & [name, value] : item.metadata)
      json_object_set_string_member (metadata, name.c_str (), value.c_str ());
    json_object_set_object_member (object, "metadata", metadata);
  }
  json_object_set_string_member (object, "error", error.c_str ());
  JsonNode *node = json_node_init_object (json_node_alloc (), object);
  gchar *text = json_to_string (node, FALSE);
  failed_ << text << std::endl;
  g_free (text);
  json_node_unref (node);
  json_object_unref (object);
}

}
