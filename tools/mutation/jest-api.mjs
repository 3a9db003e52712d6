/** Provides the part of Jest's API that the fast tests use, for the in-process runner. */
import { AssertionError } from 'node:assert';
import { expect as plainExpect } from 'expect';
import { bind } from 'jest-each';
import { ModuleMocker } from 'jest-mock';
import { format, plugins } from 'pretty-format';

export const mocker = new ModuleMocker(globalThis);

plainExpect.extend({
  toMatchInlineSnapshot(received, snapshot) {
    const text = format(received, {
      escapeString: false,
      printBasicPrototype: false,
      plugins: [plugins.AsymmetricMatcher],
    });
    const plain = (lines) => lines.trim().replace(/^\s+/gm, '');
    return { pass: plain(text) === plain(snapshot), message: () => `Expected ${snapshot}, got ${text}` };
  },
});

// Tests replace the timers.
const { clearTimeout, setTimeout } = globalThis;
const TEST_TIMEOUT_MS = 20_000;

class Suite {
  #entries = [];
  #hooks = { beforeAll: [], beforeEach: [], afterEach: [], afterAll: [] };
  #name;
  #parent;

  constructor(name, parent) {
    this.#name = name;
    this.#parent = parent;
  }

  add(entry) {
    this.#entries.push(entry);
  }

  addHook(kind, hook) {
    this.#hooks[kind].push(hook);
  }

  get fullName() {
    return [this.#parent?.fullName, this.#name].filter(Boolean).join(' ');
  }

  /** Runs the wanted tests and their hooks. @returns true when a report asked to stop */
  async run(options, ids = new Map()) {
    const tests = this.#testsFor(options, ids);
    const wantedIds = [...tests.values()].flat();
    if (wantedIds.length === 0) return false;
    const hookId = `hooks of ${wantedIds[0]}`;
    hookTests.set(hookId, wantedIds);
    let failure;
    let stop = false;
    options.enter(hookId);
    try {
      for (const hook of this.#hooks.beforeAll) await limited(hook);
    } catch (error) {
      failure = { error };
    }
    for (const [entry, entryIds] of tests) {
      if (stop) break;
      if (entry instanceof Suite && !failure) {
        stop = await entry.run(options, entry.seen);
        continue;
      }
      for (const id of entryIds) {
        options.enter(id);
        const start = performance.now();
        const error = failure ? failure.error : await this.#attempt(entry);
        stop = options.report({ id, error, timeSpentMs: performance.now() - start });
        if (stop) break;
      }
    }
    options.enter(hookId);
    for (const hook of this.#hooks.afterAll) await limited(hook).catch(() => {});
    return stop;
  }

  /** @returns the error of a test or its hooks; undefined when it passes */
  async #attempt({ fn }) {
    let error;
    try {
      for (const hook of this.#chain('beforeEach', false)) await limited(hook);
      await limited(fn);
    } catch (thrown) {
      error = thrown ?? new AssertionError({ message: 'The test threw nothing.' });
    }
    for (const hook of this.#chain('afterEach', true)) {
      await limited(hook).catch((thrown) => {
        error ??= thrown;
      });
    }
    return error;
  }

  #chain(kind, innerFirst) {
    const outer = this.#parent ? this.#parent.#chain(kind, innerFirst) : [];
    return innerFirst ? [...this.#hooks[kind], ...outer] : [...outer, ...this.#hooks[kind]];
  }

  /** Returns the wanted tests by entry. Repeated names get a number. */
  #testsFor(options, ids) {
    const { idOf, isWanted } = options;
    const tests = new Map();
    for (const entry of this.#entries) {
      if (entry instanceof Suite) {
        entry.seen = new Map();
        const inner = [...entry.#testsFor(options, entry.seen).values()].flat();
        entry.seen = new Map();
        if (inner.length > 0) tests.set(entry, inner);
        continue;
      }
      const name = [this.fullName, entry.name].filter(Boolean).join(' ');
      const count = (ids.get(name) ?? 0) + 1;
      ids.set(name, count);
      const id = idOf(count > 1 ? `${name} (${count})` : name);
      if (isWanted(id)) tests.set(entry, [id]);
    }
    return tests;
  }
}

async function limited(fn) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('The test timed out.')), TEST_TIMEOUT_MS);
  });
  try {
    await Promise.race([fn(), late]);
  } finally {
    clearTimeout(timer);
  }
}

let current = new Suite('');
const hookTests = new Map();

export const suites = {
  /** Returns the suite of the tests that an import declares. */
  async collect(load) {
    current = new Suite('');
    await load();
    return current;
  },
  /** @returns the tests that the hooks of a suite prepare; undefined for a test */
  testsOfHook: (id) => hookTests.get(id),
};

export const test = Object.assign((name, fn) => current.add({ name, fn }), {
  skip: () => {},
  each: bind((name, fn) => current.add({ name, fn: () => fn() }), false),
});
export const it = test;

const block = (name, fn) => {
  const outer = current;
  current = new Suite(name, outer);
  outer.add(current);
  fn();
  current = outer;
};
export const describe = Object.assign(block, { skip: () => {}, each: bind(block, false) });

const hook = (kind) => (fn) => current.addHook(kind, fn);
export const beforeAll = hook('beforeAll');
export const beforeEach = hook('beforeEach');
export const afterEach = hook('afterEach');
export const afterAll = hook('afterAll');

export const expect = plainExpect;

export const jest = {
  fn: mocker.fn.bind(mocker),
  spyOn: mocker.spyOn.bind(mocker),
  replaceProperty: mocker.replaceProperty.bind(mocker),
  restoreAllMocks: () => mocker.restoreAllMocks(),
  clearAllMocks: () => mocker.clearAllMocks(),
  setTimeout: () => {},
};

Object.assign(globalThis, { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test });
