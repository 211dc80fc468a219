# The hub without its embedded servers: compose or an operator names PostgreSQL and Redis by URL.
FROM python:3.12-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    DJANGO_SETTINGS_MODULE=mdmhub.settings.prod MDMHUB_HOME=/var/lib/mdmhub
WORKDIR /srv/mdmhub

# First the locked requirements, so that a change of code doesn't install them again.
COPY requirements/base.txt requirements/base.txt
RUN pip install --no-cache-dir --require-hashes -r requirements/base.txt

COPY manage.py pyproject.toml ./
COPY mdmhub mdmhub
COPY apps apps
COPY templates templates
COPY samples samples

RUN useradd --system --home-dir /var/lib/mdmhub --create-home hub
USER hub
VOLUME /var/lib/mdmhub
EXPOSE 8600

CMD ["gunicorn", "mdmhub.wsgi:application", "--bind", "0.0.0.0:8600", "--workers", "2", \
     "--worker-class", "gthread", "--threads", "4", "--no-control-socket"]
