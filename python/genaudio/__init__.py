# SPDX-License-Identifier: LGPL-2.1-or-later
"""Normalise, analyse and file generated audio.

Three classes, each over one object of the library gstgenaudio-1.0:

* `AudioExporter` writes tensors to audio files, normalised to a loudness;
* `AudioMetadataExtractor` measures files and tensors;
* `AudioFileManager` keeps files by date.

Tensors are `torch.Tensor`, numpy arrays, or anything else that speaks DLPack;
neither torch nor numpy is needed to import this package. All of it may be
used from any thread, and Python's lock is released while the library works.
Use multiprocessing with the start method "spawn": a process that was forked
after the library had been used cannot use it, and is told so.
"""

from .export import AudioExporter, BatchError
from .metadata import AudioMetadataExtractor
from .storage import AudioFileManager

__all__ = [
    "AudioExporter",
    "AudioFileManager",
    "AudioMetadataExtractor",
    "BatchError",
]
__version__ = "0.1.0"
