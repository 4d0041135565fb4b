# SPDX-License-Identifier: LGPL-2.1-or-later
"""Audio files by date."""

import json
import logging
import os
import time
from ctypes import byref, c_uint64
from datetime import datetime
from pathlib import Path
from typing import Any, Dict, List, Optional, Union

from . import _defaults, _library

__all__ = ["AudioFileManager"]

logger = logging.getLogger(__name__)

PathLike = Union[str, "os.PathLike[str]"]

_GIB = 1024**3
_MIB = 1024**2


class _Moment:
    """A GDateTime of the library."""

    def __init__(self, pointer: int) -> None:
        self.pointer = pointer

    def __del__(self, give_back: Any = _library.give_back) -> None:
        give_back("g_date_time_unref", self.pointer)

    @classmethod
    def of_day(cls, date: Optional[datetime]) -> Optional["_Moment"]:
        """The day that a date names, in whatever zone it is."""
        if date is None:
            return None
        return cls(
            _library.load().g_date_time_new_local(
                date.year, date.month, date.day, 12, 0, 0.0
            )
        )

    @classmethod
    def of_instant(cls, date: Optional[datetime]) -> Optional["_Moment"]:
        if date is None:
            return None
        lib = _library.load()
        # the epoch's start, and the rest exactly, to the microsecond
        microseconds = round(date.timestamp() * 1_000_000)
        epoch = lib.g_date_time_new_from_unix_utc(0)
        moment = cls(lib.g_date_time_add(epoch, microseconds))
        lib.g_date_time_unref(epoch)
        return moment


def _pointer(moment: Optional[_Moment]) -> Optional[int]:
    return moment.pointer if moment is not None else None


class AudioFileManager:
    """Keeps audio files in folders by date, `YYYY/MM/DD`.

    >>> manager = AudioFileManager("data/outputs")
    >>> path = manager.get_output_path("gen_abc123")

    Age and order are those of the files' modification times.

    Parameters
    ----------
    base_dir:
        The folder, which is made. Left out, the environment variable
        `AUDIO_OUTPUT_DIR` holds where it is set.
    """

    def __init__(self, base_dir: PathLike = _defaults.BASE_DIR) -> None:
        self.base_dir = Path(_defaults.base_dir(base_dir))
        self.base_dir.mkdir(parents=True, exist_ok=True)

    def get_output_path(
        self,
        job_id: str,
        extension: str = ".wav",
        create_dirs: bool = True,
        date: Optional[datetime] = None,
    ) -> Path:
        """The path of a job's file: `base_dir/YYYY/MM/DD/<job_id>.wav`.

        Parameters
        ----------
        job_id:
            The file's name; not one with a separator, nor `..`.
        extension:
            With or without its dot.
        create_dirs:
            Make the folders.
        date:
            The day, today if left out.

        Raises
        ------
        ValueError
            The job id or the extension cannot be part of a file's name.
        RuntimeError
            The folders could not be made.
        """
        day = _Moment.of_day(date)
        return Path(
            self._path(
                "gst_genaudio_store_get_output_path",
                os.fsencode(job_id),
                extension.encode(),
                create_dirs,
                _pointer(day),
            )
        )

    def get_file_size(self, path: PathLike) -> int:
        """Size of a file in bytes; FileNotFoundError if there is none."""
        self._require(path, "File not found")
        return int(
            self._call("gst_genaudio_store_get_file_size", os.fsencode(path))
        )

    def get_file_size_mb(self, path: PathLike) -> float:
        """Size of a file in units of 1048576 bytes."""
        return self.get_file_size(path) / _MIB

    def file_exists(
        self,
        job_id: str,
        extension: str = ".wav",
        date: Optional[datetime] = None,
    ) -> bool:
        """Whether a job's file of a day (today if left out) is there."""
        day = _Moment.of_day(date)
        return bool(
            self._call(
                "gst_genaudio_store_file_exists",
                os.fsencode(job_id),
                extension.encode(),
                _pointer(day),
            )
        )

    def delete_file(self, path: PathLike) -> bool:
        """Removes a file and its sidecar; `False` if it was not there or
        could not be removed."""
        try:
            return bool(
                self._call(
                    "gst_genaudio_store_delete_file", os.fsencode(path), True
                )
            )
        except (ValueError, RuntimeError) as error:
            logger.error("Could not delete %s: %s", path, error)
            return False

    def move_file(self, source: PathLike, destination: PathLike) -> Path:
        """Moves a file and its sidecar, also to another file system.

        Folders are made, and a file that is there is replaced.

        Raises
        ------
        FileNotFoundError
            "Source file not found".
        RuntimeError
            "Could not move file".
        """
        return self._transfer("move", source, destination)

    def copy_file(self, source: PathLike, destination: PathLike) -> Path:
        """Copies a file and its sidecar, with times and mode.

        The copy appears when it is whole. Folders are made, and a file that is
        there is replaced.

        Raises
        ------
        FileNotFoundError
            "Source file not found".
        RuntimeError
            "Could not copy file".
        """
        return self._transfer("copy", source, destination)

    def cleanup_old_files(self, days_old: int = 30, dry_run: bool = True) -> int:
        """Deletes files that were last changed more than so many days ago.

        Parameters
        ----------
        days_old:
            0 or more.
        dry_run:
            Only tell and count (the log says which files).

        Returns
        -------
        How many files there were, or were deleted.
        """
        if days_old < 0:
            raise ValueError(f"days_old is {days_old}, expected 0 or more")
        if int(days_old) == 0:
            return self._cleanup_all(dry_run)
        retention = _library.Retention(
            keep_days=int(days_old),
            flags=_library.RETENTION_ALL | _library.RETENTION_ANY_NAME,
        )
        lib = _library.load()
        plan = self._call("gst_genaudio_store_plan", byref(retention), None)
        try:
            if not dry_run:
                return self._execute(plan)
            lib.gst_genaudio_plan_foreach(plan, _tell_plan, None)
            return int(lib.gst_genaudio_plan_get_files(plan))
        finally:
            lib.gst_genaudio_plan_free(plan)

    def cleanup_empty_directories(self) -> int:
        """Removes empty folders below `base_dir`, and counts them."""
        folders = c_uint64()
        self._call(
            "gst_genaudio_store_cleanup_empty_directories", True, byref(folders)
        )
        return folders.value

    def get_storage_stats(self) -> Dict[str, Any]:
        """Counts the files.

        Returns
        -------
        `total_files`, `total_size_gb`, `oldest_file`, `newest_file` (paths,
        `None` if there is no file) and `file_types` (how many of each
        extension, with its dot).
        """
        lib = _library.load()
        stats = self._call(
            "gst_genaudio_store_get_storage_stats", _library.STORE_ANY_NAME
        )
        try:
            known = json.loads(
                lib.take_text(lib.gst_genaudio_store_stats_to_json(stats))
            )
        finally:
            lib.gst_genaudio_store_stats_free(stats)
        return {
            "total_files": known["total_files"],
            "total_size_gb": known["total_size_bytes"] / _GIB,
            "oldest_file": known["oldest_file"],
            "newest_file": known["newest_file"],
            "file_types": {
                "." + kind if kind and not kind.startswith(".") else kind: each["files"]
                for kind, each in known["file_types"].items()
            },
        }

    def list_files(
        self,
        start_date: Optional[datetime] = None,
        end_date: Optional[datetime] = None,
        limit: Optional[int] = None,
        extension: Optional[str] = None,
    ) -> List[Path]:
        """Lists files, the newest first.

        Parameters
        ----------
        start_date, end_date:
            Only files that were last changed between these instants; without
            a time zone they are in local time.
        limit:
            How many at most; `None` or 0 is all.
        extension:
            Only files of this extension, with or without its dot.
        """
        limit = limit or 0
        if limit < 0:
            raise ValueError(f"limit is {limit}, expected 0 or more")
        lib = _library.load()
        start = _Moment.of_instant(start_date)
        end = _Moment.of_instant(end_date)
        names = self._call(
            "gst_genaudio_store_list_files",
            _pointer(start),
            _pointer(end),
            min(limit, 2**32 - 1),
            extension.encode() if extension else None,
            _library.STORE_ANY_NAME,
        )
        files = []
        i = 0
        while names[i] is not None:
            files.append(Path(os.fsdecode(names[i])))
            i += 1
        lib.g_strfreev(names)
        return files

    def get_info(self) -> Dict[str, Any]:
        """`base_dir`, and whether it `exists`."""
        return {
            "base_dir": str(self.base_dir),
            "exists": self.base_dir.is_dir(),
        }

    def _store(self) -> _library.Object:
        """The store over `base_dir`, which may have been set anew."""
        return _library.Object(
            _library.call(
                "gst_genaudio_store_new", os.fsencode(self.base_dir), b"local"
            )
        )

    def _call(self, name: str, *arguments: Any) -> Any:
        try:
            store = self._store()
            return _library.call(name, store.pointer, *arguments)
        except _library.LibraryError as error:
            if error.is_bad_name or error.is_bad_setting:
                raise ValueError(error.message) from None
            raise RuntimeError(error.message) from None

    def _path(self, name: str, *arguments: Any) -> str:
        text: str = _library.load().take_path(self._call(name, *arguments))
        return text

    @staticmethod
    def _require(path: PathLike, words: str) -> None:
        if not os.path.exists(path):
            raise FileNotFoundError(f"{words}: {os.fspath(path)}")

    def _transfer(self, verb: str, source: PathLike, target: PathLike) -> Path:
        self._require(source, "Source file not found")
        try:
            return Path(
                self._path(
                    f"gst_genaudio_store_{verb}_file",
                    os.fsencode(source),
                    os.fsencode(target),
                    _library.IF_EXISTS_REPLACE,
                )
            )
        except (ValueError, RuntimeError) as error:
            raise RuntimeError(f"Could not {verb} file: {error}") from None

    def _execute(self, plan: int) -> int:
        files, size = c_uint64(), c_uint64()
        try:
            _library.call(
                "gst_genaudio_plan_execute",
                plan, None, None, byref(files), byref(size),
            )
        except _library.LibraryError as error:
            logger.error("Clean-up: %s", error.message)
        return files.value

    def _cleanup_all(self, dry_run: bool) -> int:
        """To the library 0 days is no rule at all."""
        files = self.list_files(end_date=datetime.fromtimestamp(time.time()))
        if dry_run:
            for path in files:
                logger.info("Would delete %s", path)
            return len(files)
        return sum(self.delete_file(path) for path in files)


def _log_planned(path: bytes, size: int, reason: int, data: int) -> int:
    logger.info("Would delete %s", os.fsdecode(path))
    return 1


_tell_plan = _library.PlanFunc(_log_planned)
