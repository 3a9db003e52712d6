/** Tests that redirects lead where browsers and curl go. */
import { checkUrl } from '../../../lambdas/shared/http/address-guard.ts';
import { redirectTarget } from '../../../lambdas/shared/http/redirect-target.ts';

const BASE = 'https://example.org/a/b?c=d';
/** Node.js returns a header as one character a byte. */
const asHeader = (text: string) => Buffer.from(text).toString('latin1');

test.each([
  ['a URL', 'https://example.com/x', 'https://example.com/x'],
  ['a host without a scheme', '//example.com/x', 'https://example.com/x'],
  ['a path', '/x', 'https://example.org/x'],
  ['a relative path', 'x', 'https://example.org/a/x'],
  ['a relative path with dots', '../x/./y', 'https://example.org/x/y'],
  ['a query', '?q=1', 'https://example.org/a/b?q=1'],
  ['nothing', '', 'https://example.org/a/b?c=d'],
  ['a fragment', '/x#sha256=1', 'https://example.org/x'],
  ['a fragment alone', '#top', 'https://example.org/a/b?c=d'],
  ['UTF-8', '/télé/文.tgz?q=ü', 'https://example.org/t%C3%A9l%C3%A9/%E6%96%87.tgz?q=%C3%BC'],
  ['percent-encoded UTF-8', '/t%c3%a9?a=%2F', 'https://example.org/t%c3%a9?a=%2F'],
  ['a host in another alphabet', 'https://bücher.example.org/', 'https://xn--bcher-kva.example.org/'],
  [
    'what URLs must encode',
    '/a|b c"<>^`{}?a=1|2 3',
    'https://example.org/a%7Cb%20c%22%3C%3E%5E%60%7B%7D?a=1%7C2%203',
  ],
  ['a backslash', String.raw`/a\b?c=\d`, 'https://example.org/a/b?c=%5Cd'],
  ['spaces around', ' /x\t', 'https://example.org/x'],
  ['a byte outside UTF-8', '/caf\u00e9', 'https://example.org/caf%E9'],
])('%s', (what, location, expected) => {
  const header = what === 'a byte outside UTF-8' ? location : asHeader(location);
  expect(redirectTarget(header, BASE)).toBe(expected);
  // The guard of addresses takes it.
  expect(checkUrl(expected, { ports: [443], allowLoopback: false }).href).toBe(expected);
});

test.each(['https://', 'http://[', 'https://a b/'])('%s is not a reference', (location) => {
  expect(redirectTarget(location, BASE)).toBeUndefined();
});
