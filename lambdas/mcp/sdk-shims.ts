/**
 * Takes the place of the SDK's own `_shims`, whose ajv is a fifth of the bundle and is only used to check the answers to
 * elicitations, which this server does not send.
 */
export { default as process } from 'node:process';

export class DefaultJsonSchemaValidator {
  getValidator(): never {
    throw new Error('This bundle has no JSON Schema validator: validate with zod.');
  }
}
