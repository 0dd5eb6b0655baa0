"""A small provider with OpenAI's interface on 127.0.0.1: real HTTP, real replies.

In Python::

    with Provider() as provider:
        client = OpenAI(base_url=provider.base_url, api_key="demo")

In a terminal ``python -m orch_magic.demo.provider --port 0`` prints one line of JSON
with the ``base_url`` once it answers, and runs until it is interrupted.

It serves ``POST /v1/chat/completions``, ``GET /v1/models`` and ``GET /bill``, its own
account of what every call used. Any key will do, and any model.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socketserver
import sys
import threading
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from pydantic import ValidationError

from orch_magic.core.errors import BadInput
from orch_magic.core.values import Value, explain
from orch_magic.demo import chat

HOST = "127.0.0.1"

MODEL = "gpt-4o-mini"
"""The model that it lists; it answers as any other as well."""

MOST_BYTES = 10_000_000
"""The longest request it reads."""


class ServedCall(Value):
    """What one call used, as the provider counts."""

    id: str
    model: str
    input_tokens: int
    output_tokens: int
    streamed: bool


class Provider:
    """A provider that runs while its ``with`` block does."""

    def __init__(self, port: int = 0) -> None:
        """Take the port to listen on; 0 means any that is free."""
        self._port = port
        self._server: _Server | None = None

    def __enter__(self) -> Self:
        self._server = _Server(self._port)
        threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="orch-demo-provider",
            daemon=True,
        ).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        server = self._running()
        server.shutdown()
        server.server_close()

    @property
    def base_url(self) -> str:
        """What a client takes as its ``base_url``."""
        return f"http://{HOST}:{self._running().server_port}/v1"

    @property
    def bill(self) -> tuple[ServedCall, ...]:
        """The calls it has served, in their order; readable after it has closed."""
        return self._running().bill()

    def _running(self) -> _Server:
        if self._server is None:
            raise BadInput(
                "The provider has not been started.",
                "Write: with Provider() as provider:",
            )
        return self._server


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # many clients may knock at once

    def __init__(self, port: int) -> None:
        super().__init__((HOST, port), _Handler)
        self._calls: list[ServedCall] = []
        self._lock = threading.Lock()

    def server_bind(self) -> None:
        # The parent would look its own name up, which takes seconds without a network.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # the client hung up
            super().handle_error(request, client_address)

    def serve(self, request: chat.ChatRequest) -> chat.Completion:
        """Answer a request and put it on the bill."""
        with self._lock:
            completion = chat.complete(request, number=len(self._calls) + 1)
            self._calls.append(
                ServedCall(
                    id=completion.id,
                    model=completion.model,
                    input_tokens=completion.input_tokens,
                    output_tokens=completion.output_tokens,
                    streamed=request.stream,
                )
            )
        return completion

    def bill(self) -> tuple[ServedCall, ...]:
        with self._lock:
            return tuple(self._calls)


class _Refused(Exception):
    """An answer other than the one that was hoped for."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        with self._refusals():
            if self.path == "/bill":
                bill = [call.model_dump(by_alias=False) for call in self.server.bill()]
                self._send(HTTPStatus.OK, {"object": "list", "data": bill})
                return
            self._check_key()
            model = {
                "id": MODEL,
                "object": "model",
                "created": chat.CREATED,
                "owned_by": "orch-magic",
            }
            if self.path == "/v1/models":
                self._send(HTTPStatus.OK, {"object": "list", "data": [model]})
            elif self.path == f"/v1/models/{MODEL}":
                self._send(HTTPStatus.OK, model)
            else:
                raise _unknown(f"GET {self.path}")

    def do_POST(self) -> None:
        with self._refusals():
            raw = self._read_body()
            self._check_key()
            if self.path != "/v1/chat/completions":
                raise _unknown(f"POST {self.path}")
            request = _parse(raw)
            completion = self.server.serve(request)
            if request.stream:
                self._stream(chat.chunks(completion, with_usage=request.wants_usage))
            else:
                self._send(HTTPStatus.OK, chat.body(completion))

    @contextlib.contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except _Refused as refused:
            self._send(refused.status, _error_body(refused.message, refused.code))

    def _check_key(self) -> None:
        scheme, _, key = self.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not key.strip():
            raise _Refused(
                HTTPStatus.UNAUTHORIZED,
                "You didn't provide an API key. Any will do here: api_key='demo'.",
                "invalid_api_key",
            )

    def _read_body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            self.close_connection = True  # what follows on it can't be told apart
            raise _Refused(
                HTTPStatus.BAD_REQUEST,
                f"A request says its length, at most {MOST_BYTES} bytes.",
            )
        return self.rfile.read(int(length))

    def _send(self, status: int, body: dict[str, Any]) -> None:
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(payload)

    def _stream(self, parts: Iterator[dict[str, Any]]) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in parts:
            self._send_event(json.dumps(part))
        self._send_event("[DONE]")
        self.wfile.write(b"0\r\n\r\n")

    def _send_event(self, data: str) -> None:
        event = f"data: {data}\n\n".encode()
        self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event))

    def send_error(
        self, code: int, message: str | None = None, explain: str | None = None
    ) -> None:
        """Refuse what is no proper HTTP, or a method that nothing here has."""
        self.close_connection = True
        said = message or explain or HTTPStatus(code).phrase
        self._send(code, _error_body(said, None))

    def log_message(self, *args: Any) -> None:
        """Say nothing: the notebook that runs it has its own things to show."""


def _error_body(message: str, code: str | None) -> dict[str, Any]:
    kind = "invalid_request_error"
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _parse(raw: bytes) -> chat.ChatRequest:
    try:
        return chat.ChatRequest.model_validate_json(raw)
    except ValidationError as error:
        raise _Refused(HTTPStatus.BAD_REQUEST, explain(error)) from error


def _unknown(what: str) -> _Refused:
    return _Refused(
        HTTPStatus.NOT_FOUND,
        f"Unknown request: {what}. The demo has /v1/chat/completions and /v1/models.",
        "unknown_url",
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a provider until it is interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m orch_magic.demo.provider",
        description="A small OpenAI-compatible provider on this machine.",
    )
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    port = parser.parse_args(arguments).port
    with contextlib.suppress(KeyboardInterrupt), contextlib.ExitStack() as stack:
        try:
            provider = stack.enter_context(Provider(port))
        except (OSError, OverflowError) as error:
            parser.error(f"port {port} can't be used: {error}")
        sys.stdout.write(json.dumps({"base_url": provider.base_url}) + "\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
