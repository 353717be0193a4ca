"""A stack file's YAML as plain data, with the line of every value.

Plain words mean what they mean to the engine (Go's yaml.v3), not to YAML 1.1: `52:54:00:10:00:01` is
text, `010` is eight, `2026.10` is a number that loses its zero. Seen with engine v3.200.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import yaml

from piston_iac.site.faults import Problem, Where
from piston_iac.site.values import Sealed

# The C loader is some ten times faster and finds the same lines; wheels without it exist.
_Loader: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_OCTAL = re.compile(r"[-+]?0[0-7]+")
_FLOAT = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?")
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})([Tt ].*)?")
# A site nests six deep. PyYAML recurses: seen with 6.0, some hundred levels are a RecursionError and a
# hundred thousand end the process.
_DEEPEST = 32
# No setting needs more digits; Python refuses to print numbers of some thousand.
_LONGEST_NUMBER = 32


@dataclass
class YamlFile:
    """Plain data, the line of each path (from 1), and what YAML or the engine would not keep, by line."""

    data: object = None
    lines: dict[Where, int] = field(default_factory=dict)
    problems: list[tuple[int, Problem]] = field(default_factory=list)

    def line_of(self, path: Where) -> int:
        """The line of the path, or of the nearest parent that is in the file."""
        return next((self.lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self.lines), 1)


def parse(text: str) -> YamlFile:
    """Read YAML text. Never raises: what is wrong is in `problems`.

    A `secure:` mapping becomes a `Sealed`. Duplicate keys and aliases are problems.
    """
    result = YamlFile()
    loader = _Loader(text)
    try:
        if line := _too_deep(text):
            nested = Problem((), f"nests more than {_DEEPEST} deep", "close a bracket, or indent less")
            result.problems.append((line, nested))
            return result
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        result.problems.append(_syntax(error, text))
        return result
    except yaml.YAMLError as error:
        result.problems.append(_unreadable(error, text))
        return result
    finally:
        loader.dispose()
    if root is not None:
        result.lines[()] = 1
        result.data = _Builder(result).value(root, ())
    return result


def _too_deep(text: str) -> int:
    """The line on which the text nests deeper than a stack file can; 0 when it does not."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:  # one too many, as will be told
                break
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            return event.start_mark.line + 1 if event.start_mark else 1
    return 0


def _syntax(error: yaml.MarkedYAMLError, text: str) -> tuple[int, Problem]:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    # The reader stumbles on the tab's line or on the one after it.
    for number, body in enumerate(text.splitlines()[:line], 1):
        if number >= line - 1 and re.match(r" *\t", body):
            return number, Problem((), "has a tab in its indentation", "indent with spaces")
    return line, Problem((), f"is not YAML: {error.problem}", "mend this line or the one above it")


def _unreadable(error: yaml.YAMLError, text: str) -> tuple[int, Problem]:
    line = next(
        (n for n, body in enumerate(text.split("\n"), 1) if re.search(r"[\x00-\x08\x0b-\x1f]", body)), 1
    )
    reason = getattr(error, "reason", "it cannot be read")
    return line, Problem((), f"is not YAML: {reason}", "remove the control character")


class _Builder:
    """Turns composed nodes into plain data, and writes lines and problems into the result."""

    def __init__(self, result: YamlFile) -> None:
        self.result = result
        self.seen: set[int] = set()

    def value(self, node: yaml.Node, path: Where) -> object:
        if id(node) in self.seen:
            self.problem(node, path, "is a YAML alias, which the engine does not keep", "write the value out")
            return None
        self.seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            content = dict(self.members(node, path))
            return Sealed(str(content["secure"])) if content.keys() == {"secure"} else content
        if isinstance(node, yaml.SequenceNode):
            return [self.item(child, (*path, index)) for index, child in enumerate(node.value)]
        text = str(node.value)
        # Quoted and block text is text, whatever it looks like.
        return text if getattr(node, "style", None) else _plain(text)

    def item(self, node: yaml.Node, path: Where) -> object:
        self.result.lines[path] = node.start_mark.line + 1
        return self.value(node, path)

    def members(self, node: yaml.MappingNode, path: Where) -> Iterator[tuple[str, object]]:
        first: dict[str, int] = {}
        for key, child in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self.problem(key, path, "has a key that is not a word", "write the key as a plain word")
                continue
            name = str(key.value)
            below = (*path, name)
            if not key.style and not isinstance(_plain(name), str):
                self.problem(key, below, "has a key that is not text to the engine", "put it in quotes")
                continue
            if name in first:
                self.problem(key, below, f"is there twice, first on line {first[name]}", "keep one of them")
                continue
            first[name] = line
            self.result.lines[below] = line
            yield name, self.value(child, below)

    def problem(self, node: yaml.Node, path: Where, cause: str, fix: str) -> None:
        self.result.problems.append((node.start_mark.line + 1, Problem(path, cause, fix)))


def _plain(text: str) -> object:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _DATE.fullmatch(text):
        return date.min  # the engine rewrites dates as moments; whatever it stands for must be quoted
    return _number(text)


def _number(text: str) -> object:
    bare = text.replace("_", "")
    if len(bare) > _LONGEST_NUMBER or (not bare[:1].isdigit() and bare[:1] not in "+-."):
        return text
    if _OCTAL.fullmatch(bare):
        return int(bare, 8)
    try:
        return int(bare, 0)
    except ValueError:
        return float(bare) if _FLOAT.fullmatch(bare) else text
