"""A real Jupyter kernel of this Python, one cell at a time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager

READY_SECONDS = 120.0
CELL_SECONDS = 120.0
LOOK_SECONDS = 0.5
"""How often it is looked whether a silent kernel is still alive."""


class KernelDied(RuntimeError):
    """The kernel was gone before its cell had ended."""


class _ThisPython(KernelSpecManager):
    """Finds the kernel of this very Python, whatever else is installed."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        del kernel_name
        argv = [
            *(sys.executable, "-m", "ipykernel_launcher"),
            *("-f", "{connection_file}"),
            "--IPKernelApp.log_level=ERROR",  # that its sockets are local is known
        ]
        return KernelSpec(argv=argv, display_name="Python", language="python")


class Kernel:
    """A kernel that runs while its ``with`` block does.

    Args:
        folder: where it works.
        environment: its environment.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = dict(environment)
        self._manager = KernelManager(kernel_spec_manager=_ThisPython())
        self._client: BlockingKernelClient | None = None

    def __enter__(self) -> Self:
        self._manager.start_kernel(cwd=str(self._folder), env=self._environment)
        self._client = self._manager.blocking_client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=READY_SECONDS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._client is not None:
            self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    @property
    def pid(self) -> int:
        """The process id of the kernel."""
        provisioner: Any = self._manager.provisioner
        return int(provisioner.process.pid)

    def run(self, source: str, show: Callable[[str], None] | None = None) -> list[str]:
        """Run a cell to its end.

        Args:
            source: the cell.
            show: is given each text output as it comes.

        Returns:
            All its text outputs, an error's one line among them.

        Raises:
            KernelDied: where the kernel ends first.
        """
        return self.finish(self.begin(source), show)

    def begin(self, source: str) -> str:
        """Begin to run a cell, and come back while it runs.

        Returns:
            What `finish` takes.
        """
        return str(self._started().execute(source, store_history=True))

    def finish(
        self, message_id: str, show: Callable[[str], None] | None = None
    ) -> list[str]:
        """Wait for the end of a cell that was begun; see `run`."""
        client = self._started()
        shown: list[str] = []
        while True:
            message = self._next_message(client)
            if message["parent_header"].get("msg_id") != message_id:
                continue
            if message["header"]["msg_type"] == "status":
                if message["content"]["execution_state"] == "idle":
                    return shown
                continue
            text = _text_in(message)
            if text:
                shown.append(text)
                if show:
                    show(text)

    def _started(self) -> BlockingKernelClient:
        if self._client is None:
            raise KernelDied("the kernel has not been started")
        return self._client

    def _next_message(self, client: BlockingKernelClient) -> Any:
        from queue import Empty

        waited = 0.0
        while waited < CELL_SECONDS:
            try:
                return client.get_iopub_msg(timeout=LOOK_SECONDS)
            except Empty:
                waited += LOOK_SECONDS
                if not self._manager.is_alive():
                    raise KernelDied("the kernel died in the cell") from None
        raise KernelDied(f"the cell said nothing for {CELL_SECONDS:.0f} s")


def _text_in(message: Any) -> str:
    """Return what a message shows as text; nothing for a live widget's own output."""
    kind, content = message["header"]["msg_type"], message["content"]
    if kind == "stream":
        return str(content["text"])
    if kind == "error":
        return "\n".join(content["traceback"]) + "\n"
    if kind not in {"display_data", "execute_result"}:
        return ""
    if "application/vnd.jupyter.widget-view+json" in content["data"]:
        return ""
    return str(content["data"].get("text/plain", "")) + "\n"
