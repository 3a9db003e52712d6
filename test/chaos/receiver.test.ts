/** Tests that the receiver of a run of chaos counts the attempts in a sandbox. */
import { expect, test } from '@jest/globals';
import { ChaosReceiver } from './receiver.ts';

test('an attempt in a sandbox ends at its third tick, and twice when it runs twice', async () => {
  const receiver = await ChaosReceiver.start({ failing: 0, random: () => 0 });
  const tick = async (attempt: number) =>
    (await fetch(`${receiver.url('ticks/key')}?attempt=${attempt}`)).status;
  expect([await tick(0), await tick(0), await tick(1), await tick(0)]).toEqual([200, 200, 200, 204]);
  expect([...receiver.work]).toEqual([['key act 0', 1]]);
  for (let ticks = 0; ticks < 3; ticks++) await tick(0);
  expect([...receiver.work]).toEqual([['key act 0', 2]]);
  receiver.close();
});
