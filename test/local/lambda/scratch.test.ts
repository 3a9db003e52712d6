/** What instances leave: their processes end and their directories go, also those of a killed cloud, and no others. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createScratch, removeLeftScratches, removeScratches } from '../../../local/lambda/scratch.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'scratch-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Starts a process that lasts, and is the leader of its own session. */
function start(TMPDIR: string) {
  return spawn('sleep', ['60'], { env: { ...process.env, TMPDIR }, detached: true, stdio: 'ignore' });
}

test('an instance that ends takes its processes along, and those of no other', async () => {
  const [own, other] = [createScratch(directory), createScratch(directory)];
  const [left, kept] = [start(join(own, 'jobs', 'scratch')), start(`${own}-not`)];
  const ended = once(left, 'exit');
  await removeScratches(own);
  expect(await ended).toEqual([null, 'SIGKILL']);
  expect([existsSync(own), existsSync(other), kept.exitCode, kept.signalCode]).toEqual([
    false,
    true,
    null,
    null,
  ]);
  kept.kill('SIGKILL');
});

test('a start removes what a killed cloud has left, and nothing of one that runs', async () => {
  const { pid } = spawnSync('true');
  const dead = join(directory, `lambda-${pid}-x1`);
  mkdirSync(join(dead, 'jobs'), { recursive: true });
  const alive = createScratch(directory);
  const left = start(dead);
  const ended = once(left, 'exit');
  await removeLeftScratches(directory);
  expect(await ended).toEqual([null, 'SIGKILL']);
  expect([existsSync(dead), existsSync(alive)]).toEqual([false, true]);
});
