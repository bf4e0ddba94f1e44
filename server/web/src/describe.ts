/** An error for people: what browsers say when a request fails is for programmers. */
export function describe(error: unknown): string {
  if (error instanceof TypeError) return 'No answer came from the server.';
  return error instanceof Error ? error.message : String(error);
}
