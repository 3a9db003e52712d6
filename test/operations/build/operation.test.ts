/** What the operation accepts and promises, before any step runs. */
import { describe, expect, test } from '@jest/globals';
import { build } from '../../../lambdas/operations/build/operation.ts';

const remedy = /^project must be 1 to 100 characters/;

describe('The project of a build', () => {
  test.each(['hello-service', 'a', '9.lives', 'A_b-c.d', 'x'.repeat(100)])('may be %p', (project) => {
    expect(build.input.parse({ project })).toEqual({ project });
  });

  test.each([
    ['is empty', ''],
    ['is over 100 characters', 'x'.repeat(101)],
    ['has a slash', 'a/b'],
    ['is a way up', '..'],
    ['has ".." in it', 'a..b'],
    ['starts with a dot', '.hidden'],
    ['has a control character', 'a\u0000b'],
    ['ends with a new line', 'a\n'],
    ['has a letter that only looks right', 'аbc'],
    ['is a number', 7],
    ['is not there', undefined],
  ])('is refused with its name and the remedy when it %s', (_what, project) => {
    const { error } = build.input.safeParse({ project });
    expect(error?.issues[0]).toMatchObject({ path: ['project'], message: expect.stringMatching(remedy) });
  });

  test('may not come with arguments that are unknown', () => {
    const { error } = build.input.safeParse({ project: 'a', projekt: 'b' });
    expect(error?.issues[0]).toMatchObject({ code: 'unrecognized_keys', keys: ['projekt'] });
  });

  test('has to be in the workspace', () => {
    expect(build.requires?.({ project: 'a' })).toEqual([
      {
        key: 'projects/a.tar.gz',
        code: 'PROJECT_NOT_FOUND',
        message: expect.stringMatching(/"a".*projects\/a\.tar\.gz/),
      },
    ]);
  });
});

test('A build runs install, compile, test and package, in this order', () => {
  expect(Object.keys(build.steps)).toEqual(['install', 'compile', 'test', 'package']);
});
