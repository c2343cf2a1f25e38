"""The tools outside Python that some tests need: whether they are here, and how they get here.

    python3 deploy/make/tools.py java maven        # install what is missing, where that may be done

Through the system's package manager where that may be done (root on Debian); otherwise the reason is told.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNPACKED = ROOT / ".cache" / "tools"
"""Programs taken out of a Debian package without installing it."""


@dataclass(frozen=True)
class Tool:
    """One tool: the command that shows it is here, the oldest version that will do, the Debian packages that bring it.

    `libraries`: packages of shared libraries that an unpacked program needs; `files`: what else of its package it opens
    at a fixed place below /.

    `packages` are alternatives, the first that the distribution has is taken. With `unpack` only the program is taken
    out of the package: prometheus would also start a server on the machine.
    """

    command: str
    packages: tuple[str, ...]
    oldest: int | None = None
    unpack: str | None = None
    libraries: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


NO_LIBRARY = 127
"""How a program ends whose shared libraries are not here."""

TOOLS = {
    "java": Tool("java", ("openjdk-17-jre-headless", "openjdk-21-jre-headless", "default-jre-headless"), oldest=17),
    "javac": Tool("javac", ("openjdk-17-jdk-headless", "openjdk-21-jdk-headless", "default-jdk-headless")),
    "maven": Tool("mvn", ("maven",)),
    "promtool": Tool("promtool", ("prometheus",), unpack="usr/bin/promtool"),
    "prometheus": Tool("prometheus", ("prometheus",), unpack="usr/bin/prometheus"),
    "amtool": Tool("amtool", ("prometheus-alertmanager",), unpack="usr/bin/amtool"),
    "alertmanager": Tool(
        "prometheus-alertmanager",
        ("prometheus-alertmanager",),
        unpack="usr/bin/prometheus-alertmanager",
        files=("usr/share/prometheus/alertmanager/default.tmpl", "usr/share/prometheus/alertmanager/email.tmpl"),
    ),
    "kubectl": Tool("kubectl", ("kubernetes-client",)),
    "go": Tool("go", ("golang-go",)),
    "mosquitto": Tool(
        "mosquitto", ("mosquitto",), unpack="usr/sbin/mosquitto", libraries=("libwrap0", "libdlt2", "libwebsockets17")
    ),
    "chromium": Tool("chromium", ("chromium",)),
    "node": Tool("node", ("nodejs",)),
    "npm": Tool("npm", ("npm",)),
}


class UnknownTool(KeyError):
    """A name that is not in the table."""


def path_of(name: str) -> str | None:
    """Where the tool's program lies; `None` if it is not here."""
    if name not in TOOLS:
        raise UnknownTool(f"{name!r} is not a tool we know; known: {', '.join(TOOLS)}")
    places = (
        str(UNPACKED),
        os.environ.get("PATH", ""),
        "/usr/sbin",
        "/usr/local/go/bin",
    )  # a broker is not on everybody's path
    return shutil.which(TOOLS[name].command, path=os.pathsep.join(places))


def lacks(name: str) -> str | None:
    """Why the tool cannot be used here, in words with the way out; `None` when it can."""
    program = path_of(name)
    tool = TOOLS[name]
    way_out = f"on Debian: apt-get install {tool.packages[0]}"
    if program is None:
        return f"{name} is not installed ({way_out})"
    if tool.libraries and subprocess.run([program, "-h"], capture_output=True, check=False).returncode == NO_LIBRARY:
        return f"{name} lacks shared libraries (on Debian: apt-get install {' '.join(tool.libraries)})"
    if absent := [f"/{one}" for one in tool.files if not Path("/", one).is_file()]:
        return f"{name} lacks {' '.join(absent)} ({way_out})"
    if tool.oldest is None:
        return None
    version = _major_version(program)
    if version is None or version < tool.oldest:
        return f"{name} {tool.oldest} or newer is needed, {program} is {version} ({way_out})"
    return None


def _major_version(program: str) -> int | None:
    said = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', said.stderr + said.stdout)
    return int(found.group(1)) if found else None


def install(names: list[str]) -> dict[str, str]:
    """Bring what is missing; returns tool -> reason for those that are still missing afterwards."""
    wanted = [name for name in names if lacks(name)]
    if not wanted:
        return {}
    obstacle = _why_not_apt()
    if obstacle:
        return {name: f"{lacks(name)}; {obstacle}" for name in wanted}
    _apt("update")
    for name in wanted:
        package = next((one for one in TOOLS[name].packages if _is_on_offer(one)), None)
        if package is None:
            continue
        if TOOLS[name].unpack is not None:
            _unpack(package, TOOLS[name].unpack, TOOLS[name].files)
            if libraries := [one for one in TOOLS[name].libraries if _is_on_offer(one)]:
                _apt("install", "-y", "--no-install-recommends", *libraries)
        else:
            _apt("install", "-y", "--no-install-recommends", package)
    return {name: reason for name in wanted if (reason := lacks(name))}


def _why_not_apt() -> str | None:
    if shutil.which("apt-get") is None:
        return "this system has no apt-get"
    if os.geteuid() != 0:
        return "only root may install packages"
    return None


def _apt(*words: str, cwd: str | None = None) -> int:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(["apt-get", "-qq", *words], stdout=sys.stderr, env=quiet, check=False, cwd=cwd).returncode


def _is_on_offer(package: str) -> bool:
    said = subprocess.run(["apt-cache", "policy", package], capture_output=True, text=True, check=False)
    return "Candidate:" in said.stdout and "Candidate: (none)" not in said.stdout


def _unpack(package: str, program: str, files: Iterable[str] = ()) -> None:
    with tempfile.TemporaryDirectory() as there:
        # apt fetches as its own user, who must be able to write here.
        Path(there).chmod(0o777)
        _apt("download", package, cwd=there)
        for archive in Path(there).glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", archive.name, "out"], cwd=there, check=True)
            UNPACKED.mkdir(parents=True, exist_ok=True)
            shutil.copy2(Path(there, "out", program), UNPACKED)
            for file in files:
                Path("/", file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(Path(there, "out", file), Path("/", file))


def main() -> int:
    """Install the tools named on the command line; 3 if one is still missing."""
    missing = install(sys.argv[1:] or list(TOOLS))
    for reason in missing.values():
        print(reason, file=sys.stderr)
    return 3 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
