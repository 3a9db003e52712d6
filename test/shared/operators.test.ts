/** Tests who is an operator among signed requests: nobody whom the deployment does not name. */
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { callerOf, requireScopes, Scope } from '../../lambdas/shared/caller.ts';
import { isOperator } from '../../lambdas/shared/operators.ts';

const ADA = 'arn:aws:iam::111122223333:user/staff/ada';
const ROLE = 'arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/Operators';
const SESSION = 'arn:aws:sts::111122223333:assumed-role/Operators';

test('the users and the sessions of the roles in the list are', () => {
  expect(isOperator(ADA, `${ADA} ${ROLE}`)).toBe(true);
  expect(isOperator(SESSION, `${ADA} ${ROLE}`)).toBe(true);
  expect(isOperator(SESSION.replace('aws', 'aws-cn'), ROLE.replace('aws', 'aws-cn'))).toBe(true);
});

test.each([
  ['a user of another path', ADA.replace('staff', 'guests')],
  ['a user of another account', ADA.replace('111122223333', '444455556666')],
  ['a role of another account', SESSION.replace('111122223333', '444455556666')],
  ['a role with a longer name', `${SESSION}2`],
  ['a user with the name of the role', 'arn:aws:iam::111122223333:user/Operators'],
  ['the account', 'arn:aws:iam::111122223333:root'],
  ['nobody', ''],
])('%s is none', (_who, owner) => {
  expect(isOperator(owner, `${ADA} ${ROLE}`)).toBe(false);
});

test('without a list nobody is, whatever IAM allows', () => {
  const requestContext = { identity: { userArn: ADA } };
  const caller = callerOf({ requestContext } as APIGatewayProxyEvent);
  expect(caller).toMatchObject({ owner: ADA, scopes: ['jobs:read', 'jobs:write', 'webhooks:manage'] });
  if (!caller) return;
  expect(() => requireScopes(caller, [Scope.jobsOperate])).toThrow(
    expect.objectContaining({
      code: 'INSUFFICIENT_SCOPE',
      message: expect.stringContaining('Ask an operator to add you'),
      details: { scope: 'jobs:operate' },
    }),
  );
});
