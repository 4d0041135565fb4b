# SPDX-License-Identifier: LGPL-2.1-or-later
"""From the tensors that Python programs hold to a job of the library."""

import ctypes
from typing import Any, Tuple

from . import _library

CPU = 1
HOST_DEVICES = (1, 3, 11, 13)  # CPU, and what a CPU can read
MAX_RATE = 2**31 - 1

_get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_get_pointer.restype = ctypes.c_void_p
_get_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
_get_name = ctypes.pythonapi.PyCapsule_GetName
_get_name.restype = ctypes.c_char_p
_get_name.argtypes = [ctypes.py_object]
_set_name = ctypes.pythonapi.PyCapsule_SetName
_set_name.restype = ctypes.c_int
_set_name.argtypes = [ctypes.py_object, ctypes.c_char_p]

# A capsule keeps the address of its name, not a copy.
_USED = {
    b"dltensor": b"used_dltensor",
    b"dltensor_versioned": b"used_dltensor_versioned",
}


def _is_torch(tensor: Any) -> bool:
    return any(
        base.__module__.split(".")[0] == "torch" and base.__name__ == "Tensor"
        for base in type(tensor).__mro__
    )


def _from_torch(tensor: Any) -> Any:
    """What DLPack can carry: on the host, without gradient or lazy bits."""
    tensor = tensor.detach()
    if tensor.is_complex():
        raise ValueError("Unsupported tensor type: complex")
    if str(tensor.layout) != "torch.strided":
        tensor = tensor.to_dense()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.device.type != "cpu":
        tensor = tensor.cpu()
    for resolve in ("resolve_neg", "resolve_conj"):
        if hasattr(tensor, resolve):
            tensor = getattr(tensor, resolve)()
    return tensor


def _from_numpy(array: Any) -> Any:
    """numpy's DLPack refuses foreign byte order and, long, read-only arrays."""
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if not array.flags.writeable:
        array = array.copy()
    return array


def _from_device(tensor: Any) -> Any:
    """A tensor of another framework that is not on the host."""
    for fetch in ("cpu", "get", "__array__"):
        if hasattr(tensor, fetch):
            return getattr(tensor, fetch)()
    raise ValueError(
        f"{type(tensor).__name__} is in the memory of a device: copy it to "
        "the host first"
    )


def to_host(tensor: Any) -> Any:
    """Something with `__dlpack__` and a shape, on the host, uncopied if it was."""
    if _is_torch(tensor):
        return _from_torch(tensor)
    if type(tensor).__module__.split(".")[0] == "numpy" and hasattr(
        tensor, "flags"
    ):
        return _from_numpy(tensor)
    if not hasattr(tensor, "__dlpack__"):
        raise TypeError(
            "Expected a torch.Tensor, a numpy array or another object with "
            f"__dlpack__, got {type(tensor).__name__}"
        )
    if hasattr(tensor, "__dlpack_device__"):
        if int(tensor.__dlpack_device__()[0]) not in HOST_DEVICES:
            return to_host(_from_device(tensor))
    return tensor


def check_shape(shape: Tuple[int, ...], layout: str, max_channels: int) -> None:
    """Raises what code written for the reference expects."""
    text = str(tuple(shape))
    if len(shape) not in (1, 2, 3) or (len(shape) == 3 and shape[0] != 1):
        raise ValueError(
            f"Invalid audio dimensions: shape {text}, expected (samples,), "
            "(channels, samples) or (1, channels, samples)"
        )
    if len(shape) > 1:
        channels = shape[-1] if layout == "channels-last" else shape[-2]
        if channels > max_channels and layout != "auto":
            raise ValueError(
                f"Expected max {max_channels} channels, got {channels} "
                f"(shape {text})"
            )
    if 0 in shape:
        raise ValueError(f"Empty tensor: shape {text}")


def check_rate(rate: Any) -> int:
    number = int(rate)
    if number != rate or not 1 <= number <= MAX_RATE:
        raise ValueError(f"Sample rate is {rate}, expected at least 1 Hz")
    return number


def _capsule(tensor: Any) -> Any:
    try:
        return tensor.__dlpack__()
    except (BufferError, RuntimeError, TypeError) as error:
        raise ValueError(f"Unsupported tensor type: {error}") from error


class Job:
    """A job of the library, from a tensor or a file."""

    def __init__(self, pointer: int) -> None:
        self.pointer = pointer

    def __del__(self, give_back: Any = _library.give_back) -> None:
        give_back("gst_genaudio_job_unref", self.pointer)

    def release(self) -> int:
        pointer, self.pointer = self.pointer, 0
        return pointer


def tensor_job(
    tensor: Any, rate: Any, layout: str = "channels-first", max_channels: int = 2
) -> Job:
    """A job that takes the samples of `tensor`, which it keeps alive."""
    lib = _library.load()
    rate = check_rate(rate)
    host = to_host(tensor)
    check_shape(tuple(host.shape), layout, max_channels)
    capsule = _capsule(host)
    name = _get_name(capsule)
    if name not in _USED:
        raise ValueError(f"Unsupported tensor type: a capsule called {name!r}")
    address = _get_pointer(capsule, name)
    versioned = name == b"dltensor_versioned"
    job = lib.gst_genaudio_job_new_dlpack(address, versioned, rate)
    _set_name(capsule, _USED[name])
    lib.gst_genaudio_job_set_layout(job, layout.encode())
    return Job(job)


def file_job(path: bytes) -> Job:
    return Job(_library.load().gst_genaudio_job_new_file(path))
