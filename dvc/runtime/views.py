"""`/healthz`."""

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dvc.runtime import services


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when all of the center is up, else 503 with what is missing."""
    health = services.health(at=timezone.now())
    body = {
        "status": "ok" if not health.missing else "missing",
        **{name: "ok" if works else "missing" for name, works in health.parts.items()},
        "missing": health.missing,
        "seconds_since": health.ages,
        "backup": {"state": health.backup, "minutes_since": health.backup_minutes},
        "version": health.version,
    }
    return JsonResponse(body, status=503 if health.missing else 200)
