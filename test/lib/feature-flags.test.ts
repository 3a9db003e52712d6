/** Checks that cdk.json decides about every feature flag of the installed CDK: a flag set after a deployment changes resources. */
import { readFileSync } from 'node:fs';

const read = (file: string) => JSON.parse(readFileSync(file, 'utf8'));

test.each(['cdk.json', 'examples/minimal/cdk.json'])('%s sets the flags that CDK recommends', (file) => {
  expect(read(file).context).toEqual(read('node_modules/aws-cdk-lib/recommended-feature-flags.json'));
});
