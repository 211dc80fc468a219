"""Requests that write may be repeated: with an idempotency key the second one gets the first one's answer.

The answer is kept in the transaction that made the change. So there is never a change without its answer, nor an answer
without its change, whatever is killed in between.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Final, cast

from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.models import KeptAnswer
from apps.api.selectors import TokenHolder
from apps.base.errors import Conflict, Invalid
from apps.base.locks import Gate, alone
from apps.base.retrying import retrying

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
KEPT_FOR: Final = timedelta(hours=72)
LONGEST_KEY: Final = 255


class KeyInvalid(Invalid):
    """An idempotency key is empty, too long, or holds other characters than visible ASCII."""

    code = "idempotency.key_invalid"
    title = "The idempotency key can't be used"


class KeyReused(Invalid):
    """The key was used within 72 hours for another request."""

    code = "idempotency.key_reused"
    status = 422
    title = "The idempotency key belongs to another request"


class StillRunning(Conflict):
    """A request with the same key is being carried out right now."""

    code = "idempotency.in_progress"
    title = "The same request is still being carried out"
    retry_after_seconds = 1


def answer_once(
    request: Request, work: Callable[[], Response], *, in_parts: bool = False, content: str | None = None
) -> Response:
    """Return what `work` answers, in one transaction with the change it makes; try again where that lost to another.

    With the header Idempotency-Key the answer is kept for 72 hours per token, and the same request gets it again with
    `Idempotency-Replayed: true`. Errors are not kept: they changed nothing. `in_parts` says that the work opens its own
    transactions, each of which may be repeated without harm; the answer is then kept after the last. `content` is the
    digest of a body that is no JSON.

    Raises KeyInvalid (400), KeyReused (422), StillRunning (409) and Busy (503).
    """
    key = _read_key(request)
    if key is None:
        return work() if in_parts else retrying(work)
    digest = _digest_of(request, content)
    token_id = cast(TokenHolder, request.user).token_id
    with alone(Gate.IDEMPOTENCY, _lock_number(token_id, key)) as is_mine:
        if not is_mine:
            raise StillRunning("Ask again in a second: the answer will be there.")
        kept = _find_kept(token_id, key)
        if kept is not None:
            return _repeat(kept, digest)
        if in_parts:
            response = work()
            retrying(lambda: _keep(token_id, key, digest, response))
            return response
        return retrying(lambda: _keep(token_id, key, digest, work()))


def forget_answers() -> int:
    """Delete the answers that are older than 72 hours and return how many there were."""
    deleted, _ = KeptAnswer.objects.filter(kept_at__lt=timezone.now() - KEPT_FOR).delete()
    return int(deleted)


def _read_key(request: Request) -> str | None:
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not 1 <= len(key) <= LONGEST_KEY or not all("!" <= character <= "~" for character in key):
        raise KeyInvalid(f"{HEADER} is 1 to {LONGEST_KEY} visible ASCII characters, such as a UUID.", header=HEADER)
    return key


def _digest_of(request: Request, content: str | None) -> str:
    body = json.dumps(request.data, sort_keys=True) if content is None else content
    asked = f"{request.method} {request.get_full_path()}\n{body}"
    return hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()


def _lock_number(token_id: int, key: str) -> int:
    # 32 bits: keys that share a lock by chance only wait for each other.
    return int.from_bytes(hashlib.sha256(f"{token_id} {key}".encode()).digest()[:4], signed=True)


def _find_kept(token_id: int, key: str) -> KeptAnswer | None:
    return KeptAnswer.objects.filter(token_id=token_id, key=key, kept_at__gte=timezone.now() - KEPT_FOR).first()


def _repeat(kept: KeptAnswer, digest: str) -> Response:
    if kept.request_digest != digest:
        raise KeyReused(
            "Another request was sent with this key within 72 hours. Draw a new key for each request that differs.",
            first_used_at=kept.kept_at.isoformat(),
        )
    return Response(json.loads(kept.content), status=kept.status, headers={**kept.headers, REPLAYED: "true"})


def _keep(token_id: int, key: str, digest: str, response: Response) -> Response:
    # An answer past its time may still be there until the next pruning.
    KeptAnswer.objects.update_or_create(
        token_id=token_id,
        key=key,
        defaults={
            "request_digest": digest,
            "status": response.status_code,
            "content": JSONRenderer().render(response.data).decode("utf-8"),
            "headers": {name: response.headers[name] for name in ("ETag", "Location") if name in response.headers},
            "kept_at": timezone.now(),
        },
    )
    return response
