/** Writes the reference of definitions from the doc comments of their interfaces. */
import { LONGEST_CALL_MS } from '../../lambdas/definition/operation-definition.ts';
import { defaultOf, type InterfaceMember, readInterface, readTypeComment } from './interfaces.ts';
import { code, fenced, formatNumber, generatedFrom, table } from './markdown.ts';
import { readSource } from './read-source.ts';

const DEFINITION = 'lambdas/definition/operation-definition.ts';
const DEFINE = 'lambdas/definition/define-operation.ts';
const STATE_MACHINE = 'lambdas/definition/state-machine-operation.ts';

/** Types that a reader of a definition does not need in full. */
const TYPES: Readonly<Record<string, string>> = {
  Input: 'z.ZodObject',
  Output: 'z.ZodObject',
  Steps: 'Record<string, StepOptions>',
  'keyof z.output<Input> & string': 'string',
  "Partial<OperationBase['annotations']>":
    '{ readOnlyHint?, destructiveHint?, idempotentHint?, openWorldHint? }',
  "StepsOperation['execution']": 'ExecutionPolicy',
};

/** Types that have a section, with its anchor. */
const SECTIONS: Readonly<Record<string, string>> = {
  ExecutionPolicy: 'modes-of-execution',
  StepOptions: 'a-step',
  CallLimits: 'calls-calllimits',
  OperationResources: 'operationresources',
  WorkspaceListing: 'workspacelisting',
  RequiredObject: 'requiredobject',
  ResultFile: 'resultfile',
  ResultContent: 'resultcontent',
  StepFiles: 'stepfiles',
};

/** The fields of `defineOperation` by what they are about. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  'The tool': [
    'name',
    'title',
    'description',
    'input',
    'toolName',
    'aliases',
    'annotations',
    'requiresTasks',
    'listing',
    'retired',
  ],
  'The work': ['steps', 'execution', 'handler', 'resources', 'sandbox', 'requires', 'retry'],
  'The job and its result': ['output', 'subject', 'text', 'content', 'files'],
};

const EXAMPLE_OF_MODE = `import { defineOperation } from 'mcp-async-operations/operation';
import * as z from 'zod';

export const countWords = defineOperation({
  name: 'count_words',
  description: 'Counts the words of a text. A long text becomes a job.',
  input: z.object({ text: z.string() }),
  output: z.object({ words: z.number() }),
  steps: { count: {} },
  execution: { mode: 'sync_first', limitMs: 10_000, maxWaitMs: 30_000 },
});`;

export function operationDefinitionPage(): string {
  const fields = fieldsOfDefineOperation();
  return `# Definition of an operation

${generatedFrom('the doc comments of lambdas/definition/')}

A definition is plain data: it describes a tool and the work behind it. \`defineOperation\` is for work that you write as steps.
\`stateMachineOperation\` is for a Step Functions state machine that exists already. [Write operations](../guides/writing-operations.md) explains
when to use which field.

Both functions check the definition when the module is imported. An invalid field throws an error with the field, its value and the remedy, so
neither \`cdk synth\` nor a function starts with it.

## Example

${fenced('ts', withoutHeader(readSource('examples/minimal/operations/save-note/operation.ts')))}

A test runs this operation, with [its steps](../../examples/minimal/operations/save-note/steps.lambda.ts), in
[\`examples/minimal\`](../../examples/minimal).

## defineOperation

${Object.entries(GROUPS)
  .map(([title, names]) => `### ${title}\n\n${fieldsTable(pick(fields, names))}`)
  .join('\n\n')}

### Modes of \`execution\`

${modes()}

${table(
  ['Field', 'Modes', 'Meaning'],
  [
    [code('mode'), 'all', "`'sync'`, `'sync_first'` or `'job'`."],
    [
      code('limitMs'),
      '`sync` and `sync_first`',
      'How long a call waits for the result, in milliseconds: whole seconds, at most 50,000.',
    ],
    [
      code('maxWaitMs'),
      '`sync_first` and `job`',
      'Longest wait that a caller can request (`wait_seconds`) before the call returns the job, in milliseconds: whole seconds, at most 60,000.',
    ],
  ],
)}

A mode requires all of its fields. A \`maxWaitMs\` above ${formatNumber(LONGEST_CALL_MS)} acts as ${formatNumber(LONGEST_CALL_MS)}, because many clients stop listening
after 60 s.

${fenced('ts', EXAMPLE_OF_MODE)}

## A step

\`steps\` has an object of these fields for each step. \`{}\` takes all defaults.

${fieldsTable(readInterface(DEFINITION, 'StepOptions'))}

### \`calls\`: CallLimits

${fieldsTable(readInterface(DEFINITION, 'CallLimits'))}

## stateMachineOperation

${fenced('ts', exampleOfStateMachine())}

A test runs this operation in [\`examples/state-machine\`](../../examples/state-machine). It takes the fields of
[the tool](#the-tool), with \`title\` and all four \`annotations\` required. It also takes \`retry\`, \`requires\`, \`subject\`, \`text\`, \`content\` and
\`files\`, and the fields below. It has no steps.

### The state machine

${fieldsTable([
  ...readInterface(STATE_MACHINE, 'StateMachineLocation').map((member) => ({
    ...member,
    default: 'the operator maps it at deploy: `-c stateMachines=<operation>=<ARN or name>`',
  })),
  ...pick(readInterface(DEFINITION, 'StateMachineOperation'), ['output']).map((member) => ({
    ...member,
    type: 'z.ZodType',
  })),
])}

### A Standard state machine

${fieldsTable(readInterface(STATE_MACHINE, 'StandardOptions'))}

### An Express state machine

${fieldsTable(readInterface(STATE_MACHINE, 'ExpressOptions'))}

## Types of fields

${['OperationResources', 'WorkspaceListing', 'RequiredObject', 'ResultFile', 'StepFiles']
  .map((name) => `### ${name}\n\n${fieldsTable(readInterface(DEFINITION, name))}`)
  .join('\n\n')}

### ResultContent

A content block of MCP: \`{ type: 'image', data, mimeType }\`, \`{ type: 'audio', data, mimeType }\`, or \`{ type: 'resource', resource }\`. A
\`resource\` has \`uri\`, \`mimeType\` and either \`text\` or \`blob\`. \`data\` and \`blob\` are base64.
`;
}

/** Those of `OperationOptions` replace those of the definition that it makes. */
function fieldsOfDefineOperation(): readonly InterfaceMember[] {
  const options = readInterface(DEFINE, 'OperationOptions');
  const given = [
    ...readInterface(DEFINITION, 'OperationBase'),
    ...readInterface(DEFINITION, 'StepsOperation'),
  ];
  const fields = [...options, ...given.filter(({ name }) => options.every((option) => option.name !== name))];
  const grouped = Object.values(GROUPS).flat();
  const missing = fields.find(({ name }) => !grouped.includes(name));
  if (missing) throw new Error(`The field "${missing.name}" has no group. Add it to one.`);
  return fields;
}

/** @throws Error when a field does not exist */
function pick(fields: readonly InterfaceMember[], names: readonly string[]): readonly InterfaceMember[] {
  return names.map((name) => {
    const field = fields.find((each) => each.name === name);
    if (!field) throw new Error(`There is no field "${name}". Correct the groups.`);
    return field;
  });
}

function fieldsTable(fields: readonly InterfaceMember[]): string {
  return table(
    ['Field', 'Type', 'Default', 'Meaning'],
    fields.map((field) => [
      code(field.name),
      typeCell(TYPES[field.type] ?? field.type),
      defaultOf(field),
      field.meaning,
    ]),
  );
}

function typeCell(type: string): string {
  const section = Object.keys(SECTIONS).find((name) => new RegExp(`\\b${name}\\b`).test(type));
  return section ? `[${code(type)}](#${SECTIONS[section]})` : code(type);
}

/** The list in the doc comment of the modes, as a table. */
function modes(): string {
  const [, ...items] = readTypeComment(DEFINITION, 'ExecutionPolicy').text.split('\n');
  return table(
    ['Mode', 'A call returns'],
    items.map((item) => {
      const [, mode = '', text = ''] = /^(`\w+`): (.*)$/.exec(item) ?? [];
      return [mode, text.charAt(0).toUpperCase() + text.slice(1)];
    }),
  );
}

function exampleOfStateMachine(): string {
  const source = readSource('examples/state-machine/operations.ts');
  const imports = source.match(/^import .*;$/gm)?.join('\n');
  const [example] = /^const settleInvoice = [\s\S]*?^\}\);$/m.exec(source) ?? [];
  if (!example) throw new Error('examples/state-machine has no settleInvoice. Correct the example.');
  return `${imports}\n\n${example.replaceAll(/^ *\/\/.*\n/gm, '')}`;
}

function withoutHeader(source: string): string {
  return source.replace(/^\/\*\*.*\*\/\n/, '').trim();
}
