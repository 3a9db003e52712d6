/** Reads texts from the CDK context. */
import type { Node } from 'constructs';

/** @returns undefined for a key that is absent or empty: `-c key=` is the same as no key */
export function contextText(node: Pick<Node, 'tryGetContext'>, key: string): string | undefined {
  const value: unknown = node.tryGetContext(key);
  return value === undefined || value === '' ? undefined : String(value);
}
