# Downloads Debian's Godot and everything that it depends on from a mirror, and unpacks it: nothing is installed.
# To be run by `sh -eu -c`, with the mirror's address and a folder, whose subfolder `root` is then complete.
suite=$0 mirror=$1 apt=$2/apt root=$2/root

keys=$(find /usr/share/keyrings -name 'debian-archive-keyring.[pg]*' | head -n 1)
if [ -z "$keys" ]; then
	echo "Debian's keys are missing: install the package debian-archive-keyring" >&2
	exit 1
fi
rm -rf "$apt" "$root"
mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/dpkg" "$root"
# An apt that knows of no installed package: so all of them come along, the C library and its loader too.
: >"$apt/dpkg/status"
cat >"$apt/debian.sources" <<EOF
Types: deb
URIs: $mirror
Suites: $suite
Components: main
Architectures: $(dpkg --print-architecture)
Signed-By: $keys
EOF

# The configuration of the system's own apt stays in force as far as it says how to reach a mirror. Without the error mode
# a failed download is a warning; root's apt would download as another user, who cannot write to root's cache.
apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -q -o Dir::Etc::sourcelist="$apt/debian.sources" \
		-o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o Dir::State="$apt" -o Dir::State::lists="$apt/lists" -o Dir::State::status="$apt/dpkg/status" \
		-o Dir::Cache="$apt" -o Dir::Cache::archives="$apt/archives" \
		-o APT::Update::Error-Mode=any -o APT::Sandbox::User=root -o Acquire::Languages=none "$@"
}
apt update
apt install --yes --download-only --no-install-recommends godot
for package in "$apt"/archives/*.deb; do
	dpkg -x "$package" "$root"
done

# A launcher that runs Godot through its own loader, from any folder and under any name. The loader's `--library-path` takes
# the place of LD_LIBRARY_PATH, so what that says goes in front: it is how Local Steam is put before Valve's library.
loader=$(cd "$root" && find usr/lib -path '*-linux-gnu/ld-linux-*' | head -n 1)
cat >"$root/godot" <<EOF
#!/bin/sh
root=\$(dirname "\$(readlink -f "\$0")")
lib=\$root/$(dirname "$loader")
exec "\$root/$loader" \\
	--library-path "\${LD_LIBRARY_PATH:+\$LD_LIBRARY_PATH:}\$lib:\$lib/pulseaudio:\$lib/blas:\$lib/lapack" \\
	"\$root/usr/bin/godot" "\$@"
EOF
chmod +x "$root/godot"
