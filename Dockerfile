# Ordercast in an image: docker build --tag ordercast .
FROM rust:1.95-slim-bookworm AS build
WORKDIR /ordercast
COPY . .
# The caches make a second build one of what changed.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/ordercast/target \
    cargo build --release --locked --package server --bin ordercast \
    && cp target/release/ordercast /usr/local/bin/

FROM debian:bookworm-slim
COPY --from=build /usr/local/bin/ordercast /usr/local/bin/
# The embedded database is a file in the working directory.
RUN useradd --system --uid 10001 --home-dir /var/lib/ordercast --create-home ordercast
USER ordercast
WORKDIR /var/lib/ordercast
VOLUME /var/lib/ordercast
ENTRYPOINT ["ordercast"]
