/** Serves packages of a test as a package registry on this machine. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as tar from 'tar';

/** Fields of package.json beside the name and the version 1.0.0, and the other files. */
export interface TestPackage {
  readonly manifest?: object;
  readonly files?: Readonly<Record<string, string>>;
}

export interface NpmRegistry {
  /** With a slash at its end. */
  readonly url: string;
  /** Hash of each package's archive, as lock files contain it. */
  readonly integrity: Readonly<Record<string, string>>;
  /** Paths of the requests so far. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

export async function startNpmRegistry(
  packages: Readonly<Record<string, TestPackage>>,
): Promise<NpmRegistry> {
  const archives = new Map<string, Buffer>();
  const integrity: Record<string, string> = {};
  for (const [name, content] of Object.entries(packages)) {
    const archive = await pack(name, content);
    archives.set(name, archive);
    integrity[name] = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
  }
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push(path);
    const [, name = '', tarball] = /^\/([^/]+)(\/-\/.+)?$/.exec(path) ?? [];
    const archive = archives.get(name);
    if (!archive) response.writeHead(404).end('{}');
    else if (tarball) response.end(archive);
    else {
      const dist = { tarball: `${url}${name}/-/${name}-1.0.0.tgz`, integrity: integrity[name] };
      const version = { name, version: '1.0.0', ...packages[name]?.manifest, dist };
      const body = { name, 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': version } };
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url, integrity, requests, close };
}

async function pack(name: string, { manifest, files = {} }: TestPackage): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), 'npm-registry-'));
  try {
    const all = { 'package.json': JSON.stringify({ name, version: '1.0.0', ...manifest }), ...files };
    for (const [path, content] of Object.entries(all)) {
      const file = join(directory, 'package', path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    }
    const file = join(directory, 'package.tgz');
    await tar.create({ file, cwd: directory, gzip: true, portable: true }, ['package']);
    return await readFile(file);
  } finally {
    await rm(directory, { recursive: true });
  }
}
