/** Writes a project whose tests fail while a service that they call is down. */
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface TestedService {
  readonly url: string;
  /** @default false */
  isUp: boolean;
  /** How often the tests ran. */
  calls: number;
  close(): void;
}

export async function startTestedService(): Promise<TestedService> {
  const server = createServer((_request, response) => {
    service.calls += 1;
    response.writeHead(service.isUp ? 200 : 503).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const service: TestedService = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    isUp: false,
    calls: 0,
    close: () => void server.close(),
  };
  return service;
}

export async function writeFlakyProject(directory: string, name: string, url: string): Promise<void> {
  const version = '2.4.0';
  const files = {
    'package.json': { name, version, scripts: { build: 'node build.js', test: 'node test.js' } },
    'package-lock.json': {
      name,
      version,
      lockfileVersion: 3,
      requires: true,
      packages: { '': { name, version } },
    },
    'build.js': `require('node:fs').writeFileSync('shop.js', 'exports.shop = true;');
console.log('shop.js  1.2 kB');
`,
    'test.js': `const tests = ['adds to the cart', 'removes from the cart', 'computes the tax'];
for (const name of tests) console.log('✔ ' + name);
fetch(${JSON.stringify(url)}).then(({ status }) => {
  console.log((status === 200 ? '✔' : '✖') + ' pays with a card');
  if (status === 200) return;
  console.error('Error: the payment service responded with status ' + status);
  process.exit(1);
});
`,
  };
  await mkdir(directory, { recursive: true });
  await Promise.all(
    Object.entries(files).map(([file, content]) =>
      writeFile(join(directory, file), typeof content === 'string' ? content : JSON.stringify(content)),
    ),
  );
}
