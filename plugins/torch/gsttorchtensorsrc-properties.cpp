/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The properties of torchtensorsrc: only kept here, and copied by the
 * streaming thread as a run begins. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttorchtensorsrc-private.hpp"

using namespace gst_torch_tensor_src;

enum
{
  PROP_0,
  PROP_LOCATION,
  PROP_RATE,
  PROP_TENSOR_NAME,
  PROP_LAYOUT,
  PROP_REQUIRE_RATE,
  PROP_BATCH_INDEX,
  PROP_NON_FINITE,
  PROP_JOB_ID,
  PROP_ON_ERROR,
  PROP_MODEL,
  PROP_PROMPT,
  PROP_SEED,
  PROP_DURATION,
  PROP_CHUNK_FRAMES,
  PROP_MODEL_ARGS,
  PROP_DEVICE,
  PROP_THREADS,
  PROP_MAX_ITEMS,
  PROP_MAX_BYTES,
  PROP_BLOCK,
  PROP_IS_LIVE,
};
#define DEFAULT_RATE 0
#define DEFAULT_REQUIRE_RATE FALSE
#define DEFAULT_BATCH_INDEX -1
#define DEFAULT_SEED -1
#define DEFAULT_CHUNK_FRAMES 4096
#define DEFAULT_DEVICE "cpu"
#define DEFAULT_MAX_BYTES (256 * 1024 * 1024)

#define GST_TYPE_TORCH_TENSOR_SRC_LAYOUT (layout_get_type ())
static GType
layout_get_type (void)
{
  static const GEnumValue values[] = {
    {(int) genaudio::Layout::automatic, "Told by the shape, refused where it "
        "could be either", "auto"},
    {(int) genaudio::Layout::channels_first, "(channels, samples)",
        "channels-first"},
    {(int) genaudio::Layout::channels_last, "(samples, channels)",
        "channels-last"},
    {0, nullptr, nullptr},
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstTorchTensorSrcLayout", values));
  return type;
}

#define GST_TYPE_TORCH_TENSOR_SRC_NON_FINITE (non_finite_get_type ())
static GType
non_finite_get_type (void)
{
  static const GEnumValue values[] = {
    {(int) genaudio::NonFinite::error, "NaN and infinities are an error",
        "error"},
    {(int) genaudio::NonFinite::zero, "NaN and infinities become silence",
        "zero"},
    {0, nullptr, nullptr},
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstTorchTensorSrcNonFinite", values));
  return type;
}

#define GST_TYPE_TORCH_TENSOR_SRC_ON_ERROR (on_error_get_type ())
static GType
on_error_get_type (void)
{
  static const GEnumValue values[] = {
    {(int) OnError::stop, "The first item that fails ends the stream", "stop"},
    {(int) OnError::skip, "An item that fails is aborted with a warning, the "
        "rest go on", "skip"},
    {0, nullptr, nullptr},
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstTorchTensorSrcOnError", values));
  return type;
}

void
gst_torch_tensor_src_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstTorchTensorSrc *self = GST_TORCH_TENSOR_SRC (object);
  Settings & settings = self->priv->settings;
  const auto text = [value] {
    const gchar *string = g_value_get_string (value);
    return std::string (string != nullptr ? string : "");
  };

  if (id == PROP_IS_LIVE) {      /* takes the object lock itself */
    gst_base_src_set_live (GST_BASE_SRC (self), g_value_get_boolean (value));
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_LOCATION:
      settings.file.location = text ();
      break;
    case PROP_RATE:
      settings.file.rate = static_cast<int> (g_value_get_uint (value));
      break;
    case PROP_TENSOR_NAME:
      settings.file.tensor_name = text ();
      break;
    case PROP_LAYOUT:
      settings.file.layout =
          static_cast<genaudio::Layout> (g_value_get_enum (value));
      break;
    case PROP_REQUIRE_RATE:
      settings.file.require_rate = g_value_get_boolean (value);
      break;
    case PROP_BATCH_INDEX:
      settings.file.batch_index = g_value_get_int (value);
      break;
    case PROP_NON_FINITE:
      settings.file.non_finite =
          static_cast<genaudio::NonFinite> (g_value_get_enum (value));
      break;
    case PROP_JOB_ID:
      settings.file.job_id = text ();
      break;
    case PROP_ON_ERROR:
      settings.on_error = static_cast<OnError> (g_value_get_enum (value));
      break;
    case PROP_MODEL:
      settings.model.model = text ();
      break;
    case PROP_PROMPT:
      settings.model.prompt = text ();
      break;
    case PROP_SEED:
      settings.model.seed.reset ();
      if (g_value_get_int64 (value) >= 0)
        settings.model.seed = g_value_get_int64 (value);
      break;
    case PROP_DURATION:
      settings.model.duration.reset ();
      if (GST_CLOCK_TIME_IS_VALID (g_value_get_uint64 (value)))
        settings.model.duration =
            gst_guint64_to_gdouble (g_value_get_uint64 (value)) / GST_SECOND;
      break;
    case PROP_CHUNK_FRAMES:
      settings.model.chunk_frames = g_value_get_uint (value);
      break;
    case PROP_MODEL_ARGS:
      g_clear_pointer (&settings.model_args, gst_structure_free);
      if (gst_value_get_structure (value) != nullptr)
        settings.model_args =
            gst_structure_copy (gst_value_get_structure (value));
      break;
    case PROP_DEVICE:
      settings.model.device = text ();
      break;
    case PROP_THREADS:
      settings.model.threads = static_cast<int> (g_value_get_uint (value));
      break;
    case PROP_MAX_ITEMS:
      settings.push.max_items = g_value_get_uint64 (value);
      break;
    case PROP_MAX_BYTES:
      settings.push.max_bytes = g_value_get_uint64 (value);
      break;
    case PROP_BLOCK:
      settings.push.block = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

void
gst_torch_tensor_src_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstTorchTensorSrc *self = GST_TORCH_TENSOR_SRC (object);
  const Settings & settings = self->priv->settings;
  const auto set_text = [value] (const std::string & text) {
    g_value_set_string (value, text.empty () ? nullptr : text.c_str ());
  };

  if (id == PROP_IS_LIVE) {
    g_value_set_boolean (value, gst_base_src_is_live (GST_BASE_SRC (self)));
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_LOCATION:
      set_text (settings.file.location);
      break;
    case PROP_RATE:
      g_value_set_uint (value, static_cast<guint> (settings.file.rate));
      break;
    case PROP_TENSOR_NAME:
      set_text (settings.file.tensor_name);
      break;
    case PROP_LAYOUT:
      g_value_set_enum (value, static_cast<gint> (settings.file.layout));
      break;
    case PROP_REQUIRE_RATE:
      g_value_set_boolean (value, settings.file.require_rate);
      break;
    case PROP_BATCH_INDEX:
      g_value_set_int (value, static_cast<gint> (settings.file.batch_index));
      break;
    case PROP_NON_FINITE:
      g_value_set_enum (value, static_cast<gint> (settings.file.non_finite));
      break;
    case PROP_JOB_ID:
      set_text (settings.file.job_id);
      break;
    case PROP_ON_ERROR:
      g_value_set_enum (value, static_cast<gint> (settings.on_error));
      break;
    case PROP_MODEL:
      set_text (settings.model.model);
      break;
    case PROP_PROMPT:
      set_text (settings.model.prompt);
      break;
    case PROP_SEED:
      g_value_set_int64 (value, settings.model.seed.value_or (DEFAULT_SEED));
      break;
    case PROP_DURATION:
      g_value_set_uint64 (value, settings.model.duration
          ? gst_gdouble_to_guint64 (*settings.model.duration * GST_SECOND + .5)
          : GST_CLOCK_TIME_NONE);
      break;
    case PROP_CHUNK_FRAMES:
      g_value_set_uint (value,
          static_cast<guint> (settings.model.chunk_frames));
      break;
    case PROP_MODEL_ARGS:
      gst_value_set_structure (value, settings.model_args);
      break;
    case PROP_DEVICE:
      set_text (settings.model.device);
      break;
    case PROP_THREADS:
      g_value_set_uint (value, static_cast<guint> (settings.model.threads));
      break;
    case PROP_MAX_ITEMS:
      g_value_set_uint64 (value, settings.push.max_items);
      break;
    case PROP_MAX_BYTES:
      g_value_set_uint64 (value, settings.push.max_bytes);
      break;
    case PROP_BLOCK:
      g_value_set_boolean (value, settings.push.block);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
install_properties (GObjectClass * klass)
{
  const auto flags = static_cast<GParamFlags> (G_PARAM_READWRITE
      | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

  /**
   * GstTorchTensorSrc:location:
   *
   * A tensor file, a pattern with `*`, or a folder: every match, in natural
   * order, is an item.
   */
  g_object_class_install_property (klass, PROP_LOCATION,
      g_param_spec_string ("location", "Location",
          "A tensor file, a pattern with *, or a folder", nullptr, flags));
  /**
   * GstTorchTensorSrc:rate:
   *
   * Sample rate; 0 takes the file's, or 32000 Hz where it names none.
   */
  g_object_class_install_property (klass, PROP_RATE,
      g_param_spec_uint ("rate", "Rate",
          "Sample rate in Hz (0 = the file's, else 32000)", 0, G_MAXINT,
          DEFAULT_RATE, flags));
  /**
   * GstTorchTensorSrc:tensor-name:
   *
   * Which tensor of the file to play; empty: the only one, or `audio`,
   * `audio_values`, `waveform` or `wav`.
   */
  g_object_class_install_property (klass, PROP_TENSOR_NAME,
      g_param_spec_string ("tensor-name", "Tensor name",
          "Which tensor of the file (empty = the only one, or audio, "
          "audio_values, waveform, wav)", nullptr, flags));
  /**
   * GstTorchTensorSrc:layout:
   *
   * Which dimension of a tensor is the channels.
   */
  g_object_class_install_property (klass, PROP_LAYOUT,
      g_param_spec_enum ("layout", "Layout",
          "Which dimension is the channels",
          GST_TYPE_TORCH_TENSOR_SRC_LAYOUT,
          static_cast<gint> (genaudio::Layout::automatic), flags));
  /**
   * GstTorchTensorSrc:require-rate:
   *
   * Makes an item that names no sample rate an error.
   */
  g_object_class_install_property (klass, PROP_REQUIRE_RATE,
      g_param_spec_boolean ("require-rate", "Require rate",
          "Refuse an item that names no sample rate", DEFAULT_REQUIRE_RATE,
          flags));
  /**
   * GstTorchTensorSrc:batch-index:
   *
   * Which entry of a batch to play; -1: each is an item of its own.
   */
  g_object_class_install_property (klass, PROP_BATCH_INDEX,
      g_param_spec_int ("batch-index", "Batch index",
          "Which entry of a batch (-1 = each is an item)", -1, G_MAXINT,
          DEFAULT_BATCH_INDEX, flags));
  /**
   * GstTorchTensorSrc:non-finite:
   *
   * What becomes of NaN and infinities.
   */
  g_object_class_install_property (klass, PROP_NON_FINITE,
      g_param_spec_enum ("non-finite", "Non-finite",
          "What becomes of NaN and infinities",
          GST_TYPE_TORCH_TENSOR_SRC_NON_FINITE,
          static_cast<gint> (genaudio::NonFinite::error), flags));
  /**
   * GstTorchTensorSrc:job-id:
   *
   * Job id of a single item; empty: the file's stem.
   */
  g_object_class_install_property (klass, PROP_JOB_ID,
      g_param_spec_string ("job-id", "Job id",
          "Job id of a single item (empty = the file's stem)", nullptr,
          flags));
  /**
   * GstTorchTensorSrc:on-error:
   *
   * What becomes of the run when an item fails.
   */
  g_object_class_install_property (klass, PROP_ON_ERROR,
      g_param_spec_enum ("on-error", "On error",
          "What becomes of the run when an item fails",
          GST_TYPE_TORCH_TENSOR_SRC_ON_ERROR,
          static_cast<gint> (OnError::stop), flags));
}

static void
install_model_properties (GObjectClass * klass)
{
  const auto flags = static_cast<GParamFlags> (G_PARAM_READWRITE
      | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

  /**
   * GstTorchTensorSrc:model:
   *
   * A TorchScript module whose forward() makes audio. It is a program: play
   * only what you trust. Needs the LibTorch backend.
   */
  g_object_class_install_property (klass, PROP_MODEL,
      g_param_spec_string ("model", "Model",
          "A TorchScript module that makes audio", nullptr, flags));
  /**
   * GstTorchTensorSrc:prompt:
   *
   * forward()'s argument `prompt`.
   */
  g_object_class_install_property (klass, PROP_PROMPT,
      g_param_spec_string ("prompt", "Prompt",
          "The model's argument prompt", nullptr, flags));
  /**
   * GstTorchTensorSrc:seed:
   *
   * Seed of LibTorch's generator, of the model's reset(), and forward()'s
   * argument `seed` where it has one; -1: 0, and no argument.
   */
  g_object_class_install_property (klass, PROP_SEED,
      g_param_spec_int64 ("seed", "Seed",
          "Seed of the model (-1 = none)", -1, G_MAXINT64, DEFAULT_SEED,
          flags));
  /**
   * GstTorchTensorSrc:duration:
   *
   * How much a model that plays in chunks is asked for; NONE: until it gives
   * no more. Also forward()'s argument `duration` (s) where it has one.
   */
  g_object_class_install_property (klass, PROP_DURATION,
      g_param_spec_uint64 ("duration", "Duration",
          "Length of what the model makes in ns (none = until it ends)",
          0, G_MAXUINT64, GST_CLOCK_TIME_NONE, flags));
  /**
   * GstTorchTensorSrc:chunk-frames:
   *
   * Frames a model that plays in chunks is asked for at a time; the latency
   * of a live one.
   */
  g_object_class_install_property (klass, PROP_CHUNK_FRAMES,
      g_param_spec_uint ("chunk-frames", "Chunk frames",
          "Frames the model is asked for at a time", 1, G_MAXINT,
          DEFAULT_CHUNK_FRAMES, flags));
  /**
   * GstTorchTensorSrc:model-args:
   *
   * Further arguments of forward(), by name: strings, integers, doubles and
   * booleans.
   */
  g_object_class_install_property (klass, PROP_MODEL_ARGS,
      g_param_spec_boxed ("model-args", "Model arguments",
          "Further arguments of the model by name", GST_TYPE_STRUCTURE,
          flags));
  /**
   * GstTorchTensorSrc:device:
   *
   * Where the model runs: `cpu`, `cuda` or `cuda:N`.
   */
  g_object_class_install_property (klass, PROP_DEVICE,
      g_param_spec_string ("device", "Device",
          "Where the model runs: cpu, cuda or cuda:N", DEFAULT_DEVICE,
          flags));
  /**
   * GstTorchTensorSrc:threads:
   *
   * Threads of LibTorch, for the whole process; 0 leaves them as they are.
   */
  g_object_class_install_property (klass, PROP_THREADS,
      g_param_spec_uint ("threads", "Threads",
          "Threads of LibTorch in this process (0 = its own choice)", 0, 1024,
          0, flags));
}

static void
install_push_properties (GObjectClass * klass)
{
  const auto flags = static_cast<GParamFlags> (G_PARAM_READWRITE
      | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

  /**
   * GstTorchTensorSrc:max-items:
   *
   * Tensors that may wait before `enough-data`; 0: any number.
   */
  g_object_class_install_property (klass, PROP_MAX_ITEMS,
      g_param_spec_uint64 ("max-items", "Maximum items",
          "Pushed tensors that may wait (0 = any number)", 0, G_MAXUINT64, 0,
          flags));
  /**
   * GstTorchTensorSrc:max-bytes:
   *
   * Bytes of tensors that may wait before `enough-data`; 0: any number.
   */
  g_object_class_install_property (klass, PROP_MAX_BYTES,
      g_param_spec_uint64 ("max-bytes", "Maximum bytes",
          "Bytes of pushed tensors that may wait (0 = any number)", 0,
          G_MAXUINT64, DEFAULT_MAX_BYTES, flags));
  /**
   * GstTorchTensorSrc:block:
   *
   * Whether push-dlpack waits while more waits than the limits say.
   */
  g_object_class_install_property (klass, PROP_BLOCK,
      g_param_spec_boolean ("block", "Block",
          "Whether a push waits for room", FALSE, flags));
  /**
   * GstTorchTensorSrc:is-live:
   *
   * Whether to act as a live source: no data in PAUSED, files and models
   * paced by the clock.
   */
  g_object_class_install_property (klass, PROP_IS_LIVE,
      g_param_spec_boolean ("is-live", "Is live",
          "Whether to act as a live source", FALSE, flags));
}
void
gst_torch_tensor_src_install_properties (GObjectClass * klass)
{
  install_properties (klass);
  install_model_properties (klass);
  install_push_properties (klass);

  gst_type_mark_as_plugin_api (GST_TYPE_TORCH_TENSOR_SRC_LAYOUT,
      static_cast<GstPluginAPIFlags> (0));
  gst_type_mark_as_plugin_api (GST_TYPE_TORCH_TENSOR_SRC_NON_FINITE,
      static_cast<GstPluginAPIFlags> (0));
  gst_type_mark_as_plugin_api (GST_TYPE_TORCH_TENSOR_SRC_ON_ERROR,
      static_cast<GstPluginAPIFlags> (0));
}

void
gst_torch_tensor_src_init_settings (Settings & settings)
{
  settings.model.chunk_frames = DEFAULT_CHUNK_FRAMES;
  settings.push.max_bytes = DEFAULT_MAX_BYTES;
}
