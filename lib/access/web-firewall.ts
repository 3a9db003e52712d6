/** AWS WAF in front of the API: what is known to be an attack, and more requests from one address than anybody needs. */
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct, type Node } from 'constructs';

export interface FirewallChoice {
  /** From one address; more is answered with 403 until it is less. At least 10. @default 2,000 */
  readonly requestsPerFiveMinutes?: number;
}

/** Seven in a second, all the time. */
const REQUESTS_PER_FIVE_MINUTES = 2_000;

/** @throws Error that names the key of the CDK context. @returns undefined when no firewall is asked for */
export function readFirewall(node: Node): FirewallChoice | undefined {
  const firewall = String(node.tryGetContext('firewall') ?? 'false');
  const requests: unknown = node.tryGetContext('firewallRequestsPerFiveMinutes');
  if (!['true', 'false'].includes(firewall)) {
    throw new Error(`firewall: "${firewall}" is neither true nor false.`);
  }
  if (firewall === 'false') {
    if (requests === undefined) return undefined;
    throw new Error(
      'firewallRequestsPerFiveMinutes: there is no firewall. Add -c firewall=true, or leave it out.',
    );
  }
  return requests === undefined ? {} : { requestsPerFiveMinutes: Number(requests) };
}

/**
 * Rules that would refuse what is sent here for good reason, and count it instead: requests are JSON of up to 4 MiB, with
 * code, paths and URLs in it, from programs that need not say what they are.
 */
const COUNTED = [
  'NoUserAgent_HEADER',
  'SizeRestrictions_BODY',
  'CrossSiteScripting_BODY',
  'EC2MetaDataSSRF_BODY',
  'GenericLFI_BODY',
  'GenericRFI_BODY',
];

const MANAGED = [
  { name: 'AWSManagedRulesCommonRuleSet', counted: COUNTED },
  { name: 'AWSManagedRulesKnownBadInputsRuleSet', counted: [] },
  { name: 'AWSManagedRulesAmazonIpReputationList', counted: [] },
] as const;

export interface WebFirewallProps extends FirewallChoice {
  readonly api: RestApi;
}

export class WebFirewall extends Construct {
  constructor(scope: Construct, id: string, props: WebFirewallProps) {
    super(scope, id);
    const { api, requestsPerFiveMinutes = REQUESTS_PER_FIVE_MINUTES } = props;
    if (!(Number.isInteger(requestsPerFiveMinutes) && requestsPerFiveMinutes >= 10)) {
      throw new Error(
        `requestsPerFiveMinutes: ${requestsPerFiveMinutes} is no limit of WAF's. Give 10 or more.`,
      );
    }
    const acl = new CfnWebACL(this, 'Acl', {
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: visible('Firewall'),
      rules: [
        {
          name: 'Rate',
          priority: 0,
          action: { block: {} },
          statement: { rateBasedStatement: { aggregateKeyType: 'IP', limit: requestsPerFiveMinutes } },
          visibilityConfig: visible('Rate'),
        },
        ...MANAGED.map(({ name, counted }, index) => ({
          name,
          priority: index + 1,
          overrideAction: { none: {} },
          statement: {
            managedRuleGroupStatement: {
              vendorName: 'AWS',
              name,
              ruleActionOverrides: counted.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
            },
          },
          visibilityConfig: visible(name),
        })),
      ],
    });
    new CfnWebACLAssociation(this, 'Association', {
      webAclArn: acl.attrArn,
      resourceArn: api.deploymentStage.stageArn,
    });
  }
}

function visible(metricName: string): CfnWebACL.VisibilityConfigProperty {
  return { metricName, cloudWatchMetricsEnabled: true, sampledRequestsEnabled: true };
}
