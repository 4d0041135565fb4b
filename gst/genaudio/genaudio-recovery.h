/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef __GST_GENAUDIO_RECOVERY_H__
#define __GST_GENAUDIO_RECOVERY_H__

#include <gst/genaudio/genaudio-part.h>
#include <gst/genaudio/genaudio-prelude.h>
#include <gst/genaudio/genaudio-store.h>

G_BEGIN_DECLS

/**
 * GstGenAudioRecoverAction:
 * @GST_GENAUDIO_RECOVER_LIST: only look
 * @GST_GENAUDIO_RECOVER_PUBLISH: put headers right and give parts with audio
 *     their final names
 * @GST_GENAUDIO_RECOVER_REMOVE: remove all parts
 *
 * What becomes of the parts that killed or failed writers left.
 */
typedef enum
{
  GST_GENAUDIO_RECOVER_LIST,
  GST_GENAUDIO_RECOVER_PUBLISH,
  GST_GENAUDIO_RECOVER_REMOVE
} GstGenAudioRecoverAction;

#define GST_TYPE_GENAUDIO_RECOVER_ACTION (gst_genaudio_recover_action_get_type ())
GST_GENAUDIO_API
GType gst_genaudio_recover_action_get_type (void);

typedef struct _GstGenAudioFoundPart GstGenAudioFoundPart;

/**
 * GstGenAudioFoundPart:
 * @path: the hidden file
 * @final_path: where it is now, or would be published
 * @size: bytes
 * @mtime: time of modification in microseconds since 1970
 * @container: `wav`, `rf64`, `aiff`, `flac`, `ogg`, `mp3` or `unknown`
 * @frames: samples a channel, 0 where only decoding would tell
 * @busy: somebody is writing it: nothing is done
 * @has_audio: there is something to publish
 * @damaged: its header or end was not right; publishing repairs it
 * @done: it was published or removed
 * @error: (nullable): why it could not be
 *
 * A part that recovery met.
 */
struct _GstGenAudioFoundPart
{
  const gchar *path;
  const gchar *final_path;
  guint64 size;
  gint64 mtime;
  const gchar *container;
  guint64 frames;
  gboolean busy;
  gboolean has_audio;
  gboolean damaged;
  gboolean done;
  const GError *error;

  /*< private >*/
  gpointer _gst_reserved[4];
};

/**
 * GstGenAudioRecoverFunc:
 * @part: a part
 * @user_data: as given
 */
typedef void (*GstGenAudioRecoverFunc) (const GstGenAudioFoundPart * part,
                                        gpointer user_data);

GST_GENAUDIO_API
gboolean gst_genaudio_store_recover (GstGenAudioStore * store,
                                     GstGenAudioRecoverAction action,
                                     GstGenAudioIfExists if_exists,
                                     guint min_age,
                                     GstGenAudioRecoverFunc func,
                                     gpointer user_data,
                                     GError ** error);

G_END_DECLS

#endif /* __GST_GENAUDIO_RECOVERY_H__ */
