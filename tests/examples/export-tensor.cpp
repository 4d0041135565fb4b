/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* A LibTorch tensor of this program to a normalised, analysed file.
 *
 *   export-tensor [FILE.wav]
 */

#include <gst/genaudio/torch.hpp>

#include <gst/genaudio/genaudio.h>

#include <cmath>
#include <cstdint>
#include <cstdio>

/* In your program: what the model returns, (channels, samples). */
static at::Tensor
generate (int rate, int seconds)
{
  const at::Tensor t = at::arange (int64_t {rate} * seconds, at::kFloat) / rate;
  const at::Tensor beat = at::exp (-4 * at::remainder (t, 0.5));
  const at::Tensor chord = at::sin (2 * M_PI * 220 * t)
      + at::sin (2 * M_PI * 261.63 * t) + at::sin (2 * M_PI * 329.63 * t);

  return at::stack ({beat * chord * 0.1, beat * chord * 0.05});
}

static void
on_progress (GstGenAudioExporter *, guint item, guint n_items,
    gdouble fraction, gpointer)
{
  fprintf (stderr, "\r%u of %u: %3.0f %%", item + 1, n_items, fraction * 100);
}

int
main (int argc, char **argv)
{
  const char *path = argc > 1 ? argv[1] : "tensor.wav";
  const int rate = 32000;
  GError *error = nullptr;

  gst_init (&argc, &argv);
  GstGenAudioExporter *exporter = gst_genaudio_exporter_new ();
  g_object_set (exporter, "loudness-target", -16.0, "key", TRUE, "if-exists",
      "replace", nullptr);
  g_signal_connect (exporter, "progress", G_CALLBACK (on_progress), nullptr);

  /* the tensor's memory is shared, and kept alive as long as it is needed */
  const at::Tensor tensor = generate (rate, 16);
  GstGenAudioResult *result = gst_genaudio_exporter_export_dlpack (exporter,
      reinterpret_cast<guintptr> (genaudio::to_dlpack (tensor)), FALSE, rate,
      path, nullptr, &error);
  g_object_unref (exporter);
  fputc ('\n', stderr);
  if (result == nullptr) {
    fprintf (stderr, "%s\n", error->message);
    g_error_free (error);
    return 1;
  }

  printf ("%s: %" G_GUINT64_FORMAT " bytes, %.2f LUFS (was %.2f), %.2f dBTP, "
      "%.1f BPM, %s\n", result->path, result->bytes,
      result->loudness->output.integrated_loudness,
      result->loudness->input.integrated_loudness,
      result->loudness->output.max_true_peak, result->analysis->bpm,
      result->analysis->musical_key);
  gst_genaudio_result_free (result);
  return 0;
}
