/**
 * Takes the place of the AWS SDK's search for credentials, a tenth of each bundle: a function finds its own in its
 * environment, and must not find any others.
 */
export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';
