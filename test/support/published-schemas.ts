/** Checks documents against the rules of published schemas, which test/fixtures/schemas has with their source and date. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

export type PublishedSchema = 'server-card' | 'ai-catalog' | 'ard-manifest' | 'server-json';

const ajv = new Ajv2020({ allErrors: true, strictRequired: false, strictTypes: false });
addFormats.default(ajv);

/** Returns what a schema does not allow in a document; empty when it is valid. */
export function errorsBySchema(name: PublishedSchema, document: unknown): readonly string[] {
  const file = new URL(`../fixtures/schemas/${name}.schema.json`, import.meta.url);
  const validate =
    ajv.getSchema(name) ?? ajv.addSchema(JSON.parse(readFileSync(file, 'utf8')), name).getSchema(name);
  if (!validate) throw new Error(`There is no schema ${name}.`);
  return validate(document) ? [] : [ajv.errorsText(validate.errors)];
}
