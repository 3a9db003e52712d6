/**
 * Replaces the AWS SDK's credential provider chain, a tenth of each bundle. A function must use only the credentials in its
 * environment.
 */
export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';
