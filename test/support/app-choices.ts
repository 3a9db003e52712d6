/** The context with which tests synthesize the app. */

const connection = 'arn:aws:events:us-east-1:000000000000:connection';
/** Nothing listens there: each test names the local server that replaces them. */
const apis = [
  ['crm', 'https://crm.example.com/v2', `${connection}/crm/11111111-1111-1111-1111-111111111111`],
  ['ghost', 'https://ghost.example.com', `${connection}/ghost/22222222-2222-2222-2222-222222222222`],
];

export const appChoices = {
  authorization: 'iam',
  migrateTables: 'orders,visits,absent',
  apiConnections: `${apis.map(([name, root, arn]) => `${name} ${root} ${arn}`)}`,
};
