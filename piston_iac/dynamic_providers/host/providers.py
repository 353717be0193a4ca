"""Which provider object serves a resource.

The engine hands over the pickled provider (`__provider`, a reference by module path) with every
operation but one: an import knows only the resource's type. For that, provider modules register
their classes (`runtime.register`); they are imported when the first import is asked for.
"""

from __future__ import annotations

import base64
import importlib
import os
import pkgutil
import threading
from typing import Any

import dill  # type: ignore[import-untyped]
from pulumi.dynamic import Config, ConfigureRequest, ResourceProvider
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime._serialization import _deserialize, _serialize

from piston_iac import dynamic_providers
from piston_iac.dynamic_providers import runtime
from piston_iac.errors import SetupError

KEY = "__provider"

MODULES_VARIABLE = "PISTON_PROVIDER_MODULES"
"""Further modules that register providers, separated by commas."""


class Providers:
    """Provider objects, each made and configured once."""

    def __init__(self) -> None:
        self._made: dict[str, ResourceProvider] = {}
        self._lock = threading.RLock()
        self._registered_all = False
        self._broken: list[str] = []

    def of(self, reference: str) -> ResourceProvider:
        """The provider that a `__provider` property refers to."""
        made = self._made.get(reference)
        if made is None:
            with self._lock:  # unpickling imports modules: one at a time
                made = self._made.get(reference)
                if made is None:
                    made = _unpickle(reference)
                    made.configure(ConfigureRequest(Config(runtime.stack_config(), _project())))
                    self._made[reference] = made
        return made

    def reference_for(self, urn: str) -> str:
        """The `__provider` property of a resource that is being imported.

        Raises:
            SetupError: no provider module has registered the resource's type.
        """
        type_name = urn.split("::")[2].rpartition("$")[2].rpartition(":")[2]
        with self._lock:
            if not self._registered_all:
                self._registered_all = True
                self._broken = _import_all()
        found = runtime.registered(type_name)
        if found is None:
            broken = f" (these modules failed: {', '.join(self._broken)})" if self._broken else ""
            raise SetupError(
                f"type {type_name}",
                "import the resource",
                f"no provider module has registered this type{broken}",
                "Check the type in the import command.",
            )
        pickled: str = _serialize(True, serialize_provider, found())[0]
        return pickled


def _unpickle(reference: str) -> ResourceProvider:
    # The state is as trusted as the program: the stock host unpickles from it too.
    loaded: ResourceProvider = _deserialize(lambda: dill.loads(base64.b64decode(reference)))  # noqa: S301
    return loaded


def _project() -> str:
    return os.environ.get("PULUMI_PROJECT", "project")


def _import_all() -> list[str]:
    """Import every module that may register providers. Returns those that failed, with the reason."""
    names = [f"{dynamic_providers.__name__}.{module.name}" for module in _own_modules()]
    names += [name for name in os.environ.get(MODULES_VARIABLE, "").split(",") if name]
    broken = []
    for name in names:
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - one broken module must not stop the import of another type
            broken.append(f"{name}: {type(error).__name__}")
    return broken


def _own_modules() -> list[Any]:
    return [module for module in pkgutil.iter_modules(dynamic_providers.__path__) if module.name != "host"]
