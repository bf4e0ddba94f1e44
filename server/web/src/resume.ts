// A graphql-ws client that misses nothing across reconnects. It needs no fork of any client, and nothing else of this
// page: copy the file, and hand `client` to `GraphQLWsLink`, urql's `subscriptionExchange` or Relay's network layer.
//
// Each message of a subscription carries its position in the order log, `extensions.cursor`. The last one is told to the
// server in `connection_init`, which starts `orderEvents` after it, whatever its `after:` says: the client repeats its
// documents word for word, and still hears each event once. A connection has one such position, so follow one
// `orderEvents` with a client, and share what it tells.

import { createClient, type Client, type Message } from 'graphql-ws';

export type ConnectionState =
  /** The first connection is not there yet; the reason is why an attempt failed, if the server said so. */
  | { readonly phase: 'connecting'; readonly reason: string }
  /** Connected since then; `resumed` when it went on after events that were heard before. */
  | { readonly phase: 'live'; readonly since: number; readonly resumed: boolean }
  /** The connection was lost then, and is tried again. */
  | { readonly phase: 'reconnecting'; readonly since: number; readonly reason: string };

export interface ResumingClient {
  readonly client: Client;
  /** The state of the connection now. */
  state(): ConnectionState;
  /** Calls the listener after each change of the state, until the returned function is called. */
  subscribe(listener: () => void): () => void;
  /** Connects anew, with new connection parameters, and goes on after the last event. */
  reconnect(): void;
  /** Forgets the last event: the next connection starts where the document says. */
  forget(): void;
}

export interface ResumingClientOptions {
  readonly url: string;
  /** Asked for at each connection, beside what resumes it. */
  readonly connectionParams?: () => Record<string, unknown>;
}

/** How often a connection that is silent is tried, and how long an answer may take, in milliseconds. */
const KEEP_ALIVE = 10_000;
const PONG_TIMEOUT = 5_000;

/** The longest wait before a connection is tried again, in milliseconds. */
const LONGEST_WAIT = 8_000;

export function createResumingClient({ url, connectionParams }: ResumingClientOptions): ResumingClient {
  const listeners = new Set<() => void>();
  let state: ConnectionState = { phase: 'connecting', reason: '' };
  let lastCursor: string | undefined;
  let resumed = false;
  let pongTimer: ReturnType<typeof setTimeout> | undefined;
  let retryNow: (() => void) | undefined;

  const change = (next: ConnectionState) => {
    state = next;
    listeners.forEach((listener) => listener());
  };
  const lost = (reason: string) => {
    clearTimeout(pongTimer);
    if (state.phase === 'connecting') return change({ phase: 'connecting', reason });
    const since = state.phase === 'reconnecting' ? state.since : Date.now();
    return change({ phase: 'reconnecting', since, reason });
  };

  const client = createClient({
    url,
    connectionParams: () => {
      resumed = lastCursor !== undefined;
      return { ...connectionParams?.(), ...(resumed && { resume: lastCursor }) };
    },
    // What is passing ends; what is hopeless the client tells by the code of the close, and does not try again.
    retryAttempts: Infinity,
    shouldRetry: () => true,
    retryWait: (retries) => waitToRetry(retries, (now) => (retryNow = now)),
    keepAlive: KEEP_ALIVE,
    on: {
      connected: () => change({ phase: 'live', since: Date.now(), resumed }),
      message: (message) => {
        lastCursor = cursorOf(message) ?? lastCursor;
      },
      // A network that went away says nothing, so a pong that does not come is the end of the connection.
      ping: (received) => {
        if (!received) pongTimer = setTimeout(() => client.terminate(), PONG_TIMEOUT);
      },
      pong: (received) => {
        if (received) clearTimeout(pongTimer);
      },
      closed: (event) => lost((event as CloseEvent).reason),
      error: () => lost(''),
    },
  });

  return {
    client,
    state: () => state,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    reconnect: () => {
      client.terminate();
      retryNow?.();
    },
    forget: () => {
      lastCursor = undefined;
    },
  };
}

function cursorOf(message: Message): string | undefined {
  if (message.type !== 'next' || !message.payload.data || !('orderEvents' in message.payload.data)) return undefined;
  const cursor = message.payload.extensions?.['cursor'];
  return typeof cursor === 'string' ? cursor : undefined;
}

/** Clients that lost the same server come back spread out, and soon after their own network is back. */
function waitToRetry(retries: number, retryBy: (now: () => void) => void): Promise<void> {
  const longest = Math.min(LONGEST_WAIT, 500 * 2 ** retries);
  return new Promise((resolve) => {
    const go = () => {
      clearTimeout(timer);
      removeEventListener('online', go);
      resolve();
    };
    const timer = setTimeout(go, Math.random() * longest);
    addEventListener('online', go);
    retryBy(go);
  });
}
