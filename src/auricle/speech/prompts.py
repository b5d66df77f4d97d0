"""Names of prompts: the same words in the same voice are one file; a recording of them keeps its name when the voice changes."""

import hashlib

FORMAT = "1/48000/mono/pcm16"


def prompt_key(text: str, voice: str) -> str:
    """The content name of a rendered prompt, 32 hexadecimal digits."""
    return _digest(FORMAT, voice, text)


def recording_name(text: str) -> str:
    """The file name under which a recording stands in for `text`."""
    return f"{_digest('recording', text)}.wav"


def _digest(*parts: str) -> str:
    *labels, text = parts
    return hashlib.sha256("\n".join([*labels, " ".join(text.split())]).encode()).hexdigest()[:32]
