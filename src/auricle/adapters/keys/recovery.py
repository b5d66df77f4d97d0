"""The recovery key as shares of words: SLIP-39 (Shamir over GF(256), a checksum a share) by the shamir-mnemonic library.

Any `needed` of the shares give the key; fewer tell nothing about it. Each share is 33 words that can be written down by hand.
"""

from collections.abc import Sequence

from shamir_mnemonic import MnemonicError, decode_mnemonics, generate_mnemonics, recover_ems

from auricle.adapters.keys.errors import WrongShares

MAX_SHARES = 16  # SLIP-39's own limit


def split(secret: bytes, shares: int, needed: int) -> list[str]:
    """The words of each share. Raises WrongShares for numbers that make no sense."""
    if not 1 <= needed <= shares <= MAX_SHARES or (needed == 1 and shares > 1):
        raise WrongShares(f"Shares: at most {MAX_SHARES}, needed at least 2 and no more than there are (or 1 of 1); nothing was made.")
    group: list[str]
    (group,) = generate_mnemonics(1, [(needed, shares)], secret)
    return group


def combine(shares: Sequence[str]) -> bytes:
    """The secret of shares in any order. Raises WrongShares naming what is wrong; words never stand in the text."""
    words = [" ".join(share.lower().split()) for share in shares]
    if len(set(words)) != len(words):
        raise WrongShares("The same share was given twice; different ones are needed.")
    try:
        groups = decode_mnemonics(words)
        enough = {index: group.get_minimal_group() for index, group in groups.items()}  # more than are needed do no harm
        secret: bytes = recover_ems(enough).decrypt(b"")
    except MnemonicError as error:
        raise WrongShares(_reason(str(error))) from None
    except (ValueError, KeyError, IndexError):
        raise WrongShares("A share cannot be read: is a word missing or misspelt?") from None
    return secret


def _reason(text: str) -> str:
    if text.startswith("Invalid mnemonic"):
        return "A share cannot be read: is a word missing or misspelt?"
    if text.startswith(("Wrong number", "Insufficient", "The list")):
        return "Those are fewer shares than are needed."
    return "These shares do not belong together: are they of the same export?"
