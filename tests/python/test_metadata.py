# SPDX-License-Identifier: LGPL-2.1-or-later
"""AudioMetadataExtractor: every row of the reference, and what it leaves open."""

import inspect
import json
import math
import os

import numpy
import pytest
from conftest import make_music

from genaudio import AudioExporter, AudioMetadataExtractor

KEYS = {
    "duration_seconds", "sample_rate", "channels", "file_size_bytes",
    "bit_depth", "bpm", "key", "peak_amplitude", "rms_energy",
    "dynamic_range_db",
}


@pytest.fixture
def take(tmp_path):
    path = tmp_path / "take.wav"
    AudioExporter(durable=False).export_wav(
        make_music(seconds=8), path, normalize=False
    )
    return path


def test_signatures():
    parameters = inspect.signature(AudioMetadataExtractor).parameters
    assert {n: p.default for n, p in parameters.items()} == {
        "extract_bpm": True, "extract_key": False,
    }
    call = inspect.signature(AudioMetadataExtractor.extract_metadata)
    assert list(call.parameters)[:3] == ["self", "audio_path", "compute_stats"]
    call = inspect.signature(AudioMetadataExtractor.extract_metadata_from_tensor)
    assert list(call.parameters)[:4] == [
        "self", "audio_tensor", "sample_rate", "compute_stats",
    ]


def test_file(take):
    found = AudioMetadataExtractor(extract_key=True).extract_metadata(take)
    music = make_music(seconds=8).astype("f8")
    peak, rms = numpy.abs(music).max(), math.sqrt((music**2).mean())
    assert set(found) == KEYS
    assert found["duration_seconds"] == 8.0
    assert found["sample_rate"] == 32000 and found["channels"] == 2
    assert found["file_size_bytes"] == take.stat().st_size
    assert found["bit_depth"] == "PCM_16"
    assert found["bpm"] == pytest.approx(120, abs=1)
    assert found["key"] == "A minor"
    assert found["peak_amplitude"] == pytest.approx(peak, abs=1e-4)
    assert found["rms_energy"] == pytest.approx(rms, abs=1e-4)
    assert found["dynamic_range_db"] == pytest.approx(
        20 * math.log10(peak / rms), abs=0.05
    )
    json.dumps(found, allow_nan=False)


def test_off_is_none(take):
    extractor = AudioMetadataExtractor(extract_bpm=False)
    found = extractor.extract_metadata(str(take), compute_stats=False)
    assert set(found) == KEYS
    assert {k for k, v in found.items() if v is None} == {
        "bpm", "key", "peak_amplitude", "rms_energy", "dynamic_range_db",
    }
    assert found["duration_seconds"] == 8.0


def test_header_only_does_not_read_the_audio(take):
    """The samples could be gone, were their number known."""
    with open(take, "r+b") as f:
        f.seek(4000)
        f.write(b"\xff" * 4000)
    extractor = AudioMetadataExtractor(extract_bpm=False)
    assert extractor.extract_metadata(take, False)["duration_seconds"] == 8.0


def test_extended(take):
    found = AudioMetadataExtractor().extract_metadata(take, extended=True)
    assert KEYS < set(found)
    assert found["integrated_loudness_lufs"] < -10
    assert found["true_peak_dbtp"] > 20 * math.log10(found["peak_amplitude"]) - 1
    assert 0 <= found["bpm_confidence"] <= 1
    assert found["schema"] == 1 and found["path"] == str(take)
    steps = numpy.diff(found["beats"])
    assert len(steps) > 8 and numpy.median(steps) == pytest.approx(0.5, abs=0.02)


def test_tensor(torch):
    music = make_music(seconds=8)
    extractor = AudioMetadataExtractor(extract_key=True)
    for samples in (music, torch.from_numpy(music), torch.from_numpy(music)[None]):
        found = extractor.extract_metadata_from_tensor(samples, 32000)
        assert set(found) == KEYS
        assert found["file_size_bytes"] is None and found["bit_depth"] is None
        assert found["duration_seconds"] == 8.0 and found["channels"] == 2
        assert found["bpm"] == pytest.approx(120, abs=1)
        assert found["key"] == "A minor"
        assert found["peak_amplitude"] == pytest.approx(numpy.abs(music).max())


def test_silence():
    found = AudioMetadataExtractor(extract_key=True).extract_metadata_from_tensor(
        numpy.zeros((2, 96000), "f4"), 32000
    )
    assert found["peak_amplitude"] == found["rms_energy"] == 0.0
    assert found["dynamic_range_db"] == 0.0
    assert found["bpm"] is None and found["key"] is None


def test_bad_tensors():
    extractor = AudioMetadataExtractor()
    for shape, words in (
        ((2, 2, 9), "Invalid audio dimensions"),
        ((3, 99), "Expected max 2 channels"),
    ):
        with pytest.raises(ValueError, match=words):
            extractor.extract_metadata_from_tensor(numpy.zeros(shape, "f4"), 32000)
    with pytest.raises(ValueError, match="NaN"):
        extractor.extract_metadata_from_tensor(numpy.full(99, numpy.nan), 32000)
    with pytest.raises(ValueError, match="Sample rate"):
        extractor.extract_metadata_from_tensor(numpy.zeros(99), 0)


def test_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        AudioMetadataExtractor().extract_metadata(tmp_path / "no.wav")


@pytest.mark.parametrize("stats", [True, False])
def test_no_audio(tmp_path, stats):
    extractor = AudioMetadataExtractor(extract_bpm=stats)
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "text.wav").write_text("no audio\n" * 100)
    (tmp_path / "riff.wav").write_bytes(b"RIFF\0\0\0\0WAVEfmt ")
    for path in (tmp_path, *tmp_path.iterdir()):
        with pytest.raises(RuntimeError, match="Metadata extraction failed"):
            extractor.extract_metadata(path, compute_stats=stats)


def test_unreadable(take):
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    take.chmod(0)
    with pytest.raises(RuntimeError, match="Metadata extraction failed"):
        AudioMetadataExtractor().extract_metadata(take)


def test_settings_are_attributes(take):
    extractor = AudioMetadataExtractor(extract_bpm=False)
    assert extractor.extract_metadata(take)["bpm"] is None
    extractor.extract_bpm = True
    assert extractor.extract_metadata(take)["bpm"] is not None


def test_info():
    assert AudioMetadataExtractor(extract_key=True).get_info() == {
        "extract_bpm": True, "extract_key": True, "librosa_available": True,
    }
