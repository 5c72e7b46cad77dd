"""The provider block of mongodb/mongodbatlas, and which engine drives which of its resource types."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from local_cloud.terraform_provider.loading import specifications
from local_cloud.terraform_provider.mongodbatlas.client import AtlasClient
from local_cloud.terraform_provider.mongodbatlas.engines import ENGINES, Atlas
from local_cloud.terraform_provider.provider import Provider
from local_cloud.terraform_provider.schema_messages import attributes_schema
from local_cloud.terraform_provider.settings import Settings, SettingsError
from local_cloud.terraform_provider.specification import Attribute
from local_cloud.terraform_provider.version import ATLAS_PROVIDER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tf.gen import tfplugin_pb2 as pb

    from local_cloud.terraform_provider.client import Client
    from local_cloud.terraform_provider.lifecycle import Engine
    from local_cloud.terraform_provider.planning import Values
    from local_cloud.terraform_provider.specification import Specification

_RESOURCES: Final = Path(__file__).parent / "resources"
_ARGUMENTS: Final = tuple(
    Attribute(name=name, kind="string", optional=True, sensitive=name == "private_key")
    for name in ("private_key", "public_key")
)
# The variables of the terraform process each argument falls back to, first one set wins.
_ENVIRONMENT: Final = {
    "public_key": ("MONGODB_ATLAS_PUBLIC_API_KEY", "MONGODB_ATLAS_PUBLIC_KEY"),
    "private_key": ("MONGODB_ATLAS_PRIVATE_API_KEY", "MONGODB_ATLAS_PRIVATE_KEY"),
}


class AtlasProvider(Provider):
    """Stands in for mongodb/mongodbatlas."""

    title = ATLAS_PROVIDER

    @staticmethod
    def known() -> Mapping[str, Specification]:
        """Every resource type by name."""
        return specifications(_RESOURCES)

    @staticmethod
    def block_schema() -> pb.Schema:
        """The schema of the provider block."""
        return attributes_schema(_ARGUMENTS)

    def check(self, config: Values) -> None:
        """Keys are looked at when they are used: a validation needs none."""

    def client(self, config: Values, terraform_version: str) -> Client:
        """A client with the API key of the block, else of the environment; SettingsError without one."""
        keys = {name: self._key(name, config) for name in _ENVIRONMENT}
        chosen = Settings(environment=self._environment, terraform_version=terraform_version)
        return AtlasClient(chosen, keys["public_key"], keys["private_key"])

    @staticmethod
    def engine(specification: Specification, client: Client) -> Engine:
        """What creates, reads, changes and deletes resources of a type."""
        return ENGINES.get(specification.type, Atlas)(specification, client)

    def _key(self, name: str, config: Values) -> str:
        given = config.get(name)
        if isinstance(given, str) and given:
            return given
        found = next((self._environment[key] for key in _ENVIRONMENT[name] if self._environment.get(key)), "")
        if not found:
            raise SettingsError(name, f"{name}: missing; set it or {_ENVIRONMENT[name][0]}")
        return found
