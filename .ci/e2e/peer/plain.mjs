// oidc-provider with nothing on but what client credentials need, and nothing
// watched: the other side of bench/serve.
//
//   node plain.mjs [jwt]
//
// Access tokens are opaque, as they are by default; with jwt they are JWTs signed
// with RS256, for the resource https://api.example. It prints "ready URL" and ends
// when stdin closes.

import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const key = createPrivateKey(generateKeyPairSync('rsa', {
  modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
}).privateKey).export({ format: 'jwk' });

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...key, kid: 'rs256', use: 'sig', alg: 'RS256' }] },
    clients: [{
      client_id: 'confidential', client_secret: 'secret', token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['client_credentials'], redirect_uris: [], response_types: [], scope: 'api',
    }],
    scopes: ['api'],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: process.argv[2] === 'jwt',
        defaultResource: () => 'https://api.example',
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: 'api', audience: 'https://api.example', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } }),
      },
    },
  });
  server.on('request', provider.callback());
  process.stdout.write(`ready ${issuer}\n`);
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
