/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The pipeline behind exporter and analyser:
 *
 *   torchtensorsrc | filesrc ! decoder [! conversion to output-rate] [! filter]
 *     [! r128normalize] [! bpmanalyzer] ! datedsink | fakesink
 *
 * It is built once and run for many items; between two it rests in NULL, so
 * that one that fails takes nothing with it and every setting may differ from
 * item to item. Nothing needs a main loop: the caller's thread waits on the
 * bus. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-exporter-pipeline.hpp"

#include "genaudio-exporter-collector.hpp"
#include "genaudio-exporter-output.hpp"
#include "genaudio-exporter-probes.hpp"
#include "genaudio-item.h"
#include "genaudio-push.h"

#include <gst/audio/audio.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include <unistd.h>

namespace genaudio {

namespace {

constexpr GstClockTime progress_interval = 100 * GST_MSECOND;
constexpr const char *cancel_name = "genaudio-exporter-cancel";
constexpr const char *fixed_template = "{job}{suffix}";

/* The sink keeps what it could not finish, for a recorder's sake. Here the
 * item is still at hand, so nothing is lost with a stump of it. */
void
remove_part (GstMessage * message)
{
  if (!gst_genaudio_message_has_name (message,
          GST_GENAUDIO_MESSAGE_FRAGMENT_CLOSED))
    return;
  GstGenAudioFragment *fragment = gst_genaudio_fragment_from_structure (
      gst_message_get_structure (message));
  if (!fragment->complete && fragment->location != nullptr
      && g_str_has_suffix (fragment->location, ".part"))
    unlink (fragment->location);
  gst_genaudio_fragment_free (fragment);
}

/* The waiting thread is woken for what it has a use for only; most messages
 * of a run tell that an element changed its state. */
GstBusSyncReply
drop_housekeeping (GstBus *, GstMessage * message, gpointer)
{
  constexpr guint housekeeping =
      GST_MESSAGE_STATE_CHANGED | GST_MESSAGE_STREAM_STATUS;

  if ((GST_MESSAGE_TYPE (message) & housekeeping) == 0)
    return GST_BUS_PASS;
  gst_message_unref (message);
  return GST_BUS_DROP;
}

/* How far @element has come, as far as it can tell. */
double
fraction_of (GstElement * element, GstFormat format)
{
  gint64 position = 0;
  gint64 duration = 0;

  if (!gst_element_query_position (element, format, &position)
      || !gst_element_query_duration (element, format, &duration)
      || duration <= 0)
    return 0;
  return std::clamp (static_cast<double> (position) / duration, 0.0, 1.0);
}

void
on_cancelled (GCancellable *, gpointer bus)
{
  gst_bus_post (GST_BUS (bus), gst_message_new_application (nullptr,
          gst_structure_new_empty (cancel_name)));
}

}

Failure::Failure (GQuark domain, int code, const std::string & message) :
  held (g_error_new_literal (domain, code, message.c_str ()))
{
}

bool
have_factory (const char *factory)
{
  GstElementFactory *found = gst_element_factory_find (factory);

  if (found != nullptr)
    gst_object_unref (found);
  return found != nullptr;
}

bool
factory_refuses_rate (const char *factory, int rate)
{
  if (rate < 1)
    return false;
  GstElementFactory *found = gst_element_factory_find (factory);
  if (found == nullptr)
    return false;
  GstCaps *caps = gst_caps_new_simple ("audio/x-raw", "rate", G_TYPE_INT, rate,
      nullptr);
  const bool takes = gst_element_factory_can_sink_any_caps (found, caps);
  gst_caps_unref (caps);
  gst_object_unref (found);
  return !takes;
}

/* A tensor in memory, on its way to the source. */
struct Pipeline::Push
{
  std::shared_ptr<const Tensor> tensor;
  int rate = 0;
  std::string job_id;         /* empty: one is made */
};

/* Called in the streaming thread, which waits for the one tensor there is. What
 * cannot be played is an item that fails. */
void
Pipeline::need_data (GstElement * source, guint, gpointer data)
{
  const auto & push = *static_cast<const Push *> (data);
  GstFlowReturn flow = GST_FLOW_OK;

  gst_genaudio_push_dlpack (source, push.tensor->lend (), TRUE, push.rate,
      push.job_id.c_str ());
  g_signal_emit_by_name (source, "end-of-stream", &flow);
}

GstElement *
Pipeline::add (const char *factory, const char *name)
{
  GstElement *made = gst_element_factory_make (factory, name);

  if (made == nullptr)
    throw Failure (GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
        std::string ("There is no element \"") + factory + "\": its plugin is "
        "not installed, or not in GST_PLUGIN_PATH");
  gst_bin_add (GST_BIN (pipeline.get ()), made);
  if (last != nullptr && !gst_element_link (last, made))
    throw Failure (GST_CORE_ERROR, GST_CORE_ERROR_NEGOTIATION,
        std::string ("Cannot link ") + GST_OBJECT_NAME (last) + " to " + name);
  last = made;
  return made;
}

void
Pipeline::pad_added (GstElement *, GstPad * pad, gpointer data)
{
  GstPad *sink = gst_element_get_static_pad (GST_ELEMENT (data), "sink");

  if (!gst_pad_is_linked (sink))
    gst_pad_link (pad, sink);
  gst_object_unref (sink);
}

/* Without this a file with nothing to hear in it would never end. */
void
Pipeline::no_more_pads (GstElement * decoder, gpointer data)
{
  GstPad *sink = gst_element_get_static_pad (GST_ELEMENT (data), "sink");

  if (!gst_pad_is_linked (sink))
    GST_ELEMENT_ERROR (decoder, STREAM, WRONG_TYPE,
        ("There is no audio in the file"), (nullptr));
  gst_object_unref (sink);
}

/* Elements that are known to be right are linked at once: that is quicker,
 * and decodebin (1.22) loses the errors and never ends where a parser runs
 * before it is linked. */
void
Pipeline::add_decoder ()
{
  source = add ("filesrc", "source");
  if (shape.decoder.empty ()) {
    add_decodebin ();
    return;
  }
  gchar **factories = g_strsplit (shape.decoder.c_str (), "!", -1);
  try {
    for (gchar ** factory = factories; *factory != nullptr; factory++)
      add (*factory, *factory);
  } catch (...) {
    g_strfreev (factories);
    throw;
  }
  g_strfreev (factories);
  add ("audioconvert", "convert-decoded");
}

/* Anything that GStreamer decodes; the first audio stream is the one. */
void
Pipeline::add_decodebin ()
{
  GstElement *decoder = add ("decodebin", "decoder");
  GstCaps *caps = gst_caps_new_empty_simple ("audio/x-raw");
  g_object_set (decoder, "caps", caps, "expose-all-streams", FALSE, nullptr);
  gst_caps_unref (caps);
  last = nullptr;
  GstElement *convert = add ("audioconvert", "convert-decoded");
  g_signal_connect (decoder, "pad-added", G_CALLBACK (pad_added), convert);
  g_signal_connect (decoder, "no-more-pads", G_CALLBACK (no_more_pads),
      convert);
}

void
Pipeline::add_chain ()
{
  if (shape.source == Source::audio_file)
    add_decoder ();
  else
    source = add ("torchtensorsrc", "source");
  if (shape.output_rate > 0) {
    add ("audioconvert", "convert-rate");
    add ("audioresample", "resample");
    GstCaps *caps = gst_caps_new_simple ("audio/x-raw", "rate", G_TYPE_INT,
        shape.output_rate, nullptr);
    g_object_set (add ("capsfilter", "rate"), "caps", caps, nullptr);
    gst_caps_unref (caps);
  }
  if (!shape.filter.empty ()) {
    GError *error = nullptr;
    GstElement *bin = gst_parse_bin_from_description (shape.filter.c_str (),
        TRUE, &error);
    if (bin == nullptr)
      throw Failure (error);
    g_clear_error (&error);
    gst_element_set_name (bin, "filter");
    gst_bin_add (GST_BIN (pipeline.get ()), bin);
    if (!gst_element_link (last, bin))
      throw Failure (GST_CORE_ERROR, GST_CORE_ERROR_NEGOTIATION,
          "Cannot link the filter \"" + shape.filter + "\"");
    last = bin;
    /* whatever it makes of the samples' format */
    add ("audioconvert", "convert-filtered");
  }
  if (shape.normalizer)
    normalizer = add ("r128normalize", "normalizer");
  if (shape.analyzer)
    analyzer = add ("bpmanalyzer", "analyzer");
  if (!shape.writes) {
    sink = add ("fakesink", "sink");
    g_object_set (sink, "sync", FALSE, "enable-last-sample", FALSE, nullptr);
    return;
  }
  /* where they had nothing to do, agreeing on caps with these two would be a
   * quarter of what a short item costs */
  if (shape.converts) {
    add ("audioconvert", "convert");
    add ("audioresample", "resample-for-format");
  }
  sink = add ("datedsink", "sink");
}

Pipeline::Pipeline (const Shape & shape,
    const std::vector<Setting> & settings) :
  shape (shape),
  pipeline (GST_ELEMENT (gst_object_ref_sink (gst_pipeline_new (nullptr)))),
  bus (gst_element_get_bus (pipeline.get ()))
{
  gst_bus_set_sync_handler (bus.get (), drop_housekeeping, nullptr, nullptr);
  add_chain ();
  if (normalizer != nullptr)
    set (Role::normalizer, "mode", shape.writes ? "offline" : "measure");
  for (const Setting & s : settings) {
    GstElement *of = element (s.role);
    if (of == nullptr || (s.role == Role::sink && !shape.writes))
      continue;
    if (G_VALUE_HOLDS_STRING (&s.value))
      set (s.role, s.property, g_value_get_string (&s.value));
    else
      g_object_set_property (G_OBJECT (of), s.property, &s.value);
  }
  if (shape.writes)
    for (const char *property : {"base-dir", "location-template", "job-id",
            "format", "bit-depth", "if-exists"})
      remember (Role::sink, property);
  if (shape.source == Source::tensor)
    for (const char *property : {"location", "rate", "layout", "tensor-name",
            "job-id"})
      remember (Role::source, property);
}

Pipeline::~Pipeline ()
{
  gst_element_set_state (pipeline.get (), GST_STATE_NULL);
  for (Remembered & r : remembered)
    g_value_unset (&r.value);
}

GstElement *
Pipeline::element (Role role) const
{
  switch (role) {
    case Role::source: return source;
    case Role::normalizer: return normalizer;
    case Role::analyzer: return analyzer;
    case Role::sink: return sink;
  }
  return nullptr;
}

/* Enumerations are known to their elements only, so they are set by nick;
 * names as PCM_16 are accepted for pcm-16. */
void
Pipeline::set (Role role, const char *property, const char *text)
{
  GstElement *of = element (role);
  GParamSpec *spec =
      g_object_class_find_property (G_OBJECT_GET_CLASS (of), property);

  if (spec == nullptr)
    throw Failure (GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS,
        std::string (GST_OBJECT_NAME (gst_element_get_factory (of)))
        + " has no property \"" + property + "\"");
  if (!G_IS_PARAM_SPEC_ENUM (spec)) {
    gst_util_set_object_arg (G_OBJECT (of), property, text);
    return;
  }
  GEnumClass *values = G_PARAM_SPEC_ENUM (spec)->enum_class;
  gchar *nick = g_strdelimit (g_ascii_strdown (text, -1), "_", '-');
  const GEnumValue *value = g_enum_get_value_by_nick (values, nick);
  g_free (nick);
  if (value == nullptr) {
    std::string known;
    for (guint i = 0; i < values->n_values; i++)
      known += std::string (i > 0 ? ", " : "") + values->values[i].value_nick;
    throw Failure (GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS,
        (strcmp (property, "bit-depth") == 0 ? "Unsupported bit depth \""
            : std::string ("Unsupported ") + property + " \"")
        + text + "\", expected one of " + known);
  }
  g_object_set (of, property, value->value, nullptr);
}

/* Whether the sink's enumeration @property is @nick. */
bool
Pipeline::has_nick (const char *property, const char *nick) const
{
  GParamSpec *spec = g_object_class_find_property (
      G_OBJECT_GET_CLASS (sink), property);
  gint value = 0;

  g_object_get (sink, property, &value, nullptr);
  const GEnumValue *known =
      g_enum_get_value (G_PARAM_SPEC_ENUM (spec)->enum_class, value);
  return known != nullptr && strcmp (known->value_nick, nick) == 0;
}

void
Pipeline::remember (Role role, const char *property)
{
  Remembered r = { role, property, G_VALUE_INIT };

  if (g_object_class_find_property (G_OBJECT_GET_CLASS (element (role)),
          property) == nullptr)
    return;
  g_object_get_property (G_OBJECT (element (role)), property, &r.value);
  remembered.push_back (r);
}

void
Pipeline::restore ()
{
  for (const Remembered & r : remembered)
    g_object_set_property (G_OBJECT (element (r.role)), r.property, &r.value);
}

/* A file the caller names is one of the sink's in that folder. A name that
 * the sink would not make itself is given to the finished file. */
Output
Pipeline::prepare_output (const GstGenAudioJob & job)
{
  Output output;

  output.job_id = job.job_id;
  if (!shape.writes)
    return output;
  if (!job.bit_depth.empty ())
    set (Role::sink, "bit-depth", job.bit_depth.c_str ());
  if (!job.if_exists.empty ())
    set (Role::sink, "if-exists", job.if_exists.c_str ());
  if (job.path.empty ())
    return output;

  gchar *folder = g_path_get_dirname (job.path.c_str ());
  gchar *base = g_path_get_basename (job.path.c_str ());
  const std::string name = base;
  const std::string base_dir = folder;
  g_free (base);
  g_free (folder);
  const auto dot = name.rfind ('.');
  const std::string stem = name.substr (0, dot);
  const std::string extension =
      dot == std::string::npos ? "" : name.substr (dot + 1);
  const FormatOfExtension *format = find_format (extension);
  if (format == nullptr || stem.empty ())
    throw Failure (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE,
        "Cannot tell the format of \"" + job.path + "\": expected a name that "
        "ends with .wav, .rf64, .flac, .ogg, .opus, .mp3 or .aiff");

  const bool plain = format->is_sinks && extension == format->extension
      && is_plain_name (stem);
  gchar *made = plain ? nullptr : gst_genaudio_job_id_generate ();
  const std::string filed = plain ? stem : made;
  g_free (made);
  set (Role::sink, "format", format->format);
  g_object_set (sink, "base-dir", base_dir.c_str (), "location-template",
      fixed_template, "job-id", filed.c_str (), nullptr);
  output.path = job.path;
  output.needs_rename = !plain;
  output.replaces = has_nick ("if-exists", "replace");
  output.skips = has_nick ("if-exists", "skip");
  if (!plain && (has_nick ("if-exists", "suffix")
          || !has_nick ("sidecar", "none")))
    throw Failure (GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS,
        "A file of the name \"" + name + "\" can have neither suffix nor "
        "sidecar");
  if (output.job_id.empty () && (plain || job.tensor != nullptr))
    output.job_id = filed;
  return output;
}

void
Pipeline::prepare_source (const GstGenAudioJob & job, const Output & output,
    Push & push)
{
  if (shape.source == Source::audio_file) {
    g_object_set (source, "location", job.location.c_str (), nullptr);
    return;
  }
  if (job.layout != "auto")
    set (Role::source, "layout", job.layout.c_str ());
  ObjectPtr<GstPad> pad (gst_element_get_static_pad (source, "src"));
  if (job.metadata != nullptr)
    probes.push_back (add_metadata_probe (pad.get (), job.metadata));
  if (!job.path.empty ())
    probes.push_back (add_single_item_probe (pad.get ()));
  if (job.tensor != nullptr) {
    push = {job.tensor, job.rate, output.job_id};
    need_data_id = g_signal_connect (source, "need-data",
        G_CALLBACK (need_data), &push);
    return;
  }
  g_object_set (source, "location", job.location.c_str (), nullptr);
  if (job.rate > 0)
    g_object_set (source, "rate", job.rate, nullptr);
  if (!output.job_id.empty ())
    g_object_set (source, "job-id", output.job_id.c_str (), nullptr);
  if (!job.tensor_name.empty ())
    g_object_set (source, "tensor-name", job.tensor_name.c_str (), nullptr);
}

void
Pipeline::release_source ()
{
  if (need_data_id != 0)
    g_signal_handler_disconnect (source, std::exchange (need_data_id, 0));
  if (probes.empty ())
    return;
  ObjectPtr<GstPad> pad (gst_element_get_static_pad (source, "src"));
  for (const gulong id : probes)
    gst_pad_remove_probe (pad.get (), id);
  probes.clear ();
}

/* Nothing comes to the sink while the normaliser holds an item, so what has
 * been read is half of it, and what has been written the other half. */
void
Pipeline::report_fraction (Observer & observer)
{
  const GstFormat format = shape.source == Source::audio_file
      ? GST_FORMAT_BYTES : GST_FORMAT_TIME;

  observer.fraction ((fraction_of (source, format)
          + fraction_of (sink, GST_FORMAT_TIME)) / 2);
}

/* A sink ends on the way to NULL, when a pipeline throws messages away: so it
 * goes there first, and can be heard. */
void
Pipeline::stop ()
{
  gst_element_set_state (pipeline.get (), GST_STATE_READY);
  gst_element_set_state (sink, GST_STATE_NULL);
  while (GstMessage * rest = gst_bus_pop (bus.get ())) {
    remove_part (rest);
    gst_message_unref (rest);
  }
  gst_element_set_state (pipeline.get (), GST_STATE_NULL);
}

/* Whatever is wrong with a tensor in memory is an error of one code. */
Failure
Pipeline::failure_of (GstMessage * message) const
{
  GError *error = nullptr;

  gst_message_parse_error (message, &error, nullptr);
  if (need_data_id != 0 && GST_MESSAGE_SRC (message) == GST_OBJECT (source)
      && error->domain == GST_STREAM_ERROR)
    error->code = GST_STREAM_ERROR_WRONG_TYPE;
  return Failure (error);
}

/* An element that cannot start has said why, or else there is nothing that
 * wait() could wait for. */
void
Pipeline::fail_to_start ()
{
  std::unique_ptr<GstMessage, void (*) (GstMessage *)> message (
      gst_bus_pop_filtered (bus.get (), GST_MESSAGE_ERROR), gst_message_unref);

  if (message == nullptr)
    throw Failure (GST_CORE_ERROR, GST_CORE_ERROR_STATE_CHANGE,
        "The pipeline could not be started");
  throw failure_of (message.get ());
}

void
Pipeline::wait (Collector & collector, Observer & observer)
{
  const GstClockTime timeout =
      observer.wants_fraction () ? progress_interval : GST_CLOCK_TIME_NONE;

  while (true) {
    GstMessage *popped = gst_bus_timed_pop (bus.get (), timeout);
    if (popped == nullptr) {
      report_fraction (observer);
      continue;
    }
    std::unique_ptr<GstMessage, void (*) (GstMessage *)> message (popped,
        gst_message_unref);
    if (GST_MESSAGE_TYPE (popped) == GST_MESSAGE_APPLICATION
        && gst_message_has_name (popped, cancel_name))
      throw Failure (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Cancelled");
    observer.message (popped);
    if (GST_MESSAGE_TYPE (popped) == GST_MESSAGE_ERROR)
      throw failure_of (popped);
    remove_part (popped);
    collector.add (popped);
    if (GST_MESSAGE_TYPE (popped) == GST_MESSAGE_EOS
        && GST_MESSAGE_SRC (popped) == GST_OBJECT (pipeline.get ()))
      return;
  }
}

/* What the sink saw, where no element reports it. */
void
Pipeline::read_caps (GstGenAudioResult * result)
{
  GstPad *pad = gst_element_get_static_pad (sink, "sink");
  GstCaps *caps = gst_pad_get_current_caps (pad);
  GstAudioInfo info;

  if (caps != nullptr && gst_audio_info_from_caps (&info, caps)) {
    result->rate = GST_AUDIO_INFO_RATE (&info);
    result->channels = GST_AUDIO_INFO_CHANNELS (&info);
  }
  if (caps != nullptr)
    gst_caps_unref (caps);
  gst_object_unref (pad);
}

std::vector<ResultPtr>
Pipeline::run (const GstGenAudioJob & job, GCancellable * cancellable,
    Observer & observer)
{
  Collector collector (shape.source == Source::tensor
      && job.tensor == nullptr && job.path.empty ());
  Output output;
  Push push;
  gulong cancel_id = 0;

  try {
    restore ();
    output = prepare_output (job);
    if (normalizer != nullptr && shape.writes) {
      /* only what a job changes is set back: what is never set by hand stays
       * the environment's, which the element reads on its way to READY */
      if (!remembered_normalizer
          && (!std::isnan (job.loudness_target) || job.normalize)) {
        remembered_normalizer = true;
        gst_element_set_state (normalizer, GST_STATE_READY);
        remember (Role::normalizer, "loudness-target");
        remember (Role::normalizer, "enabled");
        gst_element_set_state (normalizer, GST_STATE_NULL);
      }
      if (!std::isnan (job.loudness_target))
        g_object_set (normalizer, "loudness-target", job.loudness_target,
            nullptr);
      if (job.normalize)
        g_object_set (normalizer, "enabled", *job.normalize ? TRUE : FALSE,
            nullptr);
    }
    prepare_source (job, output, push);
    /* from here on the bus takes messages */
    gst_element_set_state (pipeline.get (), GST_STATE_READY);
    if (cancellable != nullptr)
      cancel_id = g_cancellable_connect (cancellable,
          G_CALLBACK (on_cancelled), bus.get (), nullptr);
    if (gst_element_set_state (pipeline.get (), GST_STATE_PLAYING)
        == GST_STATE_CHANGE_FAILURE)
      fail_to_start ();
    wait (collector, observer);
    if (!shape.writes)
      read_caps (collector.last ());
  } catch (const Failure & failure) {
    collector.fail (failure.error ());
    reusable = false;
  } catch (const std::exception & fault) {
    const Failure failure (GST_CORE_ERROR, GST_CORE_ERROR_FAILED,
        fault.what ());
    collector.fail (failure.error ());
    reusable = false;
  }
  if (cancel_id != 0)
    g_cancellable_disconnect (cancellable, cancel_id);
  stop ();
  release_source ();

  std::vector<ResultPtr> results = collector.take ();
  for (ResultPtr & result : results) {
    /* one that failed early has no tags to read it from */
    if (job.metadata != nullptr && result->metadata == nullptr)
      gst_genaudio_result_set_metadata (result.get (), job.metadata);
    try {
      output.publish (result.get ());
    } catch (const Failure & failure) {
      gst_genaudio_result_fail (result.get (), failure.error ());
    }
  }
  return results;
}

}
