// A list of orders, and how events change it.

import type { OrderEventsSubscription, OrderFilter, OrderRowFragment, OrdersQuery } from './generated/operations';

export type Order = OrderRowFragment;
export type OrderEvent = OrderEventsSubscription['orderEvents'];
/** Oldest first, as the API has it. */
export type OrderList = OrdersQuery['orders'];

/** The most orders that are kept; older ones are read again when they are asked for. */
const MOST_ORDERS = 500;

export interface Applied {
  readonly list: OrderList;
  /** Whether an order belongs into the list, nobody here knows where: read it again. */
  readonly stale: boolean;
}

/**
 * The list after these events, which are in commit order. An event carries the order's state, so events that the list
 * has seen already may be applied again, as long as all that came after them are too.
 */
export function applyEvents(list: OrderList, events: readonly OrderEvent[], filter: OrderFilter): Applied {
  const orders = new Map(list.nodes.map((order) => [order.id, order]));
  let stale = false;
  for (const { kind, order } of events) {
    if (kind === 'DELETED' || !matches(order, filter)) orders.delete(order.id);
    else if (orders.has(order.id) || kind === 'PLACED') orders.set(order.id, order);
    // An order that is not shown is one of the older ones, or has just come to match.
    else stale ||= !list.pageInfo.hasPreviousPage || filter.state != null || filter.username != null;
  }
  const nodes = [...orders.values()];
  if (nodes.length <= MOST_ORDERS) return { list: { ...list, nodes }, stale };
  const pageInfo = { ...list.pageInfo, hasPreviousPage: true, startCursor: null };
  return { list: { ...list, nodes: nodes.slice(-MOST_ORDERS), pageInfo }, stale };
}

/** The list with a page of older orders before it. */
export function prependOlder(list: OrderList, older: OrderList): OrderList {
  const orders = new Map([...older.nodes, ...list.nodes].map((order) => [order.id, order]));
  return { ...list, nodes: [...orders.values()], pageInfo: older.pageInfo };
}

/** The part of an order's id that tells orders apart. */
export function orderNumber(id: string): string {
  return id.slice(id.lastIndexOf(':') + 1);
}

function matches(order: Order, filter: OrderFilter): boolean {
  return (
    (filter.state == null || order.state === filter.state) &&
    (filter.username == null || order.user.username === filter.username)
  );
}
