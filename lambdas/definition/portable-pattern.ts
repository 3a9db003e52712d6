/**
 * Recognizes regular expressions that every client compiles. MCP clients validate arguments with engines of JavaScript, RE2 (Go),
 * Rust and Python. JSON Schema 2020-12 core, 6.4, recommends the syntax that they share.
 */

/** RE2 rejects larger counts, also when nested groups multiply them. */
const MAX_COUNT = 1_000;
/** Rust compiles a pattern to at most 10 MB: some 200 times a set of Unicode, which is large there. */
const MAX_UNICODE_SETS = 200;

const SET = String.raw`\\[dDsSwW]`;
const ESCAPED = String.raw`\\(?:[nrtfv]|x[0-7][0-9a-fA-F]|[$()*+./?[\\\]^{|}])`;
const CHARACTER = String.raw`(?:[^\\\[\]\-]|${ESCAPED}|\\-)`;
const CLASS = String.raw`\[\^?-?(?:${SET}|${CHARACTER}(?:-${CHARACTER})?)*-?\]`;
const ATOM = String.raw`[^\\[\](){}*+?]|${SET}|\\[bB]|${ESCAPED}|${CLASS}`;
const TOKEN = new RegExp(
  String.raw`(?<open>\((?:\?:|(?!\?)))|(?<unit>\)|${ATOM})(?:[*+?]|\{(?<least>\d+)(?<range>,(?<most>\d*))?\})?\??`,
  'uy',
);
/** Empty classes, and operators of character classes in Rust and Python. */
const UNPORTABLE_CLASS = /^\[(?:\^?\]|.*(?:&&|--|~~|\|\|))/s;
const UNICODE_SET = /\\[DwW]/;

/**
 * @param source a valid pattern of JavaScript, without flags
 * @returns what engines of other languages do not compile, such as "a lookaround"; undefined for a portable pattern
 */
export function unportablePart(source: string): string | undefined {
  if (!source.isWellFormed()) return 'half of a character';
  /** The groups around the present position: the largest count in each, and its number of Unicode sets. */
  const groups = [{ count: 1, sets: 0 }];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex;
    const { open, unit = '', least, range, most } = TOKEN.exec(source)?.groups ?? {};
    if (open !== undefined) {
      groups.push({ count: 1, sets: 0 });
      continue;
    }
    const inner = unit === ')' ? groups.pop() : { count: 1, sets: UNICODE_SET.test(unit) ? 1 : 0 };
    const around = groups.at(-1);
    if (unit === '' || UNPORTABLE_CLASS.test(unit) || !inner || !around) return describe(source.slice(at));
    const times = Math.max(1, Number((range && most) || (least ?? 1)));
    around.count = Math.max(around.count, inner.count * times);
    around.sets += inner.sets * times;
    if (around.count > MAX_COUNT) return `more than ${MAX_COUNT.toLocaleString('en')} repetitions`;
    if (around.sets > MAX_UNICODE_SETS) return `more than ${MAX_UNICODE_SETS} times \\w, \\W or \\D`;
  }
  return undefined;
}

function describe(rest: string): string {
  if (/^\(\?<?[=!]/.test(rest)) return 'a lookaround';
  if (/^\\[1-9k]/.test(rest)) return 'a backreference';
  return `"${rest.slice(0, 12).toWellFormed()}"`;
}
