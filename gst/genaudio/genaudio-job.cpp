/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "genaudio-job.hpp"

namespace {

void
assign (std::string & member, const gchar * text)
{
  member = text != nullptr ? text : "";
}

}

G_DEFINE_BOXED_TYPE (GstGenAudioJob, gst_genaudio_job, gst_genaudio_job_ref,
    gst_genaudio_job_unref)

/**
 * gst_genaudio_job_new_file:
 * @location: (type filename): a tensor file
 *
 * Returns: (transfer full): a job that reads @location with torchtensorsrc
 */
GstGenAudioJob *
gst_genaudio_job_new_file (const gchar * location)
{
  g_return_val_if_fail (location != nullptr, nullptr);

  auto *self = new GstGenAudioJob;
  self->location = location;
  return self;
}

/**
 * gst_genaudio_job_new_dlpack:
 * @tensor: address of a DLPack structure, which the job takes: a
 *     `DLManagedTensor` or a `DLManagedTensorVersioned`
 * @versioned: %TRUE for the latter
 * @rate: sample rate in Hz
 *
 * The tensor belongs to the job from now on, whatever happens: its deleter
 * is called once, when the job and all that uses the samples are gone, from
 * any thread and with no lock held.
 *
 * Returns: (transfer full): a job that takes the samples of @tensor
 */
GstGenAudioJob *
gst_genaudio_job_new_dlpack (guint64 tensor, gboolean versioned, gint rate)
{
  g_return_val_if_fail (tensor != 0, nullptr);

  auto *self = new GstGenAudioJob;
  self->tensor = std::make_shared<const genaudio::Tensor> (
      reinterpret_cast<void *> (static_cast<guintptr> (tensor)),
      versioned != FALSE);
  self->rate = rate;
  return self;
}

/**
 * gst_genaudio_job_ref:
 * @self: a job
 *
 * Returns: (transfer full): @self
 */
GstGenAudioJob *
gst_genaudio_job_ref (GstGenAudioJob * self)
{
  g_return_val_if_fail (self != nullptr, nullptr);

  self->references++;
  return self;
}

/**
 * gst_genaudio_job_unref:
 * @self: (transfer full): a job
 */
void
gst_genaudio_job_unref (GstGenAudioJob * self)
{
  g_return_if_fail (self != nullptr);

  if (--self->references == 0)
    delete self;
}

/**
 * gst_genaudio_job_set_path:
 * @self: a job
 * @path: (type filename) (nullable): the file to write; %NULL files the item
 *     by its date under the exporter's base directory
 *
 * The extension chooses the format.
 */
void
gst_genaudio_job_set_path (GstGenAudioJob * self, const gchar * path)
{
  g_return_if_fail (self != nullptr);
  assign (self->path, path);
}

/**
 * gst_genaudio_job_set_job_id:
 * @self: a job
 * @job_id: (nullable): job id of the item; %NULL for the name of the file,
 *     or one that is made
 */
void
gst_genaudio_job_set_job_id (GstGenAudioJob * self, const gchar * job_id)
{
  g_return_if_fail (self != nullptr);
  assign (self->job_id, job_id);
}

/**
 * gst_genaudio_job_set_metadata:
 * @self: a job
 * @metadata: (nullable): a structure of strings
 *
 * Sets free metadata that goes into the file and the sidecar. That of a
 * tensor file goes there by itself.
 */
void
gst_genaudio_job_set_metadata (GstGenAudioJob * self,
    const GstStructure * metadata)
{
  g_return_if_fail (self != nullptr);

  GstStructure *copy =
      metadata != nullptr ? gst_structure_copy (metadata) : nullptr;
  g_clear_pointer (&self->metadata, gst_structure_free);
  self->metadata = copy;
}

/**
 * gst_genaudio_job_set_rate:
 * @self: a job
 * @rate: sample rate of the tensor in Hz; 0 for the one its file says
 */
void
gst_genaudio_job_set_rate (GstGenAudioJob * self, gint rate)
{
  g_return_if_fail (self != nullptr);
  self->rate = rate;
}

/**
 * gst_genaudio_job_set_layout:
 * @self: a job
 * @layout: (nullable): `auto`, `channels-first` or `channels-last`, as
 *     torchtensorsrc's property
 */
void
gst_genaudio_job_set_layout (GstGenAudioJob * self, const gchar * layout)
{
  g_return_if_fail (self != nullptr);
  self->layout = layout != nullptr ? layout : "auto";
}

/**
 * gst_genaudio_job_set_tensor_name:
 * @self: a job
 * @name: (nullable): which tensor of the file
 */
void
gst_genaudio_job_set_tensor_name (GstGenAudioJob * self, const gchar * name)
{
  g_return_if_fail (self != nullptr);
  assign (self->tensor_name, name);
}

/**
 * gst_genaudio_job_set_loudness_target:
 * @self: a job
 * @loudness_target: LUFS, or NaN for the exporter's
 */
void
gst_genaudio_job_set_loudness_target (GstGenAudioJob * self,
    gdouble loudness_target)
{
  g_return_if_fail (self != nullptr);
  self->loudness_target = loudness_target;
}

/**
 * gst_genaudio_job_set_normalize:
 * @self: a job
 * @normalize: whether the item's loudness is normalised, whatever the
 *     exporter's property says
 */
void
gst_genaudio_job_set_normalize (GstGenAudioJob * self, gboolean normalize)
{
  g_return_if_fail (self != nullptr);
  self->normalize = normalize != FALSE;
}

/**
 * gst_genaudio_job_set_bit_depth:
 * @self: a job
 * @bit_depth: (nullable): `pcm-16`, `pcm-24`, `pcm-32` or `float`; %NULL for
 *     the exporter's
 */
void
gst_genaudio_job_set_bit_depth (GstGenAudioJob * self, const gchar * bit_depth)
{
  g_return_if_fail (self != nullptr);
  assign (self->bit_depth, bit_depth);
}

/**
 * gst_genaudio_job_set_if_exists:
 * @self: a job
 * @if_exists: (nullable): `error`, `suffix`, `skip` or `replace`; %NULL for
 *     the exporter's
 */
void
gst_genaudio_job_set_if_exists (GstGenAudioJob * self, const gchar * if_exists)
{
  g_return_if_fail (self != nullptr);
  assign (self->if_exists, if_exists);
}
