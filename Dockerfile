# Two stages: the first builds from the locks and is thrown away, the second holds only what runs.
FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src

# The environment has no pip of its own: nothing can be installed into the running bot.
RUN python -m venv --without-pip /opt/venv
COPY requirements/ requirements/
RUN pip --python /opt/venv/bin/python install --require-hashes --only-binary :all: -r requirements/run.txt

# The wheel is built with the tools of the lock, not with what the index has today.
RUN awk '/^[a-z]/ { keep = /^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/ } keep' requirements/dev.txt > build.txt \
    && pip install --require-hashes --only-binary :all: -r build.txt
COPY pyproject.toml README.md LICENSE manifest.yml ./
COPY storage/ storage/
COPY bot/ bot/
RUN python -m hatchling build -t wheel -d /wheels \
    && pip --python /opt/venv/bin/python install --no-deps --no-index /wheels/*.whl

# A read-only root takes no bytecode later, and without it a start costs twice the time.
RUN /opt/venv/bin/python -m compileall -q -f --invalidation-mode unchecked-hash /opt/venv/lib


FROM python:3.12-slim
RUN groupadd --gid 10001 dify-ops \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin dify-ops \
    && install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH HOME=/data PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    DIFY_OPS_HOME=/data DIFY_OPS_HTTP=0.0.0.0:8080
# The only place that is written to, beside /tmp: the embedded database and the key file.
VOLUME /data
WORKDIR /data
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["python", "-I", "-c", "import os, urllib.request as web; port = os.environ['DIFY_OPS_HTTP'].rpartition(':')[2]; port and web.build_opener(web.ProxyHandler({})).open(f'http://127.0.0.1:{port}/healthz', timeout=4)"]
ENTRYPOINT ["dify-ops"]
CMD ["serve"]
