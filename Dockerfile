# Ordercast in an image: docker build --tag ordercast .
FROM node:22-bookworm-slim AS node

FROM rust:1.95-slim-bookworm AS build
# npm builds the page, and needs a newer Node.js than the system's packages have.
COPY --from=node /usr/local/bin/node /usr/local/bin/
COPY --from=node /usr/local/lib/node_modules/npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
WORKDIR /ordercast
COPY . .
# The caches make a second build one of what changed.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/ordercast/target \
    cargo build --release --locked --package server --bin ordercast \
    && cp target/release/ordercast /usr/local/bin/

FROM debian:bookworm-slim
# Whom to trust where a key set is read over https.
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/bin/ordercast /usr/local/bin/
# The embedded database is a file in the working directory.
RUN useradd --system --uid 10001 --home-dir /var/lib/ordercast --create-home ordercast
USER ordercast
WORKDIR /var/lib/ordercast
VOLUME /var/lib/ordercast
ENTRYPOINT ["ordercast"]
