import { useEffect, useRef, type RefObject } from 'react';

/**
 * Keeps the focus in the rows of a table when what has it goes, as a button does that was pressed: it is then on the row,
 * or on the one that comes in its place.
 */
export function useKeptFocus(): RefObject<HTMLTableSectionElement | null> {
  const body = useRef<HTMLTableSectionElement>(null);
  useEffect(() => {
    const section = body.current;
    if (!section) return undefined;
    let focused: { element: Element; row: HTMLTableRowElement; index: number } | undefined;
    const remember = ({ target }: Event) => {
      const element = target instanceof Element && section.contains(target) ? target : undefined;
      const row = element?.closest('tr');
      focused = element && row ? { element, row, index: row.sectionRowIndex } : undefined;
    };
    const keep = () => {
      if (!focused) return;
      const { element, row, index } = focused;
      if (row.isConnected) focused.index = row.sectionRowIndex;
      if (element.isConnected || document.activeElement !== document.body) return;
      const next = row.isConnected ? row : section.rows[Math.min(index, section.rows.length - 1)];
      next?.focus({ preventScroll: true });
    };
    const observer = new MutationObserver(keep);
    observer.observe(section, { childList: true, subtree: true });
    // A click beside everything takes the focus, and tells nobody.
    for (const event of ['focusin', 'pointerdown']) document.addEventListener(event, remember);
    return () => {
      observer.disconnect();
      for (const event of ['focusin', 'pointerdown']) document.removeEventListener(event, remember);
    };
  }, []);
  return body;
}
