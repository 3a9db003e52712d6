import { jest } from '@jest/globals';
import * as z from 'zod';
import { defineOperation } from '../../lambdas/definition/define-operation.ts';
import { presentResult } from '../../lambdas/definition/present-result.ts';
import { log } from '../../lambdas/shared/observability/log.ts';

const operation = defineOperation({
  name: 'order',
  description: 'Delivers.',
  input: z.object({}),
  output: z.object({ parcel: z.string() }),
  steps: { deliver: {} },
  text: ({ parcel }) => parcel.toUpperCase(),
});

afterEach(() => jest.restoreAllMocks());

test('a definition describes its results', () => {
  expect(presentResult(operation, 'text', { parcel: 'p' })).toBe('P');
});

test('a method that the definition lacks describes nothing', () => {
  expect(presentResult(operation, 'files', { parcel: 'p' })).toBeUndefined();
  expect(presentResult(undefined, 'text', {})).toBeUndefined();
});

test('a result of an earlier definition is described by nothing, and logged', () => {
  const warn = jest.spyOn(log, 'warn').mockImplementation(() => {});
  expect(presentResult(operation, 'text', { shipped: true })).toBeUndefined();
  expect(warn).toHaveBeenCalledWith(
    expect.any(String),
    expect.objectContaining({ operation: 'order', part: 'text' }),
  );
});
