import { acceptedTypes } from '../../../lambdas/shared/http/accepted-types.ts';

test.each([
  [null, true, false],
  ['', true, false],
  ['*/*', true, false],
  ['application/*', true, false],
  ['text/*', false, false],
  ['application/json', true, false],
  ['Application/JSON;charset=utf-8', true, false],
  ['application/json, text/event-stream', true, true],
  ['text/event-stream;q=0.5, */*;q=0.1', true, true],
  ['application/json;q=0, */*', false, false],
  ['application/json, text/event-stream;q=0.0', true, false],
  ['text/html', false, false],
  ['constructor', false, false],
])('Accept: %s', (header, acceptsJson, namesStream) => {
  const accepts = acceptedTypes(header);
  expect(accepts('application/json')).toBe(acceptsJson);
  expect(accepts.names('text/event-stream')).toBe(namesStream);
});
