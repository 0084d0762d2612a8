# One image for every part: the command that is given says which. Its steps are in build/rootfs.sh; see docs/image.md.
# The base is Debian 12 (slim) by its digest, which whoever builds says, so that nothing changes unseen:
#   docker build --build-arg BASE_IMAGE=debian:bookworm-slim@sha256:... .
ARG BASE_IMAGE
FROM ${BASE_IMAGE} AS build
ARG SOURCE_DATE_EPOCH=0
# Or slim: without the collector's embedded store, which takes two thirds of the room.
ARG CONTENT=full
RUN --mount=type=bind,source=build,target=/mnt/build ["/mnt/build/rootfs.sh", "prepare"]
COPY . /src
RUN /src/build/rootfs.sh build /opt/isthmus "$CONTENT"

FROM ${BASE_IMAGE}
RUN --mount=type=bind,source=build,target=/mnt/build ["/mnt/build/rootfs.sh", "runtime"]
COPY --from=build /opt/isthmus /opt/isthmus
ENV PATH=/opt/isthmus/bin:/usr/bin:/bin \
    HOME=/data \
    LANG=C.UTF-8 \
    ISTHMUS_IMAGE=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONSAFEPATH=1
RUN --mount=type=bind,source=build,target=/mnt/build ["/mnt/build/rootfs.sh", "verify", "/opt/isthmus"]

ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Isthmus" \
      org.opencontainers.image.description="An AI gateway for clusters: control plane, data plane, collector" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="debian:bookworm-slim" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

WORKDIR /data
USER 65532:65532
STOPSIGNAL SIGTERM
# Asks the container's first process, whichever of the programs that is.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["isthmus-health"]
CMD ["isthmus", "--help"]
