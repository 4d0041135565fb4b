# SPDX-License-Identifier: LGPL-2.1-or-later
import math
import struct

import numpy
import pytest


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in ("AUDIO_OUTPUT_DIR", "AUDIO_NORMALIZE", "AUDIO_TARGET_LUFS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def torch():
    return pytest.importorskip("torch")


def make_music(seconds=4.0, rate=32000, channels=2, bpm=120.0, level=0.1):
    """An A minor chord that is struck bpm times a minute: (channels, samples)."""
    t = numpy.arange(int(seconds * rate)) / rate
    envelope = numpy.exp(-3 * numpy.mod(t, 60 / bpm))
    chord = sum(numpy.sin(2 * math.pi * f * t) for f in (220, 261.63, 329.63))
    mono = (level * envelope * chord).astype(numpy.float32)
    return numpy.stack([mono * (0.5**c) for c in range(channels)])


@pytest.fixture
def music():
    return make_music()


@pytest.fixture
def tensor(torch, music):
    return torch.from_numpy(music)


def read_wav(path):
    """Rate, and samples as (channels, frames), of a WAV of any depth."""
    data = path.read_bytes()
    at, fmt = 12, None
    while at < len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        at += 8
        if name == b"fmt ":
            fmt = struct.unpack_from("<HHIIHH", data, at)
            if fmt[0] == 0xFFFE:
                fmt = struct.unpack_from("<H", data, at + 24) + fmt[1:]
        elif name == b"data":
            samples = decode(data[at : at + size], fmt[0] == 3, fmt[5])
            return fmt[2], samples.reshape(-1, fmt[1]).T
        at += size + size % 2
    raise AssertionError("no data")


def decode(data, is_float, bits):
    if is_float:
        return numpy.frombuffer(data, "<f4")
    if bits == 16:
        return numpy.frombuffer(data, "<i2") / 2.0**15
    if bits == 32:
        return numpy.frombuffer(data, "<i4") / 2.0**31
    wide = numpy.zeros((len(data) // 3, 4), numpy.uint8)
    wide[:, 1:] = numpy.frombuffer(data, numpy.uint8).reshape(-1, 3)
    return wide.view("<i4").ravel() / 2.0**31
