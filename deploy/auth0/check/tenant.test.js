const assert = require("node:assert");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const test = require("node:test");
const { load, values } = require("./tenant");

const FILE = path.join(__dirname, "..", "tenant.yaml");
const TEXT = fs.readFileSync(FILE, "utf8");

const loaded = load(FILE); // once: the schema takes seconds to compile

test("the tenant passes the schema", async () => {
  const assets = await loaded;
  assert.equal(assets.clients.length, 3);
  assert.match(assets.actions[0].code, /onExecutePostLogin/);
});

const broken = {
  "an unknown section": TEXT + "\nresourceServer: []\n",
  "an API without its identifier": TEXT.replace(/    identifier: .*\n/, ""),
  "scopes of a grant that are no list": TEXT.replace(/    scope:\n(      - .*\n)+/, "    scope: all\n"),
  "an action without a trigger": TEXT.replace(/    supported_triggers:\n(      .*\n)+/, ""),
  "another way to bind tokens": TEXT.replace("mechanism: dpop", "mechanism: dpopp"),
  "a variable without a value": TEXT.replace("##APP_URL##", "##APP_ULR##"),
};
for (const [what, text] of Object.entries(broken)) {
  test(`${what} is refused`, async () => {
    assert.notEqual(text, TEXT);
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "tenant-")), "tenant.yaml");
    fs.writeFileSync(file, text);
    await assert.rejects(load(file));
  });
}

async function claimsOf(event) {
  const { actions } = await loaded;
  const module = { exports: {} };
  new Function("module", "exports", actions[0].code)(module, module.exports);
  const claims = {};
  const accessToken = { setCustomClaim: (name, value) => (claims[name] = value) };
  await module.exports.onExecutePostLogin(event, { accessToken });
  return claims;
}

const api = { identifier: values.API_IDENTIFIER };
const named = (name) => values.CLAIMS_NAMESPACE + name;

test("the action says who the person is", async () => {
  const user = { email: "ada@example.com", email_verified: true, name: "Ada" };
  assert.deepEqual(
    await claimsOf({ resource_server: api, user, authorization: { roles: ["Cortex Reader"] } }),
    {
      [named("email")]: "ada@example.com",
      [named("email_verified")]: true,
      [named("name")]: "Ada",
      [named("roles")]: ["Cortex Reader"],
    },
  );
});

test("what is not known is left out, and nothing is verified by default", async () => {
  assert.deepEqual(await claimsOf({ resource_server: api, user: {} }), { [named("roles")]: [] });
  const claims = await claimsOf({ resource_server: api, user: { email: "a@example.com" } });
  assert.equal(claims[named("email_verified")], false);
});

test("tokens for others stay as they are", async () => {
  const other = { identifier: "https://other.example" };
  assert.deepEqual(await claimsOf({ resource_server: other, user: { name: "Ada" } }), {});
  assert.deepEqual(await claimsOf({ user: { name: "Ada" } }), {});
});
