/**
 * Replaces the SDK's `_shims`, because their ajv is a fifth of the bundle. The SDK uses ajv only to check the results of
 * `elicitation/create` requests, and this server sends none.
 */
export { default as process } from 'node:process';

export class DefaultJsonSchemaValidator {
  getValidator(): never {
    throw new Error('This bundle has no JSON Schema validator: validate with zod.');
  }
}
