/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-exporter-collector.hpp"

#include "genaudio-messages.h"
#include "genaudio-tags.h"

namespace genaudio {

/* Messages name the item they are about; or else it is the last one. */
GstGenAudioResult *
Collector::find (const gchar * job_id)
{
  if (many && job_id != nullptr)
    for (const ResultPtr & result : results)
      if (g_strcmp0 (result->job_id, job_id) == 0)
        return result.get ();
  return results.back ().get ();
}

/* The first message of an item is its source's. */
GstGenAudioResult *
Collector::find_or_begin (const GstStructure * structure)
{
  const gchar *job_id = gst_structure_get_string (structure, "job-id");
  GstGenAudioResult *found = find (job_id);

  if (!many || job_id == nullptr || found->job_id == nullptr
      || g_strcmp0 (found->job_id, job_id) == 0
      || !gst_structure_has_name (structure, GST_GENAUDIO_MESSAGE_TENSOR))
    return found;
  results.emplace_back (gst_genaudio_result_new ());
  return results.back ().get ();
}

void
Collector::add (GstMessage * message)
{
  const GstStructure *structure = gst_message_get_structure (message);

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT
      && structure != nullptr) {
    GstGenAudioResult *result = find_or_begin (structure);
    gst_genaudio_result_add_structure (result, structure);
  } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_TAG) {
    GstTagList *tags = nullptr;
    gchar *job_id = nullptr;
    gst_message_parse_tag (message, &tags);
    gst_tag_list_get_string (tags, GST_GENAUDIO_TAG_JOB_ID, &job_id);
    gst_genaudio_result_add_message (find (job_id), message);
    g_free (job_id);
    gst_tag_list_unref (tags);
  } else {
    gst_genaudio_result_add_message (results.back ().get (), message);
  }
}

}
