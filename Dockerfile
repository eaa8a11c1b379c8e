# One image for every part: the command says which. Installed from the hash-pinned lock; runs as nobody in particular.

FROM python:3.11-slim-trixie AS build
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /source
COPY requirements.txt requirements-dev.txt ./
RUN uv venv /opt/amends \
    && uv pip install --python /opt/amends --require-hashes --requirement requirements.txt
COPY pyproject.toml README.md worker.py ./
COPY activities/ activities/
COPY contracts/ contracts/
COPY documents/ documents/
COPY domain/ domain/
COPY gateways/ gateways/
COPY runtime/ runtime/
COPY starter/ starter/
COPY storage/ storage/
COPY workflows/ workflows/
# What builds the wheel is pinned too: by the lock for development.
RUN uv build --wheel --require-hashes --build-constraints requirements-dev.txt --out-dir /dist \
    && uv pip install --python /opt/amends --no-deps /dist/*.whl

FROM python:3.11-slim-trixie
RUN apt-get update \
    && apt-get install --yes --no-install-recommends fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin amends \
    && install --directory --owner=amends --group=amends --mode=700 /var/lib/amends/files /var/lib/amends/erasures
COPY --from=build /opt/amends /opt/amends
ENV PATH=/opt/amends/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
EXPOSE 8080
CMD ["amends", "api"]
