/** Uploads a project for the build operation, to `projects/<name>.tar.gz` in the workspace bucket. */
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { packProject } from './pack-project.ts';

/** The stack output with the name of the bucket. */
export const BUCKET_OUTPUT = 'WorkspaceBucketName';

/**
 * @param say receives a sentence about files that are left out, if any
 * @returns the object key
 * @throws Error for a directory without a Node.js project, or with one that the operations would refuse
 */
export async function uploadProject(
  client: S3Client,
  bucket: string,
  directory: string,
  name: string,
  say?: (sentence: string) => void,
): Promise<string> {
  const archive = await packProject(directory, say);
  try {
    const Key = `projects/${name}.tar.gz`;
    const { size: ContentLength } = await stat(archive);
    await client.send(
      new PutObjectCommand({ Bucket: bucket, Key, Body: createReadStream(archive), ContentLength }),
    );
    return Key;
  } finally {
    await rm(dirname(archive), { recursive: true });
  }
}
