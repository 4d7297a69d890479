# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The Python and numpy of a board's processor, and what runs them here. ``python tests/arm/root.py armhf build/arm``

apt brings Debian's packages of the other architecture and qemu's user mode, from the mirror that this machine's own
sources name, and dpkg-deb unpacks them: nothing is installed, no root is needed, and no binfmt_misc. Debian 12 has
Python 3.11 and numpy 1.24; its armhf has dates of 32 bits, as the images of PYNQ-Z1 and Z2 have.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SUITE = "bookworm"
PACKAGES = ("python3-numpy", "python3-pip", "python3-pytest", "python3-pytest-timeout")
QEMU = {"armhf": "qemu-arm-static", "arm64": "qemu-aarch64-static"}
TRIPLES = {"armhf": "arm-linux-gnueabihf", "arm64": "aarch64-linux-gnu"}
ALTERNATIVES = ("blas", "lapack")  # folders that Debian's postinst scripts would link from
READY = "ready"

CONF = """\
Dir::State "{apt}/state";
Dir::State::status "{apt}/status";
Dir::Cache "{apt}/cache";
Dir::Etc::sourcelist "{apt}/sources.list";
Dir::Etc::sourceparts "{apt}/none";
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "";
"""

# A program that qemu's processor starts is this machine's to run: so sys.executable is a script of this machine.
PYTHON = """\
#!/bin/sh
exec {qemu} -L {root} -E LD_LIBRARY_PATH={libraries} {root}/usr/bin/python3 "$@"
"""
SITE = "import sys; sys.executable = {python!r}\n"  # a line of a .pth file, which Python runs as it starts


def mirror() -> str:
    """The address of Debian's packages in this machine's sources of apt."""
    targets = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Identifier: Packages", "Origin: Debian"]
    found = subprocess.run([*targets, "Label: Debian"], capture_output=True, text=True, check=True).stdout.split()
    if not found:
        raise SystemExit("no source of Debian's packages: run apt-get update on a Debian whose sources have one")
    return found[0]


def tool(package: str, folder: Path) -> Path:
    """A package of this machine, without what it needs, unpacked in a folder."""
    folder = folder.resolve()
    if not (folder / READY).exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "-q", "download", package], cwd=folder, check=True)
        (archive,) = folder.glob("*.deb")
        subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)
        (folder / READY).touch()
    return folder


def fetch(folder: Path, architecture: str, packages: tuple[str, ...]) -> list[Path]:
    """The packages and all that they need, for an architecture."""
    for name in ("state/lists/partial", "cache/archives/partial", "none"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (folder / "sources.list").write_text(f"deb [signed-by={keys}] {mirror()} {SUITE} main\n")
    (folder / "apt.conf").write_text(CONF.format(apt=folder, architecture=architecture))
    environment = {**os.environ, "APT_CONFIG": str(folder / "apt.conf")}
    for command in (["update"], ["install", "--yes", "--download-only", *packages]):
        subprocess.run(["apt-get", "-q", *command], env=environment, check=True)
    return sorted((folder / "cache" / "archives").glob("*.deb"))


def make(architecture: str, folder: Path) -> Path:
    """The command that is Python on that processor; what is there already is kept."""
    folder = folder.resolve() / architecture
    python = folder / "python3"
    if (folder / READY).exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    qemu = shutil.copy(tool("qemu-user-static", folder / "qemu") / "usr" / "bin" / QEMU[architecture], folder)
    root = folder / "root"
    for package in fetch(folder / "apt", architecture, PACKAGES):
        subprocess.run(["dpkg-deb", "-x", package, root], check=True)
    library = root / "usr" / "lib" / TRIPLES[architecture]
    libraries = ":".join(str(library / name) for name in ALTERNATIVES)
    python.write_text(PYTHON.format(qemu=qemu, root=root, libraries=libraries))
    python.chmod(0o755)
    packages = root / "usr" / "lib" / "python3" / "dist-packages"
    (packages / "executable.pth").write_text(SITE.format(python=str(python)))
    for spent in ("apt", "qemu"):
        shutil.rmtree(folder / spent)
    (folder / READY).touch()
    return python


if __name__ == "__main__":
    print(make(sys.argv[1], Path(sys.argv[2])))
