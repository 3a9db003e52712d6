/** Reads the doc comments of interfaces. The formatter gives sources one form, so patterns suffice. */
import { code } from './markdown.ts';
import { readSource } from './read-source.ts';

export interface InterfaceMember {
  readonly name: string;
  readonly isOptional: boolean;
  /** As in the source; of a method, the type of the function. */
  readonly type: string;
  /** A line for each item of a list. */
  readonly meaning: string;
  /** Text of `@default`. */
  readonly default?: string;
}

const MEMBER =
  /(?:^ {2}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^ {2}(?:readonly )?(\w+)(\??)(: |(?=\())([\s\S]*?);\n(?= {2}[\w/]|(?![\s\S]))/gm;

/**
 * @param name of an interface, or of a type whose last part is an object
 * @throws Error when the file has no such interface, or a member has no doc comment
 */
export function readInterface(file: string, name: string): readonly InterfaceMember[] {
  const source = readSource(file);
  const [, body] =
    new RegExp(`^(?:export )?(?:interface|type) ${name}\\b[^;]*?\\{\\n((?: {2}.*\\n|\\n)*)\\}`, 'm').exec(
      source,
    ) ?? [];
  if (body === undefined) throw new Error(`${file} has no interface ${name}. Correct the name or the file.`);
  return [...body.matchAll(MEMBER)]
    .filter(([, , , , , type = '']) => type !== 'undefined')
    .map(([, comment, member = '', mark, separator, type = '']) => {
      if (comment === undefined) {
        throw new Error(`${file}: ${name}.${member} has no doc comment. Write one.`);
      }
      const { text, default: value } = partsOf(comment);
      return {
        name: member,
        isOptional: mark === '?',
        type: separator === '' ? functionType(oneLine(type)) : oneLine(type),
        meaning: text,
        ...(value !== undefined && { default: value }),
      };
    });
}

/** The doc comment of a type or an interface. */
export interface TypeComment {
  /** A line for each paragraph and each item of a list. */
  readonly text: string;
  /** Code of `@example`. */
  readonly example?: string;
}

/** @throws Error when the file has no such type with a comment */
export function readTypeComment(file: string, name: string): TypeComment {
  const [, comment] =
    new RegExp(`^/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\nexport (?:type|interface) ${name}\\b`, 'm').exec(
      readSource(file),
    ) ?? [];
  if (comment === undefined) throw new Error(`${file}: ${name} has no doc comment. Write one.`);
  const [, example] = /```ts\n([\s\S]*?)\n```/.exec(linesOf(comment)) ?? [];
  return { text: partsOf(comment).text, ...(example !== undefined && { example }) };
}

/** @returns the default as code when it is a value, `required`, or the text of `@default` */
export function defaultOf({ default: value, isOptional }: InterfaceMember): string {
  if (value === undefined) return isOptional ? 'none' : 'required';
  return /^(?:true|false|\{\}|'[^']*'|[A-Z]\w+\.\w+)$/.test(value) ? code(value) : value;
}

/** Returns the text before the first tag, and that of `@default`. */
function partsOf(comment: string): { readonly text: string; readonly default?: string } {
  const [text = '', ...tags] = linesOf(comment).split(/(?:^|\s)(?=@\w)/);
  const value = tags.find((tag) => tag.startsWith('@default'))?.slice('@default'.length);
  return { text: joined(text), ...(value !== undefined && { default: joined(value) }) };
}

function linesOf(comment: string): string {
  return comment
    .split('\n')
    .map((line) => line.replace(/^\s*\*?\s?/, ''))
    .join('\n');
}

/** Joins the lines of a text, but not paragraphs and the items of a list. */
function joined(text: string): string {
  return text
    .replaceAll(/(?<!\n)\n(?!- |\n)\s*/g, ' ')
    .replaceAll(/\n+(?:- )?/g, '\n')
    .trim();
}

function oneLine(type: string): string {
  return type.replaceAll(/\s+/g, ' ').trim();
}

/** `(result: Result): string` becomes `(result) => string`. */
function functionType(type: string): string {
  const [, parameters = '', returned = ''] = /^\((.*)\): (.*)$/.exec(type) ?? [];
  const names = parameters.replaceAll(/\{[^}]*\}/g, '').matchAll(/(\w+):/g);
  return `(${[...names].map(([, name]) => name).join(', ')}) => ${returned}`;
}
