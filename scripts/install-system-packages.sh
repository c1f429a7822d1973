#!/bin/sh
# Install the Debian packages for the named requirements, unless they are already met.
#
#   scripts/install-system-packages.sh venv            to create a Python virtual environment
#   scripts/install-system-packages.sh chromium        to test pages in a real browser
#   scripts/install-system-packages.sh firefox webkit  to compare the browser model with two more engines
#   scripts/install-system-packages.sh openssl         to create a certificate for tests over TLS
#   scripts/install-system-packages.sh nginx           to test nginx configurations with a real nginx
#   scripts/install-system-packages.sh express         to test the doctor with Express
#   scripts/install-system-packages.sh valgrind        to count the instructions of a request
#   scripts/install-system-packages.sh postgresql      to test live origins with a real database
#
# The script prints what it installs and why. Without root, it prints the command to run and stops.
set -eu
cd "$(dirname "$0")/.."

# Debian's python3 does not include ensurepip, and a minimal Debian does not include the CA certificates that
# downloads require. Other systems store certificates elsewhere, so they are not checked.
can_make_venv() {
    "${PYTHON:-python3}" -c 'import ensurepip, venv' 2>/dev/null || return 1
    ! command -v apt-get >/dev/null || [ -s /etc/ssl/certs/ca-certificates.crt ]
}

# Playwright runs a Node.js that requires this library but does not include it.
has_libatomic() {
    ! command -v apt-get >/dev/null || /sbin/ldconfig -p | grep -q 'libatomic\.so\.1'
}

# The library includes a small browser, which is not on the PATH. It requires a display, which Xvfb provides in memory.
has_webkit() {
    for browser in /usr/lib/*/webkit2gtk-4.1/MiniBrowser; do
        if [ -x "$browser" ]; then
            command -v Xvfb >/dev/null
            return
        fi
    done
    return 1
}

# Debian keeps the programs of the server in a folder for each release, which is not on the PATH.
has_postgresql() {
    for program in /usr/lib/postgresql/*/bin/initdb; do
        [ ! -x "$program" ] || return 0
    done
    command -v initdb >/dev/null
}

met() { # met NEED: succeed if this machine meets the requirement
    case $1 in
    venv) [ -e .venv/.demo ] || can_make_venv ;;
    chromium) command -v chromium >/dev/null && has_libatomic ;;
    firefox) command -v firefox-esr >/dev/null ;;
    webkit) has_webkit ;;
    openssl) command -v openssl >/dev/null ;;
    nginx) command -v nginx >/dev/null || [ -x build/nginx/usr/sbin/nginx ] ;;
    express) command -v node >/dev/null && [ -d build/node/node_modules/express ] ;;
    valgrind) command -v valgrind >/dev/null ;;
    postgresql) has_postgresql ;;
    *)
        echo "$0: unknown requirement: $1" >&2
        exit 2
        ;;
    esac
}

packages() { # packages NEED: print its Debian packages
    case $1 in
    venv) echo python3-venv ca-certificates ;;
    chromium) echo chromium libatomic1 ;;
    firefox) echo firefox-esr ;;
    webkit) echo libwebkit2gtk-4.1-0 xvfb ;;
    openssl) echo openssl ;;
    nginx) echo nginx ;;
    express) echo nodejs npm ;;
    valgrind) echo valgrind ;;
    postgresql) echo postgresql ;;
    esac
}

reason() { # reason NEED: print why it is required
    case $1 in
    venv) echo "to create the virtual environment and download packages" ;;
    chromium) echo "to make real cross-origin requests in a real browser" ;;
    firefox) echo "to compare the browser model with Firefox" ;;
    webkit) echo "to compare the browser model with WebKit" ;;
    openssl) echo "to create the certificate of a test server" ;;
    nginx) echo "to test nginx configurations" ;;
    express) echo "to test the doctor with Express, which npm then installs into build/node" ;;
    valgrind) echo "to count the instructions of a request" ;;
    postgresql) echo "to test live origins with a real database" ;;
    esac
}

# The package is only unpacked because installing it would start a server on port 80. The tests need only the program.
unpack_nginx() {
    mkdir -p build/nginx
    (cd build && apt-get download nginx && dpkg-deb -x nginx_*.deb nginx && rm nginx_*.deb)
}

# The versions and hashes are in the lock file next to the tests.
install_express() {
    mkdir -p build/node
    cp tests/real/doctor/broken/node/package.json tests/real/doctor/broken/node/package-lock.json build/node
    (cd build/node && npm ci --silent --no-audit --no-fund)
}

missing=
wanted=
for need in "$@"; do
    if [ "$need" = express ] && ! met express && command -v npm >/dev/null; then
        # Node.js is there already, perhaps not from Debian, and npm needs no root.
        install_express
    fi
    if ! met "$need"; then
        missing="$missing $need"
        [ "$need" = nginx ] || wanted="$wanted $(packages "$need")"
        echo "Missing: $(packages "$need") ($(reason "$need"))." >&2
    fi
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "This system has no apt-get: install these packages with its package manager, then run make again." >&2
    exit 1
fi
# Debian's package would create a database and start its server on port 5432. The tests need only the programs.
prepare=
case $missing in
*postgresql*)
    settings=/etc/postgresql-common/createcluster.d
    prepare="mkdir -p $settings && echo create_main_cluster = false >$settings/crossorigin.conf && "
    ;;
esac
if [ "$(id -u)" != 0 ]; then
    echo "Run this command, then run make again:" >&2
    echo "    sudo sh -c '${prepare}apt-get update && apt-get install --yes --no-install-recommends${wanted:- nginx}'" >&2
    exit 1
fi

echo "Installing with apt-get:${wanted:- nothing but unpacking nginx}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086  # a list of names
if ! { eval "${prepare}apt-get update" && { [ -z "$wanted" ] || apt-get install --yes --no-install-recommends $wanted; }; } >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
case $missing in
*express*) install_express ;;
esac
case $missing in
*nginx*) unpack_nginx >"$log" 2>&1 || { cat "$log" >&2; exit 1; } ;;
esac

for need in $missing; do
    if ! met "$need"; then
        echo "apt-get installed $(packages "$need"), but the requirement \"$need\" is still not met." >&2
        exit 1
    fi
done
