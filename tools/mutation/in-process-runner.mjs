/**
 * Runs the fast tests for StrykerJS: `*.test.ts` of the mutated layers, without `*.cloud.test.ts`.
 *
 * Jest loads the AWS SDK anew for each test file and each mutant, about three seconds. This runner imports the tests once and
 * provides the part of Jest's API that they use, so a mutant takes milliseconds. A static mutant, which acts while its module
 * is loaded, makes the runner import sources and tests again; dependencies stay loaded.
 */
import { glob, readFile } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import {
  DryRunStatus,
  determineHitLimitReached,
  MutantRunStatus,
  TestStatus,
} from '@stryker-mutator/api/test-runner';

/** Tests that start a cloud or programs, and random sequences of writes, which take half a minute. */
const SLOW = /\.cloud\.test\.ts$|\/transitions\.test\.ts$/;
const TESTS = 'test/{definition,events,executions,jobs,webhooks}/**/*.test.ts';

/** The object through which StrykerJS and the mutated sources communicate. */
globalThis.__stryker__ ??= {};

class InProcessRunner {
  #root = `${pathToFileURL(process.cwd())}/`;
  #context = globalThis.__stryker__;
  /** Grows with each import of all sources and tests. */
  #generation = 0;
  #isStale = false;
  /** Whether all tests were imported once, so that `#importers` is complete. */
  #isLoaded = false;
  /** By module: the modules that import it. */
  #importers = new Map();
  #files = [];
  /** By test file: its suite. */
  #suites = new Map();
  #durations = new Map();

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    Object.assign(this, await import('./jest-api.mjs'));
    // A dangling promise of an earlier test or mutant must not end this process.
    process.on('unhandledRejection', () => {});
    process.on('uncaughtException', () => {});
    for (const method of ['debug', 'error', 'info', 'log', 'warn']) console[method] = () => {};
    registerHooks({
      resolve: (specifier, context, next) => {
        if (specifier === '@jest/globals')
          return { url: import.meta.resolve('./jest-api.mjs'), shortCircuit: true };
        const { parentURL = '' } = context;
        const parent = withoutQuery(parentURL);
        const resolved = next(specifier, { ...context, parentURL: parent });
        if (!this.#isOurs(resolved.url)) return resolved;
        const url = withoutQuery(resolved.url);
        this.#addImporter(url, parent);
        return { ...resolved, url: `${url}?${this.#generation}` };
      },
    });
    for await (const path of glob(TESTS)) {
      if (SLOW.test(path)) continue;
      const file = pathToFileURL(path).href;
      this.#files.push(file);
      // A test can also read a source, and import a copy of it.
      for (const [source] of (await readFile(path, 'utf8')).matchAll(/\blambdas\/[\w/-]+\.ts\b/g)) {
        this.#addImporter(pathToFileURL(source).href, file);
      }
    }
    this.#files.sort();
  }

  #addImporter(module, importer) {
    if (!this.#importers.has(module)) this.#importers.set(module, new Set());
    this.#importers.get(module).add(importer);
  }

  async dryRun({ coverageAnalysis, testFiles }) {
    if (testFiles?.length)
      this.#files = this.#files.filter((file) => testFiles.includes(fileURLToPath(file)));
    await this.#loadAll();
    const results = await this.#run({ files: this.#files });
    for (const { id, timeSpentMs } of results) this.#durations.set(id, timeSpentMs);
    const tests = results.map((result) => ({ ...result, name: result.id }));
    if (coverageAnalysis === 'off') return { status: DryRunStatus.Complete, tests };
    return { status: DryRunStatus.Complete, tests, mutantCoverage: this.#coverage() };
  }

  async mutantRun(options) {
    const { activeMutant, mutantActivation, hitLimit, reloadEnvironment, sandboxFileName, testFilter } =
      options;
    const isStatic = mutantActivation === 'static' || reloadEnvironment;
    const activate = () =>
      Object.assign(this.#context, { activeMutant: activeMutant.id, hitLimit, hitCount: 0 });
    const deactivate = () => Object.assign(this.#context, { activeMutant: undefined, hitLimit: undefined });
    try {
      if (!this.#isLoaded) await this.#loadAll();
      if (this.#isStale || isStatic) this.#forget();
      if (!isStatic) await this.#loadAll(testFilter);
      activate();
      const wanted = isStatic || !testFilter ? undefined : new Set(testFilter);
      const near = this.#filesNear(pathToFileURL(sandboxFileName).href);
      const files = wanted ? [...new Set([...near, ...this.#files])] : near;
      let results = await this.#run({ files, wanted, bail: true });
      const killer = results.find(({ status }) => status === TestStatus.Failed);
      deactivate();
      if (killer && !isStatic && !(await this.#passesAlone(killer))) {
        // Perhaps the failure was caused by an earlier run: the whole files decide, freshly loaded.
        this.#forget();
        const whole = files.filter((file) =>
          results.some(({ fileName }) => pathToFileURL(fileName).href === file),
        );
        for (const file of whole) await this.#suiteOf(file);
        activate();
        results = await this.#run({ files: whole, bail: true });
      }
      this.#isStale ||= isStatic;
      return outcomeOf(results, this.#context, hitLimit);
    } catch (error) {
      this.#isStale = true;
      if (!isStatic) return { status: MutantRunStatus.Error, errorMessage: String(error?.stack ?? error) };
      // The module of a static mutant throws: each test that imports it fails.
      return {
        status: MutantRunStatus.Killed,
        killedBy: [...this.#durations.keys()].slice(0, 1),
        failureMessage: String(error),
        nrOfTests: 1,
      };
    } finally {
      deactivate();
    }
  }

  /** Makes the next runs import sources and tests again. */
  #forget() {
    this.#generation += 1;
    this.#isStale = false;
    this.#suites.clear();
  }

  async #loadAll(ids) {
    const paths = ids && new Set(ids.map((id) => id.slice(0, id.indexOf(': '))));
    for (const file of this.#files) {
      if (!paths || paths.has(pathOf(file))) await this.#suiteOf(file);
    }
    this.#isLoaded ||= paths === undefined;
  }

  async #suiteOf(file) {
    if (!this.#suites.has(file)) {
      this.#suites.set(file, await this.suites.collect(() => import(`${file}?${this.#generation}`)));
    }
    return this.#suites.get(file);
  }

  /** Returns the results of the selected tests, one file after another. */
  async #run({ files, wanted, bail = false }) {
    const results = [];
    const paths = wanted && new Set([...wanted].map((id) => id.slice(0, id.indexOf(': '))));
    for (const file of files) {
      const path = pathOf(file);
      if (paths && !paths.has(path)) continue;
      const fileName = fileURLToPath(file);
      const suite = await this.#suiteOf(file);
      await suite.run({
        idOf: (name) => `${path}: ${name}`,
        isWanted: (id) => !wanted || wanted.has(id),
        enter: (id) => {
          this.#context.currentTestId = id;
        },
        report: ({ id, error, timeSpentMs }) => {
          const status = error === undefined ? TestStatus.Success : TestStatus.Failed;
          results.push({
            id,
            fileName,
            timeSpentMs,
            status,
            ...(error !== undefined && { failureMessage: String(error?.stack ?? error) }),
          });
          return bail && error !== undefined;
        },
      });
      this.#context.currentTestId = undefined;
      this.mocker.restoreAllMocks();
      if (bail && results.some(({ status }) => status === TestStatus.Failed)) break;
    }
    return results;
  }

  async #passesAlone({ id, fileName }) {
    const [again] = await this.#run({ files: [pathToFileURL(fileName).href], wanted: new Set([id]) });
    return again?.status === TestStatus.Success;
  }

  /** Returns the test files that import a module, directly or not, the nearest first. */
  #filesNear(source) {
    const distance = new Map([[source, 0]]);
    for (const [module, far] of distance) {
      for (const importer of this.#importers.get(module) ?? []) {
        if (!distance.has(importer)) distance.set(importer, far + 1);
      }
    }
    return this.#files.filter((file) => distance.has(file)).sort((a, b) => distance.get(a) - distance.get(b));
  }

  /** Attributes what the hooks of a suite cover to each of its tests. */
  #coverage() {
    const { static: covered = {}, perTest = {} } = this.#context.mutantCoverage ?? {};
    const merged = {};
    const add = (id, counts) => {
      merged[id] ??= {};
      for (const [mutant, count] of Object.entries(counts))
        merged[id][mutant] = (merged[id][mutant] ?? 0) + count;
    };
    for (const [id, counts] of Object.entries(perTest)) {
      for (const test of this.suites.testsOfHook(id) ?? [id]) add(test, counts);
    }
    this.#context.mutantCoverage = undefined;
    return { static: covered, perTest: merged };
  }

  #isOurs(url) {
    return url.startsWith(this.#root) && !url.includes('/node_modules/');
  }
}

function outcomeOf(results, { hitCount }, hitLimit) {
  if (determineHitLimitReached(hitCount, hitLimit))
    return { status: MutantRunStatus.Timeout, reason: 'hit limit' };
  const failed = results.filter(({ status }) => status === TestStatus.Failed);
  const nrOfTests = results.length;
  if (failed.length === 0) return { status: MutantRunStatus.Survived, nrOfTests };
  return {
    status: MutantRunStatus.Killed,
    killedBy: failed.map(({ id }) => id),
    failureMessage: failed[0].failureMessage,
    nrOfTests,
  };
}

function pathOf(file) {
  return relative(process.cwd(), fileURLToPath(file));
}

function withoutQuery(url) {
  return url.startsWith('file:') ? url.replace(/\?.*$/, '') : url;
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'in-process', InProcessRunner)];
