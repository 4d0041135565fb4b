/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-exporter-probes.hpp"

#include "genaudio-item.h"
#include "genaudio-tags.h"

#include <utility>

namespace genaudio {

namespace {

/* Metadata that has a tag every element knows */
const std::pair<const char *, const char *> standard_tags[] = {
  {"title", GST_TAG_TITLE}, {"artist", GST_TAG_ARTIST},
  {"comment", GST_TAG_COMMENT},
};

gboolean
copy_field (GQuark name, const GValue * value, gpointer to)
{
  gst_structure_id_set_value (static_cast<GstStructure *> (to), name, value);
  return TRUE;
}

/* What a job says of its item joins what the source found in the file: in the
 * TAG event that names the item, so that elements downstream see one.
 * (transfer full) */
GstStructure *
merge (const GstTagList * tags, const GstStructure * metadata)
{
  GstStructure *merged = nullptr;
  gchar *text = nullptr;

  if (gst_tag_list_get_string (tags, GST_GENAUDIO_TAG_METADATA, &text))
    merged = gst_genaudio_metadata_parse (text);
  g_free (text);
  if (merged == nullptr)
    return gst_structure_copy (metadata);
  gst_structure_foreach (metadata, copy_field, merged);
  return merged;
}

GstEvent *
with_metadata (GstEvent * event, const GstStructure * metadata)
{
  GstTagList *tags = nullptr;

  gst_event_parse_tag (event, &tags);
  tags = gst_tag_list_copy (tags);
  GstStructure *merged = merge (tags, metadata);
  gchar *text = gst_genaudio_metadata_serialize (merged);
  gst_structure_free (merged);
  gst_tag_list_add (tags, GST_TAG_MERGE_REPLACE, GST_GENAUDIO_TAG_METADATA,
      text, nullptr);
  g_free (text);
  for (const auto & [name, tag] : standard_tags) {
    const gchar *value = gst_structure_get_string (metadata, name);
    if (value != nullptr && *value != '\0')
      gst_tag_list_add (tags, GST_TAG_MERGE_REPLACE, tag, value, nullptr);
  }
  GstEvent *added = gst_event_new_tag (tags);
  gst_event_set_seqnum (added, gst_event_get_seqnum (event));
  return added;
}

bool
names_item (GstEvent * event)
{
  GstTagList *tags = nullptr;

  if (GST_EVENT_TYPE (event) != GST_EVENT_TAG)
    return false;
  gst_event_parse_tag (event, &tags);
  return gst_tag_list_get_tag_size (tags, GST_GENAUDIO_TAG_JOB_ID) > 0;
}

GstPadProbeReturn
on_event (GstPad *, GstPadProbeInfo * info, gpointer metadata)
{
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);

  if (names_item (event)) {
    GST_PAD_PROBE_INFO_DATA (info) =
        with_metadata (event, static_cast<GstStructure *> (metadata));
    gst_event_unref (event);
  }
  return GST_PAD_PROBE_OK;
}

void
free_metadata (gpointer metadata)
{
  gst_structure_free (static_cast<GstStructure *> (metadata));
}

/* The abort takes the place of the event that would end the first item; what
 * the source still sends before it is stopped is of the aborted item then. */
GstPadProbeReturn
on_stream_start (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  static const char reason[] = "The tensor file holds several items, which "
      "cannot all become one file: give no path, and each is filed by itself";
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
  auto & items = *static_cast<guint *> (data);

  if (GST_EVENT_TYPE (event) != GST_EVENT_STREAM_START || ++items == 1)
    return GST_PAD_PROBE_OK;
  if (items > 2)
    return GST_PAD_PROBE_DROP;
  gst_event_unref (event);
  GST_PAD_PROBE_INFO_DATA (info) =
      gst_genaudio_event_new_item_abort (nullptr, reason);
  GstElement *source = gst_pad_get_parent_element (pad);
  GST_ELEMENT_ERROR (source, LIBRARY, SETTINGS, ("%s", reason), (nullptr));
  gst_object_unref (source);
  return GST_PAD_PROBE_OK;
}

}

gulong
add_metadata_probe (GstPad * pad, const GstStructure * metadata)
{
  return gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_event,
      gst_structure_copy (metadata), free_metadata);
}

gulong
add_single_item_probe (GstPad * pad)
{
  return gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      on_stream_start, g_new0 (guint, 1), g_free);
}

}
