import { describe, expect, test } from '@jest/globals';
import type { Check, Verdict } from './scenario.ts';
import { type Row, table, unexpected } from './table.ts';

const ISSUE = 'https://example.com/issues/1';
const FAILED: Verdict = { outcome: 'failed', detail: 'no progress' };
const PASSED: Verdict = { outcome: 'passed' };

function row(verdict: Verdict, faults?: Row['client']['faults']): Row {
  const verdicts = new Map<Check, Verdict>([['progress', verdict]]);
  const ready = { version: '1.2.3', protocol: '2025-11-25', sign_in: null };
  return {
    client: { name: 'some-client', language: 'Go', faults },
    observations: { open: { ready, verdicts } },
  };
}

describe('a row of the table of clients', () => {
  test('fails with a failure that is not a known fault of the client', () => {
    expect(unexpected(row(FAILED))).toEqual(['some-client, open, progress: no progress']);
    expect(table([row(FAILED)])).toContain('**fails**');
  });

  test('does not fail with a known fault of the client, and names its issue', () => {
    const known = row(FAILED, { progress: { reason: 'drops notifications', issue: ISSUE } });
    expect(unexpected(known)).toEqual([]);
    expect(table([known])).toContain(
      `its fault |  |  |  |  |  |  |  | progress: drops notifications ([issue](${ISSUE})) |`,
    );
  });

  test('fails when a known fault is mended, so that the fault is removed', () => {
    expect(unexpected(row(PASSED, { progress: { reason: 'drops notifications' } }))).toEqual([
      'some-client, open, progress: passes, despite its fault "drops notifications"',
    ]);
  });

  test('says why a client did not run', () => {
    const skipped = { ...row(PASSED), observations: {}, skipped: 'Go is not on this machine.' };
    expect(unexpected(skipped)).toEqual([]);
    expect(table([skipped])).toContain('skipped: Go is not on this machine.');
  });
});
