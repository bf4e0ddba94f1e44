import { useMutation } from '@apollo/client/react';
import { useId, useRef, useState, type FormEvent } from 'react';

import { describe } from '../describe';
import { PlaceOrderDocument } from '../generated/operations';
import { orderNumber } from '../orderList';

/** `username` is who you are, if the server knows. */
export function PlaceOrderForm({ username }: { readonly username: string | undefined }) {
  const id = useId();
  const [typed, setTyped] = useState<string>();
  const [date, setDate] = useState('');
  const [placeOrder, { data, error, loading }] = useMutation(PlaceOrderDocument);
  // An order whose answer got lost may have been placed. Sent again with the same key, it is placed once.
  const unanswered = useRef<{ intention: string; key: string }>(undefined);

  const whose = typed ?? username ?? '';
  const refusals = data?.placeOrder.errors ?? [];
  const refusal = error ? describe(error) : refusals.map(({ message }) => message).join(' ');
  const placed = data?.placeOrder.order;

  const place = async (event: FormEvent) => {
    event.preventDefault();
    const intention = JSON.stringify([whose, date]);
    if (unanswered.current?.intention !== intention) unanswered.current = { intention, key: randomKey() };
    const input = { username: whose.trim(), idempotencyKey: unanswered.current.key, ...(date && { date }) };
    try {
      await placeOrder({ variables: { input } });
      unanswered.current = undefined;
    } catch {
      // `error` tells.
    }
  };

  return (
    <form className="place" aria-label="Place an order" onSubmit={(event) => void place(event)}>
      <label htmlFor={`${id}-user`}>
        User
        <input
          id={`${id}-user`}
          required
          maxLength={64}
          placeholder="caty88"
          value={whose}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          aria-invalid={refusal !== ''}
          aria-describedby={`${id}-outcome`}
          onChange={(event) => setTyped(event.target.value)}
        />
      </label>
      <label htmlFor={`${id}-date`}>
        Day <span className="hint">(today if empty)</span>
        <input id={`${id}-date`} type="date" value={date} onChange={(event) => setDate(event.target.value)} />
      </label>
      <button type="submit" className="primary" disabled={loading}>
        {loading ? 'Placing…' : 'Place order'}
      </button>
      <p id={`${id}-outcome`} className={refusal ? 'problem' : 'hint'} role={refusal ? 'alert' : undefined}>
        {refusal || (placed && !loading ? `Order ${orderNumber(placed.id)} was placed.` : '')}
      </p>
    </form>
  );
}

/** `crypto.randomUUID` is only there on secure origins. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
