/** Checks the reasons on docs/reference/conformance.md against those that `npm run conformance` prints. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { NOT_APPLICABLE } from '../conformance/expectations.ts';

test('docs/reference/conformance.md says why a check does not apply', () => {
  const page = readFileSync('docs/reference/conformance.md', 'utf8');
  const rows = page.matchAll(/^\| ([\w-]+) \| (?:not applicable|in part) \| \d+ \| (.*) \|$/gm);
  const reasons = [...rows].map(([, scenario = '', reason = '']) => [scenario, reason]);
  expect(Object.fromEntries(reasons)).toEqual(
    Object.fromEntries(Object.entries(NOT_APPLICABLE).map(([scenario, { reason }]) => [scenario, reason])),
  );
});
