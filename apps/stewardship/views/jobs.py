"""Look at long work: what goes on, how far it is, and how it ended."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.stewardship.pages import page, render_page
from apps.stewardship.screens.jobs import build_job, build_jobs


@require_safe
@page()
def show_jobs(request: HttpRequest) -> HttpResponse:
    """Show the latest jobs, those under way first."""
    context = {"jobs": build_jobs(request.GET.get("before", ""))}
    return render_page(request, "stewardship/jobs.html", context, section="jobs")


@require_safe
@page()
def show_job(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show one job with its stages, its files and the rows it set aside."""
    return render_page(request, "stewardship/job.html", {"detail": build_job(run_id)}, section="jobs")
