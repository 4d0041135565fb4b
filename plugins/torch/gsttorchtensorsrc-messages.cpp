/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What torchtensorsrc says: errors, element messages and tags. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttorchtensorsrc-private.hpp"

#include <gst/genaudio/genaudio.h>

#include <exception>
#include <string>
#include <utility>

using genaudio::cat;
using genaudio::Error;
using genaudio::Fault;
using genaudio::ItemInfo;

namespace gst_torch_tensor_src {

static void
fault_to_code (Fault fault, GQuark * domain, gint * code)
{
  *domain = GST_STREAM_ERROR;
  switch (fault) {
    case Fault::decode:
      *code = GST_STREAM_ERROR_DECODE;
      return;
    case Fault::format:
      *code = GST_STREAM_ERROR_FORMAT;
      return;
    case Fault::wrong_type:
      *code = GST_STREAM_ERROR_WRONG_TYPE;
      return;
    case Fault::model:
      *code = GST_STREAM_ERROR_FAILED;
      return;
    case Fault::library:
      *domain = GST_LIBRARY_ERROR;
      *code = GST_LIBRARY_ERROR_INIT;
      return;
    default:
      break;
  }
  *domain = GST_RESOURCE_ERROR;
  switch (fault) {
    case Fault::not_found:
      *code = GST_RESOURCE_ERROR_NOT_FOUND;
      return;
    case Fault::open_read:
      *code = GST_RESOURCE_ERROR_OPEN_READ;
      return;
    case Fault::read:
      *code = GST_RESOURCE_ERROR_READ;
      return;
    default:
      *code = GST_RESOURCE_ERROR_SETTINGS;
      return;
  }
}

/* Names of files may have any bytes; events and messages take UTF-8 only. */
gchar *
valid_text (const std::string & text)
{
  return g_utf8_make_valid (text.data (), static_cast<gssize> (text.size ()));
}

static void
set_text (GstStructure * structure, const char *field,
    const std::string & text)
{
  GValue value = G_VALUE_INIT;

  if (text.empty ())
    return;
  g_value_init (&value, G_TYPE_STRING);
  g_value_take_string (&value, valid_text (text));
  gst_structure_take_value (structure, field, &value);
}

/* Posts an ERROR or a WARNING about the item in hand. */
void
post_fault (GstTorchTensorSrc * self, GstMessageType type, const Error & error)
{
  const ItemInfo & item = self->priv->state.item;
  GQuark domain;
  gint code;
  GstStructure *details = gst_structure_new_empty ("details");

  fault_to_code (error.fault (), &domain, &code);
  set_text (details, "location", item.location);
  set_text (details, "job-id", item.job_id);
  gst_element_message_full_with_details (GST_ELEMENT (self), type, domain,
      code, valid_text (error.what ()), nullptr, __FILE__, GST_FUNCTION,
      __LINE__, details);
}

/* What was thrown, as an Error: what is not one is a want of memory. */
Error
current_error ()
{
  try {
    throw;
  } catch (const Error & error) {
    return error;
  } catch (const std::exception & error) {
    return Error (Fault::read, cat ("Could not go on: ", error.what ()));
  }
}

GstStructure *
make_message (const State & state)
{
  const ItemInfo & item = state.item;
  const auto text = [] (const std::string & string) {
    return string.empty () ? nullptr : valid_text (string);
  };
  GstGenAudioTensor *tensor = gst_genaudio_tensor_new ();

  tensor->location = text (item.location);
  tensor->tensor = text (item.tensor);
  tensor->dtype = text (item.dtype);
  tensor->shape = text (item.shape);
  tensor->rate = item.rate;
  tensor->rate_source = g_strdup (rate_source_name (item.rate_source));
  tensor->channels = static_cast<gint> (item.channels);
  tensor->frames = item.frames.value_or (0);
  tensor->duration =
      item.frames ? frames_to_time (state, *item.frames) : GST_CLOCK_TIME_NONE;
  tensor->job_id = text (item.job_id);
  tensor->over_range = state.items->over_range ();
  GstStructure *structure = gst_genaudio_tensor_to_structure (tensor);
  gst_genaudio_tensor_free (tensor);
  return structure;
}

GstEvent *
make_tags (const ItemInfo & item)
{
  static const std::pair<const char *, const char *> standard[] = {
    {"title", GST_TAG_TITLE}, {"artist", GST_TAG_ARTIST},
    {"comment", GST_TAG_COMMENT},
  };
  GstTagList *tags = gst_tag_list_new (GST_GENAUDIO_TAG_JOB_ID,
      item.job_id.c_str (), nullptr);
  GstStructure *metadata = gst_structure_new_empty ("metadata");

  gst_tag_list_set_scope (tags, GST_TAG_SCOPE_STREAM);
  for (const auto & [key, value] : item.metadata) {
    gchar *name = valid_text (key);
    gchar *text = valid_text (value);
    gst_structure_set (metadata, name, G_TYPE_STRING, text, nullptr);
    for (const auto & [known, tag] : standard) {
      if (g_str_equal (name, known) && *text != '\0')
        gst_tag_list_add (tags, GST_TAG_MERGE_REPLACE, tag, text, nullptr);
    }
    g_free (text);
    g_free (name);
  }
  if (!item.metadata.empty ()) {
    gchar *text = gst_genaudio_metadata_serialize (metadata);
    gst_tag_list_add (tags, GST_TAG_MERGE_REPLACE, GST_GENAUDIO_TAG_METADATA,
        text, nullptr);
    g_free (text);
  }
  gst_structure_free (metadata);
  return gst_event_new_tag (tags);
}

}
