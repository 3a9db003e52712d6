/**
 * Requests to AWS that a function signs itself, by a library of 6 KB, where a whole client would be more to load than all
 * that is asked of it: Lambda's takes 90 KB of every cold start, and that of Secrets Manager 30.
 */
import { AwsClient } from 'aws4fetch';
import { requiredEnv } from './env.ts';

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
    const region = requiredEnv('AWS_REGION');
    // Lambda gives an instance its credentials once.
    client ??= new AwsClient({
      accessKeyId: requiredEnv('AWS_ACCESS_KEY_ID'),
      secretAccessKey: requiredEnv('AWS_SECRET_ACCESS_KEY'),
      sessionToken: process.env.AWS_SESSION_TOKEN,
      region,
      service,
      retries,
    });
    // The variable that every SDK heeds.
    const variable = `AWS_ENDPOINT_URL_${(ENDPOINT_NAMES[service] ?? service).toUpperCase()}`;
    const endpoint = process.env[variable] ?? `https://${hostPrefix}${service}.${region}.amazonaws.com`;
    return client.fetch(`${endpoint}${path}`, init);
  };
}

const ENDPOINT_NAMES: Readonly<Record<string, string>> = { secretsmanager: 'secrets_manager', states: 'sfn' };
