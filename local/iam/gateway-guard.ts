/** Checks that functions permit API Gateway to invoke them. Otherwise the method responds with 500, as on AWS. */
import { type Method, matchRoute, readRoutes } from '../apigateway/api-routes.ts';
import { arn } from '../shared/aws-names.ts';
import { type Handler, sendJson } from '../shared/loopback-server.ts';
import type { Template } from '../template/assembly.ts';
import type { Resolve } from '../template/intrinsics.ts';
import type { MayInvoke } from './invoke-permissions.ts';

const SERVICE = 'apigateway.amazonaws.com';
const FUNCTION_IN_URI = /\/functions\/arn:[^/]*:function:([^:/]+)[^/]*\//;

/** @param handler receives the permitted requests */
export function guardGateway(
  template: Template,
  resolve: Resolve,
  mayInvoke: MayInvoke,
  handler: Handler,
): Handler {
  const routes = readRoutes(template.Resources, resolve);
  const api = `${refOfFirst('AWS::ApiGateway::RestApi')}`;
  const stage = `${refOfFirst('AWS::ApiGateway::Stage')}`;

  /** The local gateway has one resource of this type. */
  function refOfFirst(type: string): unknown {
    const found = Object.entries(template.Resources).find(([, { Type }]) => Type === type);
    return found && resolve({ Ref: found[0] });
  }

  function mayAuthorize({ authorizerId }: Method): boolean {
    if (authorizerId === undefined) return true;
    const uri = String(resolve(template.Resources[authorizerId]?.Properties?.AuthorizerUri));
    const functionName = FUNCTION_IN_URI.exec(uri)?.[1] ?? '';
    return mayInvoke(SERVICE, arn('execute-api', `${api}/authorizers/${authorizerId}`), functionName);
  }

  function mayServe({ integration }: Method, httpMethod: string, path: string): boolean {
    if (!('functionName' in integration)) return true;
    const source = arn('execute-api', `${api}/${stage}/${httpMethod}${path}`);
    return mayInvoke(SERVICE, source, integration.functionName);
  }

  return (request, response) => {
    const { method: httpMethod = 'GET', url = '/' } = request;
    const path = pathOf(url);
    // The gateway itself rejects an invalid path.
    const match = path === undefined ? undefined : matchRoute(routes, httpMethod, path);
    if (match && !mayAuthorize(match.method)) {
      const type = 'AuthorizerConfigurationException';
      return sendJson(response, 500, { message: null }, { 'x-amzn-ErrorType': type });
    }
    if (match && !mayServe(match.method, httpMethod, match.path)) {
      const type = 'InternalServerErrorException';
      return sendJson(response, 500, { message: 'Internal server error' }, { 'x-amzn-ErrorType': type });
    }
    return handler(request, response);
  };
}

/** Returns the path as the gateway reads it, without `..`; undefined when it cannot be decoded. */
function pathOf(target: string): string | undefined {
  try {
    const { pathname } = new URL(`http://localhost${target}`);
    decodeURIComponent(pathname);
    return pathname;
  } catch {
    return undefined;
  }
}
