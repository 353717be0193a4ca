"""The way in to the boot node and to agents: the site's CA and the operator's identity, as one secret."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from piston_iac.trust.authority import Identity
from piston_iac.trust.secret import Secret


class Access(BaseModel):
    """Travels as one secret input, so that it is encrypted in the state as a whole."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    ca_pem: str
    certificate_pem: str
    key_pem: str

    def identity(self) -> Identity:
        """The operator's identity."""
        return Identity(self.certificate_pem, Secret(self.key_pem))
