/** Tests where local clouds run that start beside each other. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PlaceOptions, takePlace } from '../../../local/cli/take-place.ts';
import { listenOnLoopback } from '../../../local/shared/loopback-server.ts';

let app: string;

beforeEach(async () => {
  app = await mkdtemp(join(tmpdir(), 'place-'));
});
afterEach(() => rm(app, { recursive: true, force: true }));

const take = (options: Partial<PlaceOptions> = {}) =>
  takePlace({ app, port: 0, isPortChosen: false, auth: false, ephemeral: true, ...options });

test('a second ephemeral cloud gets a directory and a port of its own, and removes the directory', async () => {
  const port = 3000;
  const first = await take({ isPortChosen: true, port });
  expect(first).toMatchObject({ directory: join(app, '.local'), port });
  const second = await take({ port });
  expect(second.port).toBe(0);
  expect(second.directory).not.toBe(first.directory);
  await second.leave();
  expect(existsSync(second.directory)).toBe(false);
  await first.leave();
  const third = await take();
  expect(third.directory).toBe(first.directory);
  await third.leave();
});

test('a cloud with data does not start beside another one in its directory', async () => {
  const first = await take();
  await expect(take({ ephemeral: false })).rejects.toThrow(`Another local cloud uses ${first.directory}`);
  await first.leave();
  // It locks the directory itself.
  const second = await take({ ephemeral: false });
  expect(await take({ ephemeral: false })).toMatchObject({ directory: second.directory });
});

test('a default port in use gives way to a free one, a chosen port does not', async () => {
  const { url, close } = await listenOnLoopback(() => {});
  const port = Number(new URL(url).port);
  for (const [options, expected] of [
    [{ port }, 0],
    [{ port: port - 1, auth: true }, 0],
    [{ port, isPortChosen: true }, port],
  ] as const) {
    const place = await take(options);
    expect(place.port).toBe(expected);
    await place.leave();
  }
  await close();
});
