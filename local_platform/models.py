"""All models of the platform under one roof: the catalogue's base models and the tuned ones that jobs left behind."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from local_platform.catalog import CatalogModel
from local_platform.engine import Target
from local_platform.settings import Settings
from local_platform.store import AlreadyExistsError, Document, Resource, ResourceNotFoundError, Store

COLLECTION = "models"


class Models:
    """Looks models up by full name."""

    def __init__(self, settings: Settings, store: Store, catalog: Mapping[str, CatalogModel]) -> None:
        self._settings = settings
        self._store = store
        self.catalog = catalog

    def documents(self) -> list[Document]:
        """Every model as the API shows it."""
        return [model.document() for model in self.catalog.values()] + [
            resource.document for resource in self._store.list(COLLECTION)
        ]

    def document(self, name: str) -> Document:
        """One model as the API shows it. Raises ResourceNotFoundError."""
        if name in self.catalog:
            return self.catalog[name].document()
        return self._store.get(name).document

    def exists(self, name: str) -> bool:
        try:
            self.document(name)
        except ResourceNotFoundError:
            return False
        return True

    def folder(self, name: str) -> Path:
        """Where a model's files lie. Raises ResourceNotFoundError."""
        if name in self.catalog:
            return self.catalog[name].path
        return self._settings.models / self._store.get(name).id

    def base_of(self, name: str) -> CatalogModel:
        """The base model under a name: itself, or what a tuned model was tuned from. Raises ResourceNotFoundError."""
        if name not in self.catalog:
            name = self._store.get(name).document["peftDetails"]["baseModel"]
        if name not in self.catalog:
            raise ResourceNotFoundError(name)
        return self.catalog[name]

    def target(self, name: str) -> Target:
        """What an engine has to load for a model. Raises ResourceNotFoundError."""
        base = self.base_of(name)
        return Target(base.path, None if name in self.catalog else self.folder(name))

    def adopt_adapter(self, job: Resource, folder: Path) -> None:
        """Make the adapter a job left in its folder the job's output model. Doing so twice changes nothing."""
        name = job.document["outputModel"]
        home = self._settings.models / name.rpartition("/")[2]
        if (folder / "adapter").is_dir():
            shutil.rmtree(home, ignore_errors=True)
            home.parent.mkdir(parents=True, exist_ok=True)
            (folder / "adapter").replace(home)
        config = json.loads((home / "adapter_config.json").read_text())
        document = {
            "displayName": job.document.get("displayName", ""),
            "state": "READY",
            "status": {"code": "OK", "message": ""},
            "kind": "HF_PEFT_ADDON",
            "public": False,
            "tunable": False,
            "supportsLora": False,
            "supportsServerless": False,
            "contextLength": job.document["maxContextLength"],
            "fineTuningJob": job.name,
            "peftDetails": {
                "baseModel": job.private["spec"]["base_model"],
                "r": config["r"],
                "targetModules": sorted(config["target_modules"]),
            },
        }
        try:
            self._store.create(COLLECTION, name, document)
        except AlreadyExistsError:
            if self._store.get(name).document["fineTuningJob"] != job.name:
                raise

    def delete(self, name: str) -> None:
        """Forget a tuned model and its files. Raises ResourceNotFoundError."""
        resource = self._store.get(name)
        self._store.delete(name)
        shutil.rmtree(self._settings.models / resource.id, ignore_errors=True)
