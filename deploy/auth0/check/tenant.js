// `node tenant.js FILE`: loads FILE as auth0-deploy-cli does, with its schema check; no network.
const path = require("node:path");
const YAMLContext = require("auth0-deploy-cli/lib/context/yaml").default;

const values = {
  API_IDENTIFIER: "https://cortex.example/api",
  APP_URL: "https://app.example",
  PUBLIC_URL: "https://cortex.example",
  CLAIMS_NAMESPACE: "https://cortex.example/claims/",
};

async function load(file) {
  const input = path.resolve(file);
  const config = {
    AUTH0_INPUT_FILE: input,
    AUTH0_BASE_PATH: path.resolve(__dirname, ".."),
    AUTH0_KEYWORD_REPLACE_MAPPINGS: values,
  };
  const context = new YAMLContext(config, {});
  await context.loadAssetsFromLocal();
  const left = JSON.stringify(context.assets).match(/##\w+##/);
  if (left) throw new Error(`${left[0]} has no value`);
  return context.assets;
}

module.exports = { load, values };
if (require.main === module) {
  load(process.argv[2]).then(
    () => console.log("ok"),
    (error) => {
      console.error(error.message);
      process.exitCode = 1;
    },
  );
}
