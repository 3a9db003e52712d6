/** Gives functions on ministack what Lambda's Node.js runtime has and ministack's lacks. Node loads it before each function. */
const { Writable } = require('node:stream');

/** Collects a streamed response. It is sent when it ends. */
class CollectedStream extends Writable {
  chunks = [];
  prelude = undefined;

  setContentType() {
    // Only function URLs use it.
  }

  _write(chunk, _encoding, done) {
    this.chunks.push(chunk);
    done();
  }
}

/** Returns a response for a proxy integration, or the bytes for InvokeWithResponseStream (see corrections.py). */
function collectedResult({ prelude, chunks }) {
  const bytes = Buffer.concat(chunks);
  if (!prelude) return { streamedBase64: bytes.toString('base64') };
  const { statusCode = 200, headers = {}, multiValueHeaders } = prelude;
  return { statusCode, headers, multiValueHeaders, body: bytes.toString('utf8'), isBase64Encoded: false };
}

globalThis.awslambda = {
  HttpResponseStream: {
    from(stream, prelude) {
      stream.prelude = prelude;
      return stream;
    },
  },
  streamifyResponse: (handler) => async (event, context) => {
    const stream = new CollectedStream();
    await Promise.all([
      new Promise((resolve, reject) => stream.on('finish', resolve).on('error', reject)),
      handler(event, stream, context),
    ]);
    return collectedResult(stream);
  },
};

// Tokens name their issuer, a host of AWS. ministack answers for it.
const { fetch } = globalThis;
const issuer = /^https:\/\/cognito-idp\.[a-z0-9-]+\.amazonaws\.com/;
globalThis.fetch = (input, init) =>
  fetch(
    typeof input === 'object' && 'method' in input
      ? input
      : String(input).replace(issuer, process.env.AWS_ENDPOINT_URL),
    init,
  );

// A sandbox reports to the API, at a host of AWS. ministack's worker sends the request to ministack, which serves the API below a
// path with its id.
const https = require('node:https');
const { request } = https;
const api = /^https:\/\/([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com/;
https.request = (options, ...rest) => {
  const [, id] = api.exec(options.href ?? '') ?? [];
  return request(id ? { ...options, path: `/_aws/execute-api/${id}${options.path}` } : options, ...rest);
};
