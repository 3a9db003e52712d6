/** A stack with everything that it can be deployed with runs on loopback too, where names and firewalls mean nothing. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalCloud } from '../../../local/cloud.ts';
import { synthesizeSource } from '../../support/synthesize-source.ts';
import { call, connect } from '../../support/test-cloud.ts';

test('with a domain, a hosted zone and a firewall the endpoint answers on loopback', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'custom-domain-'));
  const assemblyDirectory = await synthesizeSource(directory, 'bin/app.ts', {
    authorization: 'iam',
    domainName: 'jobs.example.com',
    certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/11112222-3333-4444-5555-666677778888',
    hostedZoneId: 'Z1',
    hostedZoneName: 'example.com',
    firewall: 'true',
  });
  const cloud = await startLocalCloud({ assemblyDirectory });
  try {
    expect(cloud.outputs.McpEndpoint).toBe('https://jobs.example.com/mcp');
    const client = await connect(cloud);
    expect((await call(client, 'list_jobs')).data.jobs).toEqual([]);
    await client.close();
  } finally {
    await cloud.close();
    await rm(directory, { recursive: true, force: true });
  }
}, 60_000);
