/* gst-genaudio
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* The updates of a live stream, which the worker thread estimates from copies of
 * what the streaming thread feeds. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstbpmanalyzer-private.hpp"

#include <exception>

#define GST_CAT_DEFAULT gst_bpm_analyzer_debug

namespace gst_bpm_analyzer {

/* A copy that is made again takes the place of the last: same sizes, so
 * nothing is allocated once the memory is full. */
template <typename Estimator>
static void
copy_estimator (const Estimator * from, std::optional<Estimator> &to)
{
  if (from == nullptr)
    to.reset ();
  else if (to)
    *to = *from;
  else
    to.emplace (*from);
}

double
take_copies (State * state)
{
  const bpm::FrontEnd *front_end = state->analysis->front_end ();
  const std::uint64_t frames = state->analysis->frames ();

  copy_estimator (front_end ? front_end->tempo () : nullptr,
      state->copies.tempo);
  copy_estimator (front_end ? front_end->key () : nullptr, state->copies.key);
  copy_estimator (state->analysis->beats (), state->copies.beats);
  const double elapsed = (double) (frames - state->tracked_frames)
      / GST_AUDIO_INFO_RATE (&state->info);
  state->tracked_frames = frames;
  return elapsed;
}

void
track (GstBpmAnalyzer * self, double elapsed)
{
  State *state = self->state;
  const Settings settings = copy_settings (self);

  if (state->copies.tempo)
    state->tracker.update_tempo (*state->copies.tempo, settings.min_bpm,
        settings.max_bpm, elapsed);
  if (state->copies.key)
    state->tracker.update_key (*state->copies.key, elapsed);
}

/* The job of the worker, or in the streaming thread without one. */
static void
update_live (GstBpmAnalyzer * self)
{
  State *state = self->state;
  Findings findings;
  double elapsed;

  try {
    {
      std::lock_guard<std::mutex> guard (state->lock);
      if (!state->analysis)
        return;
      findings = collect (self);
      elapsed = take_copies (state);
    }
    track (self, elapsed);
    findings.tempo = state->tracker.tempo ();
    findings.key = state->tracker.key ();
    if (state->copies.beats && findings.tempo.valid)
      findings.beats = state->copies.beats->find (findings.tempo.bpm,
          bpm::live_window_seconds);
    {
      std::lock_guard<std::mutex> guard (state->lock);
      state->tempo = findings.tempo;
      state->key = findings.key;
    }
    publish (self, findings);
  } catch (const std::exception & e) {
    GST_WARNING_OBJECT (self, "no update: %s", e.what ());
  }
}

void
update_if_due (GstBpmAnalyzer * self, const Settings & settings)
{
  State *state = self->state;
  const GstClockTime now = gst_util_uint64_scale (state->analysis->frames (),
      GST_SECOND, GST_AUDIO_INFO_RATE (&state->info));

  if (!state->live || settings.interval == 0
      || now - state->last_update < settings.interval)
    return;
  /* on the grid of intervals, unless a buffer skipped some */
  state->last_update += settings.interval;
  if (now - state->last_update >= settings.interval)
    state->last_update = now;
  if (settings.background && !state->worker)
    state->worker = std::make_unique<bpm::Worker> (
        [self] { update_live (self); });
  else if (!settings.background)
    state->worker.reset ();
  if (state->worker)
    state->worker->ask ();
  else
    update_live (self);
}

}
