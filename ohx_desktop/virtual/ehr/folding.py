"""Text as a search sees it: without case, accents and vowel signs (R5, Search, string)."""

import unicodedata

# Letters that Unicode does not decompose into a base letter and a mark. The two escapes are the
# Turkish dotless i and the Arabic tatweel, which only stretches a word.
_BASE_LETTERS = str.maketrans(
    {
        "\u0131": "i",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "\u0640": "",
    }
)


def folded(text: str) -> str:
    """Return text for comparison: İnci and INCI become equal, as do Müller and MULLER."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(bare.translate(_BASE_LETTERS).split())
