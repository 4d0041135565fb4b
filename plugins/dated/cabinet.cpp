/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Where recordings go: names, parts and publication are the store's; this
 * decides which name a file asks for and tells the application about it. */

#include "cabinet.hpp"

#include <cerrno>
#include <cmath>
#include <utility>

namespace genaudio::dated {

namespace {

class StorePart : public Part
{
public:
  StorePart (StoreCabinet & cabinet, GstGenAudioPart * part)
      : cabinet (cabinet), part (part) {}

  ~StorePart () override
  {
    if (part != nullptr)
      g_free (gst_genaudio_part_keep (part));
  }

  int fd () override { return gst_genaudio_part_get_fd (part); }

  std::string final_path () override
  {
    return gst_genaudio_part_get_final_path (part);
  }

  void publish (Fragment & fragment) override
  {
    cabinet.publish (part, fragment);
    part = nullptr;
  }

  std::string keep () override
  {
    gchar *path = gst_genaudio_part_keep (std::exchange (part, nullptr));
    std::string kept = path;
    g_free (path);
    return kept;
  }

  void discard () override
  {
    gst_genaudio_part_discard (std::exchange (part, nullptr));
  }

private:
  StoreCabinet & cabinet;
  GstGenAudioPart *part;
};

/* A file cut by the clock says when it begins, a further file under one job
 * id which it is. */
std::string
suffix_for (const Fragment & fragment, GDateTime * start)
{
  if (fragment.rotated) {
    gchar *text = gst_genaudio_filing_time_suffix (start);
    std::string suffix = text;
    g_free (text);
    return suffix;
  }
  if (fragment.index == 0)
    return {};
  gchar *text = g_strdup_printf ("-%04u", fragment.index + 1);
  std::string suffix = text;
  g_free (text);
  return suffix;
}

}

StoreError::StoreError (GError * error)
    : FileError (0, error->message),
      resource_code (error->domain == GST_RESOURCE_ERROR ? error->code
          : GST_RESOURCE_ERROR_FAILED)
{
  g_error_free (error);
}

StoreCabinet::StoreCabinet (GstElement * element, GstGenAudioStore * store,
    const CabinetSettings & settings, Ledger & ledger)
    : element (element), store (GST_GENAUDIO_STORE (g_object_ref (store))),
      settings (settings), ledger (ledger)
{
}

StoreCabinet::~StoreCabinet ()
{
  clear_item ();
  g_object_unref (store);
}

std::int64_t
StoreCabinet::now ()
{
  return g_get_real_time ();
}

GDateTime *
StoreCabinet::start_of (const Fragment & fragment) const
{
  GDateTime *utc = g_date_time_new_from_unix_utc (fragment.wall / 1000000);
  GDateTime *exact = g_date_time_add (utc, fragment.wall % 1000000);
  GDateTime *local = g_date_time_to_timezone (exact,
      gst_genaudio_store_get_timezone (store));

  g_date_time_unref (exact);
  g_date_time_unref (utc);
  return local;
}

/* Refuses a name that is taken now rather than after the recording; a file
 * of a rotation takes another name instead, whatever if-exists says: after a
 * step of the clock it would otherwise cost a recording. */
std::unique_ptr<Part>
StoreCabinet::create (const Fragment & fragment)
{
  GError *error = nullptr;
  GDateTime *start = start_of (fragment);
  gchar *path = gst_genaudio_filing_expand (settings.location_template.c_str (),
      fragment.job_id.c_str (), suffix_for (fragment, start).c_str (),
      format_info (fragment.spec.container).extension, start, &error);

  g_date_time_unref (start);
  GstGenAudioPart *part = path != nullptr
      ? gst_genaudio_store_create_part (store, path, &error) : nullptr;
  g_free (path);
  if (part == nullptr)
    throw StoreError (error);
  if (settings.if_exists == GST_GENAUDIO_IF_EXISTS_ERROR && !fragment.rotated
      && gst_genaudio_part_is_taken (part)) {
    gst_genaudio_set_errno_error (&error, EEXIST,
        GST_RESOURCE_ERROR_OPEN_WRITE, "Could not create %s",
        gst_genaudio_part_get_final_path (part));
    gst_genaudio_part_discard (part);
    throw StoreError (error);
  }
  return std::make_unique<StorePart> (*this, part);
}

void
StoreCabinet::publish (GstGenAudioPart * part, Fragment & fragment)
{
  GError *error = nullptr;
  gchar *path = nullptr;
  gboolean skipped = FALSE;
  GstGenAudioIfExists if_exists = settings.if_exists;
  std::string sidecar;

  if (fragment.rotated)
    if_exists = GST_GENAUDIO_IF_EXISTS_SUFFIX;
  if (settings.sidecar)
    sidecar = sidecar_text (fragment);
  if (!gst_genaudio_part_publish (part, if_exists, settings.durable,
          settings.sidecar ? sidecar.c_str () : nullptr, &path, &skipped,
          &error))
    throw StoreError (error);
  fragment.location = path;
  fragment.skipped = skipped;
  g_free (path);
}

GstStructure *
StoreCabinet::describe (const Fragment & fragment, const char *name) const
{
  const FormatInfo & format = format_info (fragment.spec.container);
  GDateTime *start = start_of (fragment);
  GstGenAudioFragment *message = gst_genaudio_fragment_new ();

  message->location = g_strdup (fragment.location.c_str ());
  message->job_id = g_strdup (fragment.job_id.c_str ());
  message->fragment_id = fragment.id;
  message->running_time = fragment.running_time;
  /* with minutes in the offset and no Z, which not every reader takes */
  message->start = g_date_time_format (start, "%FT%T.%f%:z");
  message->frames = fragment.frames;
  message->bytes = fragment.bytes;
  message->duration = fragment.duration;
  message->rate = fragment.spec.rate;
  message->channels = fragment.spec.channels;
  message->format = g_strdup (format.nick);
  if (!format.lossy)
    message->bit_depth = g_strdup (depth_nick (fragment.spec.depth));
  message->clipped_samples = fragment.clipped;
  message->gaps = fragment.gaps;
  message->complete = fragment.complete;
  GstStructure *s = gst_genaudio_fragment_to_structure (message, name);
  gst_genaudio_fragment_free (message);
  g_date_time_unref (start);
  return s;
}

/* What the recorder's own meter says, in the form of a normaliser that only
 * measured. */
GstStructure *
StoreCabinet::measurement (const Fragment & fragment) const
{
  const double unknown = std::nan ("");
  const Tags & measured = *fragment.measured;
  GstGenAudioLoudnessReport *report = gst_genaudio_loudness_report_new ();

  report->job_id = g_strdup (fragment.job_id.c_str ());
  report->method = g_strdup (measured.integrated ? "measured" : "silent");
  report->output.integrated_loudness = measured.integrated.value_or (unknown);
  report->output.loudness_range = measured.range.value_or (unknown);
  report->output.max_true_peak = measured.true_peak.value_or (unknown);
  report->output.max_momentary_loudness =
      measured.max_momentary.value_or (unknown);
  report->output.max_shortterm_loudness =
      measured.max_shortterm.value_or (unknown);
  report->frames = fragment.frames;
  report->duration = fragment.duration;
  GstStructure *s = gst_genaudio_loudness_report_to_structure (report);
  gst_genaudio_loudness_report_free (report);
  return s;
}

/* The results are of the item as a whole: the file that it ends in has
 * them. */
std::string
StoreCabinet::sidecar_text (const Fragment & fragment) const
{
  GstGenAudioResult *result = gst_genaudio_result_new ();
  GstStructure *s = describe (fragment, GST_GENAUDIO_MESSAGE_FRAGMENT_CLOSED);

  gst_structure_set (s, "complete", G_TYPE_BOOLEAN, TRUE, nullptr);
  for (const GstStructure * known : results)
    gst_genaudio_result_add_structure (result, known);
  if (fragment.measured) {
    GstStructure *measured = measurement (fragment);
    gst_genaudio_result_add_structure (result, measured);
    gst_structure_free (measured);
  }
  gst_genaudio_result_add_structure (result, s);
  if (metadata != nullptr)
    gst_genaudio_result_set_metadata (result, metadata);
  gchar *text = gst_genaudio_result_to_json (result);
  std::string json = text;
  g_free (text);
  gst_structure_free (s);
  gst_genaudio_result_free (result);
  return json + "\n";
}

void
StoreCabinet::opened (const Fragment & fragment)
{
  gst_element_post_message (element, gst_message_new_element (
          GST_OBJECT (element), describe (fragment,
              GST_GENAUDIO_MESSAGE_FRAGMENT_OPENED)));
}

void
StoreCabinet::closed (const Fragment & fragment)
{
  GstStructure *s = describe (fragment, GST_GENAUDIO_MESSAGE_FRAGMENT_CLOSED);

  for (const GstStructure * result : results)
    gst_structure_set (s, gst_structure_get_name (result), GST_TYPE_STRUCTURE,
        result, nullptr);
  if (fragment.measured) {
    GstStructure *measured = measurement (fragment);
    gst_structure_set (s, "measured", GST_TYPE_STRUCTURE, measured, nullptr);
    gst_structure_free (measured);
  }
  if (fragment.skipped)
    gst_structure_set (s, "skipped", G_TYPE_BOOLEAN, TRUE, nullptr);
  {
    std::lock_guard<std::mutex> lock (ledger.mutex);
    RecordingStats & stats = ledger.stats;
    ledger.open_frames = 0;
    if (fragment.complete) {
      ledger.location = fragment.location;
      stats.files += fragment.skipped ? 0 : 1;
      stats.frames += fragment.frames;
      stats.bytes += fragment.bytes;
    } else if (g_file_test (fragment.location.c_str (), G_FILE_TEST_EXISTS)) {
      ledger.kept = fragment.location;
    }
    stats.clipped += fragment.clipped;
    stats.gaps += fragment.gaps;
  }
  gst_element_post_message (element,
      gst_message_new_element (GST_OBJECT (element), s));
  if (fragment.complete)
    g_object_notify (G_OBJECT (element), "location");
  if (fragment.complete && fragment.rotated)
    retain (fragment.job_id);
}

/* What cannot be cleared away is no reason to stop recording. */
void
StoreCabinet::retain (const std::string & job_id)
{
  GstGenAudioRetention retention = {};
  guint64 n_files = 0, n_bytes = 0;
  GError *error = nullptr;

  retention.keep_days = settings.keep_days;
  retention.keep_bytes = settings.keep_bytes;
  retention.min_free_bytes = settings.min_free_bytes;
  retention.job_id = settings.keep_scope_all ? nullptr : job_id.c_str ();
  if (retention.keep_days == 0 && retention.keep_bytes == 0
      && retention.min_free_bytes == 0)
    return;
  if (!gst_genaudio_store_apply_retention (store, &retention, nullptr,
          &n_files, &n_bytes, &error)) {
    GST_ELEMENT_WARNING (element, RESOURCE, WRITE,
        ("Could not clear old files away: %s", error->message), (nullptr));
    g_error_free (error);
  }
  std::lock_guard<std::mutex> lock (ledger.mutex);
  ledger.stats.removed_files += n_files;
  ledger.stats.removed_bytes += n_bytes;
}

void
StoreCabinet::add_result (GstStructure * result)
{
  results.push_back (result);
}

void
StoreCabinet::set_metadata (GstStructure * next)
{
  g_clear_pointer (&metadata, gst_structure_free);
  metadata = next;
}

void
StoreCabinet::clear_item ()
{
  for (GstStructure * result : results)
    gst_structure_free (result);
  results.clear ();
  set_metadata (nullptr);
  std::lock_guard<std::mutex> lock (ledger.mutex);
  ledger.kept.clear ();
}

}
