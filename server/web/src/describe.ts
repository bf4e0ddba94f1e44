import { CombinedGraphQLErrors } from '@apollo/client';

import { token } from './token';

/** Whether the server does not know who asks. */
export function isUnauthenticated(error: unknown): boolean {
  return (
    CombinedGraphQLErrors.is(error) && error.errors.some(({ extensions }) => extensions?.['code'] === 'UNAUTHENTICATED')
  );
}

/** An error for people: what browsers say when a request fails, and servers to clients, is for programmers. */
export function describe(error: unknown): string {
  if (isUnauthenticated(error) && token() === undefined) return 'This server asks who you are: sign in with a token.';
  if (error instanceof TypeError) return 'No answer came from the server.';
  return error instanceof Error ? error.message : String(error);
}
