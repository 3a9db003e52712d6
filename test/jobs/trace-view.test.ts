/** Tests what callers see of a job's trace. */
import { viewTrace } from '../../lambdas/jobs/trace-view.ts';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const trace_id = '4bf92f3577b34da6a3ce929d0e0e4736';
const xray = '1-5759e988-bd862e3fe1be46a994272793';

test.each([
  ['eu-west-1', 'console.aws.amazon.com'],
  ['cn-north-1', 'console.amazonaws.cn'],
  ['us-gov-west-1', 'console.amazonaws-us-gov.com'],
])('in %s the link leads to the console of its partition', (region, host) => {
  expect(viewTrace({ traceparent, xray }, region)).toEqual({
    trace_id,
    url: `https://${host}/cloudwatch/home?region=${region}#xray:traces/${xray}`,
  });
});

test('a trace that X-Ray does not keep has no link', () => {
  expect(viewTrace({ traceparent }, 'eu-west-1')).toEqual({ trace_id });
});

test('a job without a trace shows none', () => {
  expect(viewTrace(undefined, 'eu-west-1')).toBeUndefined();
});
