/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The streaming part of r128normalize: what is held, when it is measured and
 * let go, and what is said about it. Belongs to the streaming thread. */
#pragma once

#include <gst/audio/audio.h>
#include <gst/genaudio/genaudio.h>
#include <gst/gst.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "decision.hpp"
#include "gstr128held.hpp"
#include "itemmeter.hpp"
#include "stage.hpp"

namespace genaudio::r128 {

enum class Mode { automatic, offline, live, measure };

/* A copy of the properties. */
struct Config
{
  Mode mode = Mode::automatic;
  Settings settings;
  PeakPolicy peak_policy = PeakPolicy::gain;
  ShortPolicy short_policy = ShortPolicy::none;
  bool dual_mono = false;
  bool album = false;
  double measured_integrated = not_a_number;    /* LUFS */
  double measured_true_peak = not_a_number;     /* dBTP */
  guint64 max_memory = 0;
};

/* What the streaming part needs of the element. */
class Owner
{
public:
  virtual ~Owner () = default;
  virtual Config config () = 0;
  /* The item's message, to be kept as the `report` property and its like. */
  virtual void keep_report (const GstStructure * structure,
      const GstGenAudioLoudnessReport & report) = 0;
  /* What `auto` (or the property) came to, and why. */
  virtual void mode_decided (Mode mode, const char *reason) = 0;
};

class Stream
{
public:
  Stream (GstElement * element, GstPad * sinkpad, GstPad * srcpad,
      Owner & owner);
  ~Stream ();

  /* These take the buffer or event. Nothing is thrown. */
  GstFlowReturn chain (GstBuffer * buffer);
  bool event (GstEvent * event);
  /* READY: forgets everything. */
  void stop ();
  /* In the streaming thread (serialised queries). */
  bool holds_audio () const { return audio_held_ || !waiting_.empty (); }
  /* From any thread. */
  void request_reset () { g_atomic_int_set (&reset_requested_, TRUE); }

private:
  /* One item of those held (several with `album`). */
  struct Item
  {
    GstGenAudioItem who = {};
    std::vector<GstEvent *> tags;       /* received, not yet passed on */
    GstTagList *base_tags = nullptr;    /* passed on, without ours */
    Measurement measurement;
    Loudness input;
    guint64 frames = 0, part_frames = 0, non_finite = 0;
    GstClockTime duration = 0;
    bool begun = false;                 /* has had caps */
    bool aborted = false;
    bool tags_out = false;

    Item () = default;
    ~Item ();
  };

  void fail (const std::exception & error);
  void abort_item (const char *reason);
  void drop_held ();
  void drop_waiting ();
  void reset_album ();
  void begin_item ();
  void end_item (bool last);
  void add_duration (Item & item);
  Item & current () { return *items_.back (); }

  /* events */
  bool handle_event (GstEvent * event);
  bool handle_stream_start (GstEvent * event);
  bool handle_caps (GstEvent * event);
  bool handle_segment (GstEvent * event);
  bool handle_tag (GstEvent * event);
  bool handle_gap (GstEvent * event);
  bool handle_abort (GstEvent * event);
  bool handle_flush_stop (GstEvent * event);
  bool handle_end (GstEvent * event);
  bool pass_in_place (GstEvent * event);
  bool push_event (GstEvent * event);
  GstEvent *strip_event (GstEvent * event);

  /* mode */
  bool holding () const;
  const char *find_live_reason ();
  void decide_mode ();
  void let_pending_go ();

  /* audio */
  GstFlowReturn handle_buffer (GstBuffer * buffer);
  GstBuffer *sanitise (GstBuffer * buffer);
  void measure_silence (GstClockTime duration);
  GstFlowReturn push (GstBuffer * buffer);

  /* offline */
  GstFlowReturn hold (GstBuffer * buffer);
  void decide_known (const Config & config);
  void release_items (const Config & config);
  Decision decide_item (const Config & config, const Item & item) const;
  std::vector<Loudness> measure_limited (const Config & config,
      const std::vector<Decision> & decisions);
  std::vector<Loudness> reach_target (const Config & config,
      std::vector<Decision> & decisions);
  void release_object (GstMiniObject * object, const Config & config,
      const Decision & decision);
  void scale_and_push (GstBuffer * buffer, double gain_db);
  void push_tags (Item & item, const Decision & decision,
      const Loudness & output);
  void report_item (Item & item, const Config & config, Method method,
      double gain, const Loudness & output, const char *limited_by = nullptr);

  /* live, measure, and what the limiter has to do offline */
  GstFlowReturn run_stage (GstBuffer * buffer);
  void start_stage ();
  void finish_stage ();
  void let_out ();
  void give (GstBuffer * buffer, guint64 frames);
  void fill_hole (GstBuffer * buffer);
  void post_levels (GstBuffer * buffer, guint64 frames);
  void end_streamed_item (Item & item, const Config & config);

  GstElement *element_;
  GstPad *sinkpad_, *srcpad_;
  Owner & owner_;
  gint reset_requested_ = FALSE;

  bool mode_known_ = false;
  Mode mode_ = Mode::offline;
  bool have_format_ = false;
  GstAudioInfo info_;
  Format format_;
  Format held_format_;                  /* of the first buffer held */
  bool audio_held_ = false;
  GstSegment segment_;                  /* of what leaves */
  bool warned_positions_ = false;
  bool known_ = false;                  /* the gain, before the audio */
  Decision known_decision_;
  Loudness known_output_;
  GstFlowReturn flow_ = GST_FLOW_OK;

  std::vector<std::unique_ptr<Item>> items_;
  HeldQueue held_;
  ItemMeter meter_;
  EnergyStore album_blocks_;
  Measurement album_;
  Loudness album_output_;

  std::unique_ptr<Stage> stage_, stage_before_;
  Format stage_format_;
  /* Behind the stage's delay: events, buffers, and (no object) frames that
   * were written for a hole and are not output. */
  struct Waiting
  {
    GstMiniObject *object;
    guint64 frames;
  };
  std::deque<Waiting> waiting_;
  std::vector<char> scratch_;
  guint64 rendered_ = 0;
  /* where the audio is to go on: what comes in, and what leaves */
  GstClockTime next_in_ = GST_CLOCK_TIME_NONE, next_out_ = GST_CLOCK_TIME_NONE;
};

}
