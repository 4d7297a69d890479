# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Which module imports which, held against the layers that data flows through.

    python tests/imports.py [toolkit/hardwire]     # modules, imports, circles, and imports that run up

Every import counts: those inside functions and those for types too, as they tie modules as much as the others.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "toolkit" / "hardwire"

# Bottom up. A module may import what stands in its own layer or below; a name covers all below it, the longest counts.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("version", "errors", "files", "progress", "report"),  # of nothing
    # Contracts, float and integer arithmetic, boards, other programs, text to ids.
    ("host", "decoder", "ops", "targets", "tools", "kernel", "driver.text"),
    ("jobs",),  # steps of long work on clusters
    ("manifest", "chip.wiring"),  # of a build folder; dimensions, formats and wiring of a decoder
    ("parts",),  # optional parts of a decoder, from the float model to the RTL
    ("chip",),  # the integer model, its file and its reference
    ("frontend", "quantize", "plan"),  # ONNX to decoder, decoder to chip, chip to engine
    ("emit", "driver", "quality"),  # engine to HLS and RTL; chip to tokens; chip to figures
    ("build", "shapes"),  # projects in one folder; boards to shapes of models
    ("pipeline",),  # ONNX to chip and figures, as the commands do it
    ("training",),  # text to model and chip
    ("synth",),  # projects to gates and bitstreams
    ("backends",),  # builds to tokens
    ("proof",),  # builds to receipts
    ("sweep",),  # models to rows of figures
    ("datasheet",),  # builds and receipts to a page
    ("openers",),  # whatever it is, to tokens
    ("serve",),  # tokens to whoever asks over HTTP
    ("api", ""),  # every step as a function; "" is the package itself
    ("notebook", "testing", "cli"),
    ("__main__",),
)


def module_name(path: Path, package: Path) -> str:
    """``plan.cost`` of ``plan/cost.py``; "" of the package itself."""
    parts = path.relative_to(package).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(package: Path = PACKAGE) -> dict[str, set[str]]:
    """For every module below ``package`` the modules below it that it imports, by their names within it."""
    paths = {module_name(path, package): path for path in sorted(package.rglob("*.py"))}
    found: dict[str, set[str]] = {}
    for name, path in paths.items():
        # Names of an import statement, as full as they come: "plan.cost.Cost" or "plan.cost".
        named = _named(ast.parse(path.read_text(encoding="utf-8")), name, path.name == "__init__.py", package.name)
        targets = {_longest(full, paths) for full in named}
        found[name] = {target for target in targets if target is not None and target != name}
    return found


def _named(tree: ast.Module, module: str, is_package: bool, package: str) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name.removeprefix(package).lstrip(".") for a in node.names if _within(a.name, package))
        elif isinstance(node, ast.ImportFrom) and node.level:
            here = module.split(".") if module else []
            base = here[: len(here) - (node.level - is_package)] if node.level > is_package else here
            yield from (".".join([*base, *(node.module or "").split("."), a.name]).strip(".") for a in node.names)
        elif isinstance(node, ast.ImportFrom) and _within(node.module or "", package):
            inner = (node.module or "").removeprefix(package).lstrip(".")
            yield from (f"{inner}.{a.name}".lstrip(".") for a in node.names)


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _longest(name: str, paths: dict[str, Path]) -> str | None:
    """The module that a name stands in: itself, or what is left of it."""
    name = name.replace("..", ".")
    while name and name not in paths:
        name = name.rpartition(".")[0]
    return name if name in paths else None


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """Groups of modules that reach each other: strongly connected components of two or more (Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[set[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for target in sorted(graph[node]):
            if target not in index:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            at = stack.index(node)
            if len(stack) - at > 1:
                groups.append(set(stack[at:]))
            del stack[at:]

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return groups


def layer(module: str) -> int:
    """The layer of a module. Raises KeyError for one that no row names."""
    rows = {name: number for number, names in enumerate(LAYERS) for name in names}
    while module not in rows:
        if not module:
            raise KeyError(module)
        module = module.rpartition(".")[0] or _unknown(module)
    return rows[module]


def _unknown(module: str) -> str:
    raise KeyError(f"{module} stands in no layer; give it a row in {Path(__file__).name}")


def upward(graph: dict[str, set[str]]) -> list[tuple[str, str]]:
    """Imports from a lower layer of a higher one."""
    return [(a, b) for a, targets in graph.items() for b in sorted(targets) if layer(a) < layer(b)]


def main(package: Path) -> None:
    graph = imports(package)
    groups = circles(graph)
    within = sum(len(graph[name] & group) for group in groups for name in group)
    print(f"{len(graph)} modules, {sum(map(len, graph.values()))} imports, {len(groups)} circles", end="")
    print(f" of {', '.join(str(len(group)) for group in groups)} files, {within} imports in them" if groups else "")
    print(
        f"{sum(1 for name in graph if name and '.' not in name and not (package / name).is_dir())} modules at the root"
    )
    for group in groups:
        print("circle:", ", ".join(sorted(group)))
    try:
        back = upward(graph)
    except KeyError as error:
        print(f"layers: not of this layout ({error.args[0]})")
        return
    print(f"{len(back)} imports run up the layers", *(f"\n  {a} -> {b}" for a, b in back))
    assert all(set(a).isdisjoint(b) for a, b in pairwise(LAYERS))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PACKAGE)
