/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef __GST_GENAUDIO_FILING_H__
#define __GST_GENAUDIO_FILING_H__

#include <gst/genaudio/genaudio-prelude.h>

G_BEGIN_DECLS

/**
 * GST_GENAUDIO_FILING_TEMPLATE:
 *
 * The layout of a store: a folder a year, a month and a day.
 */
#define GST_GENAUDIO_FILING_TEMPLATE "{year}/{month}/{day}/{job}{suffix}"

/**
 * GST_GENAUDIO_SIDECAR_EXTENSION:
 *
 * What a sidecar's name adds to the whole name of its file, so that
 * `a.wav` and `a.flac` have one each: `a.wav.json`, `a.flac.json`.
 */
#define GST_GENAUDIO_SIDECAR_EXTENSION ".json"

/**
 * GST_GENAUDIO_JOURNAL_FOLDER:
 *
 * Folder below the base of a store in which programs note what they exported.
 * It is no part of the store: never listed, counted or cleaned.
 */
#define GST_GENAUDIO_JOURNAL_FOLDER ".genaudio"

typedef struct _GstGenAudioFiledName GstGenAudioFiledName;

/**
 * GstGenAudioFiledName:
 * @year: year of the filing date
 * @month: month of the filing date
 * @day: day of the filing date
 * @name: the file's name, without folders
 * @stem_length: bytes of @name before the extension and its dot
 * @extension: the extension within @name, without its dot
 *
 * What a path of the default layout says. The strings point into the path.
 */
struct _GstGenAudioFiledName
{
  gint year;
  gint month;
  gint day;
  const gchar *name;
  gsize stem_length;
  const gchar *extension;
};

GST_GENAUDIO_API
GTimeZone * gst_genaudio_filing_timezone_new (const gchar * name,
                                              GError ** error);

GST_GENAUDIO_API
GDateTime * gst_genaudio_filing_parse_date (const gchar * text,
                                            GTimeZone * zone,
                                            GError ** error);

GST_GENAUDIO_API
gchar * gst_genaudio_filing_time_suffix (GDateTime * start);

GST_GENAUDIO_API
gboolean gst_genaudio_filing_check_template (const gchar * location_template,
                                             GError ** error);

GST_GENAUDIO_API
gboolean gst_genaudio_filing_template_is_dated (const gchar * location_template);

GST_GENAUDIO_API
gchar * gst_genaudio_filing_expand (const gchar * location_template,
                                    const gchar * job_id,
                                    const gchar * suffix,
                                    const gchar * extension,
                                    GDateTime * date,
                                    GError ** error);

GST_GENAUDIO_API
gboolean gst_genaudio_filing_parse (const gchar * path,
                                    GstGenAudioFiledName * filed);

GST_GENAUDIO_API
gboolean gst_genaudio_filing_name_is_of_job (const gchar * name,
                                             const gchar * job_id);

G_END_DECLS

#endif /* __GST_GENAUDIO_FILING_H__ */
