// Read, then follow: a list of orders that stays as it is in the database.

import { useApolloClient, useQuery, useSubscription } from '@apollo/client/react';
import { CombinedGraphQLErrors } from '@apollo/client';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';

import { live } from './apollo';
import { OrderEventsDocument, OrdersDocument, type OrderFilter } from './generated/operations';
import { applyEvents, prependOlder, type OrderEvent, type OrderList } from './orderList';

export const PAGE_SIZE = 20;

/** How much time is between one showing of events and the next, in milliseconds. */
const FRAME = 40;

export interface LiveOrders {
  readonly list: OrderList | undefined;
  /** Whether the list of this filter is being read. */
  readonly loading: boolean;
  readonly loadingOlder: boolean;
  readonly error: Error | undefined;
  /** Why no events come any more, if so. */
  readonly ended: Error | undefined;
  /** Whether an order came as an event. */
  arrived(id: string): boolean;
  showOlder(): void;
  /** Reads the list and follows it anew. */
  restart(): void;
}

/** The newest orders like the filter. `onEvents` is told of every event, also of other orders. */
export function useLiveOrders(filter: OrderFilter, onEvents: (events: readonly OrderEvent[]) => void): LiveOrders {
  const client = useApolloClient();
  const { state = null, username = null } = filter;
  const where = useMemo(() => ({ state, username }), [state, username]);
  const variables = useMemo(() => ({ last: PAGE_SIZE, where }), [where]);
  const query = useQuery(OrdersDocument, {
    variables,
    fetchPolicy: 'network-only',
    nextFetchPolicy: 'cache-first',
  });
  const list = query.data?.orders;

  // An event can overtake the answer to a query that does not show it yet. So what comes while something is read is
  // applied once more to what was read.
  const meanwhile = useRef<OrderEvent[]>([]);
  const [reads, setReads] = useState(0);
  const reading = query.loading || reads > 0;
  const isReading = useRef(reading);
  const arrived = useRef(new Set<string>());

  const readAgain = useCallback(
    async (count: number) => {
      setReads((reads) => reads + 1);
      try {
        const { data } = await client.query({
          query: OrdersDocument,
          variables: { last: count, where },
          fetchPolicy: 'no-cache',
        });
        if (data) client.cache.writeQuery({ query: OrdersDocument, variables, data });
      } catch {
        // The list stays as it is, and is followed as before.
      } finally {
        setReads((reads) => reads - 1);
      }
    },
    [client, variables, where],
  );

  const apply = useCallback(
    (events: readonly OrderEvent[]) => {
      let stale = 0;
      client.cache.updateQuery({ query: OrdersDocument, variables }, (data) => {
        if (!data) return undefined;
        const applied = applyEvents(data.orders, events, where);
        if (applied.stale) stale = Math.max(PAGE_SIZE, applied.list.nodes.length);
        return { ...data, orders: applied.list };
      });
      if (stale > 0 && !isReading.current) void readAgain(stale);
    },
    [client, variables, where, readAgain],
  );

  useLayoutEffect(() => {
    isReading.current = reading;
    if (reading) return;
    const events = meanwhile.current;
    meanwhile.current = [];
    if (events.length > 0) apply(events);
  }, [reading, apply]);

  // The first event is shown at once, and those that follow closely are shown together.
  const frame = useRef<OrderEvent[]>([]);
  const shownAt = useRef(0);
  const flush = useRef<() => void>(undefined);
  useLayoutEffect(() => {
    flush.current = () => {
      const events = frame.current;
      frame.current = [];
      shownAt.current = Date.now();
      for (const { kind, order } of events) if (kind === 'PLACED') arrived.current.add(order.id);
      if (isReading.current) meanwhile.current.push(...events);
      apply(events);
      onEvents(events);
    };
  });

  // Followed from the first list that was read, across all later ones.
  const [from, setFrom] = useState<string>();
  const restarting = useRef(false);
  useEffect(() => {
    if (list && !restarting.current) setFrom((from) => from ?? list.cursor);
  }, [list]);
  const [ended, setEnded] = useState<Error>();
  useSubscription(OrderEventsDocument, {
    variables: { after: from ?? null },
    skip: from === undefined,
    fetchPolicy: 'no-cache',
    ignoreResults: true,
    onData: ({ data: { data } }) => {
      if (!data) return;
      if (frame.current.length === 0) {
        setTimeout(() => flush.current?.(), Math.max(0, shownAt.current + FRAME - Date.now()));
      }
      frame.current.push(data.orderEvents);
    },
    onError: setEnded,
  });

  const { refetch } = query;
  const restart = useCallback(async () => {
    live.forget();
    setEnded(undefined);
    setFrom(undefined);
    restarting.current = true;
    try {
      const { data } = await refetch();
      if (data) setFrom(data.orders.cursor);
    } catch {
      // `error` tells.
    } finally {
      restarting.current = false;
    }
  }, [refetch]);
  // Events behind the cursor are no longer kept, or the database is another one: what was missed cannot be told.
  const lost = ended !== undefined && isLostCursor(ended);
  useEffect(() => {
    if (lost) void restart();
  }, [lost, restart]);

  const showOlder = async () => {
    if (!list) return;
    const { startCursor } = list.pageInfo;
    if (startCursor === null) return readAgain(list.nodes.length + PAGE_SIZE);
    setReads((reads) => reads + 1);
    try {
      await query.fetchMore({
        variables: { before: startCursor },
        updateQuery: (previous, { fetchMoreResult }) => ({
          ...previous,
          orders: prependOlder(previous.orders as OrderList, fetchMoreResult.orders),
        }),
      });
    } catch {
      // The button is still there.
    } finally {
      setReads((reads) => reads - 1);
    }
  };

  return {
    list,
    loading: query.loading,
    loadingOlder: reads > 0,
    error: query.error,
    ended: lost ? undefined : ended,
    arrived: (id) => arrived.current.has(id),
    showOlder: () => void showOlder(),
    restart: () => void restart(),
  };
}

function isLostCursor(error: Error): boolean {
  return (
    CombinedGraphQLErrors.is(error) &&
    error.errors.some(({ extensions }) => ['CURSOR_EXPIRED', 'CURSOR_INVALID'].includes(String(extensions?.['code'])))
  );
}
