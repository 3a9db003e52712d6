/** Runs the canary of the test catalogue's stack, without the wait for its schedule. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { LocalCloud } from '../../local/cloud.ts';
import { readAssembly } from '../../local/template/assembly.ts';
import { assemblies } from './assemblies.ts';

/** Returns the logical id of a resource, which is its name on the local cloud. @throws Error when there is none */
export async function logicalId(type: string, start: string): Promise<string> {
  const { Resources } = (await readAssembly(assemblies.test)).template;
  const found = Object.entries(Resources).find(([id, { Type }]) => Type === type && id.startsWith(start));
  if (!found) throw new Error(`The assembly has no ${type} that begins with ${start}.`);
  return found[0];
}

/** Runs the canary once, as its schedule does. @throws Error when its function fails */
export async function invokeCanary({ environment }: Pick<LocalCloud, 'environment'>): Promise<void> {
  const lambda = new LambdaClient({
    endpoint: environment.AWS_ENDPOINT_URL_LAMBDA,
    region: environment.AWS_REGION,
    credentials: {
      accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '',
    },
  });
  const FunctionName = await logicalId('AWS::Lambda::Function', 'CanaryFunction');
  const Payload = JSON.stringify({ source: 'aws.events', 'detail-type': 'Scheduled Event' });
  const { FunctionError } = await lambda.send(new InvokeCommand({ FunctionName, Payload }));
  lambda.destroy();
  if (FunctionError) throw new Error(`The function of the canary failed: ${FunctionError}`);
}
