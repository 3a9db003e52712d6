/** Tests that the log of a running step can be read within ten seconds, and over the end of a killed attempt. */
import { setTimeout as delay } from 'node:timers/promises';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { assemblies } from '../support/assemblies.ts';
import { apiClient } from '../support/openapi.ts';
import { operationName } from '../support/operation-name.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { awsClients, call, connect } from '../support/test-cloud.ts';

test('a line is read within ten seconds of being printed, also after its attempt was killed', async () => {
  const cloud = await sharedCloud();
  const client = await connect(cloud, { owner: 'ada' });
  const api = apiClient(cloud, 'ada');
  const { s3 } = awsClients(cloud);
  const { data: begun } = await call(client, 'start_probe', { behaviour: 'narrate' });
  const job_id: string = begun.job_id;
  let text = '';
  let after = '';
  const read = async () => {
    const { data } = await api(`GET /jobs/${job_id}/log${after && `?after=${after}`}`);
    text += data.text;
    after = data.next_after;
    return data;
  };

  // The first part has the lines of eight seconds.
  const delays: number[] = [];
  for (let printed = 0; delays.length < 30; await delay(1_000)) {
    const { complete, poll_after_ms } = await read();
    expect(complete).toBe(false);
    expect(poll_after_ms).toBeGreaterThanOrEqual(1_000);
    const lines = [...text.matchAll(/^0 \d+ (\d+) /gm)].slice(printed);
    printed += lines.length;
    delays.push(...lines.map(([, time]) => Date.now() - Number(time)));
  }
  // A second is between two reads.
  expect(Math.max(...delays)).toBeLessThan(10_000);
  const running = await call(client, 'read_log', { job_id, tail: 1 });
  expect(running.data).toMatchObject({ status: 'running', text: expect.stringMatching(/^0 \d+ .* ä€😀\n$/) });
  const { contents } = await client.readResource({ uri: `job://${job_id}/log/prepare` });
  const [log, more] = contents.map((each) => ('text' in each ? each : { uri: each.uri, text: '' }));
  expect(log?.text).toMatch(/^0 0 \d+ ä€😀\n0 1 /);
  expect(more).toMatchObject({ text: `The log grows. Read ${more?.uri} in 10 s.` });
  expect((await client.readResource({ uri: more?.uri ?? '' })).contents).toMatchObject([
    { text: '' },
    { uri: more?.uri },
  ]);

  expect(cloud.interrupt(await operationName(assemblies.test, 'probe'))).toBeGreaterThan(0);
  for (let complete = false; !complete; await delay(1_000)) ({ complete } = await read());
  expect(text).toMatch(
    /^== prepare ==\n(0 \d+ \d+ ä€😀\n)+-- attempt 2 --\n(1 \d \d+ ä€😀\n){5}== act ==\nattempt 0\n$/,
  );
  const whole = await call(client, 'read_log', { job_id, step: 'act' });
  expect(whole.data).toMatchObject({ status: 'completed', text: 'attempt 0\n' });

  const Bucket = cloud.outputs.WorkspaceBucketName;
  const stored = await s3.send(new GetObjectCommand({ Bucket, Key: `logs/${job_id}/prepare.log` }));
  expect(text).toContain(`== prepare ==\n${await stored.Body?.transformToString()}== act ==\n`);
  // The second attempt was too short for a part of its own.
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: `logs/${job_id}/` }));
  expect(Contents.map(({ Key }) => Key?.slice(`logs/${job_id}/`.length))).toEqual([
    'act.log',
    'prepare.log',
    'prepare/00.log',
  ]);

  const bob = apiClient(cloud, 'bob');
  expect(await bob(`GET /jobs/${job_id}/log?after=${after}`)).toMatchObject({
    status: 404,
    data: { error: { code: 'JOB_NOT_FOUND' } },
  });
  s3.destroy();
  await client.close();
}, 60_000);
