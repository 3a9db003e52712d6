/** Defines the AWS managed policies that roles of this project's templates have. */
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

/** @throws Error naming the policy and the role, for a policy that is not defined here */
export function managedPolicy(role: string, policyArn: string): PolicyDocument {
  const document = DOCUMENTS[policyArn.replace(PREFIX, '')];
  if (document) return document;
  throw new Error(
    `Role ${role} has the managed policy ${policyArn}, which the local cloud does not define: add it to local/iam/managed-policies.ts.`,
  );
}
