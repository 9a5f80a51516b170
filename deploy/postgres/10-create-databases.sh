#!/bin/sh
# Runs once, when the volume is new: a database a service, an owner for migrations, an app role for rows.
set -eu
secrets=${SECRETS_DIR:-/run/secrets}

for service in intake referral notify dashboard; do
    psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --quiet \
        -v database="waymark_$service" -v owner="${service}_owner" -v app="${service}_app" <<SQL
\\set owner_password \`cat $secrets/${service}_owner_password\`
\\set app_password \`cat $secrets/${service}_app_password\`
CREATE ROLE :"owner" LOGIN NOINHERIT NOCREATEDB NOCREATEROLE PASSWORD :'owner_password';
CREATE ROLE :"app" LOGIN NOINHERIT NOCREATEDB NOCREATEROLE PASSWORD :'app_password';
CREATE DATABASE :"database" OWNER :"owner";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"app";
\\connect :"database"
GRANT USAGE ON SCHEMA public TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO :"app";
SQL
done
