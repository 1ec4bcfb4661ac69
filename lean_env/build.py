"""Compiles a tree of Lean files, once, however many processes ask for it at the same moment.

`build` compiles a snapshot of the sources into a temporary directory beside the target and renames
that when it is complete, so the target is either whole or absent. Builders of the same target take
turns by `flock`, which the kernel releases when its holder dies, however it dies; what a dead builder
left behind is removed by the next one. Files compile in parallel, in the order of their imports.

Layout of a target, that of a Lean installation: `lib/lean/**.olean`, `src/lean/**.lean`, and
`manifest.json` with the size of every compiled file, by which a damaged target is recognised.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from lean_env.errors import ToolchainError
from lean_env.toolchain import Progress

FORMAT = "1"
"""Part of every target's key: raise it when this module builds something different."""
FAST = ("-Dlinter.all=false", "-DElab.async=false")
"""No style checks, and no threads beside the processes, which have the cores already."""
FILE_SECONDS = 300.0
"""How long one file may compile."""

PROBE_BYTES = 16 * 2**20
"""More than any compiled file: where so much can be written, the disk was not full."""

OLEANS, SOURCES = Path("lib/lean"), Path("src/lean")
MANIFEST = "manifest.json"

_COMMENT = re.compile(r"/-.*?-/|--[^\n]*", re.DOTALL)
_IMPORT = re.compile(r"(?:public\s+)?(?:meta\s+)?import\s+(?:all\s+)?(\S+)$")


@dataclass(frozen=True)
class Library:
    """A snapshot of a library's sources."""

    files: Mapping[str, bytes]
    """Text of each file by its path in the tree, such as `Init/Prelude.lean`."""
    digest: str
    """SHA-256 of paths and texts, in hexadecimal."""


def read_library(root: Path) -> Library:
    """The `.lean` files below `root`. Raises `ToolchainError` if there are none."""
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*.lean"))}
    if not files:
        raise ToolchainError(f"no Lean files in {root}: reinstall rmax-prover")
    digest = hashlib.sha256()
    for name, text in files.items():
        digest.update(b"%d %d %s" % (len(name.encode()), len(text), name.encode()) + text)
    return Library(files, digest.hexdigest())


def is_built(target: Path) -> bool:
    """Whether `target` holds a complete build: every file of its manifest is there at full size."""
    try:
        files: dict[str, int] = json.loads((target / MANIFEST).read_bytes())["files"]
        return all((target / name).stat().st_size == size for name, size in files.items())
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return False


def build(
    library: Library,
    target: Path,
    lean: Sequence[str],
    environ: Mapping[str, str],
    progress: Progress | None = None,
) -> None:
    """Make sure that `target` holds `library`, compiled by the command `lean`.

    Raises `ToolchainError` if a file does not compile (with Lean's message) and `OSError` if the
    directory of `target` cannot be written; neither leaves anything behind.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with _turn(target.with_name(target.name + ".lock"), progress):
        if is_built(target):
            return
        for abandoned in target.parent.glob(f"{target.name}.tmp-*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        work = Path(tempfile.mkdtemp(prefix=f"{target.name}.tmp-", dir=target.parent))
        damaged = work.with_name(work.name + "-damaged")
        try:
            _Compilation(library, work, lean, environ).run(progress)
            _write_manifest(library, work)
            work.chmod(0o755)
            if target.exists():
                target.rename(damaged)
            work.rename(target)
        finally:
            shutil.rmtree(work, ignore_errors=True)
            shutil.rmtree(damaged, ignore_errors=True)


@contextmanager
def _turn(path: Path, progress: Progress | None) -> Iterator[None]:
    """Hold the lock at `path`, after whoever holds it now. The file stays: removing it would race."""
    import fcntl  # Absent on Windows, where nothing is built.

    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if progress:
                progress(0, 0, "")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write_manifest(library: Library, work: Path) -> None:
    sizes = {
        path.relative_to(work).as_posix(): path.stat().st_size
        for path in sorted((work / OLEANS).rglob("*.olean*"))
    }
    text = json.dumps({"format": FORMAT, "library": library.digest, "files": sizes}, indent=1)
    (work / MANIFEST).write_text(text, encoding="utf-8")


def imports(text: bytes) -> set[str]:
    """The modules that the header of a Lean file imports."""
    found: set[str] = set()
    prelude = False
    for line in _COMMENT.sub("", text.decode("utf-8")).splitlines():
        words = line.strip()
        if words == "prelude":
            prelude = True
        elif match := _IMPORT.match(words):
            found.add(match[1])
        elif words not in ("", "module"):
            break
    return found if prelude else found | {"Init"}


class _Compilation:
    """Compiles one library into one directory."""

    def __init__(self, library: Library, work: Path, lean: Sequence[str], environ: Mapping[str, str]) -> None:
        self.library, self.work, self.lean = library, work, tuple(lean)
        self.environ = {**environ, "LEAN_PATH": str(work / OLEANS)}
        self.running: set[subprocess.Popen[str]] = set()
        self.mutex = threading.Lock()
        self.stopped = False

    def run(self, progress: Progress | None) -> None:
        """Compile every file after those that it imports."""
        for name, text in self.library.files.items():
            for path in (self.work / SOURCES / name, self.work / OLEANS / name):
                path.parent.mkdir(parents=True, exist_ok=True)
            (self.work / SOURCES / name).write_bytes(text)
        modules = {name.removesuffix(".lean").replace("/", "."): name for name in self.library.files}
        graph = {module: imports(self.library.files[name]) for module, name in modules.items()}
        for module, imported in graph.items():
            if unknown := imported - graph.keys():
                raise ToolchainError(
                    f"{modules[module]} imports {min(unknown)}, which the library does not have"
                )
        order = TopologicalSorter(graph)
        try:
            order.prepare()
        except CycleError as error:
            raise ToolchainError(
                f"the library's imports go in a circle: {' → '.join(error.args[1])}"
            ) from None
        pending: dict[Future[None], str] = {}
        done = 0
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            try:
                while order.is_active():
                    for module in order.get_ready():
                        pending[pool.submit(self._compile, modules[module])] = module
                    for future in wait(pending, return_when=FIRST_COMPLETED).done:
                        future.result()
                        module = pending.pop(future)
                        order.done(module)
                        done += 1
                        if progress:
                            progress(done, len(graph), module)
            except BaseException:
                self._stop()
                pool.shutdown(cancel_futures=True)
                raise

    def _compile(self, name: str) -> None:
        olean = self.work / OLEANS / Path(name).with_suffix(".olean")
        # A library with a `sorry` in it would prove anything: what Lean takes for a warning is an error.
        command = (*self.lean, "-EhasSorry", *FAST, f"-R{self.work / SOURCES}", f"-o{olean}", name)
        with self.mutex:
            if self.stopped:
                return
            process = subprocess.Popen(
                command,
                env=self.environ,
                cwd=self.work / SOURCES,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
            self.running.add(process)
        try:
            output, _ = process.communicate(timeout=FILE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise ToolchainError(f"{name} did not compile within {FILE_SECONDS:.0f} s: try again") from None
        finally:
            with self.mutex:
                self.running.discard(process)
        if process.returncode != 0 and not self.stopped:
            if "failed to write" in output:  # Lean does not say why; the system will.
                (self.work / "probe").write_bytes(bytes(PROBE_BYTES))
                raise OSError(errno.EIO, "Lean could not write a compiled file")
            raise ToolchainError(
                f"the embedded library does not compile: {_reason(name, process.returncode, output)}"
            )

    def _stop(self) -> None:
        with self.mutex:
            self.stopped = True
            for process in self.running:
                process.kill()


def _reason(name: str, returncode: int, output: str) -> str:
    """What went wrong with a file, in one line: Lean's first error, else the end of its output."""
    for message in re.split(r"^(?=\S+:\d+:\d+: )", output, flags=re.MULTILINE):
        if re.match(r"\S+: error\b", message):
            return " ".join(message.split())[:400]
    if returncode < 0:
        return f"{name}: Lean was ended by {signal.Signals(-returncode).name}"
    lines = output.strip().splitlines()
    return f"{name}: {lines[-1] if lines else f'exit code {returncode}'}"
