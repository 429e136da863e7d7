// A real authorization server for the end-to-end tests: oidc-provider with its
// built-in development pages.
//
//   node provider.mjs CONFIG.json LOG.jsonl
//
// CONFIG.json is laid over the configuration below. The server listens on a
// free port of 127.0.0.1, prints "ready http://127.0.0.1:PORT", and stops on
// SIGTERM, on SIGINT, and when stdin closes, so that it cannot outlive the
// test that started it. LOG.jsonl gets one line for everything of interest,
// secrets included: the tests look for exactly these in places where they must
// not be.
//
// CONFIG.json may also have "peer", which is for this file:
//   tls        {cert, key, ca}: PEM; client certificates are asked for, and those of ca are trusted
//   front      "http" (the default): TLS has a port of its own, named by mtls_endpoint_aliases
//              "https": TLS is on the one port there is
//   attester   JWK: who may vouch for clients
//   guarded    all that guards requests, answers and tokens is on, beside what is always on
//   seal       with guarded: the alg of the server's key that request objects are encrypted to
//   strict     with guarded: nothing comes but signed request objects, pushed, and proofs with a nonce

import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import Provider, { errors } from 'oidc-provider';

const [configFile, logFile] = process.argv.slice(2);
const { peer = {}, ...overlay } = JSON.parse(readFileSync(configFile, 'utf8'));
const log = (line) => appendFileSync(logFile, `${JSON.stringify(line)}\n`);

// By way of PEM: Node.js 20 now and then hangs for ever when it exports a key
// that it has just generated as a JWK.
const privateKey = (type, options) => createPrivateKey(generateKeyPairSync(type, {
  ...options, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
}).privateKey).export({ format: 'jwk' });
const rsaKey = () => privateKey('rsa', { modulusLength: 2048 });
const ecKey = () => privateKey('ec', { namedCurve: 'P-256' });

// What the client's end of a connection has shown. A connection that was taken
// up again has no certificate of its own (TLS 1.3), so the server below has no
// session tickets.
const certificateOf = (request) => request.socket.getPeerX509Certificate?.();

const features = {
  clientCredentials: { enabled: true },
  deviceFlow: { enabled: true },
  mTLS: {
    enabled: true,
    tlsClientAuth: true,
    selfSignedTlsClientAuth: true,
    certificateBoundAccessTokens: true,
    getCertificate: (ctx) => certificateOf(ctx.req),
    certificateAuthorized: (ctx) => ctx.socket.authorized === true,
    certificateSubjectMatches: (ctx, property, expected) => {
      const certificate = certificateOf(ctx.req);
      return property === 'tls_client_auth_san_dns' ? certificate.checkHost(expected) !== undefined : certificate.subject === expected;
    },
  },
  attestClientAuth: {
    enabled: Boolean(peer.attester),
    ack: 'draft-12',
    challengeSecret: randomBytes(32),
    getAttestationSignaturePublicKey: () => createPublicKey({ format: 'jwk', key: peer.attester }),
    assertAttestationJwtAndPop: () => {},
  },
  dPoP: { enabled: true, nonceSecret: randomBytes(32) },
  ciba: {
    enabled: true,
    deliveryModes: ['poll', 'ping'],
    processLoginHint: (ctx, hint) => (hint === 'nobody' ? undefined : hint),
    processLoginHintToken: () => undefined,
    validateRequestContext: () => {},
    verifyUserCode: (ctx, account, code) => {
      if (code !== undefined && code !== '4711') throw new errors.InvalidUserCode('not the code of this person');
    },
    // The person needs a moment, and says yes, or no, or nothing.
    triggerAuthenticationDevice: (ctx, request, account, client) => {
      setTimeout(() => answer(ctx.oidc.provider, request, account, client), 1500).unref();
    },
  },
  resourceIndicators: {
    enabled: true,
    getResourceServerInfo: (ctx, resource) => {
      if (!['https://api.example', 'https://other.example'].includes(resource)) throw new errors.InvalidTarget();
      return { scope: 'api:read api:write', audience: resource, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } };
    },
  },
};

// What is on with guarded.
const guards = {
  pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: Boolean(peer.strict) },
  requestObjects: { enabled: true, requireSignedRequestObject: Boolean(peer.strict) },
  jwtResponseModes: { enabled: true },
  encryption: { enabled: true },
  jwtUserinfo: { enabled: true },
  introspection: { enabled: true },
  jwtIntrospection: { enabled: true },
  revocation: { enabled: true },
  rpInitiatedLogout: { enabled: true },
  claimsParameter: { enabled: true },
  richAuthorizationRequests: {
    enabled: true,
    types: {
      payment: {
        validate: (ctx, detail) => {
          if (detail.actions?.includes('steal')) throw new errors.InvalidAuthorizationDetails('nobody may steal');
        },
      },
      account: { validate: () => {} },
    },
    // The person grants a part: of a payment that was asked for, no more than 100.
    authorizationDetailsForGrantSource: (ctx) => JSON.parse(ctx.oidc.params.authorization_details).map((detail) => (
      detail.limit > 100 ? { ...detail, limit: 100 } : detail)),
    authorizationDetailsForAccessToken: (ctx, token, source) => source?.rar,
    authorizationDetailsForIntrospection: (ctx, token) => token.rar,
  },
  dPoP: {
    enabled: true,
    nonceSecret: randomBytes(32),
    requireNonce: (ctx) => Boolean(peer.strict) || ctx.oidc.route === 'userinfo' || Boolean(ctx.oidc.client?.clientId.endsWith(' nonce')),
  },
};
if (peer.guarded) Object.assign(features, guards);

const guardedAlgs = () => {
  const signing = ['HS256', 'RS256', 'PS256', 'ES256', 'EdDSA'];
  const names = ['idToken', 'requestObject', 'userinfo', 'introspection', 'authorization', 'dPoP'];
  return Object.fromEntries(names.map((name) => [`${name}SigningAlgValues`, name === 'dPoP' ? signing.slice(1) : signing]));
};

const guardedKeys = () => [
  { ...ecKey(), kid: 'peer-ec', use: 'sig', alg: 'ES256' },
  { ...(peer.seal.startsWith('RSA') ? rsaKey() : ecKey()), kid: 'peer-seal', use: 'enc', alg: peer.seal },
];

const answer = async (provider, request, account, client) => {
  if (account.accountId === 'sleeper') return;
  if (account.accountId === 'denier') {
    await provider.backchannelResult(request, new errors.AccessDenied('the person said no'));
    return;
  }
  const grant = new provider.Grant({ accountId: account.accountId, clientId: client.clientId });
  grant.addOIDCScope(request.scope);
  await provider.backchannelResult(request, await grant.save());
};

const configuration = {
  claims: { openid: ['sub'], profile: ['name'], email: ['email'], acr: null, auth_time: null },
  cookies: { keys: [randomBytes(32).toString('hex')] },
  jwks: { keys: [{ ...rsaKey(), kid: 'peer-1', use: 'sig', alg: 'RS256' }, ...(peer.guarded ? guardedKeys() : [])] },
  clientAuthMethods: [
    'none', 'client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt',
    'tls_client_auth', 'self_signed_tls_client_auth', ...(peer.attester ? ['attest_jwt_client_auth'] : []),
  ],
  enabledJWA: {
    clientAuthSigningAlgValues: ['HS256', 'HS384', 'HS512', 'RS256', 'PS256', 'ES256', 'ES384', 'Ed25519', 'EdDSA'],
    ...(peer.guarded ? guardedAlgs() : {}),
  },
  acrValues: ['urn:example:silver', 'urn:example:gold'],
  responseTypes: ['code', 'id_token', 'id_token token', 'code id_token', 'code token', 'code id_token token', 'none'],
  scopes: ['openid', 'offline_access', 'api:read', 'api:write'],
  findAccount: (ctx, sub) => ({ accountId: sub, claims: async () => ({ sub, name: `Name of ${sub}`, email: `${sub}@mail.example` }) }),
  features,
  ttl: {
    AccessToken: 3600, AuthorizationCode: 60, ClientCredentials: 600, Grant: 3600, IdToken: 3600, Interaction: 3600, RefreshToken: 3600, Session: 3600,
    DeviceCode: (ctx, code, client) => (client.clientId === 'brief' ? 7 : 600),
    BackchannelAuthenticationRequest: (ctx) => Number(ctx?.oidc?.params?.requested_expiry ?? 600),
  },
  ...overlay,
};

let handle;
const heard = (request, response) => {
  const { push } = request;
  request.octets = [];
  request.push = (chunk, ...more) => {
    if (chunk) request.octets.push(chunk);
    return push.call(request, chunk, ...more);
  };
  const { end } = response;
  response.end = (...last) => { // what a test has the answer to stands in the log
    note(request, response, last[0]);
    return end.apply(response, last);
  };
  handle(request, response);
};

const note = (request, response, answer) => log({
  kind: 'http',
  method: request.method,
  url: request.url,
  client: response.client,
  body: Buffer.concat(request.octets).toString() || undefined,
  dpop: request.headers.dpop,
  answer: /jwt/.test(response.getHeader('content-type')) ? String(answer) : undefined,
  authorization: request.headers.authorization,
  certificate: certificateOf(request)?.fingerprint256,
  secure: Boolean(request.socket.encrypted),
  status: response.statusCode,
  location: response.getHeader('location'),
  cookies: [response.getHeader('set-cookie') ?? []].flat(),
});

const secure = peer.tls && createSecureServer({
  ...peer.tls, requestCert: true, rejectUnauthorized: false, secureOptions: 0x4000, // SSL_OP_NO_TICKET
}, heard);
const servers = peer.front === 'https' ? [secure] : [createServer(heard), secure].filter(Boolean);

const stop = () => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  process.exit(0);
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.stdin.on('end', stop).on('close', stop).resume();

// The issuer's name holds the port, so the ports come first.
const ports = await Promise.all(servers.map((server) => new Promise((resolve) => {
  server.listen(0, '127.0.0.1', () => resolve(server.address().port));
})));
const issuer = `${peer.front ?? 'http'}://127.0.0.1:${ports[0]}`;
if (ports.length === 2) {
  const alias = (path) => `https://127.0.0.1:${ports[1]}/${path}`;
  configuration.discovery = {
    mtls_endpoint_aliases: {
      token_endpoint: alias('token'),
      ...(peer.guarded ? { userinfo_endpoint: alias('me'), pushed_authorization_request_endpoint: alias('request') } : {}),
    },
  };
}

const provider = new Provider(issuer, configuration);
for (const model of ['authorization_code', 'access_token', 'refresh_token', 'client_credentials', 'device_code', 'backchannel_authentication_request']) {
  provider.on(`${model}.saved`, (token) => log({ kind: 'saved', model, value: token.jti }));
}
// Parameters as text, each of them.
const flat = (params) => Object.fromEntries(Object.entries(params ?? {}).filter(([, value]) => value !== undefined).map(([name, value]) => (
  [name, typeof value === 'string' ? value : JSON.stringify(value)])));
provider.use(async (ctx, next) => {
  await next();
  ctx.res.client = ctx.oidc?.entities.Client?.clientId ?? ctx.oidc?.entities.AccessToken?.clientId; // whom a line of the log is about
});
// The person signs in as strongly as is asked for.
const { interactionFinished } = provider;
provider.interactionFinished = async function finished(request, response, result, options) {
  if (result.login) {
    const { params } = await provider.interactionDetails(request, response);
    [result.login.acr] = params.acr_values?.split(' ') ?? [];
  }
  return interactionFinished.call(provider, request, response, result, options);
};
for (const [event, kind] of [['pushed_authorization_request.success', 'pushed'], ['authorization.success', 'authorized']]) {
  provider.on(event, (ctx) => log({
    kind, client: ctx.oidc.client?.clientId, authMethod: ctx.oidc.client?.clientAuthMethod, params: flat(ctx.oidc.params),
  }));
}
provider.on('grant.success', (ctx) => log({
  kind: 'granted', client: ctx.oidc.client.clientId, authMethod: ctx.oidc.client.clientAuthMethod, params: flat(ctx.oidc.params),
  attestation: ctx.get('oauth-client-attestation') || undefined, pop: ctx.get('oauth-client-attestation-pop') || undefined,
}));
for (const stage of ['authorization', 'grant', 'server', 'backchannel_authentication', 'device_authorization', 'pushed_authorization_request', 'userinfo', 'introspection', 'revocation', 'end_session']) {
  const event = stage === 'server' ? 'server_error' : `${stage}.error`;
  provider.on(event, (ctx, error) => log({
    kind: 'error', stage, code: error.error ?? error.name, text: error.error_description ?? error.message, detail: error.error_detail,
    client: ctx.oidc?.client?.clientId, params: flat(ctx.oidc?.params),
  }));
}
handle = provider.callback();
process.stdout.write(`ready ${issuer}\n`);
