"""Log in and out."""

from django.contrib.auth.views import LoginView, LogoutView

log_in = LoginView.as_view(template_name="registration/login.html", redirect_authenticated_user=True)
log_out = LogoutView.as_view()
