/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What a job says of its item joins what the source found in the file: in the
 * TAG event that names the item, so that elements downstream see one. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-exporter-metadata.hpp"

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

/* (transfer full): what the tags say, and what the job says */
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

}

gulong
add_metadata_probe (GstPad * pad, const GstStructure * metadata)
{
  return gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_event,
      gst_structure_copy (metadata), free_metadata);
}

}
