/** Runs the steps of `save_note`. */
import { createHmac } from 'node:crypto';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { requiredEnv, stepHandler } from 'mcp-async-operations/steps';
import { saveNote } from './operation.ts';

const dynamodb = new DynamoDBClient();
const secrets = new SecretsManagerClient();

export const handler = stepHandler(saveNote, {
  async sign({ input, signal }) {
    const read = new GetSecretValueCommand({ SecretId: requiredEnv('SIGNING_KEY_ARN') });
    const { SecretString: key = '' } = await secrets.send(read, { abortSignal: signal });
    return { signature: createHmac('sha256', key).update(input.text).digest('hex') };
  },

  async save({ jobId, input, results, signal }) {
    const { signature } = results.sign;
    const item = { id: { S: jobId }, text: { S: input.text }, signature: { S: signature } };
    const put = new PutItemCommand({ TableName: requiredEnv('NOTES_TABLE'), Item: item });
    await dynamodb.send(put, { abortSignal: signal });
    return { id: jobId, signature };
  },
});
