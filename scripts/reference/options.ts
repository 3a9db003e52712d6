/** Writes the reference of options from the doc comments of their interfaces. */
import { DEFAULT_JOB_LIMITS } from '../../lambdas/jobs/limits.ts';
import { contextKeys } from './context-keys.ts';
import { type InterfaceMember, readInterface } from './interfaces.ts';
import { code, generatedFrom, table } from './markdown.ts';

interface Section {
  /** Path of the property that takes the interface. */
  readonly of: string;
  readonly name: string;
  readonly file: string;
  /** Defaults that a constant has. */
  readonly defaults?: Readonly<Record<string, unknown>>;
}

const ROOT: Section = {
  of: '',
  name: 'AsyncOperationsProps',
  file: 'lib/async-operations.ts',
  defaults: { limits: 'the defaults below' },
};

const SECTIONS: readonly Section[] = [
  { of: 'authorization', name: 'CognitoAuthorization', file: 'lib/access/authorization.ts' },
  { of: 'authorization', name: 'OidcAuthorization', file: 'lib/access/authorization.ts' },
  { of: 'authorization', name: 'IamAuthorization', file: 'lib/access/authorization.ts' },
  { of: 'server', name: 'ServerOptions', file: 'lib/endpoints/server-options.ts' },
  { of: 'domain', name: 'DomainChoice', file: 'lib/access/custom-domain.ts' },
  { of: 'firewall', name: 'FirewallChoice', file: 'lib/access/web-firewall.ts' },
  { of: 'limits', name: 'JobLimits', file: 'lambdas/jobs/limits.ts', defaults: { ...DEFAULT_JOB_LIMITS } },
  { of: 'functions.<operation>', name: 'OperationFunctionOptions', file: 'lib/operations/step-function.ts' },
  { of: 'apis[]', name: 'ApiConnection', file: 'lib/operations/api-connections.ts' },
  { of: 'webhooks', name: 'WebhookOptions', file: 'lib/webhooks/webhooks.ts' },
  { of: 'tracing', name: 'AdotTracing', file: 'lib/defaults/tracing.ts' },
  { of: 'reservedConcurrency', name: 'ReservedConcurrency', file: 'lib/defaults/reserved-concurrency.ts' },
  { of: 'monitoring', name: 'MonitoringOptions', file: 'lib/monitoring/monitoring-options.ts' },
  { of: 'monitoring.thresholds', name: 'AlarmThresholds', file: 'lib/monitoring/thresholds.ts' },
  { of: 'monitoring.canary', name: 'CanaryOptions', file: 'lib/monitoring/canary.ts' },
  { of: 'monitoring.budget', name: 'BudgetOptions', file: 'lib/monitoring/monitoring-options.ts' },
];

export function optionsPage(): string {
  return `# Options

${generatedFrom('the doc comments of lib/')}

Options are properties of the construct \`AsyncOperations\` and of the stack \`AsyncOperationsStack\`. An operator sets some of them at deploy,
with keys of the CDK context: \`npx cdk deploy -c authorization=iam\`. Your app reads these keys with \`readContext\`. The
[API reference](../api/mcp-async-operations.md) has examples.

## Properties of AsyncOperations

${membersTable(ROOT)}

${SECTIONS.map((section) => `### ${code(section.of)}: ${section.name}\n\n${membersTable(section)}`).join('\n\n')}

## Keys of the CDK context

Give each key with \`-c key=value\`, or in the \`context\` of cdk.json.

${table(['Key', 'Value', 'Default', 'Meaning'], Object.entries(contextKeys).map(contextRow))}
`;
}

function membersTable({ file, name, defaults = {} }: Section): string {
  return table(
    ['Property', 'Type', 'Default', 'Meaning'],
    readInterface(file, name)
      .filter((member) => member.name !== 'mode')
      .map((member) => {
        const known = defaults[member.name];
        const value = known === undefined ? defaultOf(member) : String(known);
        return [code(member.name), code(member.type), value, member.meaning];
      }),
  );
}

function defaultOf({ default: value, isOptional }: InterfaceMember): string {
  return value ?? (isOptional ? 'none' : 'required');
}

function contextRow([key, { value, property, meaning, default: given }]: [
  string,
  (typeof contextKeys)[string],
]): readonly string[] {
  const member = property === undefined ? undefined : memberOf(property);
  return [code(key), value, given ?? (member ? defaultOf(member) : 'none'), meaning ?? member?.meaning ?? ''];
}

/** @param path such as \`OidcAuthorization.issuer\` */
function memberOf(path: string): InterfaceMember {
  const [name = '', property] = path.split('.');
  const section = [ROOT, ...SECTIONS].find((one) => one.name === name);
  const member = section && readInterface(section.file, name).find((one) => one.name === property);
  if (!member) throw new Error(`There is no property ${path}. Correct context-keys.ts.`);
  return member;
}
