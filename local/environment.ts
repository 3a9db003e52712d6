/** The environment variables that lead an AWS SDK client to the local cloud. */
import { REGION } from './aws-names.ts';

export type Service = 'DYNAMODB' | 'S3' | 'SQS' | 'SNS' | 'SFN' | 'SECRETS_MANAGER';

export interface Environment {
  readonly variables: Readonly<Record<string, string>>;
  /** The same for a client in this process, whose own environment may point to a real account. */
  clientOptions(service: Service): ClientOptions;
}

export interface ClientOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

// Any pair does: signatures are not verified here.
const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

export function createEnvironment(urls: Readonly<Record<Service, string>>): Environment {
  return {
    variables: {
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      ...Object.fromEntries(
        Object.entries(urls).map(([service, url]) => [`AWS_ENDPOINT_URL_${service}`, url]),
      ),
    },
    clientOptions: (service) => ({ endpoint: urls[service], region: REGION, credentials: CREDENTIALS }),
  };
}
