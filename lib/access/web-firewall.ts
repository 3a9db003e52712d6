/** Adds AWS WAF in front of the API: managed rules against known attacks, and a rate limit for each IP address. */
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct, type Node } from 'constructs';
import { REPORTS_PATH } from '../endpoints/reports-path.ts';

/** Options of the web firewall (AWS WAF). */
export interface FirewallChoice {
  /** Requests of one IP address in five minutes, at least 10. Above that, WAF responds with 403. @default 2,000 */
  readonly requestsPerFiveMinutes?: number;
}

/** About seven requests a second. */
const REQUESTS_PER_FIVE_MINUTES = 2_000;
/** Half of the rate of the path: sandboxes of all owners report from few addresses of Lambda, each every 2 to 10 s. */
const REPORTS_PER_FIVE_MINUTES = 15_000;

/** @returns undefined when the CDK context asks for no firewall. @throws Error naming the key of the CDK context */
export function readFirewall(node: Node): FirewallChoice | undefined {
  const firewall = String(node.tryGetContext('firewall') ?? 'false');
  const requests: unknown = node.tryGetContext('firewallRequestsPerFiveMinutes');
  if (!['true', 'false'].includes(firewall)) {
    throw new Error(`firewall is "${firewall}": give true or false.`);
  }
  if (firewall === 'false') {
    if (requests === undefined) return undefined;
    throw new Error('firewallRequestsPerFiveMinutes needs the firewall: add -c firewall=true, or remove it.');
  }
  return requests === undefined ? {} : { requestsPerFiveMinutes: Number(requests) };
}

/**
 * Rules that count matches instead of blocking them, because they match valid requests: JSON of up to 4 MiB with code, paths
 * and URLs, from programs that may send no User-Agent.
 */
const COUNT_ONLY_RULES = [
  'NoUserAgent_HEADER',
  'SizeRestrictions_BODY',
  'CrossSiteScripting_BODY',
  'EC2MetaDataSSRF_BODY',
  'GenericLFI_BODY',
  'GenericRFI_BODY',
];

const MANAGED_RULE_GROUPS = [
  { name: 'AWSManagedRulesCommonRuleSet', counted: COUNT_ONLY_RULES },
  { name: 'AWSManagedRulesKnownBadInputsRuleSet', counted: [] },
  { name: 'AWSManagedRulesAmazonIpReputationList', counted: [] },
] as const;

const REPORTS: CfnWebACL.StatementProperty = {
  byteMatchStatement: {
    fieldToMatch: { uriPath: {} },
    positionalConstraint: 'ENDS_WITH',
    searchString: REPORTS_PATH,
    textTransformations: [{ priority: 0, type: 'NONE' }],
  },
};
const NOT_REPORTS: CfnWebACL.StatementProperty = { notStatement: { statement: REPORTS } };

export interface WebFirewallProps extends FirewallChoice {
  readonly api: RestApi;
}

/** The web ACL of the API's stage. */
export class WebFirewall extends Construct {
  constructor(scope: Construct, id: string, props: WebFirewallProps) {
    super(scope, id);
    const { api, requestsPerFiveMinutes = REQUESTS_PER_FIVE_MINUTES } = props;
    if (!(Number.isInteger(requestsPerFiveMinutes) && requestsPerFiveMinutes >= 10)) {
      throw new Error(
        `requestsPerFiveMinutes is ${requestsPerFiveMinutes}: give a whole number of at least 10, the minimum of AWS WAF.`,
      );
    }
    const acl = new CfnWebACL(this, 'Acl', {
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: visibility('Firewall'),
      rules: [
        rateRule('Rate', 0, requestsPerFiveMinutes, NOT_REPORTS),
        rateRule('ReportsRate', 1, REPORTS_PER_FIVE_MINUTES, REPORTS),
        ...MANAGED_RULE_GROUPS.map(({ name, counted }, index) => ({
          name,
          priority: index + 2,
          overrideAction: { none: {} },
          statement: {
            managedRuleGroupStatement: {
              vendorName: 'AWS',
              name,
              ruleActionOverrides: counted.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
            },
          },
          visibilityConfig: visibility(name),
        })),
      ],
    });
    new CfnWebACLAssociation(this, 'Association', {
      webAclArn: acl.attrArn,
      resourceArn: api.deploymentStage.stageArn,
    });
  }
}

/** @param limit requests of one IP address in five minutes */
function rateRule(
  name: string,
  priority: number,
  limit: number,
  scopeDownStatement: CfnWebACL.StatementProperty,
): CfnWebACL.RuleProperty {
  return {
    name,
    priority,
    action: { block: {} },
    statement: { rateBasedStatement: { aggregateKeyType: 'IP', limit, scopeDownStatement } },
    visibilityConfig: visibility(name),
  };
}

function visibility(metricName: string): CfnWebACL.VisibilityConfigProperty {
  return { metricName, cloudWatchMetricsEnabled: true, sampledRequestsEnabled: true };
}
