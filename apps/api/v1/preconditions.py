"""A change to one customer names the version it was decided on: `If-Match` with the ETag (RFC 9110 section 13.1.1).

The tags are weak, since the answer may be laid out otherwise for the same version. They are compared all the same: what
counts is the version inside.
"""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from apps.api.v1.decisions import read_versions
from apps.golden.selectors import Customer
from apps.pipeline.deciding import CustomerChanged, VersionNeeded

IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="The customer's ETag as last seen. 412 where it has changed since, 428 where none is given.",
)


def seen_version(request: Request, customer: Customer) -> int:
    """Return the version that `If-Match` names, which is the customer's present one.

    Raises VersionNeeded where it names none of this customer, CustomerChanged for another one, and ParameterInvalid
    for what is no tag.
    """
    seen = (read_versions(request.headers.get("If-Match"), is_needed=True) or {}).get(customer.gid)
    if seen is None:
        raise VersionNeeded(f"If-Match names no version of {customer.gid}.", missing=[customer.gid])
    if seen != customer.version:
        raise CustomerChanged(
            f"Customer {customer.gid} is at version {customer.version} now; look again before deciding.",
            versions={customer.gid: customer.version},
        )
    return seen
