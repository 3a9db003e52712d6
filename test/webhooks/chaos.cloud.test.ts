/** Tests that failures lose no event; `npm run chaos` does the same with a thousand jobs. */

import { startTestCloud } from '../support/test-cloud.ts';
import { runChaos } from '../support/webhook-chaos.ts';

test('every event of every job arrives although the receiver fails and functions are killed', async () => {
  const cloud = await startTestCloud({ allowLoopbackWebhooks: true });
  const outcome = await runChaos(cloud, { jobs: 40, kills: 4, failing: 0.3, limitMs: 150_000 });
  expect(outcome).toMatchObject({ jobs: 40, withGaps: [], deadLetters: 0, contradictions: 0 });
  expect(outcome.instancesKilled).toBeGreaterThanOrEqual(4);
  expect(outcome.failedOnPurpose).toBeGreaterThan(0);
  await cloud.close();
}, 200_000);
