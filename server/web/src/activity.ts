// What happened in the last two minutes, for the figures and plots.

/** The length of a bar, in milliseconds, and how many there are. */
const BAR = 2000;
export const BARS = 60;
const BARS_OF_A_MINUTE = 60_000 / BAR;

/** The most delivery times that a bar keeps for its median. */
const MOST_TIMES = 200;

export interface Bar {
  readonly events: number;
  /** The median time from a change to its event here, in milliseconds. */
  readonly delivery: number | undefined;
}

export interface Summary {
  readonly eventsOfLastMinute: number;
  readonly deliveryOfLastMinute: number | undefined;
  /** Oldest first. */
  readonly bars: readonly Bar[];
}

export class Activity {
  readonly #bars = new Map<number, { events: number; times: number[] }>();

  /** Counts an event, and its delivery time in milliseconds unless it was caught up with. */
  record(now: number, deliveryTime?: number) {
    const key = Math.floor(now / BAR);
    let bar = this.#bars.get(key);
    if (!bar) {
      bar = { events: 0, times: [] };
      this.#bars.set(key, bar);
      for (const old of this.#bars.keys()) if (old <= key - BARS) this.#bars.delete(old);
    }
    bar.events += 1;
    // The server's clock may be ahead of this one.
    if (deliveryTime !== undefined && bar.times.length < MOST_TIMES) bar.times.push(Math.max(0, deliveryTime));
  }

  summarize(now: number): Summary {
    const newest = Math.floor(now / BAR);
    const kept = Array.from({ length: BARS }, (_, index) => this.#bars.get(newest - BARS + 1 + index));
    const lastMinute = kept.slice(-BARS_OF_A_MINUTE);
    return {
      eventsOfLastMinute: lastMinute.reduce((sum, bar) => sum + (bar?.events ?? 0), 0),
      deliveryOfLastMinute: median(lastMinute.flatMap((bar) => bar?.times ?? [])),
      bars: kept.map((bar) => ({ events: bar?.events ?? 0, delivery: median(bar?.times ?? []) })),
    };
  }
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
