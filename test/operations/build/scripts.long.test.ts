/** How a project's scripts run: with a clean environment and log, and never beyond the end of their step. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { NETWORK_VARIABLES } from '../../../lambdas/operations/build/managers/run-manager.ts';
import { type ProcessOptions, runProcess } from '../../../lambdas/operations/build/run-process.ts';
import { Bench, type BenchJob, manifest } from './bench.ts';

let bench: Bench;
const functionEnvironment = { ...process.env };
beforeEach(async () => {
  bench = await Bench.create();
});
afterEach(async () => {
  await bench.remove();
  for (const name of Object.keys(process.env)) if (!(name in functionEnvironment)) delete process.env[name];
  Object.assign(process.env, functionEnvironment);
});

async function jobWithBuild(code: string, signal?: AbortSignal): Promise<BenchJob> {
  await bench.addProject('app', {
    'package.json': manifest({ scripts: { build: 'node build.js' } }),
    'build.js': code,
  });
  const job = bench.job('app', { signal });
  await job.step('install');
  return job;
}

/** A line to processes that breaks when they die: how a test waits for deaths it cannot see. */
async function openLifeline() {
  const ends: Promise<unknown>[] = [];
  const server = createServer((socket) => {
    ends.push(once(socket.resume(), 'close'));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    /** Code that holds the line, and says so. */
    hold: `require('net').connect(${port}, '127.0.0.1', () => console.log('holding'));`,
    ends,
    close: () => server.close(),
  };
}

/** Processes whose working directory is below this one. */
async function processesIn(directory: string): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const places = await Promise.all(ids.map((id) => readlink(`/proc/${id}/cwd`).catch(() => '')));
  return places.filter((place) => place.startsWith(directory));
}

describe('A script', () => {
  test('sees none of the environment of the function', async () => {
    const ofFunction = {
      AWS_ACCESS_KEY_ID: 'canary',
      AWS_SECRET_ACCESS_KEY: 'canary',
      AWS_SESSION_TOKEN: 'canary',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'canary',
      AWS_LAMBDA_RUNTIME_API: 'canary',
      JOBS_TABLE_NAME: 'canary',
      NODE_ENV: 'production',
      NODE_OPTIONS: '--title=canary',
    };
    Object.assign(process.env, ofFunction);
    const job = await jobWithBuild('console.log(JSON.stringify(process.env))');
    await job.step('compile');
    expect(job.log).not.toContain('canary');
    const environment = JSON.parse((await job.logged(/^\{.*\}$/m))[0]);
    expect(Object.keys(environment).filter((name) => name in ofFunction)).toEqual([]);
    expect(environment).toMatchObject({ CI: 'true', HOME: join(job.directory, 'scripts', 'home') });
  });

  test('finds the package managers and the Node.js of the function, though PATH has none of them', async () => {
    await bench.addProject('app', {
      'package.json': manifest({
        scripts: {
          build:
            'npm run --silent inner && npx --no-install tool && npm exec tool && node show.js && pnpm -v && yarn -v',
          inner: 'npm --version',
        },
      }),
      'node_modules/.bin/tool': '#!/bin/sh\necho "tool under $(npx --version)"\n',
      // What a project brings along does not run npm.
      'node_modules/.bin/node': '#!/bin/sh\necho "of the project"\n',
      'show.js': 'console.log(process.execPath)',
    });
    const job = bench.job('app');
    await job.step('install');
    await chmod(join(job.directory, 'tree', 'node_modules', '.bin', 'tool'), 0o755);
    await job.step('compile');
    const versionOf = (name: string) =>
      JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')).version;
    const version = versionOf('npm');
    expect(job.log.split('\n').filter((line) => line && !line.startsWith('>'))).toEqual([
      'The project has no dependencies.',
      version,
      `tool under ${version}`,
      `tool under ${version}`,
      process.execPath,
      versionOf('pnpm'),
      versionOf('yarn'),
    ]);
  });

  test('finds a home, a temporary directory and a cache to write to, and no wish for colours', async () => {
    const job = await jobWithBuild(
      `const { execFileSync } = require('child_process');
       const { accessSync, writeFileSync } = require('fs');
       for (const at of [require('os').homedir(), require('os').tmpdir()]) writeFileSync(at + '/file', '');
       console.log('cache', execFileSync('npm', ['config', 'get', 'cache']).toString().trim());
       console.log('colours', process.env.NO_COLOR, process.env.FORCE_COLOR);`,
    );
    await job.step('compile');
    expect(job.log).toContain(`cache ${join(job.directory, 'scripts', 'home', '.npm')}\n`);
    expect(job.log).toContain('colours undefined undefined\n');
  });

  test('sees the variables of a CI service, those of npm and of its shell, and no settings of the build', async () => {
    const job = await jobWithBuild('console.log(JSON.stringify(process.env))');
    await job.step('compile');
    const environment = JSON.parse((await job.logged(/^\{.*\}$/m))[0]);
    const ofNpm =
      /^(npm_(?!config_(audit|color|fund|logs|progress|update|yes))|INIT_CWD$|NODE$|COLOR$|EDITOR$)/;
    const ofShell = ['OLDPWD', 'PWD', 'SHLVL', '_'];
    // Marks the processes of the local cloud's sandbox, which shares its machine.
    const others = [...ofShell, 'SANDBOX_MARK', ...NETWORK_VARIABLES];
    expect(
      Object.keys(environment)
        .filter((name) => !ofNpm.test(name) && !others.includes(name))
        .sort(),
    ).toEqual(['CI', 'HOME', 'LANG', 'PATH', 'TMPDIR']);
  });

  test('is told of a proxy and of its certificates', async () => {
    process.env.HTTPS_PROXY = 'http://proxy.example:3128';
    const job = await jobWithBuild('console.log(process.env.HTTPS_PROXY)');
    await job.step('compile');
    expect(job.log).toContain('http://proxy.example:3128\n');
  });

  test('leaves lines without colours and control characters in the log, and the last one in the progress', async () => {
    const link = '\u001b]8;;https://example.com\u0007link\u001b]8;;\u0007';
    const output = `\u001b[31mred\u001b[0m\t${link}\u0000\u0008!\n10%\r100%\nno end ${'x'.repeat(300)}`;
    const job = await jobWithBuild(`process.stdout.write(${JSON.stringify(output)})`);
    await job.step('compile');
    expect(job.log).toContain('\nred\tlink!\n10%\n100%\nno end xxx');
    const message = job.messages.find((text) => text.startsWith('no end'));
    expect(message).toHaveLength(200);
  });

  test('is killed with all it started when its job is cancelled, though it ignores SIGTERM', async () => {
    const lifeline = await openLifeline();
    const cancel = new AbortController();
    const stubborn = `process.on('SIGTERM', () => {}); ${lifeline.hold}`;
    const spawnAnother = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(stubborn)}], { stdio: 'inherit' });`;
    const job = await jobWithBuild(stubborn + spawnAnother, cancel.signal);
    const step = job.step('compile');
    await job.logged(/holding.*holding/s);
    const reason = new Error('The job was cancelled.');
    cancel.abort(reason);
    await expect(step).rejects.toBe(reason);
    expect(lifeline.ends).toHaveLength(2);
    await Promise.all(lifeline.ends);
    lifeline.close();
  });

  test('is not even started in a step that was aborted before', async () => {
    const job = await jobWithBuild('');
    const { install: snapshotOf } = job.results;
    const late = bench.job('app', { signal: AbortSignal.abort(new Error('Too late.')) });
    late.results.install = snapshotOf ?? null;
    await expect(late.step('compile')).rejects.toThrow('Too late.');
    expect(late.log).toBe('');
  });

  test.each([
    ['in its group', '$NODE hold.js &'],
    ['in a session of its own', 'setsid $NODE hold.js &'],
    ['after a double fork', '(setsid sh -c "$NODE hold.js &" &)'],
    ['without its environment', 'env -i setsid $NODE "$PWD/hold.js" &'],
    ['that ignores signals', '(trap "" TERM HUP INT; setsid $NODE hold.js) &'],
    [
      'that starts itself anew all the time',
      'setsid sh respawn.sh & while [ ! -e respawned ]; do sleep 0.02; done; setsid $NODE hold.js &',
    ],
  ])('cannot leave a process behind %s', async (_how, start) => {
    const lifeline = await openLifeline();
    const hold = lifeline.hold.replace("console.log('holding')", "require('fs').writeFileSync('held', '')");
    await bench.addProject('app', {
      'package.json': manifest({ scripts: { build: 'sh build.sh' } }),
      'hold.js': `${hold} setInterval(() => {}, 1000);`,
      'respawn.sh': 'touch respawned; setsid sh respawn.sh &',
      'build.sh': `NODE="${process.execPath}"; cd "$PWD"; (${start}) > /dev/null 2>&1 < /dev/null
        while [ ! -e held ]; do sleep 0.02; done`,
    });
    const job = bench.job('app');
    await job.step('install');
    await job.step('compile');
    expect(lifeline.ends).toHaveLength(1);
    await Promise.all(lifeline.ends);
    lifeline.close();
    expect(await processesIn(job.directory)).toEqual([]);
  });

  test('cannot end a process of the machine that is not its own', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true });
    const job = await jobWithBuild('');
    await job.step('compile');
    expect(other.exitCode ?? other.signalCode).toBeNull();
    other.kill('SIGKILL');
  });

  test('fails its step with the signal that killed npm', async () => {
    const job = await jobWithBuild('process.kill(0, "SIGKILL")');
    await expect(job.step('compile')).rejects.toMatchObject({
      code: 'SCRIPT_FAILED',
      message: 'The build script of "app" was killed by SIGKILL. Read the log of the step.',
      details: { signal: 'SIGKILL', script: 'build' },
    });
  });
});

describe('A process', () => {
  const options = { command: process.execPath, cwd: process.cwd(), env: {}, onLines: () => {} };

  /** @returns what a program prints */
  async function outputOf(program: string, more: Partial<ProcessOptions> = {}): Promise<string> {
    let printed = '';
    await runProcess({
      ...options,
      args: ['-e', program],
      signal: new AbortController().signal,
      onLines: (text) => {
        printed += text;
      },
      ...more,
    });
    return printed;
  }

  test('has its lines whole and in order, however the chunks of its output are cut', async () => {
    const program = `
      const { writeSync } = require('node:fs');
      const bytes = Buffer.from('😀 é\\r\\nsecond\\rthird\\n\\nlast');
      const pause = new Int32Array(new SharedArrayBuffer(4));
      for (const byte of bytes) {
        writeSync(1, Buffer.of(byte));
        Atomics.wait(pause, 0, 0, 4);
      }`;
    expect(await outputOf(program)).toBe('😀 é\nsecond\nthird\n\nlast\n');
  });

  test('that prints to both streams in turn has its lines in that order, if it wishes', async () => {
    const program = `
      const { writeSync } = require('node:fs');
      for (let line = 0; line < 1_000; line++) writeSync(1 + (line % 2), line + '\\n');`;
    const expected = Array.from({ length: 1_000 }, (_, line) => `${line}\n`).join('');
    expect(await outputOf(program, { mergesErrors: true })).toBe(expected);
  });

  test('is paused while its output is not taken, and loses no line at its end', async () => {
    const program = `
      const { writeSync, writeFileSync } = require('node:fs');
      for (let line = 0; line < 20_000; line++) {
        writeSync(1, String(line).padStart(99) + '\\n');
        if (line % 100 === 0) writeFileSync(${JSON.stringify(join(bench.root, 'printed'))}, String(line));
      }
      process.kill(process.pid, 'SIGKILL');`;
    const free = Promise.withResolvers<void>();
    let printed = '';
    const running = outputOf(program, {
      onLines: async (text) => {
        printed += text;
        await free.promise;
      },
    });
    const atLine = () => readFile(join(bench.root, 'printed'), 'utf8').catch(() => '');
    for (let before = ''; before === '' || before !== (await atLine()); await delay(100))
      before = await atLine();
    expect(Number(await atLine())).toBeLessThan(19_900);
    free.resolve();
    await running;
    expect(printed.trimEnd().split('\n').map(Number)).toEqual(Array.from({ length: 20_000 }, (_, n) => n));
  });

  test('that holds its output open from a group of its own does not hold up the step', async () => {
    const script = join(bench.root, 'escape.mjs');
    await writeFile(
      script,
      `import { spawn } from 'node:child_process';
       const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 20_000)'], { detached: true, stdio: 'inherit' });
       console.log(child.pid);
       child.unref();`,
    );
    let printed = '';
    const onLines = (text: string) => {
      printed += text;
    };
    const { signal } = new AbortController();
    const end = await runProcess({ ...options, args: [script], signal, onLines });
    process.kill(Number(printed), 'SIGKILL');
    expect(end).toEqual({ exitCode: 0, killedBy: null });
  });

  test('has its endless line passed on in pieces', async () => {
    const printed = await outputOf('process.stdout.write("x".repeat(20_000))');
    expect(printed.split('\n').map(({ length }) => length)).toEqual([8_192, 8_192, 3_616, 0]);
  });

  test('that is aborted has what it printed before in its output', async () => {
    const abort = new AbortController();
    let printed = '';
    const running = runProcess({
      ...options,
      args: [
        '-e',
        'console.log("ready"); process.on("SIGTERM", () => {}); setInterval(() => console.log("on"), 1)',
      ],
      signal: abort.signal,
      onLines: async (text) => {
        printed += text;
        if (printed.endsWith('on\n')) abort.abort(new Error('cancelled'));
        await delay(20);
      },
    });
    await expect(running).rejects.toThrow('cancelled');
    // It prints on until SIGKILL.
    expect(printed).toMatch(/^ready\n(on\n){100,}$/);
  });

  test('that is aborted after its time leaves no listeners at the signal or at the function', async () => {
    const before = process.listenerCount('SIGTERM');
    const signal = AbortSignal.timeout(200);
    const running = runProcess({ ...options, args: ['-e', 'setInterval(() => {}, 1000)'], signal });
    await expect(running).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });

  test('that cannot be started is an error', async () => {
    const { signal } = new AbortController();
    await expect(runProcess({ ...options, command: '/nowhere', args: [], signal })).rejects.toThrow('ENOENT');
  });
});
