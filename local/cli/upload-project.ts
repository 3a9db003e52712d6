/** Uploads a project for the build operation, to `projects/<name>.tar.gz` in the workspace bucket. */
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { build } from '../../lambdas/operations/build/operation.ts';
import { packProject } from './pack-project.ts';

/** The stack output with the name of the bucket. */
export const BUCKET_OUTPUT = 'WorkspaceBucketName';

/** @returns the object key. @throws Error for an invalid project name, or a directory without a Node.js project */
export async function uploadProject(
  client: S3Client,
  bucket: string,
  directory: string,
  name: string,
): Promise<string> {
  const { success, error } = build.input.shape.project.safeParse(name);
  if (!success) throw new Error(`"${name}" is not a project name: ${error.issues[0]?.message}`);
  const archive = await packProject(directory);
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
