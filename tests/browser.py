"""A headless Chromium and a server for it on this machine: no other program, no package.

`Page` speaks the DevTools protocol over a WebSocket by hand: the few messages that the tests need.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
PATIENCE: Final = 60


def executable() -> str | None:
    """Find the browser."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Server(ThreadingHTTPServer):
    """Serves pages from memory, and keeps what was asked for and sent."""

    def __init__(self, pages: Callable[[str], bytes | None]) -> None:
        """Begin to listen on a free port; `pages` gives the bytes for a path."""
        self.pages = pages
        self.asked: list[str] = []
        self.sent: list[bytes] = []
        super().__init__(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def host(self) -> str:
        """Name and port."""
        return f"127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        content = self.server.pages(self.path)
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(content or b"")

    def do_POST(self) -> None:
        self.server.sent.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (as above)
        """Say nothing."""


class Browser:
    """One tab of a headless Chromium; use it in a `with` block."""

    def __init__(self, *flags: str) -> None:
        """Start the browser, and attach to its tab."""
        self.home = Path(tempfile.mkdtemp())
        command = [executable() or NAMES[0], *FLAGS, *flags, f"--user-data-dir={self.home}", "about:blank"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.number = 0
        self.events: list[dict[str, Any]] = []
        self._socket = socket.create_connection(("127.0.0.1", self._port()))
        self._stream = self._socket.makefile("rb")
        self._shake_hands(self._tab())

    def _port(self) -> int:
        file = self.home / "DevToolsActivePort"
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with contextlib.suppress(FileNotFoundError, IndexError, ValueError):
                self.port = int(file.read_text().splitlines()[0])
                return self.port
            time.sleep(0.05)
        message = "the browser did not start"
        raise TimeoutError(message)

    def _tab(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/json/list", timeout=PATIENCE) as answer:
            tabs = json.load(answer)
        address = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
        return str(address).partition(f":{self.port}")[2]

    def _shake_hands(self, path: str) -> None:
        self._socket.settimeout(PATIENCE)
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        while self._stream.readline().strip():
            pass

    def _send(self, text: bytes) -> None:
        size = len(text)
        head = bytes([0x81, 0x80 | size]) if size < 126 else bytes([0x81, 0x80 | 127]) + size.to_bytes(8, "big")
        if 126 <= size < 1 << 16:
            head = bytes([0x81, 0x80 | 126]) + size.to_bytes(2, "big")
        self._socket.sendall(head + bytes(4) + text)  # a mask of zeros changes nothing

    def _receive(self) -> dict[str, Any]:
        text = b""
        while True:
            first, second = self._stream.read(2)
            size = second & 0x7F
            if size >= 126:
                size = int.from_bytes(self._stream.read(2 if size == 126 else 8), "big")
            text += self._stream.read(size)
            if first & 0x80:
                return dict(json.loads(text))

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Call a method of the DevTools protocol; events that come meanwhile are kept in `events`."""
        self.number += 1
        self._send(json.dumps({"id": self.number, "method": method, "params": parameters}).encode())
        while (answer := self._receive()).get("id") != self.number:
            self.events.append(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return dict(answer["result"])

    def open(self, address: str) -> None:
        """Go to an address, and wait until it is loaded."""
        self.call("Page.enable")
        self.call("Runtime.enable")
        self.call("Log.enable")
        self.call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete'")

    def run(self, script: str) -> Any:  # noqa: ANN401 (what a script gives)
        """Evaluate JavaScript."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, script: str, seconds: float = PATIENCE) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + seconds
        while not self.run(script):
            if time.monotonic() > end:
                raise TimeoutError(script)
            time.sleep(0.02)

    def press(self, key: str, text: str = "") -> None:
        """Press a key."""
        extra = {"text": text} if text else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **extra)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def errors(self) -> list[str]:
        """List what the console was told: errors and warnings, exceptions, refused requests."""
        self.run("1")  # whatever is on the way arrives before its answer
        found = []
        for event in self.events:
            if event["method"] == "Runtime.exceptionThrown":
                found.append(str(event["params"]["exceptionDetails"]))
            if event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] in {"error", "warning"}:
                found.append(str(event["params"]["entry"]["text"]))
        return found

    def screenshot(self, file: Path, *, width: int = 1280, height: int = 900) -> None:
        """Save what is seen as PNG."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        file.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def __enter__(self) -> Self:
        """Return the browser itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        """End the browser, and remove its files."""
        self._stream.close()
        self._socket.close()
        self.process.terminate()
        self.process.wait(PATIENCE)
        shutil.rmtree(self.home, ignore_errors=True)
