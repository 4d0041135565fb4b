# SPDX-License-Identifier: LGPL-2.1-or-later
"""Threads, forks, event loops, memory, and how the library is found."""

import asyncio
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from conftest import make_music

import genaudio
from genaudio import AudioExporter, AudioMetadataExtractor

# for programs that need what is in this folder
PATH_HERE = os.pathsep.join(
    [os.path.dirname(__file__), os.environ.get("PYTHONPATH", "")]
)


def export(path):
    music = make_music(seconds=1)
    return AudioExporter(durable=False).export_wav(music, path)[1]


def run(code, **environment):
    """Runs a program of its own, for what this process has long done."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )


def test_spawned_pool(tmp_path):
    export(tmp_path / "first.wav")
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        sizes = pool.map(export, [str(tmp_path / f"{i}.wav") for i in range(4)])
    assert len(set(sizes)) == 1
    assert len(os.listdir(tmp_path)) == 5


def test_forked_pool_after_use_raises(tmp_path):
    """At once, and with the word that helps."""
    export(tmp_path / "first.wav")
    with multiprocessing.get_context("fork").Pool(1) as pool:
        with pytest.raises(RuntimeError, match="spawn"):
            pool.apply_async(export, [str(tmp_path / "x.wav")]).get(20)
    assert os.listdir(tmp_path) == ["first.wav"]


def test_forked_pool_before_use_works(tmp_path):
    done = run(
        "import multiprocessing, sys\n"
        "from test_processes import export\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        f"    paths = [{str(tmp_path)!r} + f'/{{i}}.wav' for i in range(4)]\n"
        "    print(pool.map(export, paths))\n",
        PYTHONPATH=PATH_HERE,
    )
    assert done.returncode == 0, done.stdout
    assert len(os.listdir(tmp_path)) == 4


def test_objects_survive_a_fork(tmp_path):
    """A child that inherits them and ends does not hang or crash."""
    exporter = AudioExporter(durable=False)
    exporter.export_wav(make_music(seconds=1), tmp_path / "a.wav")
    child = os.fork()
    if child == 0:
        del exporter
        gc.collect()
        os._exit(7)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.01)
    assert done and os.waitstatus_to_exitcode(status) == 7
    exporter.export_wav(make_music(seconds=1), tmp_path / "b.wav")


def test_asyncio(tmp_path):
    exporter = AudioExporter(durable=False)
    music = make_music(seconds=1)

    async def main():
        loop = asyncio.get_running_loop()
        return await asyncio.gather(
            *(
                loop.run_in_executor(
                    None, exporter.export_wav, music, tmp_path / f"{i}.wav"
                )
                for i in range(6)
            )
        )

    results = asyncio.run(main())
    assert [p for p, _ in results] == [str(tmp_path / f"{i}.wav") for i in range(6)]


def test_python_goes_on_meanwhile(tmp_path):
    """The lock is released: another thread runs while one exports."""
    exporter = AudioExporter(durable=False)
    music = make_music(seconds=60)
    spans, stop = [], threading.Event()

    def count():
        last = time.monotonic()
        while not stop.is_set():
            time.sleep(0.001)
            now = time.monotonic()
            spans.append(now - last)
            last = now

    thread = threading.Thread(target=count)
    begin = time.monotonic()
    thread.start()
    for i in range(3):
        exporter.export_wav(music, tmp_path / "a.wav", 32000)
    elapsed = time.monotonic() - begin
    stop.set()
    thread.join()
    assert max(spans) < elapsed / 2


def test_importing_loads_nothing():
    done = run(
        "import genaudio, sys\n"
        "maps = open('/proc/self/maps').read()\n"
        "assert 'libgst' not in maps and 'torch' not in sys.modules\n"
        "assert 'numpy' not in sys.modules\n"
    )
    assert done.returncode == 0, done.stdout


def test_no_second_libtorch(tmp_path):
    pytest.importorskip("torch")
    done = run(
        "import torch, genaudio, sys\n"
        "genaudio.AudioExporter(durable=False).export_wav(\n"
        f"    torch.zeros(2, 32000), {str(tmp_path / 'a.wav')!r})\n"
        "paths = {l.split()[-1] for l in open('/proc/self/maps') if 'libtorch_cpu' in l}\n"
        "assert len(paths) == 1, paths\n"
    )
    assert done.returncode == 0, done.stdout


def test_library_that_is_not_there():
    done = run(
        "import genaudio\ngenaudio.AudioExporter(-16.0).get_info()",
        GENAUDIO_LIBRARY="/nowhere/libgstgenaudio-1.0.so.0",
    )
    assert "RuntimeError: GENAUDIO_LIBRARY=/nowhere" in done.stdout


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_memory(tmp_path):
    """Exports do not grow the process: 10,000 with GENAUDIO_LONG_TESTS=1."""
    number = 10000 if os.environ.get("GENAUDIO_LONG_TESTS") else 150
    exporter = AudioExporter(durable=False)
    extractor = AudioMetadataExtractor()
    music = make_music(seconds=0.5)
    warm = max(number // 3, 50)
    for i in range(warm + number):
        if i == warm:
            gc.collect()
            before = resident()
        exporter.export_wav(music, tmp_path / "a.wav")
        extractor.extract_metadata_from_tensor(music, 32000)
    gc.collect()
    assert resident() - before < 3 * 1024**2 + number * 100


def test_help_and_annotations():
    for cls in (
        genaudio.AudioExporter, genaudio.AudioMetadataExtractor,
        genaudio.AudioFileManager,
    ):
        assert cls.__doc__
        for name, member in vars(cls).items():
            if not name.startswith("_") and callable(member):
                assert member.__doc__ and "return" in member.__annotations__, name


def test_objects_survive_the_interpreter(tmp_path):
    """What is still there when a program ends makes no noise."""
    done = run(
        "import builtins\n"
        "from genaudio import AudioFileManager\n"
        "from test_processes import AudioExporter, make_music\n"
        "exporter = AudioExporter(durable=False)\n"
        f"exporter.export_wav(make_music(seconds=1), {str(tmp_path)!r} + '/a.wav')\n"
        f"files = AudioFileManager({str(tmp_path)!r})\n"
        "builtins.kept = [exporter, files]  # the last to go\n",
        PYTHONPATH=PATH_HERE,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_interrupted_batch(tmp_path):
    """Ctrl-C, as a terminal sends it: soon, and with nothing torn."""
    program = subprocess.Popen(
        [
            sys.executable, "-c",
            "from conftest import make_music\n"
            "from genaudio import AudioExporter\n"
            "music = make_music(seconds=4)\n"
            f"paths = [{str(tmp_path)!r} + f'/{{i}}.wav' for i in range(20000)]\n"
            "AudioExporter(durable=False).export_wav_batch("
            "[music] * len(paths), paths)\n",
        ],
        env={**os.environ, "PYTHONPATH": PATH_HERE},
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not (tmp_path / "2.wav").exists():
        assert time.monotonic() < deadline and program.poll() is None
        time.sleep(0.01)
    program.send_signal(signal.SIGINT)
    _, said = program.communicate(timeout=30)
    assert said.rstrip().endswith("KeyboardInterrupt")
    names = os.listdir(tmp_path)
    assert 3 <= len(names) < 20000
    assert len({(tmp_path / name).stat().st_size for name in names}) == 1
    assert all(name.endswith(".wav") and name[0] != "." for name in names)
