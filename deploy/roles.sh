#!/bin/sh
# Run once by the postgres image on an empty volume: the owner's role that migrates, the application's role that owns
# nothing, and the hub's database.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set owner_password="$HUB_OWNER_PASSWORD" --set app_password="$HUB_APP_PASSWORD" <<'SQL'
CREATE ROLE hub LOGIN NOSUPERUSER CREATEDB PASSWORD :'owner_password';
CREATE ROLE hub_app LOGIN NOSUPERUSER PASSWORD :'app_password';
\connect template1
ALTER DEFAULT PRIVILEGES FOR ROLE hub GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO hub_app;
ALTER DEFAULT PRIVILEGES FOR ROLE hub GRANT USAGE, SELECT ON SEQUENCES TO hub_app;
\connect postgres
CREATE DATABASE hub OWNER hub;
SQL
