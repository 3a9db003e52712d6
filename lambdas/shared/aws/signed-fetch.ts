/**
 * Requests to AWS that a function signs itself, by a library of 6 KB, where a whole client would be more to load than all
 * that is asked of it: Lambda's takes 90 KB of every cold start, and that of Secrets Manager 30.
 */
import { AwsClient } from 'aws4fetch';
import { requiredEnv } from '../env.ts';

export type SignedFetch = (path: string, init: RequestInit) => Promise<Response>;

/**
 * @param service as endpoints name it: `lambda`
 * @param options.hostPrefix for those actions of a service that have a host of their own. @default none
 * @param options.retries of throttled and failed requests, with growing pauses. @default 3
 */
export function signedFetch(
  service: string,
  { hostPrefix = '', retries = 3 }: { readonly hostPrefix?: string; readonly retries?: number } = {},
): SignedFetch {
  let client: AwsClient | undefined;
  return (path, init) => {
    client ??= awsClient(service, retries);
    const host = `${hostPrefix}${service}.${requiredEnv('AWS_REGION')}.amazonaws.com`;
    return client.fetch(`${endpointOverride(service) ?? `https://${host}`}${path}`, init);
  };
}

/** With the credentials of this function, of which Lambda gives an instance one set. */
export function awsClient(service: string, retries = 3): AwsClient {
  return new AwsClient({
    accessKeyId: requiredEnv('AWS_ACCESS_KEY_ID'),
    secretAccessKey: requiredEnv('AWS_SECRET_ACCESS_KEY'),
    sessionToken: process.env.AWS_SESSION_TOKEN,
    region: requiredEnv('AWS_REGION'),
    service,
    retries,
  });
}

const ENDPOINT_NAMES: Readonly<Record<string, string>> = { secretsmanager: 'secrets_manager', states: 'sfn' };

/** The URL in place of AWS's own, from the variable that every SDK heeds. */
export function endpointOverride(service: string): string | undefined {
  return process.env[`AWS_ENDPOINT_URL_${(ENDPOINT_NAMES[service] ?? service).toUpperCase()}`];
}
