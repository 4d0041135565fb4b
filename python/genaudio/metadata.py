# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can be said of an audio file or a tensor."""

import json
import os
import threading
from typing import Any, Dict, Tuple, Union

from . import _library, _tensors

__all__ = ["AudioMetadataExtractor"]

PathLike = Union[str, "os.PathLike[str]"]

_REFERENCE_KEYS = (
    "duration_seconds",
    "sample_rate",
    "channels",
    "file_size_bytes",
    "bit_depth",
    "bpm",
    "key",
    "peak_amplitude",
    "rms_energy",
    "dynamic_range_db",
)


class AudioMetadataExtractor:
    """Measures audio files and tensors.

    >>> AudioMetadataExtractor(extract_key=True).extract_metadata("take.wav")

    Parameters
    ----------
    extract_bpm:
        Find the tempo.
    extract_key:
        Find the musical key.
    """

    def __init__(
        self, extract_bpm: bool = True, extract_key: bool = False
    ) -> None:
        self.extract_bpm = extract_bpm
        self.extract_key = extract_key
        self._analyzers: Dict[Tuple[bool, ...], _library.Object] = {}
        self._lock = threading.Lock()

    def extract_metadata(
        self,
        audio_path: PathLike,
        compute_stats: bool = True,
        *,
        extended: bool = False,
    ) -> Dict[str, Any]:
        """Measures a file, of any kind that GStreamer decodes.

        Parameters
        ----------
        audio_path:
            The file.
        compute_stats:
            Compute peak amplitude, RMS energy and dynamic range. With this,
            tempo and key off only the file's header is read.
        extended:
            Measure loudness and beats too, and return all keys of the
            project's JSON form of a result.

        Returns
        -------
        A dict with `duration_seconds`, `sample_rate`, `channels`,
        `file_size_bytes`, `bit_depth` (libsndfile's name, as `PCM_16`),
        `bpm`, `key` ("A minor"), `peak_amplitude`, `rms_energy` (full scale
        is 1.0) and `dynamic_range_db`; `None` for what is off or not there.

        Raises
        ------
        FileNotFoundError
            There is no such file.
        RuntimeError
            "Metadata extraction failed": it is no audio, or cannot be read.
        """
        path = os.fspath(audio_path)
        if not os.path.exists(path):
            raise FileNotFoundError(f"Audio file not found: {path}")
        job = _tensors.file_job(os.fsencode(path))
        try:
            return self._extract(job, compute_stats, extended)
        except _library.LibraryError as error:
            if error.is_not_found:
                raise FileNotFoundError(
                    f"Audio file not found: {path}"
                ) from None
            raise RuntimeError(
                f"Metadata extraction failed: {error.message}"
            ) from None

    def extract_metadata_from_tensor(
        self,
        audio_tensor: Any,
        sample_rate: int,
        compute_stats: bool = True,
        *,
        extended: bool = False,
        max_channels: int = 2,
        layout: str = "channels-first",
    ) -> Dict[str, Any]:
        """Measures a tensor, of the shapes and types that
        `AudioExporter.export_wav` takes.

        Returns
        -------
        As `extract_metadata`; `file_size_bytes` and `bit_depth` are `None`.

        Raises
        ------
        ValueError
            The tensor is wrong.
        RuntimeError
            "Metadata extraction failed".
        """
        job = _tensors.tensor_job(
            audio_tensor, sample_rate, layout, max_channels
        )
        try:
            return self._extract(job, compute_stats, extended)
        except _library.LibraryError as error:
            if error.is_bad_tensor or error.is_bad_setting:
                raise ValueError(error.message) from None
            raise RuntimeError(
                f"Metadata extraction failed: {error.message}"
            ) from None

    def get_info(self) -> Dict[str, Any]:
        """Settings and abilities: `extract_bpm`, `extract_key` and
        `librosa_available` (whether tempo and key can be found; the name is
        the reference's)."""
        return {
            "extract_bpm": self.extract_bpm,
            "extract_key": self.extract_key,
            "librosa_available": _library.load().has_element("bpmanalyzer"),
        }

    def _analyzer(self, stats: bool, extended: bool) -> int:
        wanted = (bool(self.extract_bpm), bool(self.extract_key), stats, extended)
        lib = _library.load()
        with self._lock:
            if wanted not in self._analyzers:
                analyzer = _library.Object(lib.gst_genaudio_analyzer_new())
                analyzer.set("tempo", wanted[0])
                analyzer.set("key", wanted[1])
                analyzer.set("statistics", stats)
                analyzer.set("beats", extended and wanted[0])
                analyzer.set("loudness", extended)
                self._analyzers[wanted] = analyzer
            return self._analyzers[wanted].pointer

    def _extract(
        self, job: _tensors.Job, stats: bool, extended: bool
    ) -> Dict[str, Any]:
        lib = _library.load()
        result = _library.call(
            "gst_genaudio_analyzer_analyze",
            self._analyzer(bool(stats), bool(extended)),
            job.pointer,
            None,
        )
        try:
            known = json.loads(
                lib.take_text(lib.gst_genaudio_result_to_json(result))
            )
        finally:
            lib.gst_genaudio_result_free(result)
        if stats and known["dynamic_range_db"] is None:
            # silence: there is no ratio of nothing to nothing
            if known["peak_amplitude"] == 0:
                known["dynamic_range_db"] = 0.0
        if extended:
            return dict(known)
        return {key: known[key] for key in _REFERENCE_KEYS}
