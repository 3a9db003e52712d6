/** Breaks the API: its functions crash, are throttled or slow, or cannot verify tokens. */
import type { Scenario } from '../scenario.ts';

const CRASH = 'a crash of a function of the API is an error of a function';
const NO_ROOM = 'the machine of the drill may be too small for that many steps';
/** Below the number of requests from which the API's own alarms count. */
const FEW_REQUESTS = 3;
const AT_ONCE = 4;

export const apiScenarios: readonly Scenario[] = [
  {
    alarm: 'api-errors',
    cause: 'each instance of the MCP function crashes',
    also: { 'function-errors': CRASH },
    begin: async (drill) => drill.cause('crashing-function', 'Lambda::Function', /^McpFunction/),
    eachMinute: (drill) => times(6, () => drill.api('POST', '/mcp')),
  },
  {
    alarm: 'api-slow',
    cause: 'one read of the jobs table takes seconds',
    begin: async () => () => {},
    async eachMinute(drill, minute) {
      if (minute % 5 !== 1) return;
      const end = drill.cause('slow-table', 'DynamoDB::GlobalTable', /^JobsTable/);
      const slow = drill.api('GET', '/jobs/00000000-0000-4000-8000-000000000000');
      await slow;
      end();
      await times(25, () => drill.api('GET', '/endpoints'));
    },
  },
  {
    alarm: 'authorizer-errors',
    cause: 'the issuer of access tokens is down',
    async begin({ issuer }) {
      issuer.mood = 'down';
      return () => {
        issuer.mood = 'well';
      };
    },
    async eachMinute(drill) {
      // A new instance has no keys yet.
      drill.cloud.interrupt(drill.name('Lambda::Function', /^GatewayAuthorizationFunction/));
      await times(FEW_REQUESTS, async () => drill.api('GET', '/jobs', await drill.issuer.token()));
    },
  },
  {
    alarm: 'function-errors',
    cause: 'the function that queues due deliveries crashes',
    begin: async (drill) => drill.cause('crashing-function', 'Lambda::Function', /^WebhooksQueueWaiting/),
  },
  {
    alarm: 'function-throttles',
    cause: 'Lambda has no concurrency for the management API',
    begin: async (drill) => drill.cause('throttled-function', 'Lambda::Function', /^ManagementFunction/),
    eachMinute: (drill) => times(FEW_REQUESTS, () => drill.api('GET', '/jobs')),
  },
  {
    alarm: 'concurrency-near-limit',
    cause: 'more steps run at once than the account may run',
    also: { 'slo-starts-fast': NO_ROOM, 'slo-starts-slow': NO_ROOM },
    async begin(drill) {
      const ids: string[] = [];
      await eachOf(25, async () => {
        ids.push(await drill.start('probe', { behaviour: 'wait' }));
      });
      return async () => {
        await Promise.all(ids.map((job_id) => drill.tool('cancel_job', { job_id })));
      };
    },
  },
];

/** Does the same several times at once. */
export function times<T>(count: number, run: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, run));
}

/** Does the same many times, a few at once: more would take longer than the objectives allow on a small machine. */
export async function eachOf(count: number, run: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await times(AT_ONCE, async () => {
    while (next < count) await run(next++);
  });
}
