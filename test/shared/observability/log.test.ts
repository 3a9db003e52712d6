/** Tests which keys a log line has, and when debug lines are written. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { addLogKeys, log, withLogKeys } from '../../../lambdas/shared/observability/log.ts';
import type { LogKeys } from '../../../lambdas/shared/observability/log-keys.ts';
import { observe } from '../../../lambdas/shared/observability/observe.ts';
import { hashOwner } from '../../../lambdas/shared/observability/redact.ts';
import { ThrownResult } from '../../../lambdas/shared/observability/thrown-result.ts';
import { captureLog } from '../../support/log-lines.ts';

const lines = captureLog();

afterEach(() => {
  delete process.env._X_AMZN_TRACE_ID;
});

const context = { functionName: 'deliver', awsRequestId: 'request-1' } as Context;
const handlerOf = (run: (event: LogKeys) => unknown) =>
  middy(async (event: LogKeys) => run(event)).use(observe((event: LogKeys) => event));
const invoke = (run: (event: LogKeys) => unknown, event: LogKeys = {}) => handlerOf(run)(event, context);

test('a line has the keys of its invocation, and the owner as a hash', async () => {
  process.env._X_AMZN_TRACE_ID = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=557abcec3ee5a047;Sampled=1';
  const keys = {
    job_id: 'a',
    operation: 'build',
    owner: 'alice',
    step: 'test',
    attempt: 2,
    correlation_id: 'g',
  };
  await invoke(() => log.warn('Slow', { waitedMs: 5 }), keys);
  expect(lines).toEqual([
    {
      level: 'WARN',
      message: 'Slow',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      function: 'deliver',
      request_id: 'request-1',
      cold_start: expect.any(Boolean),
      trace_id: '5759e988bd862e3fe1be46a994272793',
      ...keys,
      owner: hashOwner('alice'),
      waitedMs: 5,
    },
  ]);
});

test('records that run at the same time do not share their keys', async () => {
  const handle = (job_id: string, ms: number) =>
    withLogKeys({ job_id, owner: job_id }, async () => {
      await delay(ms);
      addLogKeys({ step: `of ${job_id}` });
      await delay(2);
      await withLogKeys({ delivery_id: `d-${job_id}` }, async () => log.info('Nested'));
      log.info('Done');
    });
  await invoke(() => Promise.all([handle('a', 3), handle('b', 1), handle('c', 2)]), { operation: 'build' });
  log.info('After');
  const seen = lines.map(({ message, job_id, step, delivery_id, operation }) => [
    message,
    job_id,
    step,
    delivery_id,
    operation,
  ]);
  const expected = ['a', 'b', 'c'].flatMap((id) => [
    ['Nested', id, `of ${id}`, `d-${id}`, 'build'],
    ['Done', id, `of ${id}`, undefined, 'build'],
  ]);
  expect(seen.slice(0, -1).sort()).toEqual(expected.sort());
  expect(seen.at(-1)).toEqual(['After', undefined, undefined, undefined, 'build']);
});

test('the keys of a record stand before those of its invocation, and an unknown key hides none', async () => {
  await invoke(
    () => {
      log.info('Unknown in the line', { job_id: undefined });
      withLogKeys({ job_id: 'inner', operation: undefined }, () => {
        addLogKeys({ owner: undefined, step: 'test' });
        log.info('Inner');
        log.info('Own', { job_id: 'own' });
      });
      withLogKeys({}, () => {
        addLogKeys({ job_id: 'added' });
        log.info('Added');
      });
    },
    { job_id: 'outer', operation: 'build' },
  );
  expect(lines.map(({ message, job_id, operation }) => [message, job_id, operation])).toEqual([
    ['Unknown in the line', 'outer', 'build'],
    ['Inner', 'inner', 'build'],
    ['Own', 'own', 'build'],
    ['Added', 'added', 'build'],
  ]);
});

test('an invocation does not have the keys of the one before', async () => {
  await invoke(() => addLogKeys({ step: 'test' }), { job_id: 'a' });
  await invoke(() => log.info('Next'));
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toHaveProperty('job_id');
  expect(lines[0]).not.toHaveProperty('step');
});

test('an error that nothing catches is logged, and one that is the result of the handler is not', async () => {
  class Ended extends ThrownResult {}
  const error = new Error('unavailable');
  await expect(invoke(() => Promise.reject(new Ended('ended')), { job_id: 'a' })).rejects.toThrow('ended');
  expect(lines).toEqual([]);
  await expect(invoke(() => Promise.reject(error), { job_id: 'a' })).rejects.toBe(error);
  expect(lines).toMatchObject([
    { level: 'ERROR', message: 'The invocation failed', job_id: 'a', error: { message: 'unavailable' } },
  ]);
});

describe('debug lines', () => {
  const messages = () => lines.map(({ level, message, job_id }) => [level, message, job_id]);
  beforeEach(() => {
    process.env._X_AMZN_TRACE_ID = 'Root=1-5759e988-bd862e3fe1be46a994272793';
  });

  test('are not written when all goes well', async () => {
    await invoke(() => log.debug('Detail'));
    expect(lines).toEqual([]);
  });

  test('are written before an error that follows, with the keys of their own record', async () => {
    await invoke(() => {
      withLogKeys({ job_id: 'a' }, () => log.debug('Detail'));
      withLogKeys({ job_id: 'b' }, () => log.error('Failed'));
    });
    expect(messages()).toEqual([
      ['DEBUG', 'Detail', 'a'],
      ['ERROR', 'Failed', 'b'],
    ]);
  });

  test('are written before an error that nothing catches', async () => {
    const failing = invoke(() => {
      log.debug('Detail');
      throw new Error('unavailable');
    });
    await expect(failing).rejects.toThrow('unavailable');
    expect(messages()).toMatchObject([
      ['DEBUG', 'Detail'],
      ['ERROR', 'The invocation failed'],
    ]);
  });

  test('of an earlier invocation are not written, even in the same trace', async () => {
    await invoke(() => log.debug('Earlier'));
    await invoke(() => log.error('Failed'));
    expect(messages()).toMatchObject([['ERROR', 'Failed']]);
  });

  test('are bounded: the oldest go first', async () => {
    await invoke(() => {
      for (let line = 0; line < 1_000; line++) log.debug(`Detail ${line}`, { text: 'x '.repeat(100) });
      log.error('Failed');
    });
    expect(lines.length).toBeLessThan(100);
    expect(messages()).toContainEqual(['DEBUG', 'Detail 999', undefined]);
  });
});
