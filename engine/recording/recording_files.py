"""The files of recordings: one a session, cut into parts, the oldest given up for room."""

from __future__ import annotations

import contextlib
import gzip
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from engine.errors import PerpdeskError
from engine.recording.record import VERSION, Head, Record

SUFFIX = ".jsonl.gz"
_PART_BYTES = 64 * 1024 * 1024
_FOLDER_BYTES = 512 * 1024 * 1024
_UNREADABLE = (OSError, EOFError, zlib.error)


class RecordingError(PerpdeskError):
    """A recording cannot be written or read."""


class RecordingWriter:
    """`write` blocks for disk writes only. One thread only. Raises RecordingError."""

    def __init__(self, folder: Path, head: Head, part_bytes: int = _PART_BYTES) -> None:
        self._folder = folder
        self._head = head
        self._part_bytes = part_bytes
        self._stamp = datetime.fromtimestamp(head.at_ms / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
        self._encoder = msgspec.json.Encoder()
        self.file = self._part(1)
        self._open(head)

    def write(self, lines: bytes) -> bool:
        """Whole lines. True when a new part begins with the next ones."""
        try:
            self._out.write(lines)
            self._out.flush()  # what is in the file can be read whatever becomes of us
            if self._raw.tell() < self._part_bytes:
                return False
            self.close()
            head = msgspec.structs.replace(self._head, part=self._head.part + 1)
            self._head, self.file = head, self._part(head.part)
            self._open(head)
        except OSError as error:
            raise _cannot_write(self.file, error) from None
        return True

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._out.close()
            self._raw.close()

    def _part(self, number: int) -> Path:
        tail = f"-part{number}" if number > 1 else ""
        return self._folder / f"{self._stamp}-{self._head.environment}{tail}{SUFFIX}"

    def _open(self, head: Head) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            make_room(self._folder, _FOLDER_BYTES - self._part_bytes)
            self._raw: BinaryIO = self.file.open("wb")
            self._out = gzip.GzipFile(fileobj=self._raw, mode="wb", compresslevel=3)
            self._out.write(self._encoder.encode(head) + b"\n")
        except OSError as error:
            raise _cannot_write(self.file, error) from None


def make_room(folder: Path, most_bytes: int) -> None:
    """Delete the oldest recordings until no more than so much is left."""
    files = sorted(folder.glob(f"*{SUFFIX}"), key=lambda file: file.stat().st_mtime)
    total = sum(file.stat().st_size for file in files)
    for file in files:
        if total <= most_bytes:
            return
        total -= file.stat().st_size
        file.unlink()


class RecordingReader:
    """The records of a recording and of the parts that follow it. Blocks for disk reads only.

    A line that was cut off by a crash ends it. Raises RecordingError when it is none.
    """

    def __init__(self, file: Path) -> None:
        self._parts = _parts_from(file)
        self._total = max(1, sum(part.stat().st_size for part in self._parts if part.exists()))
        self._before = 0
        self._raw: BinaryIO | None = None
        head = next(self.records(), None)
        if not isinstance(head, Head):
            raise RecordingError(f"{file} is not a recording of Perpdesk.")
        if head.version > VERSION:
            raise RecordingError(f"{file} was made by a newer Perpdesk; this one cannot read it.")
        self.head = head

    @property
    def share_read(self) -> float:
        position = self._raw.tell() if self._raw is not None and not self._raw.closed else 0
        return min(1.0, (self._before + position) / self._total)

    def records(self) -> Iterator[Record]:
        """From the first one on; may be called again. Lines of no known kind are left out."""
        decoder = msgspec.json.Decoder(Record)
        self._before = 0
        for part in self._parts:
            for line in self._lines(part):
                with contextlib.suppress(msgspec.MsgspecError):
                    yield decoder.decode(line)
            self._before += part.stat().st_size

    def _lines(self, part: Path) -> Iterator[bytes]:
        try:
            with part.open("rb") as raw, gzip.GzipFile(fileobj=raw) as lines:
                self._raw = raw
                yield from lines
        except FileNotFoundError:
            raise RecordingError(f"There is no recording {part}.") from None
        except gzip.BadGzipFile:
            raise RecordingError(f"{part} is not a recording of Perpdesk.") from None
        except _UNREADABLE:
            return  # it was being written when its program ended


def _parts_from(file: Path) -> list[Path]:
    stem = file.name.removesuffix(SUFFIX)
    base, _, number = stem.partition("-part")
    parts, next_number = [file], (int(number) if number.isdecimal() else 1) + 1
    while (part := file.with_name(f"{base}-part{next_number}{SUFFIX}")).exists():
        parts.append(part)
        next_number += 1
    return parts


def _cannot_write(file: Path, error: OSError) -> RecordingError:
    return RecordingError(f"The recording {file.name} cannot be written: {error.strerror}.")
