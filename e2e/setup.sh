#!/bin/sh
# Sets up what the tests need beside Go, git and make: a C compiler for the race
# detector, and the real servers that the stories run against (Dovecot, PostgreSQL,
# Postfix's smtp-sink, Chromium).
#
# As root on Debian or Ubuntu it says what it will install and installs what is
# missing. It starts no service, creates no database cluster and never installs a
# mail server: smtp-sink is unpacked into a cache folder. Elsewhere it says what is
# missing and exits 1. Run again, it finds everything there and does nothing.
set -eu

for="${1:-tests}" # or bench
cache="${XDG_CACHE_HOME:-$HOME/.cache}/countersign"
policy=/usr/sbin/policy-rc.d
preset=/etc/postgresql-common/createcluster.d/countersign-tests.conf

say() { printf 'setup: %s\n' "$*"; }

have() { # PROGRAM…: is one of them there, on the path or where Debian puts servers?
	for program in "$@"; do
		if command -v "$program" >/dev/null 2>&1 || [ -x "/usr/sbin/$program" ]; then
			return 0
		fi
		for place in /usr/lib/postgresql/*/bin/"$program"; do
			if [ -x "$place" ]; then return 0; fi
		done
	done
	return 1
}

have_sink() { have smtp-sink || { [ -x "$cache/bin/smtp-source" ] && "$cache/bin/smtp-sink" -h 2>&1 | grep -qi usage; }; }

missing_packages() {
	have gcc cc || echo gcc
	[ -e /usr/include/stdlib.h ] || echo libc6-dev
	{ have dovecot && [ -x /usr/lib/dovecot/imap ]; } || echo dovecot-imapd
	have initdb || echo postgresql
	have chromium chromium-browser google-chrome || echo chromium fonts-dejavu-core
	if [ "$for" = bench ]; then # what Countersign is measured beside
		have mbsync || echo isync
		have fetchmail || echo fetchmail
		have nginx || echo nginx-light
		have wrk || echo wrk
	fi
}

# quiet makes sure that no service is started by an installation, and puts everything
# back however the script ends.
kept=""
restore() {
	if [ -n "$kept" ]; then
		rm -f "$policy" "$preset"
		rmdir /etc/postgresql-common/createcluster.d /etc/postgresql-common 2>/dev/null || true
		if [ -e "$kept/policy-rc.d" ]; then mv "$kept/policy-rc.d" "$policy"; fi
		rm -rf "$kept"
		kept=""
	fi
}
quiet() {
	kept="$(mktemp -d)"
	trap restore EXIT
	trap 'exit 130' INT TERM HUP
	if [ -e "$policy" ]; then mv "$policy" "$kept/policy-rc.d"; fi
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
	mkdir -p "${preset%/*}"
	echo 'create_main_cluster = false' >"$preset"
}

updated=""
update() {
	if [ -z "$updated" ]; then
		say "apt-get update"
		apt-get -qq -o DPkg::Lock::Timeout=600 update
		updated=yes
	fi
}

install_packages() { # PACKAGE…
	say "installing: $*"
	say "(no service is started, no database cluster is created)"
	update
	quiet
	if ! DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 \
		-o Dpkg::Options::=--force-confold install --no-install-recommends "$@" >"$kept/log" 2>&1; then
		cat "$kept/log"
		exit 1
	fi
	case " $* " in # nor may one start at the next boot; PostgreSQL starts nothing without a cluster
	*" dovecot-imapd "*) if have systemctl; then systemctl -q disable dovecot.service dovecot.socket 2>/dev/null || true; fi ;;
	esac
	restore
}

# Debian's postfix package conflicts with every other mail server, and we need one
# program of it: it is unpacked, never installed.
unpack_sink() {
	say "unpacking smtp-sink from the postfix package into $cache (not installed)"
	rm -rf "$cache/postfix" "$cache/deb"
	mkdir -p "$cache/postfix" "$cache/deb" "$cache/bin"
	if ! (cd "$cache/deb" && apt-get -qq download postfix 2>/dev/null); then
		if [ "$(id -u)" = 0 ]; then update; fi
		(cd "$cache/deb" && apt-get -qq download postfix)
	fi
	dpkg-deb -x "$cache"/deb/postfix_*.deb "$cache/postfix"
	rm -rf "$cache/deb"
	for program in smtp-sink smtp-source; do
		cat >"$cache/bin/$program" <<END
#!/bin/sh
LD_LIBRARY_PATH="$cache/postfix/usr/lib/postfix" exec "$cache/postfix/usr/sbin/$program" "\$@"
END
		chmod 755 "$cache/bin/$program"
	done
	if have_sink; then return 0; fi
	if [ "$(id -u)" = 0 ]; then # the libraries that it is linked with
		# shellcheck disable=SC2046
		install_packages $(apt-cache depends postfix | sed -n 's/^ *Depends: \(lib[^ ]*\)$/\1/p')
	fi
	have_sink || { say "smtp-sink does not run: $("$cache/bin/smtp-sink" -h 2>&1 | head -n 1)"; exit 1; }
}

tell() { # PACKAGES: what a person has to do where we may not install
	say "the tests need programs that are missing here. On Debian or Ubuntu, as root:"
	say "    apt-get install --no-install-recommends $*"
	say "Elsewhere install what these names mean (a C compiler, Dovecot's IMAP server, PostgreSQL's"
	say "server programs, Chromium; smtp-sink comes with Postfix). None of them needs to be started."
	say "Without them: 'make unit' runs the tests that need only Go."
	exit 1
}

have go || { say "Go is missing: https://go.dev/dl/ (1.26 or newer)"; exit 1; }
packages="$(missing_packages | tr '\n' ' ')"
debian=""
if have apt-get && have dpkg-deb; then debian=yes; fi

if [ -n "$packages" ]; then
	if [ -z "$debian" ] || [ "$(id -u)" != 0 ]; then
		# shellcheck disable=SC2086
		tell $packages
	fi
	# shellcheck disable=SC2086
	install_packages $packages
fi
if ! have_sink; then
	[ -n "$debian" ] || tell postfix
	unpack_sink
fi
left="$(missing_packages | tr '\n' ' ')"
[ -z "$left" ] || tell "$left"
say "everything is there"
