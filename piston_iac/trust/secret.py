"""A string that does not show itself. Stands in for pydantic's SecretStr where pydantic is not."""

from __future__ import annotations


class Secret:
    """Holds a secret text. `str()` and `repr()` show stars; only `get_secret_value` gives it away."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def get_secret_value(self) -> str:
        """The text itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('**********')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)
