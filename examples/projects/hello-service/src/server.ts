import { createServer, type Server } from 'node:http';
import { nanoid } from 'nanoid';
import { greeting } from './greeting.js';

/** `GET /hello?name=Ada` greets, `GET /health` tells that the service is up; every answer carries a request id. */
export function createService(): Server {
  return createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': nanoid() });
      response.end(`${JSON.stringify(body)}\n`);
    };

    if (request.method !== 'GET') answer(405, { error: 'Only GET is answered.' });
    else if (url.pathname === '/hello') answer(200, { message: greeting(url.searchParams.get('name')) });
    else if (url.pathname === '/health') answer(200, { status: 'ok' });
    else answer(404, { error: `There is nothing at ${url.pathname}.` });
  });
}
