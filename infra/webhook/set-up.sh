#!/bin/sh
# Sets webhook up to tell Drayage. Generated; `drayage init webhook` prints it with your own names and a fresh secret.
# HOOK_URL is where it sends to, WEBHOOK_HOOK the secret that drayage.yaml refers to.
set -eu
: "${HOOK_URL:?expected https://drayage.example.com/hooks/<name of the entry>}" "${WEBHOOK_HOOK:?expected the secret}"

# GitHub Actions, for a repository of that name; for others, set the same two by hand. The job itself:
# drayage init webhook --ci github-actions (or gitlab-ci, jenkins, circleci)
printf %s "$WEBHOOK_HOOK" | gh secret set DRAYAGE_HOOK --repo 'acme/payments'
gh variable set DRAYAGE_HOOK_URL --repo 'acme/payments' --body "$HOOK_URL"
