/** Writes the schemas of the HTTP API: the shared ones once, the others where they are used. */
import type { JsonSchema } from '../json-schema.ts';
import { anchorOf, code, table } from '../markdown.ts';
import { meaningOf, type SchemaTexts, schemaTable, typeOf } from '../schema-table.ts';
import { ApiDocument } from './api-document.ts';

const SIMPLE_TYPES = 'Simple types';

/** Schemas that other pages have, by the link to them. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  EventType: 'events.md#types',
  JobEvent: 'events.md#body-of-a-webhook',
  TestEvent: 'events.md#body-of-a-test',
  Error: '#errors',
  GatewayError: '#errors',
  IamError: '#errors',
};

export class ApiSchemas {
  readonly #document: ApiDocument;
  readonly #page: string;
  /** For tables with references to these schemas. */
  readonly texts: SchemaTexts;

  /** @param page to which links lead. @default the same page */
  constructor(document = new ApiDocument(), page = '') {
    this.#document = document;
    this.#page = page;
    this.texts = {
      reference: (name) => this.linkTo(name),
      // What a time means depends on its property.
      description: (name) =>
        name === 'Time' ? undefined : (this.schema(name).description as string | undefined),
    };
  }

  /** @returns a Markdown link to a schema of this page or of another one */
  linkTo(name: string): string {
    const heading = isSimple(this.schema(name)) ? SIMPLE_TYPES : name;
    return `[${name}](${ELSEWHERE[name] ?? `${this.#page}#${anchorOf(heading)}`})`;
  }

  /** @returns the schema of a body that no other body shares; undefined for a shared one, which has its own heading */
  ofOneBody(name: string): JsonSchema | undefined {
    return this.#document.usesOf(name) === 1 ? this.schema(name) : undefined;
  }

  /** @returns tables of the properties: one, or one for each alternative */
  properties(schema: JsonSchema, isResponse: boolean): string {
    const alternatives = (schema.anyOf ?? []) as readonly JsonSchema[];
    if (alternatives.length === 0) return schemaTable(schema, { ...this.texts, isResponse });
    return alternatives
      .flatMap((each, index) => [
        `${index === 0 ? 'Either' : 'Or'}${each.title ? `: ${String(each.title).toLowerCase()}` : ''}. ${each.description ?? ''}`.trim(),
        schemaTable(each, { ...this.texts, isResponse }),
      ])
      .join('\n\n');
  }

  typeOf(schema: JsonSchema): string {
    return typeOf(schema, this.texts);
  }

  meaningOf(schema: JsonSchema): string {
    return meaningOf(schema, this.texts);
  }

  /** @param inlined names of the schemas whose tables are at their routes */
  section(inlined: ReadonlySet<string>): string {
    const own = Object.entries(this.#document.schemas).filter(
      ([name]) => !inlined.has(name) && !Object.hasOwn(ELSEWHERE, name),
    );
    const simple = own.filter(([, schema]) => isSimple(schema));
    const objects = own.filter(([, schema]) => !isSimple(schema));
    return [
      `## Schemas`,
      `### ${SIMPLE_TYPES}`,
      table(
        ['Name', 'Type', 'Meaning'],
        simple.map(([name, schema]) => [code(name), this.typeOf(schema), this.meaningOf(schema)]),
      ),
      ...objects.flatMap(([name, schema]) => [
        `### ${name}`,
        ...(schema.description ? [String(schema.description)] : []),
        this.properties(schema, true),
      ]),
    ].join('\n\n');
  }

  /** @throws Error for a name that the document does not have */
  schema(name: string): JsonSchema {
    const schema = this.#document.schemas[name];
    if (!schema) throw new Error(`The document has no schema ${name}. Correct the list of links.`);
    return schema;
  }
}

/** A value without properties. */
function isSimple({ properties, anyOf, $ref }: JsonSchema): boolean {
  if (properties !== undefined) return false;
  return $ref !== undefined || ((anyOf ?? []) as readonly JsonSchema[]).every(isSimple);
}
