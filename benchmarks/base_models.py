"""What the small base models can do: `python benchmarks/base_models.py [PART ...] [--model NAME ...]` prints one table.

Parts run alone or together (default: all): copying, choice, intents, preference, grpo, react, prompts. Train and test share no
wording, name or domain (local_platform/base_models/corpus/wording.py); intents runs on real requests (--data).
"""

import argparse
import os
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast
from transformers.utils import logging

from local_platform.base_models.measuring import (
    copying,
    intents,
    label_choice,
    pairs,
    preference,
    react,
    reinforcement,
    ten_prompts,
)
from local_platform.base_models.measuring.generation import FAMILY, answers, load
from local_platform.base_models.measuring.statistics import mean_interval, shown
from local_platform.base_models.measuring.tuning import random_weights, tuned

# From the sweeps in local_platform/base_models/README.md, by size.
RATES = {"ember-1m": 6e-3, "ember-5m": 4e-3}
Row = tuple[str, str]


def measure_copying(name: str, arguments: argparse.Namespace) -> Iterator[Row]:
    """Greedy copying of held-out names and numbers, by kind and in all."""
    model, tokenizer = load(FAMILY / name)
    by_kind = copying.measure(model, tokenizer, 500)
    for kind, (hits, count) in by_kind.items():
        yield f"copying: {kind}", shown(hits, count)
    yield "copying: all", shown(sum(h for h, _ in by_kind.values()), sum(n for _, n in by_kind.values()))


def measure_choice(name: str, arguments: argparse.Namespace) -> Iterator[Row]:
    """Zero-shot label choice in held-out domains."""
    free, ranked, count, chance = label_choice.measure(*load(FAMILY / name))
    yield "label choice, zero-shot, new domains, greedy reply", f"{shown(free, count)}; chance {chance:.1%}"
    yield "label choice, the same, likeliest offered label", f"{shown(ranked, count)}; chance {chance:.1%}"


def measure_intents(name: str, arguments: argparse.Namespace) -> Iterator[Row]:
    """Real banking requests: tuned, tuned from random weights, bag of words."""
    train, test = (intents.rows(arguments.data, part) for part in ("train", "test"))
    settings = {"rate": RATES[name], "rank": 16, "epochs": arguments.epochs}
    for title, source in (("pretrained", load(FAMILY / name)), ("random weights", random_weights(FAMILY / name, 1))):
        right, count, seconds = intents.measure(*source, train, test, **settings)
        yield f"15 intents, LoRA, {title}", f"{shown(right, count)}; {seconds:.0f} CPU s"
    yield "15 intents, TF-IDF + logistic regression", shown(*intents.bag_of_words(train, test))


def measure_preference(name: str, arguments: argparse.Namespace) -> Iterator[Row]:
    """DPO and ORPO against their common supervised start.

    A pair is right when tuning moved the chosen reply up against the rejected one (DPO's implicit reward): no tuning
    gives half. The plain likelihood would favour the curt reply for being short.
    """
    start, tokenizer = _start(name)
    margins, manners = preference.margins(start, tokenizer), preference.courteous_replies(start, tokenizer)
    yield "preference, start", f"accuracy 50% by definition; courteous {shown(sum(manners), 300)}"
    for loss, rate in (("dpo", RATES[name] / 5), ("orpo", RATES[name] / 2)):
        model = preference.preferred(start, tokenizer, loss, rate=rate)
        right = sum(b > a for a, b in zip(margins, preference.margins(model, tokenizer), strict=True))
        after = preference.courteous_replies(model, tokenizer)
        courtesy = f"courteous {shown(sum(after), 300)}, gain {_gain(manners, after)}"
        yield f"preference, {loss.upper()}", f"accuracy {shown(right, 300)}; {courtesy}"


def measure_grpo(name: str, arguments: argparse.Namespace) -> Iterator[Row]:
    """Held-out reward before and after GRPO, three seeds."""
    start, tokenizer = _start(name)
    before = reinforcement.held_out_rewards(start, tokenizer)
    yield "GRPO, start", f"reward {sum(before) / len(before):.3f}"
    for seed in (1, 2, 3):
        model = reinforcement.reinforced(start, tokenizer, seed=seed, rate=RATES[name] / 3, steps=arguments.grpo_steps)
        after = reinforcement.held_out_rewards(model, tokenizer)
        yield f"GRPO, seed {seed}", f"reward {sum(after) / len(after):.3f}, gain {_gain(before, after)}"


def measure_react(name: str, arguments: argparse.Namespace) -> Iterator[Row]:
    """Acting in a live world after tuning on 1,000 generated trajectories."""
    model, tokenizer = load(FAMILY / name)
    model = tuned(model, tokenizer, react.trajectories(1000), rate=RATES[name], epochs=1)
    for what, (hits, count) in react.measure(model, tokenizer).items():
        yield f"ReAct, tuned on 1,000: {what}", shown(hits, count)


def show_prompts(name: str, arguments: argparse.Namespace) -> Iterator[Row]:
    """The greedy answers to ten fixed prompts."""
    replies = answers(*load(FAMILY / name), list(ten_prompts.PROMPTS))
    for prompt, reply in zip(ten_prompts.PROMPTS, replies, strict=True):
        asked, said = (" / ".join(text.splitlines()).replace("|", "\\|") for text in (prompt[-1]["content"], reply))
        yield asked, said


def _start(name: str) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    model, tokenizer = load(FAMILY / name)
    return tuned(model, tokenizer, pairs.starting_texts(1, 600), rate=RATES[name], epochs=1), tokenizer


def _gain(before: list[float] | list[bool], after: list[float] | list[bool]) -> str:
    middle, low, high = mean_interval([float(b) - float(a) for a, b in zip(before, after, strict=True)])
    return f"{middle:+.3f} [{low:+.3f}, {high:+.3f}]"


PARTS: dict[str, Callable[[str, argparse.Namespace], Iterator[Row]]] = {
    "copying": measure_copying,
    "choice": measure_choice,
    "intents": measure_intents,
    "preference": measure_preference,
    "grpo": measure_grpo,
    "react": measure_react,
    "prompts": show_prompts,
}


def main() -> None:
    """Runs the parts asked for and prints the table as Markdown, a row as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--model", nargs="+", choices=sorted(RATES), default=sorted(RATES))
    parser.add_argument("--data", type=Path, help="folder of clinc-banking-train.jsonl and -test.jsonl")
    parser.add_argument("--epochs", type=float, default=4, help="of the intents part")
    parser.add_argument("--grpo-steps", type=int, default=40)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    chosen = arguments.parts or list(PARTS)
    if unknown := set(chosen) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    if "intents" in chosen and arguments.data is None:
        parser.error("the part intents needs --data")
    torch.set_num_threads(arguments.threads)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    warnings.simplefilter("ignore")
    print("| model | what | measured | s |\n|---|---|---|---|")
    for name in arguments.model:
        for part in chosen:
            begun = time.monotonic()
            for what, measured in PARTS[part](name, arguments):
                print(f"| {name} | {what} | {measured} | {time.monotonic() - begun:.0f} |", flush=True)


if __name__ == "__main__":
    main()
