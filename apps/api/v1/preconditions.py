"""Changes name the version they were decided on: `If-Match` with the customer's ETag (RFC 9110 section 13.1.1).

The tags are weak, since the answer may be laid out otherwise for the same version. They are compared all the same: what
counts is the version inside.
"""

import re
from typing import Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from apps.golden.selectors import Customer
from apps.pipeline.deciding import CustomerChanged, VersionNeeded

IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="The customer's ETag as last seen. 412 where it has changed since, 428 where none is given.",
)
_LONGEST: Final = 2_000
_TAG: Final = re.compile(r'(?:W/)?"(?:[^".]*\.)?([^".]+)\.(\d{1,9})"')


def tag_of(customer: Customer) -> str:
    """Return the ETag of a customer: the id asked for, the id that answers, and its version."""
    return f'W/"{customer.asked}.{customer.gid}.{customer.version}"'


def seen_version(request: Request, customer: Customer) -> int:
    """Return the version that `If-Match` names, which is the customer's present one.

    Raises VersionNeeded where no tag is given (`*` names no version) and CustomerChanged for any other version.
    """
    given = request.headers.get("If-Match", "")[:_LONGEST]
    tags = _TAG.findall(given)
    if not tags:
        raise VersionNeeded(
            "Send the customer's ETag as If-Match, so that nobody decides on what they haven't seen.",
            missing=[customer.gid],
        )
    if (customer.gid, str(customer.version)) not in tags:
        raise CustomerChanged(
            f"Customer {customer.gid} is at version {customer.version} now. Look again before deciding.",
            versions={customer.gid: customer.version},
        )
    return customer.version
