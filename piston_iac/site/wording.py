"""What does a pydantic error mean to an operator? Its words, with the setting's path and a fix."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, get_args

from pydantic import BaseModel, SecretStr
from pydantic_core import ErrorDetails

from piston_iac.site.faults import Problem, Where, did_you_mean, path_text
from piston_iac.site.schema import Site
from piston_iac.site.values import Sealed

_EXAMPLE = "stacks/Pulumi.example.yaml shows every setting"
_PLURALS = {"tuple": "a list", "dict": "a mapping", "model": "a mapping"}


def problem_of(error: ErrorDetails) -> Problem | None:
    """The problem that one pydantic error stands for; None when another error says it already."""
    path: Where = tuple(part for part in error["loc"] if part != "[key]")
    kind, given, limits = error["type"], error["input"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown(path)
    if kind == "missing":
        return Problem(path, "is missing", how_to_set(path))
    if kind in ("clear_secret", "bad_secret"):
        return Problem(path, error["msg"], how_to_set(path))
    if isinstance(given, Sealed):
        return Problem(path, "is sealed and is not a secret", "write it in clear text")
    if kind == "too_short":
        return _too_few(path, given, limits["min_length"])
    cause, fix = _plain(kind, given, limits, error["msg"])
    return Problem(path, cause, fix)


def _plain(kind: str, given: object, limits: dict[str, Any], message: str) -> tuple[str, str]:
    """Cause and fix of an error in a plain value."""
    shown = _shown(given)
    match kind:
        case "value_error":
            cause, _, fix = message.removeprefix("Value error, ").partition("; ")
            return cause, fix
        case "literal_error" | "enum":
            return f"is {shown}", f"write {limits['expected']}"
        case "greater_than_equal":
            return f"is {shown}, too low", f"write {limits['ge']} or more"
        case "less_than_equal":
            return f"is {shown}, too high", f"write {limits['le']} or less"
        case "string_too_short":
            return "is empty", "write it or leave the setting out"
        case "string_too_long":
            return f"is longer than {limits['max_length']} characters", "shorten it"
        case "string_type" if isinstance(given, int | float | date):
            return f"is {shown}, not text", "put it in quotes"
    wanted = next((noun for start, noun in _PLURALS.items() if kind.startswith(start)), "")
    if wanted:
        return f"is {shown}, not {wanted}", _EXAMPLE
    if kind.startswith(("int_", "float_")):
        noun = "a whole number" if kind.startswith("int_") else "a number"
        return f"is {shown}, not {noun}", f"write {noun}, without quotes"
    return f"is {shown}, not text" if kind == "string_type" else message, _EXAMPLE


def _shown(given: object) -> str:
    match given:
        case None:
            return "empty"
        case bool():
            return str(given).lower()
        case int() | float():
            return str(given)
        case date():
            return "a date"
        case str():
            return repr(given)
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
    return f"a {type(given).__name__}"


def _too_few(path: Where, given: object, least: int) -> Problem | None:
    if isinstance(given, list | tuple | dict) and len(given) >= least:
        return None  # pydantic counts only sound entries; the unsound ones have errors of their own
    return Problem(path, "is empty", f"give at least {least}")


def _unknown(path: Where) -> Problem:
    known = did_you_mean(str(path[-1]), setting_names(path[:-1]))
    fix = f"did you mean {known}?" if known else f"remove it; {_EXAMPLE}"
    return Problem(path, "is not a setting", fix)


def how_to_set(path: Where) -> str:
    """The fix for a setting that is missing or holds a bad secret."""
    if is_secret(path):
        return f"run: pulumi config set --secret --path 'piston:{path_text(path)}'"
    return f"add it; {_EXAMPLE}"


def setting_names(path: Where) -> Iterable[str]:
    """The names that settings below `path` may have, in camelCase; empty for free names and values."""
    model = _type_at(path)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return [field.alias or name for name, field in model.model_fields.items()]
    return []


def is_secret(path: Where) -> bool:
    """True when the setting is a secret."""
    return _type_at(path) is SecretStr


def _type_at(path: Where) -> Any:
    """The type of the setting at `path`, without Annotated and Optional; None when there is none."""
    here: Any = Site
    for part in path:
        if isinstance(here, type) and issubclass(here, BaseModel):
            fields = {field.alias: field.annotation for field in here.model_fields.values()}
            here = _bare(fields.get(str(part)))
        else:  # dict[Name, X] and tuple[X, ...]: the type of what is in it
            inner = [argument for argument in get_args(here) if argument is not Ellipsis]
            here = _bare(inner[-1]) if inner else None
    return here


def _bare(annotation: Any) -> Any:
    """X from Annotated[X, ...] and from X | None."""
    if hasattr(annotation, "__metadata__"):
        return _bare(annotation.__origin__)
    if type(None) in get_args(annotation):
        return _bare(next(argument for argument in get_args(annotation) if argument is not type(None)))
    return annotation
