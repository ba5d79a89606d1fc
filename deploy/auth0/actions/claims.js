// Adds to access tokens for Cortex Core who the person is. Auth0 drops claims without a namespace.
const AUDIENCE = "##API_IDENTIFIER##";
const NAMESPACE = "##CLAIMS_NAMESPACE##";

exports.onExecutePostLogin = async (event, api) => {
  if (event.resource_server?.identifier !== AUDIENCE) return;
  const { email, email_verified, name } = event.user;
  const claims = {
    email,
    email_verified: email ? email_verified === true : undefined,
    name,
    roles: event.authorization?.roles ?? [],
  };
  for (const [claim, value] of Object.entries(claims)) {
    if (value !== undefined && value !== null) api.accessToken.setCustomClaim(`${NAMESPACE}${claim}`, value);
  }
};
