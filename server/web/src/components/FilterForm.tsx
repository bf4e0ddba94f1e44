import { useEffect, useState } from 'react';

import type { OrderFilter, OrderState } from '../generated/operations';

interface Props {
  readonly filter: OrderFilter;
  readonly onChange: (filter: OrderFilter) => void;
}

/** How long nothing is typed before it counts, in milliseconds. */
const TYPING = 250;

const STATES: readonly (readonly [OrderState | '', string])[] = [
  ['', 'All'],
  ['UNPAID', 'Unpaid'],
  ['PAID', 'Paid'],
];

export function FilterForm({ filter, onChange }: Props) {
  const [typed, setTyped] = useState(filter.username ?? '');
  const username = typed.trim();
  useEffect(() => {
    if (username === (filter.username ?? '')) return undefined;
    const timer = setTimeout(() => onChange({ ...filter, username: username || null }), TYPING);
    return () => clearTimeout(timer);
  }, [username, filter, onChange]);

  return (
    <form className="filter" role="search" aria-label="Filter orders" onSubmit={(event) => event.preventDefault()}>
      <fieldset className="segments">
        <legend className="visually-hidden">State</legend>
        {STATES.map(([state, label]) => (
          <label key={label}>
            <input
              type="radio"
              name="state"
              checked={(filter.state ?? '') === state}
              onChange={() => onChange({ ...filter, state: state || null })}
            />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
      <input
        type="search"
        aria-label="Filter by user"
        placeholder="Any user"
        value={typed}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        onChange={(event) => setTyped(event.target.value)}
      />
    </form>
  );
}
