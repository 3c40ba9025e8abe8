"""Answers chats with base models and LoRA adapters in memory; the program of the inference process.

Requests that wait at the same moment for the same base are answered in one batch, whatever adapters they use: base and
adapters share the frozen weights and differ by row. Models load on first use and leave after an idle time.
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
from jinja2 import TemplateError
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache

from local_platform.engine import ChatRequest, Chunk, Target

MAX_BATCH = 32
BASE = "__base__"  # PEFT's name for "no adapter" in a mixed batch

Emit = Callable[[Chunk], None]


class RequestError(Exception):
    """A request that can't be answered as asked."""


@dataclass
class Answer:
    """One answer in the making."""

    request: ChatRequest
    emit: Emit
    prompt: list[int]
    limit: int
    generator: torch.Generator
    ids: list[int] = field(default_factory=list)
    sent: int = 0
    done: bool = False


class LoadedBase:
    """A base model, its tokenizer, and the adapters attached to it."""

    def __init__(self, folder: Path) -> None:
        cuda = torch.cuda.is_available()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype="auto" if cuda else "float32").eval()
        if cuda:
            self.model.to("cuda")
        self.adapters: dict[Path, str] = {}
        self.used_at = time.monotonic()
        eos = self.model.generation_config.eos_token_id
        self.eos = {*(eos if isinstance(eos, list) else [eos]), self.tokenizer.eos_token_id} - {None}
        self.context = int(self.model.config.get_text_config().max_position_embeddings)

    def attach(self, adapter: Path) -> None:
        """Load an adapter beside the others; nothing when it is there."""
        if adapter in self.adapters:
            return
        name = f"adapter-{len(self.adapters)}-{random.getrandbits(32):08x}"
        if self.adapters:
            self.model.load_adapter(str(adapter), adapter_name=name)
        else:
            self.model = PeftModel.from_pretrained(self.model, str(adapter), adapter_name=name).eval()
        self.adapters[adapter] = name

    def detach(self, adapter: Path) -> None:
        """Drop an adapter; the last one leaves the plain base."""
        name = self.adapters.pop(adapter, None)
        if name is not None and self.adapters:
            self.model.delete_adapter(name)
        elif name is not None:
            self.model = self.model.unload()

    def forward(self, names: Sequence[str], **inputs: Any) -> Any:
        """A forward pass without gradients in which row i uses the adapter names[i]."""
        with torch.inference_mode():
            if not self.adapters:
                return self.model(**inputs)
            if len(set(names)) > 1:
                return self.model(adapter_names=list(names), **inputs)
            if names[0] == BASE:
                with self.model.disable_adapter():
                    return self.model(**inputs)
            self.model.set_adapter(names[0])
            return self.model(**inputs)


class Host:
    """All loaded models."""

    def __init__(self, idle_seconds: float) -> None:
        self.bases: dict[Path, LoadedBase] = {}
        self._idle_seconds = idle_seconds

    def load(self, target: Target) -> LoadedBase:
        """The base of a target with its adapter attached."""
        base = self.bases.get(target.base)
        if base is None:
            base = self.bases[target.base] = LoadedBase(target.base)
        if target.adapter:
            base.attach(target.adapter)
        base.used_at = time.monotonic()
        return base

    def unload(self, target: Target) -> None:
        """Drop a target's adapter, and its base when no adapter is left on it."""
        base = self.bases.get(target.base)
        if base and target.adapter:
            base.detach(target.adapter)
        if base and not base.adapters:
            del self.bases[target.base]

    def drop_idle(self) -> None:
        """Free what was not used for the idle time; it comes back on its next use."""
        oldest = time.monotonic() - self._idle_seconds
        self.bases = {folder: base for folder, base in self.bases.items() if base.used_at > oldest}


def begin(base: LoadedBase, request: ChatRequest, emit: Emit) -> Answer:
    """Tokenize a request. Raises RequestError when its prompt leaves no room for an answer."""
    prompt = base.tokenizer.apply_chat_template(request.messages, add_generation_prompt=True, return_dict=False)
    room = base.context - len(prompt)
    if room < 1:
        raise RequestError(f"the prompt has {len(prompt)} tokens, this model's context is {base.context}")
    generator = torch.Generator().manual_seed(random.getrandbits(63) if request.seed is None else request.seed)
    return Answer(request, emit, list(prompt), min(request.max_tokens, room), generator)


def generate(base: LoadedBase, answers: Sequence[Answer]) -> None:
    """Answer a batch, token by token, emitting as it goes; every answer ends with a chunk that has a finish reason."""
    device = base.model.device
    names = [base.adapters[a.request.target.adapter] if a.request.target.adapter else BASE for a in answers]
    width = max(len(answer.prompt) for answer in answers)
    padding = [width - len(answer.prompt) for answer in answers]
    ids = torch.tensor([[0] * pad + a.prompt for pad, a in zip(padding, answers, strict=True)], device=device)
    mask = torch.tensor([[0] * pad + [1] * (width - pad) for pad in padding], device=device)
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    cache = DynamicCache(config=base.model.config)
    while True:
        outputs = base.forward(
            names,
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        logits = outputs.logits[:, -1].float().cpu()
        tokens = [0 if a.done else choose(logits[i], a) for i, a in enumerate(answers)]
        for answer, token in zip(answers, tokens, strict=True):
            if not answer.done:
                advance(base, answer, token)
        if all(answer.done for answer in answers):
            return
        ids = torch.tensor(tokens, device=device).unsqueeze(1)
        mask = torch.cat([mask, torch.ones(len(answers), 1, dtype=mask.dtype, device=device)], dim=1)
        positions = positions[:, -1:] + 1


def choose(logits: torch.Tensor, answer: Answer) -> int:
    """The next token: the likeliest at temperature 0, else drawn from the top-p part of the distribution."""
    request = answer.request
    if request.temperature == 0:
        return int(logits.argmax())
    probabilities = torch.softmax(logits / request.temperature, dim=-1)
    ordered, order = probabilities.sort(descending=True)
    # A token stays while the mass before it is below top_p, so the likeliest always stays.
    ordered[ordered.cumsum(0) - ordered >= request.top_p] = 0
    return int(order[torch.multinomial(ordered, 1, generator=answer.generator)])


def advance(base: LoadedBase, answer: Answer, token: int) -> None:
    """Take one token into an answer: end it at an end token, a stop text or the limit; emit what is certain."""
    ended = token in base.eos
    if not ended:
        answer.ids.append(token)
    full = len(answer.ids) >= answer.limit
    if not (ended or full or answer.request.stream or answer.request.stop):
        return
    text = base.tokenizer.decode(answer.ids, skip_special_tokens=True)
    found = [at for stop in answer.request.stop if (at := text.find(stop)) >= 0]
    if found:
        text, ended = text[: min(found)], True
    if ended or full:
        answer.done = True
        count = len(answer.ids)
        reason = "stop" if ended else "length"
        answer.emit(Chunk(text[answer.sent :], reason, len(answer.prompt), count))
    elif answer.request.stream:
        # Hold back what may yet become a stop text, and a character whose bytes are not all there.
        held = max((len(stop) - 1 for stop in answer.request.stop), default=0)
        certain = len(text) - max(held, 1 if text.endswith("\ufffd") else 0)
        if certain > answer.sent:
            answer.emit(Chunk(text[answer.sent : certain]))
            answer.sent = certain


def serve(pipe: Connection, threads: int, idle_seconds: float) -> None:
    """The process's loop. Messages in: (id, verb, argument); out: (id, kind, value); ends when the pipe closes."""
    torch.set_num_threads(threads)
    host = Host(idle_seconds)
    while True:
        if not pipe.poll(idle_seconds / 4):
            host.drop_idle()
            continue
        try:
            messages = [pipe.recv()]
            while len(messages) < MAX_BATCH and pipe.poll(0):
                messages.append(pipe.recv())
        except EOFError:
            return
        handle(host, messages, lambda number, kind, value: pipe.send((number, kind, value)))


def handle(host: Host, messages: list[tuple[int, str, Any]], send: Callable[[int, str, Any], None]) -> None:
    """Work through messages that came together: loads first, then the chats, one batch per base, then unloads."""
    batches: dict[Path, list[Answer]] = {}
    unloads: list[Target] = []
    for number, verb, argument in messages:
        try:
            if verb == "load":
                host.load(argument)
                send(number, "loaded", None)
            elif verb == "unload":
                unloads.append(argument)
            else:
                base = host.load(argument.target)
                emit = lambda chunk, number=number: send(number, "chunk", chunk)  # noqa: E731
                batches.setdefault(argument.target.base, []).append(begin(base, argument, emit))
        except (RequestError, TemplateError) as error:
            # A chat template may refuse a conversation, say one that starts with the assistant.
            send(number, "refused", str(error))
        except (OSError, ValueError, RuntimeError) as error:
            # What the libraries raise for a checkpoint or adapter that can't be loaded, or for want of memory.
            send(number, "failed", f"{type(error).__name__}: {error}")
    for folder, answers in batches.items():
        generate(host.bases[folder], answers)
    for target in unloads:
        host.unload(target)
