// A certified OpenID provider, shaped like an Auth0 tenant, for the end-to-end tests.
//
// Settings come as one JSON text in the first argument:
//   port, audience, permissions, clients: { redirects, farewells, backchannel } by client id
// Below /_test/ is a side door: how its keys are served, which keys it has, what it was asked.

import { createServer } from 'node:http';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import Provider from 'oidc-provider';

const settings = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${settings.port}/`;
const namespace = 'https://cortex.example/';
const scopes = settings.permissions.join(' ');

const state = { mode: 'well', accessTtl: 3600, hits: {}, disabled: new Set() };
const storage = new Map();

/** Keeps everything in this process, over changes of keys. */
class Memory {
  constructor(name) { this.name = name; }
  key(id) { return `${this.name}:${id}`; }
  async upsert(id, payload, expiresIn) {
    const until = expiresIn ? Date.now() + expiresIn * 1000 : Infinity;
    storage.set(this.key(id), { payload, until });
  }
  async find(id) {
    const found = storage.get(this.key(id));
    return found && found.until > Date.now() ? found.payload : undefined;
  }
  async #where(test) {
    for (const [key, { payload }] of storage) {
      if (key.startsWith(`${this.name}:`) && test(payload)) return payload;
    }
    return undefined;
  }
  async findByUid(uid) { return this.#where((payload) => payload.uid === uid); }
  async findByUserCode(code) { return this.#where((payload) => payload.userCode === code); }
  async consume(id) { storage.get(this.key(id)).payload.consumed = Math.floor(Date.now() / 1000); }
  async destroy(id) { storage.delete(this.key(id)); }
  async revokeByGrantId(grantId) {
    for (const [key, { payload }] of storage) {
      if (payload.grantId === grantId) storage.delete(key);
    }
  }
}

function newKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: randomUUID() };
}

let keys = [newKey()];
let provider = build();

function build() {
  const made = new Provider(issuer, {
    adapter: Memory,
    jwks: { keys },
    cookies: { keys: ['for tests only'] },
    clients: Object.entries(settings.clients).map(([id, client]) => clientOf(id, client)),
    scopes: ['openid', 'offline_access', 'email', 'profile', ...settings.permissions],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    pkce: { required: (_, client) => client.clientId !== 'machine' },
    rotateRefreshToken: true,
    issueRefreshToken: async (_, client) => client.grantTypeAllowed('refresh_token'),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: async (_, id) => (state.disabled.has(id) ? undefined : {
      accountId: id,
      claims: async () => ({ sub: id, email: `${id}@example.com`, email_verified: true, name: id }),
    }),
    extraTokenClaims: async (_, token) => ({
      permissions: permissionsOf(token),
      ...(token.kind === 'ClientCredentials'
        ? { gty: 'client-credentials' }
        : {
          [`${namespace}roles`]: ['member'],
          [`${namespace}email`]: `${token.accountId}@example.com`,
          [`${namespace}email_verified`]: true,
          [`${namespace}name`]: token.accountId,
        }),
    }),
    loadExistingGrant,
    // Its own dispatcher lets no notice through to loopback, where our servers are.
    fetch: (url, { dispatcher: _, ...options }) => globalThis.fetch(url, options),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      backchannelLogout: { enabled: true },
      dPoP: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource, postLogoutSuccessSource: farewell },
      resourceIndicators: {
        enabled: true,
        defaultResource: async () => settings.audience,
        useGrantedResource: async () => true,
        getResourceServerInfo: async () => ({
          scope: scopes,
          audience: settings.audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: state.accessTtl,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
  for (const event of ['backchannel.error', 'grant.error', 'server_error']) {
    made.on(event, (...told) => console.error(event, ...told.filter((it) => it instanceof Error)));
  }
  return made;
}

function clientOf(id, client) {
  const machine = client.redirects.length === 0;
  return {
    client_id: id,
    client_secret: `${id}-secret-of-at-least-32-characters`,
    token_endpoint_auth_method: 'client_secret_post',
    grant_types: machine ? ['client_credentials'] : ['authorization_code', 'refresh_token'],
    response_types: machine ? [] : ['code'],
    redirect_uris: client.redirects,
    post_logout_redirect_uris: client.farewells ?? [],
    ...(client.backchannel && {
      backchannel_logout_uri: client.backchannel,
      backchannel_logout_session_required: true,
    }),
  };
}

/** People may do everything, machines what they asked for. */
function permissionsOf(token) {
  if (token.kind !== 'ClientCredentials') return settings.permissions;
  const asked = (token.scope ?? '').split(' ');
  return settings.permissions.filter((permission) => asked.includes(permission));
}

/** Everybody consents to everything. */
async function loadExistingGrant(ctx) {
  const { client, session } = ctx.oidc;
  const known = session.grantIdFor(client.clientId);
  if (known) return ctx.oidc.provider.Grant.find(known);
  const grant = new ctx.oidc.provider.Grant({
    clientId: client.clientId,
    accountId: session.accountId,
  });
  grant.addOIDCScope(`openid offline_access email profile ${scopes}`);
  grant.addResourceScope(settings.audience, scopes);
  await grant.save();
  return grant;
}

function page(title, body) {
  return `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${body}</html>`;
}

function logoutSource(ctx, form) {
  ctx.body = page('Sign off', `${form}<button autofocus type="submit" form="op.logoutForm"
    value="yes" name="logout">Yes</button>`);
}

function farewell(ctx) {
  ctx.body = page('Signed off at the provider', '');
}

async function interaction(request, response) {
  const details = await provider.interactionDetails(request, response);
  if (request.method === 'GET') {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(page('Provider', `<p>${details.prompt.name}</p><form method="post">
      <label>User <input name="user" autofocus></label><button type="submit">Sign on</button></form>`));
    return;
  }
  const form = new URLSearchParams(await body(request));
  const result = { login: { accountId: form.get('user') } };
  await provider.interactionFinished(request, response, result);
}

async function body(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

/** Ends every session of a user and tells the applications, as a tenant's dashboard does. */
async function end(user) {
  for (const [key, { payload }] of storage) {
    if (!key.startsWith('Session:') || payload.accountId !== user) continue;
    storage.delete(key);
    for (const [id, { sid }] of Object.entries(payload.authorizations ?? {})) {
      const client = await provider.Client.find(id);
      if (client.backchannelLogoutUri) await client.backchannelLogout(user, sid);
    }
  }
}

/** The side door. */
async function test(path, request, response) {
  const asked = JSON.parse((await body(request)) || '{}');
  if (path === '/_test/mode') state.mode = asked.mode;
  if (path === '/_test/lifetime') state.accessTtl = asked.seconds;
  if (path === '/_test/disable') state.disabled.add(asked.user);
  if (path === '/_test/end') await end(asked.user);
  if (path === '/_test/keys') {
    // "add" publishes a next key, "use" signs with the newest, "drop" leaves only the one in use
    if (asked.step === 'add') keys = [...keys, newKey()];
    if (asked.step === 'use') keys = [keys.at(-1), ...keys.slice(0, -1)];
    if (asked.step === 'drop') keys = keys.slice(0, 1);
    provider = build();
  }
  const hits = state.hits;
  if (path === '/_test/forget') state.hits = {};
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ hits, keys: keys.map((key) => key.kid) }));
}

/** What happens to documents that tell about keys, unless all is well. */
const ailments = {
  down: (response) => response.destroy(),
  error: (response) => { response.statusCode = 500; response.end('down'); },
  slow: (response) => { setTimeout(() => response.end('{}'), 20_000).unref(); },
  garbage: (response) => { response.setHeader('content-type', 'text/html'); response.end('<html>'); },
};

const server = createServer(async (request, response) => {
  const path = new URL(request.url, issuer).pathname;
  try {
    if (path.startsWith('/_test/')) return await test(path, request, response);
    state.hits[path] = (state.hits[path] ?? 0) + 1;
    const aboutKeys = path === '/jwks' || path.startsWith('/.well-known/');
    if (aboutKeys && state.mode !== 'well') return ailments[state.mode](response);
    if (path.startsWith('/interaction/')) return await interaction(request, response);
    return provider.callback()(request, response);
  } catch (error) {
    console.error(error);
    response.statusCode = 500;
    return response.end(String(error));
  }
});

server.listen(settings.port, '127.0.0.1', () => console.log(`listening on ${issuer}`));
process.on('SIGTERM', () => process.exit(0));
