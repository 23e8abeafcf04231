"""Conversations with a reference out of utterances of single speakers: who talks when, rooms, noise, codecs."""

from diarkit.simulate.conversation import Conversation, Simulator, simulate
from diarkit.simulate.options import AcousticOptions, ConversationOptions
from diarkit.simulate.pool import Pool

__all__ = ["AcousticOptions", "Conversation", "ConversationOptions", "Pool", "Simulator", "simulate"]
