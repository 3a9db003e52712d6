/** Makes any value safe to log: removes secrets, answers and control characters, and bounds its size. Never throws. */
import { createHash } from 'node:crypto';
import { cleanShortText } from '../clean-text.ts';

/** Stands where something was removed. */
const REMOVED = '[removed]';

const MAX_TEXT_CHARACTERS = 2_000;
/** Characters of all values of a line together. Lambda splits lines at 256 KB. */
const MAX_LINE_CHARACTERS = 16_000;
/** What a name and the punctuation of a value count. */
const NODE_CHARACTERS = 10;
const MAX_DEPTH = 5;
const MAX_ENTRIES = 30;

/** Secrets in text, by the form that they have. Each pattern also matches a secret that is cut off. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  // Task tokens of Step Functions, long tokens of answer links, contents in Base64. First, so that the others see short runs only.
  [/[\w+/=-]{200,}(?:\.[\w-]{86})*/g, REMOVED],
  // A URL keeps its host and path: user names, queries and fragments are often secrets, such as presigned ones.
  [/\b([a-z][a-z\d+.-]{0,30}:\/\/)[^\s/?#"'<>]*@/gi, `$1${REMOVED}@`],
  // The path ends where another URL starts: otherwise, many of them would take quadratic time.
  [
    /\b([a-z][a-z\d+.-]{0,30}:\/\/(?:(?!\b[a-z][a-z\d+.-]{0,30}:\/\/)[^\s"'<>?#])*)[?#][^\s"'<>]*/gi,
    `$1?${REMOVED}`,
  ],
  [/(X-Amz-(?:Signature|Credential|Security-Token))(?:=|%3D|["']?: ?["']?)[^&\s"'<>]*/gi, `$1=${REMOVED}`],
  [/(\/answers\/)[\w%.-]+/g, `$1${REMOVED}`],
  // The token of an answer link: its payload, and a signature of each key.
  [/\b[\w-]{20,}(?:\.[\w-]{86})+/g, REMOVED],
  [
    /\b((?:proxy-)?authorization|(?:set-)?cookie|x-api-key)(["']?\s*[:=]\s*)(?:"[^"\n]*"?|'[^'\n]*'?|[^\n]*)/gi,
    `$1$2${REMOVED}`,
  ],
  [/\b(bearer|dpop)\s+[\w.~+/=-]{8,}/gi, `$1 ${REMOVED}`],
  [/\bbasic\s+[\w+/=-]{16,}/gi, `Basic ${REMOVED}`],
  [/\bAWS4-HMAC-SHA256\b[^\n"]*/g, `AWS4-HMAC-SHA256 ${REMOVED}`],
  [/\b(?:AKIA|ASIA)[A-Z\d]{16}\b/g, REMOVED],
  // JSON Web Tokens.
  [/\beyJ[\w-]{10,}(?:\.[\w-]*)*/g, REMOVED],
  [/\bwhsec_[\w+/=-]*/g, `whsec_${REMOVED}`],
  [/\bv1a?,[A-Za-z\d+/=]{40,}/g, REMOVED],
  // V8 quotes the text that it cannot parse.
  [/, (?:\.\.\.)?"[\s\S]{0,200}?"(?:\.\.\.)? is not valid JSON/g, `, ${REMOVED} is not valid JSON`],
  // Step Functions quotes the data that it cannot process, as "could not be found in the input '{…}'", and those of a nested execution.
  [/\b((?:in|out)put) '[\s\S]*/gi, `$1 '${REMOVED}'`],
  [/("(?:in|out)put"\s{0,9}:\s{0,9})"(?:[^"\\]|\\[\s\S])*"?/gi, `$1"${REMOVED}"`],
  // Values behind the name of a credential. Last: it removes one word, and `Bearer` has two.
  [
    /((?:token|secret|passw(?:or)?d|passphrase|signature|(?:access|api|private)[_-]?key)\\{0,3}["']?\s{0,9}[:=]\s{0,9})(?:\\+"[^"\n]*"?|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|[^\s&]+)/gi,
    `$1${REMOVED}`,
  ],
];

/** Ends of the names of properties that hold credentials. */
const CREDENTIAL =
  /(?:authorization|cookie|(?:access|api|private)[_-]?key|secret|token|password|signature|credentials?)$/i;
/** Properties that hold what callers send and jobs return, in lower case. */
const CONTENT: ReadonlySet<string> = new Set([
  'input',
  'arguments',
  'answer',
  'answers',
  'content',
  'result',
  'output',
  'body',
  'structuredcontent',
  'inputresponses',
]);

/** Returns clean text without secrets, cut off with an ellipsis. It keeps newlines: JSON escapes them. */
export function redactText(text: string, maxCharacters = MAX_TEXT_CHARACTERS): string {
  // Cleaned first: a control character within a secret would hide it.
  let redacted = cleanShortText(text, 4 * maxCharacters);
  for (const [secret, instead] of SECRETS) redacted = redacted.replace(secret, instead);
  return redacted.length <= maxCharacters ? redacted : cleanShortText(redacted, maxCharacters);
}

/** Returns a short hash of an owner: the first 16 hexadecimal digits of its SHA-256. */
export function hashOwner(owner: string): string {
  return createHash('sha256').update(owner).digest('hex').slice(0, 16);
}

/**
 * Returns a copy of the attributes of a line that JSON can represent. `owner` becomes a hash wherever it is. Of an error it keeps
 * the name, message, stack, code, cause and request id: others, such as the `Item` of a refused write, can have inputs and answers.
 */
export function redactAttributes(attributes: object): Record<string, unknown> {
  return new Redaction().entries(attributes, 0);
}

/** Walks a value that can be hostile: with cycles, with getters that throw, or without end. */
class Redaction {
  #charactersLeft = MAX_LINE_CHARACTERS;

  entries(value: object, depth: number): Record<string, unknown> {
    const copy: Record<string, unknown> = Object.create(null);
    let left = MAX_ENTRIES;
    // `in` reads no list of all names: a huge value costs no more than a small one.
    for (const name in value) {
      if (!Object.hasOwn(value, name)) continue;
      if (left-- === 0) break;
      copy[redactText(name, 100)] = this.#property(value, name, depth);
    }
    return copy;
  }

  #property(owner: object, name: string, depth: number): unknown {
    try {
      const value: unknown = Reflect.get(owner, name);
      if (value === undefined || value === null) return value;
      if (CREDENTIAL.test(name) || CONTENT.has(name.toLowerCase())) return REMOVED;
      if (name === 'owner' && typeof value === 'string') return hashOwner(value);
      return this.#value(value, depth);
    } catch {
      return '[unreadable]';
    }
  }

  #value(value: unknown, depth: number): unknown {
    this.#charactersLeft -= NODE_CHARACTERS;
    if (this.#charactersLeft <= 0) return '…';
    if (typeof value === 'string') return this.#text(value);
    if (typeof value === 'bigint') return String(value);
    if (typeof value !== 'object' || value === null) {
      return typeof value === 'function' || typeof value === 'symbol' ? `[${typeof value}]` : value;
    }
    if (depth >= MAX_DEPTH) return '…';
    if (value instanceof Error) return this.#error(value, depth);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? String(value) : value.toISOString();
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (Array.isArray(value)) {
      const more = value.length - MAX_ENTRIES;
      const shown = value.slice(0, MAX_ENTRIES).map((each) => this.#value(each, depth + 1));
      return more > 0 ? [...shown, `[${more} more]`] : shown;
    }
    return this.entries(value, depth + 1);
  }

  #error(error: Error, depth: number): Record<string, unknown> {
    const { name, message, stack, code, cause, errors, $metadata, status } = error as Error & {
      readonly code?: unknown;
      readonly errors?: unknown;
      readonly status?: unknown;
      readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
    };
    const known = {
      name,
      message,
      code,
      status: status ?? $metadata?.httpStatusCode,
      request_id: $metadata?.requestId,
      stack,
      cause,
      errors,
    };
    return this.entries(Object.fromEntries(Object.entries(known).filter(([, value]) => value)), depth + 1);
  }

  #text(text: string): string {
    const redacted = redactText(text, Math.min(MAX_TEXT_CHARACTERS, this.#charactersLeft));
    this.#charactersLeft -= redacted.length;
    return redacted;
  }
}
