/** Checks a path and query below the root of an API. No server on the way can interpret it as a path outside the root. */

/** A checked path. */
export interface ApiPath {
  /** Starts with a slash. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** Limit for paths of callers and of API responses. */
export const MAX_PATH_CHARACTERS = 2_048;
/** `pchar` of RFC 3986 and the slash. `escapesRoot` checks encoded characters. */
const PATH = /^\/(?:[\w\-.~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/;
const QUERY = /^(?:[\w\-.~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*$/;

/** @returns the path, or in `refused` the rest of an error message that starts with the name of the value */
export function acceptApiPath(text: string): ApiPath | { readonly refused: string } {
  const [path = '', ...rest] = text.split('?');
  const query = rest.join('?');
  if (text.length > MAX_PATH_CHARACTERS) {
    return { refused: `has ${text.length} characters; the limit is ${MAX_PATH_CHARACTERS}` };
  }
  if (!path.startsWith('/') || path.includes('//')) {
    return { refused: 'must start with one slash, such as "/orders/17", and must not contain "//"' };
  }
  if (!PATH.test(path) || !QUERY.test(query)) {
    return {
      refused: 'contains a fragment or a character that must be percent-encoded, such as "%20" for a space',
    };
  }
  if (escapesRoot(path)) return { refused: 'contains a segment "." or "..", or one that decodes to it' };
  const pairs = [...new URLSearchParams(query)];
  const parameters = Object.fromEntries(pairs);
  if (Object.keys(parameters).length < pairs.length) {
    return { refused: 'repeats a query parameter, which Step Functions cannot send' };
  }
  return { path, query: parameters };
}

/** @returns whether a segment is `.` or `..` after any number of decodings, with backslashes as slashes and without parameters (`..;x`) */
function escapesRoot(path: string): boolean {
  for (let text = path; ; ) {
    if (text.split(/[/\\]/).some((segment) => /^\.\.?(;|$)/.test(segment))) return true;
    const decoded = decode(text);
    if (decoded === text) return false;
    text = decoded;
  }
}

/** Decodes each byte to one character: only ASCII matters, and invalid UTF-8 must not hide characters beside it. */
function decode(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_encoded, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}
