import assert from 'node:assert/strict';
import { test } from 'node:test';

const { greeting } = await import(new URL('../dist/main.js', import.meta.url));

test('greets', () => assert.equal(greeting, 'hello'));
