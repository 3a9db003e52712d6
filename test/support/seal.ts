/** Creates a seal with a key of the test, without Secrets Manager. */
import { SecretSeal } from '../../lambdas/webhooks/endpoints/secret-seal.ts';

export const SEALING_TEXT = 'a text to make the sealing key from';

export const seal = sealWith(SEALING_TEXT);

export function sealWith(current: string, previous?: string): SecretSeal {
  return new SecretSeal({ get: async () => ({ current, ...(previous !== undefined && { previous }) }) });
}
