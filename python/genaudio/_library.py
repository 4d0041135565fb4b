# SPDX-License-Identifier: LGPL-2.1-or-later
"""The library's C API, by ctypes.

Nothing is loaded before it is used, so that importing the package costs
nothing and does no harm to processes that are forked afterwards.
"""

import ctypes
import os
import signal
import subprocess
import threading
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    byref,
    c_char_p,
    c_double,
    c_int,
    c_int64,
    c_size_t,
    c_uint,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import Any, Dict, List, Optional, Tuple

SONAME = "libgstgenaudio-1.0.so.0"


class GError(Structure):
    _fields_ = [("domain", c_uint32), ("code", c_int), ("message", c_char_p)]


class GPtrArray(Structure):
    _fields_ = [("pdata", POINTER(c_void_p)), ("len", c_uint)]


class ResultHead(Structure):
    """The beginning of GstGenAudioResult."""

    _fields_ = [("status", c_int), ("error", POINTER(GError))]


class Retention(Structure):
    _fields_ = [
        ("keep_days", c_uint),
        ("keep_bytes", c_uint64),
        ("min_free_bytes", c_uint64),
        ("job_id", c_char_p),
        ("flags", c_uint),
        ("_gst_reserved", c_void_p * 4),
    ]


MessageFunc = CFUNCTYPE(None, c_void_p, c_void_p, c_void_p)
ItemFunc = CFUNCTYPE(None, c_void_p, c_uint, c_void_p, c_void_p)
PlanFunc = CFUNCTYPE(c_int, c_char_p, c_uint64, c_int, c_void_p)

STATUS_SKIPPED = 2
STATUS_FAILED = 3
IF_EXISTS_REPLACE = 3
STORE_ANY_NAME = 2
RETENTION_ALL = 1
RETENTION_ANY_NAME = 4

_ERROR = POINTER(POINTER(GError))

# name: (what it returns, what it takes)
_PROTOTYPES: Dict[str, Tuple[Any, List[Any]]] = {
    "g_cancellable_new": (c_void_p, []),
    "g_cancellable_cancel": (None, [c_void_p]),
    "g_error_free": (None, [POINTER(GError)]),
    "g_free": (None, [c_void_p]),
    "g_object_unref": (None, [c_void_p]),
    "g_ptr_array_new": (c_void_p, []),
    "g_ptr_array_add": (None, [c_void_p, c_void_p]),
    "g_ptr_array_unref": (None, [c_void_p]),
    "g_quark_to_string": (c_char_p, [c_uint32]),
    "g_signal_connect_data": (
        c_size_t,
        [c_void_p, c_char_p, c_void_p, c_void_p, c_void_p, c_int],
    ),
    "g_signal_handler_disconnect": (None, [c_void_p, c_size_t]),
    "g_strfreev": (None, [c_void_p]),
    "g_date_time_new_local": (c_void_p, [c_int] * 5 + [c_double]),
    "g_date_time_new_from_unix_utc": (c_void_p, [c_int64]),
    "g_date_time_add": (c_void_p, [c_void_p, c_int64]),
    "g_date_time_unref": (None, [c_void_p]),
    "gst_init_check": (c_int, [c_void_p, c_void_p, _ERROR]),
    "gst_element_factory_find": (c_void_p, [c_char_p]),
    "gst_object_unref": (None, [c_void_p]),
    "gst_registry_get": (c_void_p, []),
    "gst_registry_scan_path": (c_int, [c_void_p, c_char_p]),
    "gst_util_set_object_arg": (None, [c_void_p, c_char_p, c_char_p]),
    "gst_message_get_structure": (c_void_p, [c_void_p]),
    "gst_structure_to_string": (c_void_p, [c_void_p]),
    "gst_structure_new_empty": (c_void_p, [c_char_p]),
    "gst_structure_free": (None, [c_void_p]),
    "gst_structure_get_boolean": (
        c_int,
        [c_void_p, c_char_p, POINTER(c_int)],
    ),
    "gst_genaudio_metadata_from_json": (c_void_p, [c_char_p, _ERROR]),
    "gst_genaudio_environment_get_double": (
        c_int,
        [c_char_p, c_double, c_double, c_double, POINTER(c_double), _ERROR],
    ),
    "gst_genaudio_environment_get_boolean": (
        c_int,
        [c_char_p, c_int, POINTER(c_int), _ERROR],
    ),
    "gst_genaudio_job_new_file": (c_void_p, [c_char_p]),
    "gst_genaudio_job_new_dlpack": (c_void_p, [c_uint64, c_int, c_int]),
    "gst_genaudio_job_unref": (None, [c_void_p]),
    "gst_genaudio_job_set_path": (None, [c_void_p, c_char_p]),
    "gst_genaudio_job_set_job_id": (None, [c_void_p, c_char_p]),
    "gst_genaudio_job_set_layout": (None, [c_void_p, c_char_p]),
    "gst_genaudio_job_set_metadata": (None, [c_void_p, c_void_p]),
    "gst_genaudio_job_set_loudness_target": (None, [c_void_p, c_double]),
    "gst_genaudio_job_set_normalize": (None, [c_void_p, c_int]),
    "gst_genaudio_job_set_bit_depth": (None, [c_void_p, c_char_p]),
    "gst_genaudio_job_set_if_exists": (None, [c_void_p, c_char_p]),
    "gst_genaudio_exporter_new": (c_void_p, []),
    "gst_genaudio_exporter_export": (
        c_void_p,
        [c_void_p, c_void_p, c_void_p, _ERROR],
    ),
    "gst_genaudio_exporter_export_batch": (
        POINTER(GPtrArray),
        [c_void_p, c_void_p, c_void_p, _ERROR],
    ),
    "gst_genaudio_exporter_get_info": (c_void_p, [c_void_p]),
    "gst_genaudio_analyzer_new": (c_void_p, []),
    "gst_genaudio_analyzer_analyze": (
        c_void_p,
        [c_void_p, c_void_p, c_void_p, _ERROR],
    ),
    "gst_genaudio_analyzer_get_info": (c_void_p, [c_void_p]),
    "gst_genaudio_result_to_json": (c_void_p, [c_void_p]),
    "gst_genaudio_result_free": (None, [c_void_p]),
    "gst_genaudio_store_new": (c_void_p, [c_char_p, c_char_p, _ERROR]),
    "gst_genaudio_store_get_output_path": (
        c_void_p,
        [c_void_p, c_char_p, c_char_p, c_int, c_void_p, _ERROR],
    ),
    "gst_genaudio_store_file_exists": (
        c_int,
        [c_void_p, c_char_p, c_char_p, c_void_p, _ERROR],
    ),
    "gst_genaudio_store_get_file_size": (
        c_int64,
        [c_void_p, c_char_p, _ERROR],
    ),
    "gst_genaudio_store_delete_file": (
        c_int,
        [c_void_p, c_char_p, c_int, _ERROR],
    ),
    "gst_genaudio_store_move_file": (
        c_void_p,
        [c_void_p, c_char_p, c_char_p, c_int, _ERROR],
    ),
    "gst_genaudio_store_copy_file": (
        c_void_p,
        [c_void_p, c_char_p, c_char_p, c_int, _ERROR],
    ),
    "gst_genaudio_store_list_files": (
        POINTER(c_char_p),
        [c_void_p, c_void_p, c_void_p, c_uint, c_char_p, c_int, _ERROR],
    ),
    "gst_genaudio_store_get_storage_stats": (
        c_void_p,
        [c_void_p, c_int, _ERROR],
    ),
    "gst_genaudio_store_stats_to_json": (c_void_p, [c_void_p]),
    "gst_genaudio_store_stats_free": (None, [c_void_p]),
    "gst_genaudio_store_plan": (
        c_void_p,
        [c_void_p, POINTER(Retention), c_void_p, _ERROR],
    ),
    "gst_genaudio_plan_foreach": (None, [c_void_p, PlanFunc, c_void_p]),
    "gst_genaudio_plan_get_files": (c_uint64, [c_void_p]),
    "gst_genaudio_plan_execute": (
        c_int,
        [c_void_p, c_void_p, c_void_p, POINTER(c_uint64), POINTER(c_uint64), _ERROR],
    ),
    "gst_genaudio_plan_free": (None, [c_void_p]),
    "gst_genaudio_store_cleanup_empty_directories": (
        c_int,
        [c_void_p, c_int, POINTER(c_uint64), _ERROR],
    ),
}

_lock = threading.Lock()
_library: Optional["Library"] = None
_forked = False


def _after_fork() -> None:
    """In a forked child: the library's threads are not in this process."""
    global _forked, _lock
    _forked = _library is not None
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


def give_back(function: str, pointer: int) -> None:
    """Frees what a pointer means; in a forked child and in an interpreter that
    is being taken down nothing is touched any more."""
    lib = _library  # None too once this module has been cleared
    if lib is not None and pointer and not _forked:
        getattr(lib, function)(pointer)


class LibraryError(Exception):
    """What a call of the library failed with."""

    def __init__(self, domain: str, code: int, message: str) -> None:
        super().__init__(message)
        self.domain = domain
        self.code = code
        self.message = message

    # codes of GstCoreError, GstLibraryError, GstResourceError, GstStreamError
    @property
    def is_bad_tensor(self) -> bool:
        return (self.domain, self.code) == ("gst-stream-error-quark", 5)

    @property
    def is_bad_setting(self) -> bool:
        return (self.domain, self.code) == ("gst-library-error-quark", 5)

    @property
    def is_bad_name(self) -> bool:
        return (self.domain, self.code) == ("gst-resource-error-quark", 13)

    @property
    def is_not_found(self) -> bool:
        return (self.domain, self.code) == ("gst-resource-error-quark", 3)


def _from_pkg_config() -> List[str]:
    try:
        folder = subprocess.run(
            ["pkg-config", "--variable=libdir", "gstgenaudio-1.0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
            timeout=10,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return [os.path.join(os.fsdecode(folder.strip()), SONAME)]


def _installed() -> List[str]:
    """Where meson installed the library together with this package."""
    try:
        from . import _installation
    except ImportError:
        return []
    return [os.path.join(_installation.LIBDIR, SONAME)]


def _open() -> Tuple[ctypes.CDLL, str]:
    said = os.environ.get("GENAUDIO_LIBRARY")
    if said:
        if os.path.isdir(said):
            said = os.path.join(said, SONAME)
        try:
            return ctypes.CDLL(said), said
        except OSError as error:
            raise RuntimeError(f"GENAUDIO_LIBRARY={said}: {error}") from error
    reasons = []
    for find in (_installed, lambda: [SONAME], _from_pkg_config):
        for path in find():
            try:
                return ctypes.CDLL(path), path
            except OSError as error:
                reasons.append(str(error))
    raise RuntimeError(
        f"{SONAME} is not to be found; install gst-genaudio, or set "
        "GENAUDIO_LIBRARY to where it is (" + "; ".join(reasons) + ")"
    )


class Library:
    """The functions of the library, by name."""

    def __init__(self) -> None:
        self._handle, self._path = _open()
        for name, (result, arguments) in _PROTOTYPES.items():
            function = getattr(self._handle, name)
            function.restype = result
            function.argtypes = arguments
            setattr(self, name, function)
        error = POINTER(GError)()
        if not self.gst_init_check(None, None, byref(error)):
            raise RuntimeError(f"GStreamer: {self.take_error(error).message}")
        self._find_plugins()

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def _find_plugins(self) -> None:
        """Below a prefix of its own GStreamer does not look by itself."""
        folder = os.path.join(os.path.dirname(self._path), "gstreamer-1.0")
        if os.path.isabs(folder) and os.path.isdir(folder):
            if not self.has_element("datedsink"):
                self.gst_registry_scan_path(
                    self.gst_registry_get(), os.fsencode(folder)
                )

    def has_element(self, name: str) -> bool:
        factory = self.gst_element_factory_find(name.encode())
        if factory:
            self.gst_object_unref(factory)
        return bool(factory)

    def take_error(self, error: Any) -> LibraryError:
        """Turns a GError that was returned into an exception."""
        taken = self.read_error(error)
        self.g_error_free(error)
        return taken

    def read_error(self, error: Any) -> LibraryError:
        held = error.contents
        return LibraryError(
            (self.g_quark_to_string(held.domain) or b"").decode(),
            held.code,
            (held.message or b"").decode("utf-8", "replace"),
        )

    def take_text(self, text: int) -> str:
        """Turns a string that was returned into one of Python's."""
        taken = ctypes.string_at(text).decode("utf-8", "replace")
        self.g_free(text)
        return taken

    def take_path(self, text: int) -> str:
        taken = os.fsdecode(ctypes.string_at(text))
        self.g_free(text)
        return taken


def load() -> Any:
    """The library, loaded at the first call."""
    global _library
    if _forked:
        raise RuntimeError(
            "genaudio was used in this process's parent before it was forked, "
            "and GStreamer does not survive that: use "
            'multiprocessing.get_context("spawn") (or set_start_method("spawn"))'
        )
    with _lock:
        if _library is None:
            _library = Library()
        return _library


def call(name: str, *arguments: Any) -> Any:
    """Calls a function whose last argument is a GError, and raises it."""
    lib = load()
    error = POINTER(GError)()
    result = getattr(lib, name)(*arguments, byref(error))
    if error:
        raise lib.take_error(error)
    return result


class Object:
    """A reference to an object of the library."""

    def __init__(self, pointer: int) -> None:
        self.pointer = pointer

    def __del__(self, give_back: Any = give_back) -> None:
        give_back("g_object_unref", self.pointer)

    def set(self, name: str, value: Any) -> None:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        load().gst_util_set_object_arg(
            self.pointer, name.encode(), text.encode()
        )

    def connect(self, name: str, function: Any) -> int:
        """`function` has to live until it is disconnected."""
        handler: int = load().g_signal_connect_data(
            self.pointer, name.encode(),
            ctypes.cast(function, c_void_p), None, None, 0,
        )
        return handler


class Interruptible:
    """Ends a batch after the item in hand when Ctrl-C is pressed.

    Python runs a signal's handler between two of its own instructions, and a
    call of the library has none: so it is called back after each item, and
    the handler that is put in place cancels what goes on. Whoever handled the
    signal before is told when the call has returned.
    """

    def __init__(self, exporter: Object) -> None:
        self._exporter = exporter
        self._caught: Optional[Tuple[int, Any]] = None
        self._previous: Any = None
        self._callback = ItemFunc(lambda *_: None)

    def __enter__(self) -> int:
        lib = load()
        self._cancellable = Object(lib.g_cancellable_new())
        if threading.current_thread() is threading.main_thread():
            previous = signal.getsignal(signal.SIGINT)
            if callable(previous):
                self._handler = self._exporter.connect(
                    "item-done", self._callback
                )
                self._previous = previous
                signal.signal(signal.SIGINT, self._catch)
        return self._cancellable.pointer

    def __exit__(self, *_: Any) -> None:
        if self._previous is None:
            return
        signal.signal(signal.SIGINT, self._previous)
        load().g_signal_handler_disconnect(
            self._exporter.pointer, self._handler
        )
        if self._caught is not None:
            self._previous(*self._caught)

    def _catch(self, number: int, frame: Any) -> None:
        self._caught = number, frame
        load().g_cancellable_cancel(self._cancellable.pointer)
