/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The border between torchtensorsrc and LibTorch: a small C ABI, so that no
 * C++ type, and no choice of C++ standard library, crosses it. The module
 * behind it (libgstgenaudio-torch.so) links LibTorch, lies outside the
 * GStreamer plugin folder and is opened when a model is first played.
 *
 * Nothing here names TorchScript: another kind of model needs a new module,
 * not a new ABI. No function throws; each that can fail returns a message
 * that the caller frees with free_error(). A model belongs to one thread at a
 * time. */

#ifndef __GENAUDIO_TORCH_BACKEND_H__
#define __GENAUDIO_TORCH_BACKEND_H__

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GENAUDIO_TORCH_BACKEND_ABI 1
#define GENAUDIO_TORCH_BACKEND_MODULE "libgstgenaudio-torch.so"
#define GENAUDIO_TORCH_BACKEND_SYMBOL "genaudio_torch_backend_get"

typedef struct GenAudioTorchModel GenAudioTorchModel;

typedef enum
{
  GENAUDIO_TORCH_STRING,
  GENAUDIO_TORCH_INT,
  GENAUDIO_TORCH_DOUBLE,
  GENAUDIO_TORCH_BOOL
} GenAudioTorchType;

/* A named argument of the model's forward(). @required tells that the user
 * set it, so that a model which takes no such argument is an error. */
typedef struct
{
  const char *name;
  GenAudioTorchType type;
  const char *string_value;
  int64_t int_value;            /* also of a bool */
  double double_value;
  int required;
} GenAudioTorchArgument;

/* What forward() returned, on the host: float32, planar, the channels
 * one behind the other. @frames is 0 when the model has come to its end. */
typedef struct
{
  const float *samples;
  int64_t frames;
  int channels;
  void *owner;
} GenAudioTorchChunk;

typedef struct
{
  uint32_t abi_version;
  /* such as "2.6.0" */
  const char *runtime_version;

  /* Loads @path on @device ("cpu", "cuda", "cuda:1"). @threads above 0 sets
   * the number of threads LibTorch uses, for the whole process. */
  GenAudioTorchModel *(*open) (const char *path, const char *device,
      int threads, char **error);
  void (*close) (GenAudioTorchModel *model);

  /* Matches @arguments with forward()'s by name and type; an argument of
   * forward() that has neither a value nor a default is an error, as is a
   * required one that it does not take. Returns 0 if they do not match. */
  int (*configure) (GenAudioTorchModel *model,
      const GenAudioTorchArgument *arguments, size_t n_arguments, char **error);

  /* 1 if forward() takes a number of frames, that is, plays in chunks;
   * 0 if one call gives the whole item. After configure(). */
  int (*plays_chunks) (const GenAudioTorchModel *model);

  /* 1 if restart() brings the beginning back: the model has a reset(), or one
   * call gives the whole item. */
  int (*can_restart) (const GenAudioTorchModel *model);

  /* What the model's sample_rate() says, 0 if it has none, -1 on error. */
  int (*sample_rate) (GenAudioTorchModel *model, char **error);

  /* Back to the beginning, by the model's reset(seed) or reset() if it has
   * one. Returns 0 on error. */
  int (*restart) (GenAudioTorchModel *model, int64_t seed, char **error);

  /* Calls forward() for the next @frames (chunked models; fewer may come).
   * Returns 0 on error. The chunk lives until release_chunk(). */
  int (*next_chunk) (GenAudioTorchModel *model, int64_t frames,
      GenAudioTorchChunk *chunk, char **error);
  void (*release_chunk) (GenAudioTorchChunk *chunk);

  void (*free_error) (char *error);
} GenAudioTorchBackend;

/* The table, or NULL if the module does not speak ABI @abi_version. */
const GenAudioTorchBackend *genaudio_torch_backend_get (uint32_t abi_version);

#ifdef __cplusplus
}
#endif

#endif /* __GENAUDIO_TORCH_BACKEND_H__ */
