/** What the steps of a build hand to the ones after them. */
import type { Json } from '../../shared/json.ts';
import type { Snapshot } from './tree.ts';

export type BuildResults = {
  readonly install: { readonly snapshot: Snapshot };
  /** The snapshot is install's own when nothing ran. */
  readonly compile: { readonly snapshot: Snapshot; readonly ran: boolean };
  readonly test: { readonly ran: boolean };
};

/** What an earlier step returned. The cast is safe: the state machine passes it on as it was returned. */
export function resultOf<Name extends keyof BuildResults>(
  { results }: { readonly results: Readonly<Record<string, Json>> },
  step: Name,
): BuildResults[Name] {
  return results[step] as BuildResults[Name];
}
