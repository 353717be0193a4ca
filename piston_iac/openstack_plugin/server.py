"""The plugin protocol for the types in `known`: what the engine asks, and which step of a kind answers it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any, TypeVar

from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from piston_iac.deadline import Deadline
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.host import codec, errors, operations, redact
from piston_iac.dynamic_providers.host.codec import Bag, Mask
from piston_iac.dynamic_providers.host.diff import differences, top_level
from piston_iac.dynamic_providers.host.errors import Kept
from piston_iac.dynamic_providers.host.operations import HALF_MADE_KEY
from piston_iac.dynamic_providers.host.watch import Work
from piston_iac.errors import SetupError
from piston_iac.openstack_plugin import checks, config, known
from piston_iac.openstack_plugin.cloud import Cloud, CloudError
from piston_iac.openstack_plugin.declared import numbers, seen_inputs
from piston_iac.openstack_plugin.kinds import Kind, Made, Values

_Answer = TypeVar("_Answer")
_SOME, _NONE = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """One provider instance: one login at one cloud. Operations run at once, each in a thread."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._cloud: Cloud | None = None
        self._first = _first_of_the_run()

    # Life of the plugin

    def Handshake(self, request: Any, context: Any) -> provider_pb2.ProviderHandshakeResponse:  # noqa: N802
        """Say what this plugin can do."""
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:  # noqa: N802
        """Say which version's types these are."""
        return plugin_pb2.PluginInfo(version=known.official_version())

    def CheckConfig(self, request: Any, context: Any) -> provider_pb2.CheckResponse:  # noqa: N802
        """Refuse settings that this stand-in does not know: none is passed over in silence."""
        news = codec.decode(request.news)
        found = config.faults(news.values)
        return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(found))

    def DiffConfig(self, request: Any, context: Any) -> provider_pb2.DiffResponse:  # noqa: N802
        """Another way into the cloud makes no resource anew."""
        olds, news = codec.decode(request.old_inputs), codec.decode(request.news)
        found = differences(olds.values, news.values)
        diffs = sorted({top_level(path) for path in found})
        return provider_pb2.DiffResponse(changes=_SOME if found else _NONE, diffs=diffs)

    def Configure(self, request: Any, context: Any) -> provider_pb2.ConfigureResponse:  # noqa: N802
        """Keep the login; nothing is asked of the cloud before the first operation."""
        settings = codec.decode(request.args)
        redact.learn(settings.secrets() | config.secrets(settings.values))
        self._cloud = Cloud(config.parse(settings.values))
        if self._first:
            runtime.of_the_site(
                "openstack: served by piston's stand-in for the official plugin, which is not installed; it "
                f"knows {len(known.KINDS)} types of pulumi-openstack {known.official_version()}"
            )
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Cancel(self, request: Any, context: Any) -> empty_pb2.Empty:  # noqa: N802
        """The operator pressed Ctrl-C: waits end soon, as half-made where they must."""
        runtime.CANCELLED.set()
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> provider_pb2.InvokeResponse:  # noqa: N802
        """A question of the program."""
        asked = codec.decode(request.args)

        def invoke() -> provider_pb2.InvokeResponse:
            function = known.function_of(request.tok)
            answer = self._told(request.tok, "ask", lambda: function(self._ready(), numbers(asked.values)))
            return _answer(codec.encode(answer, asked.mask))

        return self._run("", context, [asked], invoke)

    # Operations on a resource

    def Check(self, request: Any, context: Any) -> provider_pb2.CheckResponse:  # noqa: N802
        """Complete the inputs; name all that cannot be served at once."""
        olds, news = _bag(request.olds), _bag(request.news)

        def check() -> provider_pb2.CheckResponse:
            kind = known.kind_of(request.urn)
            wanted = checks.completed(kind, news.values, olds.values, _name(request.urn), request.randomSeed)
            found = checks.faults(kind, wanted)
            return provider_pb2.CheckResponse(
                inputs=codec.encode(wanted, news.mask), failures=_failures(found)
            )

        return self._run(request.urn, context, [olds, news], check)

    def Diff(self, request: Any, context: Any) -> provider_pb2.DiffResponse:  # noqa: N802
        """Field by field. What is half-made is made anew, as is what cannot change in place."""
        old_inputs, olds, news = _bag(request.old_inputs), _bag(request.olds), _bag(request.news)

        def diff() -> provider_pb2.DiffResponse:
            kind = known.kind_of(request.urn)
            found = differences(old_inputs.values, news.values)
            changed = {top_level(path) for path in found}
            replaces = changed & set(kind.renews)
            if HALF_MADE_KEY in olds.values:
                replaces.add(HALF_MADE_KEY)
            return provider_pb2.DiffResponse(
                changes=_SOME if changed or replaces else _NONE,
                replaces=sorted(replaces),
                # Two of one name, or two ends of one cable, cannot be at once.
                deleteBeforeReplace=bool(replaces) and "name" not in changed,
                diffs=sorted(changed | replaces),
                detailedDiff=operations.detailed(found, replaces),
                hasDetailedDiff=HALF_MADE_KEY not in replaces,
            )

        return self._run(request.urn, context, [old_inputs, olds, news], diff)

    def Create(self, request: Any, context: Any) -> provider_pb2.CreateResponse:  # noqa: N802
        """Make it and wait until it can be used."""
        inputs = _bag(request.properties)

        def create() -> provider_pb2.CreateResponse | Kept:
            if request.preview:
                return provider_pb2.CreateResponse(properties=request.properties)
            kind, cloud, want = known.kind_of(request.urn), self._ready(), inputs.values
            made = self._told(_called(kind, request.urn, want), "create it", lambda: kind.create(cloud, want))
            mask = inputs.mask | codec.mask_of(kind.secrets)
            redact.learn(Bag(dict(made.outs), mask).secrets())
            try:
                outs = self._finished(kind, made, request, want)
            except Exception as error:  # noqa: BLE001 - it exists: whatever failed, its id must not get lost
                return _kept(made, inputs, mask, request, error)
            return provider_pb2.CreateResponse(id=made.id, properties=codec.encode(outs, mask))

        return self._run(request.urn, context, [inputs], create)

    def Update(self, request: Any, context: Any) -> provider_pb2.UpdateResponse:  # noqa: N802
        """Change it in place."""
        olds, old_inputs, news = _bag(request.olds), _bag(request.old_inputs), _bag(request.news)

        def update() -> provider_pb2.UpdateResponse:
            kind, want = known.kind_of(request.urn), news.values
            mask = olds.mask | news.mask | codec.mask_of(kind.secrets)
            if request.preview:
                return provider_pb2.UpdateResponse(properties=codec.encode({**olds.values, **want}, mask))
            old = old_inputs.values or olds.values
            changed = {top_level(path) for path in differences(old, want)} & set(kind.inputs)
            cloud, deadline = self._ready(), _deadline(request, kind)

            def change() -> dict[str, Any]:
                kind.update(cloud, request.id, old, want, changed, deadline)
                return kind.read(cloud, request.id, want) or {}

            seen = self._told(_called(kind, request.urn, want), "update it", change)
            return provider_pb2.UpdateResponse(properties=codec.encode({**olds.values, **want, **seen}, mask))

        return self._run(request.urn, context, [olds, old_inputs, news], update)

    def Delete(self, request: Any, context: Any) -> empty_pb2.Empty:  # noqa: N802
        """Make it go, and wait until it is gone."""
        state = _bag(request.properties)

        def delete() -> empty_pb2.Empty:
            kind = known.kind_of(request.urn)
            cloud, deadline = self._ready(), _deadline(request, kind)
            self._told(
                _called(kind, request.urn, state.values),
                "delete it",
                lambda: kind.delete(cloud, request.id, state.values, deadline),
            )
            return empty_pb2.Empty()

        return self._run(request.urn, context, [state], delete)

    def Read(self, request: Any, context: Any) -> provider_pb2.ReadResponse:  # noqa: N802
        """Say what is really there. Fails only for an import, which has no last known state."""
        state, inputs = _bag(request.properties), _bag(request.inputs)
        return self._run(request.urn, context, [state, inputs], lambda: self._read(request, state, inputs))

    def _read(self, request: Any, state: Bag, inputs: Bag) -> provider_pb2.ReadResponse:
        kind = known.kind_of(request.urn)
        name = _called(kind, request.urn, state.values)
        declared = inputs.values if state.values else {}
        try:
            seen = self._told(
                name, "read it", lambda: kind.read(self._ready(), request.id, {**state.values, **declared})
            )
        except Exception as error:  # whatever it is: one error in Read stops the whole plan
            if not state.values:
                raise
            text = errors.describe(error, request.urn)
            runtime.warn(f"could not be read, so its last known state is shown: {text}")
            return provider_pb2.ReadResponse(
                id=request.id, properties=request.properties, inputs=request.inputs
            )
        if seen is None:
            return provider_pb2.ReadResponse(id="")
        if not declared:
            declared = {n: v for n, v in seen.items() if n in kind.inputs and v not in (None, "", [], {})}
        mask = state.mask | inputs.mask | codec.mask_of(kind.secrets)
        return provider_pb2.ReadResponse(
            id=request.id,
            properties=codec.encode({**state.values, **seen}, mask),
            inputs=codec.encode(seen_inputs(declared, seen), mask),
        )

    # What operations share

    def _finished(self, kind: Kind, made: Made, request: Any, want: Values) -> dict[str, Any]:
        """The outputs of what was made, as soon as it can be used."""
        cloud = self._ready()

        def finish() -> dict[str, Any]:
            kind.finish(cloud, made.id, want, _deadline(request, kind))
            return kind.read(cloud, made.id, want) or {}

        seen = self._told(_called(kind, request.urn, want), "finish it", finish)
        return {**want, **seen, **made.outs}

    def _ready(self) -> Cloud:
        if self._cloud is None:
            raise SetupError("provider", "use it", "the engine has not configured it", "Run it again.")
        return self._cloud

    def _told(self, device: str, action: str, act: Callable[[], _Answer]) -> _Answer:
        """A failed call as an error that names resource and action."""
        try:
            return act()
        except CloudError as error:
            raise error.of(device, action) from error

    def _run(self, urn: str, context: Any, bags: list[Bag], act: Callable[[], _Answer | Kept]) -> _Answer:
        return operations.run(self._work, urn, context, bags, act)


def _first_of_the_run() -> bool:
    """True in one of the processes that an engine starts of this plugin: a name that only one can hold."""
    global _held
    _held = socket.socket(socket.AF_UNIX)
    try:
        _held.bind(f"\0piston-openstack-plugin-{os.getppid()}")
    except OSError:
        return False
    return True


_held: socket.socket | None = None


def _bag(struct: Any) -> Bag:
    bag = codec.decode(struct)
    return Bag(numbers(bag.values), bag.mask)


def _answer(told: Any) -> provider_pb2.InvokeResponse:
    fields: dict[str, Any] = {"return": told}  # a word that Python keeps for itself
    return provider_pb2.InvokeResponse(**fields)


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _called(kind: Kind, urn: str, values: Values) -> str:
    return f"{kind.title} {values.get('name') or _name(urn)}"


def _deadline(request: Any, kind: Kind) -> Deadline:
    return Deadline.after(request.timeout or kind.timeout_s, runtime.CANCELLED)


def _failures(found: dict[str, str]) -> list[provider_pb2.CheckFailure]:
    return [
        provider_pb2.CheckFailure(property=name, reason=redact.one_line(why)) for name, why in found.items()
    ]


def _kept(made: Made, inputs: Bag, mask: Mask, request: Any, error: Exception) -> Kept:
    """What was made and is not usable: in the state, so that the next run makes it anew."""
    reason = errors.describe(error, request.urn)
    outs = {**inputs.values, **made.outs, HALF_MADE_KEY: [reason]}
    return Kept(made.id, codec.encode(outs, mask), request.properties, [reason])
