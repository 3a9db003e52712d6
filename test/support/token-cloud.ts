/** The local cloud with the test catalogue and access tokens as the way in. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authorizationBy } from '../../local/cli/identity-provider.ts';
import { synthesize } from '../../local/cli/synthesize.ts';
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from '../../local/cloud.ts';

/** @param context beside the issuer: further options of the authorization */
export async function startTokenCloud(
  issuer: string,
  { context = {}, ...options }: Partial<LocalCloudOptions> & { context?: Record<string, string> } = {},
): Promise<LocalCloud> {
  const directory = await mkdtemp(join(tmpdir(), 'token-cloud-'));
  const assemblyDirectory = await synthesize(directory, 'test/fixtures/app.ts', {
    ...authorizationBy({ issuer }),
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
