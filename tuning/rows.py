"""One line of a JSONL data set as a typed sample: what kind of row it is, its turns, its labels, what is wrong with it.

Row forms follow the Fireworks documentation for supervised (messages), preference (input, preferred_output,
non_preferred_output) and reinforcement (messages + ground_truth) data, and the common two-text forms of other platforms.
"""

from __future__ import annotations

import json
import re
from typing import Any, Literal, TypeVar

import msgspec
import xxhash

from .facts import ConversionKind

Kind = Literal["chat", "preference", "prompts", "completion"]

ROLES = frozenset({"system", "user", "assistant", "tool", "function", "developer"})
COMPLETION_KEYS = (
    ("prompt", "completion"),
    ("prompt", "response"),
    ("instruction", "output"),
    ("question", "answer"),
)
"""The pairs of keys that other platforms use for "text in, text out", tried in this order."""

_BAD_PATH = re.compile(r"^(?P<message>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_SURROGATE = re.compile(rb"\\ud[89a-f]", re.IGNORECASE)


class RowError(ValueError):
    """This row cannot be trained on; says where (`path`, a JSON path) and why."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message


class Message(msgspec.Struct, gc=False):
    """One message as it stands in the file."""

    role: str
    content: str | list[dict[str, Any]] | None = None
    weight: float | None = None
    tool_calls: list[dict[str, Any]] | None = None


class _PreferenceInput(msgspec.Struct, gc=False):
    messages: list[Message]


class _Row(msgspec.Struct, gc=False):
    """Only `messages` is typed while decoding: the other keys mean what they mean only in rows without messages."""

    messages: list[Message] | None = None
    ground_truth: Any = None
    id: Any = None
    input: Any = None
    preferred_output: Any = None
    non_preferred_output: Any = None
    prompt: Any = None
    completion: Any = None
    response: Any = None
    instruction: Any = None
    output: Any = None
    question: Any = None
    answer: Any = None


class Turn(msgspec.Struct, gc=False, frozen=True):
    """A message reduced to plain text. `trained`: an assistant turn whose loss counts."""

    role: str
    text: str
    trained: bool = False


class Sample(msgspec.Struct, gc=False):
    """One good row. `alternatives` are the answers that follow `turns`: (preferred, non-preferred) or nothing."""

    kind: Kind
    turns: list[Turn]
    alternatives: tuple[Turn, ...] = ()
    labels: tuple[str, ...] = ()
    needs: list[tuple[ConversionKind, str]] = []
    """Conversions that this row needs, each with the JSON path that calls for it."""
    id: str | None = None

    def answer(self) -> str:
        """The text of the last assistant turn, or of the preferred answer; empty for prompts."""
        if self.alternatives:
            return self.alternatives[0].text
        return next((turn.text for turn in reversed(self.turns) if turn.role == "assistant"), "")

    def parts(self) -> tuple[bytes, bytes]:
        """(all that precedes the answer, the answer with labels and alternatives) as UTF-8 with roles, to be hashed.

        A row that is only an answer has it as its first part.
        """
        turns = self.turns
        answered = turns[-1].role == "assistant" and not self.alternatives and len(turns) > 1
        prompt = [f"{turn.role}\x1f{turn.text}" for turn in (turns[:-1] if answered else turns)]
        answers = [turn.text for turn in self.alternatives]
        if answered:
            answers.append(turns[-1].text)
        return "\x1e".join(prompt).encode(), "\x1e".join([*answers, *self.labels]).encode()

    def prompt_key(self) -> int:
        """64-bit hash of all that precedes the answer, ASCII case ignored; equal keys belong on one side of a split."""
        return prompt_key(self.parts()[0].lower())


def prompt_key(lowered: bytes) -> int:
    """The key of a prompt that is in lower case already."""
    return xxhash.xxh3_64_intdigest(lowered.strip())


_decoder = msgspec.json.Decoder(_Row)


def read_row(line: bytes) -> Sample:
    """Read one line (no line end, no BOM). Raises RowError for anything that cannot be trained on, with its JSON path."""
    row = _decode(line)
    identity = None if row.id is None else str(row.id)
    labels = truth_labels(row.ground_truth)
    if row.preferred_output is not None or row.non_preferred_output is not None:
        sample = _preference(row)
    elif row.messages is not None:
        sample = _conversation(row.messages, labels)
    else:
        sample = _completion(row)
    sample.labels = labels
    sample.id = identity
    return sample


def _decode(line: bytes) -> _Row:
    if not line.isascii():
        try:
            line.decode()
        except UnicodeDecodeError as error:
            raise RowError(
                "$", f"not UTF-8: byte 0x{line[error.start]:02x} at byte {error.start} of the line"
            ) from error
    try:
        return _decoder.decode(line)
    except msgspec.DecodeError as error:
        raise _explained(error, line) from error
    except RecursionError as error:
        raise RowError("$", "nested too deep to be read") from error


def _explained(error: msgspec.DecodeError, line: bytes) -> RowError:
    if not isinstance(error, msgspec.ValidationError) and _SURROGATE.search(line) and _stdlib_reads(line):
        return RowError("$", "a \\ud8xx escape without its second half is no character; re-encode the text")
    return _row_error(error, "$")


def _stdlib_reads(line: bytes) -> bool:
    """Python's json accepts lone surrogates, which no UTF-8 file can hold."""
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _row_error(error: msgspec.DecodeError, root: str) -> RowError:
    match = _BAD_PATH.match(str(error))
    assert match is not None
    path = (match["path"] or "$").replace("$", root, 1)
    message = match["message"].replace("`", "")
    return RowError(path, message[:200] if path != "$" or "object" in message else f"not JSON: {message[:200]}")


def truth_labels(value: Any) -> tuple[str, ...]:
    """ground_truth as labels: a string or number, or a list of strings (several at once). Anything else is no label."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return tuple(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return (str(value),)
    return ()


def _conversation(messages: list[Message], labels: tuple[str, ...]) -> Sample:
    needs: list[tuple[ConversionKind, str]] = []
    turns = _turns(messages, "$.messages", needs)
    last = turns[-1].role
    if last == "assistant":
        return Sample("chat", turns, needs=needs)
    if any(turn.role == "assistant" for turn in turns):
        if labels:
            needs.append(("ground_truth_to_assistant", "$.ground_truth"))
        else:
            needs.append(("trailing_turns", f"$.messages[{len(turns) - 1}]"))
        return Sample("chat", turns, needs=needs)
    if not any(turn.role == "user" for turn in turns):
        raise RowError("$.messages", "no user and no assistant turn")
    if labels:
        needs.append(("ground_truth_to_assistant", "$.ground_truth"))
    return Sample("prompts", turns, needs=needs)


def _turns(messages: list[Message], root: str, needs: list[tuple[ConversionKind, str]]) -> list[Turn]:
    if not messages:
        raise RowError(root, "no messages")
    turns = []
    for index, message in enumerate(messages):
        role = message.role
        if role not in ROLES:
            raise RowError(f"{root}[{index}].role", f"role {role[:40]!r} is not system, user, assistant or tool")
        if role in ("system", "developer"):
            if index:
                raise RowError(f"{root}[{index}].role", f"a {role} message may only come first")
            if role == "developer":
                needs.append(("developer_role", f"{root}[{index}].role"))
        elif role in ("tool", "function"):
            needs.append(("tool_turns", f"{root}[{index}].role"))
        text = message.content
        if not isinstance(text, str) or message.tool_calls:
            text = _plain_text(message, f"{root}[{index}]", needs)
        if role == "assistant":
            if not text.strip():
                raise RowError(f"{root}[{index}].content", "an assistant turn without text has nothing to learn from")
            turns.append(Turn(role, text, message.weight != 0))
        else:
            turns.append(Turn(role, text))
    return turns


def _plain_text(message: Message, path: str, needs: list[tuple[ConversionKind, str]]) -> str:
    content = message.content
    if isinstance(content, list):
        needs.append(("text_parts", f"{path}.content"))
        text = join_parts(content, f"{path}.content")
    elif content is None and not message.tool_calls:
        raise RowError(f"{path}.content", "no content")
    else:
        text = content or ""
    if message.tool_calls:
        needs.append(("tool_turns", f"{path}.tool_calls"))
        text = with_tool_calls(text, message.tool_calls)
    return text


def join_parts(parts: list[dict[str, Any]], path: str = "$") -> str:
    """The text of a content that is a list of parts. Raises RowError for parts that are not text."""
    texts = []
    for index, part in enumerate(parts):
        if part.get("type") != "text" or not isinstance(part.get("text"), str):
            kind = str(part.get("type"))[:40]
            raise RowError(f"{path}[{index}]", f"a part of type {kind!r} is not text; only text can be trained on here")
        texts.append(part["text"])
    return "".join(texts)


def with_tool_calls(text: str, calls: list[dict[str, Any]]) -> str:
    """An assistant turn's text with its tool calls spelt out, one <tool_call> element of JSON a line."""
    spelt = [f"<tool_call>{json.dumps(call.get('function', call), ensure_ascii=False)}</tool_call>" for call in calls]
    return "\n".join([*([text] if text else []), *spelt])


T = TypeVar("T")


def _convert(value: Any, type_: type[T], root: str) -> T:
    try:
        return msgspec.convert(value, type_)
    except msgspec.ValidationError as error:
        raise _row_error(error, root) from error


def _preference(row: _Row) -> Sample:
    for key in ("input", "preferred_output", "non_preferred_output"):
        if getattr(row, key) is None:
            raise RowError(f"$.{key}", "missing in a preference row")
    needs: list[tuple[ConversionKind, str]] = []
    prompt = _convert(row.input, _PreferenceInput, "$.input").messages
    turns = _turns(prompt, "$.input.messages", needs)
    if turns[-1].role == "assistant":
        raise RowError(
            f"$.input.messages[{len(turns) - 1}]", "the prompt of a preference row ends with an assistant turn"
        )
    answers = []
    for key in ("preferred_output", "non_preferred_output"):
        side = _turns(_convert(getattr(row, key), list[Message], f"$.{key}"), f"$.{key}", needs)
        if len(side) != 1 or side[0].role != "assistant":
            raise RowError(f"$.{key}", "must be exactly one assistant message")
        answers.append(side[0])
    if answers[0].text == answers[1].text:
        raise RowError("$.non_preferred_output", "equal to preferred_output: the pair prefers nothing")
    return Sample("preference", turns, alternatives=tuple(answers), needs=needs)


def completion_keys(row: Any) -> tuple[str, str] | None:
    """Which pair of text keys a row without messages uses. `row` maps keys or has them as attributes."""
    read = row.get if isinstance(row, dict) else lambda key: getattr(row, key)
    for source, target in COMPLETION_KEYS:
        if read(source) is not None and read(target) is not None:
            return source, target
    return None


def _completion(row: _Row) -> Sample:
    keys = completion_keys(row)
    if keys is None:
        raise RowError("$", "no messages, no preference pair and no prompt with its completion")
    for key in keys:
        if not isinstance(getattr(row, key), str):
            raise RowError(f"$.{key}", f"expected str, got {type(getattr(row, key)).__name__}")
    prompt, answer = getattr(row, keys[0]), getattr(row, keys[1])
    if keys[0] == "instruction" and isinstance(row.input, str) and row.input.strip():
        prompt = f"{prompt}\n\n{row.input}"
    if not answer.strip():
        raise RowError(f"$.{keys[1]}", "an empty answer has nothing to learn from")
    turns = [Turn("user", prompt), Turn("assistant", answer, True)]
    return Sample("completion", turns, needs=[("completion_to_messages", f"$.{keys[0]}")])
