"""Brings deployments to what was asked of them: loads their model, answers READY or FAILED, unloads at zero replicas."""

from local_platform.engine import Engine, EngineError
from local_platform.models import Models
from local_platform.store import Document, Resource, ResourceNotFoundError, Store

COLLECTION = "deployments"
SETTLING = ("CREATING", "UPDATING", "DELETING")


class Deployments:
    """Settles deployments one `tick` at a time. A READY one needs nothing after a restart: the engine loads on use."""

    def __init__(self, store: Store, engine: Engine, models: Models) -> None:
        self._store = store
        self._engine = engine
        self._models = models

    def tick(self) -> None:
        """Move every unsettled deployment on."""
        for deployment in self._store.list(COLLECTION, SETTLING):
            if deployment.document["desiredReplicaCount"] > 0:
                self._load(deployment)
            else:
                self._unload(deployment)

    def _load(self, deployment: Resource) -> None:
        try:
            target = self._models.target(deployment.document["baseModel"])
            if self._engine.load(target):
                self._settle(deployment, "READY", "OK", "")
        except ResourceNotFoundError as error:
            self._settle(deployment, "FAILED", "NOT_FOUND", f"{error} does not exist (any more)")
        except EngineError as error:
            self._settle(deployment, "FAILED", "INTERNAL", f"the model could not be loaded: {error}")

    def _unload(self, deployment: Resource) -> None:
        model = deployment.document["baseModel"]
        others = [
            other
            for other in self._store.list(COLLECTION, ("READY", "CREATING", "UPDATING"))
            if other.document["baseModel"] == model and other.document["desiredReplicaCount"] > 0
        ]
        # A model deleted meanwhile is unloaded by the engine's own idle limit.
        if not others and self._models.exists(model):
            self._engine.unload(self._models.target(model))
        self._settle(deployment, "READY", "OK", "scaled to 0 replicas")

    def _settle(self, deployment: Resource, state: str, code: str, message: str) -> None:
        asked = deployment.document["desiredReplicaCount"]

        def settle(document: Document, _: Document) -> None:
            # A scale that came in meanwhile is settled by the next tick.
            if document["desiredReplicaCount"] == asked:
                ready = asked if state == "READY" else 0
                document.update(state=state, status={"code": code, "message": message})
                document.update(replicaCount=ready, replicaStats={"readyReplicaCount": ready})

        try:
            self._store.update(deployment.name, settle)
        except ResourceNotFoundError:
            return
