"""A hub of models on this machine that hands its one file out as far as a test allows."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from pathlib import Path

_BLOCK_BYTES = 1 << 20
_COMMIT = "0123456789abcdef0123456789abcdef01234567"


class ModelHub:
    """`address` goes into HF_ENDPOINT; the file stops at `allowed` of itself until that is more."""

    def __init__(self, weights: Path, sha256: str) -> None:
        self.weights, self.sha256 = weights, sha256
        self.size_bytes = weights.stat().st_size
        self._allowed = 0.0
        self._changed = threading.Condition()
        self.address = ""

    def allow(self, fraction: float) -> None:
        """Hand out this much of the file, from 0 to 1."""
        with self._changed:
            self._allowed = fraction
            self._changed.notify_all()

    def send(self, target: BufferedIOBase) -> None:
        """Write the file to `target`, block by block as allowed."""
        with self.weights.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                with self._changed:
                    self._changed.wait_for(lambda: file.tell() <= self._allowed * self.size_bytes)
                target.write(block)


@contextmanager
def model_hub(weights: Path, sha256: str) -> Generator[ModelHub]:
    """Run a hub with these weights, as the library huggingface_hub asks one."""
    hub = ModelHub(weights, sha256)

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._head()

        def do_GET(self) -> None:
            self._head()
            # A client that gives up is no error of the hub.
            try:
                hub.send(self.wfile)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def _head(self) -> None:
            self.send_response(200)
            self.send_header("X-Repo-Commit", _COMMIT)
            self.send_header("ETag", f'"{hub.sha256}"')
            self.send_header("X-Linked-Etag", f'"{hub.sha256}"')
            self.send_header("X-Linked-Size", str(hub.size_bytes))
            self.send_header("Content-Length", str(hub.size_bytes))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        hub.address = f"http://127.0.0.1:{server.server_port}"
        try:
            yield hub
        finally:
            hub.allow(1)
            server.shutdown()
