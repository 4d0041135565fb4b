/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

/* What the files of the element share: its settings and its state.
 *
 * Threads. The streaming thread feeds the analysis; the worker (live, with
 * `background`) estimates from copies; an application may ask for the state.
 * Locks, in this order: stream lock, State::lock, object lock. Nothing is
 * posted, pushed or notified with either of the last two held. */

#include "gstbpmanalyzer.h"

#include "analysis.hpp"
#include "gstbpmreport.hpp"
#include "tracker.hpp"
#include "worker.hpp"

#include <gst/audio/audio.h>
#include <gst/genaudio/genaudio.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace gst_bpm_analyzer {

namespace bpm = genaudio::bpm;

using bpm::Findings;
using bpm::Report;
using bpm::Structure;

struct Settings
{
  bool tempo = true;
  bool key = false;
  bool statistics = true;
  bool beats = false;
  double min_bpm = 40;
  double max_bpm = 220;
  GstClockTime interval = GST_SECOND;
  GstClockTime analysis_limit = GST_CLOCK_TIME_NONE;
  bool background = true;
};

/* What the worker estimates from; kept so that copying allocates nothing. */
struct Copies
{
  std::optional<bpm::TempoEstimator> tempo;
  std::optional<bpm::KeyEstimator> key;
  std::optional<bpm::BeatHistory> beats;
};

struct State
{
  Settings settings;            /* object lock */
  Report last;                  /* object lock: the last one posted... */
  Structure last_structure;     /* ...and its message */

  /* streaming thread */
  GstGenAudioItem item = { };
  GstTagList *tags = nullptr;   /* of the item, stream scope, from upstream */
  GstAudioInfo info;
  bool have_info = false;
  bool aborted = false;         /* report nothing until the next item */
  bool reported = false;        /* nothing came since the last report */
  bool live = false;
  GstClockTime next_pts = GST_CLOCK_TIME_NONE;
  GstClockTime last_update = 0; /* in frames' time since the item began */
  std::unique_ptr<bpm::Worker> worker;

  std::mutex lock;
  /* from here on with the lock held */
  std::unique_ptr<bpm::Analysis> analysis;      /* of the item under way */
  GstClockTime end_pts = GST_CLOCK_TIME_NONE;   /* of what was analysed */
  std::string job_id, stream_id;
  bpm::Tempo tempo;             /* published */
  bpm::Key key;

  /* of whichever thread updates: the worker, or the streaming thread while
   * the worker is settled */
  bpm::LiveTracker tracker;
  Copies copies;
  std::uint64_t tracked_frames = 0;
};

/* -- what is found */

Settings copy_settings (GstBpmAnalyzer * self);
/* With the lock held: all but tempo, key and beats. */
Findings collect (GstBpmAnalyzer * self);
/* Posts @findings, makes them what the properties say, and returns the
 * message's structure. */
Structure publish (GstBpmAnalyzer * self, const Findings & findings);

/* -- live updates */

/* With the lock held: what the tracker needs, and the seconds since it last
 * looked. */
double take_copies (State * state);
/* Follows what take_copies() took. */
void track (GstBpmAnalyzer * self, double elapsed);
void update_if_due (GstBpmAnalyzer * self, const Settings & settings);

}

struct _GstBpmAnalyzer
{
  GstBaseTransform parent;

  gst_bpm_analyzer::State *state;
};

GST_DEBUG_CATEGORY_EXTERN (gst_bpm_analyzer_debug);

void gst_bpm_analyzer_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec);
void gst_bpm_analyzer_get_property (GObject * object, guint id,
    GValue * value, GParamSpec * pspec);
void gst_bpm_analyzer_install_properties (GObjectClass * klass);
