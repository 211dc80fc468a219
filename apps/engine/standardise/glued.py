"""Legal forms glued to a name, where only capitals show the seam: "SiemensAG", "BoschGmbH & Co. KG", "NovoA/S"."""

import re
from typing import Final

_SEAM: Final = re.compile(
    r"(?<=[a-z\u00df-\u00f6\u00f8-\u00ff]{2})"
    r"(A/S|AG|AB|AS|ASA|ApS|BV|B\.V\.|CORP|Corp|EURL|GbR|GmbH|GMBH|INC|Inc|KG|KGaA|LLC|LLP|LTD|Limited|Ltd|mbH|NV|N\.V\.|"
    r"OHG|OOO|Oy|Oyj|PLC|Plc|Pty|S\.A\.|SA|SARL|SAS|SE|SpA|S\.p\.A\.|SRL|Srl|S\.r\.l\.|UG)"
    r"(?=\.?(?:\s*(?:&|\+|und)\s*Co\.?\s*(?:KG|KGaA|OHG)\.?)?\s*\Z)"
)
"""Nothing but the end of the name may follow: "NovaSA Ltd" is a name with a form of its own."""


def part_glued_form(raw: str) -> str:
    """Return a name with a space before the legal form that ends it, where small letters end in a form's capitals."""
    return raw if raw.islower() or raw.isupper() else _SEAM.sub(r" \1", raw)
