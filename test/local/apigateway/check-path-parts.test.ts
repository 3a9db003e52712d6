/** Tests which path parts API Gateway refuses while an update has not deleted the earlier ones yet. */
import { checkPathParts } from '../../../local/apigateway/check-path-parts.ts';
import { resourcesAt } from '../../support/api-resources.ts';

test.each([
  [
    '/jobs/{job_id}',
    '/jobs/{proxy+}',
    'A sibling ({job_id}) of this resource already has a variable path part',
  ],
  [
    '/jobs/{job_id}',
    '/jobs/{id}/log',
    'A sibling ({job_id}) of this resource already has a variable path part',
  ],
  ['/{proxy+}', '/{page}', 'A sibling ({proxy+}) of this resource already has a variable path part'],
])('an update from %s to %s is refused with the message of AWS', (before, after, message) => {
  expect(() => checkPathParts(resourcesAt([before]), resourcesAt([after]))).toThrow(message);
});

test.each([
  ['/jobs/{job_id}', '/{proxy+}'],
  ['/jobs/{job_id}/log', '/jobs/{job_id}/{proxy+}'],
  ['/jobs/{job_id}', '/jobs/all'],
  ['/jobs/{job_id}', '/endpoints/{endpoint_id}'],
])('an update from %s to %s is allowed', (before, after) => {
  expect(() => checkPathParts(resourcesAt([before]), resourcesAt([after]))).not.toThrow();
});

test('a resource of the same path under another logical id is refused', () => {
  const renamed = Object.fromEntries(
    Object.entries(resourcesAt(['/jobs'])).map(([id, resource]) => [`${id}2`, resource]),
  );
  expect(() => checkPathParts(resourcesAt(['/jobs']), renamed)).toThrow(
    /API Gateway refuses \/jobs2: "Another resource with the same parent already has this name: jobs"\. .* use a path/,
  );
});

test('a new API may not have two variable siblings', () => {
  expect(() => checkPathParts({}, resourcesAt(['/jobs/{job_id}', '/jobs/{proxy+}']))).toThrow(
    /refuses \/jobs\/\{proxy\+\}/,
  );
});
