# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A bus from a top to every memory: a port in each module on the way, and each instance joined to it.

Builds whose memories can be written differ from frozen ones in nothing but this. So it is made when such a build is
written, and the modules stay as they are: frozen builds, and the gates of them that were measured, know nothing of it.
What it needs of a source is our style: a module per file, instances called ``u_<name>`` with their ports by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ...errors import BuildError

_OPAQUE = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)


@dataclass(frozen=True)
class End:
    """What stands in a module's place, and has the bus. more: ports that it has beside, joined to what bears their
    name."""

    module: str
    more: tuple[str, ...] = ()


def threaded(sources: Mapping[str, str], ends: Mapping[str, End], port: str, name: str) -> dict[str, str]:
    """Sources by module, of those that have to change: everything between any module and the ``ends``.

    ends: modules that others instantiate, and what stands in their place. port: its declaration in a module on the way,
    as "input contents_pkg::contents_t contents_i"; name: of the port, and of what it is joined to.
    """
    carriers = _carriers(sources, set(ends))
    joined = dict.fromkeys(carriers, {name: name})
    joined |= {inner: {port: port for port in (name, *end.more)} for inner, end in ends.items()}
    changed = {}
    for module in sorted(carriers):
        text = sources[module]
        for inner, ports in joined.items():
            text = connected(text, inner, ports, ends[inner].module if inner in ends else inner)
        changed[module] = _used(with_port(text, module, port), name)
    return changed


def _used(text: str, name: str) -> str:
    """A module that reads its signal, also where a build has none of the instances."""
    before, end, after = text.rpartition("endmodule")
    return f"{before}  logic unused_{name};\n  assign unused_{name} = ^{name};\n\n{end}{after}"


def _carriers(sources: Mapping[str, str], ends: set[str]) -> set[str]:
    """Modules with one of the ends somewhere below them."""
    inner = {module: _instantiated(text, sources.keys() | ends) for module, text in sources.items()}
    found: set[str] = set()
    while more := {module for module, names in inner.items() if names & (found | ends)} - found:
        found |= more
    return found


def _instantiated(text: str, names: Iterable[str]) -> set[str]:
    return {name for name in names if next(_instances(text, name), None) is not None}


def connected(text: str, module: str, ports: Mapping[str, str], as_module: str | None = None) -> str:
    """A source with more ports joined at every instance of a module, by port and signal; ``as_module`` takes its place.

    A signal of the port's own name is joined by that alone.
    """
    listed = ", ".join(f".{port}" if port == signal else f".{port}({signal})" for port, signal in ports.items())
    for start, end, at in reversed(list(_instances(text, module))):
        text = f"{text[:start]}{as_module or module}{text[end:at]}{listed}, {text[at:]}"
    return text


def with_port(text: str, module: str, *ports: str) -> str:
    """A module with more ports, declared in front of its own. Raises BuildError where it has none."""
    at = _ports(text, module)
    return text[: at + 1] + "".join(f"\n  {port}," for port in ports) + text[at + 1 :]


def with_items(text: str, module: str, items: str) -> str:
    """A module with items in front of its own. Raises BuildError where it has no ports."""
    masked = _masked(text)
    at = masked.index(";", _closing(masked, _ports(text, module))) + 1
    return f"{text[:at]}\n\n{items}{text[at:]}"


def _ports(text: str, module: str) -> int:
    """Where a module's list of ports begins."""
    masked = _masked(text)
    head = re.search(rf"\bmodule\s+{module}\b", masked)
    if head is None:
        raise BuildError(f"no module {module} in its source; the installation is damaged, install again")
    at = masked.index("(", head.end())
    if masked[:at].rstrip().endswith("#"):
        at = masked.index("(", _closing(masked, at))
    return at


def _instances(text: str, module: str) -> Iterator[tuple[int, int, int]]:
    """Of every instance where its module's name begins and ends, and where its list of ports begins."""
    masked = _masked(text)
    for found in re.finditer(rf"\b{module}\b\s*", masked):
        at = found.end()
        if masked[at : at + 1] == "#":
            at = _closing(masked, masked.index("(", at)) + 1
        if called := re.compile(r"\s*u_\w+\s*\(\s*").match(masked, at):
            yield found.start(), found.start() + len(module), called.end()


def _masked(text: str) -> str:
    """The text with blanks for comments and strings, every character at its place."""
    return _OPAQUE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def _closing(masked: str, at: int) -> int:
    """Where the parenthesis that opens at ``at`` closes."""
    depth = 0
    for place in range(at, len(masked)):
        depth += {"(": 1, ")": -1}.get(masked[place], 0)
        if depth == 0:
            return place
    raise BuildError("a source with a parenthesis that does not close; the installation is damaged, install again")
