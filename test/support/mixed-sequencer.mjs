/** Mixes test files that wait with those that compute: side by side they use all cores, and no worker has a slow one left at the end. */
import Sequencer from '@jest/test-sequencer';

/** They wait most of their time: for timeouts, retries and programs. A fresh clone has no timings of earlier runs. */
const WAITING = [
  'test/runner/sandbox/sandbox.cloud',
  'test/executions/external-state-machines.cloud',
  'test/mcp/jobs.cloud',
  'test/webhooks/webhooks.cloud',
  'test/auth/scopes.cloud',
  'test/mcp/events.cloud',
  'test/mcp/task-clients.cloud',
  'test/auth/tokens.cloud',
  'test/local/lambda/queues.cloud',
  'test/executions/retry.cloud',
  'test/chaos/chaos.cloud',
  'test/mcp/protocol.cloud',
  'test/mcp/task-listen.cloud',
  'test/runner/execution-policies.cloud',
  'test/runner/request-input.cloud',
  'test/api/job-log.cloud',
];

/** The part of the run in which the files of a kind start. */
const PARTS = { waiting: 0.5, cloud: 0.9, unit: 1 };

const waitingRank = ({ path }) => WAITING.findIndex((name) => path.includes(name));

function kindOf(test) {
  if (waitingRank(test) >= 0) return 'waiting';
  return test.path.endsWith('.cloud.test.ts') ? 'cloud' : 'unit';
}

export default class MixedSequencer extends Sequencer {
  sort(tests) {
    const ranked = super.sort(tests).toSorted((a, b) => waitingRank(a) - waitingRank(b));
    return Object.entries(Object.groupBy(ranked, kindOf))
      .flatMap(([kind, files]) =>
        files.map((test, index) => ({ test, at: (index / files.length) * PARTS[kind] })),
      )
      .toSorted((a, b) => a.at - b.at)
      .map(({ test }) => test);
  }
}
