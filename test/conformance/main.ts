/** `npm run conformance`: the official suite against the local cloud, as a table. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalCloud } from '../../local/cloud.ts';
import { synthesize } from '../../local/synthesize.ts';
import { REVISIONS, runSuite } from './suite.ts';

const directory = await mkdtemp(join(tmpdir(), 'conformance-app-'));
try {
  const cloud = await startLocalCloud({
    assemblyDirectory: await synthesize(directory, 'test/conformance/app.ts'),
  });
  for (const revision of REVISIONS) {
    for (const { scenario, passed, failures, skipped } of await runSuite(`${cloud.url}/mcp`, revision)) {
      console.log(revision, scenario, passed, failures.length, skipped);
      for (const failure of failures) console.log('   ', failure);
    }
  }
  await cloud.close();
} finally {
  await rm(directory, { recursive: true, force: true });
}
