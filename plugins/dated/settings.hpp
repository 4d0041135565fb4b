/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "cabinet.hpp"
#include "recorder.hpp"

#include <gst/genaudio/genaudio.h>
#include <gst/gst.h>

#include <string>

namespace genaudio::dated {

enum Dither { DITHER_NONE, DITHER_TPDF };
enum KeepScope { KEEP_SCOPE_JOB, KEEP_SCOPE_ALL };
enum Sidecar { SIDECAR_NONE, SIDECAR_JSON };

struct Settings
{
  std::string base_dir;         /* never empty */
  std::string job_id;
  Container format = Container::wav;
  Depth depth = Depth::pcm_16;
  Dither dither = DITHER_NONE;
  double quality = 0.5;
  guint bitrate = 0;
  FileMetadata file_metadata = FileMetadata::standard;
  Gaps gaps = Gaps::silence;
  std::string timezone = "local";
  std::string date;
  std::string location_template;
  GstGenAudioIfExists if_exists = GST_GENAUDIO_IF_EXISTS_ERROR;
  guint64 max_size_time = 0;
  guint64 max_size_bytes = 0;
  std::string rotate = "none";
  Sidecar sidecar = SIDECAR_NONE;
  bool durable = true;
  guint keep_days = 0;
  guint64 keep_bytes = 0;
  guint64 min_free_bytes = 0;
  KeepScope keep_scope = KEEP_SCOPE_JOB;
  bool measure = false;
};

/* The settings of a new element: the environment is looked at. */
Settings default_settings ();

/* Installs a property a setting; ids are 1 to n_settings. */
constexpr guint n_settings = 23;
void install_settings (GObjectClass * object_class);
bool set_setting (Settings & settings, guint id, const GValue * value);
bool get_setting (const Settings & settings, guint id, GValue * value);

/* Everything that can be refused before there is audio. */
bool check_settings (const Settings & settings, GError ** error);

/* What the settings mean for the parts of the sink; of checked ones only. */
AudioSpec spec_of (const Settings & settings);
RecorderSettings recorder_settings_of (const Settings & settings,
    GTimeZone * zone);
CabinetSettings cabinet_settings_of (const Settings & settings);

}
