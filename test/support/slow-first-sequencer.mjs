/** Starts slow test files first, so that no worker has one left when the others are done. */
import Sequencer from '@jest/test-sequencer';

/** The slowest: they start programs, install packages, or wait for retries. A fresh clone has no timings of earlier runs. */
const SLOWEST = [
  'test/chaos/chaos',
  'test/mcp/event-stream.cloud',
  'test/operations/call-api',
  'test/operations/deploy',
  'test/local/iam/report',
  'test/operations/upload',
  'test/operations/download',
  'test/executions/external-state-machines',
  'test/operations/build/steps',
  'test/operations/migrate',
  'test/runner/sandbox/sandbox',
  'test/local/own-stack',
  'test/executions/deploys',
  'test/local/iam/grants',
  'test/auth/tokens',
  'test/operations/build/scripts',
  'test/lib/async-operations',
];

export default class SlowFirstSequencer extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const slow = SLOWEST.findIndex((name) => path.includes(name));
      if (slow >= 0) return slow;
      return path.endsWith('.cloud.test.ts') ? SLOWEST.length : SLOWEST.length + 1;
    };
    return super.sort(tests).toSorted((a, b) => rank(a) - rank(b));
  }
}
