import { useApolloClient } from '@apollo/client/react';
import { useRef, useState, type FormEvent } from 'react';

import { live } from '../apollo';
import { describe, isUnauthenticated } from '../describe';
import type { ViewerQuery } from '../generated/operations';
import { setToken, token } from '../token';

interface Props {
  readonly viewer: ViewerQuery['viewer'] | undefined;
  readonly error: Error | undefined;
}

/** Who you are, and a place to say so. */
export function ViewerMenu({ viewer, error }: Props) {
  const client = useApolloClient();
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState('');
  const [problem, setProblem] = useState<string>();

  const use = async (text: string | undefined) => {
    setToken(text);
    setTyped('');
    setProblem(undefined);
    try {
      // Somebody else sees something else: everything is read again, and followed as the new viewer.
      live.reconnect();
      await client.resetStore();
      dialog.current?.close();
    } catch (refusal) {
      setProblem(describe(refusal));
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const text = typed.trim().replace(/^Bearer\s+/i, '');
    if (/^[\w.~+/=-]+$/.test(text)) void use(text);
    else setProblem('A token has letters, digits and the characters . _ - only.');
  };

  return (
    <div className="viewer">
      <button type="button" className="quiet" aria-haspopup="dialog" onClick={() => dialog.current?.showModal()}>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <circle cx="8" cy="5" r="3" />
          <path d="M2 14.5c0-3.3 2.7-5 6-5s6 1.7 6 5z" />
        </svg>
        {name(viewer, error)}
      </button>
      <dialog ref={dialog} aria-labelledby="token-title" onClose={() => setProblem(undefined)}>
        <form onSubmit={submit}>
          <h2 id="token-title">Who you are</h2>
          <p>{explanation(viewer, error)}</p>
          <label htmlFor="token">Token</label>
          <textarea
            id="token"
            rows={4}
            required
            autoComplete="off"
            spellCheck={false}
            placeholder="eyJhbGciOi…"
            value={typed}
            aria-describedby="token-problem"
            onChange={(event) => setTyped(event.target.value)}
          />
          <p id="token-problem" className="problem" role="alert">
            {problem}
          </p>
          <div className="buttons">
            <button type="submit" className="primary">
              Use this token
            </button>
            {token() !== undefined && (
              <button type="button" onClick={() => void use(undefined)}>
                Forget the token
              </button>
            )}
            <button type="button" className="quiet" onClick={() => dialog.current?.close()}>
              Close
            </button>
          </div>
        </form>
      </dialog>
    </div>
  );
}

function name(viewer: ViewerQuery['viewer'] | undefined, error: Error | undefined): string {
  if (viewer?.username) return viewer.username;
  if (viewer) return viewer.permissions.includes('CHANGE_ALL_ORDERS') ? 'Staff' : 'Not signed in';
  return error ? 'Not signed in' : '…';
}

function explanation(viewer: ViewerQuery['viewer'] | undefined, error: Error | undefined): string {
  if (isUnauthenticated(error) && token() === undefined) return 'This server asks who you are. Paste a token.';
  if (error) return `The server does not say who you are: ${describe(error)}`;
  if (!viewer) return 'The server has not said yet who you are.';
  if (viewer.username && viewer.permissions.includes('SEE_ALL_ORDERS')) return `You are ${viewer.username}, of the staff.`;
  if (viewer.username) return `You are ${viewer.username}, and see your own orders.`;
  if (viewer.permissions.includes('CHANGE_ALL_ORDERS')) {
    return 'This server runs without authentication: everyone on this machine is staff.';
  }
  return 'The server does not know you. Paste a token.';
}
