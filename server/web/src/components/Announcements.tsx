// Changes in words, for screen readers.

import { useCallback, useRef, useState } from 'react';

import { orderNumber, type OrderEvent } from '../orderList';

/** How long changes are collected before they are told in one sentence, in milliseconds. */
const PAUSE = 1000;

export function Announcements({ text }: { readonly text: string }) {
  return (
    <div className="visually-hidden" role="log" aria-live="polite" aria-label="Changes">
      {text}
    </div>
  );
}

/** The sentence to tell, and what to call with events. */
export function useAnnouncements(): [string, (events: readonly OrderEvent[]) => void] {
  const [text, setText] = useState('');
  const untold = useRef({ last: undefined as OrderEvent | undefined, count: 0 });
  const announce = useCallback((events: readonly OrderEvent[]) => {
    if (events.length === 0) return;
    if (untold.current.count === 0) {
      setTimeout(() => {
        const { last, count } = untold.current;
        untold.current = { last: undefined, count: 0 };
        if (last) setText(count === 1 ? sentence(last) : `${count} changes, the last: ${sentence(last)}`);
      }, PAUSE);
    }
    untold.current = { last: events.at(-1), count: untold.current.count + events.length };
  }, []);
  return [text, announce];
}

function sentence({ kind, order }: OrderEvent): string {
  const name = `Order ${orderNumber(order.id)} of ${order.user.username}`;
  switch (kind) {
    case 'PLACED':
      return `${name} was placed.`;
    case 'STATE_CHANGED':
      return `${name} is ${order.state === 'PAID' ? 'paid' : 'unpaid'} now.`;
    case 'UPDATED':
      return `${name} was changed.`;
    case 'DELETED':
      return `${name} was cancelled.`;
  }
}
