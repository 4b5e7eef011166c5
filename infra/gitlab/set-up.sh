#!/bin/sh
# Sets gitlab up to tell Drayage. Generated; `drayage init gitlab` prints it with your own names and a fresh secret.
# HOOK_URL is where it sends to, GITLAB_HOOK the secret that drayage.yaml refers to.
set -eu
: "${HOOK_URL:?expected https://drayage.example.com/hooks/<name of the entry>}" "${GITLAB_HOOK:?expected the secret}"

# Into /etc/gitlab/gitlab.rb; then: sudo gitlab-ctl reconfigure
cat <<RUBY
registry['notifications'] = [{
  'name' => 'drayage', 'url' => '$HOOK_URL',
  'timeout' => '2s', 'threshold' => 3, 'backoff' => '1s',
  'headers' => { 'Authorization' => ['$GITLAB_HOOK'] }
}]
RUBY
