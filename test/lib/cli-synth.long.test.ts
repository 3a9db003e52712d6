/** Synthesizes the app with the CDK CLI and its check of the template, as a user does. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { appChoices } from '../support/app-choices.ts';

const run = promisify(execFile);

test('the app synthesizes with the CDK CLI, on a machine without an AWS account', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cli-synth-'));
  const choices = Object.entries(appChoices).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const options = ['--quiet', '--no-notices', ...choices, '--output', directory];
  const { CDK_VALIDATION: _, ...env } = process.env;
  try {
    await run(process.execPath, ['node_modules/aws-cdk/bin/cdk', 'synth', ...options], {
      env: { ...env, AWS_EC2_METADATA_DISABLED: 'true', CDK_DISABLE_CLI_TELEMETRY: 'true' },
    });
    expect(await readdir(directory)).toContain('AsyncOperations.template.json');
  } finally {
    await rm(directory, { recursive: true });
  }
});
