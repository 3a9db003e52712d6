/** Runs a stack with sixty operations. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalCloud } from '../../local/cloud.ts';
import { synthesizeSource } from '../support/synthesize-source.ts';
import { call, connect } from '../support/test-cloud.ts';

test('sixty operations synthesize and run', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'many-operations-'));
  const assemblyDirectory = await synthesizeSource(join(directory, 'assembly'), 'test/fixtures/many/app.ts');
  const cloud = await startLocalCloud({ assemblyDirectory });
  const client = await connect(cloud);
  try {
    const { tools } = await client.listTools();
    expect(tools.filter(({ name }) => name.startsWith('start_clone_'))).toHaveLength(60);
    for (const name of ['start_clone_1', 'start_clone_60']) {
      const { data } = await call(client, name, { wait_seconds: 30 });
      expect(data).toMatchObject({ status: 'completed', result: { value: 'of the first step' } });
    }
  } finally {
    await client.close();
    await cloud.close();
    await rm(directory, { recursive: true, force: true });
  }
});
