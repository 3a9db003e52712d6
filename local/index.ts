/**
 * The package's entry `./local`: runs your CDK app on this machine, for your own tests.
 * @module local
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AppOptions, startApp } from './app.ts';
import type { LocalCloud as Cloud } from './cloud.ts';

export type { NotRunResource } from './template/not-run.ts';

/** Options of `startLocalCloud`. All are optional. */
export interface LocalCloudOptions extends Partial<Omit<AppOptions, 'assemblyDirectory' | 'isStack'>> {}

/** A local cloud that runs your app. Call `close()` at the end of your tests. */
export interface LocalCloud extends Cloud {
  /** URL of the MCP endpoint: `http://127.0.0.1:PORT/mcp`. */
  readonly endpointUrl: string;
}

/**
 * Synthesizes your CDK app and runs it on loopback, for development and tests only. Data stays in memory, unless you give
 * `dataDirectory`. The local cloud skips resources that it does not run: see `onNotRun` and `standIns`.
 * @param options.app folder that contains cdk.json. @default the current directory
 * @throws Error when the folder contains no CDK app, synthesis fails, or not exactly one stack contains the service
 * @example
 * ```ts
 * const cloud = await startLocalCloud();
 * const client = new Client({ name: 'test', version: '1.0.0' });
 * await client.connect(new StreamableHTTPClientTransport(new URL(cloud.endpointUrl)));
 * await cloud.close();
 * ```
 */
export async function startLocalCloud(options: LocalCloudOptions = {}): Promise<LocalCloud> {
  const assemblyDirectory = await mkdtemp(join(tmpdir(), 'local-cloud-'));
  const remove = () => rm(assemblyDirectory, { recursive: true, force: true });
  try {
    const app = options.app ?? process.cwd();
    const cloud = await startApp({ onNotRun: () => {}, ...options, app, assemblyDirectory });
    return {
      ...cloud,
      endpointUrl: `${cloud.url}/mcp`,
      async close() {
        await cloud.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
