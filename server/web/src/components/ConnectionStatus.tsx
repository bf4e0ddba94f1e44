import { describe } from '../describe';
import type { ConnectionState } from '../resume';
import { useNow } from '../useNow';

interface Props {
  readonly connection: ConnectionState;
  /** Events that were missed while the connection was lost, and came when it was back. */
  readonly caughtUp: number;
  /** Why nothing is followed yet: the server does not know who asks. */
  readonly refused: Error | undefined;
  /** Why no events come any more, if so. */
  readonly ended: Error | undefined;
  readonly onConnect: () => void;
}

/** The state of the connection, in words. */
export function ConnectionStatus({ connection, caughtUp, refused, ended, onConnect }: Props) {
  const isRefused = refused !== undefined && connection.phase === 'connecting';
  const text = isRefused ? `Not connected. ${describe(refused)}` : words(connection, caughtUp);
  return (
    <div className="connection" data-phase={ended || isRefused ? 'ended' : connection.phase}>
      <span className="light" aria-hidden="true" />
      <p role="status">{ended ? `Disconnected: ${ended.message}` : text}</p>
      {!ended && connection.phase === 'reconnecting' && <Elapsed since={connection.since} />}
      {ended && (
        <button type="button" className="quiet" onClick={onConnect}>
          Connect
        </button>
      )}
    </div>
  );
}

function words(connection: ConnectionState, caughtUp: number): string {
  switch (connection.phase) {
    case 'connecting':
      return `Connecting${because(connection.reason)}`;
    case 'reconnecting':
      return `Reconnecting since ${new Date(connection.since).toLocaleTimeString()}${because(connection.reason)}`;
    case 'live':
      if (!connection.resumed) return 'Live';
      return `Live, resumed: ${caughtUp === 1 ? '1 event' : `${caughtUp} events`} caught up`;
  }
}

function because(reason: string): string {
  return reason && ` (${reason})`;
}

/** It changes each second, so it is not part of what screen readers are told. */
function Elapsed({ since }: { readonly since: number }) {
  const now = useNow(1000);
  return <span aria-hidden="true">{Math.max(0, Math.round((now - since) / 1000))} s</span>;
}
