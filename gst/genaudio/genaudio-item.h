/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef __GST_GENAUDIO_ITEM_H__
#define __GST_GENAUDIO_ITEM_H__

#include <gst/genaudio/genaudio-prelude.h>

G_BEGIN_DECLS

/**
 * GST_GENAUDIO_EVENT_ITEM_RESULT:
 *
 * Name of the serialised, non-sticky event that carries an element's item
 * message downstream, before the event that ends the item.
 */
#define GST_GENAUDIO_EVENT_ITEM_RESULT "genaudio-item-result"
/**
 * GST_GENAUDIO_EVENT_ITEM_ABORT:
 *
 * Name of the serialised, non-sticky event that says that the current item
 * failed and must not be published.
 */
#define GST_GENAUDIO_EVENT_ITEM_ABORT "genaudio-item-abort"

GST_GENAUDIO_API
GstEvent * gst_genaudio_event_new_item_result (const GstStructure * result);

GST_GENAUDIO_API
gboolean gst_genaudio_event_parse_item_result (GstEvent * event,
                                               const GstStructure ** result);

GST_GENAUDIO_API
GstEvent * gst_genaudio_event_new_item_abort (const gchar * job_id,
                                              const gchar * reason);

GST_GENAUDIO_API
gboolean gst_genaudio_event_parse_item_abort (GstEvent * event,
                                              const gchar ** job_id,
                                              const gchar ** reason);

GST_GENAUDIO_API
gboolean gst_genaudio_job_id_validate (const gchar * job_id, GError ** error);

GST_GENAUDIO_API
gchar * gst_genaudio_job_id_generate (void);

GST_GENAUDIO_API
gchar * gst_genaudio_metadata_serialize (const GstStructure * metadata);

GST_GENAUDIO_API
GstStructure * gst_genaudio_metadata_parse (const gchar * text);

typedef struct _GstGenAudioItem GstGenAudioItem;

/**
 * GstGenAudioItem:
 * @stream_id: (nullable): stream-id of the item's STREAM_START
 * @job_id: (nullable): its job id
 * @metadata: (nullable): its free metadata, a structure of strings
 *
 * Who the item passing through an element is, learnt from the events before
 * its first buffer. Zero-filled memory is a valid empty one; not thread-safe:
 * belongs to the streaming thread.
 */
struct _GstGenAudioItem
{
  gchar *stream_id;
  gchar *job_id;
  GstStructure *metadata;
};

GST_GENAUDIO_API
void gst_genaudio_item_handle_event (GstGenAudioItem * item, GstEvent * event);

GST_GENAUDIO_API
const gchar * gst_genaudio_item_get_job_id (const GstGenAudioItem * item);

GST_GENAUDIO_API
void gst_genaudio_item_clear (GstGenAudioItem * item);

G_END_DECLS

#endif /* __GST_GENAUDIO_ITEM_H__ */
