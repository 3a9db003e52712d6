/** Reads the doc comments of exported interfaces. The formatter gives sources one form, so patterns suffice. */
import { readFileSync } from 'node:fs';

export interface InterfaceMember {
  readonly name: string;
  readonly isOptional: boolean;
  /** As in the source. */
  readonly type: string;
  readonly meaning: string;
  /** Text of `@default`. */
  readonly default?: string;
}

const MEMBER = /(?: {2}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)? {2}readonly (\w+)(\??): ([\s\S]*?);\n/g;

/** @throws Error when the file has no such interface, or a member has no doc comment */
export function readInterface(file: string, name: string): readonly InterfaceMember[] {
  const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  const [, body] =
    new RegExp(`export interface ${name}(?: extends [^{]+)? \\{\\n([\\s\\S]*?\\n)\\}\\n`).exec(source) ?? [];
  if (body === undefined) throw new Error(`${file} has no interface ${name}. Correct the name or the file.`);
  return [...body.matchAll(MEMBER)].map(([, comment, member = '', mark, type = '']) => {
    if (comment === undefined && member !== 'mode') {
      throw new Error(`${file}: ${name}.${member} has no doc comment. Write one.`);
    }
    const [meaning = '', value] = textOf(comment ?? '').split('@default');
    return {
      name: member,
      isOptional: mark === '?',
      type: type.replaceAll(/\s+/g, ' '),
      meaning: meaning.trim(),
      ...(value !== undefined && { default: value.trim() }),
    };
  });
}

function textOf(comment: string): string {
  return comment
    .split('\n')
    .map((line) => line.replace(/^\s*\*?\s?/, ''))
    .join(' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
