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
const privateKey = createPrivateKey(generateKeyPairSync('rsa', {
  modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
}).privateKey);

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
      if (resource !== 'https://api.example') throw new errors.InvalidTarget();
      return { scope: 'api:read api:write', audience: resource, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } };
    },
  },
};

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
  claims: { openid: ['sub'], profile: ['name'] },
  cookies: { keys: [randomBytes(32).toString('hex')] },
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'peer-1', use: 'sig', alg: 'RS256' }] },
  clientAuthMethods: [
    'none', 'client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt',
    'tls_client_auth', 'self_signed_tls_client_auth', ...(peer.attester ? ['attest_jwt_client_auth'] : []),
  ],
  enabledJWA: { clientAuthSigningAlgValues: ['HS256', 'HS384', 'HS512', 'RS256', 'PS256', 'ES256', 'ES384', 'Ed25519', 'EdDSA'] },
  responseTypes: ['code', 'id_token', 'id_token token', 'code id_token', 'code token', 'code id_token token', 'none'],
  scopes: ['openid', 'offline_access', 'api:read', 'api:write'],
  findAccount: (ctx, sub) => ({ accountId: sub, claims: async () => ({ sub, name: `Name of ${sub}` }) }),
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
  const { end } = response;
  response.end = (...last) => { // what a test has the answer to stands in the log
    note(request, response);
    return end.apply(response, last);
  };
  handle(request, response);
};

const note = (request, response) => log({
  kind: 'http',
  method: request.method,
  url: request.url,
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
  configuration.discovery = { mtls_endpoint_aliases: { token_endpoint: `https://127.0.0.1:${ports[1]}/token` } };
}

const provider = new Provider(issuer, configuration);
for (const model of ['authorization_code', 'access_token', 'refresh_token', 'client_credentials', 'device_code', 'backchannel_authentication_request']) {
  provider.on(`${model}.saved`, (token) => log({ kind: 'saved', model, value: token.jti }));
}
provider.on('grant.success', (ctx) => log({
  kind: 'granted', client: ctx.oidc.client.clientId, authMethod: ctx.oidc.client.clientAuthMethod, params: ctx.oidc.params,
  attestation: ctx.get('oauth-client-attestation') || undefined, pop: ctx.get('oauth-client-attestation-pop') || undefined,
}));
for (const stage of ['authorization', 'grant', 'server', 'backchannel_authentication', 'device_authorization']) {
  const event = stage === 'server' ? 'server_error' : `${stage}.error`;
  provider.on(event, (ctx, error) => log({
    kind: 'error', stage, code: error.error ?? error.name, text: error.error_description ?? error.message, detail: error.error_detail,
    params: ctx.oidc?.params,
  }));
}
handle = provider.callback();
process.stdout.write(`ready ${issuer}\n`);
