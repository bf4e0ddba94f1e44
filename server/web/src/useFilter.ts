// The filter, which the address of the page names too, so that it can be shared and survives a reload.

import { useEffect, useState } from 'react';

import type { OrderFilter } from './generated/operations';

export function useFilter(): [OrderFilter, (filter: OrderFilter) => void] {
  const [filter, setFilter] = useState(readFilter);
  useEffect(() => {
    const query = new URLSearchParams();
    if (filter.state) query.set('state', filter.state);
    if (filter.username) query.set('user', filter.username);
    history.replaceState(null, '', query.size > 0 ? `?${query}` : location.pathname);
  }, [filter]);
  return [filter, setFilter];
}

function readFilter(): OrderFilter {
  const query = new URLSearchParams(location.search);
  const state = query.get('state');
  return {
    ...((state === 'PAID' || state === 'UNPAID') && { state }),
    ...(query.get('user') && { username: query.get('user') }),
  };
}
