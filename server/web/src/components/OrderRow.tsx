import { useMutation } from '@apollo/client/react';
import { useState } from 'react';

import { describe } from '../describe';
import { CancelOrderDocument, PayOrderDocument, type ViewerQuery } from '../generated/operations';
import { orderNumber, type Order } from '../orderList';

interface Props {
  readonly order: Order;
  readonly viewer: ViewerQuery['viewer'] | undefined;
  /** Whether it came while the page was open. */
  readonly isNew: boolean;
}

export function OrderRow({ order, viewer, isNew }: Props) {
  const number = orderNumber(order.id);
  const [payOrder, paying] = useMutation(PayOrderDocument);
  const [cancelOrder, cancelling] = useMutation(CancelOrderDocument);
  const [problem, setProblem] = useState<string>();

  // The cache shows what is expected at once. With a refusal, as with an error, Apollo takes that back.
  const pay = () =>
    attempt(async () => {
      const { data } = await payOrder({
        variables: { id: order.id },
        optimisticResponse: {
          payOrder: {
            __typename: 'PayOrderPayload',
            order: { __typename: 'Order', id: order.id, state: 'PAID' },
            errors: [],
          },
        },
      });
      return data?.payOrder.errors;
    });
  // The row goes with the event. Until then it says what is expected.
  const cancel = () =>
    attempt(async () => {
      const { data } = await cancelOrder({ variables: { id: order.id } });
      return data?.cancelOrder.errors;
    });

  async function attempt(change: () => Promise<readonly { message: string }[] | undefined>) {
    setProblem(undefined);
    try {
      const errors = await change();
      if (errors?.length) setProblem(errors.map(({ message }) => message).join(' '));
    } catch (error) {
      setProblem(describe(error));
    }
  }

  const gone = cancelling.loading || (cancelling.data?.cancelOrder.order ?? undefined) !== undefined;
  const changeable = order.state === 'UNPAID' && !gone && mayChange(viewer, order);
  return (
    <tr
      role="row"
      className={isNew ? 'new' : undefined}
      data-order={number}
      data-gone={gone || undefined}
      tabIndex={-1}
    >
      <th role="rowheader" scope="row">
        <span className="number">{number}</span>
      </th>
      <td role="cell">{order.user.username}</td>
      <td role="cell">
        <time dateTime={order.date}>{order.date}</time>
      </td>
      <td role="cell">
        <span key={order.state} className="state" data-state={gone ? 'GONE' : order.state}>
          {gone ? 'Cancelled' : order.state === 'PAID' ? 'Paid' : 'Unpaid'}
        </span>
      </td>
      <td role="cell" className="actions">
        {changeable && (
          <>
            <button type="button" aria-label={`Pay order ${number}`} disabled={paying.loading} onClick={() => void pay()}>
              Pay
            </button>
            <button type="button" className="quiet" aria-label={`Cancel order ${number}`} onClick={() => void cancel()}>
              Cancel
            </button>
          </>
        )}
        {problem && (
          <span className="problem" role="alert">
            {problem}
          </span>
        )}
      </td>
    </tr>
  );
}

function mayChange(viewer: ViewerQuery['viewer'] | undefined, order: Order): boolean {
  if (!viewer) return false;
  return (
    viewer.permissions.includes('CHANGE_ALL_ORDERS') ||
    (viewer.permissions.includes('CHANGE_OWN_ORDERS') && viewer.username === order.user.username)
  );
}
