/** CIMD policies that Amazon Cognito refuses are refused locally too. */
import { checkClientMetadata } from '../../../local/cognito/check-client-metadata.ts';
import { isKnownType } from '../../../local/template/resource-names.ts';

const GOOD = {
  PolicyName: 'clients',
  URLPatterns: ['https://client.example/oauth/*.json'],
  UserPoolId: { Ref: 'Pool' },
  ClientId: { Ref: 'Client' },
};

function check(policy: object = {}, pool: object = {}, client: object = {}) {
  return () =>
    checkClientMetadata({
      Resources: {
        Pool: { Type: 'AWS::Cognito::UserPool', Properties: { ...pool } },
        Client: { Type: 'AWS::Cognito::UserPoolClient', Properties: { ...client } },
        Policy: { Type: 'AWS::Cognito::CIMDPolicy', Properties: { ...GOOD, ...policy } },
      },
    });
}

test.each([
  ['the smallest', {}],
  ['one with a day in the cache', { CacheDuration: 86_400 }],
  ['one with a year in the cache', { CacheDuration: 31_556_952 }],
  ['one of another pool', { UserPoolId: 'eu-west-1_abc', ClientId: '1example23456789' }],
  ['one with five patterns', { URLPatterns: Array(5).fill('https://a.example/*') }],
])('Cognito accepts %s', (_what, policy) => {
  expect(check(policy)).not.toThrow();
});

test.each([
  ['http', { URLPatterns: ['http://client.example/c.json'] }],
  ['a query', { URLPatterns: ['https://client.example/c?id=1'] }],
  ['a fragment', { URLPatterns: ['https://client.example/c#1'] }],
  ['a space', { URLPatterns: ['https://client.example/a b'] }],
  ['eleven characters', { URLPatterns: ['https://a.b'] }],
  ['257 characters', { URLPatterns: [`https://client.example/${'x'.repeat(234)}`] }],
  ['something else than a text', { URLPatterns: [7] }],
])('Cognito refuses a pattern with %s', (_what, policy) => {
  expect(check(policy)).toThrow(/^Cognito refuses Policy: URLPatterns contains .*Give https URLs/);
});

test.each([
  ['no pattern', { URLPatterns: [] }, /has 0 patterns/],
  ['six patterns', { URLPatterns: Array(6).fill('https://a.example/*') }, /has 6 patterns/],
  ['no patterns at all', { URLPatterns: undefined }, /has 0 patterns/],
  ['a name of 33 characters', { PolicyName: 'x'.repeat(33) }, /PolicyName is "x+"/],
  ['no name', { PolicyName: undefined }, /PolicyName is undefined/],
  ['a line break in its name', { PolicyName: 'a\nb' }, /PolicyName is/],
  ['less than a day in the cache', { CacheDuration: 86_399 }, /CacheDuration is 86399\. Give 86400/],
  ['more than a year in the cache', { CacheDuration: 31_556_953 }, /CacheDuration is 31556953/],
  ['half a second in the cache', { CacheDuration: 86_400.5 }, /CacheDuration is 86400\.5/],
  ['no app client', { ClientId: undefined }, /ClientId is missing/],
  ['no user pool', { UserPoolId: undefined }, /UserPoolId is missing/],
])('Cognito refuses a policy with %s', (_what, policy, message) => {
  expect(check(policy)).toThrow(message);
});

test('Cognito refuses a policy of an app client with a secret', () => {
  expect(check({}, {}, { GenerateSecret: false })).not.toThrow();
  expect(check({}, {}, { GenerateSecret: true })).toThrow(
    /app client has a secret\. Give a public app client/,
  );
});

test('Cognito refuses a policy of a user pool of the plan Lite', () => {
  expect(check({}, { UserPoolTier: 'PLUS' })).not.toThrow();
  expect(check({}, { UserPoolTier: 'LITE' })).toThrow(/plan Lite\. Choose the plan Essentials/);
});

test('the local cloud knows the type of the policy', () => {
  expect(isKnownType('AWS::Cognito::CIMDPolicy')).toBe(true);
});
