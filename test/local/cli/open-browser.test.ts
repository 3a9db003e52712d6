/** Tests how the demo opens the console, on each system and without a browser. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { consoleUrl, readOptions } from '../../../local/cli/demo.ts';
import { browserCommand, openBrowser } from '../../../local/cli/open-browser.ts';

const URL_OF_JOB = 'http://127.0.0.1:3000/console#/jobs/7d5fbf9e-0000-4000-8000-000000000001';

test('the page of a job is a route of the console', () => {
  const cloud = { url: 'http://127.0.0.1:3000' };
  expect(consoleUrl(cloud, '7d5fbf9e-0000-4000-8000-000000000001')).toBe(URL_OF_JOB);
});

test('only --open opens it', () => {
  expect([readOptions([])?.open, readOptions(['--open'])?.open]).toEqual([false, true]);
});

test.each([
  ['darwin', ['open', URL_OF_JOB]],
  ['win32', ['cmd', '/c', 'start', '""', URL_OF_JOB]],
  ['linux', ['xdg-open', URL_OF_JOB]],
  ['freebsd', ['xdg-open', URL_OF_JOB]],
] as const)('%s has a command for it', (platform, command) => {
  expect(browserCommand(URL_OF_JOB, platform)).toEqual(command);
});

test('the command gets the whole URL', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'browser-'));
  const file = join(directory, 'url');
  const write = `require('fs').writeFileSync(process.argv[1], process.argv[2])`;
  openBrowser([process.execPath, '-e', write, file, URL_OF_JOB], () => {
    throw new Error('It failed.');
  });
  let opened = '';
  while (opened === '') {
    await delay(10);
    opened = await readFile(file, 'utf8').catch(() => '');
  }
  expect(opened).toBe(URL_OF_JOB);
  await rm(directory, { recursive: true });
});

test.each([
  ['does not exist', ['no-such-browser', URL_OF_JOB]],
  ['fails', [process.execPath, '-e', 'process.exit(3)']],
] as const)('a command that %s is reported', async (_what, command) => {
  await new Promise<void>((resolve) => openBrowser(command, resolve));
});
