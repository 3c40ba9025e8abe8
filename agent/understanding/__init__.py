"""Understanding what a person wrote, offline: instructions to requests, replies at a gate to labels. Pure."""

from agent.understanding.instruction import read_instruction
from agent.understanding.replies import read_reply
from agent.understanding.result import Gate, Label, Reading, Reply, UnknownModel

__all__ = ["Gate", "Label", "Reading", "Reply", "UnknownModel", "read_instruction", "read_reply"]
