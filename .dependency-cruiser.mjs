/**
 * What may import what: see CONTRIBUTING.md. SWC parses the sources, since TypeScript 7 has no JavaScript API.
 * @type {import('dependency-cruiser').IConfiguration}
 */

/** The layers of `lambdas/`: each may import itself and these. */
const LAYERS = {
  shared: [],
  jobs: ['shared'],
  definition: ['shared', 'jobs'],
  workspace: ['shared', 'jobs', 'definition'],
  executions: ['shared', 'jobs', 'definition', 'workspace'],
  runner: ['shared', 'jobs', 'definition', 'workspace'],
  receipt: ['shared', 'jobs', 'definition'],
  events: ['shared', 'jobs', 'receipt'],
  webhooks: ['shared', 'jobs', 'definition', 'events'],
  auth: ['shared'],
  canary: ['shared', 'webhooks', 'auth'],
  mcp: ['shared', 'jobs', 'definition', 'workspace', 'executions', 'events', 'webhooks'],
  api: ['shared', 'jobs', 'definition', 'workspace', 'executions', 'events', 'webhooks', 'auth', 'receipt'],
};

const layers = Object.entries(LAYERS).map(([layer, below]) => ({
  name: `layer-${layer}`,
  severity: 'error',
  from: { path: `^lambdas/${layer}/`, pathNot: '\\.lambda\\.ts$' },
  to: { path: '^lambdas/', pathNot: `^lambdas/(${[layer, ...below].join('|')})/` },
}));

export default {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    ...layers,
    {
      name: 'nothing-imports-an-entry-of-a-function',
      severity: 'error',
      from: { path: '^(bin|lib|lambdas|local)/' },
      to: { path: '\\.lambda\\.ts$' },
    },
    {
      name: 'functions-know-no-infrastructure',
      severity: 'error',
      from: { path: '^lambdas/' },
      to: { path: '^(bin|lib|local|bench|examples|test)/|node_modules/(aws-cdk-lib|constructs)/' },
    },
    {
      // The texts would make the functions larger.
      name: 'only-the-reference-needs-its-texts',
      severity: 'error',
      from: { path: '^(bin|console|lib|lambdas|local)/', pathNot: '^lambdas/api/reference/' },
      to: { path: '^lambdas/(api/reference/|(operations|shared)/error-meanings\\.ts$)' },
    },
    {
      name: 'engine-knows-no-sample',
      severity: 'error',
      from: { path: '^(lib|lambdas|local)/', pathNot: '^(lambdas/operations|local/cli)/' },
      to: { path: '^lambdas/operations/' },
    },
    {
      name: 'samples-use-public-entries',
      severity: 'error',
      from: { path: '^lambdas/operations/' },
      to: { path: '^lambdas/', pathNot: '^lambdas/(operations/|definition/index\\.ts$|runner/index\\.ts$)' },
    },
    {
      name: 'domain-knows-no-aws-sdk',
      severity: 'error',
      from: { path: '^lambdas/definition/' },
      to: { path: 'node_modules/@aws-sdk/' },
    },
    {
      name: 'local-cloud-knows-no-service',
      severity: 'error',
      from: { path: '^local/', pathNot: '^local/(cli/|app\\.ts$|index\\.ts$)' },
      to: { path: '^(lambdas|lib|bin)/' },
    },
    {
      name: 'constructs-take-declarations',
      severity: 'error',
      from: { path: '^lib/' },
      to: {
        path: '^lambdas/',
        pathNot:
          '^lambdas/(definition|shared/(env|caller|errors|server-identity|slots-table|function-memory|observability/metric-definitions)\\.ts|jobs/(job|jobs-table|limits|retention|upload-key)\\.ts|api/(routes|console-page)\\.ts|canary/(canary-settings|objectives)\\.ts|webhooks/)',
      },
    },
    {
      // They may import types.
      name: 'pages-know-no-service',
      severity: 'error',
      from: { path: '^console/' },
      to: { path: '^(bin|lib|lambdas|local)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'shared-components-know-no-page',
      severity: 'error',
      from: { path: '^console/shared/' },
      to: { path: '^console/(app|card)/' },
    },
    {
      name: 'nothing-needs-tests',
      severity: 'error',
      from: { path: '^(bin|console|lib|lambdas|local)/' },
      to: { path: '^(test|bench)/' },
    },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['mcp-async-operations-source', 'import', 'node', 'default', 'types'],
    },
  },
};
