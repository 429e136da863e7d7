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

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [configFile, logFile] = process.argv.slice(2);
const overlay = JSON.parse(readFileSync(configFile, 'utf8'));
const log = (line) => appendFileSync(logFile, `${JSON.stringify(line)}\n`);

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

const configuration = {
  claims: { openid: ['sub'], profile: ['name'] },
  cookies: { keys: [randomBytes(32).toString('hex')] },
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'peer-1', use: 'sig', alg: 'RS256' }] },
  clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post'],
  findAccount: (ctx, sub) => ({ accountId: sub, claims: async () => ({ sub, name: `Name of ${sub}` }) }),
  ttl: {
    AccessToken: 3600, AuthorizationCode: 60, Grant: 3600, IdToken: 3600, Interaction: 3600, RefreshToken: 3600, Session: 3600,
  },
  ...overlay,
};

// The issuer's name holds the port, so the port comes first.
let handle;
const server = createServer((request, response) => {
  response.on('finish', () => log({
    kind: 'http',
    method: request.method,
    url: request.url,
    authorization: request.headers.authorization,
    status: response.statusCode,
    location: response.getHeader('location'),
    cookies: [response.getHeader('set-cookie') ?? []].flat(),
  }));
  handle(request, response);
});

const stop = () => {
  server.close();
  server.closeAllConnections();
  process.exit(0);
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.stdin.on('end', stop).on('close', stop).resume();

server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  for (const model of ['authorization_code', 'access_token', 'refresh_token']) {
    provider.on(`${model}.saved`, (token) => log({ kind: 'saved', model, value: token.jti }));
  }
  provider.on('grant.success', (ctx) => log({ kind: 'granted', client: ctx.oidc.client.clientId, params: ctx.oidc.params }));
  for (const stage of ['authorization', 'grant', 'server']) {
    const event = stage === 'server' ? 'server_error' : `${stage}.error`;
    provider.on(event, (ctx, error) => log({
      kind: 'error', stage, code: error.error ?? error.name, text: error.error_description ?? error.message, detail: error.error_detail,
      params: ctx.oidc?.params,
    }));
  }
  handle = provider.callback();
  process.stdout.write(`ready ${issuer}\n`);
});
