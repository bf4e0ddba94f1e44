/** The token that says who you are. It lives as long as the tab. */

const KEY = 'ordercast.token';

export function token(): string | undefined {
  return sessionStorage.getItem(KEY) ?? undefined;
}

/** Keeps another token, or none. */
export function setToken(text: string | undefined) {
  if (text === undefined) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, text);
}

/** As HTTP has it, and `connection_init` with the same name. */
export function authorization(): Record<string, string> {
  const current = token();
  return current === undefined ? {} : { Authorization: `Bearer ${current}` };
}
