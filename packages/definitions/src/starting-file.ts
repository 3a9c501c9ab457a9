/** What `patchbay provider new` writes: everything that has to be said, with what it means, and ready to be tried. */
export const startingFile = (id: string, name: string): string => `{
  // What editors check and complete by: GET /v1/providers/schema, saved beside this file.
  "$schema": "./definition.schema.json",
  "definition": 1,
  "id": ${JSON.stringify(id)},
  "name": ${JSON.stringify(name)},
  // social, music, payments, messaging, ai, marketing or cloud
  "category": "music",
  "summary": "One sentence: what connecting it gives.",
  "docs": "https://${id}.example/docs",

  // How accounts are authorized: api_key, basic, client_credentials or oauth2.
  // oauth2 takes authorizeUrl, tokenUrl, client, pkce, scopes and refresh, and its quirks as fields.
  "auth": {
    "scheme": "api_key",
    "carry": { "header": "authorization", "prefix": "Bearer " },
    "help": "Where the account's owner finds it"
  },

  "api": {
    // Every path below is put after this. Only https, and only public hosts.
    "baseUrl": "https://api.${id}.example/v1",
    // At least one. Say where the number is from; a guess is fine when it says that it is one.
    "quotas": [
      {
        "id": "general",
        "per": "account",
        "limit": 60,
        "window": { "rollingMs": 60000 },
        "source": "guess: the documentation names no limit"
      }
    ],
    "errors": {
      // Where the reason and the message are in an error's body: JMESPath, https://jmespath.site
      "reason": "error.code",
      "message": "error.message",
      // The first line that fits counts. What no line says is told by the status.
      "rules": [
        {
          "status": 401,
          "is": "connection.expired",
          "example": { "status": 401, "body": { "error": { "code": "bad_key", "message": "This key is not valid" } } }
        }
      ]
    }
  },

  // Who consented, and which accounts that reaches.
  "identity": {
    "request": { "path": "/me" },
    "subject": { "id": "id", "name": "name" },
    // "rows" finds several accounts; without it the answer itself is the one.
    "accounts": { "id": "id", "name": "name", "kind": "artist_page", "ownership": "owned" },
    // Examples are what the sandbox answers in test environments.
    "example": { "id": "a-1", "name": "Paper Lanterns" }
  },

  "streams": {
    "profile": {
      "summary": "Followers",
      "every": "6h",
      // Read right after connecting, and whenever somebody asks for fresh numbers.
      "headline": true,
      "request": { "path": "/artists/{account.id}" },
      // One line a number. "value" is looked up in the answer, or in each of its "rows".
      "observations": [{ "metric": "audience.followers", "value": "followers" }],
      "examples": [{ "body": { "followers": 12840 } }]
    }
  }
}
`
