# SPDX-License-Identifier: LGPL-2.1-or-later
"""Default arguments that can be told from the same value given by hand.

An argument that is given beats the environment; one that is left out does
not. To signatures and to calculations these are the plain values.
"""

import ctypes
import os

from . import _library


class DefaultFloat(float):
    """A float that was not given."""


class DefaultStr(str):
    """A string that was not given."""


class DefaultTrue(int):
    """A true that was not given."""

    def __new__(cls) -> "DefaultTrue":
        return super().__new__(cls, 1)

    def __repr__(self) -> str:
        return "True"


TARGET_LUFS = DefaultFloat(-16.0)
NORMALIZE = DefaultTrue()
BASE_DIR = DefaultStr("data/outputs")


def target_lufs(given: float) -> float:
    """What is said, or else the environment, or else the default."""
    if not isinstance(given, DefaultFloat):
        return float(given)
    value = ctypes.c_double()
    try:
        _library.call(
            "gst_genaudio_environment_get_double",
            b"AUDIO_TARGET_LUFS",
            -70.0,
            -5.0,
            float(given),
            ctypes.byref(value),
        )
    except _library.LibraryError as error:
        raise ValueError(error.message) from None
    return value.value


def normalize(given: bool) -> bool:
    if not isinstance(given, DefaultTrue):
        return bool(given)
    value = ctypes.c_int()
    try:
        _library.call(
            "gst_genaudio_environment_get_boolean",
            b"AUDIO_NORMALIZE",
            1,
            ctypes.byref(value),
        )
    except _library.LibraryError as error:
        raise ValueError(error.message) from None
    return bool(value.value)


def base_dir(given: "os.PathLike[str] | str") -> str:
    if isinstance(given, DefaultStr):
        return os.environ.get("AUDIO_OUTPUT_DIR") or str(given)
    return os.fspath(given)
