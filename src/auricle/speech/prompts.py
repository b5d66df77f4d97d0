"""Names of rendered prompts: the same words in the same voice are one file."""

import hashlib

FORMAT = "1/48000/mono/pcm16"


def prompt_key(text: str, voice: str) -> str:
    """The content name of a prompt."""
    return hashlib.sha256(f"{FORMAT}\n{voice}\n{' '.join(text.split())}".encode()).hexdigest()[:32]
