/** Judges what the clients saw, and prints it as the table of docs/guides/clients.md. */
import type { ForeignClient } from './clients.ts';
import { CHECKS, type Check, type Observation, type Verdict } from './scenario.ts';

/** What the service requires: each client runs against both. */
export const MODES = ['open', 'auth'] as const;
export type Mode = (typeof MODES)[number];

export interface Row {
  readonly client: Pick<ForeignClient, 'name' | 'language' | 'note' | 'faults'>;
  readonly observations: Readonly<Partial<Record<Mode, Observation>>>;
  /** Why it did not run. */
  readonly skipped?: string;
}

/** Returns what is not as expected, a line each: failures, and faults of clients that are mended. */
export function unexpected({ client, observations }: Row): string[] {
  return MODES.flatMap((mode) =>
    CHECKS.flatMap((check) => {
      const verdict = observations[mode]?.verdicts.get(check);
      const fault = client.faults?.[check];
      const where = `${client.name}, ${mode}, ${check}`;
      if (verdict?.outcome === 'failed' && !fault) return [`${where}: ${verdict.detail}`];
      if (verdict?.outcome === 'passed' && fault)
        return [`${where}: passes, despite its fault "${fault.reason}"`];
      return [];
    }),
  );
}

/** Returns the table in Markdown. */
export function table(rows: readonly Row[]): string {
  const head = ['client', 'version', 'revision', ...CHECKS, 'note'];
  const lines = rows.map(({ client, observations, skipped }) => {
    const ready = MODES.map((mode) => observations[mode]?.ready).find((found) => found);
    return [
      `${client.name} (${client.language})`,
      ready?.version ?? '',
      ready?.protocol ?? '',
      ...CHECKS.map((check) =>
        cell(
          MODES.flatMap((mode) => observations[mode]?.verdicts.get(check) ?? []),
          check,
          client,
        ),
      ),
      noteOf(client, skipped),
    ];
  });
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** A check counts when it passes in every mode. */
function cell(verdicts: readonly Verdict[], check: Check, { faults }: Row['client']): string {
  if (verdicts.length === 0) return '';
  if (verdicts.some(({ outcome }) => outcome === 'failed'))
    return faults?.[check] ? 'its fault' : '**fails**';
  if (verdicts.some(({ outcome }) => outcome === 'lacking')) return '–';
  const [detail] = verdicts.flatMap((verdict) =>
    verdict.outcome === 'passed' ? (verdict.detail ?? []) : [],
  );
  return detail ?? 'yes';
}

function noteOf({ note, faults = {} }: Row['client'], skipped: string | undefined): string {
  const sentences = Object.entries(faults).map(
    ([check, { reason, issue }]) => `${check}: ${reason}${issue ? ` ([issue](${issue}))` : ''}`,
  );
  return [...(skipped ? [`skipped: ${skipped}`] : []), ...(note ? [note] : []), ...sentences]
    .join('; ')
    .replaceAll(/\s+/g, ' ');
}
