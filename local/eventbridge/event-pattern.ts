/** Matches events with the patterns of EventBridge rules and of filter criteria. A pattern nests like the event. */

/** A value to equal, or one of three comparisons. Other comparisons are not supported. */
type Matcher =
  | string
  | number
  | boolean
  | null
  | { readonly exists: boolean }
  | { readonly prefix: string }
  | { readonly 'anything-but': unknown };

export interface EventPattern {
  readonly [field: string]: EventPattern | readonly Matcher[];
}

/**
 * @param owner resource that an error names: `Rule jobs`
 * @throws Error naming the part of the pattern that the local cloud cannot match
 */
export function checkPattern(owner: string, pattern: unknown): asserts pattern is EventPattern {
  if (typeof pattern !== 'object' || pattern === null || Array.isArray(pattern))
    throw unknownPart(owner, pattern);
  for (const [field, inner] of Object.entries(pattern)) {
    if (field.startsWith('$')) throw unknownPart(owner, { [field]: inner });
    if (!Array.isArray(inner)) checkPattern(owner, inner);
    else for (const matcher of inner) if (!isMatcher(matcher)) throw unknownPart(owner, matcher);
  }
}

function unknownPart(owner: string, part: unknown): Error {
  return new Error(
    `${owner} has a pattern that the local cloud cannot match, at ${JSON.stringify(part)}: ` +
      'use lists of exact values, exists, prefix and anything-but.',
  );
}

function isMatcher(matcher: unknown): matcher is Matcher {
  if (typeof matcher !== 'object' || matcher === null) return true;
  const [[name, argument] = [], ...others] = Object.entries(matcher);
  if (others.length > 0) return false;
  if (name === 'exists') return typeof argument === 'boolean';
  if (name === 'prefix') return typeof argument === 'string';
  return name === 'anything-but' && [argument].flat().every((value) => typeof value !== 'object');
}

/** Returns true when each field of the pattern matches the value of the event. */
export function matches(pattern: EventPattern, event: unknown): boolean {
  return Object.entries(pattern).every(([field, inner]) => {
    const value = (event as Readonly<Record<string, unknown>> | null | undefined)?.[field];
    return isList(inner) ? inner.some((matcher) => matchesValue(matcher, value)) : matches(inner, value);
  });
}

function isList(inner: EventPattern | readonly Matcher[]): inner is readonly Matcher[] {
  return Array.isArray(inner);
}

/** For a list, one matching element is enough. */
function matchesValue(matcher: Matcher, value: unknown): boolean {
  if (Array.isArray(value)) return value.some((element) => matchesValue(matcher, element));
  if (typeof matcher !== 'object' || matcher === null) return value === matcher;
  if ('exists' in matcher) return (value !== undefined) === matcher.exists;
  if ('prefix' in matcher) return typeof value === 'string' && value.startsWith(matcher.prefix);
  return value !== undefined && ![matcher['anything-but']].flat().includes(value);
}
