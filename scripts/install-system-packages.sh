#!/bin/sh
# Install the Debian packages that the named needs ask for; do nothing where they are met.
#
#   scripts/install-system-packages.sh venv            to make a Python virtual environment
#   scripts/install-system-packages.sh chromium        to run the pages in a real browser
#   scripts/install-system-packages.sh firefox webkit  to hold the model of the browser against two more engines
#   scripts/install-system-packages.sh openssl         to test over TLS with a certificate made for the test
#   scripts/install-system-packages.sh nginx           to paste a fix into a real nginx
#   scripts/install-system-packages.sh valgrind        to count what a request costs
#
# It says what it installs and why. Without root it prints the one command to run, and stops.
set -eu
cd "$(dirname "$0")/.."

# Debian's python3 comes without ensurepip, and a bare Debian without certificates: nothing could be
# fetched. Elsewhere they lie elsewhere.
can_make_venv() {
    "${PYTHON:-python3}" -c 'import ensurepip, venv' 2>/dev/null || return 1
    ! command -v apt-get >/dev/null || [ -s /etc/ssl/certs/ca-certificates.crt ]
}

# Playwright drives the browser with a Node.js that wants this library, and does not bring it.
has_libatomic() {
    ! command -v apt-get >/dev/null || /sbin/ldconfig -p | grep -q 'libatomic\.so\.1'
}

# The library brings a small browser, on no PATH; it wants a display, and has one in memory.
has_webkit() {
    for browser in /usr/lib/*/webkit2gtk-4.1/MiniBrowser; do
        if [ -x "$browser" ]; then
            command -v Xvfb >/dev/null
            return
        fi
    done
    return 1
}

met() { # met NEED: whether this machine has it
    case $1 in
    venv) [ -e .venv/.demo ] || can_make_venv ;;
    chromium) command -v chromium >/dev/null && has_libatomic ;;
    firefox) command -v firefox-esr >/dev/null ;;
    webkit) has_webkit ;;
    openssl) command -v openssl >/dev/null ;;
    nginx) command -v nginx >/dev/null || [ -x build/nginx/usr/sbin/nginx ] ;;
    valgrind) command -v valgrind >/dev/null ;;
    *)
        echo "$0: unknown need: $1" >&2
        exit 2
        ;;
    esac
}

packages() { # packages NEED: what Debian calls it
    case $1 in
    venv) echo python3-venv ca-certificates ;;
    chromium) echo chromium libatomic1 ;;
    firefox) echo firefox-esr ;;
    webkit) echo libwebkit2gtk-4.1-0 xvfb ;;
    openssl) echo openssl ;;
    nginx) echo nginx ;;
    valgrind) echo valgrind ;;
    esac
}

reason() { # reason NEED: what it is for
    case $1 in
    venv) echo "to make the virtual environment and to fetch what goes into it" ;;
    chromium) echo "to make real cross-origin requests in a real browser" ;;
    firefox) echo "to hold the model of the browser against Firefox" ;;
    webkit) echo "to hold the model of the browser against WebKit" ;;
    openssl) echo "to make the certificate of a test's own server" ;;
    nginx) echo "to paste what mends it into a real nginx" ;;
    valgrind) echo "to count the instructions that a request costs" ;;
    esac
}

# Installed, it would serve port 80 of this machine from now on; the test needs the program alone.
unpack_nginx() {
    mkdir -p build/nginx
    (cd build && apt-get download nginx && dpkg-deb -x nginx_*.deb nginx && rm nginx_*.deb)
}

missing=
wanted=
for need in "$@"; do
    if ! met "$need"; then
        missing="$missing $need"
        [ "$need" = nginx ] || wanted="$wanted $(packages "$need")"
        echo "Missing: $(packages "$need"), $(reason "$need")." >&2
    fi
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "This is not a Debian system: install these by its own means, then run make again." >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "Run this one command, then make again:" >&2
    echo "    sudo sh -c 'apt-get update && apt-get install --yes --no-install-recommends${wanted:- nginx}'" >&2
    exit 1
fi

echo "Installing with apt-get:${wanted:- nothing but unpacking nginx}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086  # a list of names
if ! { apt-get update && { [ -z "$wanted" ] || apt-get install --yes --no-install-recommends $wanted; }; } >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
case $missing in
*nginx*) unpack_nginx >"$log" 2>&1 || { cat "$log" >&2; exit 1; } ;;
esac

for need in $missing; do
    if ! met "$need"; then
        echo "apt-get installed $(packages "$need"), and it still cannot be used here." >&2
        exit 1
    fi
done
