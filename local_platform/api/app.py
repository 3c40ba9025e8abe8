"""The web application: all routes, the key check, and the start and end of the background work."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

from local_platform.api import accounts, chat, datasets, deployments, errors, files, models, sft_jobs
from local_platform.api.access import require_account, require_key
from local_platform.engine import Engine
from local_platform.jobs import Runner
from local_platform.services import Services
from local_platform.settings import Settings


def create_app(settings: Settings, runner: Runner, engine: Engine) -> FastAPI:
    """The platform as an ASGI application. `runner` trains, `engine` serves; both are closed with the application."""
    services = Services(settings, runner, engine)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        services.start()
        try:
            yield
        finally:
            services.close()

    app = FastAPI(title="fireagent local platform", lifespan=lifespan, openapi_url=None)
    app.state.services = services
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(settings.allowed_hosts))
    errors.install(app)
    app.include_router(files.router)
    keyed = [Depends(require_key)]
    for module in (accounts, chat):
        app.include_router(module.router, dependencies=keyed)
    for module in (datasets, models, sft_jobs, deployments):
        app.include_router(module.router, dependencies=[*keyed, Depends(require_account)])
    return app
