// Shows /openapi.json. Requests are tried with the key of the operator page, where somebody is logged in there.
import { key } from "/page/api.js";

const reference = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  validatorUrl: null,
  onComplete: () => key() && reference.preauthorizeApiKey("apiKey", key()),
});
