/** Reads the definitions of all state machines of a cloud assembly, in Amazon States Language. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Template } from '../../local/template/assembly.ts';

/** @returns the definitions by logical id; references to other resources are replaced by ARNs */
export function stateMachineDefinitions(assembly: string): Readonly<Record<string, object>> {
  const files = readdirSync(assembly).filter((name) => name.endsWith('.template.json'));
  const templates = files.map((name) => JSON.parse(readFileSync(join(assembly, name), 'utf8')) as Template);
  return Object.fromEntries(
    templates.flatMap(({ Resources }) =>
      Object.entries(Resources)
        .filter(([, { Type }]) => Type === 'AWS::StepFunctions::StateMachine')
        .map(([id, { Properties }]) => [id, JSON.parse(textOf(Properties?.DefinitionString))]),
    ),
  );
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[intrinsic, argument] = []] = Object.entries(value as Readonly<Record<string, unknown>>);
  if (intrinsic === 'Fn::Join') return (argument as [string, unknown[]])[1].map(textOf).join('');
  if (argument === 'AWS::Partition') return 'aws';
  if (String(argument).startsWith('AWS::')) return String(argument).slice('AWS::'.length);
  return `arn:aws:lambda:eu-west-1:123456789012:function:${[argument].flat()[0]}`;
}
