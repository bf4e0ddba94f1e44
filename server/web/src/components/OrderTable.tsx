import { describe } from '../describe';
import type { ViewerQuery } from '../generated/operations';
import { useKeptFocus } from '../useKeptFocus';
import type { LiveOrders } from '../useLiveOrders';
import { OrderRow } from './OrderRow';

interface Props {
  readonly orders: LiveOrders;
  readonly viewer: ViewerQuery['viewer'] | undefined;
}

/** Newest first. The roles are said aloud because a narrow window lays the table out as cards. */
export function OrderTable({ orders, viewer }: Props) {
  const { list, loading, loadingOlder, error } = orders;
  const nodes = list?.nodes ?? [];
  const rows = useKeptFocus();
  return (
    <>
      <table role="table" aria-labelledby="orders-title" aria-busy={loading}>
        <thead role="rowgroup">
          <tr role="row">
            {['Order', 'User', 'Day', 'State', 'Actions'].map((name) => (
              <th key={name} role="columnheader" scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup" ref={rows}>
          {nodes.toReversed().map((order) => (
            <OrderRow key={order.id} order={order} viewer={viewer} isNew={orders.arrived(order.id)} />
          ))}
        </tbody>
      </table>
      {error && (
        <p className="problem" role="alert">
          The orders could not be read: {describe(error)}{' '}
          <button type="button" className="quiet" onClick={orders.restart}>
            Try again
          </button>
        </p>
      )}
      {!error && nodes.length === 0 && <p className="empty">{loading ? 'Reading the orders…' : 'No such orders yet.'}</p>}
      {list?.pageInfo.hasPreviousPage && (
        <button type="button" className="quiet older" disabled={loadingOlder} onClick={orders.showOlder}>
          Show older orders
        </button>
      )}
    </>
  );
}
