/** Captures the lines that functions log in the process of a test. */
import { afterEach, beforeEach, jest } from '@jest/globals';
import { log, resetLogKeys } from '../../lambdas/shared/observability/log.ts';

/** Captures lines of the tests of a file or a `describe` block. @returns the lines of the test that runs, without debug lines */
export function captureLog(): readonly Readonly<Record<string, unknown>>[] {
  const lines: Record<string, unknown>[] = [];
  beforeEach(() => {
    lines.length = 0;
    log.setLogLevel('INFO');
    const { console: printer } = log as unknown as { readonly console: Console };
    for (const level of ['debug', 'info', 'warn', 'error'] as const) {
      jest.spyOn(printer, level).mockImplementation((line: string) => void lines.push(JSON.parse(line)));
    }
  });
  afterEach(() => {
    log.setLogLevel('SILENT');
    resetLogKeys();
    jest.restoreAllMocks();
  });
  return lines;
}
