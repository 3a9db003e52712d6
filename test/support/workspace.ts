/** Creates a workspace bucket on an S3 protocol server, in this process, on a free loopback port. */
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { startFauxqs } from 'fauxqs';

export const BUCKET_NAME = 'workspace';

export async function startWorkspaceBucket() {
  const server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  const url = `http://127.0.0.1:${server.port}`;
  const client = new S3Client({
    endpoint: url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET_NAME }));
  return {
    url,
    client,
    put: (Key: string, Body: string | Buffer) =>
      client.send(new PutObjectCommand({ Bucket: BUCKET_NAME, Key, Body })),
    read: async (Key: string): Promise<string> => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET_NAME, Key }));
      return (await Body?.transformToString()) ?? '';
    },
    close: async () => {
      client.destroy();
      await server.stop();
    },
  };
}
