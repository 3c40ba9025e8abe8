"""Which planner drives a session: the one that its creation named. Model endpoints are opened once for each choice and key."""

from __future__ import annotations

from agent.planner.base import Next
from agent.planner.endpoint import Endpoint
from agent.planner.llm import LlmPlanner
from agent.planner.offline import OfflinePlanner
from agent.planner.refusals import EndpointTrouble
from agent.server.credentials import Credentials
from agent.server.stream import Feed
from agent.session.events import LlmChoice
from agent.session.state import SessionState
from agent.session.store import Store


class Planners:
    """A planner for all sessions of a server."""

    def __init__(self, store: Store, credentials: Credentials, feed: Feed) -> None:
        self._credentials = credentials
        self._endpoints: dict[tuple[str, str, str], Endpoint] = {}
        self._offline = OfflinePlanner()
        self._llm = LlmPlanner(store.records, self._open, feed.speech)

    async def next_step(self, state: SessionState, now: float) -> Next:
        chosen = self._llm if state.created is not None and state.created.planner == "llm" else self._offline
        return await chosen.next_step(state, now)

    async def close(self) -> None:
        """Closes what was opened."""
        for endpoint in self._endpoints.values():
            await endpoint.close()
        self._endpoints.clear()

    def _open(self, choice: LlmChoice) -> Endpoint:
        """Raises EndpointTrouble when the model's key is gone."""
        key = self._credentials.get(choice.credential) if choice.credential else ""
        if key is None:
            raise EndpointTrouble(
                f"the key of the planner's model (alias {choice.credential}) is no longer stored here; set FIREAGENT_LLM_KEY "
                "and say anything to the session",
                patient=True,
            )
        place = (choice.url, choice.model, key)
        if place not in self._endpoints:
            self._endpoints[place] = Endpoint(choice, key)
        return self._endpoints[place]
