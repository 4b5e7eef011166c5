#!/bin/sh
# Has a GitOps repository tell Drayage at once what becomes of its pull requests: sh webhook.sh OWNER/NAME
# HOOK_URL is where it sends to, GITHUB_HOOK the secret that `webhook:` of the entry refers to. Needs gh with the right to administer hooks.
set -eu
repository=${1:?expected OWNER/NAME}
case $repository in *[!A-Za-z0-9._/-]*|*/*/*|/*|*/) echo "expected OWNER/NAME; found $repository" >&2; exit 2 ;; esac
: "${HOOK_URL:?expected https://drayage.example.com/hooks/git/<name of the entry>}" "${GITHUB_HOOK:?expected the secret}"

gh api --method POST "repos/$repository/hooks" --input - <<JSON
{
  "name": "web",
  "active": true,
  "events": [
    "pull_request",
    "pull_request_review",
    "check_run",
    "check_suite",
    "status"
  ],
  "config": {
    "url": "$HOOK_URL",
    "content_type": "json",
    "insecure_ssl": "0",
    "secret": "$GITHUB_HOOK"
  }
}
JSON
