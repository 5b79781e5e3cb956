"""A page on this machine that shows an environment step by step: the render mode `human`."""

import os
import sys
import threading
import time
import webbrowser
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from struct import pack

import numpy as np
import numpy.typing as npt

_HTML = (
    b"<!doctype html><title>Daladala</title><body style='margin:0;background:#111'><img style='width:100%' src=/live>"
)


class Page:
    """Pictures, one after another, to whoever looks at them. None are kept."""

    def __init__(self, fps: int) -> None:
        self._pause = 1 / fps
        self._news = threading.Condition()
        self._picture: bytes | None = None
        self._number = 0
        self._open = True
        page = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page.serve(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}/"
        print(f"Watch it: {self.address}", file=sys.stderr)
        # Tests and machines without a screen look at the address themselves.
        if os.environ.get("DALADALA_BROWSER", "1") != "0":
            webbrowser.open(self.address)

    def show(self, picture: npt.NDArray[np.uint8]) -> None:
        """Show a picture, and wait for as long as a step lasts."""
        with self._news:
            self._picture = png(picture)
            self._number += 1
            self._news.notify_all()
        time.sleep(self._pause)

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request: the page, or the pictures as they come."""
        live = request.path == "/live"
        kind = "multipart/x-mixed-replace; boundary=picture" if live else "text/html"
        request.send_response(200)
        request.send_header("Content-Type", kind)
        request.end_headers()
        if not live:
            request.wfile.write(_HTML)
            return
        seen = 0
        try:
            while True:
                with self._news:
                    while self._number <= seen and self._open:
                        self._news.wait()
                    if not self._open:
                        return
                    seen, picture = self._number, self._picture or b""
                head = f"--picture\r\nContent-Type: image/png\r\nContent-Length: {len(picture)}\r\n\r\n"
                request.wfile.write(head.encode() + picture + b"\r\n")
        except OSError:
            # Who looked went away.
            return

    def close(self) -> None:
        """End the page."""
        with self._news:
            self._open = False
            self._news.notify_all()
        self._server.shutdown()
        self._server.server_close()


def png(picture: npt.NDArray[np.uint8]) -> bytes:
    """A picture, uint8 `(height, width, 3)`, as a PNG file."""
    height, width, _ = picture.shape
    rows = np.zeros((height, 1 + width * 3), dtype=np.uint8)
    rows[:, 1:] = picture.reshape(height, width * 3)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    head = pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(rows.tobytes(), 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
