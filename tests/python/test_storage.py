# SPDX-License-Identifier: LGPL-2.1-or-later
"""AudioFileManager: every row of the reference, and what it leaves open."""

import inspect
import logging
import os
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from genaudio import AudioFileManager


@pytest.fixture
def manager(tmp_path):
    return AudioFileManager(base_dir=tmp_path / "outputs")


def make(path, age_days=0.0, size=10):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\0" * size)
    then = time.time() - age_days * 86400
    os.utime(path, (then, then))
    return path


def test_signatures():
    def defaults(function):
        return {
            n: p.default
            for n, p in inspect.signature(function).parameters.items()
            if n != "self"
        }

    empty = inspect.Parameter.empty
    assert defaults(AudioFileManager) == {"base_dir": "data/outputs"}
    assert defaults(AudioFileManager.get_output_path) == {
        "job_id": empty, "extension": ".wav", "create_dirs": True, "date": None,
    }
    assert defaults(AudioFileManager.file_exists) == {
        "job_id": empty, "extension": ".wav", "date": None,
    }
    assert defaults(AudioFileManager.cleanup_old_files) == {
        "days_old": 30, "dry_run": True,
    }
    assert defaults(AudioFileManager.list_files) == {
        "start_date": None, "end_date": None, "limit": None, "extension": None,
    }
    assert list(defaults(AudioFileManager.move_file)) == ["source", "destination"]
    assert list(defaults(AudioFileManager.copy_file)) == ["source", "destination"]


def test_constructor(tmp_path, monkeypatch):
    manager = AudioFileManager(base_dir=str(tmp_path / "a" / "b"))
    assert manager.base_dir == tmp_path / "a" / "b"
    assert isinstance(manager.base_dir, Path) and manager.base_dir.is_dir()
    monkeypatch.chdir(tmp_path)
    assert AudioFileManager().base_dir == Path("data/outputs")
    assert (tmp_path / "data" / "outputs").is_dir()
    monkeypatch.setenv("AUDIO_OUTPUT_DIR", str(tmp_path / "env"))
    assert AudioFileManager().base_dir == tmp_path / "env"
    assert AudioFileManager("data/outputs").base_dir == Path("data/outputs")


def test_output_path(manager):
    path = manager.get_output_path("gen_abc123")
    now = datetime.now()
    expected = manager.base_dir / now.strftime("%Y/%m/%d") / "gen_abc123.wav"
    assert isinstance(path, Path) and path == expected
    assert path.parent.is_dir() and not path.exists()
    for date in (
        datetime(2025, 1, 15), datetime(2025, 1, 15, 23, 59, 59),
        datetime(2025, 1, 15, 0, 30, tzinfo=timezone(timedelta(hours=14))),
    ):
        path = manager.get_output_path("x", ".flac", False, date)
        assert path == manager.base_dir / "2025/01/15/x.flac"
        assert not path.parent.exists()
    assert manager.get_output_path("x", extension="ogg").name == "x.ogg"


@pytest.mark.parametrize("job_id", ["a/b", "..", "../x", "", "a\\b", ".hidden"])
def test_bad_job_ids(manager, job_id):
    with pytest.raises(ValueError):
        manager.get_output_path(job_id)
    with pytest.raises(ValueError):
        manager.file_exists(job_id)
    assert list(manager.base_dir.iterdir()) == []


def test_relative_base_dir(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    manager = AudioFileManager("out")
    path = manager.get_output_path("x", date=datetime(2025, 1, 2))
    assert path == Path("out/2025/01/02/x.wav")
    make(path)
    assert manager.list_files() == [path]


def test_sizes_and_existence(manager):
    path = make(manager.get_output_path("x"), size=3 * 1024**2 // 2)
    assert manager.get_file_size(path) == 3 * 1024**2 // 2
    assert manager.get_file_size_mb(str(path)) == 1.5
    assert manager.file_exists("x") and manager.file_exists("x", "wav")
    assert not manager.file_exists("x", ".flac")
    assert not manager.file_exists("x", date=datetime(2020, 1, 1))
    with pytest.raises(FileNotFoundError):
        manager.get_file_size(manager.base_dir / "no.wav")


def test_delete(manager, tmp_path):
    path = make(manager.get_output_path("x"))
    sidecar = make(path.with_name("x.wav.json"))
    assert manager.delete_file(path) is True
    assert not path.exists() and not sidecar.exists()
    assert manager.delete_file(str(path)) is False
    assert manager.delete_file(make(tmp_path / "elsewhere.txt")) is True


@pytest.mark.parametrize("verb", ["move", "copy"])
def test_move_and_copy(manager, tmp_path, verb):
    source = make(manager.get_output_path("x"), age_days=3, size=77)
    make(source.with_name("x.wav.json")).write_text('{ } ')
    before = source.stat().st_mtime
    target = tmp_path / "far" / "away" / "y.wav"
    transfer = getattr(manager, f"{verb}_file")
    assert transfer(source=str(source), destination=str(target)) == target
    assert target.stat().st_size == 77
    assert target.stat().st_mtime == pytest.approx(before, abs=1e-3)
    assert target.with_name("y.wav.json").read_text() == '{ } '
    assert source.exists() == (verb == "copy")
    # overwrites, as there
    other = make(tmp_path / "other.wav", size=5)
    transfer(other, target)
    assert target.stat().st_size == 5
    with pytest.raises(FileNotFoundError, match="Source file not found"):
        transfer(tmp_path / "no.wav", target)
    with pytest.raises(RuntimeError, match=f"Could not {verb} file"):
        transfer(target, "/proc/nowhere/z.wav")
    assert target.exists()


def test_cleanup(manager, caplog):
    old = make(manager.base_dir / "2024/01/01/old.wav", age_days=40)
    free = make(manager.base_dir / "any name.flac", age_days=31)
    make(old.with_name("old.wav.json"), age_days=40)
    young = make(manager.base_dir / "2024/01/01/young.wav", age_days=29)
    with caplog.at_level(logging.INFO, logger="genaudio"):
        assert manager.cleanup_old_files() == 2
    assert "old.wav" in caplog.text and "young.wav" not in caplog.text
    assert old.exists() and free.exists()
    assert manager.cleanup_old_files(days_old=30, dry_run=False) == 2
    assert sorted(p.name for p in manager.base_dir.rglob("*.*")) == ["young.wav"]
    assert manager.cleanup_old_files(days_old=1000, dry_run=False) == 0
    assert manager.cleanup_old_files(days_old=0, dry_run=True) == 1
    assert manager.cleanup_old_files(days_old=0, dry_run=False) == 1
    assert not young.exists()
    with pytest.raises(ValueError):
        manager.cleanup_old_files(days_old=-1)


def test_cleanup_of_everything_old(manager):
    """The newest file too, when it is old: as the reference."""
    for i in range(3):
        make(manager.base_dir / f"2020/01/0{i + 1}/x.wav", age_days=2000)
    assert manager.cleanup_old_files(dry_run=False) == 3
    assert manager.list_files() == []


def test_empty_directories(manager):
    (manager.base_dir / "2024/01/01").mkdir(parents=True)
    (manager.base_dir / "2024/02/01").mkdir(parents=True)
    kept = make(manager.base_dir / "2024/02/02/x.wav")
    assert manager.cleanup_empty_directories() == 3
    assert kept.exists() and not (manager.base_dir / "2024/01").exists()
    assert manager.cleanup_empty_directories() == 0
    assert manager.base_dir.is_dir()


def test_stats(manager):
    empty = manager.get_storage_stats()
    assert empty == {
        "total_files": 0, "total_size_gb": 0.0, "oldest_file": None,
        "newest_file": None, "file_types": {},
    }
    oldest = make(manager.base_dir / "2025/01/02/a.wav", 9, size=1024**2)
    make(manager.base_dir / "2025/01/01/b.wav", 5)
    newest = make(manager.base_dir / "loose.flac", 1)
    make(manager.base_dir / "2025/01/01/b.wav.json", 5)
    make(manager.base_dir / "2025/01/01/.c.wav.0123.part", 0)
    stats = manager.get_storage_stats()
    assert stats["total_files"] == 3
    assert stats["total_size_gb"] == pytest.approx((1024**2 + 20) / 1024**3)
    assert stats["oldest_file"] == str(oldest)
    assert stats["newest_file"] == str(newest)
    assert stats["file_types"] == {".wav": 2, ".flac": 1}


def test_list(manager):
    files = [
        make(manager.base_dir / f"2025/01/0{i + 1}/{i}.wav", age_days=i)
        for i in range(5)
    ]
    files.append(make(manager.base_dir / "x" / "5.flac", age_days=5))
    make(manager.base_dir / "2025/01/01/0.wav.json")
    make(manager.base_dir / ".hidden.wav")
    assert manager.list_files() == files
    assert manager.list_files(limit=None) == manager.list_files(limit=0) == files
    assert manager.list_files(limit=2) == files[:2]
    assert manager.list_files(extension=".wav") == files[:5]
    assert manager.list_files(extension="flac") == files[5:]
    now = datetime.now()
    assert manager.list_files(
        start_date=now - timedelta(days=3.5), end_date=now - timedelta(days=0.5)
    ) == files[1:4]
    aware = datetime.now(timezone(timedelta(hours=-7)))
    assert manager.list_files(
        start_date=aware - timedelta(days=3.5),
        end_date=aware - timedelta(days=0.5), limit=2, extension="wav",
    ) == files[1:3]
    assert all(isinstance(p, Path) for p in manager.list_files())
    with pytest.raises(ValueError):
        manager.list_files(limit=-1)


def test_info(manager):
    assert manager.get_info() == {
        "base_dir": str(manager.base_dir), "exists": True,
    }


def test_names_that_are_not_text(manager):
    name = os.fsdecode(b"caf\xe9.wav")
    path = make(manager.base_dir / name)
    assert manager.list_files() == [path]
    assert manager.delete_file(path) is True
