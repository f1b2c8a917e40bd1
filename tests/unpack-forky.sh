#!/usr/bin/env bash
# unpack-forky.sh FOLDER PACKAGE...: unpacks packages of Debian's next release, with all that they
# need, into one new folder, beside the system and not into it. Their C library is newer than ours,
# so their programs are to be started with the library in the folder. Fails with a sentence where
# apt knows no archive of Debian.
set -euo pipefail
folder=$1
shift
keys=/usr/share/keyrings/debian-archive-keyring.gpg
mirror=$(apt-cache policy 2>/dev/null | grep -oE 'https?://[^ ]+/debian/? ' | head -n 1 | tr -d ' ' || true)
if [[ -z $mirror || ! -r $keys ]]; then
  echo "$* would be taken from Debian's archive, which apt does not know here." >&2
  exit 1
fi
work=$folder.partial
rm -rf "$folder" "$work"
mkdir -p "$work/root" "$work/lists/partial" "$work/archives/partial"
: >"$work/status"
echo "deb [signed-by=$keys] ${mirror%/} forky main" >"$work/sources.list"
options=(-qq -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=-
  -o "Dir::State::lists=$work/lists" -o "Dir::State::status=$work/status"
  -o "Dir::Cache=$work" -o "Dir::Cache::archives=$work/archives"
  -o APT::Install-Recommends=false -o APT::Sandbox::User=root -o Debug::NoLocking=1)
apt-get "${options[@]}" update
apt-get "${options[@]}" -y --download-only install "$@"
for package in "$work"/archives/*.deb; do dpkg-deb -x "$package" "$work/root"; done
mv "$work/root" "$folder"
rm -rf "$work"
