/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Where the items of torchtensorsrc come from: a model, files, or the
 * application. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttorchtensorsrc-private.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>

using genaudio::cat;
using genaudio::Error;
using genaudio::Fault;
using genaudio::ItemSource;

namespace gst_torch_tensor_src {

static std::map<std::string, genaudio::ModelValue>
read_model_args (const GstStructure * args)
{
  std::map<std::string, genaudio::ModelValue> arguments;

  for (gint i = 0; args != nullptr && i < gst_structure_n_fields (args); i++) {
    const gchar *name =
        gst_structure_nth_field_name (args, static_cast<guint> (i));
    const GValue *value = gst_structure_get_value (args, name);
    GValue number = G_VALUE_INIT;

    if (G_VALUE_HOLDS_STRING (value)) {
      arguments[name] = std::string (g_value_get_string (value));
    } else if (G_VALUE_HOLDS_BOOLEAN (value)) {
      arguments[name] = static_cast<bool> (g_value_get_boolean (value));
    } else if (G_VALUE_HOLDS_DOUBLE (value) || G_VALUE_HOLDS_FLOAT (value)) {
      g_value_init (&number, G_TYPE_DOUBLE);
      g_value_transform (value, &number);
      arguments[name] = g_value_get_double (&number);
    } else if (g_value_type_transformable (G_VALUE_TYPE (value),
            G_TYPE_INT64)) {
      g_value_init (&number, G_TYPE_INT64);
      g_value_transform (value, &number);
      arguments[name] = std::int64_t {g_value_get_int64 (&number)};
    } else {
      throw Error (Fault::settings, cat ("model-args: ", name, " is ",
              G_VALUE_TYPE_NAME (value), ", not a string, number or boolean"));
    }
  }
  return arguments;
}

static std::shared_ptr<ItemSource>
make_model (const Settings & settings, const GstStructure * args)
{
  genaudio::ModelSettings model = settings.model;

  model.arguments = read_model_args (args);
  model.rate = settings.file.rate;
  model.require_rate = settings.file.require_rate;
  model.job_id = settings.file.job_id;
  model.non_finite = settings.file.non_finite;
  model.backend_directory = GENAUDIO_LIBDIR;
  return std::make_shared<genaudio::ModelItems> (model);
}

/* A model, else files, else what the application pushes. */
static void
make_items (GstTorchTensorSrc * self, const GstStructure * args)
{
  State & state = self->priv->state;
  const Settings & settings = state.settings;
  std::shared_ptr<genaudio::PushItems> push;

  if (!settings.model.model.empty ())
    state.items = make_model (settings, args);
  else if (!settings.file.location.empty ())
    state.items = std::make_shared<genaudio::FileItems> (settings.file);
  else
    state.items = push = make_push (self, settings);
  GST_OBJECT_LOCK (self);
  self->priv->push = push;
  GST_OBJECT_UNLOCK (self);
}

/* Finds the items and opens the first. Not in GstBaseSrc's start(), which
 * posts an error of its own behind ours. */
gboolean
open_items (GstTorchTensorSrc * self)
{
  State & state = self->priv->state;
  GstStructure *args = nullptr;

  state = State ();
  GST_OBJECT_LOCK (self);
  state.settings = self->priv->settings;
  if (state.settings.model_args != nullptr)
    args = gst_structure_copy (state.settings.model_args);
  GST_OBJECT_UNLOCK (self);

  try {
    make_items (self, args);
  } catch (...) {
    g_clear_pointer (&args, gst_structure_free);
    post_fault (self, GST_MESSAGE_ERROR, current_error ());
    return FALSE;
  }
  g_clear_pointer (&args, gst_structure_free);
  while (!state.open && state.items->is_immediate ()) {
    try {
      if (open_next (self) != ItemSource::Status::ok)
        break;                  /* the end is for create() to find again */
    } catch (...) {
      const Error error = current_error ();
      const bool skip = state.settings.on_error == OnError::skip;
      post_fault (self, skip ? GST_MESSAGE_WARNING : GST_MESSAGE_ERROR, error);
      if (!skip)
        return FALSE;
      state.failures.push_back ({state.item.job_id, error.what ()});
    }
  }
  return TRUE;
}

void
close_items (GstTorchTensorSrc * self)
{
  GST_OBJECT_LOCK (self);
  const auto push = std::move (self->priv->push);
  GST_OBJECT_UNLOCK (self);
  if (push != nullptr)
    push->shut_down ();
  self->priv->state = State ();
  share (self);
}

}
