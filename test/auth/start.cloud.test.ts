/** Tests that the output of `npm start -- --auth` suffices to sign in, and that a token is required. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

test('requires a token, and prints how a program gets one', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'auth-'));
  const child = spawn(
    process.execPath,
    ['--conditions=mcp-async-operations-source', 'local/cli/bin.ts', 'dev', '--auth', '--ephemeral'],
    {
      env: { ...process.env, PORT: '0', LOCAL_CLOUD_DIR: directory },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let printed = '';
  child.stderr.on('data', (chunk) => {
    printed += chunk;
  });
  for await (const chunk of child.stdout) {
    printed += chunk;
    if (/client secret {2}\S+\n/.test(printed)) break;
  }
  const find = (pattern: RegExp) => pattern.exec(printed)?.[1] ?? '';
  const mcp = find(/^MCP endpoint: (\S+)$/m);
  const jobs = new URL('/jobs', mcp);
  expect((await fetch(jobs)).status).toBe(401);

  const granted = await fetch(`${find(/^Sign-in: (\S+)/m)}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: 'local-program',
      client_secret: find(/client secret {2}(\S+)/),
      scope: 'jobs:read',
      resource: mcp,
    }),
  });
  const { access_token, expires_in } = (await granted.json()) as { access_token: string; expires_in: number };
  // As long as a token of the user pool: clients renew theirs up to five minutes before its end.
  expect(expires_in).toBe(3600);
  const response = await fetch(jobs, { headers: { authorization: `Bearer ${access_token}` } });
  expect([response.status, await response.json()]).toEqual([200, { jobs: [] }]);

  child.stdout.resume();
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
  await rm(directory, { recursive: true, force: true });
});
