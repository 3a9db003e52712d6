/** What may follow the root of an API: a path that no server between here and there leads out of it, and its query. */

export interface ApiPath {
  /** Begins with a slash. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** Also of what an API answers with. */
export const MAX_PATH_CHARACTERS = 2_048;
/** RFC 3986's `pchar` and the slash; what is encoded is looked into. */
const PATH = /^\/(?:[\w\-.~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/;
const QUERY = /^(?:[\w\-.~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*$/;

/** @returns why not, for a sentence that begins with the name of what was given */
export function acceptApiPath(text: string): ApiPath | { readonly refused: string } {
  const [path = '', ...rest] = text.split('?');
  const query = rest.join('?');
  if (text.length > MAX_PATH_CHARACTERS) {
    return { refused: `has ${text.length} characters; ${MAX_PATH_CHARACTERS} is the limit` };
  }
  if (!path.startsWith('/') || path.includes('//')) {
    return { refused: 'must begin with one slash, as "/orders/17", and have no two in a row' };
  }
  if (!PATH.test(path) || !QUERY.test(query)) {
    return { refused: 'has a character that a URL has only encoded, as "%20", or a fragment' };
  }
  if (leadsUp(path)) return { refused: 'has a segment "." or "..", or one that becomes it' };
  const pairs = [...new URLSearchParams(query)];
  const parameters = Object.fromEntries(pairs);
  if (Object.keys(parameters).length < pairs.length) {
    return { refused: 'names a query parameter twice, which Step Functions cannot send' };
  }
  return { path, query: parameters };
}

/** However often it is decoded on the way, with backslashes for slashes, and with parameters (`..;x`) cut off. */
function leadsUp(path: string): boolean {
  for (let text = path; ; ) {
    if (text.split(/[/\\]/).some((segment) => /^\.\.?(;|$)/.test(segment))) return true;
    const decoded = decode(text);
    if (decoded === text) return false;
    text = decoded;
  }
}

/** A byte for each, since only ASCII matters here: what is no UTF-8 must not hide what is beside it. */
function decode(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_encoded, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}
