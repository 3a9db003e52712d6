/** Handles the secrets that sign an owner's webhooks, and publishes the service's public keys. */
import { AppError, ErrorCode } from '../shared/errors.ts';
import { CALLBACKS_ID, type Endpoint, EndpointKind, rotateSecrets } from '../webhooks/endpoints/endpoint.ts';
import { createSecret, publicJwk } from '../webhooks/signing/signature.ts';
import type { ApiDependencies, RouteHandler } from './dependencies.ts';
import { findEndpoint } from './find-endpoint.ts';
import type { ApiResponse } from './response.ts';

export function secretRoutes({
  endpoints,
  signingKeys,
  seal,
}: Pick<ApiDependencies, 'endpoints' | 'signingKeys' | 'seal'>) {
  /**
   * Replaces the secret once, without a retry: a retry would replace the secret that a concurrent call just returned.
   * @throws AppError CONFLICT when another call changed the secret or deleted the endpoint
   */
  async function rotate({ owner, endpointId, secrets }: Endpoint): Promise<ApiResponse> {
    const secret = createSecret();
    const sealed = await seal.seal({ owner, endpointId }, secret);
    const next = rotateSecrets(secrets, sealed, Date.now());
    const updated = await endpoints.update(
      owner,
      endpointId,
      { secrets: next },
      { whereSecret: secrets[0]?.value },
    );
    if (!updated) {
      throw new AppError(
        ErrorCode.conflict,
        'Another call has just replaced this secret or deleted its endpoint. Use the result of that call.',
      );
    }
    const [, previous] = next;
    return {
      status: 200,
      body: { secret, ...(previous?.until && { previous_secret_expires_at: previous.until }) },
    };
  }

  return {
    'POST /endpoints/{endpoint_id}/secret': async (request) => {
      request.expectNoInput();
      return rotate(await findEndpoint(endpoints, request));
    },

    'POST /callback-secret': async (request) => {
      request.expectNoInput();
      const { owner } = request;
      const existing = await endpoints.get(owner, CALLBACKS_ID);
      if (existing) return rotate(existing);
      const secret = createSecret();
      await endpoints.put(
        {
          owner,
          endpointId: CALLBACKS_ID,
          kind: EndpointKind.callbacks,
          events: [],
          secrets: [{ value: await seal.seal({ owner, endpointId: CALLBACKS_ID }, secret) }],
        },
        { isNew: true },
      );
      return { status: 200, body: { secret } };
    },

    'GET /.well-known/webhook-keys': async (request) => {
      request.expectNoParameters();
      const keys = await signingKeys.get();
      return {
        status: 200,
        headers: { 'cache-control': 'public, max-age=300' },
        body: { keys: keys.map(publicJwk) },
      };
    },
  } satisfies Record<string, RouteHandler>;
}
