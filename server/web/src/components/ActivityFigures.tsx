import type { Activity, Bar } from '../activity';
import { BARS } from '../activity';
import { useNow } from '../useNow';

const WIDTH = 300;
const HEIGHT = 56;
const STEP = WIDTH / BARS;

/** How much happens, and how soon it is told. */
export function ActivityFigures({ activity }: { readonly activity: Activity }) {
  const { eventsOfLastMinute, deliveryOfLastMinute, bars } = activity.summarize(useNow(1000));
  const delivery = deliveryOfLastMinute === undefined ? '–' : `${Math.round(deliveryOfLastMinute)}`;
  return (
    <section className="figures" aria-label="Activity">
      <figure className="card">
        <figcaption>
          Events in the last minute <span className="hint">2 minutes</span>
        </figcaption>
        <p className="figure" data-testid="events">
          {eventsOfLastMinute}
        </p>
        <Plot label={`Events in each 2 seconds of the last 2 minutes, at most ${most(bars.map((bar) => bar.events))}`}>
          <EventBars bars={bars} />
        </Plot>
      </figure>
      <figure className="card">
        <figcaption>
          From change to screen, median <span className="hint">2 minutes</span>
        </figcaption>
        <p className="figure" data-testid="delivery">
          {delivery}
          {deliveryOfLastMinute !== undefined && <small> ms</small>}
        </p>
        <Plot label={`Median delivery times of the last 2 minutes, at most ${most(times(bars))} milliseconds`}>
          <DeliveryTimes bars={bars} />
        </Plot>
      </figure>
    </section>
  );
}

function Plot({ label, children }: { readonly label: string; readonly children: React.ReactNode }) {
  return (
    <svg className="plot" role="img" aria-label={label} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none">
      <line className="axis" x1="0" x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} />
      {children}
    </svg>
  );
}

function EventBars({ bars }: { readonly bars: readonly Bar[] }) {
  const scale = (HEIGHT - 4) / Math.max(4, most(bars.map((bar) => bar.events)));
  return bars.map(
    ({ events }, index) =>
      events > 0 && (
        <rect
          key={index}
          className="bar"
          x={index * STEP + 0.75}
          width={STEP - 1.5}
          y={HEIGHT - events * scale}
          height={events * scale}
          rx="1"
        />
      ),
  );
}

function DeliveryTimes({ bars }: { readonly bars: readonly Bar[] }) {
  const scale = (HEIGHT - 8) / Math.max(10, most(times(bars)));
  return bars.map(({ delivery }, index) => {
    if (delivery === undefined) return null;
    const [x, y] = [index * STEP + STEP / 2, HEIGHT - 3 - delivery * scale];
    return (
      <g key={index} className="time">
        <line x1={x} x2={x} y1={HEIGHT} y2={y} />
        <rect x={x - 1.75} y={y - 1.75} width="3.5" height="3.5" rx="1" />
      </g>
    );
  });
}

function times(bars: readonly Bar[]): number[] {
  return bars.flatMap((bar) => (bar.delivery === undefined ? [] : [Math.round(bar.delivery)]));
}

function most(values: readonly number[]): number {
  return Math.max(0, ...values);
}
