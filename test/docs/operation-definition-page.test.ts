/** Checks that the page of definitions names the limits that the checks of definitions use. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { readConstant } from '../../scripts/reference/constants.ts';

const DEFINE = 'lambdas/definition/define-operation.ts';
const DEFINITION = 'lambdas/definition/operation-definition.ts';
const CHECK = 'lambdas/definition/validate-definition.ts';

test.each([
  ['name', CHECK, 'MAX_TOOL_NAME'],
  ['toolName', CHECK, 'MAX_TOOL_NAME'],
  ['aliases', CHECK, 'MAX_TOOL_NAME'],
  ['steps', DEFINE, 'MAX_STEPS'],
  ['timeoutMs', DEFINE, 'MAX_STEP_TIMEOUT_MS'],
  ['retries', DEFINE, 'MAX_RETRIES'],
  ['inputTimeoutMs', DEFINE, 'MIN_INPUT_TIMEOUT_MS'],
  ['inputTimeoutMs', DEFINE, 'MAX_INPUT_TIMEOUT_MS'],
  ['max', DEFINE, 'MAX_CALLS'],
  ['periodMs', DEFINE, 'MAX_CALLS_PERIOD_MS'],
  ['memoryMb', DEFINITION, 'MIN_MEMORY_MB'],
  ['memoryMb', DEFINITION, 'MAX_MEMORY_MB'],
  ['storageMb', DEFINITION, 'MIN_STORAGE_MB'],
  ['storageMb', DEFINITION, 'MAX_STORAGE_MB'],
  ['limitMs', DEFINITION, 'LONGEST_CALL_MS'],
])('the row of %s has the limit of %s, %s', (field, file, constant) => {
  const row = page().find((line) => line.startsWith(`| \`${field}\` |`));
  const limit = readConstant(file, constant).toLocaleString('en-US');
  expect(row).toMatch(new RegExp(`\\b${limit}\\b`));
});

test('each field has a default and a meaning', () => {
  const rows = page().filter((line) => line.startsWith('| `'));
  expect(rows.filter((row) => /\|\s*\|/.test(row))).toEqual([]);
});

function page(): readonly string[] {
  return readFileSync('docs/reference/operation-definition.md', 'utf8').split('\n');
}
