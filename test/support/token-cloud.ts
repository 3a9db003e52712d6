/** Starts the local cloud with the test catalogue and authentication by access tokens. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authorizationContext } from '../../local/cli/identity-provider.ts';
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from '../../local/cloud.ts';
import { synthesizeSource } from './synthesize-source.ts';

/** @param context further options of the authorization, besides the issuer */
export async function startTokenCloud(
  issuer: string,
  { context = {}, ...options }: Partial<LocalCloudOptions> & { context?: Record<string, string> } = {},
): Promise<LocalCloud> {
  const directory = await mkdtemp(join(tmpdir(), 'token-cloud-'));
  const assemblyDirectory = await synthesizeSource(directory, 'test/fixtures/app.ts', {
    ...authorizationContext({ issuer }),
    ...context,
  });
  const cloud = await startLocalCloud({ assemblyDirectory, ...options });
  return {
    ...cloud,
    async close() {
      await cloud.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
