// A real client for the end-to-end tests: npm openid-client against serve.
//
//   node client.mjs < JOBS.json
//
// JOBS.json is a list of {name, issuer, task}. Each is done as the library's
// documentation does it, with every check that it offers switched on. On stdout
// comes one object: by name, {ok: ...} or {error: ...}.
//
// There is nobody at these servers: they were told to agree at once.

import { webcrypto } from 'node:crypto';
import * as client from 'openid-client';

const redirectURI = 'http://127.0.0.1:9/callback';

const configured = async (issuer, id, secret, auth = client.ClientSecretPost(secret)) => {
  const config = await client.discovery(new URL(issuer), id, undefined, secret ? auth : client.None(), {
    execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
    timeout: 5,
  });
  return config;
};

// What the browser would do: go there, and see where it is sent. A form that it
// would submit is read.
const browse = async (url) => {
  const response = await fetch(url, { redirect: 'manual' });
  const location = response.headers.get('location');
  const text = await response.text();
  if (location) return new URL(location);
  const fields = new URLSearchParams();
  for (const [tag] of text.matchAll(/<input[^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(tag)?.[1];
    if (name) fields.append(name, (/value="([^"]*)"/.exec(tag)?.[1] ?? '').replaceAll('&#43;', '+').replaceAll('&amp;', '&'));
  }
  if (!text.includes('<form') || ![...fields].length) throw new Error(`the browser stays at a page with status ${response.status}`);
  return new Request(redirectURI, { method: 'POST', body: fields });
};

const begin = async (more = {}) => {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = client.randomNonce();
  return {
    parameters: {
      redirect_uri: redirectURI, scope: 'openid profile offline_access', state, nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...more,
    },
    checks: { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
  };
};

const signIn = async (config, more = {}, options = undefined) => {
  const { parameters, checks } = await begin(more);
  return client.authorizationCodeGrant(config, await browse(client.buildAuthorizationUrl(config, parameters)), checks, undefined, options);
};

const clientKey = async (jwk, usages = ['sign']) => webcrypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, usages);

const tasks = {
  async code({ issuer }) {
    const config = await configured(issuer, 'confidential', 'secret');
    const tokens = await signIn(config);
    return { sub: tokens.claims().sub, refresh: Boolean(tokens.refresh_token) };
  },
  async 'public'({ issuer }) {
    const tokens = await signIn(await configured(issuer, 'public'));
    return { sub: tokens.claims().sub };
  },
  async 'form-post'({ issuer }) {
    const tokens = await signIn(await configured(issuer, 'confidential', 'secret'), { response_mode: 'form_post' });
    return { sub: tokens.claims().sub };
  },
  async userinfo({ issuer }) {
    const config = await configured(issuer, 'confidential', 'secret');
    const tokens = await signIn(config);
    const person = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
    return { name: person.name };
  },
  async refresh({ issuer }) {
    const config = await configured(issuer, 'confidential', 'secret');
    const tokens = await signIn(config);
    const again = await client.refreshTokenGrant(config, tokens.refresh_token);
    return { rotated: again.refresh_token !== tokens.refresh_token, sub: again.claims().sub };
  },
  async 'client-credentials'({ issuer }) {
    const config = await configured(issuer, 'confidential', 'secret', client.ClientSecretBasic('secret'));
    const tokens = await client.clientCredentialsGrant(config, { scope: 'api' });
    return { scope: tokens.scope, type: tokens.token_type };
  },
  async 'private-key-jwt'({ issuer, key }) {
    const config = await client.discovery(new URL(issuer), 'jwt', undefined, client.PrivateKeyJwt({ key: await clientKey(key), kid: key.kid }),
      { execute: [client.allowInsecureRequests] });
    const tokens = await client.clientCredentialsGrant(config, { scope: 'api' });
    return { scope: tokens.scope };
  },
  async device({ issuer }) {
    const config = await configured(issuer, 'public');
    const asked = await client.initiateDeviceAuthorization(config, { scope: 'openid profile' });
    const tokens = await client.pollDeviceAuthorizationGrant(config, asked, undefined, { signal: AbortSignal.timeout(20_000) });
    return { sub: tokens.claims().sub };
  },
  async par({ issuer }) {
    const config = await configured(issuer, 'par-only');
    const { parameters, checks } = await begin();
    const url = await client.buildAuthorizationUrlWithPAR(config, parameters);
    const tokens = await client.authorizationCodeGrant(config, await browse(url), checks);
    return { sub: tokens.claims().sub, carried: [...url.searchParams.keys()].sort().join(' ') };
  },
  async jar({ issuer, key }) {
    const config = await configured(issuer, 'jar-only');
    const { parameters, checks } = await begin();
    const url = await client.buildAuthorizationUrlWithJAR(config, parameters, { key: await clientKey(key), kid: key.kid });
    const tokens = await client.authorizationCodeGrant(config, await browse(url), checks);
    return { sub: tokens.claims().sub, carried: [...url.searchParams.keys()].sort().join(' ') };
  },
  async jarm({ issuer }) {
    const config = await configured(issuer, 'confidential', 'secret');
    client.useJwtResponseMode(config);
    const tokens = await signIn(config);
    return { sub: tokens.claims().sub };
  },
  async hybrid({ issuer }) {
    const config = await configured(issuer, 'confidential', 'secret');
    client.useCodeIdTokenResponseType(config);
    const { parameters, checks } = await begin();
    const at = await browse(client.buildAuthorizationUrl(config, parameters));
    const tokens = await client.authorizationCodeGrant(config, at, checks);
    return { sub: tokens.claims().sub };
  },
  // The first answer asks for a nonce, as RFC 9449 §8 has it, and is tried again.
  async dpop({ issuer }) {
    const config = await configured(issuer, 'dpop-only');
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
    const again = async (what) => {
      try {
        return await what();
      } catch (error) {
        if (error.error !== 'use_dpop_nonce' && !/use_dpop_nonce/.test(String(error.cause?.[0]?.parameters?.error ?? ''))) throw error;
        return what();
      }
    };
    const { parameters, checks } = await begin();
    const at = await browse(client.buildAuthorizationUrl(config, parameters));
    const tokens = await again(() => client.authorizationCodeGrant(config, at, checks, undefined, { DPoP }));
    const person = await again(() => client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP }));
    return { type: tokens.token_type, name: person.name };
  },
  async introspection({ issuer }) {
    const config = await configured(issuer, 'confidential', 'secret');
    const tokens = await client.clientCredentialsGrant(config, { scope: 'api' });
    const before = await client.tokenIntrospection(config, tokens.access_token);
    await client.tokenRevocation(config, tokens.access_token);
    const after = await client.tokenIntrospection(config, tokens.access_token);
    return { before: before.active, after: after.active };
  },
  async encrypted({ issuer, key }) {
    const config = await configured(issuer, 'encrypted', 'secret');
    const ecdh = await webcrypto.subtle.importKey('jwk', { ...key, alg: undefined, use: undefined, key_ops: undefined },
      { name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']);
    client.enableDecryptingResponses(config, ['A256GCM'], { key: ecdh, alg: 'ECDH-ES', kid: key.kid });
    const tokens = await signIn(config);
    return { sub: tokens.claims().sub };
  },
};

// The words of an error, with what caused it.
const words = (error) => {
  const all = [];
  for (let e = error; e && all.length < 4; e = e.cause) all.push(e.code ?? '', e.error ?? '', e.message ?? String(e));
  return [...new Set(all.filter(Boolean))].join(' | ');
};

let text = '';
for await (const chunk of process.stdin) text += chunk;
const results = {};
await Promise.all(JSON.parse(text).map(async (job) => {
  try {
    results[job.name] = { ok: await tasks[job.task](job) };
  } catch (error) {
    results[job.name] = { error: words(error) };
  }
}));
process.stdout.write(JSON.stringify(results));
