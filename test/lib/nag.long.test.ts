/** The rules of AWS Solutions: each finding is mended, or is in this list with the reason why it stays. */
import { AwsSolutionsChecks } from 'cdk-nag';
import { type StackVariant, stackVariants, variantApp } from '../support/stack-variants.ts';

/** A finding is its rule and the path of its construct. */
const ACCEPTED: readonly (readonly [finding: RegExp, reason: string])[] = [
  [
    /^IAM5\[Resource::\*\] .*Role\/(DefaultPolicy\/)?Resource$/,
    'X-Ray, and the delivery of logs of state machines, have no resources to name.',
  ],
  [
    /^IAM5\[Resource::<Workspace\w+\.Arn>\/((results|logs)\/)?\*\]/,
    'Objects are named by project and job, which are not known when the stack is made.',
  ],
  [
    /^IAM5\[Resource::<Workspace\w+\.Arn>\/uploads\/\*\]/,
    'So are the files that jobs wait for, all below one prefix.',
  ],
  [
    /^IAM5\[Resource::(arn:\S+:function:\S+-(\*|build)|<buildSandbox\w+\.Arn>):\*\] .*\/(Machines|Reports|call_api|build)\//,
    'Running executions call the versions of their functions that they began with.',
  ],
  [
    /^IAM5\[Resource::arn:\S+:stateMachine:AsyncO-[0-9a-f]{8}-\*\]/,
    'The state machines of the stack share a prefix: a pattern has room for any number, and for removed ones.',
  ],
  [
    /^IAM5\[Resource::arn:\S+:execution:.*:\*\]/,
    'Executions are named after jobs. They can be looked at and stopped, and nothing else.',
  ],
  [
    /^IAM5\[Resource::arn:aws:secretsmanager:\S+:secret:events!connection\/crm\/\*\] .*\/call_api\/Calls\//,
    'EventBridge keeps the credentials of a connection under its name, and an id that is not known before.',
  ],
  [
    /^IAM4\[.*AmazonAPIGatewayPushToCloudWatchLogs\]/,
    "The role of the account's own setting, which takes this policy.",
  ],
  [
    /^S1 .*\/Workspace\//,
    'Server access logs arrive when they can, in a bucket that grows for ever; who needs them turns on data events in CloudTrail.',
  ],
  [
    /^SF1 /,
    'Errors are logged. A record of every state would cost more than the states; jobs hold their progress themselves.',
  ],
  [
    /^SMG4 .*\/SealingSecret\//,
    'What is sealed with it is sealed anew as it is used, which takes its time: when to replace it is for the operator to say.',
  ],
  [
    /^SMG4 .*\/Reports\/Secret\//,
    'Steps that run hold what is sealed with it for minutes: when to replace it is for the operator to say.',
  ],
  [
    /^SMG4 .*\/SigningSecret\//,
    'Receivers take the public key from an address of ours: when to replace it is for the operator to say, and both keys sign meanwhile.',
  ],
  [
    /^SQS3 .*\/(Events|Resumer)\/DeadLetters\//,
    'It is a dead-letter queue: of an event source, which the rule does not see.',
  ],
  [
    /^APIG2 /,
    'Functions check what they are given with the schemas that they publish, and answer with the field and the remedy.',
  ],
  [
    /^APIG[16] /,
    'API Gateway writes logs with a role of the whole account, which a stack must not replace unasked: it is an option.',
  ],
  [/^APIG3 /, 'A web ACL costs by the month, whether or not it is needed: it is an option.'],
  [
    /^APIG4 .*\/\.well-known\//,
    'Public on purpose: keys to verify with, where to sign in, and catalogs with the public card.',
  ],
  [/^APIG4 .*\/server-card\//, 'Public on purpose: clients read the card before they sign in.'],
  [
    /^APIG4 .*\/answers\//,
    'Public on purpose: the token in the path is the credential, and good for one use.',
  ],
  [
    /^APIG4 .*\/sandbox-reports\//,
    'Public on purpose: a sandbox has no credentials, and each of its reports has a sealed token.',
  ],
  [
    /^APIG4 .*\/canary\//,
    'Public on purpose: webhooks of the canary, with a token in the path, and each verified by its signature.',
  ],
  [/^APIG4 .*\/console\//, 'Public on purpose: the files of the page on which a person signs in.'],
  [/^COG8 /, 'The plus tier costs by the user; what it watches for is not what lets callers in here.'],
  [/^COG4 /, 'Authorized by IAM or by an authorizer of our own, as the stack is told.'],
];

function findingsOf(props: StackVariant): readonly string[] {
  const app = variantApp(props);
  const { violations } = new AwsSolutionsChecks(app).validateScope(app);
  return violations.flatMap(({ ruleName, violatingResources = [] }) =>
    violatingResources.map(
      ({ constructPath }) => `${ruleName.replace('AwsSolutions-', '')} ${constructPath}`,
    ),
  );
}

const findings = Object.fromEntries(
  Object.entries(stackVariants).map(([name, props]) => [name, findingsOf(props)]),
);

test.each(Object.keys(stackVariants))('%s, no finding is without a reason', (name) => {
  expect(findings[name]?.filter((finding) => !ACCEPTED.some(([pattern]) => pattern.test(finding)))).toEqual(
    [],
  );
});

test('no reason is without a finding', () => {
  const all = Object.values(findings).flat();
  const unused = ACCEPTED.filter(([pattern]) => !all.some((finding) => pattern.test(finding)));
  expect(unused.map(([pattern]) => String(pattern))).toEqual([]);
});

test('with a firewall, nothing is left to say of it', () => {
  expect(findings['by default']?.some((finding) => finding.startsWith('APIG3 '))).toBe(true);
  expect(
    findings['with a domain, a firewall, logs and alarms by e-mail']?.filter((finding) =>
      finding.startsWith('APIG3 '),
    ),
  ).toEqual([]);
});
