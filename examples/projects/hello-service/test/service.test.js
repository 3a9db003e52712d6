import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { createService } from '../dist/server.js';

const service = createService();
let origin;

before(async () => {
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  origin = `http://127.0.0.1:${service.address().port}`;
});
after(() => service.close());

test('greets by name', async () => {
  const response = await fetch(`${origin}/hello?name=Ada`);
  assert.deepEqual(await response.json(), { message: 'Hello, Ada!' });
});

test('greets the world when no name is given', async () => {
  const response = await fetch(`${origin}/hello`);
  assert.deepEqual(await response.json(), { message: 'Hello, world!' });
});

test('gives every answer an id of its own', async () => {
  const ids = await Promise.all([1, 2].map(async () => (await fetch(`${origin}/health`)).headers.get('x-request-id')));
  assert.match(ids[0], /^[\w-]{21}$/);
  assert.notEqual(ids[0], ids[1]);
});

test('answers 404 for what it does not know', async () => {
  assert.equal((await fetch(`${origin}/nothing`)).status, 404);
});
