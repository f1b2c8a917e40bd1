"""A project of two files, and a case whose name only the other file knows."""

import json
from pathlib import Path
from typing import Any

CLIENT = "class Client:\n    def order_by_name(self, name: str) -> int:\n        return len(name)\n"
APP = (
    "from client import Client\n\n\n"
    "def main(client: Client) -> None:\n"
    "    client.order_by_name('x')\n"
)
FILES: list[dict[str, Any]] = [
    {"repo": "shop", "path": "client.py", "content": CLIENT},
    {"repo": "shop", "path": "app.py", "content": APP},
]
CASE: dict[str, Any] = {
    "task_id": "shop/1",
    "repo": "shop",
    "path": "app.py",
    "language": "python",
    "line": 5,
    "character": 11,
    "prefix_chars": APP.index("order_by_name"),
    "line_rest": "order_by_name('x')",
    "target": "order_by_name(",
    "identifier": "order_by_name",
    "via": "typed",
}


def write_rows(path: Path, *rows: dict[str, Any]) -> Path:
    """Write JSON lines and return where they are."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
