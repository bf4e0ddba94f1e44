import type { Fetcher, FetcherOpts, FetcherParams } from '@graphiql/toolkit';
import { getOperationAST } from 'graphql';
import { createClient, type ExecutionResult } from 'graphql-ws';
import { Observable } from 'rxjs';

/**
 * A fetcher for GraphiQL that follows subscriptions over `graphql-transport-ws`, and leaves the rest to another. The one
 * that the toolkit makes rejects a promise that nobody handles with each error of a subscription.
 */
export function withSubscriptions(url: string, others: Fetcher): Fetcher {
  return (parameters, options) =>
    isSubscription(parameters, options) ? follow(url, parameters, options?.headers) : others(parameters, options);
}

function isSubscription({ operationName }: FetcherParams, options?: FetcherOpts): boolean {
  return !!options?.documentAST && getOperationAST(options.documentAST, operationName)?.operation === 'subscription';
}

/** Each has a connection of its own, whose `connection_init` says the headers that are set now. */
function follow(url: string, parameters: FetcherParams, headers: FetcherOpts['headers']) {
  return new Observable<ExecutionResult>((observer) =>
    createClient({ url, connectionParams: headers }).subscribe(parameters, {
      next: (result) => observer.next(result as ExecutionResult),
      error: (reason) => observer.error(reason instanceof CloseEvent ? closed(reason) : reason),
      complete: () => observer.complete(),
    }),
  );
}

function closed({ code, reason }: CloseEvent): Error {
  return new Error(`The connection was closed: ${code} ${reason}`.trim());
}
