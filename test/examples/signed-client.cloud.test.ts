import { connectSigned } from '../../examples/signed-client.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { call } from '../support/test-cloud.ts';

test("a signed request is its signer's: the owner of a job is the user of the access key", async () => {
  const cloud = await sharedCloud();
  const connect = (accessKeyId: string) =>
    connectSigned(`${cloud.url}/mcp`, 'us-east-1', { accessKeyId, secretAccessKey: 'secret' });
  const [alice, bob] = await Promise.all([connect('alice'), connect('bob')]);
  const { data } = await call(alice, 'start_echo', { text: 'hello', wait_seconds: 20 });
  expect(data).toMatchObject({ status: 'completed', result: { text: 'hello' } });
  expect((await call(bob, 'check_job', { job_id: data.job_id })).data.error.code).toBe('JOB_NOT_FOUND');
  await Promise.all([alice.close(), bob.close()]);
});
