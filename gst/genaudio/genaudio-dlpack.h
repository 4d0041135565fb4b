/* gst-genaudio
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef __GST_GENAUDIO_DLPACK_H__
#define __GST_GENAUDIO_DLPACK_H__

/* The structures by which tensors are handed over in a process, as DLPack
 * (https://dmlc.github.io/dlpack/latest/c_api.html) lays them out, both the
 * form without a version, which every producer has, and the versioned one of
 * DLPack 1.0. They are declared here, under names of the project's own, so
 * that neither DLPack nor LibTorch is needed to build against the library;
 * a pointer to the original structure may be cast to one of these. */

#include <glib.h>

G_BEGIN_DECLS

/**
 * GstGenAudioDLDeviceType:
 * @GST_GENAUDIO_DL_CPU: host memory
 * @GST_GENAUDIO_DL_CUDA: CUDA device memory
 * @GST_GENAUDIO_DL_CUDA_HOST: host memory pinned by CUDA
 * @GST_GENAUDIO_DL_ROCM_HOST: host memory pinned by ROCm
 * @GST_GENAUDIO_DL_CUDA_MANAGED: CUDA memory that the host can read
 *
 * The device types of DLPack that matter here; others are refused.
 */
typedef enum
{
  GST_GENAUDIO_DL_CPU = 1,
  GST_GENAUDIO_DL_CUDA = 2,
  GST_GENAUDIO_DL_CUDA_HOST = 3,
  GST_GENAUDIO_DL_ROCM_HOST = 11,
  GST_GENAUDIO_DL_CUDA_MANAGED = 13,
} GstGenAudioDLDeviceType;

/**
 * GstGenAudioDLTypeCode:
 * @GST_GENAUDIO_DL_INT: signed integer
 * @GST_GENAUDIO_DL_UINT: unsigned integer
 * @GST_GENAUDIO_DL_FLOAT: IEEE floating point
 * @GST_GENAUDIO_DL_BFLOAT: bfloat16
 *
 * The element types of DLPack that matter here; others are refused.
 */
typedef enum
{
  GST_GENAUDIO_DL_INT = 0,
  GST_GENAUDIO_DL_UINT = 1,
  GST_GENAUDIO_DL_FLOAT = 2,
  GST_GENAUDIO_DL_BFLOAT = 4,
} GstGenAudioDLTypeCode;

typedef struct _GstGenAudioDLDevice GstGenAudioDLDevice;
typedef struct _GstGenAudioDLDataType GstGenAudioDLDataType;
typedef struct _GstGenAudioDLTensor GstGenAudioDLTensor;
typedef struct _GstGenAudioDLManagedTensor GstGenAudioDLManagedTensor;
typedef struct _GstGenAudioDLManagedTensorVersioned
    GstGenAudioDLManagedTensorVersioned;

/**
 * GstGenAudioDLDevice: (skip)
 * @device_type: a #GstGenAudioDLDeviceType
 * @device_id: which of them
 *
 * DLPack's `DLDevice`.
 */
struct _GstGenAudioDLDevice
{
  gint32 device_type;
  gint32 device_id;
};

/**
 * GstGenAudioDLDataType: (skip)
 * @code: a #GstGenAudioDLTypeCode
 * @bits: bits of an element
 * @lanes: 1, unless elements are vectors
 *
 * DLPack's `DLDataType`.
 */
struct _GstGenAudioDLDataType
{
  guint8 code;
  guint8 bits;
  guint16 lanes;
};

/**
 * GstGenAudioDLTensor: (skip)
 * @data: start of the storage
 * @device: where it is
 * @ndim: number of dimensions
 * @dtype: type of the elements
 * @shape: size of each dimension
 * @strides: (nullable): elements from one to the next in each dimension;
 *     %NULL if compact in row-major order
 * @byte_offset: from @data to the first element
 *
 * DLPack's `DLTensor`.
 */
struct _GstGenAudioDLTensor
{
  gpointer data;
  GstGenAudioDLDevice device;
  gint32 ndim;
  GstGenAudioDLDataType dtype;
  gint64 *shape;
  gint64 *strides;
  guint64 byte_offset;
};

/**
 * GstGenAudioDLManagedTensor: (skip)
 * @dl_tensor: the tensor
 * @manager_ctx: the producer's own
 * @deleter: (nullable): called once with the structure when it is not needed
 *     any more
 *
 * DLPack's `DLManagedTensor`, the contents of a capsule called `dltensor`.
 */
struct _GstGenAudioDLManagedTensor
{
  GstGenAudioDLTensor dl_tensor;
  gpointer manager_ctx;
  void (*deleter) (GstGenAudioDLManagedTensor * self);
};

/**
 * GstGenAudioDLManagedTensorVersioned: (skip)
 * @version_major: 1; with another nothing but @deleter may be read
 * @version_minor: what was added
 * @manager_ctx: the producer's own
 * @deleter: (nullable): called once with the structure when it is not needed
 *     any more
 * @flags: bit 0: read-only; bit 1: a copy was made
 * @dl_tensor: the tensor
 *
 * DLPack's `DLManagedTensorVersioned`, the contents of a capsule called
 * `dltensor_versioned`.
 */
struct _GstGenAudioDLManagedTensorVersioned
{
  guint32 version_major;
  guint32 version_minor;
  gpointer manager_ctx;
  void (*deleter) (GstGenAudioDLManagedTensorVersioned * self);
  guint64 flags;
  GstGenAudioDLTensor dl_tensor;
};

G_END_DECLS

#endif /* __GST_GENAUDIO_DLPACK_H__ */
