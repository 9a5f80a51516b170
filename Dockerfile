# One image a service: docker build --build-arg SERVICE=intake -t waymark-intake .
# It holds kernel/ and that one service, so an import of anything else cannot start.
ARG PYTHON_IMAGE=python:3.12-slim
ARG NODE_IMAGE=node:22-slim

FROM ${NODE_IMAGE} AS assets
WORKDIR /assets
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev && mkdir -p /kept/@uswds/uswds /kept/htmx.org \
    && cp -r node_modules/@uswds/uswds/dist /kept/@uswds/uswds/ && rm -rf /kept/@uswds/uswds/dist/scss \
    && cp -r node_modules/htmx.org/dist /kept/htmx.org/

FROM ${PYTHON_IMAGE} AS packages
COPY requirements/service.txt /tmp/service.txt
RUN python -m venv /opt/waymark && python -m venv /tmp/installer && /tmp/installer/bin/pip install --quiet uv==0.13.9 \
    && /tmp/installer/bin/uv pip sync --quiet --python /opt/waymark/bin/python --require-hashes --compile-bytecode \
        /tmp/service.txt

FROM ${PYTHON_IMAGE}
ARG SERVICE
RUN test -n "${SERVICE}" && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin waymark
ENV SERVICE=${SERVICE} PATH=/opt/waymark/bin:${PATH} PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MALLOC_ARENA_MAX=2 \
    ASSETS_DIR=/srv/waymark/assets HOME=/tmp TZ=UTC LC_ALL=C.UTF-8
COPY --from=packages /opt/waymark /opt/waymark
COPY --from=assets /kept /srv/waymark/assets
WORKDIR /srv/waymark
COPY deploy/start.sh deploy/healthy.py deploy/migrate.py local/gunicorn.conf.py ./
COPY kernel/ kernel/
COPY services/__init__.py services/
COPY services/${SERVICE}/ services/${SERVICE}/
# An image whose web part cannot even be imported is no image.
RUN python -m compileall -q kernel services && python -c "import services.${SERVICE}.app"
USER waymark
EXPOSE 8000
ENTRYPOINT ["./start.sh"]
CMD ["web"]
