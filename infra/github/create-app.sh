#!/bin/sh
# Prints a page whose one button creates the GitHub App of app-manifest.json: sh create-app.sh ORGANISATION > create-app.html
set -eu
organisation=${1:?expected the name of the organisation}
case $organisation in *[!A-Za-z0-9-]*) echo "expected letters, digits and -; found $organisation" >&2; exit 2 ;; esac
manifest=$(sed -e 's/&/\&amp;/g' -e 's/"/\&quot;/g' -e 's/</\&lt;/g' "$(dirname "$0")/app-manifest.json")
cat <<HTML
<!doctype html>
<meta charset="utf-8">
<title>Create the GitHub App</title>
<form action="https://github.com/organizations/$organisation/settings/apps/new" method="post">
<input type="hidden" name="manifest" value="$manifest">
<button>Create the GitHub App in $organisation</button>
</form>
HTML
