# SPDX-License-Identifier: LGPL-2.1-or-later
"""`pip install ./python` in a virtual environment, without a network."""

import os
import shutil
import subprocess
import sys

import pytest

PYTHON_DIR = os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "..", "python"
)


def run(*command, **more):
    environment = {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONPATH" and not name.startswith("PIP_")
    }
    done = subprocess.run(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=150,
        check=False,
        **more,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    pytest.importorskip("venv")
    pytest.importorskip("ensurepip")
    folder = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", "--system-site-packages", str(folder))
    return str(folder / "bin" / "python")


def test_pip_install(python, tmp_path):
    source = tmp_path / "python"
    shutil.copytree(
        PYTHON_DIR, source, ignore=shutil.ignore_patterns("__pycache__")
    )
    run(python, "-m", "pip", "install", "--no-index", "-q", str(source))
    out = run(
        python, "-c",
        "import genaudio, numpy, os\n"
        "e = genaudio.AudioExporter(durable=False)\n"
        "print(os.path.dirname(genaudio.__file__))\n"
        "print(e.export_wav(numpy.zeros((2, 32000), 'f4'), 'a.wav'))\n",
        cwd=tmp_path,
    )
    # the log's line of a silent item goes to standard error, before or after
    assert any("site-packages" in line for line in out.splitlines()), out
    assert (tmp_path / "a.wav").exists()
    run(python, "-m", "pip", "uninstall", "-q", "-y", "genaudio")


def test_versions_agree():
    import genaudio

    for name in ("pyproject.toml", "build_genaudio.py"):
        with open(os.path.join(PYTHON_DIR, name)) as file:
            assert f'"{genaudio.__version__}"' in file.read()


def test_sdist(tmp_path):
    import tarfile

    sys.path.insert(0, PYTHON_DIR)
    try:
        import build_genaudio
    finally:
        sys.path.remove(PYTHON_DIR)
    name = build_genaudio.build_sdist(str(tmp_path))
    with tarfile.open(tmp_path / name) as sdist:
        names = sdist.getnames()
    assert "genaudio-0.1.0/genaudio/_library.py" in names
    assert "genaudio-0.1.0/pyproject.toml" in names
