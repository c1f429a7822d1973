"""A process for the app of a check, so that a check ends whatever the app does.

The child reads a job from stdin and writes lines of JSON to stdout: a string for progress, and a list for the results.
The parent ends the child if it writes nothing for longer than the timeout.
"""

from __future__ import annotations

import asyncio
import json
import os
import queue
import subprocess
import sys
import threading
from typing import IO, TYPE_CHECKING, Any, NoReturn

from crossorigin.doctor.asking.probe import CannotRunError
from crossorigin.doctor.jobs import Job, Result, failures, results_from_json, results_to_json, run_job

if TYPE_CHECKING:
    from collections.abc import Callable

    # Takes the lines of a pipe, then None.
    Put = Callable[[bytes | None], object]

# How much longer than its own timeout the child may need, which includes the start of Python.
_GRACE = 8.0
_STDOUT, _STDERR = 1, 2


def run_in_child(job: Job, *, progress: Callable[[str], None], on_stderr: Callable[[str], None]) -> list[Result]:
    """Run a job in a child process and return its results.

    What the app prints is passed to `on_stderr`, line by line.
    """
    child = subprocess.Popen(  # noqa: S603  # the command is this program
        [sys.executable, *_warning_options(), "-m", "crossorigin.doctor.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "utf-8:backslashreplace"},
    )
    try:
        return _follow(child, job, progress, on_stderr)
    finally:
        child.kill()
        child.wait()


def _follow(
    child: subprocess.Popen[bytes], job: Job, progress: Callable[[str], None], on_stderr: Callable[[str], None]
) -> list[Result]:
    assert child.stdin is not None and child.stdout is not None and child.stderr is not None  # noqa: S101, PT018
    lines: queue.Queue[bytes | None] = queue.Queue()
    threading.Thread(target=_read, args=(child.stdout, lines.put), daemon=True).start()

    def relay(line: bytes | None) -> None:
        if line is not None:
            on_stderr(line.decode("utf-8", "backslashreplace").rstrip("\r\n"))

    printed = threading.Thread(target=_read, args=(child.stderr, relay), daemon=True)
    printed.start()
    child.stdin.write(json.dumps(job.to_json()).encode())
    child.stdin.close()
    while True:
        try:
            line = lines.get(timeout=job.timeout + _GRACE)
        except queue.Empty:
            text = (
                f"The app did not answer within {job.timeout:g} seconds, and could not be stopped: it blocks the event"
                " loop or ignores cancellation."
            )
            return failures(job, CannotRunError("timeout", text))
        if line is None:
            # A process that the app has started may keep the pipe open.
            printed.join(timeout=_GRACE)
            return failures(job, CannotRunError("app", "The app ended the process."))
        written = json.loads(line)
        if isinstance(written, list):
            child.kill()
            printed.join(timeout=_GRACE)
            return [*results_from_json(written)]
        if written:
            progress(written)


def _warning_options() -> list[str]:
    return [f"-W{option}" for option in sys.warnoptions]


def _read(pipe: IO[bytes], put: Put) -> None:
    with pipe:
        for line in pipe:
            put(line)
    put(None)


def main() -> NoReturn:
    """Run the job on stdin, write the results, and end the process at once, whatever its threads do."""
    job = Job.from_json(json.loads(sys.stdin.buffer.read()))
    # What the app and its child processes print is not part of the result.
    out = os.fdopen(os.dup(_STDOUT), "wb")
    os.dup2(_STDERR, _STDOUT)
    sys.stdout = sys.stderr

    def write(value: Any) -> None:
        out.write(json.dumps(value).encode() + b"\n")
        out.flush()

    try:
        results = _run(job, write)
    except BaseException as error:  # noqa: BLE001  # whatever the app raises is a result
        text = f"The app failed: {type(error).__name__}: {error}"
        if isinstance(error, SystemExit):
            text = "The app ended the process."
        results = failures(job, CannotRunError("app", text))
    sys.stderr.flush()
    write(results_to_json(results))
    os._exit(0)


def _run(job: Job, write: Callable[[Any], None]) -> list[Result]:
    """Run a job without waiting for the threads and tasks that the app leaves."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop.run_until_complete(run_job(job, write))


if __name__ == "__main__":
    main()
