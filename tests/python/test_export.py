# SPDX-License-Identifier: LGPL-2.1-or-later
"""AudioExporter: every row of the reference, and what it leaves open."""

import gc
import inspect
import logging
import os
import threading
import weakref

import numpy
import pytest
from conftest import make_music, read_wav

from genaudio import AudioExporter, AudioMetadataExtractor, BatchError


@pytest.fixture
def exporter():
    return AudioExporter(durable=False)


def loudness(path):
    return AudioMetadataExtractor().extract_metadata(path, extended=True)[
        "integrated_loudness_lufs"
    ]


def test_signatures():
    parameters = inspect.signature(AudioExporter).parameters
    assert parameters["target_lufs"].default == -16.0
    parameters = inspect.signature(AudioExporter.export_wav).parameters
    assert list(parameters)[:6] == [
        "self", "audio_tensor", "output_path", "sample_rate", "normalize",
        "bit_depth",
    ]
    assert parameters["sample_rate"].default == 32000
    assert parameters["normalize"].default == True  # noqa: E712
    assert parameters["bit_depth"].default == "PCM_16"
    parameters = inspect.signature(AudioExporter.export_wav_batch).parameters
    assert list(parameters)[:6] == [
        "self", "audio_tensors", "output_paths", "sample_rate", "normalize",
        "bit_depth",
    ]


def test_export(exporter, tensor, tmp_path):
    path = tmp_path / "new" / "folder" / "take.wav"
    result = exporter.export_wav(tensor, path, sample_rate=32000)
    assert result == (str(path), os.path.getsize(path))
    assert isinstance(result, tuple) and type(result[1]) is int
    rate, samples = read_wav(path)
    assert rate == 32000 and samples.shape == tuple(tensor.shape)
    assert loudness(path) == pytest.approx(-16, abs=0.05)
    assert os.listdir(path.parent) == ["take.wav"]


def test_without_normalization_samples_are_the_tensors(exporter, music, tmp_path):
    for depth, step in (("PCM_16", 2**-15), ("PCM_24", 2**-23), ("PCM_32", 2**-24)):
        path = tmp_path / f"{depth}.wav"
        exporter.export_wav(music, path, normalize=False, bit_depth=depth)
        assert numpy.abs(read_wav(path)[1] - music).max() <= step
    path = tmp_path / "float.wav"
    exporter.export_wav(music, path, normalize=False, bit_depth="FLOAT")
    assert numpy.array_equal(read_wav(path)[1], music)


@pytest.mark.parametrize("target", [-23.0, -14.0])
def test_target(target, music, tmp_path):
    exporter = AudioExporter(target_lufs=target, durable=False)
    exporter.export_wav(music * 0.5, tmp_path / "a.wav")
    assert loudness(tmp_path / "a.wav") == pytest.approx(target, abs=0.05)
    exporter.target_lufs = -20.0
    exporter.export_wav(music, tmp_path / "a.wav")
    assert loudness(tmp_path / "a.wav") == pytest.approx(-20, abs=0.05)


def test_shapes(exporter, music, tmp_path):
    path = tmp_path / "a.wav"
    for samples, shape in (
        (music[0], (1, 128000)),
        (music[:1], (1, 128000)),
        (music, (2, 128000)),
        (music[None], (2, 128000)),
    ):
        exporter.export_wav(samples, path, normalize=False)
        assert read_wav(path)[1].shape == shape


@pytest.mark.parametrize(
    "shape, words",
    [
        ((), "Invalid audio dimensions"),
        ((2, 1, 100), "Invalid audio dimensions"),
        ((1, 1, 2, 100), "Invalid audio dimensions"),
        ((3, 100), "Expected max 2 channels"),
        ((1, 3, 100), "Expected max 2 channels"),
        ((100, 2), "Expected max 2 channels"),
        ((2, 0), "Empty tensor"),
        ((0,), "Empty tensor"),
    ],
)
def test_bad_shapes(exporter, torch, shape, words, tmp_path):
    for samples in (numpy.zeros(shape, numpy.float32), torch.zeros(shape)):
        with pytest.raises(ValueError, match=words):
            exporter.export_wav(samples, tmp_path / "a.wav")
    assert os.listdir(tmp_path) == []


def test_max_channels_and_layout(exporter, tmp_path):
    music = make_music(channels=6)
    path = tmp_path / "a.wav"
    exporter.export_wav(music, path, max_channels=6, normalize=False)
    assert read_wav(path)[1].shape == (6, 128000)
    exporter.export_wav(
        numpy.ascontiguousarray(music[:2].T), path, layout="channels-last",
        normalize=False,
    )
    assert numpy.abs(read_wav(path)[1] - music[:2]).max() <= 2**-15
    with pytest.raises(ValueError, match="max 8 channels"):
        exporter.export_wav(numpy.zeros((9, 99), "f4"), path, max_channels=9)
    with pytest.raises(ValueError, match="layout"):
        exporter.export_wav(music, path, layout="sideways", max_channels=6)


@pytest.mark.parametrize("bad", [numpy.nan, numpy.inf, -numpy.inf])
def test_non_finite(exporter, music, bad, tmp_path):
    music[1, 77] = bad
    with pytest.raises(ValueError, match="NaN or infinite"):
        exporter.export_wav(music, tmp_path / "a.wav")
    assert os.listdir(tmp_path) == []


def test_torch_types(exporter, torch, music, tmp_path):
    path = tmp_path / "a.wav"
    plain = torch.from_numpy(music)
    for sample, tolerance in (
        (plain.half(), 1e-3), (plain.bfloat16(), 3e-3), (plain.double(), 1e-4),
        ((plain * 32767).short(), 1e-4), ((plain * (2**31 - 64)).int(), 1e-4),
        ((plain * 127).char(), 1e-2), ((plain * 127 + 128).byte(), 1e-2),
    ):
        exporter.export_wav(sample, path, normalize=False)
        difference = numpy.abs(read_wav(path)[1] - music).max()
        assert difference <= tolerance, sample.dtype


def test_torch_views(exporter, torch, music, tmp_path):
    path = tmp_path / "a.wav"
    plain = torch.from_numpy(music)
    views = {
        "transposed": plain.t().contiguous().t(),
        "slice": torch.cat([plain, plain], 1)[:, 128000:],
        "gradient": plain.clone().requires_grad_(),
        "graph": plain.clone().requires_grad_() * 1.0,
        "parameter": torch.nn.Parameter(plain.clone()),
        "batch": plain[None],
        "sparse": plain.to_sparse(),
    }
    for name, view in views.items():
        exporter.export_wav(view, path, normalize=False)
        assert numpy.abs(read_wav(path)[1] - music).max() <= 2**-15, name
    exporter.export_wav(plain[0].expand(2, -1), path, normalize=False)
    assert numpy.array_equal(*read_wav(path)[1])
    exporter.export_wav(plain.flip(1)[:, ::3], path, normalize=False)
    expected = music[:, ::-1][:, ::3]
    assert numpy.abs(read_wav(path)[1] - expected).max() <= 2**-15


def test_bad_torch_types(exporter, torch, tmp_path):
    for dtype in (torch.int64, torch.bool, torch.complex64):
        with pytest.raises(ValueError, match="Unsupported tensor type"):
            exporter.export_wav(
                torch.zeros(100, dtype=dtype), tmp_path / "a.wav"
            )


def test_cuda(exporter, torch, tensor, tmp_path):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    exporter.export_wav(tensor.cuda(), tmp_path / "a.wav")


def test_numpy_kinds(exporter, music, tmp_path):
    path = tmp_path / "a.wav"
    frozen = music.copy()
    frozen.flags.writeable = False
    for samples in (
        frozen, music.astype(">f4"), music.astype("f8"), music[:, ::-1][:, ::-1],
        numpy.asfortranarray(music),
    ):
        exporter.export_wav(samples, path, normalize=False)
        assert numpy.abs(read_wav(path)[1] - music).max() <= 2**-15
    for view in (music[:, ::-1], music[::-1], music[::-1, ::-3]):
        exporter.export_wav(view, path, normalize=False)
        assert numpy.abs(read_wav(path)[1] - view).max() <= 2**-15
    whole = (music * (2**31 - 64)).astype("i4")
    exporter.export_wav(whole, path, normalize=False, bit_depth="PCM_32")
    assert path.read_bytes()[-whole.nbytes:] == whole.T.tobytes()


class Producer:
    """Another framework, of which only DLPack is known."""

    def __init__(self, array, device=1):
        self.array, self.device, self.shape = array, device, array.shape

    def __dlpack__(self, stream=None):
        return self.array.__dlpack__()

    def __dlpack_device__(self):
        return (self.device, 0)


class Accelerated(Producer):
    def __init__(self, array):
        super().__init__(array, 2)

    def get(self):
        return self.array


def test_dlpack_objects(exporter, music, tmp_path):
    path = tmp_path / "a.wav"
    exporter.export_wav(Producer(music), path, normalize=False)
    exporter.export_wav(Accelerated(music), path, normalize=False)
    assert numpy.abs(read_wav(path)[1] - music).max() <= 2**-15
    with pytest.raises(ValueError, match="memory of a device"):
        exporter.export_wav(Producer(music, 2), path)


@pytest.mark.parametrize("thing", [None, [0.0, 1.0], "audio", 1.5])
def test_no_tensor(exporter, thing, tmp_path):
    with pytest.raises(TypeError, match="__dlpack__"):
        exporter.export_wav(thing, tmp_path / "a.wav")


def test_tensors_are_let_go(exporter, torch, tmp_path):
    for channels in (1, 2):
        samples = torch.rand(channels, 32000)
        alive = weakref.ref(samples)
        exporter.export_wav(samples, tmp_path / "a.wav")
        del samples
        gc.collect()
        assert alive() is None


def test_bit_depths(exporter, music, tmp_path):
    extractor = AudioMetadataExtractor(extract_bpm=False)
    for depth in AudioExporter.SUPPORTED_BIT_DEPTHS:
        exporter.export_wav(music, tmp_path / "a.wav", bit_depth=depth)
        found = extractor.extract_metadata(tmp_path / "a.wav", False)
        assert found["bit_depth"] == depth
    for depth in ("PCM_8", "pcm_16", "", "DOUBLE"):
        with pytest.raises(ValueError, match="Unsupported bit depth"):
            exporter.export_wav(music, tmp_path / "b.wav", bit_depth=depth)
    assert not (tmp_path / "b.wav").exists()


def test_extension_is_format(exporter, music, tmp_path):
    extractor = AudioMetadataExtractor(extract_bpm=False)
    for name, subtype in (
        ("a.flac", "PCM_16"), ("a.ogg", "VORBIS"), ("a.opus", "OPUS"),
        ("a.aiff", "PCM_16"), ("A.WAV", "PCM_16"), (".a b{c}.wav", "PCM_16"),
    ):
        path, size = exporter.export_wav(music, str(tmp_path / name))
        assert path == str(tmp_path / name) and os.path.getsize(path) == size
        assert extractor.extract_metadata(path, False)["bit_depth"] == subtype
    for name in ("a", "a.xyz", "wav"):
        with pytest.raises(RuntimeError, match="Could not write WAV file"):
            exporter.export_wav(music, tmp_path / name)


def test_places_that_cannot_be_written(exporter, music, tmp_path):
    (tmp_path / "file").write_text("")
    for path in ("/proc/nowhere/a.wav", tmp_path / "file" / "a.wav"):
        with pytest.raises(RuntimeError, match="Could not write WAV file"):
            exporter.export_wav(music, path)


def test_overwrites(exporter, music, tmp_path):
    path = tmp_path / "a.wav"
    path.write_text("something else")
    exporter.export_wav(music, path)
    exporter.export_wav(music[:, :64000], path)
    assert read_wav(path)[1].shape == (2, 64000)
    with pytest.raises(RuntimeError, match="Could not write WAV file"):
        exporter.export_wav(music, path, if_exists="error")
    size = path.stat().st_size
    assert exporter.export_wav(music, path, if_exists="skip")[1] == size
    with pytest.raises(ValueError, match="if-exists"):
        exporter.export_wav(music, path, if_exists="perhaps")
    assert os.listdir(tmp_path) == ["a.wav"]
    again = exporter.export_wav(music, path, if_exists="suffix")
    assert again[0] == str(tmp_path / "a-1.wav")


def test_one_exporter_begun_by_many_threads(music, tmp_path):
    exporter = AudioExporter(durable=False)
    start = threading.Barrier(8)
    sizes = []

    def work(n):
        start.wait()
        sizes.append(exporter.export_wav(music, tmp_path / f"{n}.wav")[1])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sizes) == 8


def test_rates(exporter, music, tmp_path, caplog):
    for rate in (1, 4000, 11025, 22050, 44100, 48000, 96000, 192000):
        exporter.export_wav(music, tmp_path / "a.wav", sample_rate=rate)
        assert read_wav(tmp_path / "a.wav")[0] == rate
    assert "cannot be measured at 1 Hz" in caplog.text
    for rate in (0, -1, 2**31, 1.5):
        with pytest.raises(ValueError, match="Sample rate"):
            exporter.export_wav(music, tmp_path / "b.wav", sample_rate=rate)


def test_silent_and_short(exporter, music, tmp_path, caplog):
    exporter.export_wav(numpy.zeros((2, 64000), "f4"), tmp_path / "a.wav")
    assert "silent" in caplog.text
    assert read_wav(tmp_path / "a.wav")[1].max() == 0
    caplog.clear()
    exporter.export_wav(music[:, :3200], tmp_path / "b.wav")
    assert "too short" in caplog.text
    samples = read_wav(tmp_path / "b.wav")[1]
    assert numpy.abs(samples - music[:, :3200]).max() <= 2**-15


def test_peak_limited_is_logged(exporter, tmp_path, caplog):
    clicks = numpy.full((1, 64000), 1e-3, "f4")
    clicks[0, ::16000] = 0.9
    exporter.export_wav(clicks, tmp_path / "a.wav")
    assert "the peak allows" in caplog.text
    assert all(r.levelno == logging.WARNING for r in caplog.records)


def test_environment(music, tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIO_TARGET_LUFS", "-20")
    monkeypatch.setenv("AUDIO_NORMALIZE", "off")
    exporter = AudioExporter()
    assert exporter.target_lufs == -20
    assert AudioExporter(target_lufs=-16.0).target_lufs == -16
    assert AudioExporter(-18.0).target_lufs == -18
    exporter.export_wav(music, tmp_path / "a.wav")
    assert numpy.abs(read_wav(tmp_path / "a.wav")[1] - music).max() <= 2**-15
    exporter.export_wav(music, tmp_path / "a.wav", normalize=True)
    assert loudness(tmp_path / "a.wav") == pytest.approx(-20, abs=0.05)
    monkeypatch.setenv("AUDIO_NORMALIZE", "perhaps")
    with pytest.raises(ValueError, match="AUDIO_NORMALIZE"):
        exporter.export_wav(music, tmp_path / "a.wav")
    monkeypatch.setenv("AUDIO_TARGET_LUFS", "loud")
    with pytest.raises(ValueError, match="AUDIO_TARGET_LUFS"):
        AudioExporter()


@pytest.mark.parametrize("target", [0.0, -71.0, float("nan")])
def test_bad_target(target):
    with pytest.raises(ValueError, match="target_lufs"):
        AudioExporter(target_lufs=target)


def test_batch(exporter, music, tmp_path):
    tensors = [music[:, : 32000 + 1000 * i] for i in range(5)]
    paths = [tmp_path / f"{i}.wav" for i in range(5)]
    results = exporter.export_wav_batch(tensors, paths, sample_rate=32000)
    assert results == [(str(p), p.stat().st_size) for p in paths]
    for i, path in enumerate(paths):
        assert read_wav(path)[1].shape == (2, 32000 + 1000 * i)
    assert exporter.export_wav_batch([], []) == []


def test_batch_mistakes(exporter, music, tmp_path):
    with pytest.raises(ValueError, match="Length mismatch"):
        exporter.export_wav_batch([music], [])
    with pytest.raises(ValueError, match="same path"):
        exporter.export_wav_batch(
            [music, music], [tmp_path / "a.wav", tmp_path / "x" / ".." / "a.wav"]
        )
    assert os.listdir(tmp_path) == []


def test_batch_with_failures(exporter, music, tmp_path):
    poisoned = music.copy()
    poisoned[0, 0] = numpy.nan
    tensors = [music, poisoned, numpy.zeros((3, 9), "f4"), music, music]
    paths = [tmp_path / f"{i}.wav" for i in range(5)]
    paths[3] = "/proc/nowhere/3.wav"
    with pytest.raises(ValueError, match="Item 1: .*NaN or infinite") as caught:
        exporter.export_wav_batch(tensors, paths)
    error = caught.value
    assert isinstance(error, BatchError)
    assert [r is None for r in error.results] == [False, True, True, True, False]
    assert sorted(error.errors) == [1, 2, 3]
    assert isinstance(error.errors[3], RuntimeError)
    assert sorted(os.listdir(tmp_path)) == ["0.wav", "4.wav"]
    with pytest.raises(RuntimeError, match="Could not write WAV file"):
        exporter.export_wav_batch([music], ["/proc/nowhere/3.wav"])


def test_metadata_goes_into_the_file(exporter, music, tmp_path):
    exporter.export_wav(
        music, tmp_path / "a.wav", job_id="gen_1",
        metadata={"title": "Rain", "seed": 7, "prompt": "r\u00e9gn"},
    )
    assert b"Rain" in (tmp_path / "a.wav").read_bytes()
    with pytest.raises(ValueError):
        exporter.export_wav(music, tmp_path / "b.wav", job_id="../x")


def test_messages(music, tmp_path):
    messages = []
    exporter = AudioExporter(durable=False, on_message=messages.append)
    exporter.export_wav(music, tmp_path / "a.wav")
    names = {m.split(",")[0] for m in messages}
    assert {"r128normalize", "datedsink-fragment-closed"} <= names


def test_info():
    assert AudioExporter(target_lufs=-14.0).get_info() == {
        "target_lufs": -14.0,
        "normalization_available": True,
        "supported_bit_depths": ["PCM_16", "PCM_24", "PCM_32", "FLOAT"],
    }


def test_threads(exporter, music, tmp_path):
    failures = []

    def work(n):
        try:
            for k in range(4):
                path = tmp_path / f"{n}-{k}.wav"
                assert exporter.export_wav(music, path)[1] > 512000
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(os.listdir(tmp_path)) == 16
