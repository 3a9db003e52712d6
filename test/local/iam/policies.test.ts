/** Policies as IAM reads them, and what of them the local cloud refuses to guess at. */
import { describe, expect, test } from '@jest/globals';
import { Iam } from '../../../local/iam/iam.ts';
import { createInvokePermissions } from '../../../local/iam/invoke-permissions.ts';
import type { Template, TemplateResource } from '../../../local/template/assembly.ts';
import { createResolver } from '../../../local/template/intrinsics.ts';

const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:000000000000:function:Fn';
const TRUST = {
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
};

type Resources = Readonly<Record<string, TemplateResource>>;

/** A function and its role. */
function template(role: object, others: Resources = {}): Template {
  return {
    Resources: {
      Fn: { Type: 'AWS::Lambda::Function', Properties: { Role: { 'Fn::GetAtt': ['Role', 'Arn'] } } },
      Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: TRUST, ...role } },
      ...others,
    },
  };
}

function resolverOf(of: Template) {
  const addresses = { api: 'http://127.0.0.1:1', sqs: 'http://127.0.0.1:2' };
  return createResolver({ template: of, stackName: 'S', addresses });
}

function iamOf(role: object, others?: Resources): Iam {
  const of = template(role, others);
  return new Iam(of, resolverOf(of));
}

function allows(iam: Iam, action: string, resource = 'arn:aws:s3:::b/k'): boolean {
  return iam.allows(iam.sessionOf(FUNCTION_ARN), { action, resource });
}

/** A role with one inline policy. */
function inline(...Statement: object[]) {
  return { Policies: [{ PolicyName: 'inline', PolicyDocument: { Statement } }] };
}

const READ = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/*' };

test('an update replaces permissions, and the credentials of a role stay valid', () => {
  const [before, after] = [template(inline(READ)), template(inline())];
  const iam = new Iam(before, resolverOf(before));
  const { credentials } = iam.sessionOf(FUNCTION_ARN);
  expect(allows(iam, 's3:GetObject')).toBe(true);
  iam.update(after, resolverOf(after));
  expect(iam.sessionOf(FUNCTION_ARN).credentials).toEqual(credentials);
  expect(allows(iam, 's3:GetObject')).toBe(false);
});

describe('a statement', () => {
  test.each<[string, object[], string, boolean]>([
    ['of another action', [{ ...READ, Action: 's3:PutObject' }], 's3:GetObject', false],
    ['in other letters', [{ ...READ, Action: 'S3:getobject' }], 's3:GetObject', true],
    ['with *', [{ ...READ, Action: 's3:Get*' }], 's3:GetObjectTagging', true],
    ['with ?', [{ ...READ, Action: 's3:?etObject' }], 's3:PutObject', false],
    ['whose dot is a dot', [{ ...READ, Resource: 'arn:aws:s3...b/*' }], 's3:GetObject', false],
    ['of the bucket alone', [{ ...READ, Resource: 'arn:aws:s3:::b' }], 's3:GetObject', false],
    ['of one of two resources', [{ ...READ, Resource: ['x', 'arn:aws:s3:::?/k'] }], 's3:GetObject', true],
    [
      'of all other actions',
      [{ Effect: 'Allow', NotAction: 's3:Put*', Resource: '*' }],
      's3:GetObject',
      true,
    ],
    [
      'of all actions but this',
      [{ Effect: 'Allow', NotAction: 's3:Get*', Resource: '*' }],
      's3:GetObject',
      false,
    ],
    [
      'of all resources but this',
      [{ Effect: 'Allow', Action: '*', NotResource: 'arn:aws:s3:::b/*' }],
      's3:GetObject',
      false,
    ],
    ['that denies', [READ, { Effect: 'Deny', Action: '*', Resource: '*' }], 's3:GetObject', false],
    [
      'that denies without TLS',
      [READ, { ...READ, Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
      's3:GetObject',
      true,
    ],
    [
      'that allows with TLS',
      [{ ...READ, Condition: { Bool: { 'AWS:securetransport': ['true'] } } }],
      's3:GetObject',
      true,
    ],
    [
      'for what is not known of a call',
      [{ ...READ, Condition: { StringEquals: { 'aws:SourceAccount': '000000000000' } } }],
      's3:GetObject',
      false,
    ],
  ])('%s', (_what, statements, action, allowed) => {
    expect(allows(iamOf(inline(...statements)), action)).toBe(allowed);
  });
});

describe('a role has', () => {
  const Ref = 'Role';
  const document = { PolicyDocument: { Statement: READ } };
  test.each<[string, object, Resources, boolean]>([
    ['no policy', {}, {}, false],
    ['a policy of the template', {}, { P: policy('Policy', { Roles: [{ Ref }], ...document }) }, true],
    ['not that of another role', {}, { P: policy('Policy', { Roles: ['Other'], ...document }) }, false],
    [
      'a managed policy',
      { ManagedPolicyArns: [{ Ref: 'P' }] },
      { P: policy('ManagedPolicy', document) },
      true,
    ],
    ['one that names it', {}, { P: policy('ManagedPolicy', { Roles: [{ Ref }], ...document }) }, true],
  ])('%s', (_what, role, others, allowed) => {
    expect(allows(iamOf(role, others), 's3:GetObject')).toBe(allowed);
  });

  function policy(type: string, Properties: Record<string, unknown>): TemplateResource {
    return { Type: `AWS::IAM::${type}`, Properties };
  }
});

describe('the policy of a bucket', () => {
  const ROLE = { AWS: { 'Fn::GetAtt': ['Role', 'Arn'] } };
  const ACCOUNT = { AWS: 'arn:aws:iam::000000000000:root' };
  test.each<[string, string, unknown, object[], boolean]>([
    ['allows a role that it names', 'Allow', ROLE, [], true],
    ['allows everyone', 'Allow', '*', [], true],
    ['leaves what it allows the account to the role', 'Allow', ACCOUNT, [], false],
    ['allows a service, and no role', 'Allow', { Service: 'lambda.amazonaws.com' }, [], false],
    ['denies a role that it names', 'Deny', ROLE, [READ], false],
    ['denies the whole account', 'Deny', ACCOUNT, [READ], false],
    ['denies another role', 'Deny', { AWS: 'arn:aws:iam::000000000000:role/Other' }, [READ], true],
  ])('%s', (_what, Effect, Principal, statements, allowed) => {
    const Properties = { Bucket: 'b', PolicyDocument: { Statement: { ...READ, Effect, Principal } } };
    const iam = iamOf(inline(...statements), { P: { Type: 'AWS::S3::BucketPolicy', Properties } });
    expect(allows(iam, 's3:GetObject')).toBe(allowed);
    expect(allows(iam, 's3:GetObject', 'arn:aws:s3:::other/k')).toBe(false);
  });
});

describe('what cannot be judged is refused at the start, and named:', () => {
  const boundary = 'arn:aws:iam::aws:policy/Boundary';
  test.each<[string, object, string]>([
    [
      'an operator',
      inline({ ...READ, Condition: { IpAddress: { 'aws:SourceIp': '::1' } } }),
      'IpAddress on aws:SourceIp',
    ],
    [
      'a key',
      inline({ ...READ, Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } }),
      'Bool on aws:Multi',
    ],
    [
      'a variable',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: policies write their variables so
      inline({ ...READ, Resource: 'arn:aws:s3:::b/${aws:username}' }),
      'without variables',
    ],
    ['an effect', inline({ ...READ, Effect: 'allow' }), 'has the effect allow'],
    ['a part', inline({ ...READ, Conditions: {} }), 'has a Conditions'],
    ['no resource', inline({ Effect: 'Allow', Action: '*' }), 'needs either Resource or NotResource'],
    [
      'a managed policy',
      { ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] },
      '/AdministratorAccess, which the local cloud does not define',
    ],
    ['a boundary', { PermissionsBoundary: boundary }, 'permissions boundary'],
    [
      'trust in somebody else',
      {
        AssumeRolePolicyDocument: {
          Statement: { ...TRUST.Statement[0], Principal: { Service: 'x.amazonaws.com' } },
        },
      },
      'cannot be assumed by lambda.amazonaws.com',
    ],
  ])('%s', (_what, role, message) => {
    expect(() => iamOf(role)).toThrow(message);
  });

  test('a role of another template', () => {
    const Properties = { Role: 'arn:aws:iam::000000000000:role/Elsewhere' };
    expect(() => iamOf({}, { Fn: { Type: 'AWS::Lambda::Function', Properties } })).toThrow(
      'the role arn:aws:iam::000000000000:role/Elsewhere, which the template does not define',
    );
  });

  test('a principal', () => {
    const Principal = { AWS: 'arn:aws:iam::111111111111:user/somebody' };
    const Properties = { Bucket: 'b', PolicyDocument: { Statement: { ...READ, Principal } } };
    expect(() => iamOf({}, { P: { Type: 'AWS::S3::BucketPolicy', Properties } })).toThrow(
      'the principal AWS arn:aws:iam::111111111111:user/somebody',
    );
  });
});

describe('a permission to invoke', () => {
  const RULE = 'arn:aws:events:us-east-1:000000000000:rule/R';
  const GIVEN = {
    Action: 'lambda:InvokeFunction',
    FunctionName: FUNCTION_ARN,
    Principal: 'events.amazonaws.com',
    SourceArn: RULE,
  };
  const mayInvoke = (Properties: Record<string, unknown>) => {
    const of = template({}, { P: { Type: 'AWS::Lambda::Permission', Properties } });
    return createInvokePermissions(of, resolverOf(of))('events.amazonaws.com', RULE, 'Fn');
  };

  test.each<[string, object, boolean]>([
    ['is for its source', {}, true],
    ['is for every source when it names none', { SourceArn: undefined }, true],
    ['has patterns', { SourceArn: 'arn:aws:events:*:rule/?' }, true],
    ['is not for another source', { SourceArn: `${RULE}2` }, false],
    ['is not for another service', { Principal: 'apigateway.amazonaws.com' }, false],
    ['is not for another function', { FunctionName: 'Other' }, false],
    ['is not for another account', { SourceAccount: '111111111111' }, false],
    ['is to invoke', { Action: 'lambda:GetFunction' }, false],
  ])('%s', (_what, properties, allowed) => {
    expect(mayInvoke({ ...GIVEN, ...properties })).toBe(allowed);
  });

  test('with a condition that is unknown is refused, and named', () => {
    expect(() => mayInvoke({ ...GIVEN, PrincipalOrgID: 'o-1' })).toThrow('Permission P has PrincipalOrgID');
  });
});
