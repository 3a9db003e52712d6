/** A name of the operator's own: every address that is told is there, and no other leads in. */
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { readAuthorization } from '../../../lib/access/authorization.ts';
import { readDomain } from '../../../lib/access/custom-domain.ts';
import { readFirewall } from '../../../lib/access/web-firewall.ts';
import { AsyncOperationsStack } from '../../../lib/async-operations-stack.ts';
import { samples } from '../../support/sample-catalogue.ts';

const CERTIFICATE = 'arn:aws:acm:eu-central-1:111122223333:certificate/11112222-3333-4444-5555-666677778888';
const DOMAIN = { domainName: 'jobs.example.com', certificateArn: CERTIFICATE };
const ZONE = { hostedZoneId: 'Z1', hostedZoneName: 'example.com' };

function synthesize(context: Readonly<Record<string, string>>): Template {
  const app = new App({ context: { ...context, 'aws:cdk:bundling-stacks': [] } });
  const stack = new AsyncOperationsStack(app, 'Test', {
    authorization: readAuthorization(app.node),
    domain: readDomain(app.node),
    firewall: readFirewall(app.node),
    operations: samples,
  });
  return Template.fromStack(stack);
}

describe.each<Record<string, string>>([
  { authorization: 'cognito' },
  { authorization: 'oidc', issuer: 'https://id.example.com' },
  { authorization: 'iam' },
])('with $authorization', (authorization) => {
  const template = synthesize({ ...authorization, ...DOMAIN, ...ZONE });

  test("the API is at the domain's root with TLS 1.2, and not at AWS's own address", () => {
    template.hasResourceProperties('AWS::ApiGateway::DomainName', {
      DomainName: 'jobs.example.com',
      RegionalCertificateArn: CERTIFICATE,
      SecurityPolicy: 'TLS_1_2',
    });
    const [[, mapping] = []] = Object.entries(template.findResources('AWS::ApiGateway::BasePathMapping'));
    expect(mapping?.Properties.BasePath).toBeUndefined();
    template.hasResourceProperties('AWS::ApiGateway::RestApi', { DisableExecuteApiEndpoint: true });
    template.resourceCountIs('AWS::Route53::RecordSet', 1);
  });

  test('every address that is told is of the domain', () => {
    template.hasOutput('McpEndpoint', { Value: 'https://jobs.example.com/mcp' });
    template.hasOutput('ApiUrl', { Value: 'https://jobs.example.com/' });
    // Of the links in webhooks.
    template.hasResourceProperties('AWS::Lambda::Function', {
      Description: 'Delivers events of jobs to webhook endpoints',
      Environment: { Variables: Match.objectLike({ API_URL: 'https://jobs.example.com' }) },
    });
    expect(JSON.stringify(template.toJSON())).not.toContain('.execute-api.');
  });
});

test('without a hosted zone, an output says where the record has to lead', () => {
  const template = synthesize({ authorization: 'iam', ...DOMAIN });
  template.resourceCountIs('AWS::Route53::RecordSet', 0);
  template.hasOutput('DomainTarget', {});
});

test('with a domain, tokens are for it, and metadata and the answer 401 name it', () => {
  const template = JSON.stringify(
    synthesize({ authorization: 'oidc', issuer: 'https://id.example.com', ...DOMAIN }).toJSON(),
  );
  expect(template).toContain(
    '"AUTH_AUDIENCES":"https://jobs.example.com/mcp https://jobs.example.com/ https://jobs.example.com"',
  );
  expect(template).toContain(
    'resource_metadata=\\"https://jobs.example.com/.well-known/oauth-protected-resource/mcp\\"',
  );
});

test.each([
  [{ domainName: 'https://jobs.example.com', certificateArn: CERTIFICATE }, /domainName "https:/],
  [{ domainName: 'jobs', certificateArn: CERTIFICATE }, /domainName "jobs"/],
  [{ domainName: 'Jobs.example.com', certificateArn: CERTIFICATE }, /lower case/],
  [{ domainName: 'jobs.example.com' }, /certificateArn .*needs a certificate/],
  [{ domainName: 'jobs.example.com', certificateArn: 'x' }, /certificateArn "x"/],
  [{ certificateArn: CERTIFICATE }, /certificateArn .*domainName/],
  [{ ...DOMAIN, hostedZoneId: 'Z1' }, /hostedZoneId and hostedZoneName is given: give both/],
  [
    { ...DOMAIN, hostedZoneId: 'Z1', hostedZoneName: 'example.org' },
    /hostedZoneName: .*not in the zone "example.org"/,
  ],
  [{ firewall: 'yes' }, /firewall is "yes"/],
  [{ firewallRequestsPerFiveMinutes: '100' }, /firewallRequestsPerFiveMinutes needs the firewall/],
  [{ firewall: 'true', firewallRequestsPerFiveMinutes: 'many' }, /requestsPerFiveMinutes is NaN/],
])('%j is refused, naming the key', (context, message) => {
  expect(() => synthesize({ authorization: 'iam', ...context } as Record<string, string>)).toThrow(message);
});

describe('the firewall', () => {
  const template = synthesize({
    authorization: 'iam',
    firewall: 'true',
    firewallRequestsPerFiveMinutes: '500',
  });
  const [acl] = Object.values(template.findResources('AWS::WAFv2::WebACL'));

  test('is in front of the stage, with three rule groups of AWS and a limit by address', () => {
    template.resourceCountIs('AWS::WAFv2::WebACLAssociation', 1);
    const rules = acl?.Properties.Rules as {
      Name: string;
      Priority: number;
      Statement: Record<string, unknown>;
    }[];
    expect(rules.map(({ Name }) => Name)).toEqual([
      'Rate',
      'ReportsRate',
      'AWSManagedRulesCommonRuleSet',
      'AWSManagedRulesKnownBadInputsRuleSet',
      'AWSManagedRulesAmazonIpReputationList',
    ]);
    expect(new Set(rules.map(({ Priority }) => Priority)).size).toBe(5);
    const rate = rules[0]?.Statement;
    expect(rate).toMatchObject({ RateBasedStatement: { AggregateKeyType: 'IP', Limit: 500 } });
    // But for the reports of sandboxes, which come from few addresses and have a larger limit.
    expect(JSON.stringify(rate)).toContain('"NotStatement":{"Statement":{"ByteMatchStatement"');
    const reports = { AggregateKeyType: 'IP', Limit: 15_000, ScopeDownStatement: { ByteMatchStatement: {} } };
    expect(rules[1]?.Statement).toMatchObject({ RateBasedStatement: reports });
  });

  test('lets through what jobs are made of: large bodies with code and URLs, from programs without a name', () => {
    const common = acl?.Properties.Rules[2].Statement.ManagedRuleGroupStatement;
    const counted = common.RuleActionOverrides.map(({ Name }: { Name: string }) => Name);
    expect(counted).toEqual(expect.arrayContaining(['SizeRestrictions_BODY', 'NoUserAgent_HEADER']));
  });
});
