/** Published versions of functions in a template, and what an update may change. */
import { VersionNumbers } from '../../../local/lambda/version-numbers.ts';
import { qualifiedNameOf } from '../../../local/shared/aws-names.ts';
import type { Template } from '../../../local/template/assembly.ts';
import { checkUpdate } from '../../../local/template/check-update.ts';
import { createResolver } from '../../../local/template/intrinsics.ts';

const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:build';
const addresses = { api: 'http://127.0.0.1:1', sqs: 'http://127.0.0.1:2' };

function templateOf(versionId: string): Template {
  return {
    Resources: {
      Build: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'build' } },
      [versionId]: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Build' } } },
    },
  };
}

test('each new version of a function has the next number, and keeps it', () => {
  const versions = new VersionNumbers();
  const arnOf = (versionId: string) => {
    const template = templateOf(versionId);
    return createResolver({ template, stackName: 'S', addresses, versions })({ Ref: versionId });
  };
  expect(['One', 'Two', 'One'].map(arnOf)).toEqual([`${ARN}:1`, `${ARN}:2`, `${ARN}:1`]);
});

test.each([
  [ARN, 'build'],
  [`${ARN}:3`, 'build:3'],
  [`${ARN}:$LATEST`, 'build'],
  ['build', 'build'],
  ['build:3', 'build:3'],
])('%s is the function %s', (nameOrArn, name) => {
  expect(qualifiedNameOf(nameOrArn)).toBe(name);
});

test('an update that changes, adds or removes a resource with data is refused by name', () => {
  const template = (queue: object | undefined): Template => ({
    Resources: {
      ...templateOf('One').Resources,
      ...(queue && { Queue: { Type: 'AWS::SQS::Queue', Properties: { ...queue } } }),
    },
  });
  const short = template({ VisibilityTimeout: 1 });
  expect(() => checkUpdate(short, template({ VisibilityTimeout: 1 }))).not.toThrow();
  expect(() => checkUpdate(template({}), { Resources: templateOf('Two').Resources })).toThrow(
    /changes Queue/,
  );
  for (const other of [template({ VisibilityTimeout: 2 }), template(undefined)]) {
    expect(() => checkUpdate(short, other)).toThrow(/The update changes Queue \(AWS::SQS::Queue\)/);
    expect(() => checkUpdate(other, short)).toThrow(/close it, and start it with the new assembly/);
  }
});
