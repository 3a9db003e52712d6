/** Event patterns: what they match, and which of them are refused. */
import { expect, test } from '@jest/globals';
import { checkPattern, matches } from '../../../local/eventbridge/event-pattern.ts';

const event = {
  eventName: 'MODIFY',
  count: 3,
  dynamodb: { NewImage: { status: { S: 'FAILED' }, tags: { SS: ['a', 'b'] }, owner: { NULL: true } } },
};

test.each([
  [{ eventName: ['INSERT', 'MODIFY'] }, true],
  [{ eventName: ['INSERT'] }, false],
  [{ eventName: ['MODIFY'], count: [4] }, false],
  [{ dynamodb: { NewImage: { status: { S: ['FAILED'] } } } }, true],
  [{ dynamodb: { OldImage: { status: { S: ['FAILED'] } } } }, false],
  [{ dynamodb: { NewImage: { tags: { SS: ['b'] } } } }, true],
  [{ dynamodb: { NewImage: { owner: { NULL: [true] } } } }, true],
  [{ eventName: [{ prefix: 'MOD' }] }, true],
  [{ eventName: [{ exists: true }], error: [{ exists: false }] }, true],
  [{ eventName: [{ 'anything-but': ['REMOVE', 'MODIFY'] }] }, false],
  [{ eventName: [{ 'anything-but': 'REMOVE' }] }, true],
  [{ error: [{ 'anything-but': 'REMOVE' }] }, false],
])('%j matches: %s', (pattern: object, expected) => {
  checkPattern('Rule R', pattern);
  expect(matches(pattern, event)).toBe(expected);
});

test.each([
  { count: [{ numeric: ['>', 2] }] },
  { $or: [{ count: [1] }] },
  { eventName: [{ 'anything-but': { prefix: 'M' } }] },
  { eventName: 'MODIFY' },
])('%j is refused, and the refusal says whose it is and shows the part', (pattern) => {
  expect(() => checkPattern('Rule R', pattern)).toThrow(
    /^Rule R has a pattern that the local cloud cannot match, at ./,
  );
});
