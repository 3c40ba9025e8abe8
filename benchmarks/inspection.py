"""How fast a chat JSONL is inspected with exact token counts, against Hugging Face datasets + transformers, same run.

    python benchmarks/inspection.py                    # 50 MB against Hugging Face, then 5, 50 and 200 MB for memory
    python benchmarks/inspection.py --megabytes 5 --no-growth

Each measurement is a fresh process; wall time and peak memory include interpreter start, imports and the tokenizer.
The two sides take turns, and of each the least disturbed turn counts (wall times on a shared machine vary twofold).
The data and a byte-level BPE tokenizer of 32,000 entries are generated on the spot. Both sides must find the same
number of tokens, or the script fails.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from itertools import accumulate
from pathlib import Path

CHUNK = 1 << 20
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
)
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def conversations(megabytes: float, seed: int = 42) -> Iterator[bytes]:
    """Lines of chat JSONL: 1 to 3 rounds, a system prompt in 40%, a Zipf vocabulary of 30,000 words, 12% non-Latin."""
    rng = random.Random(seed)
    syllables = ["ka", "lo", "mi", "ren", "tor", "sha", "vel", "ing", "pre", "con", "dis", "ab", "ex", "un", "er", "st"]
    words = list({"".join(rng.choices(syllables, k=rng.randint(1, 4))) for _ in range(60_000)})[:30_000]
    words.sort()
    rng.shuffle(words)
    weights = list(accumulate(1 / (rank + 3) for rank in range(len(words))))
    other = ["日本語の文", "naïve café", "Привет мир", "👩‍👩‍👧", "한국어", "العربية", "½ litre", "e\u0301te"]

    def text(length: int) -> str:
        chosen = rng.choices(words, cum_weights=weights, k=length)
        for place in range(7, length, 9):
            chosen[place] += rng.choice((",", ".", ".\n", "?", ":", " (x)", "'s"))
        if rng.random() < 0.3:
            chosen.append(str(rng.randint(0, 10**6)))
        if rng.random() < 0.12:
            chosen.insert(length // 2, rng.choice(other))
        return " ".join(chosen)

    size = 0
    while size < megabytes * 1e6:
        messages = [{"role": "system", "content": text(20)}] if rng.random() < 0.4 else []
        for _ in range(rng.randint(1, 3)):
            messages.append({"role": "user", "content": text(rng.randint(5, 120))})
            messages.append({"role": "assistant", "content": text(rng.randint(10, 250))})
        line = json.dumps({"messages": messages}, ensure_ascii=rng.random() < 0.5).encode() + b"\n"
        size += len(line)
        yield line


def train_tokenizer(path: Path, texts: Iterator[str]) -> None:
    """A byte-level BPE tokenizer.json of 32,000 entries with the split pattern and normaliser of the Qwen family."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

    pattern = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    split = pre_tokenizers.Split(Regex(pattern), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=32_000,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=list(SPECIAL),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.save(str(path))


def ours(data: Path, tokenizer: Path) -> int:
    """Total tokens by one pass of `tuning.inspection`."""
    from tuning.inspection import inspect
    from tuning.tokens import from_tokenizer_json

    counter = from_tokenizer_json(tokenizer.read_text(encoding="utf-8"), CHATML)
    with data.open("rb") as file:
        facts = inspect(iter(partial(file.read, CHUNK), b""), counter, context_length=2048)
    if not (facts.tokens.exact and facts.usable):
        raise SystemExit(f"not an exact count: {facts.tokens.method}; {facts.verdict}")
    return facts.tokens.estimate


def hugging_face(data: Path, tokenizer: Path) -> int:
    """Total tokens the customary way: load_dataset, apply_chat_template, the fast tokenizer, batched map."""
    from datasets import load_dataset
    from transformers import PreTrainedTokenizerFast

    fast = PreTrainedTokenizerFast(tokenizer_file=str(tokenizer), chat_template=CHATML)
    # A cache of this process alone: a second turn must not find the first one's work.
    rows = load_dataset(
        "json", data_files=str(data), split="train", cache_dir=str(data.parent / f"cache-{os.getpid()}")
    )

    def count(batch: dict[str, list[object]]) -> dict[str, list[int]]:
        texts = fast.apply_chat_template(batch["messages"], tokenize=False)
        return {"tokens": [len(ids) for ids in fast(texts, add_special_tokens=False)["input_ids"]]}

    return sum(rows.map(count, batched=True, remove_columns=rows.column_names)["tokens"])


def measure(which: str, data: Path, tokenizer: Path) -> dict[str, float]:
    """Run one side in a fresh process: seconds of wall time and CPU, peak MB, tokens."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    }
    start = time.perf_counter()
    command = [sys.executable, __file__, "--child", which, str(data), str(tokenizer)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{which} failed:\n{done.stderr[-2000:]}")
    return {"wall": wall, **json.loads(done.stdout.splitlines()[-1])}


def child(which: str, data: str, tokenizer: str) -> None:
    tokens = (ours if which == "fireagent" else hugging_face)(Path(data), Path(tokenizer))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"tokens": tokens, "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss / 1024}))


def write_data(path: Path, megabytes: float) -> Path:
    with path.open("wb") as file:
        file.writelines(conversations(megabytes))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--child", nargs=3, metavar=("SIDE", "DATA", "TOKENIZER"), help=argparse.SUPPRESS)
    parser.add_argument("--megabytes", type=float, default=50)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--no-growth", action="store_true", help="leave out the 5 and 200 MB runs")
    parser.add_argument("--min-ratio", type=float, default=0.0, help="fail below this ratio of wall times")
    arguments = parser.parse_args()
    if arguments.child:
        child(*arguments.child)
        return
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), arguments)


def run(folder: Path, arguments: argparse.Namespace) -> None:
    tokenizer = folder / "tokenizer.json"
    texts = (message["content"] for line in conversations(3, seed=7) for message in json.loads(line)["messages"])
    train_tokenizer(tokenizer, texts)
    data = write_data(folder / "chat.jsonl", arguments.megabytes)
    print("| inspection of a chat JSONL, exact tokens | MB | wall s | CPU s | peak MB | tokens |")
    print("|---|---|---|---|---|---|")
    turns = [
        (measure("hugging_face", data, tokenizer), measure("fireagent", data, tokenizer))
        for _ in range(arguments.turns)
    ]
    best = [min(side, key=lambda found: found["wall"]) for side in zip(*turns, strict=True)]
    theirs = report("datasets + transformers", arguments.megabytes, best[0])
    mine = report("fireagent", arguments.megabytes, best[1])
    if theirs["tokens"] != mine["tokens"]:
        raise SystemExit("the two sides count different tokens")
    if not arguments.no_growth:
        for megabytes in (5.0, 200.0):
            path = write_data(folder / "other.jsonl", megabytes)
            report("fireagent", megabytes, measure("fireagent", path, tokenizer))
    ratio = theirs["wall"] / mine["wall"]
    print(
        f"\nwall {ratio:.1f}x, CPU {theirs['cpu'] / mine['cpu']:.1f}x, peak memory 1/{theirs['peak'] / mine['peak']:.1f}"
    )
    if ratio < arguments.min_ratio:
        raise SystemExit(f"slower than {arguments.min_ratio}x")


def report(name: str, megabytes: float, found: dict[str, float]) -> dict[str, float]:
    print(
        f"| {name} | {megabytes:g} | {found['wall']:.2f} | {found['cpu']:.2f} | {found['peak']:.0f} | {found['tokens']:,} |",
        flush=True,
    )
    return found


if __name__ == "__main__":
    main()
