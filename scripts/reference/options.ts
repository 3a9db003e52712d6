/** Writes the reference of options from the doc comments of their interfaces. */
import { DEFAULT_JOB_LIMITS } from '../../lambdas/jobs/limits.ts';
import { contextKeys } from './context-keys.ts';
import { defaultOf, type InterfaceMember, readInterface, readTypeComment } from './interfaces.ts';
import { anchorOf, code, fenced, generatedFrom, table } from './markdown.ts';

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

/** Types whose name says nothing, as a reader writes them, with the file of their doc comment. */
const TYPES: Readonly<
  Record<string, { readonly type: string; readonly name?: string; readonly file?: string }>
> = {
  AuthorizationChoice: { type: 'CognitoAuthorization | OidcAuthorization | IamAuthorization' },
  ApiLogsChoice: { type: "'existing-role' | 'new-role'", file: 'lib/endpoints/api-logs.ts' },
  'readonly AuthorizationExtension[]': {
    type: "('oauth-client-credentials' | 'enterprise-managed-authorization')[]",
    name: 'AuthorizationExtension',
    file: 'lib/access/authorization.ts',
  },
  TracingChoice: { type: "'xray' | 'none' | AdotTracing", file: 'lib/defaults/tracing.ts' },
};

export function optionsPage(): string {
  return `# Options

${generatedFrom('the doc comments of lib/')}

Options are properties of the construct \`AsyncOperations\` and of the stack \`AsyncOperationsStack\`. An operator sets some of them at deploy,
with keys of the CDK context: \`npx cdk deploy -c authorization=iam\`. Your app reads these keys with \`readContext\`. The
[API reference](../api/mcp-async-operations.md) has more examples. The examples belong into the
[app of the tutorial](../start/tutorial.md#4-put-it-into-an-app): it imports \`AsyncOperations\`, and creates \`stack\` and \`operations\`.

## Properties of AsyncOperations

${membersTable(ROOT)}

${SECTIONS.map(sectionOf).join('\n\n')}

## Keys of the CDK context

Give each key with \`-c key=value\`, or in the \`context\` of cdk.json. *Sets* names the property that the key sets.

${table(['Key', 'Value', 'Sets', 'Default', 'Meaning'], Object.entries(contextKeys).map(contextRow))}
`;
}

function sectionOf(section: Section): string {
  const { text, example } = readTypeComment(section.file, section.name);
  return [
    `### ${headingOf(section)}`,
    linked(text.replaceAll('\n', '\n\n')),
    ...(example ? [fenced('ts', example)] : []),
    membersTable(section),
  ].join('\n\n');
}

function headingOf({ of, name }: Section): string {
  return `${code(of)}: ${name}`;
}

function membersTable({ file, name, defaults = {} }: Section): string {
  return table(
    ['Property', 'Type', 'Default', 'Meaning'],
    readInterface(file, name).map((member) => {
      const known = defaults[member.name];
      const value = known === undefined ? defaultOf(member) : String(known);
      return [code(member.name), typeCell(member.type), linked(value), meaningOf(member)];
    }),
  );
}

/** A type with a section of this page is a link to the first one. */
function typeCell(type: string): string {
  const shown = TYPES[type]?.type ?? type;
  const section = SECTIONS.find(({ name }) => new RegExp(`\\b${name}\\b`).test(shown));
  return section ? `[${code(shown)}](#${anchorOf(headingOf(section))})` : code(shown);
}

function meaningOf({ type, meaning }: InterfaceMember): string {
  const { file, name = type } = TYPES[type] ?? {};
  if (!file) return linked(meaning);
  const { text } = readTypeComment(file, name);
  return linked(text.startsWith(meaning) ? text : `${meaning}\n${text}`);
}

/** Links the pages that a doc comment names by their paths. */
function linked(text: string): string {
  return text
    .replaceAll(/\bdocs\/reference\/([\w-]+)\.md/g, '[$1]($1.md)')
    .replaceAll(/\bdocs\/guides\/([\w-]+)\.md/g, '[$1](../guides/$1.md)');
}

function contextRow([key, { value, property, sets, meaning, default: given }]: [
  string,
  (typeof contextKeys)[string],
]): readonly string[] {
  const { member, path } = property === undefined ? { path: key } : memberOf(property);
  return [
    code(key),
    value,
    sets ?? code(path),
    given ?? (member ? linked(defaultOf(member)) : 'none'),
    meaning ?? (member ? linked(member.meaning) : ''),
  ];
}

/** @param path such as \`OidcAuthorization.issuer\`. @returns the property, and how a reader writes it: \`authorization.issuer\` */
function memberOf(path: string): { readonly member: InterfaceMember; readonly path: string } {
  const [name = '', property] = path.split('.');
  const section = [ROOT, ...SECTIONS].find((one) => one.name === name);
  const member = section && readInterface(section.file, name).find((one) => one.name === property);
  if (!member) throw new Error(`There is no property ${path}. Correct context-keys.ts.`);
  return { member, path: [section.of, member.name].filter(Boolean).join('.') };
}
