import { useQuery } from '@apollo/client/react';
import { useCallback, useState, useSyncExternalStore } from 'react';

import { Activity } from './activity';
import { live } from './apollo';
import { ActivityFigures } from './components/ActivityFigures';
import { Announcements, useAnnouncements } from './components/Announcements';
import { ConnectionStatus } from './components/ConnectionStatus';
import { FilterForm } from './components/FilterForm';
import { OrderTable } from './components/OrderTable';
import { PlaceOrderForm } from './components/PlaceOrderForm';
import { ViewerMenu } from './components/ViewerMenu';
import { isUnauthenticated } from './describe';
import { ViewerDocument } from './generated/operations';
import icon from './icon.svg';
import type { OrderEvent } from './orderList';
import { useFilter } from './useFilter';
import { useLiveOrders } from './useLiveOrders';

export function App() {
  const [activity] = useState(() => new Activity());
  const [filter, setFilter] = useFilter();
  const connection = useSyncExternalStore(live.subscribe, live.state);
  const [announcement, announce] = useAnnouncements();
  const viewer = useQuery(ViewerDocument);
  // How many events were missed and caught up with, for each time that the connection came back.
  const [caughtUp, setCaughtUp] = useState({ since: 0, events: 0 });

  const onEvents = useCallback(
    (events: readonly OrderEvent[]) => {
      const now = Date.now();
      const state = live.state();
      let missed = 0;
      for (const event of events) {
        const happened = Date.parse(event.occurredAt);
        const isMissed = state.phase !== 'live' || (state.resumed && happened < state.since);
        activity.record(now, isMissed ? undefined : now - happened);
        if (isMissed) missed += 1;
      }
      if (state.phase === 'live' && missed > 0) {
        const { since } = state;
        setCaughtUp((old) => ({ since, events: missed + (old.since === since ? old.events : 0) }));
      }
      announce(events);
    },
    [activity, announce],
  );
  const orders = useLiveOrders(filter, onEvents);
  const caughtUpNow = connection.phase === 'live' && caughtUp.since === connection.since ? caughtUp.events : 0;

  return (
    <>
      <header className="masthead">
        <div className="brand">
          <img src={icon} alt="" width="32" height="32" />
          <h1>Ordercast</h1>
        </div>
        <ConnectionStatus
          connection={connection}
          caughtUp={caughtUpNow}
          refused={isUnauthenticated(orders.error) ? orders.error : undefined}
          ended={orders.ended}
          onConnect={orders.restart}
        />
        <ViewerMenu viewer={viewer.data?.viewer} error={viewer.error} />
      </header>
      <main>
        <ActivityFigures activity={activity} />
        <section className="card orders" aria-labelledby="orders-title">
          <div className="toolbar">
            <h2 id="orders-title">Orders</h2>
            <FilterForm filter={filter} onChange={setFilter} />
          </div>
          <PlaceOrderForm username={viewer.data?.viewer.username ?? undefined} />
          <OrderTable orders={orders} viewer={viewer.data?.viewer} />
        </section>
      </main>
      <footer>
        <a href="/graphiql">GraphiQL</a>
        <span>Every change by anyone, in commit order. Change an order in another window, or in the database itself.</span>
      </footer>
      <Announcements text={announcement} />
    </>
  );
}
