/** The authorizer's function: the identity provider's keys are kept from one call to the next. */
import middy from '@middy/core';
import { createAuthorizer } from './authorizer.ts';
import { keySource } from './key-source.ts';
import { readSettings } from './settings.ts';
import { tokenVerifier } from './verify-token.ts';

const settings = readSettings();

export const handler = middy(createAuthorizer(settings, tokenVerifier(settings, keySource(settings.issuer))));
