/** Tests the limits of a shared secret: 24 to 64 bytes. */
import { parseSecret } from '../../../lambdas/webhooks/signing/signature.ts';

test.each([
  [23, false],
  [24, true],
  [64, true],
  [65, false],
])('whether a secret of %i bytes is valid: %s', (size, isValid) => {
  const bytes = Buffer.alloc(size, 7);
  expect(parseSecret(`whsec_${bytes.toString('base64')}`)).toEqual(isValid ? bytes : undefined);
});
