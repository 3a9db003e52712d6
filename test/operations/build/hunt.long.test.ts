/** A project whose scripts look for credentials everywhere they could be, built through the real endpoint. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { uploadProject } from '../../../local/cli/upload-project.ts';
import type { LocalCloud } from '../../../local/cloud.ts';
import { sharedCloud } from '../../support/shared-cloud.ts';
import { awsClients, call, connect } from '../../support/test-cloud.ts';

let cloud: LocalCloud;
let project: string;
beforeAll(async () => {
  cloud = await sharedCloud('app');
  project = await mkdtemp(join(tmpdir(), 'hunt-'));
});
afterAll(async () => {
  await rm(project, { recursive: true, force: true });
});

/** Prints what it finds: environments, its own and those of all processes that it may look into, and what answers. */
const HUNT = `
const { readdirSync, readFileSync } = require('node:fs');
const { homedir } = require('node:os');
const tell = (where, what) => console.log('FOUND ' + where + ' ' + String(what).replaceAll('\\0', ' '));
tell('environment', JSON.stringify(process.env));
let looked = 0;
for (const pid of readdirSync('/proc').filter((name) => /^\\d+$/.test(name))) {
  try {
    tell('/proc/' + pid + '/environ', readFileSync('/proc/' + pid + '/environ', 'utf8'));
    looked += 1;
  } catch {}
}
console.log('LOOKED into ' + looked);
for (const file of ['/.aws/credentials', '/.aws/config']) {
  try { tell(file, readFileSync(homedir() + file, 'utf8')); } catch {}
}
(async () => {
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: uri = '/', AWS_LAMBDA_RUNTIME_API: api = '127.0.0.1:9001' } = process.env;
  for (const url of [
    'http://169.254.169.254/latest/meta-data/iam/security-credentials/',
    'http://169.254.170.2' + uri,
    'http://[fd00:ec2::254]/latest/meta-data/',
    'http://' + api + '/2018-06-01/runtime/invocation/next',
  ]) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(500) }).catch(() => undefined);
    if (answer && answer.ok) tell(url, await answer.text());
  }
})();
`;

test('it finds no credentials of a function, and no name of a table, a bucket or a state machine', async () => {
  const { s3 } = awsClients(cloud);
  const client = await connect(cloud);
  await writeFile(join(project, 'hunt.js'), HUNT);
  await writeFile(
    join(project, 'package.json'),
    JSON.stringify({
      name: 'hunt',
      version: '1.0.0',
      scripts: { build: 'node hunt.js', test: 'node hunt.js' },
    }),
  );
  const Bucket = cloud.outputs.WorkspaceBucketName ?? '';
  await uploadProject(s3, Bucket, project, 'hunt');
  const { data } = await call(client, 'start_build', { project: 'hunt', wait_seconds: 30 });
  expect(data).toMatchObject({ status: 'completed' });
  // What a function's credentials and environment are recognized by here.
  const secrets = [
    ...Object.values(cloud.outputs),
    ...Object.entries(cloud.environment)
      .filter(([name]) => name.startsWith('AWS_ENDPOINT_URL_'))
      .map(([, url]) => url),
    'Credential=role.',
    'AWS_ACCESS_KEY_ID=role.',
    'STATE_MACHINE_ARN_',
    'X-Amz-Signature',
  ];
  for (const step of ['compile', 'test']) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: `logs/${data.job_id}/${step}.log` }));
    const log = (await Body?.transformToString()) ?? '';
    expect(log).toContain('FOUND environment');
    // The hunt was a real one: on Linux it sees other processes, the local cloud's own among them.
    if (process.platform === 'linux') expect(Number(/LOOKED into (\d+)/.exec(log)?.[1])).toBeGreaterThan(1);
    // Not the log itself: it has this machine's environment in it.
    expect(secrets.filter((secret) => log.includes(secret))).toEqual([]);
  }
  await client.close();
  s3.destroy();
}, 60_000);
