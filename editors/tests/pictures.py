"""Copies the pictures that a page shows from build/pictures/, where tests put them.

`make pictures` runs it. Which ones is read from the pages, so there is no list to keep. They are
given a palette, which takes a third of the bytes and cannot be seen on a screen of an editor.
"""

import re
import shutil
import sys

from PIL import Image

from editors.tests.home import ROOT

_PICTURE = re.compile(r"docs/pictures/([\w.-]+)|\(pictures/([\w.-]+)\)")
_MOST_BYTES = 150_000
_COLOURS = 192


def shown() -> set[str]:
    """Return the names of the pictures that the project's pages show."""
    pages = [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("editors/**/*.md")]
    own = [page for page in pages if "node_modules" not in page.parts]
    matches = [match for page in own for match in _PICTURE.finditer(page.read_text("utf-8"))]
    return {match[1] or match[2] for match in matches}


def main() -> int:
    target = ROOT / "docs" / "pictures"
    target.mkdir(exist_ok=True)
    missing = False
    for name in sorted(shown()):
        taken = ROOT / "build" / "pictures" / name
        if taken.exists():
            copy = target / name
            if taken.suffix == ".png":
                picture = Image.open(taken).convert("RGB")
                picture.quantize(_COLOURS, dither=Image.Dither.NONE).save(copy, optimize=True)
            else:
                shutil.copyfile(taken, copy)
            size_bytes = copy.stat().st_size
            large = "" if size_bytes <= _MOST_BYTES else ", too large for a page"
            print(f"docs/pictures/{name}: {size_bytes:,} bytes{large}")  # noqa: T201
        elif not (target / name).exists():
            missing = True
            print(f"{name} is shown in a page, and no test has taken it")  # noqa: T201
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
