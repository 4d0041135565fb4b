/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

/* What the files of the element share: its settings and its state. */

#include "gsttorchtensorsrc.h"
#include "error.hpp"
#include "fileitems.hpp"
#include "itemsource.hpp"
#include "modelitems.hpp"
#include "pushitems.hpp"

#include <gst/audio/audio.h>

#include <memory>
#include <string>
#include <vector>

namespace gst_torch_tensor_src {

enum class OnError { stop, skip };

struct Settings
{
  genaudio::FileSettings file;
  genaudio::ModelSettings model;
  genaudio::PushSettings push;
  GstStructure *model_args = nullptr;
  OnError on_error = OnError::stop;
};

/* What other threads ask about the item in hand. */
struct Shared
{
  GstAudioInfo info;
  guint64 frames = GST_CLOCK_TIME_NONE; /* NONE: unknown */
  bool seekable = false;
};

/* An item that failed before it was announced. */
struct Failure
{
  std::string job_id, reason;
};

struct State
{
  std::shared_ptr<genaudio::ItemSource> items;
  Settings settings;

  /* the item in hand */
  genaudio::ItemInfo item;
  GstAudioInfo info;
  bool open = false;
  bool announced = false;
  bool finished = false;        /* its end was reported */
  bool retag = false;           /* a seek may have dropped its tags */
  bool discont = false;
  bool reverse = false;
  guint64 first = 0, stop = 0;  /* frames of it that the segment has */
  guint64 position = 0;         /* frame the next block begins (reverse: ends) with */

  /* the run */
  bool started = false;         /* the STREAM_START of GstBaseSrc is used up */
  bool rate_warned = false;
  guint n_items = 0;
  GstClockTime base = 0;        /* running time at which the item begins */
  std::vector<Failure> failures;        /* of items that failed before streaming */
};

struct Private
{
  Settings settings;
  Shared shared;
  std::shared_ptr<genaudio::PushItems> push;    /* object lock */
  State state;

  ~Private ()
  {
    if (settings.model_args != nullptr)
      gst_structure_free (settings.model_args);
  }
};

/* -- messages */

/* Names of files may have any bytes; events and messages take UTF-8 only.
 * (transfer full) */
gchar *valid_text (const std::string & text);
/* Posts an ERROR or a WARNING about the item in hand. */
void post_fault (GstTorchTensorSrc * self, GstMessageType type,
    const genaudio::Error & error);
/* What was thrown, as an Error. */
genaudio::Error current_error ();
GstStructure *make_message (const State & state);
GstEvent *make_tags (const genaudio::ItemInfo & item);

/* -- the item in hand */

inline GstClockTime
frames_to_time (const State & state, guint64 frames)
{
  return gst_util_uint64_scale (frames, GST_SECOND,
      GST_AUDIO_INFO_RATE (&state.info));
}

/* Tells other threads of it. */
void share (GstTorchTensorSrc * self);
/* Makes the next item the one in hand. Throws what is wrong with it. */
genaudio::ItemSource::Status open_next (GstTorchTensorSrc * self);
void push_stream_start (GstTorchTensorSrc * self, const std::string & job_id);
void push_abort (GstTorchTensorSrc * self, const std::string & job_id,
    const std::string & reason);
void queue_event (GstTorchTensorSrc * self, GstEvent * event);
/* Sends what an item begins with; false if its caps are refused. */
gboolean announce (GstTorchTensorSrc * self);
/* Everything of the item has been pushed. */
void report_end (GstTorchTensorSrc * self);

/* -- where items come from */

/* Finds the items and opens the first. */
gboolean open_items (GstTorchTensorSrc * self);
void close_items (GstTorchTensorSrc * self);
/* What the application pushes, where that is what is played. */
std::shared_ptr<genaudio::PushItems> get_push (GstTorchTensorSrc * self);
std::shared_ptr<genaudio::PushItems> make_push (GstTorchTensorSrc * self,
    const Settings & settings);
void install_signals (GType type);

}

struct _GstTorchTensorSrc
{
  GstPushSrc parent;

  gst_torch_tensor_src::Private *priv;
};

GST_DEBUG_CATEGORY_EXTERN (gst_torch_tensor_src_debug);

void gst_torch_tensor_src_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec);
void gst_torch_tensor_src_get_property (GObject * object, guint id,
    GValue * value, GParamSpec * pspec);
void gst_torch_tensor_src_install_properties (GObjectClass * klass);
/* What properties are before they are set. */
void gst_torch_tensor_src_init_settings (
    gst_torch_tensor_src::Settings & settings);
