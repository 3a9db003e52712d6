/** Writes JSON for messages of SNS and SQS. */
import { toJson } from '../well-formed.ts';

/** Limit of SNS and SQS for a message with its attributes. SQS takes more in most regions, but not in all. */
export const MAX_MESSAGE_BYTES = 262_144;

/** Escapes the two characters that JSON allows and SQS rejects. */
export function messageText(content: object): string {
  return toJson(content).replace(
    /[\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16)}`,
  );
}
