/** Reads a static value of an API Gateway mapping: text between single quotes, the only kind supported here. */

/** @throws Error naming the resource, for a value that is not static */
export function staticText(logicalId: string, value: string): string {
  const [, text] = /^'(.*)'$/s.exec(value) ?? [];
  if (text === undefined)
    throw new Error(`${logicalId} maps ${value}: give 'static' text, which the local gateway supports.`);
  return text;
}
