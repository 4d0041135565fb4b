# SPDX-License-Identifier: LGPL-2.1-or-later
"""The library by GObject-Introspection, which stands for other languages."""

import math

import numpy
import pytest
from conftest import make_music

gi = pytest.importorskip("gi")
try:
    gi.require_version("Gst", "1.0")
    gi.require_version("GstGenAudio", "1.0")
    from gi.repository import Gio, Gst, GstGenAudio
except (ValueError, ImportError):
    pytest.skip("built without introspection", allow_module_level=True)


@pytest.fixture(autouse=True, scope="module")
def gst():
    Gst.init(None)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "tune.npy"
    numpy.save(path, make_music())
    return str(path)


def test_exporter(source, tmp_path):
    exporter = GstGenAudio.Exporter.new()
    exporter.props.loudness_target = -20
    exporter.props.key = True
    seen = []
    exporter.connect("item-done", lambda e, i, r: seen.append((i, r.job_id)))
    result = exporter.export_file(source, str(tmp_path / "tune.flac"), None)
    assert result.status == GstGenAudio.Status.PUBLISHED
    assert result.path == str(tmp_path / "tune.flac")
    assert result.loudness.output.integrated_loudness == pytest.approx(-20, abs=0.02)
    assert result.analysis.musical_key == "A minor"
    assert seen == [(0, "tune")]
    assert GstGenAudio.Result.from_json(result.to_json()).path == result.path


def test_batch_and_errors(source, tmp_path):
    exporter = GstGenAudio.Exporter.new()
    jobs = []
    for name in ("a.wav", "b.xyz", "c.wav"):
        job = GstGenAudio.Job.new_file(source)
        job.set_path(str(tmp_path / name))
        jobs.append(job)
    results = exporter.export_batch(jobs, None)
    assert [r.status for r in results] == [
        GstGenAudio.Status.PUBLISHED, GstGenAudio.Status.FAILED,
        GstGenAudio.Status.PUBLISHED,
    ]
    with pytest.raises(gi.repository.GLib.Error, match="no such file|not|No such"):
        exporter.export_file(str(tmp_path / "no.npy"), None, None)
    cancellable = Gio.Cancellable()
    cancellable.cancel()
    with pytest.raises(gi.repository.GLib.Error, match="Cancelled"):
        exporter.export_file(source, str(tmp_path / "d.wav"), cancellable)


def test_analyzer(source, tmp_path):
    exporter = GstGenAudio.Exporter.new()
    exporter.export_file(source, str(tmp_path / "a.wav"), None)
    analyzer = GstGenAudio.Analyzer.new()
    result = analyzer.analyze_file(str(tmp_path / "a.wav"), None)
    assert result.rate == 32000 and result.bit_depth == "PCM_16"
    assert math.isclose(result.analysis.bpm, 120, abs_tol=1)
    assert analyzer.get_info().get_boolean("tempo") == (True, True)
