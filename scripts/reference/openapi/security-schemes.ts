/** Says how callers authenticate, and what each scope allows. */

const SCOPES = {
  'jobs:read': 'Read jobs, their deliveries and their events.',
  'jobs:write': 'Start, answer, retry and cancel jobs.',
  'jobs:operate':
    'See the jobs of all owners without their content, cancel them and replay deliveries. For operators.',
  'webhooks:manage':
    'Manage webhook endpoints and their secrets. To have events sent, a token also needs jobs:read.',
};

const TOKEN_URL = 'https://id.example.com/token';

export const SECURITY_SCHEMES = {
  oauth2: {
    type: 'oauth2',
    description:
      'An access token, as `Authorization: Bearer …`, in deployments with `authorization=cognito` (the default) or `oidc`. `GET /.well-known/oauth-protected-resource` (RFC 9728) names the identity provider. So does each response of the gateway with status 401, under the address of the MCP endpoint. The URLs here stand for those of its metadata. A program without a user uses `clientCredentials`.',
    flows: {
      authorizationCode: {
        authorizationUrl: 'https://id.example.com/authorize',
        tokenUrl: TOKEN_URL,
        scopes: SCOPES,
      },
      clientCredentials: { tokenUrl: TOKEN_URL, scopes: SCOPES },
    },
  },
  sigv4: {
    type: 'apiKey',
    name: 'Authorization',
    in: 'header',
    'x-amazon-apigateway-authtype': 'awsSigv4',
    description:
      'AWS Signature Version 4, service `execute-api`, in deployments with `authorization=iam`. The caller needs `execute-api:Invoke` on the API; examples/ has a client that signs. The caller has every scope but `jobs:operate`, which only the `operators` of the deployment have.',
  },
};
