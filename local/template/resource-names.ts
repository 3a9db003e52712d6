/** Defines the values of `Ref` and `Fn::GetAtt` by resource type, and the types that the local cloud supports. */
import type { VersionNumbers } from '../lambda/version-numbers.ts';
import { ACCOUNT, arn, secretArn, streamArn } from '../shared/aws-names.ts';

/** URLs of services, for values that contain them. */
export interface Addresses {
  readonly sqs: string;
}

/** Parts of names that the template does not contain. */
export interface NameSources extends Addresses {
  readonly versions: VersionNumbers;
}

export interface ResourceNames {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

interface NamedType {
  /** The property with a name that the template sets. Without one, the logical id is the name. */
  readonly nameProperty?: string;
  names(name: string, sources: NameSources, logicalId: string): ResourceNames;
}

const TABLE: NamedType = {
  nameProperty: 'TableName',
  names: (name) => ({
    ref: name,
    attributes: { Arn: arn('dynamodb', `table/${name}`), StreamArn: streamArn(name) },
  }),
};

const ALARM: NamedType = {
  nameProperty: 'AlarmName',
  names: (name) => ({ ref: name, attributes: { Arn: arn('cloudwatch', `alarm:${name}`) } }),
};

const NAMED_TYPES: Readonly<Record<string, NamedType>> = {
  'AWS::DynamoDB::Table': TABLE,
  'AWS::DynamoDB::GlobalTable': TABLE,
  'AWS::S3::Bucket': {
    nameProperty: 'BucketName',
    names: (name) => {
      const bucket = name.toLowerCase();
      return { ref: bucket, attributes: { Arn: `arn:aws:s3:::${bucket}` } };
    },
  },
  'AWS::SQS::Queue': {
    nameProperty: 'QueueName',
    names: (name, { sqs }) => ({
      ref: `${sqs}/${ACCOUNT}/${name}`,
      attributes: { Arn: arn('sqs', name), QueueName: name, QueueUrl: `${sqs}/${ACCOUNT}/${name}` },
    }),
  },
  'AWS::SNS::Topic': {
    nameProperty: 'TopicName',
    names: (name) => ({ ref: arn('sns', name), attributes: { TopicArn: arn('sns', name), TopicName: name } }),
  },
  'AWS::Lambda::Function': {
    nameProperty: 'FunctionName',
    names: (name) => ({ ref: name, attributes: { Arn: arn('lambda', `function:${name}`) } }),
  },
  'AWS::Lambda::Version': {
    nameProperty: 'FunctionName',
    names: (name, { versions }, logicalId) => {
      const version = versions.numberOf(name, logicalId);
      return { ref: arn('lambda', `function:${name}:${version}`), attributes: { Version: String(version) } };
    },
  },
  'AWS::Lambda::EventSourceMapping': { names: (name) => ({ ref: name, attributes: { Id: name } }) },
  'AWS::StepFunctions::StateMachine': {
    nameProperty: 'StateMachineName',
    names: (name) => {
      const machine = arn('states', `stateMachine:${name}`);
      return { ref: machine, attributes: { Arn: machine, Name: name } };
    },
  },
  'AWS::CloudWatch::Alarm': ALARM,
  'AWS::CloudWatch::CompositeAlarm': ALARM,
  'AWS::ApiGateway::RestApi': {
    names: (name) => ({ ref: name, attributes: { RootResourceId: `${name}Root`, RestApiId: name } }),
  },
  'AWS::Events::Rule': {
    nameProperty: 'Name',
    names: (name) => ({ ref: name, attributes: { Arn: arn('events', `rule/${name}`) } }),
  },
  'AWS::SecretsManager::Secret': {
    nameProperty: 'Name',
    names: (name) => ({ ref: secretArn(name), attributes: { Id: secretArn(name) } }),
  },
  'AWS::IAM::ManagedPolicy': {
    nameProperty: 'ManagedPolicyName',
    names: (name) => ({ ref: `arn:aws:iam::${ACCOUNT}:policy/${name}`, attributes: {} }),
  },
  'AWS::IAM::Role': {
    nameProperty: 'RoleName',
    names: (name) => ({
      ref: name,
      attributes: { Arn: `arn:aws:iam::${ACCOUNT}:role/${name}`, RoleId: `AROA.${name}` },
    }),
  },
  'AWS::Logs::LogGroup': {
    nameProperty: 'LogGroupName',
    names: (name) => ({ ref: name, attributes: { Arn: arn('logs', `log-group:${name}:*`) } }),
  },
  'AWS::ApiGateway::Authorizer': { names: (name) => ({ ref: name, attributes: { AuthorizerId: name } }) },
  'AWS::ApiGateway::GatewayResponse': { names: (name) => ({ ref: name, attributes: { Id: name } }) },
  'AWS::ApiGateway::Resource': { names: (name) => ({ ref: name, attributes: { ResourceId: name } }) },
  'AWS::ApiGateway::Stage': { nameProperty: 'StageName', names: (name) => ({ ref: name, attributes: {} }) },
};

/**
 * Types that no resource refers to by name. IAM reads the policies. The others have no effect on loopback, where nothing is
 * billed, versioned or monitored.
 */
const IGNORED_TYPES: ReadonlySet<string> = new Set([
  'AWS::ApiGateway::Account',
  'AWS::ApiGateway::BasePathMapping',
  'AWS::ApiGateway::Deployment',
  'AWS::ApiGateway::DomainName',
  'AWS::ApiGateway::Stage',
  'AWS::CDK::Metadata',
  'AWS::CloudWatch::Dashboard',
  'AWS::Cognito::CIMDPolicy',
  'AWS::IAM::Policy',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::Permission',
  'AWS::Logs::QueryDefinition',
  'AWS::Route53::RecordSet',
  'AWS::S3::BucketPolicy',
  'AWS::SecretsManager::ResourcePolicy',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::QueuePolicy',
  'AWS::WAFv2::WebACL',
  'AWS::WAFv2::WebACLAssociation',
]);

/** Returns whether the local cloud runs or safely ignores resources of this type. */
export function isKnownType(type: string): boolean {
  return NAMED_TYPES[type] !== undefined || IGNORED_TYPES.has(type) || type === 'AWS::ApiGateway::Method';
}

/** Returns the names of a resource. @param chosenName reads a property of it */
export function namesOf(
  logicalId: string,
  type: string,
  chosenName: (property: string) => string | undefined,
  sources: NameSources,
): ResourceNames {
  const named = NAMED_TYPES[type];
  if (!named) return { ref: logicalId, attributes: {} };
  const name = (named.nameProperty && chosenName(named.nameProperty)) ?? logicalId;
  return named.names(name, sources, logicalId);
}
