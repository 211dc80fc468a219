"""Millibits in words."""


def say_bits(millibits: int) -> str:
    """Return a weight or score in bits to a tenth, such as "+1.4", with a true minus sign."""
    tenths = round(abs(millibits) / 100)
    sign = "" if not tenths else "+" if millibits > 0 else "\u2212"
    return f"{sign}{tenths / 10:.1f}"
