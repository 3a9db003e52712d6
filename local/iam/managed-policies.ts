/** AWS's own managed policies, as far as roles of this project's templates have them. */
import type { PolicyDocument } from './statements.ts';

const PREFIX = 'arn:aws:iam::aws:policy/';

const DOCUMENTS: Readonly<Record<string, PolicyDocument>> = {
  'service-role/AWSLambdaBasicExecutionRole': {
    Statement: {
      Effect: 'Allow',
      Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: '*',
    },
  },
};

/** @throws Error naming the policy and the role when its content is not known here. */
export function managedPolicy(role: string, policyArn: string): PolicyDocument {
  const document = DOCUMENTS[policyArn.replace(PREFIX, '')];
  if (document) return document;
  throw new Error(
    `Role ${role} has the managed policy ${policyArn}, whose content the local cloud does not know: add it to local/iam/managed-policies.ts.`,
  );
}
