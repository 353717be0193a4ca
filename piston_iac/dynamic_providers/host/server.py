"""The plugin protocol: what the engine asks, and which provider method answers it.

Each operation parses its request into plain values, calls the provider, and marks secrets again in
what goes back. How a failure is told is in `errors`, what differs in `diff`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.dynamic import ReadResult, ResourceProvider
from pulumi.output import Unknown
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

import piston_iac
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.host import codec, errors, operations, redact
from piston_iac.dynamic_providers.host.codec import Bag, Mask
from piston_iac.dynamic_providers.host.diff import differences, top_level
from piston_iac.dynamic_providers.host.errors import Kept
from piston_iac.dynamic_providers.host.operations import HALF_MADE_KEY, detailed
from piston_iac.dynamic_providers.host.providers import KEY, Providers
from piston_iac.dynamic_providers.host.watch import Work

_Answer = TypeVar("_Answer")
_Values = Mapping[str, Any]


class Host(provider_pb2_grpc.ResourceProviderServicer):
    """One plugin process. Operations run at once, each in a thread of the server."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._providers = Providers()

    # Life of the plugin

    def Handshake(self, request: Any, context: Any) -> provider_pb2.ProviderHandshakeResponse:  # noqa: N802
        """Say what this plugin can do."""
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:  # noqa: N802
        """Say which version this plugin is."""
        return plugin_pb2.PluginInfo(version=piston_iac.__version__)

    def CheckConfig(self, request: Any, context: Any) -> provider_pb2.CheckResponse:  # noqa: N802
        """Any stack configuration is accepted; the site schema checks it."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> provider_pb2.DiffResponse:  # noqa: N802
        """A changed configuration changes resources through their inputs only."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> provider_pb2.ConfigureResponse:  # noqa: N802
        """Keep the stack's configuration in memory."""
        config = codec.decode(request.args)
        redact.learn(config.secrets())
        runtime.keep_stack_config(config.values)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Cancel(self, request: Any, context: Any) -> empty_pb2.Empty:  # noqa: N802
        """The operator pressed Ctrl-C: running operations end soon, as half-made where they must."""
        runtime.CANCELLED.set()
        return empty_pb2.Empty()

    # Operations on a resource

    def Check(self, request: Any, context: Any) -> provider_pb2.CheckResponse:  # noqa: N802
        """Validate inputs; every failure at once."""
        olds, news = codec.decode(request.olds), codec.decode(request.news)

        def check() -> provider_pb2.CheckResponse:
            runtime.was_declared()
            result = self._provider(news, olds).check(olds.values, news.values)
            failures = [
                provider_pb2.CheckFailure(property=f.property, reason=redact.one_line(f.reason))
                for f in result.failures or []
            ]
            inputs = {**result.inputs, KEY: news.values[KEY]}
            return provider_pb2.CheckResponse(inputs=codec.encode(inputs, news.mask), failures=failures)

        return self._run(request.urn, context, [olds, news], check)

    def Diff(self, request: Any, context: Any) -> provider_pb2.DiffResponse:  # noqa: N802
        """Compare inputs field by field; the provider may overrule it and name replacements."""
        old_inputs, olds = codec.decode(request.old_inputs), _state(request.olds)
        news = codec.decode(request.news)

        def diff() -> provider_pb2.DiffResponse:
            result = self._provider(news, olds).diff(request.id, olds.values, news.values)
            found = differences(old_inputs.values, news.values)
            changes = bool(found) if result.changes is None else result.changes
            replaces = set(result.replaces or [])
            return provider_pb2.DiffResponse(
                changes=provider_pb2.DiffResponse.DIFF_SOME
                if changes
                else provider_pb2.DiffResponse.DIFF_NONE,
                replaces=sorted(replaces),
                stables=result.stables or [],
                deleteBeforeReplace=bool(result.delete_before_replace),
                diffs=sorted({top_level(path) for path in found}) if changes else [],
                detailedDiff=detailed(found, replaces) if changes else {},
                hasDetailedDiff=True,
            )

        return self._run(request.urn, context, [old_inputs, olds, news], diff)

    def Create(self, request: Any, context: Any) -> provider_pb2.CreateResponse:  # noqa: N802
        """Make the resource, or say what would be known after making it."""
        inputs = codec.decode(request.properties)

        def create() -> provider_pb2.CreateResponse | Kept:
            provider = self._provider(inputs)
            if request.preview:
                outs = _previewed(provider, "preview_create", inputs, inputs.values)
                return provider_pb2.CreateResponse(
                    id=outs.pop("id", ""), properties=_outputs(outs, inputs, inputs.mask)
                )
            try:
                result = provider.create(inputs.values)
            except runtime.HalfMade as half:
                return _kept(half, inputs, inputs.mask, request.properties)
            return provider_pb2.CreateResponse(
                id=result.id, properties=_outputs(result.outs, inputs, inputs.mask)
            )

        return self._run(request.urn, context, [inputs], create)

    def Update(self, request: Any, context: Any) -> provider_pb2.UpdateResponse:  # noqa: N802
        """Change the resource in place, or say what would be known after changing it."""
        olds, news = _state(request.olds), codec.decode(request.news)

        def update() -> provider_pb2.UpdateResponse | Kept:
            provider = self._provider(news)
            if request.preview:
                outs = _previewed(provider, "preview_update", news, request.id, olds.values, news.values)
                return provider_pb2.UpdateResponse(properties=_outputs(outs, news, news.mask))
            try:
                result = provider.update(request.id, olds.values, news.values)
            except runtime.HalfMade as half:
                return _kept(half, news, news.mask, request.news)
            return provider_pb2.UpdateResponse(properties=_outputs(result.outs, news, news.mask))

        return self._run(request.urn, context, [olds, news], update)

    def Delete(self, request: Any, context: Any) -> empty_pb2.Empty:  # noqa: N802
        """Remove the resource."""
        olds = _state(request.properties)

        def delete() -> empty_pb2.Empty:
            self._provider(olds).delete(request.id, olds.values)
            return empty_pb2.Empty()

        return self._run(request.urn, context, [olds], delete)

    def Read(self, request: Any, context: Any) -> provider_pb2.ReadResponse:  # noqa: N802
        """Say what is really there. Fails only for an import, which has no last known state."""
        state, inputs = _state(request.properties), codec.decode(request.inputs)
        return self._run(request.urn, context, [state, inputs], lambda: self._read(request, state, inputs))

    def _read(self, request: Any, state: Bag, inputs: Bag) -> provider_pb2.ReadResponse | Kept:
        runtime.was_read()
        known = state.values or inputs.values  # both are empty on import
        mask = state.mask | inputs.mask
        reasons = _half_made_reasons(request.properties)
        try:
            reference = known.get(KEY) or self._providers.reference_for(request.urn)
            provider = self._providers.of(reference)
            mask |= codec.mask_of([] if known else getattr(provider, "secret_properties", []))
            result = provider.read(request.id, {**known, KEY: reference})
        except runtime.HalfMade as half:
            seen = ReadResult(half.id, {**known, **half.outs}, half.inputs)
            return _seen(seen, reference, mask, half.reasons, request)
        except Exception as error:  # whatever it is: one error in Read stops the whole site's preview
            if not known:
                raise
            text = errors.describe(error, request.urn)
            runtime.warn(f"could not be read, so its last known state is shown: {text}")
            return _last_known(request, reasons)
        if not result.id:
            return provider_pb2.ReadResponse(id="")
        return _seen(result, reference, mask, reasons, request)

    # What all operations share

    def _provider(self, *bags: Bag) -> ResourceProvider:
        """The provider named by the first bag that knows it."""
        references = [bag.values.get(KEY) for bag in bags]
        return self._providers.of(next(r for r in references if r is not None and not isinstance(r, Unknown)))

    def _run(
        self, urn: str, context: grpc.ServicerContext, bags: list[Bag], work: Callable[[], _Answer | Kept]
    ) -> _Answer:
        return operations.run(self._work, urn, context, bags, work)


def _state(struct: struct_pb2.Struct) -> Bag:
    """Outputs as a provider sees them: without the host's own mark."""
    bag = codec.decode(struct)
    bag.values.pop(HALF_MADE_KEY, None)
    return bag


def _half_made_reasons(struct: struct_pb2.Struct) -> list[str]:
    return [str(reason) for reason in codec.decode(struct).values.get(HALF_MADE_KEY, [])]


def _outputs(outs: _Values | None, inputs: Bag, mask: Mask) -> struct_pb2.Struct:
    return codec.encode({**(outs or {}), KEY: inputs.values[KEY]}, mask)


def _previewed(provider: ResourceProvider, method: str, inputs: Bag, *arguments: Any) -> dict[str, Any]:
    """What a provider can say before it acts; the inputs where it says nothing."""
    predict = getattr(provider, method, None)
    return dict(predict(*arguments) if predict else inputs.values)


def _kept(half: runtime.HalfMade, inputs: Bag, mask: Mask, wanted: struct_pb2.Struct) -> Kept:
    """A half-made resource with everything that delete and the next update need."""
    outs = {**inputs.values, **half.outs, KEY: inputs.values[KEY], HALF_MADE_KEY: _cleaned(half.reasons)}
    return Kept(half.id, codec.encode(outs, mask), wanted, half.reasons)


def _seen(
    result: ReadResult, reference: str, mask: Mask, reasons: list[str], request: Any
) -> provider_pb2.ReadResponse | Kept:
    """What a read saw. A half-made resource stays one until an update has finished it."""
    outs = {**(result.outs or {}), KEY: reference}
    inputs = None if result.inputs is None else codec.encode({**result.inputs, KEY: reference}, mask)
    seen_id = str(result.id)
    if reasons:
        marked = codec.encode({**outs, HALF_MADE_KEY: _cleaned(reasons)}, mask)
        return Kept(seen_id, marked, request.inputs if inputs is None else inputs, reasons)
    return provider_pb2.ReadResponse(id=seen_id, properties=codec.encode(outs, mask), inputs=inputs)


def _last_known(request: Any, reasons: list[str]) -> provider_pb2.ReadResponse | Kept:
    if reasons:
        return Kept(request.id, request.properties, request.inputs, reasons)
    return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)


def _cleaned(reasons: list[str]) -> list[str]:
    return [redact.one_line(reason) for reason in reasons]
