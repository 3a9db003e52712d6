/** A whole build through its four steps: real archives, a real npm, and no network. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { limits } from '../../../lambdas/operations/build/limits.ts';
import { build } from '../../../lambdas/operations/build/operation.ts';
import { writeArtifact } from '../../../lambdas/operations/build/package.ts';
import { Bench, manifest } from './bench.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.create();
});
afterEach(() => bench.remove());

/** A project with two dependencies, one for development, which its lock file finds in the project itself. */
const withDependencies = (extra: object = {}) => {
  const dependencies = { runtime: 'file:vendor/runtime' };
  const devDependencies = { tool: 'file:vendor/tool' };
  return {
    'package.json': manifest({ dependencies, devDependencies, ...extra }),
    'package-lock.json': JSON.stringify({
      name: 'sample',
      version: '1.0.0',
      lockfileVersion: 3,
      requires: true,
      packages: {
        '': { name: 'sample', version: '1.0.0', dependencies, devDependencies },
        'node_modules/runtime': { resolved: 'vendor/runtime', link: true },
        'node_modules/tool': { resolved: 'vendor/tool', link: true },
        'vendor/runtime': { version: '1.0.0' },
        'vendor/tool': { version: '1.0.0', dev: true, bin: { tool: 'tool.js' } },
      },
    }),
    'vendor/runtime/package.json': JSON.stringify({ name: 'runtime', version: '1.0.0', main: 'index.js' }),
    'vendor/runtime/index.js': 'module.exports = "runtime";',
    'vendor/tool/package.json': JSON.stringify({ name: 'tool', version: '1.0.0', bin: 'tool.js' }),
    'vendor/tool/tool.js':
      '#!/usr/bin/env node\nrequire("fs").mkdirSync("dist", {recursive: true}); require("fs").writeFileSync("dist/main.js", "console.log(require(\'runtime\'))");',
  };
};

describe('A build', () => {
  test('installs, compiles, tests and packs a project, and its result is what the operation promises', async () => {
    const scripts = { build: 'tool', test: 'node -e "require(\'./dist/main.js\')"' };
    await bench.addProject('app', withDependencies({ scripts, files: ['dist'] }));
    const job = bench.job('app');
    const result = await job.run();
    expect(build.output.parse(result)).toEqual(result);
    const object = join(bench.objects, 'builds', 'app.tar.gz');
    expect(result).toMatchObject({
      artifact: '/builds/app.tar.gz',
      size: (await stat(object)).size,
      skipped: [],
    });
    const artifact = await bench.artifact('app');
    expect([...artifact.keys()]).toEqual([
      'dist/main.js',
      'node_modules/.package-lock.json',
      'node_modules/runtime',
      'package-lock.json',
      'package.json',
      // What a link in node_modules leads to goes along, though "files" does not name it.
      'vendor/runtime/index.js',
      'vendor/runtime/package.json',
    ]);
    expect(result.entries).toBe(artifact.size);
    expect(artifact.get('node_modules/runtime')).toBe('../vendor/runtime');
    expect(job.log).toContain('Installing the dependencies of package-lock.json.');
    expect(job.messages).toContain('> tool');
    expect(await readdir(bench.jobs)).toEqual([]);
  });

  test('goes on on another machine after every step, and makes the same artifact', async () => {
    const scripts = { build: 'tool', test: 'node dist/main.js' };
    await bench.addProject('app', withDependencies({ scripts }));
    const warm = await bench.job('app', { jobId: 'warm' }).run();
    const moving = bench.job('app', { jobId: 'moving' });
    const cold = await moving.run(() => moving.loseMachine());
    expect(cold).toEqual(warm);
  });

  test('starts a step again from what the step before left, not from what a crash left', async () => {
    // Fails when it finds its own trace, as a second try on a changed tree would.
    const once = "node -e \"const f=require('fs'); f.writeFileSync('trace', '', {flag: 'wx'})\"";
    await bench.addProject('app', { 'package.json': manifest({ scripts: { build: once } }) });
    const job = bench.job('app');
    await job.step('install');
    await job.step('compile');
    await job.step('compile');
    expect(job.log).not.toContain('EEXIST');
  });

  test('keeps what tests write out of the artifact', async () => {
    const scripts = { test: 'echo leaked > leak.txt && echo changed > index.js' };
    await bench.addProject('app', { 'package.json': manifest({ scripts }), 'index.js': 'original' });
    await bench.job('app').run();
    const artifact = await bench.artifact('app');
    expect([...artifact.keys()]).toEqual(['index.js', 'package.json']);
    expect(artifact.get('index.js')).toBe('original');
  });

  test('says which scripts a project does not have, and needs neither', async () => {
    await bench.addProject('app', {
      'package.json': manifest({ scripts: { test: 'echo "Error: no test specified" && exit 1' } }),
    });
    const job = bench.job('app');
    expect((await job.run()).skipped).toEqual(['build', 'test']);
    expect(job.log).toContain('The project has no dependencies.');
    expect(job.log).toContain('Skipped: package.json has no build script.');
    expect(job.log).toContain('Skipped: package.json has no test script.');
  });

  test('packs no history, no caches, no npm settings and no times', async () => {
    await bench.addProject('app', {
      'package.json': manifest(),
      '.npmrc': '//registry.example/:_authToken=secret',
      '.git/HEAD': 'ref',
      '.env.example': 'A=1',
      'node_modules/.cache/x': 'cache',
      'node_modules/kept/index.js': 'kept',
    });
    await bench.job('app').run();
    const paths = [...(await bench.artifact('app')).keys()];
    expect(paths.filter((path) => !path.startsWith('node_modules'))).toEqual([
      '.env.example',
      'package.json',
    ]);
    expect(paths).not.toContain('node_modules/.cache/x');
    const raw = gunzipSync(await readFile(join(bench.objects, 'builds', 'app.tar.gz')));
    // Seconds since 1970, octal: 1985-10-26T08:15:00Z, the same for every file.
    expect(raw.toString('latin1', 136, 147)).toBe('3560116604 ');
  });

  test('installs without a lock file what package.json names, and says so', async () => {
    await bench.addProject('app', {
      'package.json': manifest({ dependencies: { runtime: 'file:vendor/runtime' } }),
      'vendor/runtime/package.json': JSON.stringify({ name: 'runtime', version: '1.0.0' }),
    });
    const job = bench.job('app');
    await job.run();
    expect(job.log).toContain('No lock file');
    const artifact = await bench.artifact('app');
    expect(artifact.has('node_modules/runtime')).toBe(true);
    expect(artifact.has('package-lock.json')).toBe(false);
  });

  test('builds a monorepo whose workspaces are links in node_modules', async () => {
    await bench.addProject('app', {
      'package.json': manifest({ workspaces: ['packages/*'], files: ['main.js'] }),
      'main.js': 'require("part")',
      'packages/part/package.json': JSON.stringify({ name: 'part', version: '1.0.0', main: 'part.js' }),
      'packages/part/part.js': 'part',
    });
    await bench.job('app').run();
    const artifact = await bench.artifact('app');
    expect(artifact.get('node_modules/part')).toBe('../packages/part');
    expect(artifact.get('packages/part/part.js')).toBe('part');
  });

  test('of what only npm would publish needs no name and no version, and follows only a list of files', async () => {
    const scripts = { build: 'mkdir dist && echo 1 > "dist/👩‍👩‍👧.js"', lint: null };
    await bench.addProject('listed', {
      'package.json': JSON.stringify({ name: null, files: ['dist', null], scripts }),
      'other.js': '',
    });
    await bench.job('listed').run();
    expect([...(await bench.artifact('listed')).keys()]).toEqual(['dist/👩‍👩‍👧.js', 'package.json']);
    await bench.addProject('whole', { 'package.json': '{"files":"dist"}', 'other.js': '' });
    await bench.job('whole').run();
    expect([...(await bench.artifact('whole')).keys()]).toEqual(['other.js', 'package.json']);
  });

  test('with hard links, sockets and FIFOs in its source and from its scripts ends, on every machine', async () => {
    await bench.addProject('app', {
      'package.json': manifest({ scripts: { build: 'node make.js', test: 'node check.js' }, files: ['out'] }),
      'make.js': `const fs = require('fs');
        for (let i = 0; i < 20; i++) { fs.mkdirSync('out/d' + i, { recursive: true }); fs.writeFileSync('out/d' + i + '/own', String(i)); }
        for (let i = 1; i < 15; i++) fs.linkSync('out/d0/own', 'out/d' + i + '/shared');
        require('child_process').execFileSync('mkfifo', ['out/pipe']);
        require('net').createServer().listen('out/a.sock', () => process.exit(0));`,
      'check.js': "process.exit(require('fs').statSync('out/d0/own').nlink === 15 ? 0 : 1)",
    });
    const warm = await bench.job('app', { jobId: 'warm' }).run();
    const moving = bench.job('app', { jobId: 'moving' });
    expect((await moving.run(() => moving.loseMachine())).sha256).toBe(warm.sha256);
    expect(moving.log).toContain(`Left out: "out/a.sock" (socket), "out/pipe" (FIFO).`);
    const artifact = await bench.artifact('app');
    expect([artifact.get('out/d14/shared'), artifact.get('out/d14/own')]).toEqual(['0', '14']);
    expect(artifact.size).toBe(35);
  });

  test('runs the install scripts that npm runs: those of the project and of its dependencies', async () => {
    await bench.addProject('app', {
      'package.json': manifest({
        dependencies: { runtime: 'file:vendor/runtime' },
        scripts: { postinstall: 'echo ran > postinstall.txt', prepare: 'echo ran > prepare.txt' },
      }),
      'vendor/runtime/package.json': JSON.stringify({
        name: 'runtime',
        version: '1.0.0',
        scripts: { install: 'echo ran > installed.txt' },
      }),
    });
    await bench.job('app').run();
    const paths = [...(await bench.artifact('app')).keys()];
    expect(paths.filter((path) => path.endsWith('.txt'))).toEqual([
      'postinstall.txt',
      'prepare.txt',
      'vendor/runtime/installed.txt',
    ]);
  });

  test.each([
    ['husky', 'echo started > prepared.txt && husky install'],
    ['git', 'echo started > prepared.txt && git config core.hooksPath .githooks'],
  ])('goes on when %s installs no hooks, as the upload has no repository', async (_tool, prepare) => {
    const json = manifest({ scripts: { prepare } });
    await bench.addProject('app', { 'package.json': json });
    const job = bench.job('app');
    await job.run();
    expect(job.log).toContain(
      '\nA command of the prepare script failed. The project was uploaded without its Git repository',
    );
    const artifact = await bench.artifact('app');
    expect(artifact.get('package.json')).toBe(json);
    expect(artifact.has('prepared.txt')).toBe(true);
  });
});

describe('A build fails', () => {
  test('with the script, its exit code and its last lines when a script fails', async () => {
    await bench.addProject('app', {
      'package.json': manifest({ scripts: { test: 'echo so it goes && exit 3' } }),
    });
    const job = bench.job('app');
    await job.step('install');
    await job.step('compile');
    await expect(job.step('test')).rejects.toMatchObject({
      code: 'SCRIPT_FAILED',
      message: 'The test script of "app" exited with code 3. Read the log of the step.',
      retryable: false,
      details: { exit_code: 3, script: 'test' },
    });
    expect(job.log).toContain('so it goes\n');
    expect(await readdir(bench.jobs)).toEqual([]);
  });

  test('with npm install and its exit code when a prepare script fails that has nothing to do with hooks', async () => {
    await bench.addProject('app', { 'package.json': manifest({ scripts: { prepare: 'exit 4' } }) });
    await expect(bench.job('app').step('install')).rejects.toMatchObject({
      code: 'SCRIPT_FAILED',
      message: 'npm install of "app" exited with code 4. Read the log of the step.',
    });
  });

  test('with npm ci and its exit code when the lock file does not fit package.json', async () => {
    const files = withDependencies({ dependencies: { other: 'file:vendor/runtime' } });
    await bench.addProject('app', files);
    await expect(bench.job('app').step('install')).rejects.toMatchObject({
      code: 'SCRIPT_FAILED',
      message: 'npm ci of "app" exited with code 1. Read the log of the step.',
      retryable: false,
      details: { exit_code: 1, script: 'npm ci' },
    });
  });

  test('in a way that may be tried again when the registry does not answer', async () => {
    await bench.addProject('app', {
      'package.json': manifest({ dependencies: { left: '1.0.0' } }),
      // Port 9 discards; nothing listens there.
      '.npmrc': 'registry=http://127.0.0.1:9/\nfetch-retries=0',
    });
    await expect(bench.job('app').step('install')).rejects.toMatchObject({
      code: 'SCRIPT_FAILED',
      retryable: true,
    });
  });

  test('when there is no such project', async () => {
    await expect(bench.job('nowhere').step('install')).rejects.toMatchObject({
      code: 'PROJECT_NOT_FOUND',
      message: expect.stringMatching(/"nowhere".*projects\/nowhere\.tar\.gz.*npm run add-project -- DIR/),
    });
    expect(await readdir(bench.jobs)).toEqual([]);
  });

  test('before it downloads a source that is larger than the limit', async () => {
    await bench.putSource('app', Buffer.alloc(0));
    await truncate(bench.sourceFile('app'), limits.source.compressedBytes + 1);
    await expect(bench.job('app').step('install')).rejects.toMatchObject({
      code: 'SOURCE_TOO_LARGE',
      message: expect.stringContaining('projects/app.tar.gz exceeds the limit of 100 MiB'),
      details: { limit_bytes: 100 * 2 ** 20 },
    });
    expect(await readdir(bench.jobs)).toEqual([]);
  });

  test('as soon as the artifact is larger than the limit', async () => {
    await writeFile(join(bench.root, 'noise'), randomBytes(200_000));
    const file = join(bench.root, 'artifact.tar.gz');
    const { signal } = new AbortController();
    const written = writeArtifact(file, {
      directory: bench.root,
      paths: ['noise'],
      maxBytes: 100_000,
      leftOut: [],
      signal,
    });
    await expect(written).rejects.toMatchObject({
      code: 'ARTIFACT_TOO_LARGE',
      message: expect.stringContaining('limit of 100,000 bytes'),
      details: { limit_bytes: 100_000 },
    });
    expect((await stat(file)).size).toBeLessThanOrEqual(100_000);
  });

  test.each([
    ['is not JSON', '{', /is not JSON/],
    ['is not an object', '[]', /not an object/],
    ['has scripts that are none', '{"scripts":{"build":1}}', /"scripts\.build"/],
  ])('when package.json %s', async (_what, content, message) => {
    await bench.addProject('app', { 'package.json': content });
    await expect(bench.job('app').step('install')).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      message: expect.stringMatching(message),
    });
    expect(await readdir(bench.jobs)).toEqual([]);
  });

  test.each(['npm', 'pnpm', 'yarn'])('when %s finds a dependency in a git repository', async (manager) => {
    const dependencies = { far: 'git+https://127.0.0.1:1/far.git' };
    const packageManager = `${manager}@1.0.0`;
    await bench.addProject('app', { 'package.json': manifest({ dependencies, packageManager }) });
    await expect(bench.job('app').step('install')).rejects.toMatchObject({
      code: 'SCRIPT_FAILED',
      message: `${manager} install of "app" needs git, which the machine lacks. Replace git dependencies with published versions or URLs of archives.`,
    });
  });

  test('when a name in the built tree would replace another file as it is unpacked', async () => {
    const build = 'echo 1 > main.js && echo 2 > z:main.js';
    await bench.addProject('app', { 'package.json': manifest({ scripts: { build } }) });
    await expect(bench.job('app').run()).rejects.toMatchObject({
      code: 'ARTIFACT_INVALID',
      message: expect.stringContaining('The file "z:main.js" cannot be packed: it has a drive letter'),
    });
  });

  test.each([
    ['is absolute', '/etc/hostname'],
    ['climbs out', '../../../outside'],
  ])('when the built tree has a link that %s', async (_what, target) => {
    const script = `node -e "require('fs').symlinkSync('${target}', 'link')"`;
    await bench.addProject('app', { 'package.json': manifest({ scripts: { build: script } }) });
    const job = bench.job('app');
    // On the way there the link survives a move to another machine as it is.
    await expect(job.run(() => job.loseMachine())).rejects.toMatchObject({
      code: 'ARTIFACT_INVALID',
      message: expect.stringContaining(`"link" leads out of the project, to "${target}"`),
    });
  });
});

describe("The machine's disk", () => {
  test('is free of what a script left in its home, though it is nested deeper than a path can name', async () => {
    const nest = `process.chdir(require('os').homedir());
      for (let i = 0; i < 40; i++) { require('fs').mkdirSync('d'.repeat(200)); process.chdir('d'.repeat(200)); }`;
    await bench.addProject('deep', {
      'package.json': manifest({ scripts: { build: 'node nest.js' } }),
      'nest.js': nest,
    });
    const first = bench.job('deep');
    await first.step('install');
    await first.step('compile');
    // The step after it, and another job.
    await first.step('test');
    await bench.job('deep', { jobId: 'job-2' }).step('install');
    expect(await readdir(bench.jobs)).toEqual(['job-2']);
    // After an installation, it removes the caches with the home.
    expect(await readdir(join(bench.jobs, 'job-2', 'scripts'))).not.toContain('home');
  });

  test('holds no files of other jobs, and none that other users can read', async () => {
    await mkdir(join(bench.jobs, 'job-0', 'tree'), { recursive: true });
    await writeFile(join(bench.jobs, 'job-0', 'tree', 'secret'), '');
    await bench.addProject('app', { 'package.json': manifest() });
    await bench.job('app', { jobId: 'job-1' }).step('install');
    expect(await readdir(bench.jobs)).toEqual(['job-1']);
    expect((await stat(bench.jobs)).mode & 0o777).toBe(0o700);
  });

  test('is not left through a link that a script made of its own tree', async () => {
    const outside = join(bench.root, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'kept'), '');
    await bench.addProject('app', { 'package.json': manifest() });
    const job = bench.job('app');
    await job.step('install');
    await symlink(outside, join(job.directory, 'tree', 'way-out'));
    await bench.job('app', { jobId: 'job-2' }).step('install');
    expect(await readdir(outside)).toEqual(['kept']);
  });
});
