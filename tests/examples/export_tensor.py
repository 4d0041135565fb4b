#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A torch tensor of this program to a normalised file, and what the elements
say on the bus meanwhile.

    export_tensor.py [FILE.wav]

The tensor goes through DLPack: no file in between, no copy of its memory, and
no second LibTorch in the process.
"""

import math
import sys

import torch

from genaudio import AudioExporter, AudioMetadataExtractor

RATE = 32000


def generate(seconds: int = 16) -> torch.Tensor:
    """In your program: what the model returns, (channels, samples)."""
    t = torch.arange(RATE * seconds) / RATE
    beat = torch.exp(-4 * torch.remainder(t, 0.5))
    chord = sum(
        torch.sin(2 * math.pi * f * t) for f in (220.0, 261.63, 329.63)
    )
    return torch.stack([beat * chord * 0.1, beat * chord * 0.05])


def main() -> None:
    path = sys.argv[1] if len(sys.argv) > 1 else "tensor.wav"
    exporter = AudioExporter(target_lufs=-16.0, on_message=print)
    extractor = AudioMetadataExtractor(extract_bpm=True, extract_key=True)

    path, size = exporter.export_wav(
        generate(), path, sample_rate=RATE, metadata={"title": "A minor"}
    )
    print(f"{path}: {size} bytes")
    for name, value in extractor.extract_metadata(path).items():
        print(f"  {name}: {value}")


if __name__ == "__main__":
    main()
