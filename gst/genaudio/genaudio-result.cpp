/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* An item's full result, collected from the reports of the elements as they
 * come: as messages on a bus, or as item-result events in a pipeline. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-result.h"

#include "genaudio-item.h"
#include "genaudio-tags.h"

#include <cstring>
#include <initializer_list>

namespace {

void
assign (gchar ** member, const gchar * text)
{
  if (text == nullptr || text == *member)
    return;
  g_free (*member);
  *member = g_strdup (text);
}

void
add_extent (GstGenAudioResult * self, guint64 frames, GstClockTime duration)
{
  if (!GST_CLOCK_TIME_IS_VALID (duration))
    return;
  self->frames = frames;
  self->duration = duration;
}

void
add_shape (GstGenAudioResult * self, gint rate, gint channels)
{
  if (rate > 0)
    self->rate = rate;
  if (channels > 0)
    self->channels = channels;
}

/* libsndfile's name of what is in the file; a lossy container says it all. */
gchar *
subtype_name (const GstGenAudioFragment * fragment)
{
  const gchar *format = fragment->format;

  if (g_strcmp0 (format, "ogg") == 0)
    return g_strdup ("VORBIS");
  if (g_strcmp0 (format, "opus") == 0)
    return g_strdup ("OPUS");
  if (g_strcmp0 (format, "mp3") == 0)
    return g_strdup ("MPEG_LAYER_III");
  if (fragment->bit_depth == nullptr)
    return nullptr;
  gchar *name = g_ascii_strup (fragment->bit_depth, -1);
  return g_strdelimit (name, "-", '_');
}

void
add_tensor (GstGenAudioResult * self, GstGenAudioTensor * tensor)
{
  g_clear_pointer (&self->tensor, gst_genaudio_tensor_free);
  self->tensor = tensor;
  assign (&self->location, tensor->location);
  assign (&self->job_id, tensor->job_id);
  add_shape (self, tensor->rate, tensor->channels);
  add_extent (self, tensor->frames, tensor->duration);
}

void
add_loudness (GstGenAudioResult * self, GstGenAudioLoudnessReport * loudness)
{
  g_clear_pointer (&self->loudness, gst_genaudio_loudness_report_free);
  self->loudness = loudness;
  assign (&self->job_id, loudness->job_id);
  add_extent (self, loudness->frames, loudness->duration);
}

void
add_analysis (GstGenAudioResult * self, GstGenAudioAnalysis * analysis)
{
  g_clear_pointer (&self->analysis, gst_genaudio_analysis_free);
  self->analysis = analysis;
  assign (&self->job_id, analysis->job_id);
  add_shape (self, analysis->rate, analysis->channels);
  add_extent (self, analysis->frames, analysis->duration);
}

void
add_opened (GstGenAudioResult * self, GstGenAudioFragment * fragment)
{
  assign (&self->job_id, fragment->job_id);
  assign (&self->start, fragment->start);
  gst_genaudio_fragment_free (fragment);
}

void
add_closed (GstGenAudioResult * self, GstGenAudioFragment * fragment)
{
  g_clear_pointer (&self->fragment, gst_genaudio_fragment_free);
  self->fragment = fragment;
  assign (&self->job_id, fragment->job_id);
  assign (&self->path, fragment->location);
  assign (&self->start, fragment->start);
  assign (&self->format, fragment->format);
  g_free (self->bit_depth);
  self->bit_depth = subtype_name (fragment);
  self->bytes = fragment->bytes;
  add_shape (self, fragment->rate, fragment->channels);
  add_extent (self, fragment->frames, fragment->duration);
  if (fragment->complete && self->status != GST_GENAUDIO_STATUS_FAILED)
    self->status = GST_GENAUDIO_STATUS_PUBLISHED;
}

}

GType
gst_genaudio_status_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    {GST_GENAUDIO_STATUS_NONE, "GST_GENAUDIO_STATUS_NONE", "none"},
    {GST_GENAUDIO_STATUS_PUBLISHED, "GST_GENAUDIO_STATUS_PUBLISHED",
        "published"},
    {GST_GENAUDIO_STATUS_SKIPPED, "GST_GENAUDIO_STATUS_SKIPPED", "skipped"},
    {GST_GENAUDIO_STATUS_FAILED, "GST_GENAUDIO_STATUS_FAILED", "failed"},
    {0, nullptr, nullptr},
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstGenAudioStatus", values));
  return type;
}

G_DEFINE_BOXED_TYPE (GstGenAudioResult, gst_genaudio_result,
    gst_genaudio_result_copy, gst_genaudio_result_free)

/**
 * gst_genaudio_result_new:
 *
 * Returns: (transfer full): a result that knows nothing yet
 */
GstGenAudioResult *
gst_genaudio_result_new (void)
{
  GstGenAudioResult *self = g_new0 (GstGenAudioResult, 1);

  self->duration = GST_CLOCK_TIME_NONE;
  return self;
}

/**
 * gst_genaudio_result_copy:
 * @self: a result
 *
 * Returns: (transfer full): a deep copy
 */
GstGenAudioResult *
gst_genaudio_result_copy (const GstGenAudioResult * self)
{
  g_return_val_if_fail (self != nullptr, nullptr);

  auto *copy =
      static_cast<GstGenAudioResult *> (g_memdup2 (self, sizeof (*self)));
  for (gchar ** text : {&copy->job_id, &copy->path, &copy->location,
          &copy->format, &copy->bit_depth, &copy->start})
    *text = g_strdup (*text);
  if (self->error != nullptr)
    copy->error = g_error_copy (self->error);
  if (self->metadata != nullptr)
    copy->metadata = gst_structure_copy (self->metadata);
  if (self->tensor != nullptr)
    copy->tensor = gst_genaudio_tensor_copy (self->tensor);
  if (self->loudness != nullptr)
    copy->loudness = gst_genaudio_loudness_report_copy (self->loudness);
  if (self->analysis != nullptr)
    copy->analysis = gst_genaudio_analysis_copy (self->analysis);
  if (self->fragment != nullptr)
    copy->fragment = gst_genaudio_fragment_copy (self->fragment);
  return copy;
}

/**
 * gst_genaudio_result_free:
 * @self: (nullable) (transfer full): a result
 */
void
gst_genaudio_result_free (GstGenAudioResult * self)
{
  if (self == nullptr)
    return;
  for (gchar * text : {self->job_id, self->path, self->location, self->format,
          self->bit_depth, self->start})
    g_free (text);
  g_clear_error (&self->error);
  g_clear_pointer (&self->metadata, gst_structure_free);
  gst_genaudio_tensor_free (self->tensor);
  gst_genaudio_loudness_report_free (self->loudness);
  gst_genaudio_analysis_free (self->analysis);
  gst_genaudio_fragment_free (self->fragment);
  g_free (self);
}

/**
 * gst_genaudio_result_add_structure:
 * @self: a result
 * @structure: structure of an element message, or of an item-result event
 *
 * Adds what an element reported of the item. Live updates, which are not of
 * the item as a whole, are left out.
 *
 * Returns: %TRUE if @structure was a report that belongs in a result
 */
gboolean
gst_genaudio_result_add_structure (GstGenAudioResult * self,
    const GstStructure * structure)
{
  g_return_val_if_fail (self != nullptr && structure != nullptr, FALSE);

  const gchar *name = gst_structure_get_name (structure);
  if (strcmp (name, GST_GENAUDIO_MESSAGE_TENSOR) == 0) {
    add_tensor (self, gst_genaudio_tensor_from_structure (structure));
  } else if (strcmp (name, GST_GENAUDIO_MESSAGE_LOUDNESS) == 0) {
    add_loudness (self,
        gst_genaudio_loudness_report_from_structure (structure));
  } else if (strcmp (name, GST_GENAUDIO_MESSAGE_ANALYSIS) == 0) {
    GstGenAudioAnalysis *analysis =
        gst_genaudio_analysis_from_structure (structure);
    if (!analysis->final) {
      gst_genaudio_analysis_free (analysis);
      return FALSE;
    }
    add_analysis (self, analysis);
  } else if (strcmp (name, GST_GENAUDIO_MESSAGE_FRAGMENT_OPENED) == 0) {
    add_opened (self, gst_genaudio_fragment_from_structure (structure));
  } else if (strcmp (name, GST_GENAUDIO_MESSAGE_FRAGMENT_CLOSED) == 0) {
    gboolean skipped = FALSE;
    add_closed (self, gst_genaudio_fragment_from_structure (structure));
    if (gst_structure_get_boolean (structure, "skipped", &skipped) && skipped
        && self->status != GST_GENAUDIO_STATUS_FAILED)
      self->status = GST_GENAUDIO_STATUS_SKIPPED;
  } else {
    return FALSE;
  }
  return TRUE;
}

static gboolean
add_tags (GstGenAudioResult * self, GstMessage * message)
{
  GstTagList *tags = nullptr;
  gchar *text = nullptr;

  gst_message_parse_tag (message, &tags);
  const gboolean found =
      gst_tag_list_get_string (tags, GST_GENAUDIO_TAG_METADATA, &text);
  gst_tag_list_unref (tags);
  if (found) {
    g_clear_pointer (&self->metadata, gst_structure_free);
    self->metadata = gst_genaudio_metadata_parse (text);
  }
  g_free (text);
  return found;
}

/**
 * gst_genaudio_result_add_message:
 * @self: a result
 * @message: any message from a bus
 *
 * As gst_genaudio_result_add_structure() for element messages. A tag message
 * may hold the item's free metadata. An error message makes the result a
 * failed one; the first error is the one that stays, since later ones follow
 * from it.
 *
 * Returns: %TRUE if @message said something of the item
 */
gboolean
gst_genaudio_result_add_message (GstGenAudioResult * self,
    GstMessage * message)
{
  g_return_val_if_fail (self != nullptr && GST_IS_MESSAGE (message), FALSE);

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    GError *error = nullptr;

    gst_message_parse_error (message, &error, nullptr);
    gst_genaudio_result_fail (self, error);
    g_error_free (error);
    return TRUE;
  }
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_TAG)
    return add_tags (self, message);
  return GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT
      && gst_message_get_structure (message) != nullptr
      && gst_genaudio_result_add_structure (self,
      gst_message_get_structure (message));
}

/**
 * gst_genaudio_result_set_metadata:
 * @self: a result
 * @metadata: (nullable): a structure of strings
 *
 * Says what the item's free metadata is.
 */
void
gst_genaudio_result_set_metadata (GstGenAudioResult * self,
    const GstStructure * metadata)
{
  g_return_if_fail (self != nullptr);

  GstStructure *copy =
      metadata != nullptr ? gst_structure_copy (metadata) : nullptr;
  g_clear_pointer (&self->metadata, gst_structure_free);
  self->metadata = copy;
}

/**
 * gst_genaudio_result_fail:
 * @self: a result
 * @error: what went wrong
 *
 * Makes the result a failed one, unless an earlier error did.
 */
void
gst_genaudio_result_fail (GstGenAudioResult * self, const GError * error)
{
  g_return_if_fail (self != nullptr && error != nullptr);

  self->status = GST_GENAUDIO_STATUS_FAILED;
  if (self->error == nullptr)
    self->error = g_error_copy (error);
}
