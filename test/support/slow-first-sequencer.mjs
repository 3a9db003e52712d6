/** Starts slow test files first, so that no worker has one left when the others are done. */
import Sequencer from '@jest/test-sequencer';

/** The slowest: they start programs, install packages, or wait for retries. A fresh clone has no timings of earlier runs. */
const SLOWEST = [
  'test/chaos/chaos',
  'test/runner/sandbox/sandbox',
  'test/executions/external-state-machines',
  'test/mcp/event-stream.cloud',
  'test/webhooks/webhooks.cloud',
  'test/mcp/jobs.cloud',
  'test/mcp/events.cloud',
  'test/mcp/task-listen',
  'test/auth/tokens',
  'test/executions/retry',
  'test/mcp/task-clients',
  'test/mcp/protocol',
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
