/** Defines types for the parts of oidc-provider used here. The package has no types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  export interface Context {
    readonly oidc: {
      readonly client: {
        readonly clientId: string;
        readonly clientAuthMethod: string;
        grantTypeAllowed(type: string): boolean;
      };
      readonly params: {
        readonly scope?: string;
        readonly login_hint?: string;
        readonly redirect_uri?: string;
      };
      readonly session: { readonly accountId?: string };
      /** By resource indicator. */
      readonly resourceServers: Readonly<Record<string, { readonly scope: string }>>;
      readonly result?: { readonly login?: unknown };
    };
  }

  export interface Grant {
    addOIDCScope(scope: string): void;
    addResourceScope(resource: string, scope: string): void;
    rejectResourceScope(resource: string, scope: string): void;
    save(): Promise<string>;
  }

  export class Provider {
    readonly Grant: new (of: {
      clientId: string;
      accountId: string | undefined;
    }) => Grant;
    constructor(issuer: string, configuration: object);
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
    interactionDetails(
      request: IncomingMessage,
      response: ServerResponse,
    ): Promise<{ readonly params: { readonly login_hint?: string } }>;
    interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>;
  }

  export const errors: {
    readonly InvalidClientMetadata: new (description: string) => Error;
    readonly InvalidRequest: new (description: string) => Error;
    readonly InvalidTarget: new (description: string) => Error;
    readonly SessionNotFound: new (description: string) => Error;
  };

  interface Prompt {
    readonly name: string;
    readonly checks: { add(check: Check): void; remove(reason: string): void };
  }
  class Check {
    static readonly REQUEST_PROMPT: true;
    static readonly NO_NEED_TO_PROMPT: false;
    constructor(reason: string, description: string, check: (context: Context) => boolean);
  }
  export const interactionPolicy: {
    readonly Check: typeof Check;
    base(): { get(name: string): Prompt };
  };
}
