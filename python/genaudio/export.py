# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tensors to audio files."""

import ctypes
import json
import logging
import os
import threading
from typing import (
    Any,
    Callable,
    Dict,
    List,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    Union,
)

from . import _defaults, _library, _tensors

__all__ = ["AudioExporter", "BatchError"]

logger = logging.getLogger(__name__)

PathLike = Union[str, "os.PathLike[str]"]
Result = Tuple[str, int]

MIN_TARGET_LUFS = -70.0
MAX_TARGET_LUFS = -5.0


class BatchError(RuntimeError):
    """An item of a batch could not be written; the others were.

    `results` has what `export_wav_batch` returns, with `None` for every item
    that failed, and `errors` the exception of each of those, by index.
    """

    results: List[Optional[Result]]
    errors: Dict[int, Exception]


class _BatchValueError(BatchError, ValueError):
    """As BatchError, where the item itself was wrong."""


class AudioExporter:
    """Writes tensors to audio files, normalised to a loudness (EBU R128).

    >>> exporter = AudioExporter(target_lufs=-16.0)
    >>> path, size = exporter.export_wav(tensor, "out/take.wav")

    Parameters
    ----------
    target_lufs:
        Integrated loudness to reach, -70 to -5 LUFS. Left out, the
        environment variable `AUDIO_TARGET_LUFS` holds where it is set.
    durable:
        Have each file on the disk before the call returns, so that a power
        cut cannot take it back.
    on_message:
        Called with the text of every message of its own that an element
        posts, as `gst-launch-1.0 -m` prints them, from the thread that
        exports.
    """

    SUPPORTED_BIT_DEPTHS = ["PCM_16", "PCM_24", "PCM_32", "FLOAT"]

    def __init__(
        self,
        target_lufs: float = _defaults.TARGET_LUFS,
        *,
        durable: bool = True,
        on_message: Optional[Callable[[str], None]] = None,
    ) -> None:
        self.target_lufs = _defaults.target_lufs(target_lufs)
        self._check_target()
        self._exporter: Optional[_library.Object] = None
        self._durable = durable
        self._on_message = on_message
        self._callback: Any = None
        self._lock = threading.Lock()

    def export_wav(
        self,
        audio_tensor: Any,
        output_path: PathLike,
        sample_rate: int = 32000,
        normalize: bool = _defaults.NORMALIZE,  # type: ignore[assignment]
        bit_depth: str = "PCM_16",
        *,
        if_exists: str = "replace",
        max_channels: int = 2,
        layout: str = "channels-first",
        job_id: Optional[str] = None,
        metadata: Optional[Mapping[str, Any]] = None,
    ) -> Result:
        """Writes one tensor to a file.

        Parameters
        ----------
        audio_tensor:
            A `torch.Tensor` on any device, a numpy array, or anything with
            `__dlpack__`: (samples), (channels, samples) or
            (1, channels, samples). Float of any width, or integers of up to 32
            bits, which are scaled to full scale.
        output_path:
            The file. Its extension chooses the format (.wav, .flac, .ogg,
            .opus, .mp3, .aiff, .rf64); folders are made; a file that is there
            is replaced, in one step.
        sample_rate:
            In Hz.
        normalize:
            Apply one gain so that the loudness becomes `target_lufs`, or as
            near as a true peak of -1 dBTP lets it. Audio that is silent or
            under 400 ms is written as it is. Left out, the environment
            variable `AUDIO_NORMALIZE` holds where it is set.
        bit_depth:
            One of `SUPPORTED_BIT_DEPTHS`.
        if_exists:
            What to do about a file that is there: "replace", "error", "skip",
            or "suffix" (`take-1.wav`).
        max_channels:
            More are an error; up to 8.
        layout:
            "channels-first", "channels-last", or "auto".
        job_id, metadata:
            Name and free metadata of the item, which go into the file.

        Returns
        -------
        The path, as it was given (but for a suffix), and the size of the file
        in bytes.

        Raises
        ------
        ValueError
            The tensor, the bit depth or another argument is wrong.
        RuntimeError
            "Could not write WAV file": the place or the extension is.
        """
        job = self._job(
            audio_tensor, output_path, sample_rate, normalize, bit_depth,
            if_exists, max_channels, layout, job_id, metadata,
        )
        try:
            result = _library.call(
                "gst_genaudio_exporter_export",
                self._object().pointer, job.pointer, None,
            )
        except _library.LibraryError as error:
            raise self._exception(error, output_path) from None
        return self._take(result, output_path)

    def export_wav_batch(
        self,
        audio_tensors: Sequence[Any],
        output_paths: Sequence[PathLike],
        sample_rate: int = 32000,
        normalize: bool = _defaults.NORMALIZE,  # type: ignore[assignment]
        bit_depth: str = "PCM_16",
        *,
        if_exists: str = "replace",
        max_channels: int = 2,
        layout: str = "channels-first",
    ) -> List[Result]:
        """Writes many tensors, each to its file, through one pipeline.

        Arguments are those of `export_wav`. An item that fails does not stop
        the others: all are tried, and then the first exception is raised,
        with `.results` and `.errors` (see `BatchError`). Ctrl-C ends it after
        the item in hand; the files that are finished stay.

        Returns
        -------
        Path and size of each file, in the order of the tensors.
        """
        audio_tensors, output_paths = list(audio_tensors), list(output_paths)
        if len(audio_tensors) != len(output_paths):
            raise ValueError(
                f"Length mismatch: {len(audio_tensors)} tensors but "
                f"{len(output_paths)} paths"
            )
        self._check_distinct(output_paths)
        errors: Dict[int, Exception] = {}
        indices: List[int] = []
        lib = _library.load()
        jobs = lib.g_ptr_array_new()
        held = []
        try:
            for i, tensor in enumerate(audio_tensors):
                try:
                    job = self._job(
                        tensor, output_paths[i], sample_rate, normalize,
                        bit_depth, if_exists, max_channels, layout, None, None,
                    )
                except (TypeError, ValueError, RuntimeError) as error:
                    errors[i] = error
                    continue
                held.append(job)
                indices.append(i)
                lib.g_ptr_array_add(jobs, job.pointer)
            results: List[Optional[Result]] = [None] * len(audio_tensors)
            self._run_batch(jobs, indices, output_paths, results, errors)
        finally:
            lib.g_ptr_array_unref(jobs)
        if errors:
            raise self._batch_error(results, errors)
        return results  # type: ignore[return-value]

    def get_info(self) -> Dict[str, Any]:
        """Settings and abilities: `target_lufs`, `normalization_available`
        and `supported_bit_depths`."""
        return {
            "target_lufs": self.target_lufs,
            "normalization_available": _library.load().has_element(
                "r128normalize"
            ),
            "supported_bit_depths": list(self.SUPPORTED_BIT_DEPTHS),
        }

    def _check_target(self) -> None:
        if not MIN_TARGET_LUFS <= self.target_lufs <= MAX_TARGET_LUFS:
            raise ValueError(
                f"target_lufs is {self.target_lufs}, expected "
                f"{MIN_TARGET_LUFS} to {MAX_TARGET_LUFS}"
            )

    @staticmethod
    def _check_distinct(paths: Sequence[PathLike]) -> None:
        seen: Dict[str, int] = {}
        for i, path in enumerate(paths):
            absolute = os.path.realpath(path)
            if absolute in seen:
                raise ValueError(
                    f"Items {seen[absolute]} and {i} have the same path: {path}"
                )
            seen[absolute] = i

    def _object(self) -> _library.Object:
        lib = _library.load()
        with self._lock:
            if self._exporter is None:
                exporter = _library.Object(lib.gst_genaudio_exporter_new())
                for name in ("tempo", "key", "statistics", "beats"):
                    exporter.set(name, False)
                exporter.set("durable", self._durable)
                if self._on_message is not None:
                    self._connect(exporter)
                self._exporter = exporter
            return self._exporter

    def _connect(self, exporter: _library.Object) -> None:
        lib = _library.load()
        tell = self._on_message

        def on_message(_: int, message: int, __: int) -> None:
            structure = lib.gst_message_get_structure(message)
            if structure and tell is not None:
                text = lib.take_text(lib.gst_structure_to_string(structure))
                # those of GStreamer itself, of states and clocks
                if not text.startswith("GstMessage"):
                    tell(text)

        self._callback = _library.MessageFunc(on_message)
        exporter.connect("message", self._callback)

    def _job(
        self, tensor: Any, path: PathLike, rate: Any, normalize: bool,
        bit_depth: str, if_exists: str, max_channels: int, layout: str,
        job_id: Optional[str], metadata: Optional[Mapping[str, Any]],
    ) -> _tensors.Job:
        self._check_target()
        if bit_depth not in self.SUPPORTED_BIT_DEPTHS:
            raise ValueError(
                f"Unsupported bit depth: {bit_depth!r}, expected one of "
                + ", ".join(self.SUPPORTED_BIT_DEPTHS)
            )
        job = _tensors.tensor_job(tensor, rate, layout, max_channels)
        lib = _library.load()
        lib.gst_genaudio_job_set_path(job.pointer, os.fsencode(path))
        lib.gst_genaudio_job_set_normalize(
            job.pointer, _defaults.normalize(normalize)
        )
        lib.gst_genaudio_job_set_loudness_target(job.pointer, self.target_lufs)
        lib.gst_genaudio_job_set_bit_depth(job.pointer, bit_depth.encode())
        lib.gst_genaudio_job_set_if_exists(job.pointer, if_exists.encode())
        if job_id is not None:
            lib.gst_genaudio_job_set_job_id(job.pointer, job_id.encode())
        if metadata:
            self._set_metadata(job, metadata)
        return job

    @staticmethod
    def _set_metadata(job: _tensors.Job, metadata: Mapping[str, Any]) -> None:
        text = json.dumps({str(k): str(v) for k, v in metadata.items()})
        structure = _library.call(
            "gst_genaudio_metadata_from_json", text.encode()
        )
        lib = _library.load()
        lib.gst_genaudio_job_set_metadata(job.pointer, structure)
        lib.gst_structure_free(structure)

    @staticmethod
    def _exception(error: _library.LibraryError, path: PathLike) -> Exception:
        if error.is_bad_tensor or error.is_bad_setting or error.is_bad_name:
            return ValueError(error.message)
        return RuntimeError(
            f"Could not write WAV file {os.fspath(path)}: {error.message}"
        )

    def _take(self, result: int, path: PathLike) -> Result:
        """Reads a result that was returned, and frees it."""
        lib = _library.load()
        try:
            known = self._read(result)
        finally:
            lib.gst_genaudio_result_free(result)
        return self._tell(known, path)

    @staticmethod
    def _read(result: int) -> Dict[str, Any]:
        lib = _library.load()
        known: Dict[str, Any] = json.loads(
            lib.take_text(lib.gst_genaudio_result_to_json(result))
        )
        return known

    def _tell(self, known: Dict[str, Any], path: PathLike) -> Result:
        text = os.fspath(path)
        written = known["path"]
        if written and os.path.basename(written) != os.path.basename(text):
            # if_exists="suffix"; a name that is not UTF-8 is not to be seen here
            text = written if os.path.exists(written) else text
        method = known["method"]
        if known["status"] == "skipped":
            logger.info("%s is there already: skipped", text)
            return text, os.path.getsize(path)
        if method == "peak-limited":
            logger.warning(
                "%s: the peak allows %.1f LUFS, not %.1f", text,
                known["integrated_loudness_lufs"], known["target_lufs"],
            )
        elif method in ("silent", "too-short"):
            logger.warning("%s: %s, not normalised", text,
                           method.replace("-", " "))
        elif method is None:
            logger.warning("%s: loudness cannot be measured at %s Hz, not "
                           "normalised", text, known["sample_rate"])
        return text, int(known["file_size_bytes"])

    def _run_batch(
        self, jobs: int, indices: List[int], paths: Sequence[PathLike],
        results: List[Optional[Result]], errors: Dict[int, Exception],
    ) -> None:
        lib = _library.load()
        exporter = self._object()
        array = None
        try:
            with _library.Interruptible(exporter) as cancellable:
                array = _library.call(
                    "gst_genaudio_exporter_export_batch",
                    exporter.pointer, jobs, cancellable,
                )
            for k, i in enumerate(indices):
                pointer = array.contents.pdata[k]
                head = _library.ResultHead.from_address(pointer)
                if head.status == _library.STATUS_FAILED:
                    errors[i] = self._exception(
                        lib.read_error(head.error), paths[i]
                    )
                else:
                    results[i] = self._tell(self._read(pointer), paths[i])
        finally:
            if array is not None:
                lib.g_ptr_array_unref(ctypes.cast(array, ctypes.c_void_p))

    @staticmethod
    def _batch_error(
        results: List[Optional[Result]], errors: Dict[int, Exception]
    ) -> BatchError:
        first = min(errors)
        cause = errors[first]
        kind = _BatchValueError if isinstance(cause, ValueError) else BatchError
        raised = kind(f"Item {first}: {cause}")
        raised.results = results
        raised.errors = errors
        raised.__cause__ = cause
        return raised

