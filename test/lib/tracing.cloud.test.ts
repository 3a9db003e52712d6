/** Tests which resources record traces, by the option `tracing`. */
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { readTracing, type TracingChoice } from '../../lib/defaults/tracing.ts';
import { variantApp } from '../support/stack-variants.ts';

const LAYER = 'arn:aws:lambda:eu-west-1:615299751070:layer:AWSOpenTelemetryDistroJs:9';
const ENV = { account: '111122223333', region: 'eu-west-1' };

function template(tracing?: TracingChoice): Template {
  const app = variantApp({ tracing, env: ENV });
  return Template.fromJSON(app.synth().getStackByName('AsyncOperations').template);
}

function functionsOf(of: Template) {
  return Object.entries(of.findResources('AWS::Lambda::Function')).map(([id, { Properties }]) => ({
    id,
    isSandbox: Properties.TenancyConfig !== undefined,
    ...Properties,
  }));
}

test('none: nothing is traced, and no role may write traces', () => {
  const found = template('none');
  expect(functionsOf(found).filter(({ TracingConfig }) => TracingConfig)).toEqual([]);
  found.allResourcesProperties('AWS::ApiGateway::Stage', { TracingEnabled: false });
  for (const { Properties } of Object.values(found.findResources('AWS::StepFunctions::StateMachine'))) {
    expect(Properties.TracingConfiguration?.Enabled ?? false).toBe(false);
  }
  expect(JSON.stringify(found.findResources('AWS::IAM::Role'))).not.toContain('xray:');
  expect(JSON.stringify(found.findResources('AWS::IAM::Policy'))).not.toContain('xray:');
});

test('ADOT: each function but the sandboxes has the layer, in less than 300 bytes of variables', () => {
  const functions = functionsOf(template({ adotLayerArn: LAYER }));
  for (const { id, isSandbox, Layers, Environment, TracingConfig } of functions) {
    expect([id, Layers]).toEqual([id, isSandbox ? undefined : [LAYER]]);
    const { AWS_LAMBDA_EXEC_WRAPPER: wrapper, ...variables } = Environment?.Variables ?? {};
    expect(wrapper).toBe(isSandbox ? undefined : '/opt/otel-instrument');
    expect(TracingConfig).toEqual(isSandbox ? undefined : { Mode: 'Active' });
    const added = Object.entries(variables).filter(([name]) => name.startsWith('OTEL_'));
    expect(JSON.stringify([wrapper, ...added]).length).toBeLessThan(300);
  }
  expect(functions.some(({ isSandbox }) => isSandbox)).toBe(true);
});

test.each<[string, unknown, RegExp]>([
  ['an unknown word', 'jaeger', /tracing is "jaeger": choose xray, none or/],
  ['an ARN without a version', { adotLayerArn: LAYER.slice(0, -2) }, /adotLayerArn is .*: give the ARN/],
  [
    'the older layer',
    { adotLayerArn: 'arn:aws:lambda:eu-west-1:901920570463:layer:aws-otel-nodejs-arm64-ver-1-30-2:1' },
    /give the ARN of a version of the layer AWSOpenTelemetryDistroJs/,
  ],
  [
    'another region',
    { adotLayerArn: LAYER.replace('eu-west-1', 'us-east-1') },
    /is in the region us-east-1, and the stack is in eu-west-1: give the layer of eu-west-1/,
  ],
])('%s is refused', (_, tracing, message) => {
  expect(() => variantApp({ tracing: tracing as TracingChoice, env: ENV })).toThrow(message);
});

test.each<[string | undefined, TracingChoice | undefined]>([
  [undefined, undefined],
  ['', undefined],
  ['none', 'none'],
  [LAYER, { adotLayerArn: LAYER }],
])('the context %s is read', (value, expected) => {
  expect(readTracing(new App({ context: { tracing: value } }).node)).toEqual(expected);
});
