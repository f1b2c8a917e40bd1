"""A small model, and a package index made of small wheels that hold its pieces."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

MODEL = b"GGUF\x03\x00\x00\x00" + bytes(range(256)) * 4_000
PARTS = (MODEL[:400_000], MODEL[400_000:800_000], MODEL[800_000:])


@dataclass
class PackageIndex:
    """A folder of wheels that pip takes for its whole index."""

    folder: Path

    def add(self, number: int, content: bytes) -> Path:
        name = f"tiny_part{number}"
        path = self.folder / f"{name}-1.0-py3-none-any.whl"
        info = f"{name}-1.0.dist-info"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
            wheel.writestr(f"{name}/part.bin", content)
            wheel.writestr(
                f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
            )
            wheel.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            wheel.writestr(f"{info}/RECORD", "")
        return path
