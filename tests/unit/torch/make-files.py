#!/usr/bin/env python3
# gst-genaudio
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes tensor files with the real PyTorch and NumPy into a folder, and
beside them what they must play as: a line a file in `cases`,

    file|tensor|layout|entry|channels|rate

and in FILE.raw the samples, interleaved, as float64. A rate of 0 is none.
Lines of `refused` are `file|part of the message`."""

import collections
import os
import sys

try:
    import numpy
    import torch
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(77)

folder = sys.argv[1]
cases = []
refused = []


def path(name):
    return os.path.join(folder, name)


def expect(name, interleaved, tensor="", layout="auto", entry=0, rate=0):
    """interleaved: (frames, channels), float64"""
    interleaved.astype("<f8").tofile(path(f"{name}.{entry}.raw"))
    cases.append(f"{name}|{tensor}|{layout}|{entry}|{interleaved.shape[1]}|{rate}")


def full_scale(tensor):
    """(channels, frames) of any dtype -> (frames, channels) of -1..1"""
    scale = {torch.int16: 2.0**15, torch.int32: 2.0**31}.get(tensor.dtype, 1.0)
    values = tensor.to(torch.float64) / scale
    return values.t().contiguous().numpy()


torch.manual_seed(1)
stereo = torch.rand(2, 5003, dtype=torch.float64) * 2 - 1
DTYPES = {
    "f32": stereo.float(),
    "f64": stereo,
    "f16": stereo.half(),
    "bf16": stereo.bfloat16(),
    "i16": (stereo * 32767).to(torch.int16),
    "i32": (stereo * 2147483000).to(torch.int32),
}

for name, x in DTYPES.items():
    want = full_scale(x)
    for container, value in {
        "bare": x,
        "turned": x.t(),  # not contiguous
        "kept": x.t().contiguous(),
        "batch1": x[None],
        "view": torch.cat([x, x], 1)[:, 7:5010][:, :5003],
        "grad": x.clone().requires_grad_() if x.is_floating_point() else x,
    }.items():
        torch.save(value, path(f"{name}-{container}.pt"))
        if container == "view":
            value = value.clone()
            expect(f"{name}-{container}.pt", full_scale(value))
        else:
            expect(f"{name}-{container}.pt", want)
    mono = x[0]
    torch.save(mono, path(f"{name}-mono.pt"))
    expect(f"{name}-mono.pt", want[:, :1])
    torch.save(mono[::3], path(f"{name}-third.pt"))
    expect(f"{name}-third.pt", want[::3, :1])
    torch.save(mono.expand(2, -1), path(f"{name}-expanded.pt"))
    expect(f"{name}-expanded.pt", want[:, [0, 0]])
    torch.save((x, 44100), path(f"{name}-pair.pt"))
    expect(f"{name}-pair.pt", want, rate=44100)
    torch.save(
        {"prompt": "a loud song", "seed": 2**63, "wav": x, "sample_rate": 24000},
        path(f"{name}-dict.pt"),
    )
    expect(f"{name}-dict.pt", want, rate=24000)
    torch.save(
        {"audio": {"waveform": x[None], "sample_rate": 48000}, "node": 3},
        path(f"{name}-nested.pth"),
    )
    expect(f"{name}-nested.pth", want, rate=48000)
    torch.save(x, path(f"{name}-protocol4.pt"), pickle_protocol=4)
    expect(f"{name}-protocol4.pt", want)
    batch = torch.stack([x, x.flip(1), x.flip(0)])
    torch.save(batch, path(f"{name}-batch.pt"))
    for entry in range(3):
        expect(f"{name}-batch.pt", full_scale(batch[entry]), entry=entry)
    last = batch.transpose(1, 2)
    torch.save(last, path(f"{name}-last.pt"))
    expect(f"{name}-last.pt", full_scale(batch[1]), entry=1)
    many = torch.cat([x, x.flip(1), x.flip(0), x])
    torch.save(many, path(f"{name}-eight.pt"))
    expect(f"{name}-eight.pt", full_scale(many), layout="channels-first")
    torch.save(collections.OrderedDict(a=x, b=mono), path(f"{name}-ordered.pt"))
    expect(f"{name}-ordered.pt", want[:, :1], tensor="b")
    torch.save([mono, x], path(f"{name}-list.pt"))
    expect(f"{name}-list.pt", want, tensor="1")
    if name != "bf16":
        array = x.numpy()
        numpy.save(path(f"{name}-c.npy"), array)
        expect(f"{name}-c.npy", want)
        numpy.save(path(f"{name}-fortran.npy"), numpy.asfortranarray(array))
        expect(f"{name}-fortran.npy", want)
        numpy.save(path(f"{name}-last.npy"), array.T)
        expect(f"{name}-last.npy", want)
        numpy.save(path(f"{name}-big.npy"), array.astype(array.dtype.newbyteorder(">")))
        expect(f"{name}-big.npy", want)
        for version in ((1, 0), (2, 0), (3, 0)):
            with open(path(f"{name}-v{version[0]}.npy"), "wb") as file:
                numpy.lib.format.write_array(file, array, version)
            expect(f"{name}-v{version[0]}.npy", want)

x = DTYPES["f32"]
torch.save({"audio": x, "sr": torch.tensor(22050)}, path("scalar-rate.pt"))
expect("scalar-rate.pt", full_scale(x), rate=22050)


def refuse(name, part):
    refused.append(f"{name}|{part}")


torch.save(x.to(torch.int64), path("long.pt"))
refuse("long.pt", "I64")
torch.save(torch.complex(x, x), path("complex.pt"))
refuse("complex.pt", "not audio")
torch.save(torch.empty(0), path("empty.pt"))
refuse("empty.pt", "no samples")
torch.save(torch.tensor(1.0), path("scalar.pt"))
refuse("scalar.pt", "is not audio")
torch.save(torch.nn.Parameter(x), path("parameter.pt"))
refuse("parameter.pt", "_rebuild_parameter")
torch.save(torch.nn.Linear(2, 2), path("module.pt"))
refuse("module.pt", "`model`")
torch.save({"a": numpy.float32(1)}, path("numpy.pt"))
refuse("numpy.pt", "numpy")
torch.save(x.to_sparse(), path("sparse.pt"))
refuse("sparse.pt", "_rebuild_sparse_tensor")
torch.save(torch.quantize_per_tensor(x, 0.1, 0, torch.qint8), path("quantised.pt"))
refuse("quantised.pt", "_rebuild_qtensor")
torch.save(x, path("legacy.pt"), _use_new_zipfile_serialization=False)
refuse("legacy.pt", "before PyTorch 1.6")
torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), path("script.pt"))
refuse("script.pt", "TorchScript")
numpy.savez(path("arrays.npz"), x=x.numpy())
refuse("arrays.npz", ".npz")
numpy.save(path("objects.npy"), numpy.array([{}], dtype=object), allow_pickle=True)
refuse("objects.npy", "pickled")
numpy.save(path("records.npy"), numpy.zeros(3, dtype=[("a", "f4"), ("b", "f4")]))
refuse("records.npy", "records")


class Owned:
    def __reduce__(self):
        return os.system, ("touch " + path("owned"),)


torch.save({"audio": x, "extra": Owned()}, path("code.pt"))
refuse("code.pt", "system")

for name, lines in (("cases", cases), ("refused", refused)):
    with open(path(name), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
