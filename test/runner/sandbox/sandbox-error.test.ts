/** Tests what a sandbox logs about a step that fails, and about one that was stopped. */

import { jest } from '@jest/globals';
import { toSandboxError } from '../../../lambdas/runner/sandbox/sandbox-handler.ts';
import { log } from '../../../lambdas/shared/observability/log.ts';

afterEach(() => jest.restoreAllMocks());

test('a step that was stopped, as by a cancel, is no unexpected failure', () => {
  const error = jest.spyOn(log, 'error').mockImplementation(() => {});
  const info = jest.spyOn(log, 'info').mockImplementation(() => {});
  const closed = new Error('The attempt has to stop.');
  toSandboxError(closed, AbortSignal.abort(closed));
  expect(error).not.toHaveBeenCalled();
  expect(info).toHaveBeenCalledWith('Sandboxed step stopped', { reason: String(closed) });
  expect(toSandboxError(new TypeError('x'), new AbortController().signal)).toMatchObject({
    code: 'INTERNAL_ERROR',
  });
  expect(error).toHaveBeenCalledTimes(1);
});
