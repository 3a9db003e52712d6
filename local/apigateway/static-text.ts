/** A value of API Gateway's mappings that is text between single quotes: the only kind that the local gateway has. */

/** @throws Error naming the resource for a value that is to be taken from elsewhere. */
export function staticText(logicalId: string, value: string): string {
  const [, text] = /^'(.*)'$/s.exec(value) ?? [];
  if (text === undefined)
    throw new Error(`${logicalId} maps ${value}: the local gateway has 'static' text only.`);
  return text;
}
