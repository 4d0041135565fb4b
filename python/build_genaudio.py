# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds the wheel, by PEP 517, of a package that is a few Python files.

With this `pip install ./python` needs nothing else, and so no network.
"""

import base64
import hashlib
import os
import tarfile
import zipfile

NAME = "genaudio"
VERSION = "0.1.0"
HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = ("pyproject.toml", "build_genaudio.py", "README.md")

METADATA = f"""Metadata-Version: 2.1
Name: {NAME}
Version: {VERSION}
Summary: Normalise, analyse and file generated audio with gst-genaudio
License: LGPL-2.1-or-later
Requires-Python: >=3.9
"""
WHEEL = """Wheel-Version: 1.0
Generator: build_genaudio
Root-Is-Purelib: true
Tag: py3-none-any
"""


def _modules():
    folder = os.path.join(HERE, NAME)
    for name in sorted(os.listdir(folder)):
        if name.endswith(".py") or name == "py.typed":
            with open(os.path.join(folder, name), "rb") as file:
                yield f"{NAME}/{name}", file.read()


def _info():
    folder = f"{NAME}-{VERSION}.dist-info"
    yield f"{folder}/METADATA", METADATA.encode()
    yield f"{folder}/WHEEL", WHEEL.encode()


def _hash(data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
    return "sha256=" + digest.rstrip(b"=").decode()


def _write_wheel(directory, contents):
    name = f"{NAME}-{VERSION}-py3-none-any.whl"
    record = f"{NAME}-{VERSION}.dist-info/RECORD"
    lines = []
    with zipfile.ZipFile(
        os.path.join(directory, name), "w", zipfile.ZIP_DEFLATED
    ) as wheel:
        for path, data in contents:
            wheel.writestr(path, data)
            lines.append(f"{path},{_hash(data)},{len(data)}")
        wheel.writestr(record, "\n".join([*lines, f"{record},,", ""]))
    return name


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return _write_wheel(wheel_directory, [*_modules(), *_info()])


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    link = (f"__{NAME}_editable.pth", HERE.encode() + b"\n")
    return _write_wheel(wheel_directory, [link, *_info()])


def build_sdist(sdist_directory, config_settings=None):
    name = f"{NAME}-{VERSION}"
    with tarfile.open(
        os.path.join(sdist_directory, f"{name}.tar.gz"), "w:gz"
    ) as sdist:
        for path in (*SOURCES, *(path for path, _ in _modules())):
            sdist.add(os.path.join(HERE, path), f"{name}/{path}")
    return f"{name}.tar.gz"
