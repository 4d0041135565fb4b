/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* export-dlpack [ITEMS [SECONDS [planar|interleaved [FOLDER]]]]
 *
 * Exports tensors of this process (stereo, 32 kHz, float) as 16-bit WAV,
 * normalised, without analysis, so that what hands the samples over counts:
 * CPU time an item, start-up left out. For instructions, run it with two
 * numbers of items under `valgrind --tool=callgrind` and take the
 * difference. */

#include <gst/genaudio/genaudio.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

namespace {

struct Producer
{
  std::vector<float> samples;
  gint64 shape[2];
  GstGenAudioDLManagedTensor managed = {};

  Producer (gint64 frames, bool interleaved) :
    samples (2 * frames), shape {interleaved ? frames : 2,
      interleaved ? 2 : frames}
  {
    for (gint64 i = 0; i < frames; i++) {
      const auto value = static_cast<float> (0.2 * std::sin (i * 0.05)
          * std::exp (-3.0 * (i % 16000) / 32000));
      samples[interleaved ? 2 * i : i] = value;
      samples[interleaved ? 2 * i + 1 : frames + i] = value / 2;
    }
    GstGenAudioDLTensor & tensor = managed.dl_tensor;
    tensor.data = samples.data ();
    tensor.device = {GST_GENAUDIO_DL_CPU, 0};
    tensor.ndim = 2;
    tensor.dtype = {GST_GENAUDIO_DL_FLOAT, 32, 1};
    tensor.shape = shape;
    managed.deleter = [] (GstGenAudioDLManagedTensor *) {};
  }
};

void
export_once (GstGenAudioExporter * exporter, Producer & producer,
    const char *layout, const std::string & path)
{
  GError *error = nullptr;
  GstGenAudioJob *job = gst_genaudio_job_new_dlpack (
      reinterpret_cast<guintptr> (&producer.managed), FALSE, 32000);
  gst_genaudio_job_set_layout (job, layout);
  gst_genaudio_job_set_path (job, path.c_str ());
  GstGenAudioResult *result =
      gst_genaudio_exporter_export (exporter, job, nullptr, &error);
  gst_genaudio_job_unref (job);
  if (result == nullptr)
    g_error ("%s", error->message);
  gst_genaudio_result_free (result);
}

double
cpu_seconds ()
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
      + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

}

int
main (int argc, char **argv)
{
  const int items = argc > 1 ? atoi (argv[1]) : 200;
  const double seconds = argc > 2 ? atof (argv[2]) : 16;
  const bool interleaved = argc > 3 && strcmp (argv[3], "interleaved") == 0;
  const char *layout = interleaved ? "channels-last" : "channels-first";
  gst_init (nullptr, nullptr);

  gchar *made = argc > 4 ? g_strdup (argv[4])
      : g_dir_make_tmp ("export-dlpack-XXXXXX", nullptr);
  const std::string path = std::string (made) + "/item.wav";
  Producer producer (std::llround (seconds * 32000), interleaved);
  GstGenAudioExporter *exporter = gst_genaudio_exporter_new ();
  g_object_set (exporter, "durable", FALSE, "tempo", FALSE, "statistics",
      FALSE, "if-exists", "replace", nullptr);
  export_once (exporter, producer, layout, path);
  const double begin = cpu_seconds ();
  for (int i = 0; i < items; i++)
    export_once (exporter, producer, layout, path);
  const double spent = cpu_seconds () - begin;
  if (items > 0)
    printf ("%d %s items of %g s: %.3f ms CPU an item\n", items,
        interleaved ? "interleaved" : "planar", seconds, spent * 1000 / items);
  g_object_unref (exporter);
  unlink (path.c_str ());
  if (argc <= 4)
    rmdir (made);
  g_free (made);
  return 0;
}
